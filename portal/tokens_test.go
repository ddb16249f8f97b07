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

		require.Equal(t, 404, g.post("/tokens/"+db.NewID(db.PrefixToken)+"/revoke", "confirmed", "yes").status)
		require.Equal(t, "/tokens", g.post("/tokens/"+token.ID+"/revoke", "confirmed", "yes").path)
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
	require.Equal(t, 404, g.post("/tokens/"+foreign.ID+"/revoke", "confirmed", "yes").status)
	_, err = w.TokenBySecret(w.Context, secret)
	require.NoError(t, err)
	require.NotContains(t, g.get("/tokens").body, "desk")
}

// The doors of the portal at which a name comes in.
func TestS64_NamesAreNotMessagesInThePortal(t *testing.T) {
	w := newWorld(t)
	g, inv := w.admin()
	for _, name := range []string{"Pay at https://evil.example", "Ana www.x.example", "See evil.com"} {
		r := g.post("/colleagues", "name", name, "email", "rui@acme.example", "role", "READ_ONLY")
		require.Equal(t, 422, r.status, name)
		require.Contains(t, r.body, "without a web or e-mail address")
	}
	require.Empty(t, w.Strings(t, "SELECT id FROM invitations WHERE email = 'rui@acme.example'"))

	pending := w.pending(inv.AccountID, "eva@acme.example")
	eva := w.guest()
	eva.get(w.link(pending))
	eva.post("/invitation")
	eva.post("/invitation/code", "code", w.code())
	r := eva.post("/invitation/person", "name", "Eva www.x.example", "password", goodPassword)
	require.Equal(t, 422, r.status)
	require.Equal(t, "/", eva.post("/invitation/person", "name", "Eva", "password", goodPassword).path)
}

// Sending one invitation again and again, or inviting and withdrawing in a loop, ends
// after five mails to the person in a day.
func TestS64_InvitationsFromThePortalAreBounded(t *testing.T) {
	w := newWorld(t)
	g, inv := w.admin()
	refused := 0
	for range 10 {
		r := g.post("/colleagues", "name", "Stranger", "email", "stranger@else.example",
			"role", "READ_ONLY")
		if r.status == 429 {
			require.Contains(t, r.body, "spam folder")
			require.Regexp(t, `^8\d{4}$`, r.header.Get("Retry-After"))
			refused++
			continue
		}
		require.Equal(t, 200, r.status)
		id := w.latestInvitation("stranger@else.example").ID
		g.post("/colleagues/invitations/"+id+"/revoke", "confirmed", "yes")
	}
	require.Equal(t, 5, refused)

	pending := w.pending(inv.AccountID, "eva@acme.example")
	for range 10 {
		g.post("/colleagues/invitations/" + w.latestInvitation("eva@acme.example").ID + "/resend")
	}
	require.Equal(t, 5, w.Count(t,
		"SELECT count(*) FROM notifications WHERE recipient = 'eva@acme.example'"))
	require.Equal(t, rules.InvitationWasReplaced, w.state(pending.ID))
}

func splitScopes(text string) []string { return regexp.MustCompile(`\S+`).FindAllString(text, -1) }

// A key outlives the session, so an open screen is not enough to make one: the password is
// asked once ten minutes have passed since it was typed, within the bounds of a sign-in.
func TestTokens_AnOpenScreenMakesNoKey(t *testing.T) {
	w := newWorld(t)
	g, inv := w.admin()
	require.NotContains(t, g.get("/tokens").body, `name="password"`, "typed a moment ago")

	w.portal.freshFor = 0
	require.Contains(t, g.get("/tokens").body, `name="password"`)
	form := []string{"label", "Booking", "role", "CUSTOMER_ADMIN"}
	for _, typed := range [][]string{nil, {"password", ""}, {"password", "a guess"}} {
		r := g.post("/tokens", append(form, typed...)...)
		require.Equal(t, 422, r.status)
		require.Contains(t, r.body, "password-problem")
		require.Contains(t, r.body, `value="Booking"`, "what was typed stays")
	}
	require.Zero(t, w.Count(t, "SELECT count(*) FROM api_tokens WHERE account_id = '"+inv.AccountID+"'"))
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'user.sign_in_failed'"))

	require.Regexp(t, secretOnPage, g.post("/tokens", append(form, "password", goodPassword)...).body)
	for range signInsEach {
		g.post("/tokens", append(form, "password", "a guess")...)
	}
	require.Equal(t, 429, g.post("/tokens", append(form, "password", goodPassword)...).status)
	require.Contains(t, g.get("/tokens").body, `href="/tokens" aria-current="page"`, "it stands in the menu")
}
