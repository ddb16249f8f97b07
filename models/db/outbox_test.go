package db_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

func TestOutboxLease(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		storetest.TakeOrders(t, env, 5)
		first, err := env.LeaseOutbox(env.Context, 3, time.Hour)
		require.NoError(t, err)
		require.Len(t, first, 3)
		rest, err := env.LeaseOutbox(env.Context, 10, time.Hour)
		require.NoError(t, err)
		require.Len(t, rest, 2)
	})
}

func TestOutboxLeaseEndsAndOrderIsKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		storetest.TakeOrders(t, env, 5)
		first, err := env.LeaseOutbox(env.Context, 10, 0) // the relay died at once
		require.NoError(t, err)
		require.Len(t, first, 5)
		again, err := env.LeaseOutbox(env.Context, 10, time.Hour)
		require.NoError(t, err)
		require.Len(t, again, 5)
		for i := range again {
			require.Equal(t, first[i].ID, again[i].ID)
			require.Equal(t, 2, again[i].Attempts)
			if i > 0 {
				require.Less(t, again[i-1].ID[:14], again[i].ID)
			}
		}
		require.NotEmpty(t, again[0].Payload)
		require.NoError(t, env.OutboxDelivered(env.Context, []string{again[0].ID, again[1].ID}))
		require.NoError(t, env.OutboxFailed(env.Context, again[2].ID, "unavailable", time.Hour))
		require.NoError(t, env.OutboxFailed(env.Context, again[3].ID, "unavailable", 0))
		due, err := env.LeaseOutbox(env.Context, 10, time.Hour)
		require.NoError(t, err)
		require.Len(t, due, 1)
		require.Equal(t, again[3].ID, due[0].ID)
		require.Equal(t, "unavailable", due[0].LastError)
		n, oldest, err := env.OutboxBacklog(env.Context)
		require.NoError(t, err)
		require.EqualValues(t, 3, n)
		require.Equal(t, env.Calendar.Now(), oldest)
		require.NoError(t, env.OutboxDelivered(env.Context, []string{again[2].ID, again[3].ID, again[4].ID}))
		n, oldest, err = env.OutboxBacklog(env.Context)
		require.NoError(t, err)
		require.Zero(t, n)
		require.True(t, oldest.IsZero())
		require.NoError(t, env.OutboxDelivered(env.Context, nil))
	})
}

func TestRelaysAtOnceDeliverEachEventOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		storetest.TakeOrders(t, env, 40)
		var mu sync.Mutex
		told := map[string]int{}
		storetest.RequireAll(t, storetest.AtOnce(4, func(int) error {
			for {
				events, err := env.LeaseOutbox(env.Context, 7, time.Hour)
				if err != nil || len(events) == 0 {
					return err
				}
				if len(events) > 7 {
					return fmt.Errorf("%d events instead of 7", len(events))
				}
				var ids []string
				mu.Lock()
				for _, e := range events {
					told[e.SubjectID]++
					ids = append(ids, e.ID)
				}
				mu.Unlock()
				if err := env.OutboxDelivered(env.Context, ids); err != nil {
					return err
				}
			}
		}))
		require.Len(t, told, 40)
		for id, n := range told {
			require.Equal(t, 1, n, id)
		}
	})
}

func TestC6_AFailedTransactionLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Accept(t, seller, storetest.Form("PO-1"))
		before := storetest.EveryText(t, env)
		require.NoError(t, env.Exec("CREATE UNIQUE INDEX test_block ON licences (account_id)")) // the second unit fails
		_, err := env.FulfilOrder(env.Context, o.ID)
		require.Error(t, err)
		require.ElementsMatch(t, before, storetest.EveryText(t, env))
		require.NoError(t, env.Exec("DROP INDEX test_block"))
		_, err = env.FulfilOrder(env.Context, o.ID)
		require.NoError(t, err)
		require.Len(t, env.Mails(t, "invitation"), 1)
	})
}
