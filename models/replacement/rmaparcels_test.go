package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// lastStatus is what the workflow of an RMA was told last.
func lastStatus(t *testing.T, env storetest.Env, id string) db.ProcessStatus {
	t.Helper()
	var last db.ProcessStatus
	for {
		events, err := env.LeaseOutbox(env.Context, 50, time.Minute)
		require.NoError(t, err)
		if len(events) == 0 {
			return last
		}
		var ids []string
		for _, e := range events {
			if ids = append(ids, e.ID); e.SubjectID == id &&
				(e.Kind == db.OutboxRMAChanged || e.Kind == db.OutboxRMARequested) {
				last, err = db.ProcessStatusOf(e)
				require.NoError(t, err)
			}
		}
		require.NoError(t, env.OutboxDelivered(env.Context, ids))
	}
}

// Shipment - → CREATED: the allocation makes both parcels, and its workflow is told
// to ask the carrier, once.
func TestAllocationMakesBothParcels(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := env.Approved(t, c)
		require.Equal(t, rma.RMAAllocated, r.StoredState)
		require.True(t, lastStatus(t, env, r.ID).Parcels)
		got := storetest.ParcelsOf(t, env, r.ID)
		require.Len(t, got, 2)
		out, back := got["out/1"], got["return/1"]
		require.Equal(t, []any{
			shipping.ShipOut, shipping.ShipmentCreated, shipping.ServiceExpress, "2026-11-26", "1 x Rally Bar",
		}, []any{out.Direction, out.State, out.Service, out.PromisedOn, out.Contents})
		require.Equal(t, []any{
			shipping.ShipReturn, shipping.ShipmentCreated, shipping.ServiceStandard, "",
		}, []any{back.Direction, back.State, back.Service, back.PromisedOn})

		todo := storetest.Outstanding(t, env, r.ID)
		require.Len(t, todo, 2)
		require.Equal(t, logistics.ParcelEnd{
			Name:    "Depot BR-1",
			Street:  "Rua A 1",
			City:    "Campinas",
			Country: "BR",
		}, todo[0].From)
		require.Equal(t, logistics.ParcelEnd{
			Name:       "Rui Portaria",
			Company:    "Acme Ltda",
			Street:     "Av. Paulista 1000",
			City:       "São Paulo",
			Region:     "SP",
			PostalCode: "01310-100",
			Country:    "BR",
		}, todo[0].To)
		require.Equal(t, todo[0].To, todo[1].From, "the way back")
		require.Equal(t, time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC), *todo[0].DeliverBy,
			"the end of the promised day")
		require.Nil(t, todo[1].DeliverBy)

		_, err := env.AllocateRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		require.Len(t, storetest.ParcelsOf(t, env, r.ID), 2, "once")
		storetest.Balanced(t, env)
	})
}

// CREATED → LABELLED, and what the carrier told of the parcel before we knew it.
func TestBookingLabelsAndAppliesWhatCameBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := env.Approved(t, c)
		storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanPickedUp)
		storetest.BookParcels(t, env, r.ID)
		storetest.BookParcels(t, env, r.ID)
		got := storetest.ParcelsOf(t, env, r.ID)
		require.Equal(t, []shipping.ShipmentState{
			shipping.ShipmentPickedUp, shipping.ShipmentLabelled,
		}, []shipping.ShipmentState{got["out/1"].State, got["return/1"].State})
		require.Empty(t, storetest.Outstanding(t, env, r.ID))
		label, err := env.ShipmentLabelOf(storetest.Customer(c.Account), got["return/1"].ID)
		require.NoError(t, err)
		require.Equal(t, "%PDF", string(label.Content))
		_, err = env.ShipmentLabelOf(storetest.Customer("acc_other"), got["return/1"].ID)
		storetest.RequireCode(t, rules.NotFound, err)
		require.Equal(t, rma.RMAShipped, storetest.GetRMA(t, env, r.ID).StoredState)
		storetest.Balanced(t, env)
	})
}

// A booking whose label could not be fetched stays outstanding for its label alone.
func TestBookingWithoutALabelIsAskedAgain(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	r := env.Approved(t, c)
	first := storetest.Outstanding(t, env, r.ID)[0]
	_, err := env.StoreBookings(env.Context, []logistics.BookedParcel{{ShipmentID: first.ID, Tracking: "T1"}})
	require.NoError(t, err)
	todo := storetest.Outstanding(t, env, r.ID)
	require.Len(t, todo, 2)
	require.Equal(t, "T1", *todo[0].Tracking)
	_, err = env.StoreBookings(env.Context, []logistics.BookedParcel{{
		ShipmentID: first.ID,
		Tracking:   "T1",
		MediaType:  "application/pdf",
		Label:      []byte("%PDF"),
	}})
	require.NoError(t, err)
	require.Len(t, storetest.Outstanding(t, env, r.ID), 1)
	env.AuditHolds(t)
}

// The whole way by the carrier's own scans: the RMA follows, and the warehouse may
// tell the serial when it gets to it, even after the delivery (S24).
func TestS24_CarriersScansLeadAndTheSerialMayComeLate(t *testing.T) {
	for name, after := range map[string]int{"before the pick-up": 0, "after it": 1, "after the delivery": 3} {
		t.Run(name, func(t *testing.T) {
			env, c := storetest.Carried(t, storetest.SQLite(t))
			r := env.Approved(t, c)
			storetest.BookParcels(t, env, r.ID)
			ship := func() {
				var err error
				r, err = env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "NEW1"})
				require.NoError(t, err)
			}
			for i, kind := range []shipping.ScanKind{
				shipping.ScanPickedUp, shipping.ScanInTransit, shipping.ScanDelivered,
			} {
				if i == after {
					ship()
				}
				env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
				storetest.Scanned(t, env, r.ID, "out/1", kind)
			}
			require.Equal(t, rma.RMAAwaitingReturn, storetest.GetRMA(t, env, r.ID).StoredState)
			if after == 3 {
				ship()
			}
			r = storetest.GetRMA(t, env, r.ID)
			require.Equal(t, []any{
				rma.RMAAwaitingReturn, "sim", r.ID + "/out/1",
			}, []any{r.StoredState, r.Carrier, r.Tracking})
			require.Equal(t, c.Room.ID, roomOf(t, env, *r.ReplacementDeviceID))
			require.Equal(t, licensing.DeviceInRMA, device(t, env, c.Device.ID).State)
			require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM notifications WHERE template = '"+
				string(rules.TemplateRMA)+"' AND epoch LIKE 'SHIPPED/%'"), "to two people, once")
			require.Equal(t, []shipping.StockKind{shipping.StockReservation, shipping.StockShipment},
				entriesOf(t, env, r.ID))
			storetest.Balanced(t, env)
		})
	}
}

// The return's parcel: a scan in time stops the clock of the fee, its delivery is the
// depot's receipt; the workflow is not told of what only ends its timer.
func TestS22_ReturnParcelTellsTheRMA(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := env.Approved(t, c)
		storetest.BookParcels(t, env, r.ID)
		for _, kind := range []shipping.ScanKind{shipping.ScanPickedUp, shipping.ScanDelivered} {
			storetest.Scanned(t, env, r.ID, "out/1", kind)
		}
		told := lastStatus(t, env, r.ID)
		require.Equal(t, string(rma.TimerReminder), told.Timer)
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		storetest.Scanned(t, env, r.ID, "return/1", shipping.ScanPickedUp)
		r = storetest.GetRMA(t, env, r.ID)
		require.Equal(t, rma.RMAReturnInTransit, r.StoredState)
		require.Nil(t, r.NextAt)
		require.Zero(t, lastStatus(t, env, r.ID), "its timer finds nothing due")
		env.Calendar.Set(*told.At)
		st, err := env.RunRMATimers(env.Context, r.ID)
		require.NoError(t, err)
		require.Nil(t, st.At)
		require.Greater(t, st.Version, told.Version, "and learns it")
		storetest.Scanned(t, env, r.ID, "return/1", shipping.ScanDelivered)
		require.Equal(t, rma.RMAReturnReceived, storetest.GetRMA(t, env, r.ID).StoredState)
		_, err = env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
			Serial:  "SN-100",
			Outcome: rma.OutcomeDefect,
		})
		require.NoError(t, err)
		require.False(t, lastStatus(t, env, r.ID).Parcels, "nothing is to call off")
		storetest.Balanced(t, env)
	})
}

// CREATED|LABELLED → CANCELLED: a withdrawal asks the carrier, and the parcels are
// cancelled when it says so (S10).
func TestS10_WithdrawalCallsTheParcelsOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, first := storetest.Carried(t, env)
		for booked, c := range map[bool]storetest.Covered{
			false: first,
			true:  env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200"),
		} {
			r := env.Approved(t, c)
			if booked {
				storetest.BookParcels(t, env, r.ID)
			}
			_, err := env.WithdrawRMA(storetest.AgentContext, r.ID, "it works again")
			require.NoError(t, err)
			st := lastStatus(t, env, r.ID)
			require.True(t, st.Parcels && st.Closed)
			todo := storetest.Outstanding(t, env, r.ID)
			require.Len(t, todo, 2)
			for _, p := range todo {
				require.True(t, p.Asked())
				for range 2 {
					require.NoError(t, env.ParcelCancelled(env.Context, p.ID))
				}
			}
			for _, sh := range storetest.ParcelsOf(t, env, r.ID) {
				require.Equal(t, shipping.ShipmentCancelled, sh.State)
			}
			require.Empty(t, storetest.Outstanding(t, env, r.ID))
			require.Equal(t, rma.RMAWithdrawn, storetest.GetRMA(t, env, r.ID).StoredState)
		}
		env.AuditHolds(t)
	})
}

// The carrier had it already: the parcel goes on, with its return.
func TestS10_WithdrawalThatComesTooLateGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := env.Approved(t, c)
		storetest.BookParcels(t, env, r.ID)
		_, err := env.WithdrawRMA(storetest.AgentContext, r.ID, "it works again")
		require.NoError(t, err)
		got := storetest.ParcelsOf(t, env, r.ID)
		require.NoError(t, env.ParcelGoesOn(env.Context, got["out/1"].ID))
		storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanPickedUp)
		r = storetest.GetRMA(t, env, r.ID)
		require.Equal(t, rma.RMAShipped, r.StoredState)
		got = storetest.ParcelsOf(t, env, r.ID)
		require.Equal(t, shipping.ShipmentPickedUp, got["out/1"].State)
		require.False(t, got["out/1"].Contradicted)
		require.Nil(t, got["return/1"].CancelAskedAt, "the way back is needed again")
		require.Len(t, got, 2)
		require.Equal(t, []shipping.StockKind{
			shipping.StockReservation, shipping.StockRelease, shipping.StockReservation, shipping.StockShipment,
		}, entriesOf(t, env, r.ID))
		storetest.Balanced(t, env)
	})
}

// And where the return was cancelled meanwhile, another one is made.
func TestS10_ReturnIsBookedAnewAfterALateWithdrawal(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	r := env.Approved(t, c)
	storetest.BookParcels(t, env, r.ID)
	_, err := env.WithdrawRMA(storetest.AgentContext, r.ID, "it works again")
	require.NoError(t, err)
	require.NoError(t, env.ParcelCancelled(env.Context, storetest.ParcelsOf(t, env, r.ID)["return/1"].ID))
	storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanPickedUp)
	require.Equal(t, shipping.ShipmentCreated, storetest.ParcelsOf(t, env, r.ID)["return/2"].State)
	require.True(t, lastStatus(t, env, r.ID).Parcels)
	storetest.Balanced(t, env)
}

// So it is where the carrier has left the return just after the other parcel proved
// to be under way.
func TestS10_ReturnThatIsCancelledTooLateIsBookedAnew(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	r := env.Approved(t, c)
	storetest.BookParcels(t, env, r.ID)
	_, err := env.WithdrawRMA(storetest.AgentContext, r.ID, "it works again")
	require.NoError(t, err)
	storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanPickedUp)
	lastStatus(t, env, r.ID)
	for range 2 {
		require.NoError(t, env.ParcelCancelled(env.Context, storetest.ParcelsOf(t, env, r.ID)["return/1"].ID))
	}
	got := storetest.ParcelsOf(t, env, r.ID)
	require.Len(t, got, 3)
	require.Equal(t, shipping.ShipmentCreated, got["return/2"].State)
	require.True(t, lastStatus(t, env, r.ID).Parcels)
	storetest.Balanced(t, env)
}

// EXCEPTION → LOST: the parcel that is sent anew has a booking of its own; the way
// back stays.
func TestLostParcelIsBookedAnew(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	r := env.Approved(t, c)
	storetest.BookParcels(t, env, r.ID)
	storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanPickedUp)
	storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanException)
	waitOutSilence(t, env, storetest.GetRMA(t, env, r.ID))
	r, err := env.ReshipRMA(storetest.AgentContext, r.ID, "lost")
	require.NoError(t, err)
	require.Equal(t, rma.RMAAllocated, r.StoredState)
	got := storetest.ParcelsOf(t, env, r.ID)
	require.Len(t, got, 3)
	require.Equal(t, []shipping.ShipmentState{
		shipping.ShipmentLost, shipping.ShipmentCreated, shipping.ShipmentLabelled,
	},
		[]shipping.ShipmentState{got["out/1"].State, got["out/2"].State, got["return/1"].State})
	require.Equal(t, 1, env.Count(
		t, "SELECT count(*) FROM shipments WHERE direction = 'OUT' AND state NOT IN ('LOST','CANCELLED')",
	), "one live parcel")
	storetest.Balanced(t, env)
}

func TestUnitThatNeedNotComeBackNeedsNoParcel(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	r := env.Approved(t, c)
	storetest.BookParcels(t, env, r.ID)
	storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanDelivered)
	_, err := env.KeepRMAUnit(storetest.AgentContext, r.ID, "photo", "")
	require.NoError(t, err)
	require.True(t, lastStatus(t, env, r.ID).Parcels)
	todo := storetest.Outstanding(t, env, r.ID)
	require.Len(t, todo, 1)
	require.Equal(t, shipping.ShipReturn, todo[0].Direction)
}

// A wrong unit used the label up: the right one needs another.
func TestWrongUnitNeedsAnotherParcel(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	r := env.Approved(t, c)
	storetest.BookParcels(t, env, r.ID)
	storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanDelivered)
	storetest.Scanned(t, env, r.ID, "return/1", shipping.ScanDelivered)
	env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
	_, err := env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
		Serial:  "OTHER1",
		Outcome: rma.OutcomeWrongUnit,
	})
	require.NoError(t, err)
	require.Equal(t, shipping.ShipmentCreated, storetest.ParcelsOf(t, env, r.ID)["return/2"].State)
	storetest.Balanced(t, env)
}

// While the carrier is down the warehouse may hand a parcel to another one; a booking
// that comes after all is nobody's.
func TestUnbookedParcelMayLeaveWithAnotherCarrier(t *testing.T) {
	env, c := storetest.Carried(t, storetest.SQLite(t))
	r := env.Approved(t, c)
	out := storetest.Outstanding(t, env, r.ID)[0]
	r, err := env.ShipRMA(storetest.AgentContext, r.ID,
		replacement.RMAShipment{Serial: "NEW1", Carrier: "other", Tracking: "O1"})
	require.NoError(t, err)
	require.Equal(t, []string{"other", "O1"}, []string{r.Carrier, r.Tracking})
	require.Len(t, storetest.Outstanding(t, env, r.ID), 1, "the return is still to be booked")
	unused, err := env.StoreBookings(env.Context, []logistics.BookedParcel{{ShipmentID: out.ID, Tracking: "T1"}})
	require.NoError(t, err)
	require.Equal(t, []string{"T1"}, unused)
	require.Equal(t, "O1", *storetest.ParcelsOf(t, env, r.ID)["out/1"].Tracking)
	storetest.Balanced(t, env)
}

// Without stock figures the parcel still has to come from somewhere: the first depot;
// without a depot, people hand it in.
func TestParcelsNeedADepot(t *testing.T) {
	env := storetest.SQLite(t).WithCarrier(t, "sim")
	c := env.Covered(t)
	r := env.Approved(t, c)
	_, err := env.AllocateRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	require.Empty(t, storetest.ParcelsOf(t, env, r.ID))
	r, err = env.ShipRMA(storetest.AgentContext, r.ID,
		replacement.RMAShipment{Serial: "NEW1", Carrier: "other", Tracking: "O1"})
	require.NoError(t, err)
	require.Equal(t, "O1", r.Tracking)

	home := storetest.Stocked(t, env, "BR-1", "BR", "", 0)
	storetest.Stocked(t, env, "AR-1", "AR", "", 0)
	second := env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200")
	r = env.Approved(t, second)
	r, err = env.AllocateRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	require.Equal(t, home.ID, *r.DepotID)
	require.Len(t, storetest.ParcelsOf(t, env, r.ID), 2)
	require.Empty(t, entriesOf(t, env, r.ID))
}
