package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// acting is the context of the partner's person at the customer, as a request reads it.
func (s sides) acting(t *testing.T, env storetest.Env) context.Context {
	t.Helper()
	require.NoError(t, env.Exec("UPDATE users SET totp_secret = 'sealed' WHERE id = '"+s.pia.ID+"'"))
	d, err := env.DelegatedTo(env.Context, s.pia.ID, s.customer)
	require.NoError(t, err)
	return db.WithScope(context.Background(), d.Scope(d.Actor(s.pia.ID, "", "")))
}

func roomAt(accountID, name, site string) entitlement.NewRoom {
	return entitlement.NewRoom{
		AccountID: accountID,
		Form: licensing.RoomForm{
			Name: name, Site: site, Country: "BR", Region: "SP", Platform: rules.PlatformOther,
		},
	}
}

// R41d: what a request was let in for is not written behind the end, however slow it was: not
// after it, and not while it is under way.
func TestR41d_WhatIsUnderWayWritesNothingBehindTheEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := twoSides(t, env)
		terms := identity.DelegationTerms{Role: identity.RoleAdmin, Days: 30}
		d := s.delegated(t, env, terms)
		slow := s.acting(t, env)
		_, err := env.CreateRoom(slow, roomAt(s.customer, "Sala 1", "HQ"))
		require.NoError(t, err)

		if env.DB.Postgres() { // SQLite has one writer at a time
			ended := make(chan error, 1)
			err := env.DB.Write(slow, func(tx *db.Tx) error {
				go func() {
					_, err := env.EndDelegation(admin(s.customer, s.ana), d.ID, "")
					ended <- err
				}()
				select {
				case err := <-ended:
					t.Errorf("the end did not wait for what is under way: %v", err)
				case <-time.After(300 * time.Millisecond):
				}
				return nil
			})
			require.NoError(t, err)
			require.NoError(t, <-ended)
		} else {
			require.NoError(t, endAgain(env, admin(s.customer, s.ana), d.ID))
		}

		_, err = env.CreateRoom(slow, roomAt(s.customer, "Sala 2", "HQ"))
		storetest.RequireCode(t, rules.NotFound, err)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM rooms"))
		s.delegated(t, env, terms)
		_, err = env.CreateRoom(slow, roomAt(s.customer, "Sala 2", "HQ"))
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

// S51: the customer names sites when it asks, when it accepts, and at any time; what was let in
// for others writes nothing any more.
func TestS51_TheCustomerDecidesOnTheSites(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		s := twoSides(t, env)
		ana, pia := admin(s.customer, s.ana), admin(s.home, s.pia)
		for name, site := range map[string]string{"Sala 1": "HQ", "Sala 2": "São  José", "Sala 3": "sao jose"} {
			_, err := env.CreateRoom(env.Context, roomAt(s.customer, name, site))
			require.NoError(t, err)
		}
		terms := identity.DelegationTerms{Role: identity.RoleAdmin, Days: 30}
		terms.Sites = []string{"Nowhere"}
		_, err := env.AskPartner(ana, s.customer, "Parceira Ltda", terms)
		storetest.RequireCode(t, rules.ValidationFailed, err)

		require.NoError(t, env.AskCustomer(pia, s.home, s.ana.Email, terms))
		asked, err := env.DelegationsOf(ana, s.customer)
		require.NoError(t, err)
		require.Empty(t, asked[0].Sites(), "a partner names none")
		d, err := env.AnswerDelegation(ana, asked[0].ID, true, "SAO JOSE")
		require.NoError(t, err)
		require.Len(t, d.Sites(), 1)

		scope := s.acting(t, env)
		rooms, _, err := env.ListRooms(scope, entitlement.RoomFilter{AccountID: s.customer})
		require.NoError(t, err)
		require.Len(t, rooms, 2, "however the rooms spell it")
		_, err = env.CreateRoom(scope, roomAt(s.customer, "Sala 4", "HQ"))
		storetest.RequireCode(t, rules.NotFound, err)
		r, err := env.CreateRoom(scope, roomAt(s.customer, "Sala 4", "SÃO JOSÉ"))
		require.NoError(t, err)
		form := licensing.RoomForm{
			Name: "Sala 4", Site: "HQ", Country: "BR", Region: "SP", Platform: rules.PlatformOther,
		}
		_, err = env.ChangeRoom(s.acting(t, env), r.ID, form, 0, "")
		storetest.RequireCode(t, rules.NotFound, err)

		_, err = env.LimitDelegation(pia, d.ID, nil)
		storetest.RequireCode(t, rules.Forbidden, err)
		for range 2 { // again it changes nothing
			_, err = env.LimitDelegation(ana, d.ID, []string{"hq"})
			require.NoError(t, err)
		}
		_, err = env.CreateRoom(scope, roomAt(s.customer, "Sala 5", "São José"))
		storetest.RequireCode(t, rules.NotFound, err)
		_, err = env.LimitDelegation(ana, d.ID, nil)
		require.NoError(t, err)
		rooms, _, err = env.ListRooms(s.acting(t, env), entitlement.RoomFilter{AccountID: s.customer})
		require.NoError(t, err)
		require.Len(t, rooms, 4)
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'delegation.limited'"))

		// As many as the account has: each is looked up, and one that is not there is refused.
		var many []string
		for i := range 120 {
			many = append(many, env.Site(t, s.customer, fmt.Sprintf("Filial %03d", i), "BR", "SP").Name)
		}
		d, err = env.LimitDelegation(ana, d.ID, many)
		require.NoError(t, err)
		require.Equal(t, many, d.Sites())
		sites, _, err := env.ListSites(s.acting(t, env), s.customer, db.Page{Limit: 200})
		require.NoError(t, err)
		require.Len(t, sites, len(many))
		_, err = env.LimitDelegation(ana, d.ID, append(many, "Filial 999"))
		storetest.RequireCode(t, rules.ValidationFailed, err)
		env.AuditHolds(t)
	})
}
