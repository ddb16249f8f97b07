package order_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/spare"
)

// toldOf returns the parameters of the last mail of a template to an address.
func toldOf(t *testing.T, env storetest.Env, template, address string) map[string]any {
	t.Helper()
	var params map[string]any
	for _, m := range env.Mails(t, template) {
		if m.Recipient == address && params == nil { // the newest first
			params = m.Params
		}
	}
	require.NotNil(t, params, address)
	return params
}

// Who cancels sees beforehand which replacements and spare units end with the licences, and
// the mail names the same ones; a seller learns of neither, and of no room (S36).
func TestS10_ACancellationNamesTheReplacementsThatItEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		seller := storetest.Seller(env.Reseller(t, "Revenda Sul"))
		packed := env.Approved(t, c)
		request := order.CancelRequest{Reason: "ordered twice"}

		will, err := env.PreviewCancellation(storetest.Customer(c.Account), c.Order.ID, request)
		require.NoError(t, err)
		require.Equal(t, replacement.Ended{Replacements: []string{packed.Number}}, will.Ended)
		require.Zero(t, will.Left)
		require.Contains(t, roomsOf(will.Gone), "Sala 1, HQ")

		ofPart, err := env.PreviewCancellation(storetest.Operator(), c.Order.ID,
			order.CancelRequest{Quantity: 2})
		require.NoError(t, err)
		require.True(t, ofPart.Ended.Nothing(), "its license stays")

		toSeller, err := env.PreviewCancellation(seller, c.Order.ID, request)
		require.NoError(t, err)
		require.True(t, toSeller.Ended.Nothing())
		require.Len(t, toSeller.Gone, 10)
		require.Empty(t, roomsOf(toSeller.Gone))

		_, done, err := env.CancelOrder(storetest.Customer(c.Account), c.Order.ID, request)
		require.NoError(t, err)
		_, err = env.CompensateCancellation(env.Context, done.ID)
		require.NoError(t, err)
		require.Equal(t, rma.RMAWithdrawn, storetest.GetRMA(t, env, packed.ID).StoredState)

		all, err := env.ListCancellations(env.Context, c.Order.ID)
		require.NoError(t, err)
		require.Equal(t, will.Ended, all[0].Ended)

		ana := toldOf(t, env, rules.TemplateOrderCancelled, "ana.souza@acme.example")
		require.Equal(t, packed.Number, ana["replacements"])
		require.Equal(t, "CUSTOMER", ana["by"])
		require.Equal(t, "ordered twice", ana["reason"])
		sold := toldOf(t, env, rules.TemplateOrderCancelled, c.Order.Payload.Reseller.Email)
		require.Equal(t, "CUSTOMER", sold["by"])
		require.NotContains(t, sold, "replacements")
		require.NotContains(t, sold, "reason", "the customer's own words are the customer's")

		why := toldOf(t, env, rules.TemplateRMA, "ana.souza@acme.example")
		require.Equal(t, "WITHDRAWN", why["step"])
		require.Contains(t, why["cancelled_order"], c.Order.PONumber, "the replacement's mail names the order")
	})
}

func TestS9_ACancellationNamesTheSparesThatItEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		for name, way := range map[string]struct {
			unit func(*testing.T) (storetest.Covered, replacement.SpareUnit)
			ends func(replacement.SpareUnit) replacement.Ended
			then spare.SpareState
		}{
			"sent back": {
				unit: func(t *testing.T) (storetest.Covered, replacement.SpareUnit) {
					c, u := env.SpareFor(t, "Acme Ltda", "ana.souza@acme.example", "SN-100")
					return c, env.OnSite(t, env.Agreed(t, c, u), "SP-100")
				},
				ends: func(u replacement.SpareUnit) replacement.Ended {
					return replacement.Ended{Recalled: []string{u.Number}}
				},
				then: spare.SpareRecallRequested,
			},
			"not sent": {
				unit: func(t *testing.T) (storetest.Covered, replacement.SpareUnit) {
					c, u := env.SpareFor(t, "Globex Ltda", "gil@globex.example", "SN-200")
					return c, env.Agreed(t, c, u)
				},
				ends: func(u replacement.SpareUnit) replacement.Ended {
					return replacement.Ended{Voided: []string{u.Number}}
				},
				then: spare.SpareVoided,
			},
		} {
			t.Run(name, func(t *testing.T) {
				c, u := way.unit(t)
				r := order.CancelRequest{Quantity: 5, Reason: "five too many"}
				orders, _, err := env.ListOrders(env.Context,
					order.OrderFilter{AccountID: c.Account})
				require.NoError(t, err)
				fifty := orders[0]

				will, err := env.PreviewCancellation(storetest.Operator(), fifty.ID, r)
				require.NoError(t, err)
				require.True(t, will.Ended.Nothing(), "55 licenses earn one too")

				r.Quantity = 11
				for _, ctx := range []context.Context{
					storetest.Operator(), storetest.Customer(c.Account),
				} {
					will, err = env.PreviewCancellation(ctx, fifty.ID, r)
					require.NoError(t, err)
					require.Equal(t, way.ends(u), will.Ended)
				}

				_, done, err := env.CancelOrder(storetest.Operator(), fifty.ID, r)
				require.NoError(t, err)
				require.Equal(t, way.ends(u), done.Ended)
				after, err := env.GetSpareUnit(env.Context, u.ID)
				require.NoError(t, err)
				require.Equal(t, way.then, after.State)
			})
		}
	})
}

// A license and the one that renews it count once: while one of them stays, no spare goes.
func TestS4_ACancelledRenewalEndsNoSpare(t *testing.T) {
	env := storetest.SQLite(t)
	seller := env.Reseller(t, "Revenda Sul")
	old, was, _ := running(t, env, seller, 50)
	renewal := env.Fulfilled(t, seller, storetest.RenewalForm(env, "PO-R", 50, was.ID))

	r := order.CancelRequest{Reason: "too early"}
	will, err := env.PreviewCancellation(storetest.Operator(), renewal.ID, r)
	require.NoError(t, err)
	require.Len(t, will.Gone, 50)
	require.True(t, will.Ended.Nothing(), "what it renews counts")
	will, err = env.PreviewTermination(storetest.Operator(), old.ID)
	require.NoError(t, err)
	require.True(t, will.Ended.Nothing(), "what renews it counts")

	_, done, err := env.CancelOrder(storetest.Operator(), renewal.ID, r)
	require.NoError(t, err)
	require.True(t, done.Ended.Nothing())
	will, err = env.PreviewTermination(storetest.Operator(), old.ID)
	require.NoError(t, err)
	require.Len(t, will.Ended.Voided, 1, "now nothing renews them")
	_, err = env.PreviewTermination(storetest.Seller(seller), old.ID)
	storetest.RequireCode(t, rules.Forbidden, err)
}

func roomsOf(licences []order.CancellableLicence) (names []string) {
	for _, l := range licences {
		if l.Room != "" {
			names = append(names, l.Room)
		}
	}
	return names
}
