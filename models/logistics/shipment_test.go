package logistics_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

func TestShipmentsAreMadeOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		n := logistics.NewShipment{
			AccountID:  storetest.AccountOf(t, env),
			Direction:  shipping.ShipOut,
			SubjectID:  "rma_1",
			BookingKey: "rma_1/out/1",
			Carrier:    "sim",
		}
		ids := make([]string, 8)
		storetest.RequireAll(t, storetest.AtOnce(len(ids), func(i int) error {
			sh, err := env.CreateShipment(env.Context, n)
			ids[i] = sh.ID
			return err
		}))
		for _, id := range ids {
			require.Equal(t, ids[0], id)
		}
		second := n
		second.BookingKey = "rma_1/out/2"
		_, err := env.CreateShipment(env.Context, second)
		storetest.RequireCode(t, shipping.ShipmentLive, err)
		back := second
		back.Direction, back.BookingKey = shipping.ShipReturn, "rma_1/return/1"
		_, err = env.CreateShipment(env.Context, back)
		require.NoError(t, err, "each direction has its own")
		back.BookingKey = n.BookingKey
		_, err = env.CreateShipment(env.Context, back)
		storetest.RequireCode(t, rules.IdempotencyConflict, err)
		_, err = env.CancelShipment(env.Context, ids[0], "")
		require.NoError(t, err)
		_, err = env.CreateShipment(env.Context, second)
		require.NoError(t, err)
	})
}

func TestAtMostOneLiveOutboundShipment(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		accountID := storetest.AccountOf(t, env)
		errs := storetest.AtOnce(8, func(i int) error {
			_, err := env.CreateShipment(env.Context, logistics.NewShipment{
				AccountID:  accountID,
				Direction:  shipping.ShipOut,
				SubjectID:  "rma_1",
				BookingKey: fmt.Sprint("key ", i),
				Carrier:    "sim",
			})
			return err
		})
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			storetest.RequireCode(t, shipping.ShipmentLive, err)
		}
		require.Equal(t, 1, made)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM shipments"))
	})
}

func TestShipmentIsCheckedBeforeItIsMade(t *testing.T) {
	env := storetest.SQLite(t)
	_, err := env.CreateShipment(env.Context, logistics.NewShipment{Direction: "UP", PromisedOn: "soon"})
	storetest.RequireCode(t, rules.ValidationFailed, err)
	require.ElementsMatch(t, []string{"/subject_id", "/booking_key", "/carrier", "/direction", "/promised_on"},
		storetest.Pointers(err))
	_, err = env.CreateShipment(env.Context, logistics.NewShipment{
		AccountID:  "acc_none",
		Direction:  shipping.ShipOut,
		SubjectID:  "x",
		BookingKey: "x",
		Carrier:    "x",
	})
	storetest.RequireCode(t, rules.NotFound, err)
}

func TestBookingIsStoredOnceAndOneNumberIsOneParcel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		accountID := storetest.AccountOf(t, env)
		a := storetest.ShipmentOf(t, env, accountID, "T1")
		again, err := env.ShipmentBooked(env.Context, a.ID, "T1")
		require.NoError(t, err)
		require.Equal(t, shipping.ShipmentPickedUp, again.State, "a later scan is not undone")
		_, err = env.ShipmentBooked(env.Context, a.ID, "T2")
		storetest.RequireCode(t, rules.StateConflict, err)
		b, err := env.CreateShipment(env.Context, logistics.NewShipment{
			AccountID:  accountID,
			Direction:  shipping.ShipOut,
			SubjectID:  "rma_2",
			BookingKey: "2",
			Carrier:    "sim",
		})
		require.NoError(t, err)
		_, err = env.ShipmentBooked(env.Context, b.ID, "T1")
		storetest.RequireCode(t, shipping.TrackingTaken, err)
		require.Equal(t, []string{"/tracking"}, storetest.Pointers(err))
		_, err = env.ShipmentBooked(env.Context, "shp_none", "T3")
		storetest.RequireCode(t, rules.NotFound, err)
		env.AuditHolds(t)
	})
}

// A carrier that gives two parcels one number is refused once and for all: nothing is
// gained by asking the database again.
func TestACarrierThatGivesOneNumberTwiceIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		parcels := storetest.Outstanding(t, env, env.Approved(t, c).ID)
		require.Len(t, parcels, 2)
		var booked []logistics.BookedParcel
		for _, p := range parcels {
			booked = append(booked, logistics.BookedParcel{ShipmentID: p.ID, Tracking: "SAME"})
		}
		_, err := env.StoreBookings(env.Context, booked)
		storetest.RequireCode(t, shipping.TrackingTaken, err)
		booked[1].Tracking = "OTHER"
		_, err = env.StoreBookings(env.Context, booked)
		require.NoError(t, err)
		env.AuditHolds(t)
	})
}

func TestCancelledBeforePickUpOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		accountID := storetest.AccountOf(t, env)
		moving := storetest.ShipmentOf(t, env, accountID, "T1")
		_, err := env.CancelShipment(env.Context, moving.ID, "withdrawn")
		storetest.RequireCode(t, shipping.ShipmentNotCancellable, err)
		n := logistics.NewShipment{
			AccountID:  accountID,
			Direction:  shipping.ShipSpare,
			SubjectID:  "spr_1",
			BookingKey: "s1",
			Carrier:    "sim",
		}
		waiting, err := env.CreateShipment(env.Context, n)
		require.NoError(t, err)
		_, err = env.ShipmentBooked(env.Context, waiting.ID, "T2")
		require.NoError(t, err)
		for range 2 {
			sh, err := env.CancelShipment(env.Context, waiting.ID, "withdrawn")
			require.NoError(t, err)
			require.Equal(t, shipping.ShipmentCancelled, sh.State)
		}
		require.Empty(t, env.Tasks(t, db.TaskShipmentContradicted))
		_, err = env.ReceiveCarrierEvent(
			env.Context, storetest.CarrierEvent("T2", shipping.ScanInTransit, storetest.Now),
		)
		require.NoError(t, err)
		sh, err := env.GetShipment(env.Context, waiting.ID)
		require.NoError(t, err)
		require.Equal(t, shipping.ShipmentCancelled, sh.State, "it does not live again")
		require.True(t, sh.Contradicted)
		require.Len(t, env.Tasks(t, db.TaskShipmentContradicted), 1)
	})
}

// The facts of a shipment lead to the same row and the same last message, in each
// order of arrival and told up to three times.
func TestShipmentIsTheSameForEveryOrderOfArrival(t *testing.T) {
	env := storetest.SQLite(t)
	accountID := storetest.AccountOf(t, env)
	env.Calendar.Set(storetest.Now.Add(100 * time.Hour))
	hours := func(h int) time.Time { return storetest.Now.Add(time.Duration(h) * time.Hour) }
	story := []logistics.NewCarrierEvent{{}, {}, {}, {}, {}}
	fill := func(tracking string) []logistics.NewCarrierEvent {
		story[0] = storetest.CarrierEvent(tracking, shipping.ScanPickedUp, hours(1))
		story[1] = storetest.CarrierEvent(tracking, shipping.ScanInTransit, hours(5))
		story[2] = storetest.CarrierEvent(tracking, shipping.ScanException, hours(9))
		story[3] = storetest.CarrierEvent(tracking, shipping.ScanInTransit, hours(12))
		story[4] = storetest.CarrierEvent(tracking, shipping.ScanDelivered, hours(20))
		return story
	}
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		tracking := fmt.Sprintf("T%03d", seed)
		events := fill(tracking)
		for range random.IntN(6) {
			events = append(events, events[random.IntN(5)])
		}
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		sh, err := env.CreateShipment(env.Context, logistics.NewShipment{
			AccountID:  accountID,
			Direction:  shipping.ShipReturn,
			SubjectID:  "rma_" + tracking,
			BookingKey: tracking,
			Carrier:    "sim",

			PossibleFrom: storetest.Now,
		})
		require.NoError(t, err)
		booked := random.IntN(len(events) + 1)
		for i, e := range events {
			if i == booked {
				_, err = env.ShipmentBooked(env.Context, sh.ID, tracking)
				require.NoError(t, err)
			}
			_, err = env.ReceiveCarrierEvent(env.Context, e)
			require.NoError(t, err)
		}
		sh, err = env.ShipmentBooked(env.Context, sh.ID, tracking)
		require.NoError(t, err)
		require.Equal(t, shipping.ShipmentDelivered, sh.State, "seed %d", seed)
		require.False(t, sh.Contradicted)
		require.True(t, sh.FirstMoveAt.Equal(hours(1)), "S22: seed %d", seed)
		require.True(t, sh.DeliveredAt.Equal(hours(20)))
		scans, err := env.ScansOf(env.Context, sh.ID)
		require.NoError(t, err)
		require.Len(t, scans, 6, "five of the carrier and our own")
		require.Equal(t, "DELIVERED", lastTold(t, env, sh.SubjectID)[logistics.PayloadShipmentState],
			"the newest that the workflow hears is the final state")
	}
	env.AuditHolds(t)
}

// lastTold is the newest payload for a subject in the outbox.
func lastTold(t *testing.T, env storetest.Env, subject string) (newest map[string]string) {
	t.Helper()
	version := 0
	for _, raw := range env.Strings(
		t, "SELECT payload FROM outbox_events WHERE kind = 'shipment.moved' AND subject_id = '"+subject+"'",
	) {
		var payload map[string]string
		require.NoError(t, json.Unmarshal([]byte(raw), &payload))
		v, err := strconv.Atoi(payload[logistics.PayloadVersion])
		require.NoError(t, err)
		if v > version {
			version, newest = v, payload
		}
	}
	return newest
}

func TestScansOfOperatorsAndDepotsCountToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		sh := storetest.ShipmentOf(t, env, storetest.AccountOf(t, env), "T1")
		lost := logistics.NewScan{
			Kind:     shipping.ScanLost,
			Source:   logistics.ScanByOperator,
			CauseKey: sh.ID + "/lost",
			Reason:   "silent for 3 business days",
		}
		for range 2 {
			after, err := env.RecordScan(storetest.Operator(), sh.ID, lost)
			require.NoError(t, err)
			require.Equal(t, shipping.ShipmentLost, after.State)
		}
		events, err := env.Timeline(env.Context, sh.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"shipment.created", "shipment.scanned", "shipment.scanned", "shipment.scanned"},
			storetest.VerbsOf(events))
		require.Equal(t, "silent for 3 business days", events[3].Details["reason"])
		_, err = env.RecordScan(env.Context, "shp_none", lost)
		storetest.RequireCode(t, rules.NotFound, err)
		ahead := logistics.NewScan{
			Kind:     shipping.ScanDelivered,
			At:       storetest.Now.Add(time.Hour),
			Source:   logistics.ScanByDepot,
			CauseKey: "d",
		}
		future, err := env.RecordScan(env.Context, sh.ID, ahead)
		require.NoError(t, err)
		require.Nil(t, future.DeliveredAt, "nothing is delivered in the future")
		require.True(t, future.Contradicted)

		ahead.At, ahead.CauseKey = storetest.Now.Add(5*time.Minute), "e"
		now, err := env.RecordScan(env.Context, sh.ID, ahead)
		require.NoError(t, err)
		require.True(t, now.DeliveredAt.Equal(storetest.Now), "clocks differ")
	})
}

func TestC5_ShipmentsOfOthersAreNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		accountID := storetest.AccountOf(t, env)
		sh := storetest.ShipmentOf(t, env, accountID, "T1")
		foreign := storetest.Customer("acc_other")
		own := storetest.Customer(accountID)
		_, err := env.GetShipment(foreign, sh.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		for _, f := range []logistics.ShipmentFilter{{}, {AccountID: accountID}, {Tracking: "T1"}} {
			require.Empty(t, storetest.ListOf(env.ListShipments(foreign, f))(t))
			require.Len(t, storetest.ListOf(env.ListShipments(own, f))(t), 1)
		}
		scans, err := env.ScansOf(foreign, sh.ID)
		require.NoError(t, err)
		require.Empty(t, scans)
		_, err = env.RecordScan(foreign, sh.ID, logistics.NewScan{Kind: shipping.ScanLost, CauseKey: "x"})
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.CreateShipment(foreign, logistics.NewShipment{
			AccountID:  accountID,
			Direction:  shipping.ShipOut,
			SubjectID:  "x",
			BookingKey: "x",
			Carrier:    "x",
		})
		storetest.RequireCode(t, rules.NotFound, err)
		for _, ctx := range []func() error{
			func() error {
				_, err := env.ReceiveCarrierEvent(own, storetest.CarrierEvent("T1", shipping.ScanLost, storetest.Now))
				return err
			},
			func() error { _, _, err := env.ListCarrierEvents(own, logistics.CarrierEventFilter{}); return err },
		} {
			storetest.RequireCode(t, rules.NotFound, ctx())
		}
	})
}

func TestShipmentsHoldNoAddress(t *testing.T) {
	env := storetest.SQLite(t)
	for _, column := range env.Strings(t, "SELECT name FROM pragma_table_info('shipments')") {
		for _, personal := range []string{"name", "street", "city", "postal", "phone", "email", "address"} {
			require.False(t, strings.Contains(column, personal), column)
		}
	}
}
