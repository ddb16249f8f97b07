package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/workflows"
)

// rmaBench is an RMA's workflow with the relay played by hand.
type rmaBench struct {
	*bench
	covered storetest.Covered
	id      string
}

// newRMABench has an administrator request a replacement on Wednesday, 25 November
// 2026, 09:00 in São Paulo.
func newRMABench(t *testing.T) *rmaBench {
	t.Helper()
	env := storetest.SQLite(t)
	c := env.Covered(t)
	b := &rmaBench{bench: benchOn(t, env, storetest.Now.Add(48*time.Hour)), covered: c}
	b.id = env.Requested(t, c).ID
	return b
}

// told are the statuses that the outbox holds and nobody was told yet.
func (b *rmaBench) told() (out []activities.Status) {
	b.t.Helper()
	for {
		events, err := b.db.LeaseOutbox(b.db.Context, 50, time.Minute)
		require.NoError(b.t, err)
		if len(events) == 0 {
			return out
		}
		ids := make([]string, len(events))
		for i, e := range events {
			if ids[i] = e.ID; e.SubjectID == b.id &&
				(e.Kind == db.OutboxRMARequested || e.Kind == db.OutboxRMAChanged) {
				st, err := db.ProcessStatusOf(e)
				require.NoError(b.t, err)
				out = append(out, activities.StatusOf(st))
			}
		}
		require.NoError(b.t, b.db.OutboxDelivered(b.db.Context, ids))
	}
}

// do runs a command at an instant and tells the workflow, as the relay does, twice.
func (b *rmaBench) do(at time.Time, command func() error) {
	b.at(at, func() {
		require.NoError(b.t, command())
		for _, st := range b.told() {
			b.SignalWorkflow(workflows.SignalChanged, st)
			b.SignalWorkflow(workflows.SignalChanged, st)
		}
	})
}

func (b *rmaBench) run() {
	b.t.Helper()
	first := b.told()
	require.Len(b.t, first, 1)
	b.ExecuteWorkflow(workflows.RMAName, workflows.RMAInput{RMAID: b.id, Status: &first[0]})
	b.ended()
}

func (b *rmaBench) rma() replacement.RMA {
	b.t.Helper()
	r, err := b.db.GetRMA(b.db.Context, b.id)
	require.NoError(b.t, err)
	return r
}

func (b *rmaBench) approve() error {
	_, err := b.db.ApproveRMA(storetest.Operator(), b.id, replacement.RMAApproval{DefectConfirmed: true})
	return err
}

func (b *rmaBench) ship() error {
	if _, err := b.db.AllocateRMA(storetest.Operator(), b.id, ""); err != nil {
		return err
	}
	_, err := b.db.ShipRMA(storetest.Operator(), b.id, replacement.RMAShipment{Serial: "NEW-1"})
	return err
}

func (b *rmaBench) fact(fact rma.RMAFact) func() error {
	return func() error {
		_, err := b.db.RecordRMAFact(b.db.Context, b.id, fact, time.Time{})
		return err
	}
}

func (b *rmaBench) inspect() error {
	_, err := b.db.InspectRMA(storetest.Operator(), b.id, replacement.RMAInspection{
		Serial:  "SN-100",
		Outcome: rma.OutcomeDefect,
	})
	return err
}

const hour = time.Hour

func TestR35c_OrdinaryRMATellsEachStepOnceAndEnds(t *testing.T) {
	b := newRMABench(t)
	start := b.Now()
	b.do(start.Add(hour), b.approve)
	b.do(start.Add(2*hour), b.ship)
	b.do(start.Add(20*hour), b.fact(rma.FactPickedUp))
	b.do(start.Add(26*hour), b.fact(rma.FactDelivered))
	b.do(start.Add(48*hour), b.fact(rma.FactReturnScanned))
	b.do(start.Add(140*hour), b.fact(rma.FactReturnReceived))
	b.do(start.Add(141*hour), b.inspect)
	b.run()

	require.Equal(t, rma.RMAClosed, b.rma().StoredState)
	require.Len(t, b.sender.of(rules.TemplateRMA), 10,
		"requested, approved, shipped, delivered, inspected, to two people")
	require.Zero(t, b.hooks.count("RunTimers"), "no timer fired")
	require.Less(t, b.Now().Sub(start), 142*hour)
}

func TestS22_WorkflowRemindsAsksForTheFeeAndEndsWithTheBill(t *testing.T) {
	b := newRMABench(t)
	start := b.Now()
	b.do(start.Add(hour), b.approve)
	b.do(start.Add(2*hour), b.ship)
	b.do(start.Add(26*hour), b.fact(rma.FactDelivered))
	b.do(start.Add(40*24*hour), func() error {
		_, err := b.db.BillRMA(storetest.Operator(), b.id, "")
		return err
	})
	b.run()
	require.Equal(t, rma.RMANonReturnBilled, b.rma().StoredState)
	require.Len(t, b.sender.of(rules.TemplateRMA), 18, "four steps, three reminders, overdue, billed")
	require.Equal(t, 5, b.hooks.count("RunTimers"))
}

func TestS21_WorkflowNotesTheBreachOnce(t *testing.T) {
	b := newRMABench(t)
	start := b.Now()
	b.do(start.Add(hour), b.approve)
	b.do(start.Add(96*hour), b.ship)
	b.do(start.Add(97*hour), b.fact(rma.FactDelivered))
	b.do(start.Add(98*hour), func() error {
		_, err := b.db.KeepRMAUnit(storetest.Operator(), b.id, "photo", "")
		return err
	})
	b.hooks.after = func(activity string, nth int) error { // a kill between the commit and the answer
		if activity == "RunTimers" && nth == 1 {
			return errKilled
		}
		return nil
	}
	b.at(time.Date(2026, 11, 27, 3, 0, 10, 0, time.UTC), func() {
		tasks := b.tasks(db.TaskRMALate)
		require.Len(t, tasks, 1)
	})
	b.run()
	require.Equal(t, rma.RMANoReturn, b.rma().StoredState)
	require.Equal(t, 1, b.db.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'event.rma_breached'"))
	require.Empty(t, b.tasks(db.TaskRMALate))
}

func TestWithdrawnRMAEndsItsWorkflow(t *testing.T) {
	b := newRMABench(t)
	b.do(b.Now().Add(hour), func() error {
		_, err := b.db.WithdrawRMA(storetest.Customer(b.covered.Account), b.id, "")
		return err
	})
	b.run()
	require.Equal(t, rma.RMAWithdrawn, b.rma().StoredState)
	require.Len(t, b.sender.of(rules.TemplateRMA), 4)
}

// A workflow that Temporal has lost is started again with no more than the id.
func TestRMAWorkflowStartsAgainFromTheRow(t *testing.T) {
	b := newRMABench(t)
	require.NoError(t, b.approve())
	require.NoError(t, b.ship())
	require.NoError(t, b.fact(rma.FactDelivered)())
	b.told()
	b.do(b.Now().Add(hour), func() error {
		_, err := b.db.KeepRMAUnit(storetest.Operator(), b.id, "photo", "")
		return err
	})
	b.ExecuteWorkflow(workflows.RMAName, workflows.RMAInput{RMAID: b.id})
	b.ended()
	require.Equal(t, rma.RMANoReturn, b.rma().StoredState)
	require.Len(t, b.sender.of(rules.TemplateRMA), 10, "nothing that was queued is lost")
}

// A unit comes back after it was billed: the workflow has ended, and the relay
// starts it again with the signal.
func TestS22_LateReturnStartsTheWorkflowAgain(t *testing.T) {
	first := newRMABench(t)
	require.NoError(t, first.approve())
	require.NoError(t, first.ship())
	require.NoError(t, first.fact(rma.FactDelivered)())
	first.db.Calendar.Set(storetest.Now.AddDate(0, 2, 0))
	_, err := first.db.BillRMA(storetest.Operator(), first.id, "")
	require.NoError(t, err)
	first.told()

	b := &rmaBench{bench: benchOn(t, first.db, storetest.Now.AddDate(0, 2, 1)), covered: first.covered, id: first.id}
	b.do(b.Now(), b.fact(rma.FactReturnReceived))
	b.do(b.Now().Add(hour), b.inspect)
	b.ExecuteWorkflow(workflows.RMAName, workflows.RMAInput{RMAID: b.id})
	b.ended()
	require.Equal(t, rma.RMAClosed, b.rma().StoredState)
	require.Equal(t, rma.FeeCredited, b.rma().Fee())
}

// An older status that is told late changes nothing.
func TestRMAOlderStatusIsDropped(t *testing.T) {
	b := newRMABench(t)
	start := b.Now()
	b.at(start.Add(hour), func() {
		require.NoError(t, b.approve())
		approved := b.told()
		require.NoError(t, b.ship())
		require.NoError(t, b.fact(rma.FactDelivered)())
		require.NoError(t, b.fact(rma.FactReturnScanned)())
		later := append(b.told(), approved...)
		for _, st := range later {
			b.SignalWorkflow(workflows.SignalChanged, st)
		}
	})
	b.do(start.Add(30*24*hour), b.inspect)
	b.run()
	require.Equal(t, 1, b.hooks.count("RunTimers"),
		"that of the reminder finds nothing due; the promise of the older status has no timer")
}
