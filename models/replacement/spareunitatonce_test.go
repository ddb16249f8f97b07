package replacement_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

func requireLive(t *testing.T, env storetest.Env, o order.Order) {
	t.Helper()
	live := 0
	for _, u := range env.Units(t, *o.AccountID) {
		if u.Live() {
			live++
		}
	}
	require.Equal(t, storetest.Entitled(t, env, storetest.ParentOf(t, env, o)), live)
}

// Orders and cancellations at once: no unit is missing, and none is there twice.
func TestS9_OrdersAndCancellationsAtOnceKeepTheUnits(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	first := env.Fulfilled(t, seller, storetest.OrderForm("PO-0", "Acme Ltda", "Rua A, 1", 160))
	var orders []order.Order
	for i := range 4 {
		orders = append(orders, env.Accept(t, seller,
			storetest.OrderForm(storetest.PO(i), "Acme Ltda", fmt.Sprintf("Rua %d, 1", i%3), 35)))
	}
	storetest.RequireAll(t, storetest.AtOnce(8, func(i int) error {
		if i < 4 {
			_, err := env.FulfilOrder(env.Context, orders[i].ID)
			return err
		}
		_, _, err := env.CancelOrder(storetest.Operator(), first.ID,
			order.CancelRequest{Quantity: 30, Reason: "fewer", Once: fmt.Sprint(i)})
		return err
	}))
	requireLive(t, env, first)
	env.AuditHolds(t)
}

// A spare is used while its entitlement goes: whoever comes first, it is used and
// voided, or recalled and the swap refused.
func TestS9_ASwapAndALossAtOnce(t *testing.T) {
	env := storetest.Postgres(t)
	for i := range 4 {
		c, u := env.SpareFor(t, storetest.Company(i), fmt.Sprintf("p%d@acme.example", i), fmt.Sprint("SN-", i))
		u = env.OnSite(t, env.Agreed(t, c, u), fmt.Sprint("SP-", i))
		r := env.Approved(t, c)
		orderID := env.Strings(
			t, "SELECT id FROM orders WHERE account_id = '"+c.Account+"' AND id <> '"+c.Order.ID+"'",
		)[0]
		var swapped error
		storetest.RequireAll(t, storetest.AtOnce(2, func(n int) error {
			if n == 0 {
				_, swapped = env.UseSpare(storetest.Customer(c.Account), r.ID, u.ID)
				return nil
			}
			_, _, err := env.CancelOrder(storetest.Operator(), orderID, order.CancelRequest{Reason: "fewer"})
			return err
		}))
		after := storetest.UnitOf(t, env, u.ID)
		if swapped == nil {
			require.Equal(t, spare.SpareVoided, after.State)
			require.Equal(t, licensing.DeviceInRoom, deviceState(t, env, u.DeviceID))
		} else {
			storetest.RequireCode(t, rules.StateConflict, swapped)
			require.Equal(t, spare.SpareRecallRequested, after.State)
		}
		requireLive(t, env, c.Order)
	}
	env.AuditHolds(t)
}

// A carrier's scans and the loss of the entitlement at once: the unit is recalled
// when it arrives, whichever comes first.
func TestS9_ADeliveryAndALossAtOnce(t *testing.T) {
	env := storetest.Postgres(t).WithCarrier(t, "sim")
	storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 9)
	for i := range 4 {
		c, u := env.SpareFor(t, storetest.Company(i), fmt.Sprintf("p%d@acme.example", i), fmt.Sprint("SN-", i))
		u = env.Agreed(t, c, u)
		storetest.BookParcels(t, env, u.ID)
		_, err := env.ShipSpare(storetest.Operator(), u.ID, replacement.Parcel{Serial: fmt.Sprint("SP-", i)})
		require.NoError(t, err)
		orderID := env.Strings(
			t, "SELECT id FROM orders WHERE account_id = '"+c.Account+"' AND id <> '"+c.Order.ID+"'",
		)[0]
		storetest.RequireAll(t, storetest.AtOnce(3, func(n int) error {
			if n == 2 {
				_, _, err := env.CancelOrder(storetest.Operator(), orderID, order.CancelRequest{Reason: "fewer"})
				return err
			}
			kind := []shipping.ScanKind{shipping.ScanPickedUp, shipping.ScanDelivered}[n]
			_, err := env.ReceiveCarrierEvent(
				env.Context, storetest.CarrierEvent(u.ID+"/spare/1", kind, env.Calendar.Now()),
			)
			return err
		}))
		_, err = env.SettleCarrierEvents(env.Context)
		require.NoError(t, err)
		require.Equal(t, spare.SpareRecallRequested, storetest.UnitOf(t, env, u.ID).State)
		require.Contains(t, storetest.ParcelsOf(t, env, u.ID), "recall/1")
		requireLive(t, env, c.Order)
	}
	env.AuditHolds(t)
}
