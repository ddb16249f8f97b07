package db_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// rightsOf lists what a role may do with each table.
func rightsOf(t *testing.T, env storetest.Env, role string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, line := range env.Strings(t, fmt.Sprintf(`
		SELECT c.relname || ':' || concat_ws(',', %s)
		FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')`,
		`CASE WHEN has_table_privilege('`+role+`', c.oid, 'SELECT') THEN 'SELECT' END,
		CASE WHEN has_table_privilege('`+role+`', c.oid, 'INSERT') THEN 'INSERT' END,
		CASE WHEN has_table_privilege('`+role+`', c.oid, 'UPDATE') THEN 'UPDATE' END,
		CASE WHEN has_table_privilege('`+role+`', c.oid, 'DELETE') THEN 'DELETE' END,
		CASE WHEN has_table_privilege('`+role+`', c.oid, 'TRUNCATE') THEN 'TRUNCATE' END,
		CASE WHEN has_table_privilege('`+role+`', c.oid, 'REFERENCES') THEN 'REFERENCES' END,
		CASE WHEN has_table_privilege('`+role+`', c.oid, 'TRIGGER') THEN 'TRIGGER' END`,
	)) {
		table, rights, _ := strings.Cut(line, ":")
		out[table] = rights
	}
	return out
}

// Every table has the rights that it should have, those of later releases too: what is new
// needs a decision only where it differs from its kind.
func TestC5_C6_EveryTableHasTheRightsOfItsKind(t *testing.T) {
	env := storetest.Postgres(t)
	fenced := env.Strings(t, `
		SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity`)
	service, tenant := rightsOf(t, env, db.ServiceRole), rightsOf(t, env, db.TenantRole)
	for _, table := range storetest.TablesOf(t, env) {
		rows := "SELECT,INSERT,UPDATE,DELETE"
		wantService, wantTenant := rows, "SELECT"
		if slices.Contains(fenced, table) {
			wantTenant = rows
		}
		switch table {
		case "audit_events":
			wantService, wantTenant = "SELECT,INSERT", "SELECT,INSERT"
		case "audit_heads", "goose_db_version":
			wantService, wantTenant = "SELECT", ""
		case "country_terms", "sla_policies":
			wantService = "SELECT,INSERT"
		case "stock_levels":
			wantTenant = "SELECT,INSERT,UPDATE"
		case "stock_entries":
			wantTenant = "SELECT,INSERT"
		}
		require.Equal(t, wantService, service[table], "%s of the service", table)
		require.Equal(t, wantTenant, tenant[table], "%s of a tenant", table)
		delete(service, table)
	}
	require.Empty(t, service, "a table that nothing was decided about")

	// Whoever adds a table adds a policy, and the service sees all of it.
	require.Empty(t, env.Strings(t, `
		SELECT relname FROM pg_class c
		WHERE relnamespace = 'public'::regnamespace AND relrowsecurity AND NOT EXISTS (
			SELECT FROM pg_policy p
			WHERE p.polrelid = c.oid AND polroles = ARRAY['roomcover_service'::regrole::oid]
				AND pg_get_expr(polqual, polrelid) = 'true')`))
	require.Empty(t, env.Strings(t, `
		SELECT tablename || ' ' || policyname FROM pg_policies
		WHERE qual LIKE '%roomcover.scope%' OR with_check LIKE '%roomcover.scope%'`),
		"a policy that a setting opens: it calls roomcover_open()")
	require.Empty(t, env.Strings(t, `
		SELECT tablename || ' ' || policyname FROM pg_policies
		WHERE qual ~ '(?<!SELECT )roomcover_\w+\('`),
		"a policy that is asked for each row: it says (SELECT roomcover_open()), as 00134 does")
	require.Empty(t, env.Strings(t, `
		SELECT rolname FROM pg_roles
		WHERE rolname IN ('roomcover_service', 'roomcover_tenant') AND (rolsuper OR rolbypassrls
			OR rolcreatedb OR rolcreaterole OR rolcanlogin <> (rolname = 'roomcover_service'))`))
	require.Empty(t, env.Strings(t, `
		SELECT proname FROM pg_proc
		WHERE pronamespace = 'public'::regnamespace AND prosecdef
			AND NOT proconfig @> ARRAY['search_path=pg_catalog, public, pg_temp']`),
		"a function of the owner that a temporary table could deceive")
	require.Equal(t, []string{db.ServiceRole},
		env.Strings(t, "SELECT current_user::text"), "tests work as the service does")
}

// A table that a later migration makes is the service's at once, with the rights of rows, and
// no tenant's before migrate has looked at it.
func TestANewTableIsNoTenantsByItself(t *testing.T) {
	env := storetest.Postgres(t)
	require.NoError(t, env.Exec("CREATE TABLE news (id text, account_id text)"))
	require.Equal(t, "SELECT,INSERT,UPDATE,DELETE", rightsOf(t, env, db.ServiceRole)["news"])
	require.Equal(t, "", rightsOf(t, env, db.TenantRole)["news"])

	require.NoError(t, env.Exec("ALTER TABLE news ENABLE ROW LEVEL SECURITY"))
	require.NoError(t, env.Exec("CREATE POLICY news_scope ON news USING (roomcover_sees(account_id, NULL))"))
	require.NoError(t, env.Exec("INSERT INTO news VALUES ('1', 'acc_a'), ('2', 'acc_b')"))
	r, err := env.Roles(env.Context)
	require.NoError(t, err)
	require.ErrorIs(t, r.Wrong(), db.ErrRoles)
	require.ErrorContains(t, r.Wrong(), "roomcover migrate")

	_, err = env.Migrate(env.Context)
	require.NoError(t, err)
	r, err = env.Roles(env.Context)
	require.NoError(t, err)
	require.NoError(t, r.Wrong())
	require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM news"))
	require.NoError(t, env.DB.Read(storetest.Customer("acc_a"), func(tx *db.Tx) error {
		var ids []string
		require.NoError(t, tx.Raw("SELECT id FROM news").Scan(&ids).Error)
		require.Equal(t, []string{"1"}, ids)
		return nil
	}))
}

// What could be done to the audit with the password of serve and worker.
var emptyTheAudit = []string{
	"UPDATE audit_events SET verb = 'x'",
	"UPDATE audit_events SET ip = ''",
	"DELETE FROM audit_events",
	"TRUNCATE audit_events",
	"UPDATE audit_heads SET seq = seq + 1",
	"DELETE FROM audit_heads",
	"INSERT INTO audit_heads VALUES ('acc_x', 1)",
	"TRUNCATE audit_heads",
	"TRUNCATE accounts CASCADE",
	"ALTER TABLE audit_events DISABLE TRIGGER audit_events_append_only",
	"ALTER TABLE audit_events DISABLE TRIGGER ALL",
	"DROP TRIGGER audit_events_append_only ON audit_events",
	"DROP TABLE audit_events",
	"ALTER TABLE audit_events RENAME TO gone",
	"CREATE OR REPLACE FUNCTION roomcover_audit_append_only() RETURNS trigger " +
		"LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
	"CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
	"CREATE TABLE public.mine (id int)",
	"CREATE TEMPORARY TABLE audit_heads (chain_id text PRIMARY KEY, seq bigint)",
	"SET session_replication_role = replica",
	"SET ROLE roomcover",
	"SET SESSION AUTHORIZATION roomcover",
	"ALTER TABLE accounts DISABLE ROW LEVEL SECURITY",
	"ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY",
	"DROP POLICY accounts_scope ON accounts",
	"ALTER POLICY accounts_scope ON accounts USING (true)",
	"ALTER ROLE roomcover_service BYPASSRLS",
}

func TestC6_NeitherServiceNorTenantCanEmptyTheAudit(t *testing.T) {
	env := storetest.Postgres(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	for _, statement := range emptyTheAudit {
		for name, ctx := range map[string]func(func(*db.Tx) error) error{
			"the service": func(fn func(*db.Tx) error) error { return env.DB.Write(env.Context, fn) },
			"a tenant": func(fn func(*db.Tx) error) error {
				return env.DB.Write(storetest.Customer(*o.AccountID), fn)
			},
		} {
			err := ctx(func(tx *db.Tx) error { return tx.Exec(statement).Error })
			require.Error(t, err, "%s: %s", name, statement)
			require.Regexp(t, `SQLSTATE 42501`, err.Error(), "%s: %s", name, statement)
		}
	}
	env.AuditHolds(t)
}

// What SQL that found its way into a tenant's query could ask for, in the middle of a SELECT.
func TestC5_ATenantsQueryDoesNotOpenItsFence(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	mine := env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Acme Ltda", "ana@acme.example"))
	other := env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
	for _, expression := range []string{
		"set_config('roomcover.scope', 'system', true)",
		"set_config('roomcover.accounts', '" + *other.AccountID + "', true)",
		"set_config('roomcover.org', '" + seller.ID + "', true)",
		"set_config('role', 'none', true)",
		"set_config('role', 'roomcover_service', false)",
		"set_config('row_security', 'off', true)",
		"query_to_xml('SET ROLE NONE', true, false, '')::text",
		"query_to_xml('SELECT set_config(''role'', ''none'', true)', true, false, '')::text",
	} {
		err := env.DB.Read(storetest.Customer(*mine.AccountID), func(tx *db.Tx) error {
			return tx.Exec("SELECT count(*) FROM accounts WHERE id <> " + expression).Error
		})
		require.Error(t, err, expression)
	}

	for _, statement := range []string{
		"UPDATE pg_settings SET setting = 'system' WHERE name = 'roomcover.scope'",
		"UPDATE pg_settings SET setting = 'none' WHERE name = 'role'",
	} {
		err := env.DB.Read(storetest.Customer(*mine.AccountID), func(tx *db.Tx) error {
			return tx.Exec(statement).Error
		})
		require.Error(t, err, statement)
	}

	// The setting alone opens nothing any more, not even by a statement of its own.
	require.NoError(t, env.DB.Read(storetest.Customer(*mine.AccountID), func(tx *db.Tx) error {
		require.NoError(t, tx.Exec("SET LOCAL roomcover.scope = 'system'").Error)
		var n int
		require.NoError(t, tx.Raw("SELECT count(*) FROM accounts").Scan(&n).Error)
		require.Equal(t, 1, n)
		require.NoError(t, tx.Raw("SELECT count(*) FROM roomcover_audit_ends(?)", *other.AccountID).Scan(&n).Error)
		require.Zero(t, n, "nor through a function of the owner")
		return nil
	}))

	// A value that a tenant gives takes no second statement with it.
	err := env.DB.Read(storetest.Customer(*mine.AccountID), func(tx *db.Tx) error {
		return tx.Exec("SELECT 1 WHERE 'x' = ?; RESET ROLE", "x").Error
	})
	require.ErrorContains(t, err, "42601")
}

// BeyondFence opens the fence for what it runs, and for nothing behind it.
func TestC5_TheFenceStandsAgainBehindWhatWasBeyondIt(t *testing.T) {
	env := storetest.Postgres(t)
	seller := env.Reseller(t, "Revenda Sul")
	mine := env.Fulfilled(t, seller, storetest.FormFor("PO-1", "Acme Ltda", "ana@acme.example"))
	env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
	seen := func(tx *db.Tx) (n int) {
		require.NoError(t, tx.Raw("SELECT count(*) FROM accounts").Scan(&n).Error)
		return n
	}
	require.NoError(t, env.DB.Write(storetest.Customer(*mine.AccountID), func(tx *db.Tx) error {
		require.Equal(t, 1, seen(tx))
		require.NoError(t, tx.BeyondFence(func(tx *db.Tx) error {
			require.Equal(t, 2, seen(tx))
			require.NoError(t, tx.BeyondFence(func(tx *db.Tx) error {
				require.Equal(t, 2, seen(tx))
				return nil
			}))
			require.Equal(t, 2, seen(tx))
			return nil
		}))
		require.Equal(t, 1, seen(tx))
		return nil
	}))
}
