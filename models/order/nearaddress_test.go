package order_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// near is the customer of storetest.Form at an address that people may mean as the same.
func near(po string) ordering.OrderForm {
	f := storetest.Form(po)
	f.EndCustomer.Address.PostalCode = "1310100"
	f.EndCustomer.Address.Street = "Paulista 1000"
	return f
}

func TestS61_ANearMissIsReviewedAndNeverASecondAccountInSilence(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		first := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		o := env.Accept(t, seller, near("PO-2"))
		require.Equal(t, []string{ordering.ReasonAddressNearlyKnown}, o.ReviewReasons)
		require.Nil(t, o.AccountID)
		decide := func(id, chosen string) error {
			_, err := env.DecideOrder(storetest.Operator(), id, order.Decision{
				Version: 1,
				Accept:  true, Reason: "asked them", AccountID: chosen,
			})
			return err
		}
		for _, wrong := range []string{"", "acc_none"} {
			err := decide(o.ID, wrong)
			storetest.RequireCode(t, rules.ValidationFailed, err)
			require.Equal(t, []string{"/account_id"}, storetest.Pointers(err))
		}
		require.NoError(t, decide(o.ID, *first.AccountID))
		f, err := env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Equal(t, *first.AccountID, f.AccountID)

		other := env.Accept(t, seller, near("PO-3"))
		require.Equal(t, rules.OrderNeedsReview, other.State)
		require.NoError(t, decide(other.ID, order.NewAccount))
		f, err = env.FulfilOrder(env.Context, other.ID)
		require.NoError(t, err)
		require.NotEqual(t, *first.AccountID, f.AccountID)
		require.Empty(t, env.Tasks(t, db.TaskNearAccount), "somebody has decided")
		third := env.Accept(t, seller, near("PO-4"))
		require.Empty(t, third.ReviewReasons, "it has its own account now")
		require.Equal(t, f.AccountID, *third.AccountID)
	})
}

// Both orders came before either had an account: the second account is opened, and asked
// about.
func TestS61_TwoNearMissesBeforeAnyAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		orders := []order.Order{env.Accept(t, seller, storetest.Form("PO-1")), env.Accept(t, seller, near("PO-2"))}
		var accounts []string
		for _, o := range orders {
			f, err := env.FulfilOrder(env.Context, o.ID)
			require.NoError(t, err)
			accounts = append(accounts, f.AccountID)
		}
		tasks := env.Tasks(t, db.TaskNearAccount)
		require.Len(t, tasks, 1)
		require.Equal(t, accounts[1], tasks[0].SubjectID)
		require.Contains(t, tasks[0].What, accounts[0])
		require.NotContains(t, tasks[0].What, "Paulista")
	})
}
