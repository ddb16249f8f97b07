package db_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// Under LookOnly the database itself refuses whatever would be written, by each way into a
// transaction, for the service as for a tenant; and the same connections write again afterward.
func TestNothingIsWrittenWhereOnlyLookingIsAllowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		change := "UPDATE accounts SET legal_name = legal_name || '!' WHERE id = '" + *o.AccountID + "'"
		names := func() []string { return env.Strings(t, "SELECT legal_name FROM accounts ORDER BY id") }
		before := names()
		write := func(tx *db.Tx) error { return tx.Exec(change).Error }
		audit := func(tx *db.Tx) error {
			return tx.Audit(*o.AccountID, o.AccountID, false, db.Entry{Verb: "account.corrected", ObjectID: *o.AccountID})
		}
		beyond := func(tx *db.Tx) error { return tx.BeyondFence(write) }

		for whose, ctx := range map[string]context.Context{
			"service": env.Context, "customer": storetest.Customer(*o.AccountID),
		} {
			looking := db.LookOnly(ctx)
			for way, run := range map[string]func(context.Context, func(*db.Tx) error) error{
				"Read": env.DB.Read, "Write": env.DB.Write, "WriteAcross": env.DB.WriteAcross,
				"Single": env.DB.Single, "ReadSnapshot": env.DB.ReadSnapshot,
			} {
				for what, fn := range map[string]func(*db.Tx) error{"row": write, "audit": audit, "beyond": beyond} {
					err := run(looking, fn)
					require.True(t, db.WriteRefused(err), "%s %s %s: %v", whose, way, what, err)
				}
				require.NoError(t, run(looking, func(tx *db.Tx) error {
					var n int64
					return tx.Table("accounts").Count(&n).Error
				}), "%s %s reads", whose, way)
			}
		}
		require.Equal(t, before, names())

		stopped, stop := context.WithCancel(db.LookOnly(env.Context))
		require.Error(t, env.DB.Read(stopped, func(tx *db.Tx) error {
			stop()
			return tx.Exec("SELECT 1").Error
		}))
		require.Panics(t, func() {
			_ = env.DB.Read(db.LookOnly(env.Context), func(*db.Tx) error { panic("in the middle") })
		})
		require.False(t, db.WriteRefused(errors.New("another one")))
		require.False(t, db.WriteRefused(nil))
		for range 30 { // more than there are connections
			require.NoError(t, env.DB.Write(env.Context, write))
		}
		require.NotEqual(t, before, names(), "who is allowed to writes again")
	})
}
