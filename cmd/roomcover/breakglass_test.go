package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// While a company enforces its own sign-in, no command takes its last break-glass administrator
// away, and each says what to do first.
func TestS49_TheLastBreakGlassAdministratorStaysByTheCommandLine(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	c := env.Covered(t)
	env.OnlyOwnSignIn(t, c)
	stays := env.CoveredFor(t, "Acme Norte Ltda", "nina@acme.example", "SN-300")
	require.NoError(t, env.Exec("UPDATE accounts SET parent_org_id = (SELECT org_id FROM "+
		"sso_connections) WHERE id = '"+stays.Account+"'"))
	for _, table := range []string{"sso_connections", "sso_domains"} {
		require.NoError(t, env.Exec("UPDATE "+table+" SET account_id = '"+stays.Account+"'"))
	}

	parent := storetest.ParentOf(t, env, c.Order)
	of := []string{c.Admin.Email, "--account", c.Account, "--reason", "left"}
	for name, command := range map[string][]string{
		"suspend": append([]string{"user", "suspend"}, of...),
		"remove":  append([]string{"user", "remove"}, of...),
		"erase": {
			"privacy", "erase", c.Admin.Email, "--confirm", c.Admin.Email, "--reason", "asked for it",
		},
		"split": {
			"org", "split", parent, "--name", "Acme Filial Ltda", "--account", c.Account,
			"--reason", "sold",
		},
	} {
		require.Equal(t, exitRefused, s.run(command...), "%s: %s", name, s.err)
		require.Contains(t, s.err.String(), "Let another administrator prove password", name)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM memberships WHERE role = 'ADMIN' "+
			"AND state = 'ACTIVE' AND user_id = '"+c.Admin.ID+"'"), name)
	}
}
