package models_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/storetest"
)

func TestMigrationsGoUpDownAndUpAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		require.NoError(t, env.Ready(env.Context))
		before := schemaOf(t, env)
		n := migrationNames(t, "sqlite")
		for range n {
			require.NoError(t, env.Rollback(env.Context))
		}
		require.ErrorIs(t, env.Ready(env.Context), db.ErrSchema)
		require.Equal(t, []string{"goose_db_version"}, tablesOf(t, env))
		applied, err := env.Migrate(env.Context)
		require.NoError(t, err)
		require.Len(t, applied, len(n))
		require.Equal(t, before, schemaOf(t, env))
		applied, err = env.Migrate(env.Context)
		require.NoError(t, err)
		require.Empty(t, applied)
		require.NoError(t, env.Ready(env.Context))
	})
}

func migrationNames(t *testing.T, dialect string) []string {
	entries, err := os.ReadDir("migrations/" + dialect)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestMigrationsHaveTheSameNumbers(t *testing.T) {
	require.Equal(t, migrationNames(t, "postgres"), migrationNames(t, "sqlite"))
	for i, name := range migrationNames(t, "sqlite") {
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
	for range migrationNames(t, "postgres") {
		require.NoError(t, env.Rollback(env.Context))
	}
	stores := make([]*domains.Domains, 3)
	for i := range stores {
		dialector, err := db.Postgres(env.DSN)
		require.NoError(t, err)
		stores[i], err = domains.Open(dialector, domains.Options{Options: db.Options{Clock: clock.Clock{}, Key: storetest.Key}})
		require.NoError(t, err)
		defer stores[i].DB.Close()
	}
	requireAll(t, storetest.AtOnce(len(stores), func(i int) error {
		_, err := stores[i].DB.Migrate(context.Background())
		return err
	}))
	require.NoError(t, env.Ready(env.Context))
	require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM programs"))
}

// schemaOf lists "table.column" with a word for null.
func schemaOf(t *testing.T, env storetest.Env) []string {
	var out []string
	for _, table := range tablesOf(t, env) {
		if table == "goose_db_version" {
			continue
		}
		query := "SELECT name || CASE WHEN \"notnull\" = 1 OR pk > 0 THEN '' ELSE ' null' END FROM pragma_table_info('" + table + "')"
		if env.DSN != "" {
			query = "SELECT column_name || CASE WHEN is_nullable = 'NO' THEN '' ELSE ' null' END FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '" + table + "'"
		}
		for _, column := range env.Strings(t, query) {
			out = append(out, table+"."+column)
		}
	}
	slices.Sort(out)
	return out
}

func tablesOf(t *testing.T, env storetest.Env) []string {
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
	if env.DSN != "" {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name"
	}
	return env.Strings(t, query)
}

// TestSchemaDrift holds the entities against the migrated schema, column by
// column, and whether each may be null.
func TestSchemaDrift(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		entities, nullable, err := env.EntityColumns()
		require.NoError(t, err)
		var inSchema, mayBeNull []string
		for _, column := range schemaOf(t, env) {
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
	require.Equal(t, schemaOf(t, storetest.SQLite(t)), schemaOf(t, storetest.Postgres(t)))
}
