package portal

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

var secretOnPage = regexp.MustCompile(`rct_[A-Za-z0-9_-]{43}`)

// An administrator makes the account's tokens, sees each secret once, and ends them;
// nobody of another account and no reader does.
func TestR42_AnAdministratorMakesTheAccountsTokens(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g, inv := w.admin()
		require.Contains(t, g.get("/account").body, `href="/tokens"`)
		require.Equal(t, 422, g.post("/tokens", "label", " ", "role", "CUSTOMER_ADMIN").status)
		require.Equal(t, 400, g.post("/tokens", "label", "x", "role", "OPERATOR_LEAD").status)

		page := g.post("/tokens", "label", "Room booking", "role", "CUSTOMER_ADMIN")
		require.Equal(t, 200, page.status)
		secret := secretOnPage.FindString(page.body)
		token, err := w.TokenBySecret(w.Context, secret)
		require.NoError(t, err)
		require.Equal(t, rules.CustomerAdmin, token.Role)
		require.Equal(t, inv.AccountID, *token.AccountID)
		require.Equal(t, rules.ScopesFor(rules.CustomerAdmin), splitScopes(token.Scopes))

		list := g.get("/tokens").body
		require.Contains(t, list, "Room booking")
		require.NotContains(t, list, secret)
		reader := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
		require.Equal(t, 403, reader.get("/tokens").status)
		require.NotContains(t, reader.get("/account").body, `href="/tokens"`)

		require.Equal(t, 404, g.post("/tokens/"+db.NewID(db.PrefixToken)+"/revoke").status)
		require.Equal(t, "/tokens", g.post("/tokens/"+token.ID+"/revoke").path)
		_, err = w.TokenBySecret(w.Context, secret)
		require.ErrorIs(t, err, identity.ErrBadToken)
		w.AuditHolds(t)
	})
}

// A token of another account is not found, and stays.
func TestC5_TokensOfAnotherAccountStay(t *testing.T) {
	w := newWorld(t)
	g, inv := w.admin()
	acc, err := w.GetAccount(w.Context, inv.AccountID)
	require.NoError(t, err)
	foreign, secret, err := w.CreateToken(w.Context, identity.NewToken{
		OrgID: acc.ParentOrgID, Role: rules.OperatorAgent, Label: "desk",
		ExpiresAt: db.RealNow().AddDate(0, 0, 1),
	})
	require.NoError(t, err)
	require.Equal(t, 404, g.post("/tokens/"+foreign.ID+"/revoke").status)
	_, err = w.TokenBySecret(w.Context, secret)
	require.NoError(t, err)
	require.NotContains(t, g.get("/tokens").body, "desk")
}

func splitScopes(text string) []string { return regexp.MustCompile(`\S+`).FindAllString(text, -1) }
