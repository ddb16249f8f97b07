package operations_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestR45c_InvitationIsForTheEndCustomersAddress(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"),
			storetest.FormFor("PO-1", "Globex SA", "Rui.Lima@Globex.example"))
		inv := env.InvitationOf(t, o.ID)
		require.Equal(t, "rui.lima@globex.example", inv.Email)
		mails := env.Mails(t, "invitation")
		require.Len(t, mails, 1)
		require.Equal(t, inv.Email, mails[0].Recipient, "neither the reseller nor the distributor")
		require.Equal(t, inv.ID, mails[0].SubjectID)
	})
}

func TestR90c_RefusedAfterTheWindowForEverybody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		env.SetLocal(t, o.TimeZone, "2026-12-21 00:00") // purchased on 2026-11-20
		for _, ctx := range []context.Context{
			storetest.Seller(seller), storetest.Customer(*o.AccountID), storetest.Operator(),
		} {
			for _, quantity := range []int{0, 1} {
				_, _, err := env.CancelOrder(ctx, o.ID, order.CancelRequest{Quantity: quantity, Reason: "too late"})
				storetest.RequireCode(t, rules.CancellationWindowClosed, err)
			}
		}
		env.SetLocal(t, o.TimeZone, "2026-12-20 23:59")
		_, _, err := env.CancelOrder(storetest.Seller(seller), o.ID, order.CancelRequest{
			Quantity: 1,
			Reason:   "in time",
		})
		require.NoError(t, err, "the refusals changed nothing")
		require.Equal(t, 9, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'AVAILABLE'"))
	})
}

func TestR107b_ContractBelongsToTheMatchedAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		acme := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		globex := env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Globex SA", "rui@globex.example"))
		form := storetest.FormFor("PO-3", "acme  ltda", "ana.souza@acme.example")
		form.EndCustomer.Address.Street = "Avenida Paulista 1000"
		again := env.Fulfilled(t, seller, form)
		require.NotEqual(t, acme.AccountID, globex.AccountID)
		require.Equal(t, acme.AccountID, again.AccountID)
		for _, o := range []order.Order{acme, globex, again} {
			contracts, err := env.ContractsOfOrder(env.Context, o.ID)
			require.NoError(t, err)
			require.Len(t, contracts, 1)
			require.Equal(t, *o.AccountID, contracts[0].AccountID)
			require.Equal(t, 10, env.Count(t, "SELECT count(*) FROM licences WHERE contract_id = '"+contracts[0].ID+
				"' AND account_id = '"+*o.AccountID+"'"))
		}
	})
}

func TestR115a_OrderNamesItsPerson(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.EndCustomer.ContactName = " \t"
		_, err := env.AcceptOrder(storetest.Seller(seller), order.Intake{Sender: seller, Form: form})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM orders"))
		form.EndCustomer.ContactName = "Ana Souza"
		o := env.Fulfilled(t, seller, form)
		require.Equal(t, "Ana Souza", env.InvitationOf(t, o.ID).ContactName)
		require.Equal(t, "Ana Souza", env.Mails(t, "invitation")[0].Params["contact_name"])
	})
}
