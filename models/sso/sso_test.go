package sso_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const issuer = "https://idp.acme.example"

// records is a name service.
type records map[string][]string

func (r records) TXT(_ context.Context, domain string) ([]string, error) { return r[domain], nil }

// adminOf is a context of a person who administers an account.
func adminOf(u identity.User, accountID string) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{accountID},
		Actor:      db.Actor{ID: u.ID, Role: rules.CustomerAdmin},
	})
}

// proved claims and proves a domain for the account's organisation.
func proved(t *testing.T, env storetest.Env, c storetest.Covered, domain string) sso.Domain {
	t.Helper()
	ctx := adminOf(c.Admin, c.Account)
	d, err := env.SSO.AddDomain(ctx, c.Account, domain)
	require.NoError(t, err)
	d, err = env.SSO.CheckDomain(ctx, c.Account, d.ID, records{d.Domain: {d.Record()}})
	require.NoError(t, err)
	return d
}

// enabled sets a connection of the account's organisation up, and enables it.
func enabled(t *testing.T, env storetest.Env, c storetest.Covered, domain string) sso.Connection {
	t.Helper()
	ctx := adminOf(c.Admin, c.Account)
	proved(t, env, c, domain)
	con, err := env.SSO.Draft(ctx, c.Account, sso.OIDC)
	require.NoError(t, err)
	con, err = env.SSO.Configure(ctx, c.Account, con.ID, sso.Provider{
		Issuer: issuer, ClientID: "roomcover", Secret: "hush",
	})
	require.NoError(t, err)
	require.NoError(t, env.SSO.Rehearsed(ctx, c.Account, con.ID, con))
	con, err = env.SSO.Enable(ctx, c.Account, con.ID)
	require.NoError(t, err)
	require.Equal(t, sso.Enabled, con.State)
	return con
}

func verified(subject, email string) sso.Verified {
	return sso.Verified{Issuer: issuer, Subject: subject, Email: email, Name: "Somebody"}
}

func TestS48_AnAddressBindsTheFirstTimeAndInsideAProvedDomainOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		theirs := enabled(t, env, beta, "beta.example")
		ctx := env.Context

		// The first time the address finds the person, later the subject does.
		u, err := env.SSO.SignIn(ctx, con.ID, verified("1", "Ana.Souza@ACME.example"), "", "en")
		require.NoError(t, err)
		require.Equal(t, acme.Admin.ID, u.User.ID)
		u, err = env.SSO.SignIn(ctx, con.ID, verified("1", "ana.married@acme.example"), "", "en")
		require.NoError(t, err)
		require.Equal(t, acme.Admin.ID, u.User.ID)

		// Another subject with the address is another person.
		_, err = env.SSO.SignIn(ctx, con.ID, verified("2", acme.Admin.Email), "", "en")
		storetest.RequireCode(t, sso.OtherPerson, err)

		// The domain is asked at every sign-in, also of somebody who is known.
		for _, address := range []string{
			"bia@beta.example", "ana@sub.acme.example", "ana@acme.example.evil.example", "ana", "",
		} {
			_, err = env.SSO.SignIn(ctx, con.ID, verified("1", address), "", "en")
			storetest.RequireCode(t, sso.DomainUnproved, err)
		}

		// The subject of one organisation is nobody at another's connection.
		_, err = env.SSO.SignIn(ctx, theirs.ID, verified("1", acme.Admin.Email), "", "en")
		storetest.RequireCode(t, sso.DomainUnproved, err)
		_, err = env.SSO.SignIn(ctx, theirs.ID, verified("1", "new@beta.example"), "", "en")
		storetest.RequireCode(t, sso.NotInvited, err)

		// An explicit false is never trusted; a missing claim is, and an explicit true.
		no, yes := false, true
		v := verified("1", acme.Admin.Email)
		v.EmailVerified = &no
		_, err = env.SSO.SignIn(ctx, con.ID, v, "", "en")
		storetest.RequireCode(t, sso.Unverified, err)
		v.EmailVerified = &yes
		_, err = env.SSO.SignIn(ctx, con.ID, v, "", "en")
		require.NoError(t, err)

		// Nobody is created.
		_, err = env.SSO.SignIn(ctx, con.ID, verified("9", "new@acme.example"), "", "en")
		storetest.RequireCode(t, sso.NotInvited, err)
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM users"))

		// A domain that is given up lets nobody in any more.
		admin := adminOf(acme.Admin, acme.Account)
		settings, err := env.SSO.SettingsOf(admin, acme.Account)
		require.NoError(t, err)
		require.NoError(t, env.SSO.RemoveDomain(admin, acme.Account, settings.Domains[0].ID))
		_, err = env.SSO.SignIn(ctx, con.ID, verified("1", acme.Admin.Email), "", "en")
		storetest.RequireCode(t, sso.DomainUnproved, err)
		env.AuditHolds(t)
	})
}

// Somebody with an address of the company, whom only another organisation's account knows, is
// nobody at the company's provider: it would let itself into that account.
func TestS48_AProviderSaysWhoTheOwnOrganisationsPeopleAreOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		env.CoveredFor(t, "Beta Ltda", "eva@acme.example", "SN-200")

		out, err := env.SSO.Preview(env.Context, con, verified("3", "eva@acme.example"))
		require.NoError(t, err)
		require.Empty(t, out.User.ID)
		_, err = env.SSO.SignIn(env.Context, con.ID, verified("3", "eva@acme.example"), "", "en")
		storetest.RequireCode(t, sso.NotInvited, err)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM identities"))

		// Who was of the organisation and was removed there comes by its provider no more.
		u, err := env.SSO.SignIn(env.Context, con.ID, verified("1", acme.Admin.Email), "", "en")
		require.NoError(t, err)
		require.NoError(t, env.Exec("UPDATE memberships SET state = 'REMOVED' WHERE user_id = '"+
			u.User.ID+"'"))
		_, err = env.SSO.SignIn(env.Context, con.ID, verified("1", acme.Admin.Email), "", "en")
		storetest.RequireCode(t, sso.NotInvited, err)
	})
}

func TestS48_TwoFirstSignInsAtOnceAreOneIdentity(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		storetest.RequireAll(t, storetest.AtOnce(4, func(int) error {
			_, err := env.SSO.SignIn(env.Context, con.ID, verified("1", acme.Admin.Email), "", "en")
			return err
		}))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM identities"))
	})
}

func TestS48_ADomainIsProvedByOneOrganisation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		ours, theirs := adminOf(acme.Admin, acme.Account), adminOf(beta.Admin, beta.Account)

		// Anybody may claim; the record decides.
		d, err := env.SSO.AddDomain(ours, acme.Account, " @ACME.example. ")
		require.NoError(t, err)
		require.Equal(t, "acme.example", d.Domain)
		again, err := env.SSO.AddDomain(ours, acme.Account, "acme.example")
		require.NoError(t, err)
		require.Equal(t, d.ID, again.ID)
		claim, err := env.SSO.AddDomain(theirs, beta.Account, "acme.example")
		require.NoError(t, err)
		require.NotEqual(t, d.Token, claim.Token)
		_, err = env.SSO.CheckDomain(ours, acme.Account, d.ID,
			records{"acme.example": {"v=spf1 -all", claim.Record()}})
		storetest.RequireCode(t, sso.RecordMissing, err)
		_, err = env.SSO.CheckDomain(ours, acme.Account, d.ID,
			records{"acme.example": {"v=spf1 -all", d.Record()}})
		require.NoError(t, err)
		_, err = env.SSO.CheckDomain(theirs, beta.Account, claim.ID,
			records{"acme.example": {claim.Record()}})
		storetest.RequireCode(t, sso.DomainTaken, err)

		// Another account's domain is not there, and another role may not.
		_, err = env.SSO.CheckDomain(theirs, beta.Account, d.ID, records{})
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.SSO.AddDomain(theirs, acme.Account, "acme.example")
		storetest.RequireCode(t, rules.NotFound, err)
		reader := db.WithScope(context.Background(), db.Scope{
			AccountIDs: []string{acme.Account},
			Actor:      db.Actor{ID: acme.Admin.ID, Role: rules.CustomerReadOnly},
		})
		_, err = env.SSO.AddDomain(reader, acme.Account, "other.example")
		storetest.RequireCode(t, rules.Forbidden, err)

		// A mail provider's domain is nobody's.
		for _, typed := range []string{"gmail.com", "", "acme", "a@b@c", "127.0.0.1", "a b.example"} {
			_, err = env.SSO.AddDomain(ours, acme.Account, typed)
			storetest.RequireCode(t, rules.ValidationFailed, err)
		}

		// An operator proves one with a reason.
		other, err := env.SSO.AddDomain(ours, acme.Account, "acme.test")
		require.NoError(t, err)
		_, err = env.SSO.ProveDomain(storetest.Operator(), other.ID, " ")
		storetest.RequireCode(t, rules.ReasonRequired, err)
		_, err = env.SSO.ProveDomain(ours, other.ID, "mine")
		storetest.RequireCode(t, rules.NotFound, err)
		other, err = env.SSO.ProveDomain(storetest.Operator(), other.ID, "letter of the registrar")
		require.NoError(t, err)
		require.Equal(t, sso.ByOperator, other.ProvedBy)
		_, err = env.SSO.ProveDomain(storetest.Operator(), claim.ID, "letter of the registrar")
		storetest.RequireCode(t, sso.DomainTaken, err)
		env.AuditHolds(t)
	})
}

func TestS48_AConnectionIsEnabledWhenItIsCompleteTriedAndHasADomain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		ctx := adminOf(acme.Admin, acme.Account)
		con, err := env.SSO.Draft(ctx, acme.Account, sso.OIDC)
		require.NoError(t, err)
		same, err := env.SSO.Draft(ctx, acme.Account, sso.OIDC)
		require.NoError(t, err)
		require.Equal(t, con.ID, same.ID)

		enable := func(code string) {
			t.Helper()
			_, err := env.SSO.Enable(ctx, acme.Account, con.ID)
			storetest.RequireCode(t, code, err)
		}
		enable(sso.Incomplete)
		p := sso.Provider{Issuer: issuer, ClientID: "roomcover", Secret: "hush"}
		con, err = env.SSO.Configure(ctx, acme.Account, con.ID, p)
		require.NoError(t, err)
		require.NotContains(t, con.Secret, "hush")
		secret, ok := env.SSO.SecretOf(con)
		require.True(t, ok)
		require.Equal(t, "hush", secret)
		enable(sso.DomainUnproved)
		proved(t, env, acme, "acme.example")
		enable(sso.Unrehearsed)
		require.NoError(t, env.SSO.Rehearsed(ctx, acme.Account, con.ID, con))

		// What was changed since was not tried, and a secret does not follow another issuer.
		con, err = env.SSO.Configure(ctx, acme.Account, con.ID,
			sso.Provider{Issuer: "https://evil.example", ClientID: "roomcover"})
		require.NoError(t, err)
		require.Empty(t, con.Secret)
		enable(sso.Incomplete)
		con, err = env.SSO.Configure(ctx, acme.Account, con.ID, p)
		require.NoError(t, err)
		enable(sso.Unrehearsed)
		_, err = env.SSO.LiveFor(env.Context, acme.Admin.Email)
		storetest.RequireCode(t, sso.NotLive, err)
		require.NoError(t, env.SSO.Rehearsed(ctx, acme.Account, con.ID, con))
		con, err = env.SSO.Enable(ctx, acme.Account, con.ID)
		require.NoError(t, err)

		live, err := env.SSO.LiveFor(env.Context, "Somebody@ACME.example")
		require.NoError(t, err)
		require.Equal(t, con.ID, live.ID)
		_, err = env.SSO.Configure(ctx, acme.Account, con.ID, p)
		storetest.RequireCode(t, rules.StateConflict, err)

		// A second one takes its place, and sessions that began by the first end.
		require.NoError(t, env.PutSession(env.Context, identity.Session{
			TokenHash: "h", UserID: &acme.Admin.ID, ConnectionID: &con.ID, Data: []byte{},
			ExpiresAt: time.Now().Add(time.Hour),
		}))
		second, err := env.SSO.Draft(ctx, acme.Account, sso.OIDC)
		require.NoError(t, err)
		second, err = env.SSO.Configure(ctx, acme.Account, second.ID, p)
		require.NoError(t, err)
		require.NoError(t, env.SSO.Rehearsed(ctx, acme.Account, second.ID, second))
		_, err = env.SSO.Enable(ctx, acme.Account, second.ID)
		require.NoError(t, err)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM sessions"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM sso_connections WHERE state = 'ENABLED'"))
		_, err = env.SSO.SignIn(env.Context, con.ID, verified("1", acme.Admin.Email), "", "en")
		storetest.RequireCode(t, sso.NotLive, err)

		require.NoError(t, env.SSO.TurnOff(ctx, acme.Account, second.ID))
		_, err = env.SSO.LiveBySlug(env.Context, second.Slug)
		storetest.RequireCode(t, sso.NotLive, err)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM sso_connections WHERE secret <> '' AND state = 'OFF'"))
		env.AuditHolds(t)
	})
}

func TestS48_AStateIsTakenOnceByTheBrowserThatBeganIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		con := enabled(t, env, env.Covered(t), "acme.example")
		begin := func() string {
			state, err := env.SSO.Begin(env.Context, sso.Pending{
				ConnectionID: con.ID, Purpose: sso.ToSignIn, Nonce: "n", Verifier: "v",
			}, "browser")
			require.NoError(t, err)
			return state
		}

		state := begin()
		_, err := env.SSO.Take(env.Context, state, "another")
		storetest.RequireCode(t, sso.UnknownState, err)
		p, err := env.SSO.Take(env.Context, state, "browser")
		require.NoError(t, err)
		require.Equal(t, "v", p.Verifier)
		_, err = env.SSO.Take(env.Context, state, "browser")
		storetest.RequireCode(t, sso.UnknownState, err)

		state = begin()
		require.Zero(t, env.Count(t, "SELECT count(*) FROM sso_states WHERE verifier = 'v'"))
		taken := 0
		for _, err := range storetest.AtOnce(4, func(int) error {
			return storetest.SecondOf(env.SSO.Take(env.Context, state, "browser"))
		}) {
			if err == nil {
				taken++
			}
		}
		require.Equal(t, 1, taken)

		state = begin()
		require.NoError(t, env.Exec("UPDATE sso_states SET expires_at = '2020-01-01'"))
		_, err = env.SSO.Take(env.Context, state, "browser")
		storetest.RequireCode(t, sso.UnknownState, err)
		begin()
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM sso_states"))
	})
}

func TestR53c_TheOrganisationsSignInSatisfiesAnInvitation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		con := enabled(t, env, acme, "acme.example")
		inv, err := env.Invite(adminOf(acme.Admin, acme.Account), identity.NewInvite{
			AccountID: acme.Account, Kind: identity.InvitationForColleague,
			Email: "rui@acme.example", ContactName: "Rui", Role: identity.RoleReadOnly,
		})
		require.NoError(t, err)

		// Somebody else of the company: refused, and the invitation stays (R47a).
		_, err = env.SSO.SignIn(env.Context, con.ID, verified("7", "eva@acme.example"), inv.ID, "en")
		storetest.RequireCode(t, rules.InvitationWrongPerson, err)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'invitation.wrong_person'"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM identities"))

		v := verified("8", "RUI@acme.example")
		v.Name = "Rui Lima"
		u, err := env.SSO.SignIn(env.Context, con.ID, v, inv.ID, "en")
		require.NoError(t, err)
		require.Equal(t, "Rui Lima", u.User.Name)
		require.Equal(t, acme.Account, u.AccountID)
		require.Empty(t, u.User.PasswordHash)
		members, err := env.MembersOf(adminOf(acme.Admin, acme.Account), acme.Account)
		require.NoError(t, err)
		require.Len(t, members, 2)

		again, err := env.SSO.SignIn(env.Context, con.ID, v, "", "en")
		require.NoError(t, err)
		require.Equal(t, u.User.ID, again.User.ID)
		env.AuditHolds(t)
	})
}
