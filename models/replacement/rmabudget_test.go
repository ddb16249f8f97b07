package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// rmaStatements is the budget of an ordinary RMA, from request to close.
const rmaStatements = 60

// carriedStatements is what one takes whose parcels the service books and the carrier
// tells of: beyond the budget, and held so that it does not grow.
const carriedStatements = 92

// The SQL statements of an ordinary RMA, with the reservation and the shipment of a
// unit in stock and with its mails, sent at each step. The program and the calendar
// are known from the RMA before it. What the relay needs is shared by all that is
// told together, and the parcel's own scans belong to the carrier's events.
func TestBudgetOfAnOrdinaryRMAsStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := env.Covered(t)
		second := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 2) // so that the approval allocates
		ordinaryRMA(t, env, first, byHand)
		requireStatements(t, ordinaryRMA(t, env, second, byHand), rmaStatements)
	})
}

// The same with the carrier: the workflow books both parcels, and every scan is a
// webhook.
func TestStatementsOfAnRMAWithTheCarrier(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, first := storetest.Carried(t, env)
		second := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		ordinaryRMA(t, env, first, byCarrier)
		requireStatements(t, ordinaryRMA(t, env, second, byCarrier), carriedStatements)
	})
}

func requireStatements(t *testing.T, count map[string]int, most int) {
	t.Helper()
	total := 0
	for _, n := range count {
		total += n
	}
	t.Logf("%d statements: %v", total, count)
	require.LessOrEqual(t, total, most)
}

// way is how an RMA learns of its parcels: booked books them, and the others tell of
// them.
type way struct {
	booked, delivered, scanned, received func(t *testing.T, env storetest.Env, id string)
}

var (
	byHand = way{
		booked:    func(*testing.T, storetest.Env, string) {},
		delivered: toldBy(rma.FactDelivered),
		scanned:   toldBy(rma.FactReturnScanned),
		received:  toldBy(rma.FactReturnReceived),
	}
	byCarrier = way{
		booked:    storetest.BookParcels,
		delivered: scannedBy("out/1", shipping.ScanDelivered),
		scanned:   scannedBy("return/1", shipping.ScanPickedUp),
		received:  scannedBy("return/1", shipping.ScanDelivered),
	}
)

func toldBy(fact rma.RMAFact) func(*testing.T, storetest.Env, string) {
	return func(t *testing.T, env storetest.Env, id string) {
		t.Helper()
		_, err := env.RecordRMAFact(env.Context, id, fact, time.Time{})
		require.NoError(t, err)
	}
}

func scannedBy(key string, kind shipping.ScanKind) func(*testing.T, storetest.Env, string) {
	return func(t *testing.T, env storetest.Env, id string) {
		t.Helper()
		storetest.Scanned(t, env, id, key, kind)
	}
}

// ordinaryRMA takes an RMA from request to close, and counts the statements of each
// step.
func ordinaryRMA(t *testing.T, env storetest.Env, c storetest.Covered, by way) map[string]int {
	t.Helper()
	count := map[string]int{}
	var r replacement.RMA
	step := func(name string, mails int, run func() error) {
		t.Helper()
		env.Statements.Reset()
		require.NoError(t, run())
		count[name] = len(env.Statements.List())
		if mails > 0 {
			env.Statements.Reset()
			require.Len(t, env.Deliver(t, r.ID), mails)
			count["mails"] += len(env.Statements.List())
		}
	}
	tell := func(name string, mails int, how func(*testing.T, storetest.Env, string)) {
		t.Helper()
		step(name, mails, func() error { how(t, env, r.ID); return nil })
	}
	keep := func(x replacement.RMA, err error) error { r = x; return err }
	step("request", 2, func() error {
		return keep(env.RequestRMA(storetest.AgentContext, replacement.NewRMA{Serial: *c.Device.Serial, Fault: "x"}))
	})
	step("approve", 2, func() error {
		return keep(env.ApproveRMA(storetest.AgentContext, r.ID, replacement.RMAApproval{DefectConfirmed: true}))
	})
	require.Equal(t, rma.RMAAllocated, r.StoredState)
	tell("booked", 0, by.booked)
	step("ship", 2, func() error {
		return keep(env.ShipRMA(storetest.AgentContext, r.ID,
			replacement.RMAShipment{Serial: "NEW" + *c.Device.Serial}))
	})
	tell("delivered", 2, by.delivered)
	tell("scanned", 0, by.scanned)
	tell("received", 0, by.received)
	step("inspect", 2, func() error {
		return keep(env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
			Serial:  *c.Device.Serial,
			Outcome: rma.OutcomeDefect,
		}))
	})
	require.Equal(t, rma.RMAClosed, r.StoredState)
	return count
}
