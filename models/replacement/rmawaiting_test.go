package replacement_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/rma"
)

// R125b: many that wait for one thing do not hide from the customer the one that waits for
// another.
func TestR125b_WhatWaitsForTheCustomerIsShownOfEachState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		const proofs = 12
		var oldest []string
		for i := range proofs {
			r, err := env.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
				AccountID: c.Account,
				RoomID:    c.Room.ID,
				ModelCode: "STRONG-USB-CABLE",
				Quantity:  1,
				Fault:     "Broken",
				Once:      fmt.Sprint("form-", i),
			})
			require.NoError(t, err)
			if len(oldest) < 10 {
				oldest = append(oldest, r.ID)
			}
		}
		require.NoError(t, env.Exec("UPDATE rmas SET held = true"))
		delivered := env.DeliveredRMA(t, c)
		require.Equal(t, rma.RMAAwaitingReturn, delivered.StoredState)

		waiting, open, err := env.WaitingForCustomer(storetest.Customer(c.Account), c.Account)
		require.NoError(t, err)
		require.EqualValues(t, proofs+1, open)
		var ids []string
		for _, r := range waiting {
			require.Equal(t, c.Account, r.AccountID)
			ids = append(ids, r.ID)
		}
		require.Equal(t, append(oldest, delivered.ID), ids)

		other := env.CoveredFor(t, "Beta SA", "bia@beta.example", "SN-200")
		waiting, open, err = env.WaitingForCustomer(storetest.Customer(other.Account), c.Account)
		require.NoError(t, err)
		require.Empty(t, waiting)
		require.Zero(t, open)
		waiting, open, err = env.WaitingForCustomer(storetest.Customer(other.Account), other.Account)
		require.NoError(t, err)
		require.Empty(t, waiting)
		require.Zero(t, open)
	})
}
