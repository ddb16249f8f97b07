package db_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

func TestMigrationsGoUpDownAndUpAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		require.NoError(t, env.Ready(env.Context))
		before := storetest.SchemaOf(t, env)
		n := storetest.MigrationNames(t, "sqlite")
		for range n {
			require.NoError(t, env.Rollback(env.Context))
		}
		require.ErrorIs(t, env.Ready(env.Context), db.ErrSchema)
		require.Equal(t, []string{"goose_db_version"}, storetest.TablesOf(t, env))
		applied, err := env.Migrate(env.Context)
		require.NoError(t, err)
		require.Len(t, applied, len(n))
		require.Equal(t, before, storetest.SchemaOf(t, env))
		applied, err = env.Migrate(env.Context)
		require.NoError(t, err)
		require.Empty(t, applied)
		require.NoError(t, env.Ready(env.Context))
	})
}

func TestMigrationsHaveTheSameNumbers(t *testing.T) {
	require.Equal(t, storetest.MigrationNames(t, "postgres"), storetest.MigrationNames(t, "sqlite"))
	for i, name := range storetest.MigrationNames(t, "sqlite") {
		require.Regexp(t, `^\d{5}_[a-z_]+\.sql$`, name)
		require.Equal(t, i+1, number(name[:5]))
	}
}

func number(digits string) (n int) {
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	return n
}

func TestC4_TwoMigratesAtOnce(t *testing.T) {
	env := storetest.Postgres(t)
	for range storetest.MigrationNames(t, "postgres") {
		require.NoError(t, env.Rollback(env.Context))
	}
	processes := make([]*domains.Domains, 3)
	for i := range processes {
		dialector, err := db.Postgres(pgserver.Owner(env.DSN))
		require.NoError(t, err)
		processes[i], err = domains.Open(
			dialector, domains.Options{Options: db.Options{Clock: clock.Clock{}, Key: storetest.Key}},
		)
		require.NoError(t, err)
		defer processes[i].DB.Close()
	}
	storetest.RequireAll(t, storetest.AtOnce(len(processes), func(i int) error {
		_, err := processes[i].DB.Migrate(context.Background())
		return err
	}))
	require.NoError(t, env.Ready(env.Context))
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM programs"))
}

// A migration that does not get its locks gives way, and is tried again.
func TestAMigrationGivesWayAndIsTriedAgain(t *testing.T) {
	env := storetest.Postgres(t)
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	for env.Count(t, "SELECT count(*) FROM pg_class WHERE relname = 'select_counts'") > 0 {
		require.NoError(t, env.Rollback(env.Context))
	}

	pool, err := env.Pool()
	require.NoError(t, err)
	writer, err := pool.Begin()
	require.NoError(t, err)
	_, err = writer.Exec("UPDATE accounts SET version = version + 1")
	require.NoError(t, err)

	migrated := make(chan error)
	go func() {
		_, err := env.Migrate(env.Context)
		migrated <- err
	}()
	waits := "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%select_counts%'"
	is := func(n int) func() bool {
		return func() bool {
			var waiting int
			require.NoError(t, env.OwnerPool(t).QueryRow(waits).Scan(&waiting))
			return waiting == n
		}
	}
	require.Eventually(t, is(1), time.Minute, 10*time.Millisecond, "it waits")
	require.Eventually(t, is(0), time.Minute, 10*time.Millisecond, "it gives way")
	require.NoError(t, writer.Rollback())
	require.NoError(t, <-migrated)
	require.Equal(t, 10, env.Count(t, "SELECT sum(licences) FROM select_counts"))
	require.NoError(t, env.Ready(env.Context))
}

// TestSchemaDrift holds the entities against the migrated schema, column by
// column, and whether each may be null.
func TestSchemaDrift(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		entities, nullable, err := env.EntityColumns()
		require.NoError(t, err)
		var inSchema, mayBeNull []string
		for _, column := range storetest.SchemaOf(t, env) {
			name, null := strings.CutSuffix(column, " null")
			inSchema = append(inSchema, name)
			if null {
				mayBeNull = append(mayBeNull, name)
			}
		}
		require.Equal(t, inSchema, entities)
		require.Equal(t, mayBeNull, nullable)
	})
}

func TestBothDialectsHaveTheSameColumns(t *testing.T) {
	require.Equal(t, storetest.SchemaOf(t, storetest.SQLite(t)), storetest.SchemaOf(t, storetest.Postgres(t)))
}
