package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// rmaStatements is the budget of an ordinary RMA, from request to close.
const rmaStatements = 60

// The SQL statements of an ordinary RMA, with the reservation and the shipment of a
// unit in stock and with its mails, sent at each step. The program and the calendar
// are known from the RMA before it. What the relay needs is shared by all that is
// told together, and the parcel's own scans belong to the carrier's events.
func TestBudgetOfAnOrdinaryRMAsStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first, second := env.Covered(t), env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		stocked(t, env, "BR-1", "BR", "RALLY-BAR", 2) // so that the approval allocates
		ordinaryRMA(t, env, first)
		count := ordinaryRMA(t, env, second)
		total := 0
		for _, n := range count {
			total += n
		}
		t.Logf("%d statements: %v", total, count)
		require.LessOrEqual(t, total, rmaStatements)
	})
}

// ordinaryRMA takes an RMA from request to close, and counts the statements of each
// step.
func ordinaryRMA(t *testing.T, env storetest.Env, c storetest.Covered) map[string]int {
	t.Helper()
	count := map[string]int{}
	var r models.RMA
	step := func(name string, mails int, run func() (models.RMA, error)) {
		t.Helper()
		env.Statements.Reset()
		var err error
		r, err = run()
		require.NoError(t, err)
		count[name] = len(env.Statements.List())
		if mails > 0 {
			env.Statements.Reset()
			require.Len(t, env.Deliver(t, r.ID), mails)
			count["mails"] += len(env.Statements.List())
		}
	}
	fact := func(f rules.RMAFact) func() (models.RMA, error) {
		return func() (models.RMA, error) { return env.RecordRMAFact(env.Context, r.ID, f, time.Time{}) }
	}
	step("request", 2, func() (models.RMA, error) {
		return env.RequestRMA(agent, models.NewRMA{Serial: *c.Device.Serial, Fault: "x"})
	})
	step("approve", 2, func() (models.RMA, error) {
		return env.ApproveRMA(agent, r.ID, models.RMAApproval{DefectConfirmed: true})
	})
	require.Equal(t, rules.RMAAllocated, r.State)
	step("ship", 2, func() (models.RMA, error) {
		return env.ShipRMA(agent, r.ID, models.RMAShipment{Serial: "NEW" + *c.Device.Serial})
	})
	step("delivered", 2, fact(rules.FactDelivered))
	step("scanned", 0, fact(rules.FactReturnScanned))
	step("received", 0, func() (models.RMA, error) { return env.ReceiveRMA(agent, r.ID) })
	step("inspect", 2, func() (models.RMA, error) {
		return env.InspectRMA(agent, r.ID, models.RMAInspection{Serial: *c.Device.Serial, Outcome: rules.OutcomeDefect})
	})
	require.Equal(t, rules.RMAClosed, r.State)
	return count
}
