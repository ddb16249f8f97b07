package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
	"roomcover.dev/roomcover/rules"
)

func TestMigrateAppliesOnceAndIsNeededFirst(t *testing.T) {
	d, err := domains.Open(
		sqlitedb.Open(filepath.Join(t.TempDir(), "new.db")),
		domains.Options{Options: db.Options{Clock: clock.Clock{}, Key: storetest.Key}},
	)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })
	s := onDatabase(t, nil)
	s.app.open = func(config.Config, db.Session) (*domains.Domains, error) { return d, nil }

	for _, args := range [][]string{{"serve"}, {"worker"}, {"token", "list"}, {"audit", "verify"}} {
		require.Equal(t, exitFailed, s.run(args...), "%v", args)
		require.Contains(t, s.err.String(), "roomcover migrate")
	}
	require.Contains(t, s.must("migrate"), "Applied migration 00001.")
	require.Equal(t, "The schema is up to date.\n", s.must("migrate"))
	var report struct{ Applied []int64 }
	s.json(&report, "migrate")
	require.NotNil(t, report.Applied)
	require.Empty(t, report.Applied)
}

func TestMigrateByTheAddressInTheEnvironment(t *testing.T) {
	dsn := storetest.PostgresDSN(t)
	s := newShell(t, nil)
	t.Setenv("ROOMCOVER_DATABASE_URL", dsn)
	t.Setenv("ROOMCOVER_OWNER_DATABASE_URL", pgserver.Owner(dsn))
	t.Setenv("ROOMCOVER_KEY", hex.EncodeToString(storetest.Key))
	require.Equal(t, "The schema is up to date.\n", s.must("migrate"))
	require.Contains(t, s.must("audit", "verify"), "The audit holds")
}

func TestR45a_OrgSetSaysWhenASellerIsAuthorised(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := onDatabase(t, &env)
		out := s.must("org", "set", "Revenda Sul Ltda", "--kind", "reseller", "--authorised-from", "2026-01-01",
			"--authorised-until", "2027-01-01")
		require.Contains(t, out, "Revenda Sul Ltda")
		require.Contains(t, out, "2026-01-01")

		orgs, _, err := env.ListOrgs(env.Context, account.OrgReseller, db.Page{})
		require.NoError(t, err)
		require.Len(t, orgs, 1)
		require.True(t, orgs[0].Authorised(storetest.Now))

		s.must("org", "set", "REVENDA SUL LTDA", "--kind", "reseller", "--authorised-from", "2026-01-01", "--suspended")
		again, err := env.GetOrg(env.Context, orgs[0].ID)
		require.NoError(t, err)
		require.False(t, again.Authorised(storetest.Now), "suspended")
		require.Empty(t, again.AuthorisedUntil, "what is not given has its default")

		var list []struct{ ID, Kind, Name string }
		s.json(&list, "org", "list", "--kind", "reseller")
		require.Len(t, list, 1, "the same company is one organization")
		require.NotContains(t, s.must("org", "list", "--kind", "distributor"), "SUL")
	})
}

func TestTokenIsShownOnceAndWorksUntilRevoked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := onDatabase(t, &env)
		s.must("org", "set", "Revenda Sul", "--kind", "reseller", "--authorised-from", "2026-01-01")
		out := s.must("token", "create", "--org", "revenda sul", "--label", "order system")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		secret := lines[len(lines)-1]

		token, err := env.TokenBySecret(env.Context, secret)
		require.NoError(t, err)
		require.Equal(t, rules.Reseller, token.Role)
		require.Equal(t, strings.Join(api.ScopesFor(rules.Reseller), " "), token.Scopes)

		listed := s.must("token", "list")
		require.Contains(t, listed, token.Prefix)
		require.NotContains(t, listed, secret, "only the hash is stored")

		require.Equal(t, "Revoked "+token.ID+".\n", s.must("token", "revoke", token.ID))
		s.must("token", "revoke", token.ID)
		_, err = env.TokenBySecret(env.Context, secret)
		require.ErrorIs(t, err, identity.ErrBadToken)
		require.NotContains(t, s.must("token", "list"), token.ID)
		require.Contains(t, s.must("token", "list", "--all"), "revoked")
		require.Contains(t, s.must("audit", "verify"), "The audit holds")
	})
}

func TestTokenForProgramsIsJSON(t *testing.T) {
	env := storetest.SQLite(t)
	s := onDatabase(t, &env)
	var made struct {
		ID, Token, Role string
		Scopes          []string
	}
	s.json(&made, "token", "create", "--org", "operator", "--role", "operator_lead", "--label", "night shift",
		"--scope", "operator,processes:read", "--days", "1")
	require.Equal(t, "OPERATOR_LEAD", made.Role)
	require.Equal(t, []string{"operator", "processes:read"}, made.Scopes)
	_, err := env.TokenBySecret(env.Context, made.Token)
	require.NoError(t, err)
}

func TestTokenIsRefusedWithCode3(t *testing.T) {
	env := storetest.SQLite(t)
	s := onDatabase(t, &env)
	s.must("org", "set", "Norte", "--kind", "reseller", "--authorised-from", "2026-01-01")
	s.must("org", "set", "Norte", "--kind", "distributor", "--authorised-from", "2026-01-01")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"unknown name":  {[]string{"token", "create", "--org", "Nobody", "--label", "x"}, "There is no organization of this name."},
		"unknown id":    {[]string{"token", "create", "--org", "org_nothing", "--label", "x"}, "There is nothing under this id."},
		"two of a name": {[]string{"token", "create", "--org", "Norte", "--label", "x"}, "Several organizations have this name."},
		"role of others": {
			[]string{"token", "create", "--org", "operator", "--role", "reseller", "--label", "x"}, "This role does not fit the organization.",
		},
		"unknown token": {[]string{"token", "revoke", "tok_nothing"}, "There is nothing under this id."},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, exitRefused, s.run(c.args...))
			require.Contains(t, s.err.String(), c.want)
			require.Empty(t, s.out.String())
		})
	}
}

func TestAuditVerifyFindsAChangedEvent(t *testing.T) {
	env := storetest.SQLite(t)
	s := onDatabase(t, &env)
	s.must("org", "set", "Norte", "--kind", "reseller")
	s.must("org", "set", "Norte", "--kind", "reseller", "--suspended")
	pool, err := env.Pool()
	require.NoError(t, err)
	res, err := pool.Exec(
		"UPDATE audit_events SET verb = 'org.removed' WHERE seq = (SELECT min(seq) FROM audit_events)",
	)
	if err != nil {
		// The table may refuse changes by itself; then a forger would first
		// remove what refuses.
		dropTriggers(t, env)
		res, err = pool.Exec(
			"UPDATE audit_events SET verb = 'org.removed' WHERE seq = (SELECT min(seq) FROM audit_events)",
		)
		require.NoError(t, err)
	}
	n, err := res.RowsAffected()
	require.NoError(t, err)
	require.NotZero(t, n)

	require.Equal(t, exitFound, s.run("audit", "verify"))
	require.Contains(t, s.err.String(), "the audit does not hold")
	require.Contains(t, s.out.String(), "aud_")
	require.Equal(t, exitFound, s.run("audit", "verify", "--json"))
	require.Contains(t, s.out.String(), `"fault"`)
}

func TestAuditVerifyAgainstAFileOfHeads(t *testing.T) {
	env := storetest.SQLite(t)
	s := onDatabase(t, &env)
	file := filepath.Join(t.TempDir(), "heads")
	s.must("org", "set", "Norte", "--kind", "reseller")
	require.Contains(t, s.must("audit", "heads", file), "Written: the ends of 2 chains")
	require.Contains(t, s.must("audit", "verify", "--against", file), "The audit holds")
	require.Contains(t, s.must("audit", "seal"), "Sealed: 0 events.")

	dropTriggers(t, env)
	require.NoError(t, env.Exec("DELETE FROM audit_events WHERE chain_id <> 'audit'"))
	require.NoError(t, env.Exec("DROP TRIGGER audit_heads_kept"))
	require.NoError(t, env.Exec("DELETE FROM audit_heads WHERE chain_id <> 'audit'"))
	require.Equal(t, exitFound, s.run("audit", "verify", "--against", file))
	require.Contains(t, s.out.String(), "the file of heads has this event")
	require.Equal(t, exitFound, s.run("audit", "seal"))

	require.NoError(t, os.WriteFile(file, []byte("changed\n"), 0o600))
	for _, args := range [][]string{{"verify", "--against", file}, {"heads", file}} {
		require.Equal(t, exitFound, s.run(append([]string{"audit"}, args...)...))
		require.Contains(t, s.err.String(), "was changed")
	}
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Equal(t, exitFound, s.run("audit", "verify", "--against", file))
	require.Equal(t, exitFailed, s.run("audit", "verify", "--against", file+"-missing"))
}

func dropTriggers(t *testing.T, env storetest.Env) {
	t.Helper()
	pool, err := env.Pool()
	require.NoError(t, err)
	rows, err := pool.Query("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'")
	require.NoError(t, err)
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Close())
	for _, name := range names {
		_, err := pool.Exec("DROP TRIGGER " + name)
		require.NoError(t, err)
	}
}

func TestS59_S65_OrgRecordsFromTheCommandLine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := onDatabase(t, &env)
		s.must("org", "set", "Andina Telecom S.A.", "--country", "cl", "--kind", "reseller", "--authorised-from",
			"2026-01-01")
		out := s.must("org", "set", "Andina Telecom Ltda", "--country", "CL", "--kind", "reseller")
		require.Contains(t, out, "Named alike")
		require.Contains(t, out, "Andina Telecom S.A.")
		s.must("org", "set", "Distribuidora Norte", "--kind", "distributor", "--authorised-from", "2026-01-01")

		require.Equal(t, exitRefused, s.run("org", "show", "Andina Telecom"), "no name but the full one")
		require.Contains(t, s.err.String(), "Andina Telecom Ltda (org_")
		require.Equal(t, exitRefused, s.run("token", "create", "--org", "Andina Telecom", "--label", "x"))

		s.must("org", "mail", "andina telecom s.a.", "--domain", "Andina.cl", "--notices-to", "compras@andina.cl",
			"--reason", "contract")
		s.must("org", "spelling", "Andina Telecom S.A.", "--name", "CL: Andina Telecom, SA", "--name", "Andina",
			"--reason", "same tax number")
		s.must("org", "relate", "Distribuidora Norte", "Andina Telecom S.A.", "--reason", "contract")

		var got struct {
			ID, Country    string
			MailDomains    []string `json:"mail_domains"`
			NoticesTo      string   `json:"notices_to"`
			Spellings      []string
			DistributorIDs []string `json:"distributor_ids"`
			Alike          []string
		}
		s.json(&got, "org", "show", "Andina Telecom S.A.")
		require.Equal(t, []string{"CL", "compras@andina.cl", "andina.cl"},
			[]string{got.Country, got.NoticesTo, got.MailDomains[0]})
		require.Equal(t, []string{"Andina", "CL: Andina Telecom, SA"}, got.Spellings)
		require.Len(t, got.DistributorIDs, 1)
		require.Len(t, got.Alike, 1)
		require.Contains(t, s.must("org", "show", got.ID), "compras@andina.cl")

		s.must("org", "relate", "Distribuidora Norte", got.ID, "--remove", "--reason", "ended")
		s.json(&got, "org", "show", got.ID)
		require.Empty(t, got.DistributorIDs)
		rename := []string{"--id", got.ID, "--country", "CL", "--kind", "reseller", "--reason", "renamed"}
		s.must(append([]string{"org", "set", "Andina Telecom SpA"}, rename...)...)
		require.Contains(t, s.must("org", "show", got.ID), "Andina Telecom SpA")
		require.Equal(t, exitRefused, s.run(append([]string{"org", "set", "Andina Telecom Ltda"}, rename...)...),
			"another has this name")
	})
}
