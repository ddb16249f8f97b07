package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

func stockOf(t *testing.T, env storetest.Env, d logistics.Depot, model string) shipping.StockLevel {
	t.Helper()
	levels, err := env.StockLevels(env.Context, logistics.StockFilter{DepotID: d.ID, ModelCode: model})
	require.NoError(t, err)
	require.Len(t, levels, 1)
	return levels[0].Level()
}

// entriesOf are the kinds of the ledger's entries for an RMA, oldest first.
func entriesOf(t *testing.T, env storetest.Env, id string) (kinds []shipping.StockKind) {
	t.Helper()
	entries, _, err := env.StockEntries(env.Context, logistics.StockFilter{SubjectID: id})
	require.NoError(t, err)
	for i := len(entries) - 1; i >= 0; i-- {
		kinds = append(kinds, entries[i].Kind)
	}
	return kinds
}

// The approval itself allocates: first from a depot in the ship-to's country, then
// by the depots' codes.
func TestS21_ApprovalAllocatesWhatADepotHas(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		abroad := storetest.Stocked(t, env, "AR-1", "AR", "RALLY-BAR", 5)
		storetest.Stocked(t, env, "BR-0", "BR", "RALLY-BAR", 0)
		home := storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
		r := env.Approved(t, c)
		require.Equal(t, rma.RMAAllocated, r.StoredState)
		require.Equal(t, home.ID, *r.DepotID)
		require.Equal(t, "RALLY-BAR", r.ReplacementModel)
		require.Equal(t, shipping.StockLevel{OnHand: 1, Reserved: 1}, stockOf(t, env, home, "RALLY-BAR"))

		again, err := env.AllocateRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		require.Equal(t, r.Version, again.Version, "nothing twice")

		r, err = env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "NEW1"})
		require.NoError(t, err)
		require.Nil(t, r.ReservationID)
		for _, fact := range []rma.RMAFact{rma.FactPickedUp, rma.FactDelivered, rma.FactPickedUp} {
			_, err = env.RecordRMAFact(env.Context, r.ID, fact, time.Time{})
			require.NoError(t, err)
		}
		require.Equal(t, []shipping.StockKind{shipping.StockReservation, shipping.StockShipment},
			entriesOf(t, env, r.ID))
		require.Equal(t, shipping.StockLevel{}, stockOf(t, env, home, "RALLY-BAR"))

		other := env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200")
		require.Equal(t, abroad.ID, *env.Approved(t, other).DepotID,
			"the other country's depot when the own one has none")
		storetest.Balanced(t, env)
	})
}

func TestS21_AgentsRequestIsAllocatedToo(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
	r, err := env.RequestRMA(storetest.AgentContext, replacement.NewRMA{
		Serial:          *c.Device.Serial,
		Fault:           "x",
		DefectConfirmed: true,
	})
	require.NoError(t, err)
	require.Equal(t, rma.RMAAllocated, r.StoredState)
	storetest.Balanced(t, env)
}

func TestS21_WithoutStockItIsBackordered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		d := storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
		require.NoError(t, env.DB.Write(storetest.AgentContext, func(tx *db.Tx) error {
			_, _, err := logistics.ReserveStock(tx, logistics.StockNeed{
				ModelCode: "RALLY-BAR",
				Quantity:  1,
				Country:   "BR",
				Cause:     "other",
			})
			return err
		}))
		r := env.Approved(t, c)
		require.Equal(t, rma.RMAApproved, r.StoredState, "what is promised to another is not free")
		_, err := env.AllocateRMA(storetest.AgentContext, r.ID, "")
		storetest.RequireCode(t, shipping.OutOfStock, err)
		r, err = env.BackorderRMA(storetest.AgentContext, r.ID, replacement.RMABackorder{ExpectedOn: "2026-11-30"})
		require.NoError(t, err)
		require.Nil(t, r.ReservationID)
		_, err = env.ReceiveStock(storetest.AgentContext, logistics.StockMove{
			DepotID:   d.ID,
			ModelCode: "RALLY-BAR",
			Quantity:  1,
			Cause:     "note",
		})
		require.NoError(t, err)
		r, err = env.AllocateRMA(storetest.AgentContext, r.ID, "")
		require.NoError(t, err)
		require.Equal(t, []any{rma.RMAAllocated, d.ID}, []any{r.StoredState, *r.DepotID})
		require.Equal(t, shipping.StockLevel{OnHand: 2, Reserved: 2}, stockOf(t, env, d, "RALLY-BAR"))
		storetest.Balanced(t, env)
	})
}

// A model that no depot ever received is sent without figures.
func TestModelsWithoutFiguresAreAllocatedByHand(t *testing.T) {
	env := storetest.SQLite(t)
	storetest.Stocked(t, env, "BR-1", "BR", "MEETUP", 3)
	r := env.Approved(t, env.Covered(t))
	require.Equal(t, rma.RMAApproved, r.StoredState)
	r, err := env.AllocateRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	require.Nil(t, r.ReservationID)
	r, err = env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "NEW1"})
	require.NoError(t, err)
	require.Equal(t, rma.RMAShipped, r.StoredState)
	require.Empty(t, entriesOf(t, env, r.ID))
	storetest.Balanced(t, env)
}

func TestR88c_BetterModelIsReservedAsItself(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR-MINI", 1)
	env.Device(t, c.Room, "SN-M", "MEETUP", "2026-06-01")
	r, err := env.RequestRMA(storetest.AgentContext, replacement.NewRMA{
		Serial:          "SN-M",
		SerialProof:     "invoice",
		Fault:           "Broken",
		DefectConfirmed: true,
	})
	require.NoError(t, err)
	require.Equal(t, rma.RMAApproved, r.StoredState, "another model is for a person to offer")
	r, err = env.AllocateRMA(storetest.AgentContext, r.ID, "RALLY-BAR-MINI")
	require.NoError(t, err)
	require.NotNil(t, r.ReservationID)
	_, err = env.WithdrawRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	storetest.Balanced(t, env)
}

func TestStockIsReleasedWhenTheRMAIsWithdrawn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		d := storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
		r := env.Approved(t, c)
		for range 2 {
			_, err := env.WithdrawRMA(storetest.Customer(c.Account), r.ID, "it works again")
			require.NoError(t, err)
		}
		require.Equal(t, []shipping.StockKind{shipping.StockReservation, shipping.StockRelease},
			entriesOf(t, env, r.ID))
		require.Equal(t, shipping.StockLevel{OnHand: 1}, stockOf(t, env, d, "RALLY-BAR"))
		// The carrier had it before, and tells late.
		env.Calendar.Set(env.Calendar.Now().Add(2 * time.Hour))
		r, err := env.RecordRMAFact(env.Context, r.ID, rma.FactDelivered, env.Calendar.Now().Add(-time.Minute))
		require.NoError(t, err)
		require.Equal(t, rma.RMAAwaitingReturn, r.StoredState)
		require.Equal(t, shipping.StockLevel{}, stockOf(t, env, d, "RALLY-BAR"))
		_, err = env.RecordRMAFact(env.Context, r.ID, rma.FactPickedUp, env.Calendar.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.Equal(t, []shipping.StockKind{
			shipping.StockReservation, shipping.StockRelease, shipping.StockReservation, shipping.StockShipment,
		}, entriesOf(t, env, r.ID))
		storetest.Balanced(t, env)
	})
}

func TestS10_CancellationOfTheOrderReleasesItsStock(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	d := storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
	r := env.Approved(t, c)
	require.Equal(t, rma.RMAAllocated, r.StoredState)
	_, cancellation, err := env.CancelOrder(storetest.AgentContext, c.Order.ID,
		order.CancelRequest{Reason: "no longer wanted"})
	require.NoError(t, err)
	_, err = env.CompensateCancellation(env.Context, cancellation.ID)
	require.NoError(t, err)
	require.Equal(t, rma.RMAWithdrawn, storetest.GetRMA(t, env, r.ID).StoredState)
	require.Equal(t, shipping.StockLevel{OnHand: 1}, stockOf(t, env, d, "RALLY-BAR"))
	storetest.Balanced(t, env)
}

func TestLostParcelIsSentAnewFromStock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		home := storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
		abroad := storetest.Stocked(t, env, "AR-1", "AR", "RALLY-BAR", 1)
		r := env.Shipped(t, c)
		waitOutSilence(t, env, r)
		r, err := env.ReshipRMA(storetest.AgentContext, r.ID, "lost on the way")
		require.NoError(t, err)
		require.Equal(t, rma.RMAAllocated, r.StoredState)
		require.Equal(t, abroad.ID, *r.DepotID)
		_, err = env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "NEW2"})
		require.NoError(t, err)
		require.Equal(t, []shipping.StockKind{
			shipping.StockReservation, shipping.StockShipment, shipping.StockReservation, shipping.StockShipment,
		}, entriesOf(t, env, r.ID))
		for _, d := range []logistics.Depot{home, abroad} {
			require.Equal(t, shipping.StockLevel{}, stockOf(t, env, d, "RALLY-BAR"))
		}
		storetest.Balanced(t, env)
	})
}

// A unit that came back without a fault is put on the shelf by a person.
func TestUnitWithoutAFaultIsEnteredByAnAdjustment(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	d := storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
	r := env.DeliveredRMA(t, c)
	_, err := env.ReceiveRMA(storetest.AgentContext, r.ID)
	require.NoError(t, err)
	_, err = env.InspectRMA(storetest.AgentContext, r.ID, replacement.RMAInspection{
		Serial:  "SN-100",
		Outcome: rma.OutcomeNoFault,
	})
	require.NoError(t, err)
	move := logistics.StockMove{
		DepotID:   d.ID,
		ModelCode: "RALLY-BAR",
		Quantity:  1,
		Cause:     r.ID + "/no_fault",
		SubjectID: r.ID,
	}
	_, err = env.AdjustStock(storetest.AgentContext, move)
	storetest.RequireCode(t, rules.ReasonRequired, err)
	move.Reason = "no fault found"
	_, err = env.AdjustStock(storetest.AgentContext, move)
	require.NoError(t, err)
	require.Equal(t, shipping.StockLevel{OnHand: 1}, stockOf(t, env, d, "RALLY-BAR"))
	storetest.Balanced(t, env)
}

// Whoever approves without a unit in stock leaves a promise that nobody would keep: an operator
// is asked, until a unit is set apart or nobody needs one any more.
func TestS21_AnApprovalWithoutStockAsksAnOperator(t *testing.T) {
	tomorrow := func(env storetest.Env) string {
		return rules.DateIn(env.Clock().Now(), time.UTC).AddDays(7).String()
	}
	ends := map[string]func(t *testing.T, env storetest.Env, id string) error{
		"allocated": func(t *testing.T, env storetest.Env, id string) error {
			storetest.Stocked(t, env, "BR-2", "BR", "RALLY-BAR", 1)
			_, err := env.AllocateRMA(storetest.AgentContext, id, "")
			return err
		},
		"withdrawn": func(_ *testing.T, env storetest.Env, id string) error {
			_, err := env.WithdrawRMA(storetest.AgentContext, id, "")
			return err
		},
		"delivered all the same": func(_ *testing.T, env storetest.Env, id string) error {
			_, err := env.AllocateRMA(storetest.AgentContext, id, "RALLY-BAR")
			return err
		},
	}

	for _, counted := range []bool{true, false} {
		for how, end := range ends {
			if counted && how == "delivered all the same" {
				continue // nothing is allocated of what is counted and not there
			}
			t.Run(how, func(t *testing.T) {
				storetest.Each(t, func(t *testing.T, env storetest.Env) {
					c := env.Covered(t)
					if counted {
						storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 0)
					}
					r := env.Approved(t, c)
					tasks := env.Tasks(t, db.TaskAwaitingStock)
					require.Len(t, tasks, 1)
					require.Equal(t, db.TaskOpen, tasks[0].State)
					require.Equal(t, r.ID, tasks[0].SubjectID)
					require.Contains(t, tasks[0].Why, "1 x Rally Bar (RALLY-BAR)")
					require.Contains(t, tasks[0].Why, "goes to BR, and it is promised for "+
						r.Promise.On.String())
					require.Contains(t, tasks[0].What, "backorder it")

					_, err := env.Act(storetest.AgentContext, tasks[0].ID,
						operations.TaskAction{Name: operations.ActClose, Reason: "later"})
					require.Equal(t, rules.StateConflict, rules.CodeOf(err), "the customer waits")

					r, err = env.BackorderRMA(storetest.AgentContext, r.ID,
						replacement.RMABackorder{ExpectedOn: tomorrow(env)})
					require.NoError(t, err)
					tasks = env.Tasks(t, db.TaskAwaitingStock)
					require.Equal(t, db.TaskOpen, tasks[0].State)
					require.Contains(t, tasks[0].Why, r.Promise.On.String(), "the new promise")

					require.NoError(t, end(t, env, r.ID))
					tasks = env.Tasks(t, db.TaskAwaitingStock)
					require.Len(t, tasks, 1)
					require.Equal(t, db.TaskDone, tasks[0].State)
				})
			})
		}
	}
}

// A parcel that is lost needs another unit, and asks for it where there is none.
func TestS21_AReshipmentWithoutStockAsksAnOperator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 1)
		r := env.Shipped(t, c)
		require.Empty(t, env.Tasks(t, db.TaskAwaitingStock), "it had its unit")
		storetest.RunRMAUntil(t, env, r.ID, env.Clock().Now().AddDate(0, 0, 10))
		_, err := env.ReshipRMA(storetest.AgentContext, r.ID, "lost")
		require.NoError(t, err)
		require.Equal(t, db.TaskOpen, env.Tasks(t, db.TaskAwaitingStock)[0].State)
	})
}

// Who was promised the earliest day is named first, and nobody whom the model does not help.
func TestS21_AReceiptNamesWhoWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 0)
		late := env.Approved(t, env.Covered(t))
		_, err := env.BackorderRMA(storetest.AgentContext, late.ID, replacement.RMABackorder{
			ExpectedOn: rules.DateIn(env.Clock().Now(), time.UTC).AddDays(20).String(),
		})
		require.NoError(t, err)
		soon := env.Approved(t, env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200"))
		gone := env.Approved(t, env.CoveredFor(t, "Gama SA", "gil@gama.example", "SN-300"))
		_, err = env.WithdrawRMA(storetest.AgentContext, gone.ID, "")
		require.NoError(t, err)

		waiting, err := env.WaitingForStock(env.Context, "rally-bar")
		require.NoError(t, err)
		require.Len(t, waiting, 2)
		require.Equal(t, []string{soon.Number, late.Number},
			[]string{waiting[0].Number, waiting[1].Number})
		require.Equal(t, soon.Promise.On.String(), waiting[0].PromisedOn())

		waiting, err = env.WaitingForStock(env.Context, "MEETUP")
		require.NoError(t, err)
		require.Empty(t, waiting)
	})
}

// The task says who is told: where nobody at the customer has come to the portal, somebody has to
// call. A model that no depot counts is not one of which none is free.
func TestS21_TheTaskForStockSaysWhoIsTold(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	require.NoError(t, env.Exec("UPDATE memberships SET state = 'SUSPENDED'"))
	r := env.Requested(t, c)
	task := func() string {
		_, err := env.ApproveRMA(storetest.AgentContext, r.ID,
			replacement.RMAApproval{DefectConfirmed: true})
		require.NoError(t, err)
		return env.Tasks(t, db.TaskAwaitingStock)[0].What
	}
	require.Contains(t, task(), "the contact of the site is told")

	_, err := env.WithdrawRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	require.NoError(t, env.Exec("UPDATE sites SET contact_email = ''"))
	r = env.Requested(t, c)
	require.Contains(t, task(), "no mail goes out: call them")

	_, err = env.WithdrawRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	require.NoError(t, env.Exec("UPDATE memberships SET state = 'ACTIVE'"))
	r = env.Requested(t, c)
	require.Contains(t, task(), "the customer is told.")
}

func TestS26_ASpareOfAModelThatNobodyCountsSaysSo(t *testing.T) {
	env := storetest.SQLite(t)
	c, u := env.Spare(t)
	env.Agreed(t, c, u)
	require.Contains(t, env.Tasks(t, db.TaskAwaitingStock)[0].Why, "No depot counts the model")
}
