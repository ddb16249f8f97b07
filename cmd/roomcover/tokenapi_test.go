package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Tokens are made and ended by the API as well, by a token that may: the secret is shown once, on
// the last line, and never said as an argument.
func TestTokensByTheAPI(t *testing.T) {
	env := storetest.SQLite(t)
	s := service(t, env)
	env.Reseller(t, "Revenda Sul Ltda")
	create := []string{"token", "create", "--org", "Revenda Sul Ltda", "--label", "order system", "--days", "30"}

	_, lead, err := env.CreateToken(env.Context, identity.NewToken{
		OrgID:     account.OperatorOrgID,
		Role:      rules.OperatorLead,
		Label:     "lead",
		Scopes:    api.ScopesFor(rules.OperatorLead),
		ExpiresAt: time.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	t.Setenv("ROOMCOVER_TOKEN", lead)

	out := strings.TrimSpace(s.must(create...))
	secret := out[strings.LastIndex(out, "\n")+1:]
	token, err := env.TokenBySecret(env.Context, secret)
	require.NoError(t, err)
	require.Equal(t, rules.Reseller, token.Role)
	require.WithinDuration(t, time.Now().AddDate(0, 0, 30), token.ExpiresAt, 2*time.Hour)

	list := s.must("token", "list")
	require.Contains(t, list, "order system")
	require.Contains(t, list, "Revenda Sul Ltda")
	require.NotContains(t, list, secret)
	s.must("token", "revoke", token.ID)
	_, err = env.TokenBySecret(env.Context, secret)
	require.Error(t, err)
	require.NotContains(t, s.must("token", "list"), "order system")

	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.must("token", "list", "--all", "--json")), &all))
	require.Len(t, all, 3)
}
