package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
)

// rmaCourse is an RMA that goes on step by step.
type rmaCourse struct {
	t   *testing.T
	env storetest.Env
	id  string
}

func (c rmaCourse) state() rma.RMAState { return storetest.GetRMA(c.t, c.env, c.id).StoredState }

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
	c.ok(c.env.RecordRMAFact(c.env.Context, c.id, rma.FactDelivered, time.Time{}))
}
func (c rmaCourse) scanBack() {
	c.ok(c.env.RecordRMAFact(c.env.Context, c.id, rma.FactReturnScanned, time.Time{}))
}
func (c rmaCourse) receive() { c.ok(c.env.ReceiveRMA(storetest.AgentContext, c.id)) }
func (c rmaCourse) inspect(o rma.RMAOutcome) {
	c.ok(c.env.InspectRMA(storetest.AgentContext, c.id, replacement.RMAInspection{Serial: "SN-100", Outcome: o}))
}
func (c rmaCourse) keep() { c.ok(c.env.KeepRMAUnit(storetest.AgentContext, c.id, "photo-1", "")) }
func (c rmaCourse) bill() { c.ok(c.env.BillRMA(storetest.AgentContext, c.id, "")) }

// at runs the timers that are due until the instant, each in its time.
func (c rmaCourse) at(when *time.Time) { storetest.RunRMAUntil(c.t, c.env, c.id, *when) }
func (c rmaCourse) overdue()           { c.at(storetest.GetRMA(c.t, c.env, c.id).ReturnDueAt) }
func (c rmaCourse) confirm()           { c.at(storetest.GetRMA(c.t, c.env, c.id).FeeConfirmAt) }
func (c rmaCourse) reship() {
	c.at(storetest.GetRMA(c.t, c.env, c.id).SilenceDueAt)
	c.ok(c.env.ReshipRMA(storetest.AgentContext, c.id, "lost"))
}

// Each arrow of the RMA's table in RULES 2, in the database; those of SWAPPED are in
// spareunituse_test.go. DELIVERED leads to AWAITING_RETURN at once.
func TestRMAArrows(t *testing.T) {
	type step = func(rmaCourse)
	approve := rmaCourse.approve
	allocate := rmaCourse.allocate
	ship := rmaCourse.ship
	deliver := rmaCourse.deliver
	delivered := []step{approve, allocate, ship, deliver}
	on := func(before []step, more ...step) []step { return append(append([]step{}, before...), more...) }
	inspected := func(o rma.RMAOutcome) step { return func(c rmaCourse) { c.inspect(o) } }
	for _, arrow := range []struct {
		from   rma.RMAState
		before []step
		act    step
		to     rma.RMAState
	}{
		{rma.RMARequested, nil, approve, rma.RMAApproved},
		{rma.RMARequested, nil, rmaCourse.reject, rma.RMARejected},
		{rma.RMARejected, []step{rmaCourse.reject}, rmaCourse.appeal, rma.RMARequested},
		{rma.RMARequested, nil, rmaCourse.withdraw, rma.RMAWithdrawn},
		{rma.RMAApproved, []step{approve}, rmaCourse.withdraw, rma.RMAWithdrawn},
		{rma.RMAApproved, []step{approve}, allocate, rma.RMAAllocated},
		{rma.RMAApproved, []step{approve}, rmaCourse.backorder, rma.RMABackordered},
		{rma.RMABackordered, []step{approve, rmaCourse.backorder}, allocate, rma.RMAAllocated},
		{rma.RMAAllocated, []step{approve, allocate}, ship, rma.RMAShipped},
		{rma.RMAShipped, []step{approve, allocate, ship}, deliver, rma.RMAAwaitingReturn},
		{rma.RMAShipped, []step{approve, allocate, ship}, rmaCourse.reship, rma.RMAApproved},
		{rma.RMAAwaitingReturn, delivered, rmaCourse.keep, rma.RMANoReturn},
		{rma.RMAAwaitingReturn, delivered, rmaCourse.scanBack, rma.RMAReturnInTransit},
		{rma.RMAAwaitingReturn, delivered, rmaCourse.receive, rma.RMAReturnReceived},
		{rma.RMAReturnInTransit, on(delivered, rmaCourse.scanBack), rmaCourse.receive, rma.RMAReturnReceived},
		{rma.RMAAwaitingReturn, delivered, rmaCourse.overdue, rma.RMAOverdue},
		{rma.RMAOverdue, on(delivered, rmaCourse.overdue, rmaCourse.confirm), rmaCourse.bill, rma.RMANonReturnBilled},
		{
			rma.RMANonReturnBilled, on(delivered, rmaCourse.overdue, rmaCourse.confirm, rmaCourse.bill),
			rmaCourse.receive, rma.RMAReturnReceived,
		},
		{rma.RMAReturnReceived, on(delivered, rmaCourse.receive), inspected(rma.OutcomeDamage), rma.RMAInspected},
		{
			rma.RMAInspected, on(delivered, rmaCourse.receive, inspected(rma.OutcomeDamage)), rmaCourse.bill,
			rma.RMAClosed,
		},
		{rma.RMAReturnReceived, on(delivered, rmaCourse.receive), inspected(rma.OutcomeDefect), rma.RMAClosed},
		{rma.RMAReturnReceived, on(delivered, rmaCourse.receive), inspected(rma.OutcomeNoFault), rma.RMAClosed},
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
