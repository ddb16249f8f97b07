package order_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/ordering"
)

// The largest order that the rules allow is fulfilled, with all its licences and all the
// spares that they earn, and the customer's next one as well.
func TestTheLargestOrderIsFulfilled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		form := storetest.Form("PO-1")
		form.Lines[0].Quantity = ordering.MaxOrderQuantity
		began := time.Now()
		env.Fulfilled(t, seller, form)
		t.Log("the largest:", time.Since(began))
		require.Equal(t, ordering.MaxOrderQuantity, env.Count(t, "SELECT count(*) FROM licences"))
		require.Equal(t, ordering.MaxOrderQuantity/50, env.Count(t, "SELECT count(*) FROM spare_units"))
		require.Equal(t, ordering.MaxOrderQuantity/50,
			env.Count(t, "SELECT count(*) FROM operator_tasks WHERE kind = 'CHOOSE_SPARE'"))

		if env.DSN != "" {
			require.NoError(t, env.Exec("ANALYZE"))
		}
		for name, form := range map[string]ordering.OrderForm{
			"a small one beside it":    storetest.Form("PO-2"),
			"a small one of its own":   storetest.FormFor("PO-3", "Beta SA", "bia@beta.example"),
			"another beside the other": storetest.FormFor("PO-4", "Beta SA", "bia@beta.example"),
		} {
			small := env.Accept(t, seller, form)
			began = time.Now()
			_, err := env.FulfilOrder(env.Context, small.ID)
			require.NoError(t, err)
			t.Log(name, time.Since(began))
		}
		require.Equal(t, ordering.MaxOrderQuantity+30, env.Count(t, "SELECT count(*) FROM licences"))
		env.AuditHolds(t)
	})
}
