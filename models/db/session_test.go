package db_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/storetest"
)

// What runs or waits too long is ended, and is a database that is unavailable: the same
// request may succeed later.
func TestWhatRunsOrWaitsTooLongIsUnavailable(t *testing.T) {
	env := storetest.Postgres(t)
	o := env.Accept(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	dialector, err := db.Postgres(env.DSN, db.Session{
		Statement: 300 * time.Millisecond,
		Lock:      100 * time.Millisecond,
		Idle:      200 * time.Millisecond,
	})
	require.NoError(t, err)
	bounded, err := domains.Open(dialector, domains.Options{
		Options: db.Options{Clock: clock.At(env.Calendar.Now), Key: storetest.Key, Lifetime: time.Minute},
	})
	require.NoError(t, err)
	defer bounded.DB.Close()

	err = bounded.DB.Read(env.Context, func(tx *db.Tx) error {
		return tx.Exec("SELECT pg_sleep(60)").Error
	})
	require.True(t, db.Unavailable(err), err)
	require.True(t, db.TimedOut(err), err)

	err = bounded.DB.Read(env.Context, func(tx *db.Tx) error {
		time.Sleep(time.Second)
		return tx.Exec("SELECT 1").Error
	})
	require.True(t, db.Unavailable(err), err)

	require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
		require.NoError(t, tx.Exec("SELECT 1 FROM orders WHERE id = ? FOR UPDATE", o.ID).Error)
		_, err := bounded.Orders.FulfilOrder(env.Context, o.ID)
		require.True(t, db.Unavailable(err), err)
		require.False(t, db.Permanent(err), err)
		return nil
	}))
	_, err = bounded.Orders.FulfilOrder(env.Context, o.ID)
	require.NoError(t, err, "the lock is free again")
}
