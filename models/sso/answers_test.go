package sso_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/sso/saml"
	"roomcover.dev/roomcover/sso/saml/testprovider"
)

const base = "https://portal.test/sso/saml/"

var person = testprovider.Person{Subject: "p-17", Email: "ana.souza@acme.example", Name: "Ana Souza"}

func newProvider(t *testing.T) *testprovider.Provider {
	t.Helper()
	p, err := testprovider.New(testprovider.Options{
		URL:      "https://idp.acme.example",
		Services: base,
		People:   []testprovider.Person{person},
	})
	require.NoError(t, err)
	return p
}

func metadataOf(t *testing.T, p *testprovider.Provider) []byte {
	t.Helper()
	metadata, err := p.Metadata()
	require.NoError(t, err)
	return metadata
}

// draftOf sets a draft by SAML up.
func draftOf(
	t *testing.T, env storetest.Env, c storetest.Covered, p *testprovider.Provider,
) sso.Connection {
	t.Helper()
	ctx := adminOf(c.Admin, c.Account)
	con, err := env.SSO.Draft(ctx, c.Account, sso.SAML)
	require.NoError(t, err)
	con, err = env.SSO.ConfigureSAML(ctx, c.Account, con.ID, sso.Metadata{
		URL: p.MetadataURL(), XML: metadataOf(t, p),
	})
	require.NoError(t, err)
	return con
}

// An assertion is believed once, also where its second copy comes to another process at the same
// moment.
func TestS48_AnAssertionIsBelievedOnceInAllProcesses(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		p := newProvider(t)
		con := draftOf(t, env, acme, p)
		other := env.WithCarrier(t, "")

		asking := func(env storetest.Env) saml.Connection {
			provider, err := env.SSO.ProviderOf(con)
			require.NoError(t, err)
			return saml.Connection{
				Address: base + con.ID, Provider: provider, Replays: env.SSO.ReplaysOf(con.ID),
			}
		}
		request, err := asking(env).NewRequest(false, time.Now())
		require.NoError(t, err)
		address, err := request.Address("state")
		require.NoError(t, err)
		form, err := p.SignIn(address, person)
		require.NoError(t, err)

		var wait sync.WaitGroup
		var mu sync.Mutex
		met := map[saml.Reason]int{}
		for n, process := range []storetest.Env{env, other, env, other} {
			at := asking(process)
			wait.Go(func() {
				in, err := at.Verify(process.Context, form.SAMLResponse, request.Asked, time.Now())
				mu.Lock()
				defer mu.Unlock()
				met[saml.ReasonOf(err)]++
				if err == nil && in.Subject != person.Subject {
					t.Errorf("%d: %v", n, in)
				}
			})
		}
		wait.Wait()
		require.Equal(t, map[saml.Reason]int{"": 1, saml.Replayed: 3}, met)

		// One connection does not use up what another's provider says.
		beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		theirs := draftOf(t, env, beta, p)
		until := time.Now().Add(time.Minute)
		require.NoError(t, env.SSO.ReplaysOf(con.ID).Consume(env.Context, "id-1", until))
		require.NoError(t, other.SSO.ReplaysOf(theirs.ID).Consume(env.Context, "id-1", until))
		require.ErrorIs(t, other.SSO.ReplaysOf(con.ID).Consume(env.Context, "id-1", until),
			saml.ErrReplayed)

		// What would be refused by its age goes, and what counts stays.
		require.NoError(t, env.SSO.Prune(env.Context))
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM sso_assertions"))
		require.NoError(t, env.Exec("UPDATE sso_assertions SET expires_at = '2020-01-01'"))
		require.NoError(t, env.SSO.Prune(env.Context))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM sso_assertions"))
	})
}

// S33: what a sign-in left behind goes as soon as it is over.
func TestS33_WhatCameOfSignInsIsPruned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		con := draftOf(t, env, env.Covered(t), newProvider(t))
		_, err := env.SSO.Begin(env.Context, sso.Pending{
			ConnectionID: con.ID, Purpose: sso.ToSignIn, RequestID: "id-1",
		}, "browser")
		require.NoError(t, err)
		until := time.Now().Add(time.Minute)
		require.NoError(t, env.SSO.ReplaysOf(con.ID).Consume(env.Context, "id-1", until))

		require.NoError(t, env.SSO.Prune(env.Context))
		for _, table := range []string{"sso_states", "sso_assertions"} {
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM "+table), table)
			require.NoError(t, env.Exec("UPDATE "+table+" SET expires_at = '2020-01-01'"))
		}
		require.NoError(t, env.SSO.Prune(env.Context))
		for _, table := range []string{"sso_states", "sso_assertions"} {
			require.Zero(t, env.Count(t, "SELECT count(*) FROM "+table), table)
		}
	})
}

// A provider's answer waits, encrypted, for the browser that began: once, and for no other.
func TestS48_AnAnswerWaitsForItsBrowser(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		con := draftOf(t, env, env.Covered(t), newProvider(t))
		ctx := env.Context
		begin := func() (state string, p sso.Pending) {
			state, err := env.SSO.Begin(ctx, sso.Pending{
				ConnectionID: con.ID, Purpose: sso.ToSignIn, RequestID: "id-1",
			}, "browser")
			require.NoError(t, err)
			p, err = env.SSO.Asked(ctx, state)
			require.NoError(t, err)
			require.Equal(t, "id-1", p.RequestID)
			return state, p
		}

		state, p := begin()
		said := sso.Verified{Issuer: "i", Subject: "p-17", Email: person.Email, Name: person.Name}
		require.NoError(t, env.SSO.Answered(ctx, p, said))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM sso_states WHERE answer LIKE '%acme%'"))
		storetest.RequireCode(t, sso.UnknownState, env.SSO.Answered(ctx, p, said))
		_, err := env.SSO.Asked(ctx, state)
		storetest.RequireCode(t, sso.UnknownState, err)

		_, err = env.SSO.Take(ctx, state, "another browser")
		storetest.RequireCode(t, sso.UnknownState, err)
		taken, err := env.SSO.Take(ctx, state, "browser")
		require.NoError(t, err)
		var v sso.Verified
		require.True(t, env.SSO.AnswerOf(taken, &v))
		require.Equal(t, said, v)
		_, err = env.SSO.Take(ctx, state, "browser")
		storetest.RequireCode(t, sso.UnknownState, err)

		// An answer is that of its own state, and there is none before it came.
		state, p = begin()
		require.False(t, env.SSO.AnswerOf(p, &v))
		p.Answer = taken.Answer
		require.False(t, env.SSO.AnswerOf(p, &v))

		require.NoError(t, env.Exec("UPDATE sso_states SET expires_at = '2020-01-01'"))
		_, err = env.SSO.Asked(ctx, state)
		storetest.RequireCode(t, sso.UnknownState, err)
		storetest.RequireCode(t, sso.UnknownState, env.SSO.Answered(ctx, p, said))
		_, err = env.SSO.Asked(ctx, "")
		storetest.RequireCode(t, sso.UnknownState, err)
	})
}

// Metadata is read again each day, and the last good one stays where it is not good any more.
func TestS48_TheLastGoodMetadataStays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		ctx, admin := env.Context, adminOf(acme.Admin, acme.Account)
		p := newProvider(t)
		con := draftOf(t, env, acme, p)
		require.Equal(t, p.EntityID(), con.Issuer)
		require.Equal(t, p.Keys()[0].Certificate.NotAfter, con.CertificatesUntil.UTC())
		require.True(t, con.Complete())

		due, err := env.SSO.MetadataDue(ctx, "", 10)
		require.NoError(t, err)
		require.Empty(t, due)
		long := func() {
			require.NoError(t, env.Exec("UPDATE sso_connections SET metadata_read_at = '2026-01-01'"))
		}
		long()
		due, err = env.SSO.MetadataDue(ctx, "", 10)
		require.NoError(t, err)
		require.Len(t, due, 1)
		due, err = env.SSO.MetadataDue(ctx, con.ID, 10)
		require.NoError(t, err)
		require.Empty(t, due, "those behind it")

		// Nothing that is worse takes its place.
		elsewhere, err := testprovider.New(testprovider.Options{URL: "https://other.example"})
		require.NoError(t, err)
		for _, worse := range []struct {
			metadata []byte
			reason   saml.Reason
		}{
			{[]byte("<html></html>"), saml.Malformed},
			{nil, saml.Malformed},
			{metadataOf(t, elsewhere), saml.Issuer},
		} {
			err := env.SSO.Refresh(ctx, con, worse.metadata)
			require.Equal(t, string(worse.reason), string(saml.ReasonOf(err)))
		}
		same, err := env.SSO.Get(admin, acme.Account, con.ID)
		require.NoError(t, err)
		require.Equal(t, con.MetadataXML, same.MetadataXML)

		// The same again is no change, another key is one that is written down; neither needs
		// another rehearsal.
		changes := func() int {
			return env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'connection.metadata_changed'")
		}
		require.NoError(t, env.SSO.Refresh(ctx, con, metadataOf(t, p)))
		require.Zero(t, changes())
		next, err := testprovider.NewKey(time.Now().Add(-time.Hour), 900*24*time.Hour)
		require.NoError(t, err)
		p.SetKeys(p.Keys()[0], next)
		require.NoError(t, env.SSO.Refresh(ctx, con, metadataOf(t, p)))
		require.Equal(t, 1, changes())
		fresh, err := env.SSO.Get(admin, acme.Account, con.ID)
		require.NoError(t, err)
		require.Equal(t, next.Certificate.NotAfter, fresh.CertificatesUntil.UTC())
		require.Equal(t, con.Version, fresh.Version)
		require.Equal(t, con.ChangedAt.Unix(), fresh.ChangedAt.Unix())
		provider, err := env.SSO.ProviderOf(fresh)
		require.NoError(t, err)
		require.Len(t, provider.Certificates, 2)

		// The round over all that is due goes on behind one that does not answer.
		beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		draftOf(t, env, beta, p)
		long()
		var asked int
		failed, err := env.SSO.RefreshDue(ctx, func(context.Context, string) ([]byte, error) {
			asked++
			if asked == 1 {
				return nil, &saml.Refusal{Reason: saml.Unreachable}
			}
			return p.Metadata()
		})
		require.NoError(t, err)
		require.Equal(t, 2, asked)
		require.Equal(t, 1, failed)
		due, err = env.SSO.MetadataDue(ctx, "", 10)
		require.NoError(t, err)
		require.Len(t, due, 1, "the one that failed has its turn again")

		// One that was switched off is not asked for any more, nor changed.
		require.NoError(t, env.SSO.TurnOff(admin, acme.Account, con.ID))
		long()
		due, err = env.SSO.MetadataDue(ctx, "", 10)
		require.NoError(t, err)
		require.Len(t, due, 1)
		require.NotEqual(t, con.ID, due[0].ID)
		p.SetKeys(next)
		require.NoError(t, env.SSO.Refresh(ctx, con, metadataOf(t, p)))
		require.Equal(t, 1, changes())
	})
}

// Only who looks after the sign-in gives its metadata, and only for a draft.
func TestS48_MetadataIsGivenByWhoLooksAfterTheSignIn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		acme := env.Covered(t)
		p := newProvider(t)
		con := draftOf(t, env, acme, p)
		admin := adminOf(acme.Admin, acme.Account)
		m := sso.Metadata{URL: p.MetadataURL(), XML: metadataOf(t, p)}

		same, err := env.SSO.ConfigureSAML(admin, acme.Account, con.ID, m)
		require.NoError(t, err)
		require.Equal(t, con.Version, same.Version, "again it changes nothing")

		_, err = env.SSO.ConfigureSAML(admin, acme.Account, con.ID, sso.Metadata{XML: []byte("<a/>")})
		require.Equal(t, saml.Malformed, saml.ReasonOf(err))

		beta := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		_, err = env.SSO.ConfigureSAML(adminOf(beta.Admin, beta.Account), beta.Account, con.ID, m)
		storetest.RequireCode(t, "NOT_FOUND", err)
		_, err = env.SSO.ConfigureSAML(db.WithScope(t.Context(), db.Scope{
			AccountIDs: []string{acme.Account},
			Actor:      db.Actor{ID: acme.Admin.ID, Role: "CUSTOMER_READ_ONLY"},
		}), acme.Account, con.ID, m)
		storetest.RequireCode(t, "FORBIDDEN", err)

		proved(t, env, acme, "acme.example")
		require.NoError(t, env.SSO.Rehearsed(admin, acme.Account, con.ID, con))
		con, err = env.SSO.Enable(admin, acme.Account, con.ID)
		require.NoError(t, err)
		_, err = env.SSO.ConfigureSAML(admin, acme.Account, con.ID, sso.Metadata{XML: m.XML})
		storetest.RequireCode(t, "STATE_CONFLICT", err)
	})
}
