package scim_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// idsOf are the ids on a page.
func (r reply) idsOf() (ids []string) {
	all, _ := r.body["Resources"].([]any)
	for _, one := range all {
		ids = append(ids, one.(map[string]any)["id"].(string))
	}
	return ids
}

// However the pages are cut, each person stands on one of them, in one order: those whom the
// directory manages and those whom it could.
func TestS50_PagesOfPeopleAddUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		adopted := ""
		for i := range 4 {
			inv, err := w.Invite(storetest.Customer(w.account), identity.NewInvite{
				AccountID: w.account, Email: fmt.Sprintf("m%d@acme.example", i), ContactName: "Member",
				Role: identity.RoleReadOnly, Kind: identity.InvitationForColleague,
			})
			require.NoError(t, err)
			_, m := w.Join(t, inv)
			adopted = m.ID
		}
		require.Equal(t, 200, w.patch("/Users/"+adopted, `{"op":"add","path":"nickName","value":"M"}`).status)
		for i := range 5 {
			w.hire("Somebody", fmt.Sprintf("p%d@acme.example", i))
		}

		whole := w.send("GET", "/Users?count=200", "")
		all := whole.idsOf()
		require.Len(t, all, 10)
		require.True(t, slices.IsSorted(all))
		require.EqualValues(t, 10, whole.body["totalResults"])
		for size := 1; size <= 11; size++ {
			var got []string
			for start := 1; start <= 10; start += size {
				r := w.send("GET", fmt.Sprintf("/Users?startIndex=%d&count=%d", start, size), "")
				require.EqualValues(t, 10, r.body["totalResults"])
				got = append(got, r.idsOf()...)
			}
			require.Equal(t, all, got, "pages of %d", size)
		}
		require.Empty(t, w.send("GET", "/Users?startIndex=11", "").idsOf())
		require.Empty(t, w.send("GET", "/Users?count=0", "").idsOf())

		// Each documented filter finds its one, whoever manages the person.
		for _, filter := range []string{
			`userName eq "P3@acme.example"`, `emails[type eq "work"].value eq "m1@ACME.example"`,
			`emails.value eq "m1@acme.example"`, `id eq "` + adopted + `"`, `userName eq "m1@acme.example"`,
			`nickName eq "m"`,
		} {
			r := w.send("GET", "/Users?filter="+url.QueryEscape(filter), "")
			require.EqualValues(t, 1, r.body["totalResults"], filter)
		}
		other := w.send("POST", "/Users", `{"userName":"q1@acme.example","displayName":"Q","externalId":"x-1",
			"emails":[{"value":"q1@acme.example","type":"home","primary":true},
				{"value":"q&1@acme.example","type":"work"}]}`)
		require.Equal(t, 201, other.status, other.raw)
		for _, filter := range []string{
			`externalId eq "x-1"`, `emails[type eq "work"].value eq "q&1@acme.example"`,
		} {
			r := w.send("GET", "/Users?filter="+url.QueryEscape(filter), "")
			require.Equal(t, []string{other.id()}, r.idsOf(), filter)
		}

		var groups []string
		for i := range 5 {
			r := w.send("POST", "/Groups", fmt.Sprintf(`{"displayName":"Team %d","externalId":"g%d"}`, i, i))
			require.Equal(t, 201, r.status)
			groups = append(groups, r.id())
		}
		slices.Sort(groups)
		var got []string
		for start := 1; start <= 5; start += 2 {
			r := w.send("GET", fmt.Sprintf("/Groups?startIndex=%d&count=2", start), "")
			require.EqualValues(t, 5, r.body["totalResults"])
			got = append(got, r.idsOf()...)
		}
		require.Equal(t, groups, got)
		for _, filter := range []string{`displayName eq "team 3"`, `externalId eq "g3"`} {
			r := w.send("GET", "/Groups?excludedAttributes=members&filter="+url.QueryEscape(filter), "")
			require.EqualValues(t, 1, r.body["totalResults"], filter)
		}
	})
}

// An organisation has as many people and groups as are kept, and a search that no index knows
// looks through as many as it may: beyond that the directory reads what to do.
func TestS50_WhatADirectoryNamesIsBounded(t *testing.T) {
	w := newTown(t, storetest.Postgres(t))
	w.hire("First", "first@acme.example")
	require.NoError(t, w.Exec(`INSERT INTO users
		SELECT copy.* FROM users u, generate_series(1, 19999) n,
			LATERAL jsonb_populate_record(u, jsonb_build_object(
				'id', 'usr_many' || n, 'email', 'many' || n || '@acme.example')) copy
		WHERE u.id = (SELECT min(id) FROM users)`))
	require.NoError(t, w.Exec(`INSERT INTO scim_people
		SELECT copy.* FROM scim_people p, generate_series(1, 19999) n,
			LATERAL jsonb_populate_record(p, jsonb_build_object(
				'id', 'scp_many' || n, 'user_id', 'usr_many' || n, 'name_key', 'many' || n,
				'email', 'many' || n || '@acme.example')) copy`))
	require.NoError(t, w.Exec("ANALYZE scim_people"))

	r := w.send("POST", "/Users", `{"userName":"more@acme.example","displayName":"More"}`)
	require.Equal(t, 400, r.status)
	require.Equal(t, "tooMany", r.body["scimType"])
	require.Contains(t, r.body["detail"], "20,000 users")

	r = w.send("GET", "/Users?filter="+url.QueryEscape(`nickName eq "m"`), "")
	require.Equal(t, 400, r.status)
	require.Equal(t, "tooMany", r.body["scimType"])
	require.Contains(t, r.body["detail"], "userName")

	w.Statements.Reset()
	r = w.send("GET", "/Users?startIndex=19900&count=100", "")
	require.Len(t, r.idsOf(), 100)
	require.LessOrEqual(t, len(w.Statements.List()), 14)
	r = w.send("GET", "/Users?filter="+url.QueryEscape(`userName eq "first@acme.example"`), "")
	require.EqualValues(t, 1, r.body["totalResults"])
}

// A token is the organisation's: it works on when its maker leaves, and says so to the others.
func TestS50_ATokenOutlivesItsMaker(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		ctx := db.WithScope(t.Context(), db.Scope{
			AccountIDs: []string{w.account},
			Actor:      db.Actor{ID: w.ana.UserID, Role: rules.CustomerAdmin},
		})
		token, secret, err := w.Provisioning.CreateToken(ctx, w.account, "once_ana")
		require.NoError(t, err)
		left := func() bool {
			settings, err := w.Provisioning.SettingsOf(storetest.Customer(w.account), w.account)
			require.NoError(t, err)
			for _, one := range settings.Tokens {
				if one.ID == token.ID {
					return one.MakerLeft
				}
			}
			require.Fail(t, "the token is gone")
			return false
		}
		require.False(t, left())
		require.Equal(t, 200, w.patch("/Users/"+w.ana.ID, off).status)
		require.True(t, left())
		require.Equal(t, 200, w.sendAs(secret, "GET", "/Users", "").status)
	})
}
