package order_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// The API may die between the commit and keeping its answer; the same request
// comes again when the key's lease is over, and must not cancel twice.
func TestS12_NamedPartialCancellationHappensOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		other := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-2"))
		ctx := db.WithScope(env.Context, db.Scope{System: true, Actor: db.Actor{ID: "tok_a", Role: rules.OperatorLead}})
		ask := func(orderID, once string) order.OrderCancellation {
			_, c, err := env.CancelOrder(ctx, orderID,
				order.CancelRequest{Quantity: 2, Reason: "fewer rooms", Once: once})
			require.NoError(t, err)
			return c
		}
		first := ask(o.ID, "tok_a/key-1")
		require.Equal(t, first.ID, ask(o.ID, "tok_a/key-1").ID)
		require.NotEqual(t, first.ID, ask(o.ID, "tok_b/key-1").ID, "another caller's key is another request")
		require.NotEqual(t, first.ID, ask(other.ID, "tok_a/key-1").ID)
		require.NotEqual(t, ask(o.ID, "").ID, ask(o.ID, "").ID, "without a name every request counts")

		all, err := env.ListCancellations(env.Context, o.ID)
		require.NoError(t, err)
		require.Len(t, all, 4)
	})
}
