package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// Who did what for whom is read by the names that people know, and never by bare ids alone.
func TestTheAuditFromTheCommandLine(t *testing.T) {
	t.Setenv("TZ", "UTC")
	env := storetest.SQLite(t)
	s := service(t, env)
	require.Equal(t, exitRefused, s.run("audit", "list"), "an agent may not")
	_, secret, err := env.CreateToken(env.Context, identity.NewToken{
		OrgID:     account.OperatorOrgID,
		Role:      rules.OperatorLead,
		Label:     "the lead's",
		Scopes:    api.ScopesFor(rules.OperatorLead),
		ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	t.Setenv("ROOMCOVER_TOKEN", secret)
	c := env.Covered(t)
	asked := env.Approved(t, c)
	env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")

	out := s.must("audit", "list", "--thing", asked.Number)
	require.Contains(t, out, "Acme Ltda")
	require.Contains(t, out, "approved")
	require.NotContains(t, out, "Beta Ltda")
	var list []api.AuditEventView
	s.json(&list, "audit", "list", "--account", "Acme Ltda", "--verb", "rma.", "--since", "2026-01-01")
	require.NotEmpty(t, list)
	for _, e := range list {
		require.Equal(t, c.Account, e.AccountID)
	}
	require.Contains(t, s.must("audit", "list", "--until", "2000-01-01"), "The audit has nothing like this.")
	require.Equal(t, exitRefused, s.run("audit", "list", "--person", "nobody at all"))

	var found []api.ProcessView
	s.json(&found, "ps", "--account", "Acme Ltda", "--kind", "rma", "--state", "approved")
	require.Len(t, found, 1)
	require.Equal(t, processes.RMA, found[0].Kind)
	require.NotContains(t, s.must("ps", "--account", "Beta Ltda", "--stuck"), asked.Number)
}
