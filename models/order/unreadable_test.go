package order_test

import (
	"testing"

	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// A file's row comes here without the JSON decoder before it.
func TestS14_ANumberThatCannotBeComparedIsRefusedNotLookedFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		reseller := env.Reseller(t, "Revenda Sul")
		for _, number := range []string{"PO\x00", "PO\xff"} {
			_, err := env.AcceptOrder(storetest.Seller(reseller), order.Intake{
				Sender: reseller,
				Form:   storetest.Form(number),
			})
			storetest.RequireCode(t, rules.ValidationFailed, err)
		}
	})
}
