package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/rules"
)

// txt is a name service: the records of domains.
type txt map[string][]string

func (r txt) TXT(_ context.Context, domain string) ([]string, error) { return r[domain], nil }

// OwnSignIn has the organisation of an account sign its people in by a provider of its own, for
// the mail domain that it proves; nobody asks the provider.
func (e Env) OwnSignIn(t testing.TB, accountID, domain string) sso.Connection {
	t.Helper()
	ctx := Customer(accountID)
	d, err := e.SSO.AddDomain(ctx, accountID, domain)
	require.NoError(t, err)
	_, err = e.SSO.CheckDomain(ctx, accountID, d.ID, txt{d.Domain: {d.Record()}})
	require.NoError(t, err)
	c, err := e.SSO.Draft(ctx, accountID, sso.OIDC)
	require.NoError(t, err)
	c, err = e.SSO.Configure(ctx, accountID, c.ID, sso.Provider{
		Issuer:   "https://idp." + domain,
		ClientID: "roomcover",
		Secret:   "hush",
	})
	require.NoError(t, err)
	require.NoError(t, e.SSO.Rehearsed(ctx, accountID, c.ID, c))
	c, err = e.SSO.Enable(ctx, accountID, c.ID)
	require.NoError(t, err)
	return c
}

// OnlyOwnSignIn has the organisation of a covered account let people in by its own sign-in alone
// (S49). The covered account's administrator is its only break-glass administrator, and another
// person administers it beside them.
func (e Env) OnlyOwnSignIn(t testing.TB, c Covered) sso.Connection {
	t.Helper()
	con := e.OwnSignIn(t, c.Account, rules.EmailDomain(c.Admin.Email))
	inv, err := e.Invite(e.Context, identity.NewInvite{
		AccountID:   c.Account,
		Email:       "bea@" + rules.EmailDomain(c.Admin.Email),
		ContactName: "Bea Prado",
		Role:        identity.RoleAdmin,
		Kind:        identity.InvitationForColleague,
	})
	require.NoError(t, err)
	e.Join(t, inv)

	ctx := db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{c.Account},
		Actor:      db.Actor{ID: c.Admin.ID, Role: rules.CustomerAdmin},
	})
	require.NoError(t, e.Exec("UPDATE users SET password_hash = 'a hash', totp_secret = 'sealed' "+
		"WHERE id = '"+c.Admin.ID+"'"))
	require.NoError(t, e.SSO.ProveBreakGlass(ctx, c.Account))
	_, err = e.SSO.SignIn(e.Context, con.ID, sso.Verified{
		Issuer:  "https://idp." + rules.EmailDomain(c.Admin.Email),
		Subject: "1",
		Email:   c.Admin.Email,
		Name:    c.Admin.Name,
	}, "", "en")
	require.NoError(t, err)
	con, err = e.SSO.Enforce(ctx, c.Account, con.ID)
	require.NoError(t, err)
	return con
}
