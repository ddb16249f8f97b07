package db_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/storetest"
)

// Days that stand as texts, and why. None of them is ever unknown.
var textDays = []string{
	"calendar_holidays.on_day",      // a part of the key
	"country_terms.effective_from",  // versions are never changed, so nothing could fill a date
	"product_models.effective_from", // a part of the key: a model's first version has none
	"sla_policies.effective_from",   // the first version has none
}

// Each day is a date in PostgreSQL and a text in SQLite, and NULL where it is not known.
func TestDaysAreDates(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		days := 0
		require.NoError(t, env.Read(env.Context, func(tx *db.Tx) error {
			for _, entity := range domains.Entities() {
				stmt := &gorm.Statement{DB: tx.DB}
				if err := stmt.Parse(entity); err != nil {
					return err
				}
				for _, f := range stmt.Schema.Fields {
					if f.TagSettings["SERIALIZER"] == "day" {
						days++
						require.Equal(t, typeOfDays(env), typeOf(t, env, stmt.Schema.Table, f.DBName))
					}
				}
			}
			return nil
		}))
		require.Equal(t, len(storetest.KeptForTheReleaseBefore), days)
	})

	// What is named like a day is one.
	env := storetest.Postgres(t)
	for _, column := range env.Strings(t, `
		SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public'
			AND data_type = 'text'
			AND column_name ~ '_(on|day|end|from|until|to)$'
			AND column_name NOT IN ('cover_until', 'notices_to', 'envelope_from', 'envelope_to', 'undo_to')`) {
		known := slices.Concat(textDays, storetest.KeptForTheReleaseBefore)
		require.Contains(t, known, column, "it is a text")
	}
}

func typeOfDays(env storetest.Env) []string {
	if env.DSN != "" {
		return []string{"date YES"}
	}
	return []string{"text YES"}
}

func typeOf(t *testing.T, env storetest.Env, table, column string) []string {
	t.Helper()
	query := `SELECT lower(type) || CASE "notnull" WHEN 0 THEN ' YES' ELSE ' NO' END
		FROM pragma_table_info('%s') WHERE name = '%s'`
	if env.DSN != "" {
		query = `SELECT data_type || ' ' || is_nullable FROM information_schema.columns
			WHERE table_name = '%s' AND column_name = '%s'`
	}
	return env.Strings(t, fmt.Sprintf(query, table, column))
}

// What stood as a text before the days were dates is the same day afterwards.
func TestDaysOfEarlierReleasesAreKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		env.Device(t, env.Room(t, *o.AccountID, "Sala 1"), "SN-100", "RALLY-BAR", "2026-01-31")
		device := "SELECT count(*) FROM devices WHERE %s"
		require.Equal(t, 1, env.Count(t, fmt.Sprintf(device,
			"purchased_day = '2026-01-31' AND replaced_day IS NULL")))

		for strings.Contains(strings.Join(storetest.SchemaOf(t, env), " "), "orders.purchased_day") {
			require.NoError(t, env.Rollback(env.Context))
		}
		require.Equal(t, 1, env.Count(t, fmt.Sprintf(device,
			"purchased_on = '2026-01-31' AND replaced_on = ''")))

		_, err := env.Migrate(env.Context)
		require.NoError(t, err)
		require.Equal(t, 1, env.Count(t, fmt.Sprintf(device,
			"purchased_day = '2026-01-31' AND replaced_day IS NULL")))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM orders WHERE purchased_day = '2026-11-20'"))
		require.Equal(t, 1, env.Count(t, `SELECT count(*) FROM orgs
			WHERE authorised_from_day = '2020-01-01' AND authorised_until_day IS NULL`))
	})
}

// A process of the release before goes on beside this one: what it writes as a text is read
// here as a date, and the other way round.
func TestDaysOfTheReleaseBeforeAndOfThisOneAreTheSame(t *testing.T) {
	env := storetest.Postgres(t)
	env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	require.NoError(t, env.Exec(`
		INSERT INTO catalogue_skus (code, service_type, term_years, bundle, effective_from,
			effective_to, updated_at)
		VALUES ('OLD', 'SELECT', 1, false, '2026-01-01', '', '2026-01-01')`))

	for _, c := range []struct{ change, same string }{
		{"catalogue_skus SET bundle = false", "effective_from_day = '2026-01-01' AND effective_to_day IS NULL"},
		{"catalogue_skus SET effective_to = '2027-01-01'", "effective_to_day = '2027-01-01'"},
		{"catalogue_skus SET effective_to = ''", "effective_to_day IS NULL"},
		{"catalogue_skus SET effective_to_day = '2028-02-29'", "effective_to = '2028-02-29'"},
		{"catalogue_skus SET effective_to_day = NULL", "effective_to = '' AND effective_from = '2026-01-01'"},
	} {
		require.NoError(t, env.Exec("UPDATE "+c.change+" WHERE code = 'OLD'"), c.change)
		require.Equal(t, 1, env.Count(t,
			"SELECT count(*) FROM catalogue_skus WHERE code = 'OLD' AND "+c.same), c.change)
	}

	// A row that nothing has filled yet, changed by a process that knows the text only.
	require.NoError(t, env.Exec(`
		ALTER TABLE orders DISABLE TRIGGER orders_days;
		UPDATE orders SET purchased_day = NULL;
		ALTER TABLE orders ENABLE TRIGGER orders_days;
		UPDATE orders SET purchased_on = purchased_on, version = version + 1`))
	require.Equal(t, 1, env.Count(t, `
		SELECT count(*) FROM orders WHERE purchased_on = '2026-11-20' AND purchased_day = '2026-11-20'`))
	require.ErrorContains(t, env.Exec("UPDATE orders SET purchased_on = '2026-02-30'"), "22008")
}
