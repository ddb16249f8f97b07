package replacement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// carriedSpare is a spare that the customer has agreed to, where the service asks the
// carrier "sim", from a depot with two units.
func carriedSpare(
	t *testing.T, env storetest.Env,
) (storetest.Env, storetest.Covered, replacement.SpareUnit, logistics.Depot) {
	t.Helper()
	env = env.WithCarrier(t, "sim")
	c, u := env.Spare(t)
	d := storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 2)
	return env, c, env.Agreed(t, c, u), d
}

// A customer's consent sets a unit apart and has the workflow ask the carrier; the
// shipment takes it out. Each use of the spare takes another one.
func TestR88a_ASparesUnitIsSetApartBookedAndShipped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c, u, d := carriedSpare(t, env)
		require.Equal(t, d.ID, *u.DepotID)
		require.Equal(t, shipping.StockLevel{OnHand: 2, Reserved: 1}, stockOf(t, env, d, "RALLY-BAR"))
		require.True(t, lastSpareStatus(t, env, u.ID).Parcels)
		p := storetest.Outstanding(t, env, u.ID)
		require.Len(t, p, 1)
		require.Equal(t, []any{
			shipping.ShipSpare, "Depot BR-1", "1 x Rally Bar",
		}, []any{p[0].Direction, p[0].From.Name, p[0].Contents})
		storetest.BookParcels(t, env, u.ID)
		u, err := env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: "SP-1"})
		require.NoError(t, err)
		require.Equal(t, u.ID+"/spare/1", u.Tracking)
		require.Equal(t, shipping.StockLevel{OnHand: 1}, stockOf(t, env, d, "RALLY-BAR"))
		storetest.Scanned(t, env, u.ID, "spare/1", shipping.ScanPickedUp)
		storetest.Scanned(t, env, u.ID, "spare/1", shipping.ScanDelivered)
		require.Equal(t, spare.SpareOnSite, storetest.UnitOf(t, env, u.ID).State)

		r := env.Approved(t, c) // which sets the last unit apart for its own parcel
		require.Equal(t, shipping.StockLevel{OnHand: 1, Reserved: 1}, stockOf(t, env, d, "RALLY-BAR"))
		_, err = env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
		require.NoError(t, err)
		require.Equal(t, []shipping.StockKind{shipping.StockReservation, shipping.StockRelease},
			entriesOf(t, env, r.ID), "what was allocated to the RMA is free again")
		require.True(t, lastSpareStatus(t, env, u.ID).Parcels)
		require.Contains(t, storetest.ParcelsOf(t, env, u.ID), "spare/2")
		env.AuditHolds(t)
	})
}

// What is voided is free again, and its parcel is called off at the carrier.
func TestS9_AVoidedUnitIsFreeAgainAndItsParcelCalledOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c, u, d := carriedSpare(t, env)
		storetest.BookParcels(t, env, u.ID)
		lastSpareStatus(t, env, u.ID)
		cancelAll(t, env, c.Account)
		require.Equal(t, spare.SpareVoided, storetest.UnitOf(t, env, u.ID).State)
		require.Equal(t, shipping.StockLevel{OnHand: 2}, stockOf(t, env, d, "RALLY-BAR"))
		require.Equal(t, []shipping.StockKind{shipping.StockReservation, shipping.StockRelease},
			entriesOf(t, env, u.ID))
		st := lastSpareStatus(t, env, u.ID)
		require.True(t, st.Parcels && st.Closed)
		p := storetest.Outstanding(t, env, u.ID)
		require.Len(t, p, 1)
		require.True(t, p[0].Asked())
		require.NoError(t, env.ParcelCancelled(env.Context, p[0].ID))
		require.Empty(t, storetest.Outstanding(t, env, u.ID))
		require.Equal(t, spare.SpareVoided, storetest.UnitOf(t, env, u.ID).State)

		storetest.Scanned(t, env, u.ID, "spare/1", shipping.ScanPickedUp) // it had it after all
		require.Equal(t, spare.SpareVoided, storetest.UnitOf(t, env, u.ID).State)
		require.Equal(t, 1, unitTasks(t, env, db.TaskShipmentContradicted, p[0].ID))
		env.AuditHolds(t)
	})
}

// A recall has a parcel back, which is called off where the recall is withdrawn.
func TestS9_ARecallsParcelIsBookedAndCalledOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c, u, _ := carriedSpare(t, env)
		storetest.BookParcels(t, env, u.ID)
		env.OnSite(t, u, "SP-1")
		lastSpareStatus(t, env, u.ID)
		storetest.LoseLicences(t, env, c)
		require.True(t, lastSpareStatus(t, env, u.ID).Parcels)
		back := storetest.ParcelsOf(t, env, u.ID)["recall/1"]
		require.Equal(t, shipping.ShipRecall, back.Direction)
		require.Len(t, storetest.Outstanding(t, env, u.ID), 1)
		storetest.BookParcels(t, env, u.ID)
		buy(t, env, "PO-again", 10)
		require.Equal(t, spare.SpareOnSite, storetest.UnitOf(t, env, u.ID).State)
		require.True(t, lastSpareStatus(t, env, u.ID).Parcels)
		p := storetest.Outstanding(t, env, u.ID)
		require.Len(t, p, 1)
		require.True(t, p[0].Asked())
		require.NoError(t, env.ParcelCancelled(env.Context, p[0].ID))
		cancelAll(t, env, c.Account)
		require.Contains(t, storetest.ParcelsOf(t, env, u.ID), "recall/2", "another recall has a parcel of its own")
		storetest.BookParcels(t, env, u.ID)
		storetest.Scanned(t, env, u.ID, "recall/2", shipping.ScanPickedUp)
		storetest.Scanned(t, env, u.ID, "recall/2", shipping.ScanDelivered)
		require.Equal(t, spare.SpareReturned, storetest.UnitOf(t, env, u.ID).State)
	})
}

// A recall soon after one that was withdrawn keeps the parcel that the carrier has not left
// yet; where the carrier had left it by then, there is another one.
func TestS9_ARecallSoonAfterAWithdrawnOneHasAParcel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c, u, _ := carriedSpare(t, env)
		storetest.BookParcels(t, env, u.ID)
		env.OnSite(t, u, "SP-1")
		storetest.LoseLicences(t, env, c)
		storetest.BookParcels(t, env, u.ID)
		buy(t, env, "PO-again", 10)
		require.True(t, storetest.Outstanding(t, env, u.ID)[0].Asked())

		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 1))
		cancelAll(t, env, c.Account)
		require.Equal(t, spare.SpareRecallRequested, storetest.UnitOf(t, env, u.ID).State)
		parcels := storetest.ParcelsOf(t, env, u.ID)
		require.Nil(t, parcels["recall/1"].CancelAskedAt)
		require.NotContains(t, parcels, "recall/2")

		require.NoError(t, env.ParcelCancelled(env.Context, parcels["recall/1"].ID))
		require.True(t, lastSpareStatus(t, env, u.ID).Parcels)
		storetest.BookParcels(t, env, u.ID)
		storetest.Scanned(t, env, u.ID, "recall/2", shipping.ScanPickedUp)
		storetest.Scanned(t, env, u.ID, "recall/2", shipping.ScanDelivered)
		require.Equal(t, spare.SpareReturned, storetest.UnitOf(t, env, u.ID).State)
		env.AuditHolds(t)
	})
}

// A unit that people told to have arrived while its parcel is under way on paper is used, and
// another one follows in a parcel of its own.
func TestS26_AnArrivalThatPeopleToldLeavesRoomForTheNextParcel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c, u, _ := carriedSpare(t, env)
		storetest.BookParcels(t, env, u.ID)
		env.OnSite(t, u, "SP-1")
		require.Equal(t, shipping.ShipmentLabelled, storetest.ParcelsOf(t, env, u.ID)["spare/1"].State)
		_, err := env.UseSpare(storetest.Customer(c.Account), env.Approved(t, c).ID, u.ID)
		require.NoError(t, err)
		parcels := storetest.ParcelsOf(t, env, u.ID)
		require.Equal(t, shipping.ShipmentDelivered, parcels["spare/1"].State)
		require.Equal(t, shipping.ShipmentCreated, parcels["spare/2"].State)
		require.Equal(t, spare.SpareReplenishing, storetest.UnitOf(t, env, u.ID).State)
		env.AuditHolds(t)
	})
}

// The warehouse hands the parcel to another carrier before the booking is answered.
func TestASpareMayLeaveWithAnotherCarrier(t *testing.T) {
	env, _, u, _ := carriedSpare(t, storetest.SQLite(t))
	u, err := env.ShipSpare(storetest.Operator(), u.ID,
		replacement.Parcel{Serial: "SP-1", Carrier: "post", Tracking: "TRK-1"})
	require.NoError(t, err)
	require.Equal(t, []string{"post", "TRK-1"}, []string{u.Carrier, u.Tracking})
	require.Empty(t, storetest.Outstanding(t, env, u.ID))
	carrierSays(t, env, "post", "TRK-1", "DELIVERED", env.Calendar.Now())
	require.Equal(t, spare.SpareOnSite, storetest.UnitOf(t, env, u.ID).State)
}

// The carrier has it, and loses it, before its serial was told: a unit is gone from
// the depot, and another one is set apart and booked.
func TestASpareThatIsLostBeforeItsSerialIsToldTakesAnotherUnit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, _, u, d := carriedSpare(t, env)
		storetest.BookParcels(t, env, u.ID)
		storetest.Scanned(t, env, u.ID, "spare/1", shipping.ScanPickedUp)
		storetest.Scanned(t, env, u.ID, "spare/1", shipping.ScanLost)
		require.Equal(t, spare.SpareApproved, storetest.UnitOf(t, env, u.ID).State)
		require.Equal(t, shipping.StockLevel{OnHand: 1, Reserved: 1}, stockOf(t, env, d, "RALLY-BAR"))
		require.Equal(t, []shipping.StockKind{
			shipping.StockReservation, shipping.StockShipment, shipping.StockReservation,
		}, entriesOf(t, env, u.ID))
		require.Contains(t, storetest.ParcelsOf(t, env, u.ID), "spare/2")
	})
}

// lastSpareStatus is what the workflow of a spare unit was told last.
func lastSpareStatus(t *testing.T, env storetest.Env, id string) db.ProcessStatus {
	t.Helper()
	var last db.ProcessStatus
	for {
		events, err := env.LeaseOutbox(env.Context, 200, 0)
		require.NoError(t, err)
		for _, e := range events {
			require.NoError(t, env.OutboxDelivered(env.Context, []string{e.ID}))
			if e.SubjectID != id {
				continue
			}
			st, err := db.ProcessStatusOf(e)
			require.NoError(t, err)
			last = st
		}
		if len(events) == 0 {
			return last
		}
	}
}

// A spare that is to be sent and of which no depot has one asks an operator, until it is sent.
func TestS26_ASpareWithoutStockAsksAnOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 0)
		u = env.Agreed(t, c, u)
		tasks := env.Tasks(t, db.TaskAwaitingStock)
		require.Len(t, tasks, 1)
		require.Equal(t, db.TaskOpen, tasks[0].State)
		require.Contains(t, tasks[0].Why, "1 x Rally Bar (RALLY-BAR)")

		waiting, err := env.WaitingForStock(env.Context, "RALLY-BAR")
		require.NoError(t, err)
		require.Len(t, waiting, 1)
		require.True(t, waiting[0].Spare)

		_, err = env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: "SP-1"})
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskAwaitingStock)[0].State)
	})
}
