package order_test

import (
	"context"
	"testing"
	"time"

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

// Spare units are counted for a parent, and each account is told of its own alone: the mail to
// its administrators names what they saw beforehand, the stored cancellation all of it.
func TestR82b_TheMailOfACancellationNamesNoUnitOfAnotherAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, u := env.Spare(t)
		form := storetest.FormFor("PO-2", "Acme Ltda", "leo@acme.example")
		form.EndCustomer.Address.Street = "Rua B, 2"
		other := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
		env.Join(t, env.InvitationOf(t, other.ID))
		_, err := env.SelectSpare(storetest.CSM(), u.ID, replacement.SpareChoice{
			ModelCode: c.Device.ModelCode,
			SiteID:    env.Site(t, *other.AccountID, "HQ", "BR", "SP").ID,
		})
		require.NoError(t, err)
		_, err = env.AgreeSpare(storetest.Customer(*other.AccountID), u.ID, 0)
		require.NoError(t, err)
		orders, _, err := env.ListOrders(env.Context, order.OrderFilter{AccountID: c.Account})
		require.NoError(t, err)

		r := order.CancelRequest{Quantity: 30, Reason: "too many"}
		will, err := env.PreviewCancellation(storetest.Customer(c.Account), orders[0].ID, r)
		require.NoError(t, err)
		require.True(t, will.Ended.Nothing())
		_, done, err := env.CancelOrder(storetest.Customer(c.Account), orders[0].ID, r)
		require.NoError(t, err)
		_, err = env.CompensateCancellation(env.Context, done.ID)
		require.NoError(t, err)

		ana := toldOf(t, env, rules.TemplateOrderCancelled, "ana.souza@acme.example")
		require.Equal(t, "too many", ana["reason"])
		require.Equal(t, []any{"", ""}, []any{ana["voided"], ana["recalled"]})
		all, err := env.ListCancellations(env.Context, orders[0].ID)
		require.NoError(t, err)
		require.Equal(t, replacement.Ended{Voided: []string{u.Number}}, all[0].Ended)
	})
}

// While no worker runs, an order can lose several parts: each cancellation names the
// replacements of its own licenses, whichever the worker takes up first, without those that
// were shipped meanwhile.
func TestS10_EachOfSeveralCancellationsNamesItsOwnReplacements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		licences := env.Licences(t, c.Order)
		parts := []storetest.Covered{c}
		for i, serial := range []string{"SN-101", "SN-102"} {
			next := c
			next.Room = env.Room(t, c.Account, "Sala "+serial)
			next.Licence = licences[i+1]
			env.Assigned(t, next.Licence, next.Room)
			next.Device = env.Device(t, next.Room, serial, "RALLY-BAR", "2026-06-01")
			parts = append(parts, next)
		}
		env.Calendar.Set(env.Calendar.Now().Add(48 * time.Hour))

		var rmas []replacement.RMA
		var cancelled []string
		for _, part := range parts {
			rmas = append(rmas, env.Approved(t, part))
		}
		for _, part := range parts {
			_, done, err := env.CancelOrder(storetest.Customer(c.Account), c.Order.ID, order.CancelRequest{
				Quantity:   1,
				LicenceIDs: []string{part.Licence.ID},
				Reason:     "one too many",
			})
			require.NoError(t, err)
			cancelled = append(cancelled, done.ID)
		}
		_, err := env.AllocateRMA(storetest.Operator(), rmas[2].ID, "")
		require.NoError(t, err)
		_, err = env.ShipRMA(storetest.Operator(), rmas[2].ID, replacement.RMAShipment{Serial: "NEW-102"})
		require.NoError(t, err)

		for i := range cancelled {
			_, err := env.CompensateCancellation(env.Context, cancelled[len(cancelled)-1-i])
			require.NoError(t, err)
		}
		all, err := env.ListCancellations(env.Context, c.Order.ID)
		require.NoError(t, err)
		require.Equal(t, []string{rmas[0].Number}, all[0].Ended.Replacements)
		require.Equal(t, []string{rmas[1].Number}, all[1].Ended.Replacements)
		require.Empty(t, all[2].Ended.Replacements, "shipped")
		var told []any
		for _, m := range env.Mails(t, rules.TemplateOrderCancelled) {
			if m.Recipient == "ana.souza@acme.example" {
				told = append(told, m.Params["replacements"])
			}
		}
		require.ElementsMatch(t, []any{rmas[0].Number, rmas[1].Number, ""}, told)
	})
}

// The address of a seller that an order gives may be anybody's: a seller's own words go to a
// mail domain on record alone.
func TestS64_ASellersWordsGoToNoAddressThatItTyped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		require.NoError(t, env.Exec("INSERT INTO org_mail_domains (org_id, domain) VALUES ('"+seller.ID+
			"', 'revendasul.example')"))
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		_, c, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{Reason: "read this"})
		require.NoError(t, err)
		_, err = env.CompensateCancellation(env.Context, c.ID)
		require.NoError(t, err)

		known := toldOf(t, env, rules.TemplateOrderCancelled, o.Payload.Reseller.Email)
		require.Equal(t, "read this", known["reason"])
		typed := toldOf(t, env, rules.TemplateOrderCancelled, o.Payload.Distributor.Email)
		require.Equal(t, "RESELLER", typed["by"])
		require.NotContains(t, typed, "reason")
	})
}

func roomsOf(licences []order.CancellableLicence) (names []string) {
	for _, l := range licences {
		if l.Room != "" {
			names = append(names, l.Room)
		}
	}
	return names
}
