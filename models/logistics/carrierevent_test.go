package logistics_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/shipping"
)

func TestCarrierEventsAreStoredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sh := storetest.ShipmentOf(t, env, storetest.AccountOf(t, env), "T1")
		e := storetest.CarrierEvent("T1", shipping.ScanDelivered, storetest.Now)
		ids := make([]string, 8)
		storetest.RequireAll(t, storetest.AtOnce(len(ids), func(i int) error {
			got, err := env.ReceiveCarrierEvent(env.Context, e)
			ids[i] = got.ID
			return err
		}))
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}
		events := storetest.ListOf(env.ListCarrierEvents(env.Context, logistics.CarrierEventFilter{ShipmentID: sh.ID}))(
			t,
		)
		require.Len(t, events, 2)
		if events[0].ID != ids[0] {
			events[0] = events[1] // both of one millisecond
		}
		require.Equal(t, logistics.CarrierEventApplied, events[0].State)
		require.Equal(t, sh.AccountID, *events[0].AccountID)
		require.Equal(t, e.Raw, events[0].Raw)
		scans, err := env.ScansOf(env.Context, sh.ID)
		require.NoError(t, err)
		require.Len(t, scans, 3)
		other := e
		other.Carrier = "another"
		got, err := env.ReceiveCarrierEvent(env.Context, other)
		require.NoError(t, err)
		require.NotEqual(t, ids[0], got.ID, "each carrier names its own events")
		require.Equal(t, logistics.CarrierEventUnknown, got.State)
	})
}

func TestUnknownParcelsAreKeptAndAppliedOnceKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		accountID := storetest.AccountOf(t, env)
		for _, kind := range []shipping.ScanKind{shipping.ScanInTransit, shipping.ScanPickedUp} {
			e, err := env.ReceiveCarrierEvent(
				env.Context, storetest.CarrierEvent("T1", kind, storetest.Now.Add(-time.Hour)),
			)
			require.NoError(t, err)
			require.Equal(t, logistics.CarrierEventUnknown, e.State)
		}
		unknown := logistics.CarrierEventFilter{State: logistics.CarrierEventUnknown}
		require.Len(t, storetest.ListOf(env.ListCarrierEvents(env.Context, unknown))(t), 2)
		n, err := env.SettleCarrierEvents(env.Context)
		require.NoError(t, err)
		require.Zero(t, n, "still unknown")
		sh, err := env.CreateShipment(env.Context, logistics.NewShipment{
			AccountID:  accountID,
			Direction:  shipping.ShipOut,
			SubjectID:  "rma_1",
			BookingKey: "1",
			Carrier:    "sim",

			PossibleFrom: storetest.Now.Add(-2 * time.Hour), // people handed it in
		})
		require.NoError(t, err)
		sh, err = env.ShipmentBooked(env.Context, sh.ID, "T1")
		require.NoError(t, err)
		require.Equal(t, shipping.ShipmentInTransit, sh.State)
		require.Empty(t, storetest.ListOf(env.ListCarrierEvents(env.Context, unknown))(t))
	})
}

// A process that dies between storing and applying leaves an event that the next
// round applies.
func TestEventsThatACrashLeftAreApplied(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sh := storetest.ShipmentOf(t, env, storetest.AccountOf(t, env), "T1")
		for i, state := range []string{"RECEIVED", "UNKNOWN"} {
			require.NoError(t, env.Exec(fmt.Sprintf(`INSERT INTO carrier_events (id, carrier, event_id, tracking, kind, occurred_at, received_at, raw, state)
				VALUES ('cev_%d', 'sim', 'left %d', 'T1', '%s', '2026-11-23 10:00:0%d+00:00', '2026-11-23 11:00:00+00:00', '', '%s')`,
				i, i, shipping.ScanInTransit, i, state)))
		}
		n, err := env.SettleCarrierEvents(env.Context)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		n, err = env.SettleCarrierEvents(env.Context)
		require.NoError(t, err)
		require.Zero(t, n)
		after, err := env.GetShipment(env.Context, sh.ID)
		require.NoError(t, err)
		require.Equal(t, shipping.ShipmentInTransit, after.State)
		require.Equal(t, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), after.FirstMoveAt.UTC())
	})
}

func TestUnreadableEventsAreKeptAsTheyCame(t *testing.T) {
	env := storetest.SQLite(t)
	storetest.ShipmentOf(t, env, storetest.AccountOf(t, env), "T1")
	for i, n := range []logistics.NewCarrierEvent{
		{Raw: []byte("not json")},
		{Tracking: "T1", Kind: "TELEPORTED", OccurredAt: storetest.Now},
		{Kind: "LOST", OccurredAt: storetest.Now},
		{Tracking: "T1", Kind: "LOST"},
	} {
		n.Carrier, n.EventID = "sim", fmt.Sprint("bad ", i)
		e, err := env.ReceiveCarrierEvent(env.Context, n)
		require.NoError(t, err)
		require.Equal(t, logistics.CarrierEventUnreadable, e.State)
	}
	require.Len(t, storetest.ListOf(
		env.ListCarrierEvents(env.Context, logistics.CarrierEventFilter{State: logistics.CarrierEventUnreadable}),
	)(t), 4)
	n, err := env.SettleCarrierEvents(env.Context)
	require.NoError(t, err)
	require.Zero(t, n)
}

// An event that comes while its shipment is being booked is applied, whichever of
// the two commits first.
func TestEventAndBookingAtOnce(t *testing.T) {
	env := storetest.Postgres(t)
	accountID := storetest.AccountOf(t, env)
	for i := range 15 {
		tracking := fmt.Sprint("T", i)
		sh, err := env.CreateShipment(env.Context, logistics.NewShipment{
			AccountID:  accountID,
			Direction:  shipping.ShipOut,
			SubjectID:  "rma_" + tracking,
			BookingKey: tracking,
			Carrier:    "sim",
		})
		require.NoError(t, err)
		storetest.RequireAll(t, storetest.AtOnce(4, func(n int) error {
			if n == 0 {
				_, err := env.ShipmentBooked(env.Context, sh.ID, tracking)
				return err
			}
			_, err := env.ReceiveCarrierEvent(
				env.Context, storetest.CarrierEvent(tracking, shipping.ScanKinds()[n], storetest.Now),
			)
			return err
		}))
		sh, err = env.GetShipment(env.Context, sh.ID)
		require.NoError(t, err)
		require.Equal(t, shipping.ShipmentDelivered, sh.State)
	}
	require.Empty(t, storetest.ListOf(
		env.ListCarrierEvents(env.Context, logistics.CarrierEventFilter{State: logistics.CarrierEventUnknown}),
	)(t))
	env.AuditHolds(t)
}
