package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// A command that first waits for a lock is dated after the one that it waited for.
func TestATransactionHasOneInstantThatItReadsWhenItFirstNeedsIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		later := storetest.Now.Add(time.Hour)
		require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
			env.Calendar.Set(later)
			require.Equal(t, later, tx.Now())

			env.Calendar.Set(later.Add(time.Hour))
			require.Equal(t, later, tx.Now())
			require.Equal(t, later, tx.As(db.Scope{System: true}).Now())
			require.Equal(t, later, tx.With(tx.DB).Now())
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
