package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// rmaCourse is an RMA that goes on step by step.
type rmaCourse struct {
	t   *testing.T
	env storetest.Env
	id  string
}

func (c rmaCourse) state() rules.RMAState { return storetest.GetRMA(c.t, c.env, c.id).StoredState }

func (c rmaCourse) ok(_ replacement.RMA, err error) {
	c.t.Helper()
	require.NoError(c.t, err)
}

func (c rmaCourse) approve() {
	c.ok(c.env.ApproveRMA(storetest.AgentContext, c.id, replacement.RMAApproval{DefectConfirmed: true}))
}
func (c rmaCourse) reject() {
	c.ok(c.env.RejectRMA(storetest.AgentContext, c.id, replacement.RMARejection{Code: "NO_DEFECT", Reason: "works"}))
}
func (c rmaCourse) appeal() {
	c.ok(c.env.AppealRMA(storetest.Customer(storetest.GetRMA(c.t, c.env, c.id).AccountID), c.id, "look again"))
}
func (c rmaCourse) withdraw() { c.ok(c.env.WithdrawRMA(storetest.AgentContext, c.id, "works again")) }
func (c rmaCourse) allocate() { c.ok(c.env.AllocateRMA(storetest.AgentContext, c.id, "")) }
func (c rmaCourse) backorder() {
	c.ok(c.env.BackorderRMA(storetest.AgentContext, c.id, replacement.RMABackorder{ExpectedOn: "2026-12-10"}))
}
func (c rmaCourse) ship() {
	c.ok(c.env.ShipRMA(storetest.AgentContext, c.id, replacement.RMAShipment{Serial: "NEW1"}))
}
func (c rmaCourse) deliver() {
	c.ok(c.env.RecordRMAFact(c.env.Context, c.id, rules.FactDelivered, time.Time{}))
}
func (c rmaCourse) scanBack() {
	c.ok(c.env.RecordRMAFact(c.env.Context, c.id, rules.FactReturnScanned, time.Time{}))
}
func (c rmaCourse) receive() { c.ok(c.env.ReceiveRMA(storetest.AgentContext, c.id)) }
func (c rmaCourse) inspect(o rules.RMAOutcome) {
	c.ok(c.env.InspectRMA(storetest.AgentContext, c.id, replacement.RMAInspection{Serial: "SN-100", Outcome: o}))
}
func (c rmaCourse) keep() { c.ok(c.env.KeepRMAUnit(storetest.AgentContext, c.id, "photo-1", "")) }
func (c rmaCourse) bill() { c.ok(c.env.BillRMA(storetest.AgentContext, c.id, "")) }

// at runs the timers that are due at the instant.
func (c rmaCourse) at(when *time.Time) {
	c.env.Calendar.Set(*when)
	_, err := c.env.RunRMATimers(c.env.Context, c.id)
	require.NoError(c.t, err)
}
func (c rmaCourse) overdue() { c.at(storetest.GetRMA(c.t, c.env, c.id).ReturnDueAt) }
func (c rmaCourse) confirm() { c.at(storetest.GetRMA(c.t, c.env, c.id).FeeConfirmAt) }
func (c rmaCourse) reship() {
	c.at(storetest.GetRMA(c.t, c.env, c.id).SilenceDueAt)
	c.ok(c.env.ReshipRMA(storetest.AgentContext, c.id, "lost"))
}

// Each arrow of the RMA's table in RULES 2, at the Store; those of SWAPPED are in
// spareunituse_test.go. DELIVERED leads to AWAITING_RETURN at once.
func TestRMAArrows(t *testing.T) {
	type step = func(rmaCourse)
	approve, allocate, ship, deliver := rmaCourse.approve, rmaCourse.allocate, rmaCourse.ship, rmaCourse.deliver
	delivered := []step{approve, allocate, ship, deliver}
	on := func(before []step, more ...step) []step { return append(append([]step{}, before...), more...) }
	inspected := func(o rules.RMAOutcome) step { return func(c rmaCourse) { c.inspect(o) } }
	for _, arrow := range []struct {
		from   rules.RMAState
		before []step
		act    step
		to     rules.RMAState
	}{
		{rules.RMARequested, nil, approve, rules.RMAApproved},
		{rules.RMARequested, nil, rmaCourse.reject, rules.RMARejected},
		{rules.RMARejected, []step{rmaCourse.reject}, rmaCourse.appeal, rules.RMARequested},
		{rules.RMARequested, nil, rmaCourse.withdraw, rules.RMAWithdrawn},
		{rules.RMAApproved, []step{approve}, rmaCourse.withdraw, rules.RMAWithdrawn},
		{rules.RMAApproved, []step{approve}, allocate, rules.RMAAllocated},
		{rules.RMAApproved, []step{approve}, rmaCourse.backorder, rules.RMABackordered},
		{rules.RMABackordered, []step{approve, rmaCourse.backorder}, allocate, rules.RMAAllocated},
		{rules.RMAAllocated, []step{approve, allocate}, ship, rules.RMAShipped},
		{rules.RMAShipped, []step{approve, allocate, ship}, deliver, rules.RMAAwaitingReturn},
		{rules.RMAShipped, []step{approve, allocate, ship}, rmaCourse.reship, rules.RMAApproved},
		{rules.RMAAwaitingReturn, delivered, rmaCourse.keep, rules.RMANoReturn},
		{rules.RMAAwaitingReturn, delivered, rmaCourse.scanBack, rules.RMAReturnInTransit},
		{rules.RMAAwaitingReturn, delivered, rmaCourse.receive, rules.RMAReturnReceived},
		{rules.RMAReturnInTransit, on(delivered, rmaCourse.scanBack), rmaCourse.receive, rules.RMAReturnReceived},
		{rules.RMAAwaitingReturn, delivered, rmaCourse.overdue, rules.RMAOverdue},
		{rules.RMAOverdue, on(delivered, rmaCourse.overdue, rmaCourse.confirm), rmaCourse.bill, rules.RMANonReturnBilled},
		{rules.RMANonReturnBilled, on(delivered, rmaCourse.overdue, rmaCourse.confirm, rmaCourse.bill), rmaCourse.receive, rules.RMAReturnReceived},
		{rules.RMAReturnReceived, on(delivered, rmaCourse.receive), inspected(rules.OutcomeDamage), rules.RMAInspected},
		{rules.RMAInspected, on(delivered, rmaCourse.receive, inspected(rules.OutcomeDamage)), rmaCourse.bill, rules.RMAClosed},
		{rules.RMAReturnReceived, on(delivered, rmaCourse.receive), inspected(rules.OutcomeDefect), rules.RMAClosed},
		{rules.RMAReturnReceived, on(delivered, rmaCourse.receive), inspected(rules.OutcomeNoFault), rules.RMAClosed},
	} {
		t.Run(string(arrow.from)+" to "+string(arrow.to), func(t *testing.T) {
			env := storetest.SQLite(t)
			c := rmaCourse{t, env, env.Requested(t, env.Covered(t)).ID}
			for _, before := range arrow.before {
				before(c)
			}
			require.Equal(t, arrow.from, c.state())
			arrow.act(c)
			require.Equal(t, arrow.to, c.state())
			require.True(t, arrow.from.CanBecome(arrow.to))
			env.AuditHolds(t)
		})
	}
}
