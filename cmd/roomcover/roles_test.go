package main

import (
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// The walk of docs/operations.md, "From one role to three": an installation of before, whose
// service owns the tables, is refused with the way out, and taken as it is where that is
// allowed; after the steps it works with three.
func TestFromOneRoleToThree(t *testing.T) {
	env := storetest.Postgres(t)
	u, err := url.Parse(env.DSN)
	require.NoError(t, err)
	name := "single_" + strings.TrimPrefix(u.Path, "/")
	admin := asSuperuser(t, env.DSN, "postgres")
	tool(t, "createdb", "--maintenance-db", admin, "-O", "roomcover", name)
	t.Cleanup(func() { tool(t, "dropdb", "--maintenance-db", admin, "--force", name) })
	tool(t, "psql", "-d", admin, "-c", "REVOKE ALL ON DATABASE "+name+" FROM PUBLIC")
	u.Path = "/" + name
	service := u.String()
	owner := pgserver.Owner(service)
	key := "ROOMCOVER_KEY=" + hex.EncodeToString(storetest.Key)

	p := launch(t, owner, []string{key}, "migrate")
	require.Equal(t, exitDone, p.exitCode(), p.output())
	for _, command := range []string{"serve", "worker"} {
		p := launch(t, owner, []string{key}, command)
		require.Equal(t, exitUsage, p.exitCode(), p.output())
		require.Contains(t, p.output(), "deploy/postgres-roles.sql")
		require.Contains(t, p.output(), "ROOMCOVER_ALLOW_INSECURE=ROOMCOVER_OWNER_DATABASE_URL")
	}
	p = launch(t, asSuperuser(t, owner, ""), []string{
		key, "ROOMCOVER_ALLOW_INSECURE=ROOMCOVER_OWNER_DATABASE_URL",
	}, "serve")
	require.Equal(t, exitUsage, p.exitCode(), p.output())
	require.Contains(t, p.output(), "row-level security does not hold")

	for range 2 { // again it changes nothing
		tool(t, "psql", "-d", asSuperuser(t, service, ""), "-v", "ON_ERROR_STOP=1", "-f",
			"../../deploy/postgres-roles.sql")
	}
	for _, step := range [][]string{{"migrate"}, {"audit", "verify"}, {"restart"}} {
		p := launch(t, service, []string{key}, step...)
		require.Equal(t, exitDone, p.exitCode(), "%v: %s", step, p.output())
	}
	p = launch(t, service, []string{key, "ROOMCOVER_OWNER_DATABASE_URL=" + service}, "migrate")
	require.Equal(t, exitDone, p.exitCode(), "with nothing to do anybody migrates: %s", p.output())
}

// As the owner, the releases before fenced a tenant's transaction by settings alone. That
// holds as it did, where it is allowed.
func TestC5_AnOwnerThatServesIsFencedAsBefore(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	o := env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Acme Ltda", "ana@acme.example"))
	env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))

	d, err := openDatabase(config.Config{
		DatabaseURL: pgserver.Owner(env.DSN),
		Key:         hex.EncodeToString(storetest.Key),
		DatabaseMax: 10,
	}, db.Session{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })
	roles, err := d.DB.Roles(env.Context)
	require.NoError(t, err)
	require.True(t, roles.Owner)
	require.ErrorIs(t, roles.Wrong(), db.ErrRoles)

	seen := func(tx *db.Tx) (n int) {
		require.NoError(t, tx.Raw("SELECT count(*) FROM accounts").Scan(&n).Error)
		return n
	}
	require.NoError(t, d.DB.Write(storetest.Customer(*o.AccountID), func(tx *db.Tx) error {
		require.Equal(t, 1, seen(tx))
		require.NoError(t, tx.BeyondFence(func(tx *db.Tx) error {
			require.Equal(t, 2, seen(tx))
			return nil
		}))
		require.Equal(t, 1, seen(tx))
		return nil
	}))
}
