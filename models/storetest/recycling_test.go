package storetest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// contents is the rows and sequences of a database as one text.
const contents = `
	SELECT md5(string_agg(query_to_xml(
	           format('SELECT to_jsonb(r) - ''log_cnt'' AS kept
	                     FROM (SELECT * FROM public.%I) r ORDER BY 1', relname),
	           true, false, '')::text, '' ORDER BY relname))
	  FROM pg_class
	 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')`

// What a test leaves in a database is gone for the next one.
func TestADatabaseIsAsNewForTheNextTest(t *testing.T) {
	share(t)
	r, err := newRecycled()
	require.NoError(t, err)
	defer r.drop()

	read := func() (text string) {
		require.NoError(t, r.keeper.QueryRow(context.Background(), contents).Scan(&text))
		return text
	}
	first := read()

	t.Run("used", func(t *testing.T) {
		env := open(t, r.dialector, r.dsn)
		env.Covered(t)
		_, err := r.keeper.Exec(context.Background(), "DELETE FROM calendar_holidays")
		require.NoError(t, err)
		require.NotEqual(t, first, read())
	})

	require.NoError(t, r.renew())
	require.Equal(t, first, read())
	require.NotEmpty(t, r.connections.free, "its connections wait for the next test")

	for _, change := range []string{
		"UPDATE calendar_holidays SET name = name || 's' WHERE on_day = '2026-12-25'",
		`WITH gone AS (DELETE FROM calendars RETURNING *)
			INSERT INTO calendars SELECT * FROM gone LIMIT 1`,
		"DELETE FROM orgs",
	} {
		_, err := r.keeper.Exec(context.Background(), "SET session_replication_role = replica; "+change)
		require.NoError(t, err)
		require.NotEqual(t, first, read(), change)
		for range 2 {
			require.NoError(t, r.renew())
			require.Equal(t, first, read(), change)
		}
	}
}

// A database in which a test has changed more than rows is used no more.
func TestADatabaseThatChangedIsUsedNoMore(t *testing.T) {
	share(t)
	for name, change := range map[string]string{
		"CREATE TABLE": "CREATE TABLE left_behind ()",
		"DROP TABLE":   "DROP TABLE goose_db_version",
		"ALTER TABLE":  "ALTER TABLE rooms DISABLE ROW LEVEL SECURITY",
		"GRANT":        "GRANT DELETE ON audit_events TO roomcover_service",
		"statistics":   "ANALYZE rooms",
		"size": `INSERT INTO recycling.sizes
			SELECT 0, n FROM generate_series(1, 1500000) n;
			SELECT setval('recycling.turn', 9)`, // the next one is the tenth
	} {
		t.Run(name, func(t *testing.T) {
			r, err := newRecycled()
			require.NoError(t, err)
			defer r.drop()

			require.NoError(t, r.renew())
			_, err = r.keeper.Exec(context.Background(), change)
			require.NoError(t, err)
			require.ErrorContains(t, r.renew(), name)
		})
	}

	t.Run("a connection that is open", func(t *testing.T) {
		r, err := newRecycled()
		require.NoError(t, err)
		defer r.drop()

		left, err := pgx.Connect(context.Background(), pgserver.Owner(r.dsn))
		require.NoError(t, err)
		require.ErrorContains(t, r.renew(), "left open")
		require.NoError(t, left.Close(context.Background()))
	})
}
