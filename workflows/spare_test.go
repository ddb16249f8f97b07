package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/workflows"
)

// spareBench is a spare unit's workflow with the relay played by hand.
type spareBench struct {
	*bench
	covered storetest.Covered
	id      string
}

// newSpareBench has 60 licences earn a spare; it begins on Wednesday, 25 November
// 2026, 09:00 in São Paulo.
func newSpareBench(t *testing.T) *spareBench {
	t.Helper()
	env := storetest.SQLite(t)
	c, u := env.Spare(t)
	return &spareBench{bench: benchOn(t, env, storetest.Now.Add(48*time.Hour)), covered: c, id: u.ID}
}

// told are the statuses that the outbox holds and nobody was told yet.
func (b *spareBench) told() (out []activities.Status) {
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
				(e.Kind == db.OutboxSpareEarned || e.Kind == db.OutboxSpareChanged) {
				st, err := db.ProcessStatusOf(e)
				require.NoError(b.t, err)
				out = append(out, activities.StatusOf(st))
			}
		}
		require.NoError(b.t, b.db.OutboxDelivered(b.db.Context, ids))
	}
}

// do runs a command at an instant and tells the workflow, as the relay does, twice.
func (b *spareBench) do(at time.Time, command func() error) {
	b.at(at, func() {
		require.NoError(b.t, command())
		for _, st := range b.told() {
			b.SignalWorkflow(workflows.SignalChanged, st)
			b.SignalWorkflow(workflows.SignalChanged, st)
		}
	})
}

func (b *spareBench) unit() replacement.SpareUnit {
	b.t.Helper()
	u, err := b.db.GetSpareUnit(b.db.Context, b.id)
	require.NoError(b.t, err)
	return u
}

func (b *spareBench) choose() error {
	_, err := b.db.SelectSpare(storetest.CSM(), b.id, replacement.SpareChoice{
		ModelCode: "RALLY-BAR",
		SiteID:    b.covered.Site.ID,
	})
	return err
}

func (b *spareBench) agree() error {
	_, err := b.db.AgreeSpare(storetest.Customer(b.covered.Account), b.id, 0)
	return err
}

func (b *spareBench) ship() error {
	_, err := b.db.ShipSpare(storetest.Operator(), b.id, replacement.Parcel{Serial: "SP-1"})
	return err
}

func (b *spareBench) arrive() error {
	_, err := b.db.RecordSpareFact(b.db.Context, b.id, spare.SpareDelivered, time.Time{})
	return err
}

// cancelAll takes all that earned the spare.
func (b *spareBench) cancelAll() error {
	for _, id := range b.db.Strings(b.t, "SELECT id FROM orders") {
		if _, _, err := b.db.CancelOrder(storetest.Operator(), id,
			order.CancelRequest{Reason: "not needed"}); err != nil {
			return err
		}
	}
	return nil
}

// onSite is a bench whose spare lies on site, so that its workflow has ended.
func onSite(t *testing.T) *spareBench {
	t.Helper()
	b := newSpareBench(t)
	for _, step := range []func() error{b.choose, b.agree, b.ship, b.arrive} {
		require.NoError(t, step())
	}
	b.told()
	return b
}

// again starts the workflow as the relay does for one that has ended: with a signal.
func (b *spareBench) again() {
	b.t.Helper()
	b.ExecuteWorkflow(workflows.SpareName, workflows.SpareInput{SpareUnitID: b.id})
	b.ended()
}

func TestR88a_SpareWorkflowTellsEachStepOnceAndEndsOnSite(t *testing.T) {
	b := newSpareBench(t)
	first := b.told()
	require.Len(t, first, 1)
	require.False(t, first[0].Closed)
	start := b.Now()
	b.do(start.Add(hour), b.choose)
	b.do(start.Add(2*hour), b.agree)
	b.do(start.Add(3*hour), b.ship)
	b.do(start.Add(30*hour), b.arrive)
	b.ExecuteWorkflow(workflows.SpareName, workflows.SpareInput{SpareUnitID: b.id, Status: &first[0]})
	b.ended()
	require.Equal(t, spare.SpareOnSite, b.unit().State)
	require.Len(t, b.sender.of(rules.TemplateSpare), 6, "chosen, shipped and on site, to two people")
	require.Zero(t, b.hooks.count("RunSpareTimers"))
	require.Less(t, b.Now().Sub(start), 31*hour)
}

func TestS9_SpareWorkflowWaitsOutARecallAndEndsWithTheBill(t *testing.T) {
	b := onSite(t)
	start := b.Now()
	b.do(start, b.cancelAll)
	b.do(start.Add(40*24*hour), func() error {
		_, err := b.db.BillSpare(storetest.Operator(), b.id, "")
		return err
	})
	b.at(start.Add(32*24*hour), func() { require.Len(t, b.tasks(db.TaskSpareFee), 1) })
	b.again()
	require.Equal(t, spare.SpareBilled, b.unit().State)
	require.Empty(t, b.tasks(db.TaskSpareFee))
	require.Len(t, b.sender.of(rules.TemplateSpare), 6+10, "recalled, two reminders, overdue and billed, to two people")
}

func TestS9_SpareWorkflowEndsWhereTheRecallIsWithdrawn(t *testing.T) {
	b := onSite(t)
	start := b.Now()
	b.do(start, b.cancelAll)
	b.do(start.Add(25*24*hour), func() error {
		f := storetest.FormFor("PO-again", "Acme Ltda", "ana.souza@acme.example")
		f.Lines[0].Quantity = 50
		b.db.Fulfilled(b.t, b.db.Reseller(b.t, "Revenda Sul"), f)
		return nil
	})
	b.again()
	require.Equal(t, spare.SpareOnSite, b.unit().State)
	require.Less(t, b.Now().Sub(start), 26*24*hour)
	require.Len(t, b.sender.of(rules.TemplateSpare), 6+6, "recalled, one reminder, withdrawn, to two people")
}

func TestS26_SpareWorkflowWaitsForTheReplenishment(t *testing.T) {
	b := onSite(t)
	start := b.Now()
	var rma replacement.RMA
	b.do(start, func() (err error) {
		rma = b.db.Requested(b.t, b.covered)
		_, err = b.db.UseSpare(storetest.Customer(b.covered.Account), rma.ID, b.id)
		return err
	})
	b.do(start.Add(hour), func() error {
		_, err := b.db.ApproveRMA(storetest.Operator(), rma.ID, replacement.RMAApproval{DefectConfirmed: true})
		return err
	})
	b.do(start.Add(2*hour), func() error {
		_, err := b.db.ShipSpare(storetest.Operator(), b.id, replacement.Parcel{Serial: "SP-2"})
		return err
	})
	b.do(start.Add(24*hour), b.arrive)
	b.again()
	require.Equal(t, spare.SpareOnSite, b.unit().State)
	require.Equal(t, "SP2", b.unit().Serial)
	require.Len(t, b.sender.of(rules.TemplateSpare), 6+4, "shipped and on site again, to two people")
}

// A kill between the commit and the answer of the timer's step does nothing twice.
func TestS9_SpareTimerIsSafeToRepeat(t *testing.T) {
	b := onSite(t)
	start := b.Now()
	b.do(start, b.cancelAll)
	b.hooks.after = func(activity string, nth int) error {
		if activity == "RunSpareTimers" && nth%2 == 1 {
			return errKilled
		}
		return nil
	}
	b.do(start.Add(40*24*hour), func() error {
		_, err := b.db.WaiveSpare(storetest.Lead(), b.id, "goodwill")
		return err
	})
	b.again()
	require.Equal(t, spare.SpareWaived, b.unit().State)
	require.Len(t, b.sender.of(rules.TemplateSpare), 6+10, "recalled, two reminders, overdue and waived, to two people")
}
