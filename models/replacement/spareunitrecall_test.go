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
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// cancelAll cancels every order of an account that can be, which leaves no spares.
func cancelAll(t *testing.T, env storetest.Env, accountID string) {
	t.Helper()
	for _, id := range env.Strings(
		t, "SELECT id FROM orders WHERE account_id = '"+accountID+"' AND state <> 'CANCELLED' ORDER BY id",
	) {
		_, _, err := env.CancelOrder(storetest.Operator(), id, order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
	}
}

// buy orders licences for the covered account.
func buy(t *testing.T, env storetest.Env, po string, n int64) {
	t.Helper()
	f := storetest.FormFor(po, "Acme Ltda", "ana.souza@acme.example")
	f.Lines[0].Quantity = n
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), f)
}

func runSpareTimers(t *testing.T, env storetest.Env, id string) db.ProcessStatus {
	t.Helper()
	st, err := env.RunSpareTimers(env.Context, id)
	require.NoError(t, err)
	return st
}

// 60, cancel 20, 40: the unit on site is recalled, with 30 days.
func TestS9_AUnitOnSiteIsRecalled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		storetest.LoseLicences(t, env, c)
		u = storetest.UnitOf(t, env, u.ID)
		require.Equal(t, spare.SpareRecallRequested, u.State)
		require.Equal(t, spare.SpareRecallDue(env.Calendar.Now(), 30, time.FixedZone("", -3*3600)), u.RecallDueAt.UTC())
		require.Equal(t, spare.TimerRecallReminder, u.NextTimer)
		_, err := env.UseSpare(storetest.Customer(c.Account), env.Requested(t, c).ID, u.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.BillSpare(storetest.Operator(), u.ID, "")
		storetest.RequireCode(t, rma.FeeNotDue, err)
		for range 2 {
			u, err = env.ReceiveSpare(storetest.Operator(), u.ID)
			require.NoError(t, err)
			require.Equal(t, spare.SpareReturned, u.State)
		}
		require.Equal(t, licensing.DeviceReturned, deviceState(t, env, u.DeviceID))
		require.Equal(t, map[string]int{
			"SELECTED":         2,
			"SHIPPED":          2,
			"ON_SITE":          2,
			"RECALL_REQUESTED": 2,
			"RETURNED":         2,
		}, stepsTold(t, env, rules.TemplateSpare, u.ID))
		env.AuditHolds(t)
	})
}

func TestS9_BuyingAgainBeforeTheDueDateWithdrawsTheRecall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		storetest.LoseLicences(t, env, c)
		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 29))
		runSpareTimers(t, env, u.ID)
		buy(t, env, "PO-again", 10)
		u = storetest.UnitOf(t, env, u.ID)
		require.Equal(t, spare.SpareOnSite, u.State)
		require.Nil(t, u.RecallDueAt)
		require.Len(t, env.Units(t, c.Account), 1, "no new unit is earned")
		require.Equal(t, 2, stepsTold(t, env, rules.TemplateSpare, u.ID)["RECALL_WITHDRAWN"])
		r, err := env.UseSpare(storetest.Customer(c.Account), env.Requested(t, c).ID, u.ID)
		require.NoError(t, err)
		require.Equal(t, rma.OutboundSwapped, r.StoredOutbound)
		env.AuditHolds(t)
	})
}

func TestS9_BuyingAgainAfterTheDueDateEarnsAnotherUnit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		storetest.LoseLicences(t, env, c)
		env.Calendar.Set(*storetest.UnitOf(t, env, u.ID).RecallDueAt)
		buy(t, env, "PO-again", 10)
		require.Equal(t, spare.SpareRecallRequested, storetest.UnitOf(t, env, u.ID).State)
		units := env.Units(t, c.Account)
		require.Len(t, units, 2)
		require.Equal(t, spare.SpareSelectionPending, units[1].State)
	})
}

// Whatever was not shipped is voided: SELECTION_PENDING and APPROVED, the booked
// parcel with it.
func TestS9_WhatWasNotShippedIsVoided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		storetest.LoseLicences(t, env, c)
		require.Equal(t, spare.SpareVoided, storetest.UnitOf(t, env, u.ID).State)
		require.Zero(t, unitTasks(t, env, db.TaskChooseSpare, u.ID))
		_, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: "RALLY-BAR",
			SiteID:    c.Site.ID,
		})
		storetest.RequireCode(t, rules.StateConflict, err)

		buy(t, env, "PO-again", 10)
		u = env.Agreed(t, c, env.Units(t, c.Account)[1])
		sh, err := env.CreateShipment(env.Context, logistics.NewShipment{
			AccountID:  c.Account,
			Direction:  shipping.ShipSpare,
			SubjectID:  u.ID,
			BookingKey: u.ID + "/spare/1",
			Carrier:    "post",
		})
		require.NoError(t, err)
		_, err = env.ShipmentBooked(env.Context, sh.ID, "TRK-1")
		require.NoError(t, err)
		cancelAll(t, env, c.Account)
		require.Equal(t, spare.SpareVoided, storetest.UnitOf(t, env, u.ID).State)
		sh, err = env.GetShipment(env.Context, sh.ID)
		require.NoError(t, err)
		require.Equal(t, shipping.ShipmentCancelled, sh.State)
		require.Equal(t, map[string]int{"SELECTED": 2, "VOIDED": 2}, stepsTold(t, env, rules.TemplateSpare, u.ID))
		env.AuditHolds(t)
	})
}

// A seller who cancels its own order is no obstacle: the service itself voids.
func TestS9_ASellersCancellationVoidsToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		_, _, err := env.CancelOrder(storetest.Seller(env.Reseller(t, "Revenda Sul")), c.Order.ID,
			order.CancelRequest{Reason: "not needed"})
		require.NoError(t, err)
		require.Equal(t, spare.SpareOnSite, storetest.UnitOf(t, env, u.ID).State, "50 are left")
		cancelAll(t, env, c.Account)
		require.Equal(t, spare.SpareRecallRequested, storetest.UnitOf(t, env, u.ID).State)
	})
}

func TestS9_AUnitUnderWayIsRecalledWhenItArrives(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		u = env.Agreed(t, c, u)
		_, err := env.ShipSpare(storetest.Operator(), u.ID,
			replacement.Parcel{Serial: "SP-100", Carrier: "post", Tracking: "TRK-1"})
		require.NoError(t, err)
		storetest.LoseLicences(t, env, c)
		u = storetest.UnitOf(t, env, u.ID)
		require.Equal(t, spare.SpareShipped, u.State)
		require.True(t, u.RecallPending)
		buy(t, env, "PO-again", 10)
		require.False(t, storetest.UnitOf(t, env, u.ID).RecallPending, "entitled again before it arrived")
		require.Len(t, env.Units(t, c.Account), 1)
		cancelAll(t, env, c.Account)
		carrierSays(t, env, "post", "TRK-1", "DELIVERED", env.Calendar.Now())
		u = storetest.UnitOf(t, env, u.ID)
		require.Equal(t, spare.SpareRecallRequested, u.State)
		require.False(t, u.RecallPending)
		require.Equal(t, 1, env.Count(
			t, "SELECT count(*) FROM shipments WHERE direction = 'RECALL' AND state = 'CREATED' AND booking_key = '"+
				u.ID+"/recall/1'",
		))
		require.Equal(t, map[string]int{"SELECTED": 2, "SHIPPED": 2, "RECALL_REQUESTED": 2},
			stepsTold(t, env, rules.TemplateSpare, u.ID))
		for _, m := range env.Mails(t, rules.TemplateSpare) {
			if m.SubjectID == u.ID {
				require.Equal(t, m.Params["step"] == "SHIPPED", m.Params["tracking"] == "TRK-1",
					"the number of the parcel to the site is no use for the way back")
				require.Equal(t, m.Params["step"] == "RECALL_REQUESTED", m.Params["return_on"] != nil)
			}
		}
		env.AuditHolds(t)
	})
}

// Reminders on days 20 and 27, then an operator is asked and bills: RECALL_REQUESTED
// to BILLED; a late return credits, BILLED to RETURNED.
func TestS9_ARecallThatNobodyAnswersIsBilledAndALateReturnCredited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		storetest.LoseLicences(t, env, c)
		for st := runSpareTimers(t, env, u.ID); st.At != nil; st = runSpareTimers(t, env, u.ID) {
			env.Calendar.Set(*st.At)
			runSpareTimers(t, env, u.ID)
		}
		require.Equal(t, 1, unitTasks(t, env, db.TaskSpareFee, u.ID))
		told := stepsTold(t, env, rules.TemplateSpare, u.ID)
		require.Equal(t, []int{4, 2}, []int{told["RECALL_REMINDER"], told["RECALL_OVERDUE"]},
			"two reminders and one notice to two people")
		_, err := env.WaiveSpare(storetest.Operator(), u.ID, "goodwill")
		storetest.RequireCode(t, rules.Forbidden, err)
		for range 2 {
			u, err = env.BillSpare(storetest.Operator(), u.ID, "")
			require.NoError(t, err)
			require.Equal(t, spare.SpareBilled, u.State)
		}
		require.Zero(t, unitTasks(t, env, db.TaskSpareFee, u.ID))
		require.Equal(t, licensing.DeviceLost, deviceState(t, env, u.DeviceID))
		require.Equal(t, 1, env.Count(
			t, "SELECT count(*) FROM outbox_events WHERE kind = 'event.fee_billed' AND subject_id = '"+u.ID+"'",
		))
		u, err = env.ReceiveSpare(storetest.Operator(), u.ID)
		require.NoError(t, err)
		require.Equal(t, spare.SpareReturned, u.State)
		require.Equal(t, licensing.DeviceRetired, deviceState(t, env, u.DeviceID))
		require.Equal(t, 1, env.Count(
			t, "SELECT count(*) FROM outbox_events WHERE kind = 'event.fee_credited' AND subject_id = '"+u.ID+"'",
		))
		env.AuditHolds(t)
	})
}

// RECALL_REQUESTED to WAIVED: the customer keeps it, and may place it.
func TestS9_ALeadMayWaiveARecall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		storetest.LoseLicences(t, env, c)
		_, err := env.WaiveSpare(storetest.Lead(), u.ID, "")
		storetest.RequireCode(t, rules.ReasonRequired, err)
		for range 2 {
			u, err = env.WaiveSpare(storetest.Lead(), u.ID, "goodwill")
			require.NoError(t, err)
			require.Equal(t, spare.SpareWaived, u.State)
		}
		_, err = env.PlaceDevice(storetest.Customer(c.Account), *u.DeviceID, c.Room.ID, "")
		require.NoError(t, err)
		_, err = env.ReceiveSpare(storetest.Operator(), u.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
	})
}

// The carrier's scan on the way back stops the clock, and its delivery at the depot
// ends the recall.
func TestS9_TheCarrierBringsARecalledUnitBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		u = env.Agreed(t, c, u)
		_, err := env.ShipSpare(storetest.Operator(), u.ID,
			replacement.Parcel{Serial: "SP-100", Carrier: "post", Tracking: "TRK-1"})
		require.NoError(t, err)
		carrierSays(t, env, "post", "TRK-1", "PICKED_UP", env.Calendar.Now())
		carrierSays(t, env, "post", "TRK-1", "DELIVERED", env.Calendar.Now())
		require.Equal(t, spare.SpareOnSite, storetest.UnitOf(t, env, u.ID).State)
		storetest.LoseLicences(t, env, c)
		shipments, _, err := env.ListShipments(env.Context, logistics.ShipmentFilter{
			SubjectID: u.ID,
			Direction: shipping.ShipRecall,
		})
		require.NoError(t, err)
		require.Len(t, shipments, 1)
		_, err = env.ShipmentBooked(env.Context, shipments[0].ID, "TRK-2")
		require.NoError(t, err)
		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 5))
		carrierSays(t, env, "post", "TRK-2", "PICKED_UP", env.Calendar.Now())
		require.Nil(t, storetest.UnitOf(t, env, u.ID).NextAt)
		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 40))
		_, err = env.BillSpare(storetest.Operator(), u.ID, "")
		storetest.RequireCode(t, rma.FeeNotDue, err)
		buy(t, env, "PO-again", 10)
		require.Equal(t, spare.SpareRecallRequested, storetest.UnitOf(t, env, u.ID).State,
			"it is on its way back: another one is earned")
		require.Len(t, env.Units(t, c.Account), 2)
		carrierSays(t, env, "post", "TRK-2", "DELIVERED", env.Calendar.Now())
		require.Equal(t, spare.SpareReturned, storetest.UnitOf(t, env, u.ID).State)
		env.AuditHolds(t)
	})
}

// The end of the contracts recalls (S26).
func TestS26_ExpiryRecallsAndReplenishesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.SpareOnSite(t)
		r := env.Requested(t, c)
		env.Calendar.Set(env.Calendar.Now().AddDate(4, 0, 0))
		for range 2 { // first they start, then they end
			_, err := env.SweepContracts(env.Context, func(operations.Sweep) {})
			require.NoError(t, err)
			env.Calendar.Set(env.Calendar.Now().AddDate(4, 0, 0))
		}
		u = storetest.UnitOf(t, env, u.ID)
		require.Equal(t, spare.SpareRecallRequested, u.State)
		_, err := env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
		env.AuditHolds(t)
	})
}
