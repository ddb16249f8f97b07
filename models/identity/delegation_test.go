package identity_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// sides are a customer and a service partner with an administrator each.
type sides struct {
	customer, home string // accounts
	partner        string // organisation
	ana, pia       identity.User
}

func twoSides(t *testing.T, env storetest.Env) sides {
	t.Helper()
	seller := env.Reseller(t, "Revenda Sul")
	bought := func(po, company, email string) (string, identity.User) {
		o := env.Fulfilled(t, seller, storetest.FormFor(po, company, email))
		env.Join(t, env.InvitationOf(t, o.ID))
		u, err := env.UserByEmail(env.Context, email)
		require.NoError(t, err)
		return *o.AccountID, u
	}

	var s sides
	s.customer, s.ana = bought("PO-1", "Acme Ltda", "ana@acme.example")
	s.home, s.pia = bought("PO-2", "Parceira Ltda", "pia@parceira.example")
	org, err := env.PutOrg(storetest.Operator(), account.OrgChange{
		Kind: account.OrgPartner, Name: "Parceira Ltda", Country: "BR",
	})
	require.NoError(t, err)
	s.partner = org.ID
	for range 2 { // again it changes nothing
		_, err = env.MakePartner(storetest.Operator(), org.ID, s.home, "their contract")
		require.NoError(t, err)
	}
	return s
}

// admin is the context of an administrator of an account.
func admin(accountID string, u identity.User) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{accountID},
		Actor:      db.Actor{ID: u.ID, Role: rules.CustomerAdmin},
	})
}

var yearReadOnly = identity.DelegationTerms{Role: identity.RoleReadOnly, Days: 365}

// delegated is a delegation that the customer asked for and the partner accepted.
func (s sides) delegated(
	t *testing.T, env storetest.Env, terms identity.DelegationTerms,
) identity.Delegation {
	t.Helper()
	d, err := env.AskPartner(admin(s.customer, s.ana), s.customer, "Parceira LTDA", terms)
	require.NoError(t, err)
	d, err = env.AnswerDelegation(admin(s.home, s.pia), d.ID, true)
	require.NoError(t, err)
	return d
}

// R41a, S51: either side asks and the other accepts; nobody accepts what the own side asked for.
func TestR41a_S51_OneSideAsksAndTheOtherAccepts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := twoSides(t, env)
		ana, pia := admin(s.customer, s.ana), admin(s.home, s.pia)

		asked, err := env.AskPartner(ana, s.customer, "Parceira Ltda", yearReadOnly)
		require.NoError(t, err)
		_, err = env.DelegatedTo(env.Context, s.pia.ID, s.customer)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.AnswerDelegation(ana, asked.ID, true)
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.AskPartner(ana, s.customer, "Parceira Ltda", yearReadOnly)
		storetest.RequireCode(t, rules.StateConflict, err)
		mails := env.Mails(t, "delegation")
		require.Len(t, mails, 1)
		require.Equal(t, "pia@parceira.example", mails[0].Recipient)

		for range 2 { // again it changes nothing
			d, err := env.AnswerDelegation(pia, asked.ID, true)
			require.NoError(t, err)
			require.Equal(t, identity.DelegationActive, d.State)
		}
		require.Len(t, env.Mails(t, "delegation"), 3, "both sides read that it holds")
		acts, err := env.DelegatedTo(env.Context, s.pia.ID, s.customer)
		require.NoError(t, err)
		require.Equal(t, rules.PartnerReadOnly, acts.Role())
		_, err = env.EndDelegation(pia, asked.ID, "")
		require.NoError(t, err)

		require.NoError(t, env.AskCustomer(pia, s.home, "Ana@ACME.example", yearReadOnly))
		waits, err := env.DelegationsOf(ana, s.customer)
		require.NoError(t, err)
		require.Equal(t, identity.DelegationProposed, waits[0].State)
		_, err = env.AnswerDelegation(pia, waits[0].ID, true)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.AnswerDelegation(ana, waits[0].ID, true)
		require.NoError(t, err)
		env.AuditHolds(t)
	})
}

// R41c: a partner learns of no customer by asking: the answers are the same, and what it asked
// for is not shown to it before somebody accepts.
func TestR41c_AskingSaysNothingOfWhoIsACustomer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := twoSides(t, env)
		pia := admin(s.home, s.pia)
		for _, email := range []string{"ana@acme.example", "nobody@nowhere.example"} {
			for range 2 {
				require.NoError(t, env.AskCustomer(pia, s.home, email, yearReadOnly))
			}
			seen, err := env.PartnerDelegationsOf(pia, s.home)
			require.NoError(t, err)
			require.Empty(t, seen)
		}
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM delegations"))
		waits, err := env.DelegationsOf(admin(s.customer, s.ana), s.customer)
		require.NoError(t, err)
		_, err = env.EndDelegation(pia, waits[0].ID, "")
		_, missing := env.EndDelegation(pia, "dlg_missing", "")
		require.Equal(t, missing, err)

		_, err = env.AnswerDelegation(admin(s.customer, s.ana), waits[0].ID, false)
		require.NoError(t, err)
		require.Len(t, env.Mails(t, "delegation"), 1, "a refusal tells the partner nothing")
		seen, err := env.PartnerDelegationsOf(pia, s.home)
		require.NoError(t, err)
		require.Empty(t, seen)
	})
}

// R41c: with two delegations somebody of the partner sees exactly two accounts, and any third
// id reads as one that does not exist.
func TestR41b_R41c_TwoDelegationsAreTwoAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := twoSides(t, env)
		s.delegated(t, env, yearReadOnly)
		seller := env.Reseller(t, "Revenda Oeste")
		accounts := map[string]identity.User{}
		for po, email := range map[string]string{
			"PO-3": "bia@beta.example", "PO-4": "caio@gama.example",
		} {
			o := env.Fulfilled(t, seller, storetest.FormFor(po, "Firma "+po, email))
			env.Join(t, env.InvitationOf(t, o.ID))
			u, err := env.UserByEmail(env.Context, email)
			require.NoError(t, err)
			accounts[*o.AccountID] = u
		}
		others := slices.Sorted(maps.Keys(accounts))
		second, third := others[0], others[1]
		d, err := env.AskPartner(admin(second, accounts[second]), second, "Parceira Ltda",
			yearReadOnly)
		require.NoError(t, err)
		_, err = env.AnswerDelegation(admin(s.home, s.pia), d.ID, true)
		require.NoError(t, err)

		customers, err := env.CustomersOf(admin(s.home, s.pia), s.home)
		require.NoError(t, err)
		require.Len(t, customers, 2)
		for _, id := range []string{s.customer, second} {
			_, err := env.DelegatedTo(env.Context, s.pia.ID, id)
			require.NoError(t, err)
		}
		_, err = env.DelegatedTo(env.Context, s.pia.ID, third)
		_, missing := env.DelegatedTo(env.Context, s.pia.ID, "acc_missing")
		require.Equal(t, missing, err)
		_, err = env.DelegatedTo(env.Context, s.ana.ID, second)
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

// R41d: whatever ends it, the next reading finds nothing: either side, an operator with a
// reason, time, a partner who left, or a partner that is suspended.
func TestR41d_S51_TheEndHoldsAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := twoSides(t, env)
		ana, pia := admin(s.customer, s.ana), admin(s.home, s.pia)
		acts := func() bool {
			_, err := env.DelegatedTo(env.Context, s.pia.ID, s.customer)
			return err == nil
		}

		for _, ends := range []func(id string) error{
			func(id string) error { _, err := env.EndDelegation(ana, id, ""); return err },
			func(id string) error { _, err := env.EndDelegation(pia, id, ""); return err },
			func(id string) error {
				_, err := env.EndDelegation(storetest.Operator(), id, "")
				storetest.RequireCode(t, rules.ReasonRequired, err)
				_, err = env.EndDelegation(storetest.Operator(), id, "asked by phone, ticket 4")
				return err
			},
		} {
			d := s.delegated(t, env, yearReadOnly)
			require.True(t, acts())
			require.NoError(t, ends(d.ID))
			require.False(t, acts())
			require.NoError(t, endAgain(env, ana, d.ID), "again it changes nothing")
		}

		d := s.delegated(t, env, identity.DelegationTerms{Role: identity.RoleAdmin, Days: 1})
		_, err := env.EndDelegation(admin("acc_other", s.ana), d.ID, "")
		storetest.RequireCode(t, rules.NotFound, err)
		reader := db.WithScope(context.Background(), db.Scope{
			AccountIDs: []string{s.customer},
			Actor:      db.Actor{ID: s.ana.ID, Role: rules.CustomerReadOnly},
		})
		_, err = env.EndDelegation(reader, d.ID, "")
		storetest.RequireCode(t, rules.Forbidden, err)

		require.NoError(t, env.Exec("UPDATE orgs SET suspended = TRUE WHERE id = '"+s.partner+"'"))
		require.False(t, acts())
		require.NoError(t, env.Exec("UPDATE orgs SET suspended = FALSE WHERE id = '"+s.partner+"'"))
		require.True(t, acts())
		require.NoError(t, env.Exec("UPDATE memberships SET state = 'SUSPENDED' WHERE user_id = '"+
			s.pia.ID+"'"))
		require.False(t, acts())
		require.NoError(t, env.Exec("UPDATE memberships SET state = 'ACTIVE' WHERE user_id = '"+
			s.pia.ID+"'"))
		require.NoError(t, env.Exec("UPDATE memberships SET blocked_at = created_at WHERE "+
			"user_id = '"+s.pia.ID+"'"))
		require.False(t, acts(), "the last administrator, whom a directory has blocked")
		listed, err := env.PartnerPeopleOf(ana, s.customer)
		require.NoError(t, err)
		require.Empty(t, listed)
		require.NoError(t, env.Exec("UPDATE memberships SET blocked_at = NULL WHERE user_id = '"+
			s.pia.ID+"'"))

		env.Calendar.Set(d.EndsAt.Add(-time.Second))
		require.True(t, acts())
		env.Calendar.Set(*d.EndsAt)
		require.False(t, acts(), "before any sweep")
		storetest.SweepOnce(t, env)
		seen, err := env.DelegationsOf(ana, s.customer)
		require.NoError(t, err)
		require.Equal(t, identity.DelegationExpired, seen[0].State)
		env.AuditHolds(t)
	})
}

func endAgain(env storetest.Env, ctx context.Context, id string) error {
	_, err := env.EndDelegation(ctx, id, "")
	return err
}

// S51: both sides are reminded 30, 7 and 1 days before the end, once each; a request that nobody
// answers is over after 90 days and makes room for another one.
func TestS51_RemindersAndRequestsThatNobodyAnswers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := twoSides(t, env)
		d := s.delegated(t, env, yearReadOnly)
		require.InDelta(t, 365.5, d.EndsAt.Sub(*d.StartsAt).Hours()/24, 0.6)
		reminded := func() int {
			storetest.SweepOnce(t, env)
			storetest.SweepOnce(t, env)
			return env.Count(t, "SELECT count(*) FROM notifications WHERE subject_id = '"+
				d.ID+"/ENDS'")
		}
		env.Calendar.Set(d.EndsAt.AddDate(0, 0, -31))
		require.Zero(t, reminded())
		for i, days := range []int{30, 7, 1} {
			env.Calendar.Set(d.EndsAt.AddDate(0, 0, -days))
			require.Equal(t, 2*(i+1), reminded())
		}
		env.Calendar.Set(d.EndsAt.Add(time.Hour))
		require.Equal(t, 6, reminded())

		ana := admin(s.customer, s.ana)
		asked, err := env.AskPartner(ana, s.customer, "Parceira Ltda", yearReadOnly)
		require.NoError(t, err)
		env.Calendar.Set(asked.AnswerUntil)
		_, err = env.AnswerDelegation(admin(s.home, s.pia), asked.ID, true)
		storetest.RequireCode(t, rules.StateConflict, err)
		again, err := env.AskPartner(ana, s.customer, "Parceira Ltda", yearReadOnly)
		require.NoError(t, err)
		require.NotEqual(t, asked.ID, again.ID)
	})
}

// S51: from a day to two years, never for ever.
func TestS51_ADelegationHasBounds(t *testing.T) {
	env := storetest.SQLite(t)
	s := twoSides(t, env)
	for _, days := range []int{0, 732} {
		_, err := env.AskPartner(admin(s.customer, s.ana), s.customer, "Parceira Ltda",
			identity.DelegationTerms{Role: identity.RoleAdmin, Days: days})
		storetest.RequireCode(t, rules.ValidationFailed, err)
	}
	for _, days := range []int{1, 731} {
		d, err := env.AskPartner(admin(s.customer, s.ana), s.customer, "Parceira Ltda",
			identity.DelegationTerms{Role: identity.RoleAdmin, Days: days})
		require.NoError(t, err)
		require.NoError(t, endAgain(env, admin(s.customer, s.ana), d.ID))
	}
	_, err := env.AskPartner(admin(s.customer, s.ana), s.customer, "Parceira", yearReadOnly)
	storetest.RequireCode(t, rules.ValidationFailed, err)
}

// S52: an administrator for a customer has a second factor, and is one at home; all others read.
// S50: whom the partner's directory has ended acts for nobody any more, though the membership of
// the last administrator stays (S18).
func TestS50_R41d_WhomThePartnersDirectoryHasEndedActsForNobody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := twoSides(t, env)
		s.delegated(t, env, yearReadOnly)
		_, err := env.DelegatedTo(env.Context, s.pia.ID, s.customer)
		require.NoError(t, err)

		require.NoError(t, env.Exec("UPDATE memberships SET blocked_at = created_at WHERE user_id = '"+
			s.pia.ID+"'"))
		_, err = env.DelegatedTo(env.Context, s.pia.ID, s.customer)
		storetest.RequireCode(t, rules.NotFound, err)
		people, err := env.PartnerPeopleOf(admin(s.customer, s.ana), s.customer)
		require.NoError(t, err)
		require.Empty(t, people)
	})
}

func TestS52_R42_WhoAdministersForACustomerHasASecondFactor(t *testing.T) {
	env := storetest.SQLite(t)
	s := twoSides(t, env)
	s.delegated(t, env, identity.DelegationTerms{Role: identity.RoleAdmin, Days: 30})
	role := func() rules.Role {
		acts, err := env.DelegatedTo(env.Context, s.pia.ID, s.customer)
		require.NoError(t, err)
		return acts.Role()
	}
	require.Equal(t, rules.PartnerReadOnly, role())
	require.NoError(t, env.Exec("UPDATE users SET totp_secret = 'sealed' WHERE id = '"+s.pia.ID+"'"))
	require.Equal(t, rules.PartnerAdmin, role())
	require.NoError(t, env.Exec("UPDATE memberships SET role = 'READ_ONLY' WHERE user_id = '"+
		s.pia.ID+"'"))
	require.Equal(t, rules.PartnerReadOnly, role())
}

// S51, R41c: what waits for an answer waits with the side that answers, and a delegation that ends
// within a week with both; who asked, readers of another account and what is over see none.
func TestS51_R41c_WhatWaitsForASideIsToldToIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := twoSides(t, env)
		ana, pia := admin(s.customer, s.ana), admin(s.home, s.pia)
		waits := func(ctx context.Context, accountID string) (out []identity.Waiting) {
			t.Helper()
			out, err := env.WaitingFor(ctx, "nobody@acme.example", accountID)
			require.NoError(t, err)
			return out
		}
		require.Empty(t, waits(ana, s.customer))

		require.NoError(t, env.AskCustomer(pia, s.home, s.ana.Email, yearReadOnly))
		require.Empty(t, waits(pia, s.home), "it would say who is a customer")
		asked := waits(ana, s.customer)
		require.Len(t, asked, 1)
		require.Equal(t, identity.WaitingPartner, asked[0].Kind)
		require.Equal(t, "Parceira Ltda", asked[0].Other)
		require.False(t, asked[0].Ends())
		require.Empty(t, waits(ana, ""))
		_, err := env.WaitingFor(ana, s.ana.Email, s.home)
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.AnswerDelegation(ana, asked[0].ID, false)
		require.NoError(t, err)
		require.Empty(t, waits(ana, s.customer))

		d, err := env.AskPartner(ana, s.customer, "Parceira Ltda", yearReadOnly)
		require.NoError(t, err)
		require.Empty(t, waits(ana, s.customer))
		offered := waits(pia, s.home)
		require.Len(t, offered, 1)
		require.Equal(t, identity.WaitingCustomer, offered[0].Kind)
		require.Equal(t, "Acme Ltda", offered[0].Other)
		require.True(t, offered[0].Until.Equal(d.AnswerUntil))

		d, err = env.AnswerDelegation(pia, d.ID, true)
		require.NoError(t, err)
		require.Empty(t, waits(pia, s.home))
		env.Calendar.Set(d.EndsAt.AddDate(0, 0, -8))
		require.Empty(t, waits(ana, s.customer))
		env.Calendar.Set(d.EndsAt.AddDate(0, 0, -6))
		for _, ends := range [][]identity.Waiting{waits(ana, s.customer), waits(pia, s.home)} {
			require.Len(t, ends, 1)
			require.True(t, ends[0].Ends())
			require.True(t, ends[0].EndsAt.Equal(*d.EndsAt))
		}
		env.Calendar.Set(*d.EndsAt)
		require.Empty(t, waits(ana, s.customer))
		require.Empty(t, waits(pia, s.home))
	})
}
