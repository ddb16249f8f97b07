package portal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/privacy"
)

// A person asks for their own data, and fetches it once the password was typed; nobody else does.
func TestS33_S52_APersonFetchesTheirOwnExport(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	dora := w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)

	require.Contains(t, dora.get("/privacy").body, "You have not asked for an export yet.")
	asked := dora.post("/privacy")
	require.Equal(t, "/privacy", asked.path)
	require.Contains(t, asked.body, "It is being made.")
	dora.post("/privacy")
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM privacy_requests"), "a second click")
	_, err := w.Domains.Privacy.RunRequests(w.Context)
	require.NoError(t, err)

	id := w.Strings(t, "SELECT id FROM privacy_requests")[0]
	require.Contains(t, dora.get("/privacy").body, "/privacy/"+id+"/file")
	w.portal.freshFor = 0
	refused := dora.post("/privacy/" + id + "/file")
	require.False(t, strings.HasPrefix(refused.body, "PK"))
	require.Equal(t, 422, refused.status)
	require.Contains(t, refused.body, `name="password"`)
	w.portal.freshFor = freshFor
	require.True(t, strings.HasPrefix(dora.post("/privacy/"+id+"/file", "password", goodPassword).body, "PK"))
	require.Equal(t, 404, ana.post("/privacy/"+id+"/file").status)
}

// An administrator asks for an export of what the account keeps of a colleague, and fetches it;
// the colleague's own page does not show it.
func TestS33_S52_AnAdministratorExportsAColleague(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	dora := w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)
	page := "/colleagues/" + w.memberIDs(inv.AccountID)["dora@acme.example"]
	require.Contains(t, ana.get("/colleagues").body, page+"/privacy")
	require.NotContains(t, dora.get("/colleagues").body, page+"/privacy")
	require.Equal(t, 403, dora.get(page+"/privacy").status)

	asked := ana.post(page + "/export")
	require.Equal(t, "/privacy", asked.path)
	require.Contains(t, asked.body, "Requests about people of Acme Ltda")
	_, err := w.Domains.Privacy.RunRequests(w.Context)
	require.NoError(t, err)
	file := "/privacy/" + w.Strings(t, "SELECT id FROM privacy_requests")[0] + "/file"
	w.portal.freshFor = 0
	require.Equal(t, 422, ana.post(file).status)
	require.True(t, strings.HasPrefix(ana.post(file, "password", goodPassword).body, "PK"))
	require.NotContains(t, dora.get("/privacy").body, file)
	require.Equal(t, 404, dora.post(file, "password", goodPassword).status)
}

// An administrator reads what an erasure changes and what stays, types the person's address and
// the own password, and the person is out at once; the second press of the button is the first.
func TestS33_S52_AnAdministratorErasesAColleague(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		dora := w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)
		ids := w.memberIDs(inv.AccountID)
		page := "/colleagues/" + ids["dora@acme.example"]

		shown := ana.get(page + "/privacy").body
		require.Contains(t, shown, "the sign-in itself: 1")
		require.Contains(t, shown, "invitations: 1")
		require.Contains(t, shown, "What stays, without the name")

		// Who was removed first is found for it still, by administrators alone.
		link := `class="btn quiet" href="` + page + `/privacy"`
		require.NotContains(t, ana.get("/colleagues").body, link)
		carl := w.member(inv.AccountID, "carl@acme.example", identity.RoleReadOnly)
		require.Contains(t, ana.post(page+"/remove", "confirmed", "yes").body, link)
		require.NotContains(t, carl.get("/colleagues").body, "dora@")

		w.portal.freshFor = 0
		for _, typed := range [][]string{
			{"confirm", "dora@acme.example"},
			{"confirm", "dora@acme.example", "password", "wrong"},
			{"confirm", "ana.souza@acme.example", "password", goodPassword},
		} {
			refused := ana.post(page+"/erase", typed...)
			require.Equal(t, 422, refused.status)
			require.Contains(t, refused.body, `aria-invalid="true"`)
		}
		require.Equal(t, 403, carl.post(page+"/erase", "confirm", "dora@acme.example").status)
		require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM privacy_requests"))

		for range 2 {
			done := ana.post(page+"/erase", "confirm", "Dora@acme.example", "password", goodPassword)
			require.Equal(t, "/privacy", done.path)
			require.Contains(t, done.body, "Access has ended")
		}
		require.Equal(t, "/sign-in", dora.get("/").path)
		_, err := w.Domains.Privacy.RunRequests(w.Context)
		require.NoError(t, err)
		require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM users WHERE email = 'dora@acme.example'"))
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM privacy_requests WHERE state = 'DONE'"))
		after := ana.get("/privacy").body
		require.Contains(t, after, "The person is erased.")
		require.NotContains(t, after, "dora@")
		require.NotContains(t, ana.get("/colleagues").body, link, "nothing is left to erase")
		require.Equal(t, 200, ana.get(page+"/privacy").status)

		// Nobody erases themselves here, nor the last administrator.
		own := "/colleagues/" + ids[anaMail]
		require.Equal(t, "/privacy", ana.get(own+"/privacy").path)
		require.Equal(t, 409, ana.post(own+"/erase", "confirm", anaMail, "password", goodPassword).status)
		require.Equal(t, 404, ana.get("/colleagues/mem_none/privacy").status)
		w.AuditHolds(t)
	})
}

// Whom another company knows too, an administrator removes; the page says to whom to turn, and
// nothing of who the others are.
func TestS33_AnAdministratorErasesNobodyOfOthers(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)
	_, other := w.site("gil@globex.example")
	w.pending(other.ID, "dora@acme.example")
	page := "/colleagues/" + w.memberIDs(inv.AccountID)["dora@acme.example"]

	shown := ana.get(page + "/privacy").body
	require.Contains(t, shown, "the data is not your account’s alone")
	require.Contains(t, shown, page+"/remove")
	require.NotContains(t, shown, page+"/erase")
	require.NotContains(t, shown, "Globex")
	require.Equal(t, 409, ana.post(page+"/erase", "confirm", "dora@acme.example").status)
	require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM privacy_requests"))
}

// Each kind of rows that an erasure changes has a name for people.
func TestS33_EachKindOfRowsHasAName(t *testing.T) {
	for _, e := range privacy.Erasures() {
		for _, locale := range messages.Locales() {
			require.True(t, messages.In(locale).Has("privacy.rows."+e.Table), e.Table)
		}
	}
}
