package order_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestR100b_C5_OrderNumbersOfAnAccount(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		reseller := env.Reseller(t, "Revenda Sul")
		first := env.Fulfilled(t, reseller, storetest.Form("PO-1"))
		form := storetest.Form("PO-2")
		form.EndCustomer.Company = "Delta"
		form.EndCustomer.Email = "rui@delta.example"
		other := env.Fulfilled(t, reseller, form)

		mine := db.WithScope(t.Context(), db.Scope{
			AccountIDs: []string{*first.AccountID},
			Actor:      db.Actor{ID: "usr_1", Role: rules.CustomerReadOnly},
		})
		got, err := env.OrderNumbers(mine, *first.AccountID)
		require.NoError(t, err)
		require.Equal(t, map[string]string{first.ID: *first.VendorOrderNo}, got)
		got, err = env.OrderNumbers(mine, *other.AccountID)
		require.NoError(t, err)
		require.Empty(t, got, "a foreign account shows nothing")
		_, err = env.OrderNumbers(t.Context(), *first.AccountID)
		require.Error(t, err, "without a scope nothing is read")
	})
}
