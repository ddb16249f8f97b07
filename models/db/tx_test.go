package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// What a command writes is never dated before the one that it waited for.
func TestATransactionsInstantHoldsUntilItLocks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := storetest.Now.Add(time.Hour)
		second := first.Add(time.Hour)
		require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
			env.Calendar.Set(first)
			require.Equal(t, first, tx.Now())

			env.Calendar.Set(second)
			require.Equal(t, first, tx.Now())
			require.Equal(t, first, tx.As(db.Scope{System: true}).Now())
			require.Equal(t, first, tx.With(tx.DB).Now())

			var locked []db.OperatorTask
			require.NoError(t, tx.ForUpdate().Find(&locked).Error)
			require.Equal(t, second, tx.Now())

			env.Calendar.Set(second.Add(time.Hour))
			tx.WaitForLock()
			require.Equal(t, second.Add(time.Hour), tx.Now())
			return nil
		}))
	})
}

func TestATransactionInAnotherNameLeavesItsOwnScope(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ctx := storetest.Customer("acc_x")
		require.NoError(t, env.DB.Read(ctx, func(tx *db.Tx) error {
			other := tx.As(db.Scope{System: true})
			require.True(t, other.Scope.System)
			require.False(t, tx.Scope.System)
			return nil
		}))
	})
}
