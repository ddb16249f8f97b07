package replacement_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/shipping"
)

// The carrier may take a parcel before the warehouse says what is in it: it was ready before it
// left, and the history says so.
func TestTheHistoryIsInTheOrderInWhichThingsHappened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env, c := storetest.Carried(t, env)
		r := env.Approved(t, c)
		storetest.BookParcels(t, env, r.ID)
		storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanPickedUp)
		storetest.Scanned(t, env, r.ID, "out/1", shipping.ScanDelivered)
		_, err := env.ShipRMA(storetest.AgentContext, r.ID, replacement.RMAShipment{Serial: "NEW1"})
		require.NoError(t, err)

		events, err := env.DB.Timeline(storetest.AgentContext, r.ID)
		require.NoError(t, err)
		var verbs []string
		history := replacement.InOrder(events)
		for i, e := range history {
			verbs = append(verbs, e.Verb)
			require.False(t, i > 0 && e.At.Before(history[i-1].At), "%s at %s", e.Verb, e.At)
		}
		at := -1
		for _, verb := range []string{
			"rma.requested", "rma.approved", "rma.allocated", "rma.shipped", "rma.picked_up",
			"rma.delivered",
		} {
			next := slices.Index(verbs, verb)
			require.Greater(t, next, at, "%s in %v", verb, verbs)
			at = next
		}
	})
}
