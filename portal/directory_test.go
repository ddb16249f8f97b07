package portal

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/provisioning"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

var directorySecret = regexp.MustCompile(`rcs_[A-Za-z0-9_-]{20,}`)

// directory makes a token and a grant of an account's directory, and returns their ids.
func (w *world) directory(accountID string) (token, grant string) {
	w.t.Helper()
	t, _, err := w.Provisioning.CreateToken(storetest.Customer(accountID), accountID, db.NewID("once"))
	require.NoError(w.t, err)
	settings, err := w.Provisioning.SettingsOf(storetest.Customer(accountID), accountID)
	require.NoError(w.t, err)
	return t.ID, settings.Grants[0].ID
}

// An administrator connects the directory: makes a token after proving the password, says who gets
// in, reads what the directory asked for, and ends it; a reader does none of that.
func TestS50_AnAdministratorConnectsTheDirectory(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		require.Contains(t, ana.get("/account").body, `href="/directory"`)
		require.Contains(t, ana.get("/directory").body, "http://localhost:8080/scim/v2")

		fresh := w.portal.freshFor
		w.portal.freshFor = 0
		r := ana.post("/directory", "once", "once_1", "password", "a guess")
		require.Equal(t, 422, r.status)
		require.Contains(t, r.body, "password-problem")
		r = ana.post("/directory", "once", "once_1", "password", goodPassword)
		require.Equal(t, 200, r.status)
		secret := directorySecret.FindString(r.body)
		d, err := w.Provisioning.DirectoryBySecret(w.Context, secret)
		require.NoError(t, err)
		again := ana.post("/directory", "once", "once_1", "password", goodPassword)
		require.Equal(t, secret, directorySecret.FindString(again.body), "two presses, one token")
		require.NotContains(t, ana.get("/directory").body, secret)

		require.NoError(t, w.Provisioning.Record(w.Context, d, provisioning.Request{
			Method: "POST", Address: "/scim/v2/Users", Status: 400, Outcome: "REFUSED_NOT_PROVED",
			Detail: "The domain is not proved.", Ignored: "shoeSize", Body: `{"userName":"<b>x</b>"}`,
		}))
		log := ana.get("/directory/requests").body
		require.Contains(t, log, "lies in no domain that your company has proved")
		require.Contains(t, log, "shoeSize")
		require.Contains(t, log, "<span>&lt;b&gt;x&lt;/b&gt;</span>", "whom it was about")

		settings, err := w.Provisioning.SettingsOf(storetest.Customer(inv.AccountID), inv.AccountID)
		require.NoError(t, err)
		remove := "/directory/groups/" + settings.Grants[0].ID + "/remove"
		require.Equal(t, provePath, ana.get(remove).path)
		require.Equal(t, provePath, ana.post(remove, "confirmed", "yes").path)
		require.Equal(t, provePath, ana.post("/directory/groups", "group", "everybody").path)
		w.portal.freshFor = fresh
		require.Contains(t, ana.get(remove).body, "lose access immediately")
		require.Equal(t, "/directory", ana.post(remove, "confirmed", "yes").path)
		require.Contains(t, ana.get("/directory").body, "Nobody has access by the directory yet")
		require.Equal(t, "/directory", ana.post("/directory/groups", "group", "everybody").path)
		require.Contains(t, ana.get("/directory").body, "Everybody in the directory")
		require.Equal(t, 404, ana.post("/directory/groups", "group", db.NewID(db.PrefixScimGroup)).status)
		require.Equal(t, 400, ana.post("/directory/groups", "group", "'").status)

		bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
		revoke := "/directory/tokens/" + settings.Tokens[0].ID + "/revoke"
		for _, path := range []string{"/directory", "/directory/requests", remove, revoke} {
			require.Equal(t, 403, bruno.get(path).status, path)
		}
		require.Equal(t, 403, bruno.post(revoke, "confirmed", "yes").status)
		require.Contains(t, ana.get(revoke).body, "can no longer give access")
		require.Equal(t, "/directory", ana.post(revoke, "confirmed", "yes").path)
		_, err = w.Provisioning.DirectoryBySecret(w.Context, secret)
		require.ErrorIs(t, err, identity.ErrBadToken)
		w.AuditHolds(t)
	})
}

// Of a company with several accounts not every administrator sets the directory up: whoever may
// not reads what it takes, and who can.
func TestS50_WhoMayNotSetTheDirectoryUpReadsWhoCan(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	acc, err := w.GetAccount(w.Context, inv.AccountID)
	require.NoError(t, err)
	_, other := w.site("bia@else.example")
	require.NoError(t, w.Exec("UPDATE accounts SET parent_org_id = '"+acc.ParentOrgID+
		"' WHERE id = '"+other.ID+"'"))
	say := messages.In("en").Say

	page := ana.get("/directory")
	require.Equal(t, 200, page.status)
	require.Contains(t, page.body, say("directory.leaders.none"))
	require.NotContains(t, page.body, `action="/directory"`)
	for _, r := range []reply{
		ana.post("/directory", "once", "once_1", "password", goodPassword),
		ana.post("/directory/groups", "group", "everybody"),
		ana.get("/directory/requests"),
	} {
		require.Equal(t, 403, r.status)
		require.Contains(t, r.body, say("problem.directory.title"))
		require.Contains(t, r.body, `href="/directory"`)
	}

	// A colleague of the account, whose address lies in a proved domain, is named.
	ctx := db.WithScope(t.Context(), db.Scope{
		AccountIDs: []string{inv.AccountID},
		Actor:      db.Actor{ID: w.userID("ana.souza@acme.example"), Role: rules.CustomerAdmin},
	})
	rui := w.member(inv.AccountID, "rui@second.example", identity.RoleAdmin)
	d, err := w.SSO.AddDomain(ctx, inv.AccountID, "second.example")
	require.NoError(t, err)
	_, err = w.SSO.CheckDomain(ctx, inv.AccountID, d.ID, foundRecords{d.Record()})
	require.NoError(t, err)
	require.Contains(t, ana.get("/directory").body, say("directory.leaders", messages.Args{"names": "Colleague"}))
	require.NotContains(t, rui.get("/directory").body, say("directory.leaders.none"))
	require.Contains(t, rui.post("/directory", "once", "once_1", "password", goodPassword).body, "rcs_")
}
