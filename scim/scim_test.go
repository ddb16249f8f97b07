package scim_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/provisioning"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// Who is deactivated is out at once: sessions, keys and access end in one transaction, and come
// back, but for sessions and keys, with the reactivation.
func TestS50_DeactivationEndsSessionsAndTokens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		id := w.hire("Bruno Lima", "bruno@acme.example")
		require.Equal(t, "READ_ONLY", w.gets("bruno@acme.example"))
		bruno, err := w.UserByEmail(w.Context, "bruno@acme.example")
		require.NoError(t, err)
		require.Equal(t, "Bruno Lima", bruno.Name)
		require.NoError(t, w.PutSession(w.Context, identity.Session{
			TokenHash: "hash of the cookie",
			UserID:    &bruno.ID,
			Data:      []byte{1},
			ExpiresAt: db.RealNow().Add(time.Hour),
		}))
		asBruno := db.WithScope(context.Background(), db.Scope{
			AccountIDs: []string{w.account},
			Actor:      db.Actor{ID: bruno.ID, Role: rules.CustomerAdmin},
		})
		require.NoError(t, w.Exec(`UPDATE memberships SET role = 'ADMIN' WHERE user_id = '`+bruno.ID+`'`))
		_, key, err := w.CreateOwnToken(asBruno, identity.NewOwnToken{
			AccountID: w.account,
			Role:      rules.CustomerReadOnly,
			Label:     "Booking",
			ExpiresAt: db.RealNow().AddDate(0, 0, 1),
		})
		require.NoError(t, err)

		require.Equal(t, 200, w.patch("/Users/"+id, off).status)
		require.Empty(t, w.gets("bruno@acme.example"))
		_, found, err := w.FindSession(w.Context, "hash of the cookie")
		require.NoError(t, err)
		require.False(t, found)
		_, err = w.TokenBySecret(w.Context, key)
		require.ErrorIs(t, err, identity.ErrBadToken)
		require.Empty(t, w.Tasks(t, db.TaskNoAdminReachable), "Ana is there")

		m := w.membership("bruno@acme.example")
		_, err = w.ChangeMembership(storetest.Customer(w.account), m.ID, m.Role,
			rules.MembershipActive, "")
		storetest.RequireCode(t, rules.StateConflict, err)

		require.Equal(t, 200, w.patch("/Users/"+id, on).status)
		require.Equal(t, "ADMIN", w.gets("bruno@acme.example"), "the role stays")
		_, err = w.TokenBySecret(w.Context, key)
		require.ErrorIs(t, err, identity.ErrBadToken, "a key stays ended")
		w.AuditHolds(t)
	})
}

// Who was suspended by hand when the directory ended them had nothing left to block. Nobody lets
// them in by hand for that: the directory does.
func TestS50_WhomTheDirectoryEndedWhileSuspendedStaysOut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		id := w.hire("Bruno Lima", "bruno@acme.example")
		change := func(state rules.MembershipState) error {
			m := w.membership("bruno@acme.example")
			_, err := w.ChangeMembership(storetest.Customer(w.account), m.ID, m.Role, state, "")
			return err
		}
		require.NoError(t, change(rules.MembershipSuspended))
		require.NoError(t, change(rules.MembershipActive), "the directory has nothing against it")
		require.NoError(t, change(rules.MembershipSuspended))

		require.Equal(t, 200, w.patch("/Users/"+id, off).status)
		storetest.RequireCode(t, rules.StateConflict, change(rules.MembershipActive))
		require.Empty(t, w.gets("bruno@acme.example"))
		require.Equal(t, 200, w.patch("/Users/"+id, on).status)
		require.Empty(t, w.gets("bruno@acme.example"), "what a person suspended stays so")
		require.NoError(t, change(rules.MembershipActive))
		require.Equal(t, "READ_ONLY", w.gets("bruno@acme.example"))
		w.AuditHolds(t)
	})
}

func (w *town) membership(email string) identity.Membership {
	w.t.Helper()
	members, err := w.MembersOf(storetest.Customer(w.account), w.account)
	require.NoError(w.t, err)
	for _, m := range members {
		if m.Email == email {
			return m.Membership
		}
	}
	require.Fail(w.t, "no such member")
	return identity.Membership{}
}

// The last administrator's membership stays, lets nobody in, and an operator is asked; whoever
// administers next settles it.
func TestS18_ADirectoryLeavesTheLastAdministratorsMembership(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		bruno := w.hire("Bruno Lima", "bruno@acme.example")
		require.Equal(t, 200, w.patch("/Users/"+w.ana.ID, off).status)
		require.Empty(t, w.gets("ana.souza@acme.example"))
		require.Equal(t, rules.MembershipActive, w.membership("ana.souza@acme.example").State)
		require.Equal(t, identity.RoleAdmin, w.membership("ana.souza@acme.example").Role)
		tasks := w.Tasks(t, db.TaskNoAdminReachable)
		require.Len(t, tasks, 1)
		require.Equal(t, db.TaskOpen, tasks[0].State)
		require.Equal(t, w.account, *tasks[0].AccountID)

		// Nobody writes to her any more, and an operator may let another administrator in.
		var told []string
		require.NoError(t, w.Read(w.Context, func(tx *db.Tx) error {
			admins, err := identity.AdminsOfAccount(tx, w.account)
			require.Empty(t, admins)
			require.NoError(t, err)
			return tx.Raw("SELECT COALESCE(" + notification.AdminsSQL("'"+w.account+"'") +
				", '') AS told").Scan(&told).Error
		}))
		require.Empty(t, strings.Join(told, ""))
		_, err := w.Invite(storetest.Operator(), identity.NewInvite{
			AccountID:   w.account,
			Kind:        identity.InvitationForExtra,
			Email:       "rita@acme.example",
			ContactName: "Rita",
			Role:        identity.RoleAdmin,
		})
		require.NoError(t, err)

		// Nobody else is the last one by that: who leads next cannot be removed.
		m := w.membership("bruno@acme.example")
		_, err = w.ChangeMembership(storetest.Customer(w.account), m.ID, identity.RoleAdmin,
			rules.MembershipActive, "")
		require.NoError(t, err)
		require.Equal(t, db.TaskDone, w.Tasks(t, db.TaskNoAdminReachable)[0].State)
		require.Equal(t, rules.MembershipSuspended, w.membership("ana.souza@acme.example").State)
		_, err = w.ChangeMembership(storetest.Customer(w.account), m.ID, identity.RoleReadOnly,
			rules.MembershipActive, "")
		storetest.RequireCode(t, rules.LastAdmin, err)

		// By the directory too, in whatever way it is said.
		require.Equal(t, 204, w.send("DELETE", "/Users/"+bruno, "").status)
		require.Equal(t, rules.MembershipActive, w.membership("bruno@acme.example").State)
		require.Empty(t, w.gets("bruno@acme.example"))
		require.Equal(t, db.TaskOpen, w.Tasks(t, db.TaskNoAdminReachable)[0].State)

		require.Equal(t, 200, w.patch("/Users/"+w.ana.ID, on).status)
		require.Equal(t, "ADMIN", w.gets("ana.souza@acme.example"))
		require.Equal(t, db.TaskDone, w.Tasks(t, db.TaskNoAdminReachable)[0].State)
	})
}

// Another organisation's ids are not there, whatever is asked of them; neither is anything said
// of people whom only another organisation has.
func TestC5_AnotherOrganisationsPeopleAreNeverSeen(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		o := w.Fulfilled(t, w.Reseller(t, "Outra Revenda"),
			storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
		_, bia := w.Join(t, w.InvitationOf(t, o.ID))
		theirs := w.token(*o.AccountID)
		hired := w.sendAs(theirs, "POST", "/Users",
			`{"userName":"leo@beta.example","displayName":"Leo"}`).id()
		group := w.sendAs(theirs, "POST", "/Groups",
			`{"displayName":"Staff","members":[{"value":"`+hired+`"}]}`).id()

		random := w.send("GET", "/Users/scp_00000000000000000000000000", "")
		for _, id := range []string{hired, bia.ID} {
			path := "/Users/" + id
			for method, body := range map[string]string{
				"GET": "", "DELETE": "",
				"PUT":   `{"userName":"leo@beta.example","displayName":"Leo","active":false}`,
				"PATCH": `{"Operations":[` + off + `]}`,
			} {
				r := w.send(method, path, body)
				require.Equal(t, 404, r.status, method)
				require.Equal(t, random.raw, r.raw)
			}
			r := w.send("POST", "/Groups", `{"displayName":"Spies","members":[{"value":"`+id+`"}]}`)
			require.Equal(t, 400, r.status)
			require.Equal(t, strings.ReplaceAll(r.raw, id, ""), r.raw)
		}
		for method, body := range map[string]string{
			"GET": "", "DELETE": "", "PUT": `{"displayName":"x"}`,
			"PATCH": `{"Operations":[{"op":"remove","path":"members"}]}`,
		} {
			require.Equal(t, 404, w.send(method, "/Groups/"+group, body).status, method)
		}
		for _, f := range []string{
			`userName eq "leo@beta.example"`, `userName eq "bia@beta.example"`, `id eq "` + hired + `"`,
			`emails.value eq "bia@beta.example"`,
		} {
			r := w.send("GET", "/Users?filter="+url.QueryEscape(f), "")
			require.EqualValues(t, 0, r.body["totalResults"], f)
		}
		require.EqualValues(t, 1, w.send("GET", "/Users", "").body["totalResults"], "Ana")

		// Somebody whom the service knows from elsewhere alone is created like anybody else.
		stranger := w.send("POST", "/Users", `{"userName":"new@beta.example","displayName":"Bia B"}`)
		known := w.send("POST", "/Users", `{"userName":"bia@beta.example","displayName":"Bia B"}`)
		require.Equal(t, 201, stranger.status)
		require.Equal(t, 201, known.status)
		alike := func(r reply, email string) string {
			return strings.NewReplacer(r.id(), "id", email, "email").
				Replace(timeOnPage.ReplaceAllString(r.raw, "time"))
		}
		require.Equal(t, alike(stranger, "new@beta.example"), alike(known, "bia@beta.example"))
		require.Equal(t, "READ_ONLY", w.gets("bia@beta.example"))
		u, err := w.UserByEmail(w.Context, "bia@beta.example")
		require.NoError(t, err)
		require.NotEqual(t, "Bia B", u.Name, "nobody else's people are renamed")

		// And leaves here alone.
		require.Equal(t, 200, w.patch("/Users/"+known.id(), off).status)
		_, roles, _, err := w.PersonOf(w.Context, u.ID)
		require.NoError(t, err)
		require.Equal(t, map[string]identity.MemberRole{*o.AccountID: identity.RoleAdmin}, roles)
	})
}

// A token speaks for its organisation, two at a time, until it is revoked.
func TestS50_TokensOfADirectory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		admin := storetest.Customer(w.account)
		for _, secret := range []string{"", "rcs_wrong", "rct_" + w.secret[4:]} {
			r := w.sendAs(secret, "GET", "/Users", "")
			require.Equal(t, 401, r.status)
			require.Equal(t, "401", r.body["status"])
			require.NotEmpty(t, r.header.Get("WWW-Authenticate"))
		}
		require.NotContains(t, strings.Join(w.Strings(t, "SELECT hash FROM scim_tokens"), " "), w.secret)

		first, secret, err := w.Provisioning.CreateToken(admin, w.account, "once_1")
		require.NoError(t, err)
		again, same, err := w.Provisioning.CreateToken(admin, w.account, "once_1")
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		require.Equal(t, secret, same, "a second press makes no second token")
		_, _, err = w.Provisioning.CreateToken(admin, w.account, "once_2")
		storetest.RequireCode(t, rules.StateConflict, err)

		require.Equal(t, 200, w.sendAs(secret, "GET", "/Users", "").status)
		settings, err := w.Provisioning.SettingsOf(admin, w.account)
		require.NoError(t, err)
		require.Len(t, settings.Tokens, 2)
		require.NotNil(t, settings.Tokens[1].LastUsedAt)
		require.True(t, strings.HasPrefix(secret, settings.Tokens[1].Prefix))

		for _, ctx := range []context.Context{
			storetest.Customer("acc_other"), storetest.Operator(), readerOf(w.account),
		} {
			_, _, err := w.Provisioning.CreateToken(ctx, w.account, "once_3")
			require.Error(t, err)
			require.Error(t, w.Provisioning.RevokeToken(ctx, w.account, first.ID))
			_, err = w.Provisioning.SettingsOf(ctx, w.account)
			require.Error(t, err)
			_, _, err = w.Provisioning.RequestsOf(ctx, w.account, db.Page{})
			require.Error(t, err)
			require.Error(t, w.Provisioning.AddGrant(ctx, w.account, ""))
		}

		require.NoError(t, w.Provisioning.RevokeToken(admin, w.account, first.ID))
		require.NoError(t, w.Provisioning.RevokeToken(admin, w.account, first.ID))
		require.Equal(t, 401, w.sendAs(secret, "GET", "/Users", "").status)
		require.Equal(t, 200, w.send("GET", "/Users", "").status, "the other one goes on")
		_, _, err = w.Provisioning.CreateToken(admin, w.account, "once_1")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, _, err = w.Provisioning.CreateToken(admin, w.account, "once_4")
		require.NoError(t, err)
		w.AuditHolds(t)
	})
}

func readerOf(account string) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{account},
		Actor:      db.Actor{ID: "usr_reader", Role: rules.CustomerReadOnly},
	})
}

// Where an organisation has several accounts, an administrator of one decides about the people of
// all of them only with an address that lies in a proved domain; each account's activity says so.
func TestS50_NotEveryAdministratorSpeaksForSeveralAccounts(t *testing.T) {
	w := newTown(t, storetest.SQLite(t))
	o := w.Fulfilled(t, w.Reseller(t, "Outra Revenda"),
		storetest.FormFor("PO-2", "Beta SA", "bia@else.example"))
	_, bia := w.Join(t, w.InvitationOf(t, o.ID))
	acc, err := w.GetAccount(w.Context, w.account)
	require.NoError(t, err)
	require.NoError(t, w.Exec("UPDATE accounts SET parent_org_id = '"+acc.ParentOrgID+
		"' WHERE id = '"+*o.AccountID+"'"))

	as := func(user, account string) context.Context {
		return db.WithScope(context.Background(), db.Scope{
			AccountIDs: []string{account},
			Actor:      db.Actor{ID: user, Role: rules.CustomerAdmin},
		})
	}
	_, _, err = w.Provisioning.CreateToken(as(bia.UserID, *o.AccountID), *o.AccountID, "once_1")
	storetest.RequireCode(t, rules.Forbidden, err)
	made, _, err := w.Provisioning.CreateToken(as(w.ana.UserID, w.account), w.account, "once_1")
	require.NoError(t, err)
	err = w.Provisioning.RevokeToken(as(bia.UserID, *o.AccountID), *o.AccountID, made.ID)
	storetest.RequireCode(t, rules.Forbidden, err)
	// What the directory asked for names people of all accounts, and so does a group.
	_, _, err = w.Provisioning.RequestsOf(as(bia.UserID, *o.AccountID), *o.AccountID, db.Page{})
	storetest.RequireCode(t, rules.Forbidden, err)
	err = w.Provisioning.AddGrant(as(bia.UserID, *o.AccountID), *o.AccountID, "")
	storetest.RequireCode(t, rules.Forbidden, err)
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM audit_events WHERE account_id = '"+
		*o.AccountID+"' AND verb = 'directory.token_created'"))
}

// An invitation that waits, to another account of the organisation, lets nobody in whom the
// directory has ended since.
func TestS50_AnInvitationOfBeforeDoesNotOutliveTheDeactivation(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		o := w.Fulfilled(t, w.Reseller(t, "Outra Revenda"),
			storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
		w.Join(t, w.InvitationOf(t, o.ID))
		acc, err := w.GetAccount(w.Context, w.account)
		require.NoError(t, err)
		require.NoError(t, w.Exec("UPDATE accounts SET parent_org_id = '"+acc.ParentOrgID+
			"' WHERE id = '"+*o.AccountID+"'"))

		id := w.hire("Bruno Lima", "bruno@acme.example")
		bruno, err := w.UserByEmail(w.Context, "bruno@acme.example")
		require.NoError(t, err)
		inv, err := w.Invite(storetest.Customer(*o.AccountID), identity.NewInvite{
			AccountID:   *o.AccountID,
			Kind:        identity.InvitationForColleague,
			Email:       bruno.Email,
			ContactName: "Bruno",
			Role:        identity.RoleReadOnly,
		})
		require.NoError(t, err)
		require.Equal(t, 200, w.patch("/Users/"+id, off).status)
		_, _, err = w.AcceptInvitation(w.Context, identity.Acceptance{
			InvitationID: inv.ID,
			Email:        bruno.Email,
			SignedInAs:   bruno.ID,
		})
		storetest.RequireCode(t, rules.Forbidden, err)
	})
}

// A long text of brackets costs a directory's request, and nobody else anything: a reader that tried
// each way to match them would not end before the tests do.
func TestS50_AFilterOfBracketsIsRefusedAtOnce(t *testing.T) {
	w := newTown(t, storetest.SQLite(t))
	deep := strings.Repeat("a[", 20_000) + "b eq 1" + strings.Repeat("] eq 1", 20_000)
	r := w.patch("/Users/"+w.ana.ID, `{"op":"replace","path":"`+deep+`","value":"x"}`)
	require.Equal(t, 200, r.status)
}

// However a password is sent, it is neither kept nor told.
func TestS50_APasswordIsKeptNowhere(t *testing.T) {
	w := newTown(t, storetest.SQLite(t))
	id := w.hire("Bruno Lima", "bruno@acme.example")
	core := "urn:ietf:params:scim:schemas:core:2.0:User"
	for _, operation := range []string{
		`{"op":"replace","path":"password","value":"hush"}`,
		`{"Op":"Replace","Path":"Password","Value":"hush"}`,
		`{"op":"replace","path":" password ","value":"hush"}`,
		`{"op":"replace","path":"` + core + `:password","value":"hush"}`,
		`{"op":"replace","value":{"` + core + `:password":"hush"}}`,
	} {
		require.Equal(t, 200, w.patch("/Users/"+id, operation).status, operation)
	}
	require.Equal(t, 200, w.send("PUT", "/Users/"+id, `{"userName":"bruno@acme.example",
		"displayName":"Bruno Lima","`+core+`":{"password":"hush"}}`).status)
	kept := w.Strings(t, "SELECT body FROM scim_requests")
	kept = append(kept, w.Strings(t, "SELECT attributes FROM scim_people")...)
	require.NotContains(t, strings.Join(kept, " "), "hush")
	require.NotContains(t, w.log.String(), "hush")
}

// A group lets its people into an account as readers, and never makes an administrator; who was
// there before stays when the group goes.
func TestS50_AGroupLetsItsPeopleInAsReaders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		admin := storetest.Customer(w.account)
		settings, err := w.Provisioning.SettingsOf(admin, w.account)
		require.NoError(t, err)
		require.Len(t, settings.Grants, 1, "everybody, since the first token")
		require.NoError(t, w.Provisioning.RemoveGrant(admin, w.account, settings.Grants[0].ID))

		bruno := w.hire("Bruno Lima", "bruno@acme.example")
		require.Empty(t, w.gets("bruno@acme.example"), "nothing lets him in")
		group := w.send("POST", "/Groups", `{"displayName":"Rooms","members":[
			{"value":"`+bruno+`"},{"value":"`+w.ana.ID+`"}]}`).id()
		require.NoError(t, w.Provisioning.AddGrant(admin, w.account, group))
		require.NoError(t, w.Provisioning.AddGrant(admin, w.account, group))
		require.Equal(t, "READ_ONLY", w.gets("bruno@acme.example"))
		require.Equal(t, "ADMIN", w.gets("ana.souza@acme.example"), "the role stays")

		require.Equal(t, 204, w.patch("/Groups/"+group,
			`{"op":"Remove","path":"members","value":[{"value":"`+bruno+`"},{"value":"`+w.ana.ID+`"}]}`).status)
		require.Empty(t, w.gets("bruno@acme.example"))
		require.Equal(t, "ADMIN", w.gets("ana.souza@acme.example"), "she was there before")
		require.Equal(t, 204, w.patch("/Groups/"+group,
			`{"op":"Add","path":"members","value":[{"value":"`+bruno+`"}]}`).status)
		require.Equal(t, "READ_ONLY", w.gets("bruno@acme.example"))

		// Whom an administrator removes by hand stays out until the directory lets them in anew.
		m := w.membership("bruno@acme.example")
		_, err = w.ChangeMembership(admin, m.ID, m.Role, rules.MembershipRemoved, "")
		require.NoError(t, err)
		require.Equal(t, 200, w.patch("/Users/"+bruno, `{"op":"replace","path":"title","value":"Chef"}`).status)
		require.Empty(t, w.gets("bruno@acme.example"))
		require.Equal(t, 204, w.send("DELETE", "/Users/"+bruno, "").status)
		require.Equal(t, bruno, w.hire("Bruno Lima", "bruno@acme.example"))
		require.Empty(t, w.gets("bruno@acme.example"), "a deletion took him out of the group")
		require.Equal(t, 204, w.patch("/Groups/"+group,
			`{"op":"Add","path":"members","value":[{"value":"`+bruno+`"}]}`).status)
		require.Equal(t, 204, w.send("DELETE", "/Groups/"+group, "").status)
		require.Empty(t, w.gets("bruno@acme.example"))

		// As many people as the account may have, and no more.
		require.NoError(t, w.Provisioning.AddGrant(admin, w.account, ""))
		require.NoError(t, w.Exec("UPDATE accounts SET user_limit = 1"))
		r := w.send("POST", "/Users", `{"userName":"eva@acme.example","displayName":"Eva"}`)
		require.Equal(t, 400, r.status)
		require.Contains(t, r.raw, "as many people")
		require.Empty(t, w.gets("eva@acme.example"))
	})
}

// What a directory sends is told in order, without passwords, and only the latest thousand.
func TestS50_TheLatestRequestsAreKeptWithoutPasswords(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		admin := storetest.Customer(w.account)
		id := w.send("POST", "/Users", `{"userName":"bruno@acme.example","displayName":"Bruno",
			"password":"s3cret-1","urn:x:User:password":"s3cret-2"}`).id()
		w.patch("/Users/"+id, `{"op":"replace","path":"password","value":"s3cret-3"}`)
		w.patch("/Users/"+id, `{"op":"replace","value":{"Password":"s3cret-4"}}`)
		w.patch("/Users/"+id, `{"op":"add","path":"shoeSize","value":"s3cret"}`)
		w.send("POST", "/Users", `{"password":"s3cret-5", broken`)

		kept, _, err := w.Provisioning.RequestsOf(admin, w.account, db.Page{})
		require.NoError(t, err)
		require.Len(t, kept, 5)
		require.Equal(t, "REFUSED_SYNTAX", kept[0].Outcome)
		require.Equal(t, 400, kept[0].Status)
		require.Equal(t, "shoeSize", kept[1].Ignored)
		require.Equal(t, "PERSON_SAME", kept[2].Outcome)
		require.Equal(t, "PERSON_CREATED", kept[4].Outcome)
		require.Equal(t, id, *kept[4].PersonID)
		require.Contains(t, kept[4].Body, "bruno@acme.example")
		for _, r := range kept {
			require.NotRegexp(t, `s3cret-\d`, r.Body)
		}
		require.NotContains(t, w.log.String(), "bruno")
		require.NotContains(t, w.log.String(), "s3cret")

		d, err := w.Provisioning.DirectoryBySecret(w.Context, w.secret)
		require.NoError(t, err)
		require.NoError(t, w.Exec(manyRequests(d.OrgID, d.TokenID)))
		w.send("GET", "/Groups", "")
		require.Equal(t, provisioning.KeptRequests, w.Count(t, "SELECT count(*) FROM scim_requests"))
		kept, _, err = w.Provisioning.RequestsOf(admin, w.account, db.Page{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, "GROUPS_LISTED", kept[0].Outcome)
	})
}

// Each request says whom it was about: by name and address as the directory sends them, groups
// first, and in its own words where nobody is known. Ids of another organisation name nobody.
func TestS50_TheLogSaysWhomARequestWasAbout(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newTown(t, env)
		about := func() []string {
			t.Helper()
			kept, _, err := w.Provisioning.RequestsOf(storetest.Customer(w.account), w.account,
				db.Page{Limit: 1})
			require.NoError(t, err)
			return kept[0].About
		}
		bruno := w.hire("Bruno Lima", "bruno@acme.example")
		require.Equal(t, []string{"Bruno Lima (bruno@acme.example)"}, about())
		carla := w.hire("Carla Reis", "carla@acme.example")
		w.send("GET", `/Users?filter=userName eq "nobody@acme.example"`, "")
		require.Equal(t, []string{"nobody@acme.example"}, about())
		w.send("POST", "/Users", `{"userName":"eva@elsewhere.example","displayName":"Eva"}`)
		require.Equal(t, []string{"Eva (eva@elsewhere.example)"}, about())
		w.send("GET", "/Users", "")
		require.Empty(t, about(), "it is about nobody in particular")

		group := w.send("POST", "/Groups", `{"displayName":"Rooms","members":[{"value":"`+bruno+`"}]}`).id()
		require.Equal(t, []string{"Rooms", "Bruno Lima (bruno@acme.example)"}, about())
		w.patch("/Groups/"+group, `{"op":"add","path":"members","value":[{"value":"`+carla+`"}]}`)
		require.Equal(t, []string{"Rooms", "Carla Reis (carla@acme.example)"}, about())
		w.patch("/Users/"+bruno, off)
		require.Equal(t, []string{"Bruno Lima (bruno@acme.example)"}, about())
		w.send("DELETE", "/Users/"+bruno, "")
		require.Equal(t, []string{"Bruno Lima (bruno@acme.example)"}, about())

		o := w.Fulfilled(t, w.Reseller(t, "Outra Revenda"),
			storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
		w.Join(t, w.InvitationOf(t, o.ID))
		other := w.token(*o.AccountID)
		require.Equal(t, 404, w.sendAs(other, "GET", "/Users/"+carla, "").status)
		require.Equal(t, 404, w.sendAs(other, "GET", "/Groups/"+group, "").status)
		kept, _, err := w.Provisioning.RequestsOf(storetest.Customer(*o.AccountID), *o.AccountID, db.Page{})
		require.NoError(t, err)
		require.Len(t, kept, 2)
		for _, r := range kept {
			require.Empty(t, r.About)
		}
	})
}

// manyRequests adds 1,200 requests of a time before.
func manyRequests(org, token string) string {
	var rows []string
	for i := range 1200 {
		rows = append(rows, fmt.Sprintf("('scq_0%025d','%s','%s','GET','/','200','X','','','','2026-01-01 00:00:00')",
			i, org, token))
	}
	return `INSERT INTO scim_requests (id, org_id, token_id, method, address, status, outcome, detail,
		ignored, body, at) VALUES ` + strings.Join(rows, ",")
}

// A version that has passed is refused, a body that is too large as well; a directory without a
// User-Agent, or with another media type, is answered.
func TestS50_TheDoorIsExactWhereItMattersAndElseForgiving(t *testing.T) {
	w := newTown(t, storetest.SQLite(t))
	id := w.hire("Bruno Lima", "bruno@acme.example")
	r := w.send("GET", "/Users/"+id, "")
	etag := r.header.Get("ETag")
	require.Equal(t, `W/"1"`, etag)
	require.Equal(t, 200, w.send("PATCH", "/Users/"+id, `{"Operations":[`+off+`]}`,
		"If-Match", etag, "Content-Type", "text/json", "User-Agent", "").status)
	require.Equal(t, 412, w.send("PATCH", "/Users/"+id, `{"Operations":[`+on+`]}`, "If-Match", etag).status)
	require.Equal(t, 412, w.send("DELETE", "/Users/"+id, "", "If-Match", `"x"`).status)
	require.Equal(t, 413, w.send("POST", "/Users", `{"x":"`+strings.Repeat("y", 2<<20)+`"}`).status)
	require.Equal(t, 400, w.send("POST", "/Users", `{"userName":"a\u0000@acme.example"}`).status)
	require.Equal(t, 404, w.send("GET", "/Users/%00", "").status)

	r = w.send("GET", "/users/"+id+"?attributes=userName", "")
	require.Equal(t, 200, r.status, "names of resources are taken in any case")
	require.Len(t, r.body, 3)
	r = w.send("GET", "/Users?count=0", "")
	require.EqualValues(t, 2, r.body["totalResults"])
	require.Empty(t, r.body["Resources"])
	require.Equal(t, 200, w.send("GET", "/Users?startIndex=99", "").status)
	w.AuditHolds(t)
}
