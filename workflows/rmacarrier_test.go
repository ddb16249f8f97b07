package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/carrier/simulator"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/workflows"
)

// carrierBench is an RMA that goes by a simulated carrier, whose bookings a test may
// let fail.
type carrierBench struct {
	*rmaBench
	sim  *simulator.Simulator
	fail func() error // nil: nothing fails
}

func newCarrierBench(t *testing.T) *carrierBench {
	t.Helper()
	env := storetest.SQLite(t).WithCarrier(t, "sim")
	stocked(t, env)
	return newCarrierBenchOn(t, env)
}

// stocked has one replacement come to a depot.
func stocked(t *testing.T, env storetest.Env) {
	t.Helper()
	d, err := env.PutDepot(storetest.Operator(), shipping.DepotForm{
		Code:    "BR-1",
		Name:    "Depot",
		Street:  "Rua A 1",
		City:    "Campinas",
		Country: "BR",
	})
	require.NoError(t, err)
	_, err = env.ReceiveStock(storetest.Operator(), logistics.StockMove{
		DepotID:   d.ID,
		ModelCode: "RALLY-BAR",
		Quantity:  1,
		Cause:     "note",
	})
	require.NoError(t, err)
}

// newCarrierBenchOn is newCarrierBench with the stock that is there.
func newCarrierBenchOn(t *testing.T, env storetest.Env) *carrierBench {
	t.Helper()
	c := env.Covered(t)
	b := &carrierBench{rmaBench: &rmaBench{bench: benchOn(t, env, storetest.Now.Add(48*time.Hour)), covered: c}}
	b.id = env.Requested(t, c).ID
	var err error
	b.sim, err = simulator.New(simulator.Options{Now: env.Calendar.Now})
	require.NoError(t, err)
	b.parcels.Carrier = failing{b.sim, b}
	return b
}

type failing struct {
	carrier.Carrier
	b *carrierBench
}

func (f failing) Book(ctx context.Context, key string, b carrier.Booking) (carrier.Booked, error) {
	if f.b.fail != nil {
		if err := f.b.fail(); err != nil {
			return carrier.Booked{}, err
		}
	}
	return f.Carrier.Book(ctx, key, b)
}

func (b *carrierBench) shipments(state shipping.ShipmentState) []logistics.Shipment {
	b.t.Helper()
	out, _, err := b.db.ListShipments(b.db.Context, logistics.ShipmentFilter{SubjectID: b.id, State: state})
	require.NoError(b.t, err)
	return out
}

// events hands over what the carrier has scanned by then, as its webhooks would.
func (b *carrierBench) events() error {
	for _, p := range b.sim.Parcels() {
		known, err := b.sim.Track(context.Background(), p.Tracking)
		if err != nil {
			return err
		}
		for _, e := range known.Events {
			n := logistics.NewCarrierEvent{
				Carrier:    "sim",
				EventID:    e.EventID,
				Tracking:   e.Tracking,
				Kind:       e.Kind,
				OccurredAt: e.OccurredAt,
				Raw:        []byte("{}"),
			}
			if _, err := b.db.ReceiveCarrierEvent(b.db.Context, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// From the approval to the delivery by itself: nobody gives a command in between.
func TestR35c_ApprovedRMAGoesToItsDeliveryByItself(t *testing.T) {
	b := newCarrierBench(t)
	start := b.Now()
	b.do(start.Add(hour), b.approve)
	for h := time.Duration(2); h < 48; h++ {
		b.do(start.Add(h*hour), b.events)
	}
	b.at(start.Add(49*hour), func() {
		r := b.rma()
		require.Equal(t, rma.RMAAwaitingReturn, r.StoredState)
		require.False(t, r.RMAFacts.Late(b.db.Calendar.Now()), "on the promised day")
		require.NoError(t, b.sim.Scan(*b.shipments(shipping.ShipmentLabelled)[0].Tracking, carrier.PickedUp))
	})
	for h := time.Duration(50); h < 140; h += 5 {
		b.do(start.Add(h*hour), b.events)
	}
	b.do(start.Add(141*hour), b.inspect)
	b.run()
	require.Equal(t, rma.RMAClosed, b.rma().StoredState)
	require.Equal(t, 1, b.hooks.count("SettleParcels"), "the carrier is asked once")
	require.Len(t, b.shipments(shipping.ShipmentDelivered), 2)
	require.Len(t, b.sender.of(rules.TemplateRMA), 10, "each step once, to two people")
}

// The carrier is down for an hour: nothing is lost, an operator knows, and the parcel
// is booked when it is back.
func TestCarrierThatIsDownForAnHourLosesNothing(t *testing.T) {
	b := newCarrierBench(t)
	start := b.Now()
	b.fail = func() error {
		if b.db.Calendar.Now().Before(start.Add(2 * hour)) {
			return &carrier.Error{Code: carrier.Unavailable, Status: 503}
		}
		return nil
	}
	b.do(start.Add(hour), b.approve)
	b.at(start.Add(2*hour-time.Minute), func() {
		require.Empty(t, b.sim.Parcels())
		require.Len(t, b.shipments(shipping.ShipmentCreated), 2)
		tasks := b.tasks(db.TaskProcessStuck)
		require.Len(t, tasks, 1)
		require.Equal(t, "carrier", tasks[0].SubjectID, "one task for every parcel that waits")
	})
	b.at(start.Add(2*hour+6*time.Minute), func() {
		require.Len(t, b.sim.Parcels(), 2)
		require.Len(t, b.shipments(shipping.ShipmentLabelled), 2)
	})
	b.do(start.Add(3*hour), func() error {
		_, err := b.db.WithdrawRMA(storetest.Operator(), b.id, "")
		return err
	})
	b.run()
}

// Refused for good: an operator is asked, mends it and has it tried again.
func TestRefusedBookingWaitsForARetry(t *testing.T) {
	b := newCarrierBench(t)
	start := b.Now()
	b.fail = func() error { return &carrier.Error{Code: carrier.InvalidBooking, Status: 422} }
	b.do(start.Add(hour), b.approve)
	b.at(start.Add(2*hour), func() {
		tasks := b.tasks(db.TaskProcessStuck)
		require.Len(t, tasks, 1)
		require.Equal(t, b.id, tasks[0].SubjectID)
		require.Contains(t, tasks[0].Why, "INVALID_BOOKING")
		require.Equal(t, 1, b.hooks.count("SettleParcels"), "it is not tried for ever")
		b.fail = nil
		require.NoError(t, b.db.RetryProcess(b.operator(), tasks[0].ID))
		b.SignalWorkflow(workflows.SignalRetry, nil)
	})
	b.at(start.Add(3*hour), func() { require.Len(t, b.shipments(shipping.ShipmentLabelled), 2) })
	b.do(start.Add(4*hour), func() error {
		_, err := b.db.WithdrawRMA(storetest.Operator(), b.id, "")
		return err
	})
	b.run()
	require.Len(t, b.shipments(shipping.ShipmentCancelled), 2)
}

// While a refused booking waits for a person, a withdrawal needs no retry to end it.
func TestS10_WithdrawalEndsARefusedBooking(t *testing.T) {
	b := newCarrierBench(t)
	start := b.Now()
	b.fail = func() error { return &carrier.Error{Code: carrier.InvalidBooking, Status: 422} }
	b.do(start.Add(hour), b.approve)
	b.do(start.Add(2*hour), func() error {
		_, err := b.db.WithdrawRMA(storetest.Operator(), b.id, "")
		return err
	})
	b.run()
	require.Len(t, b.shipments(shipping.ShipmentCancelled), 2)
	require.Equal(t, rma.RMAWithdrawn, b.rma().StoredState)
}
