package portal

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	rooms "roomcover.dev/roomcover/models/sync"
	client "roomcover.dev/roomcover/sync"
	"roomcover.dev/roomcover/sync/simulator"
)

// sendFiles sends a form as a browser does that has files chosen; pairs are names and contents.
func (g *guest) sendFiles(path string, pairs ...string) reply {
	g.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		var err error
		switch pairs[i] {
		case fieldCertificate, fieldPrivateKey:
			part, failed := form.CreateFormFile(pairs[i], pairs[i]+".pem")
			require.NoError(g.t, failed)
			_, err = part.Write([]byte(pairs[i+1]))
		default:
			err = form.WriteField(pairs[i], pairs[i+1])
		}
		require.NoError(g.t, err)
	}
	require.NoError(g.t, form.Close())
	req, err := http.NewRequest(http.MethodPost, g.url+path, &body)
	require.NoError(g.t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return g.do(req)
}

// An administrator connects the account, brings rooms over, and sees one go down; the vendor is
// the simulated Sync, asked by the real client over mutual TLS.
func TestR43a_AnAdministratorConnectsSyncAndBringsRoomsOver(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		const org = "OrgOfAcme0001"
		sim, err := simulator.Start(simulator.Options{Unthrottled: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = sim.Close() })
		cloud, err := client.NewClient(client.Options{
			Regions: map[string]string{"US": sim.URL()}, Roots: sim.Roots(),
		})
		require.NoError(t, err)
		w.portal.vendor = cloud
		acme := w.Covered(t)
		ana := w.member(acme.Account, "lara@acme.example", identity.RoleAdmin)
		places := simulator.Rooms(3)
		places[2].Name = acme.Room.Name // a room that was added by hand
		sim.Put(org, places...)
		upload := func(org string, ends time.Time) (certificate, key string) {
			c, k, err := sim.Certificate(org, ends)
			require.NoError(t, err)
			return string(c), string(k)
		}
		soon := time.Now().AddDate(0, 0, 20)

		// What is wrong is said in words, and nothing is kept.
		require.Contains(t, ana.get("/account").body, `href="/sync"`)
		page := ana.get("/sync")
		require.Contains(t, page.body, "certificate.pem")
		require.Contains(t, page.body, `<option value="US"`)
		certificate, key := upload(org, soon)
		_, otherKey := upload(org, soon)
		over, overKey := upload(org, time.Now().Add(-time.Minute))
		none, noneKey := upload("Unlicensed", soon)
		nobody, nobodyKey := upload("", soon)
		for words, form := range map[string][]string{
			"These files are no certificate and key.":  {fieldCertificate, "x", fieldPrivateKey, key},
			"or is that of another certificate":        {fieldCertificate, certificate, fieldPrivateKey, otherKey},
			"This certificate is over.":                {fieldCertificate, over, fieldPrivateKey, overKey},
			"the organization has no license":          {fieldCertificate, none, fieldPrivateKey, noneKey},
			"This certificate names no organization.":  {fieldCertificate, nobody, fieldPrivateKey, nobodyKey},
			"Choose the region in which your organiza": {"region", "EU", fieldCertificate, certificate, fieldPrivateKey, key},
		} {
			if form[0] != "region" {
				form = append([]string{"region", "US"}, form...)
			}
			r := ana.sendFiles("/sync", form...)
			require.Equal(t, 422, r.status, words)
			require.Contains(t, r.body, words)
			require.NotContains(t, r.body, "PRIVATE KEY")
		}
		require.Zero(t, w.Count(t, "SELECT count(*) FROM sync_connections"))

		// An open screen is not enough.
		w.portal.freshFor = 0
		r := ana.sendFiles("/sync", "region", "US", fieldCertificate, certificate, fieldPrivateKey, key)
		require.Equal(t, 422, r.status)
		require.Contains(t, r.body, `id="password-problem"`)
		w.portal.freshFor = freshFor
		r = ana.sendFiles("/sync", "region", "US", fieldCertificate, certificate, fieldPrivateKey, key,
			"password", goodPassword)
		require.Equal(t, "/sync", r.path)
		require.Contains(t, r.body, "Sync is connected.")
		require.Contains(t, r.body, org)
		require.Contains(t, r.body, "19 days left")
		require.NotContains(t, r.body, "PRIVATE KEY")
		require.NotContains(t, w.log.String(), "PRIVATE KEY")
		require.NotContains(t, strings.Join(w.Strings(t, "SELECT data FROM sessions"), ""), "PRIVATE KEY")
		require.Contains(t, ana.get("/sync/rooms").body, "Sync has told of no rooms yet")

		w.polled(cloud, 3)
		page = ana.get("/sync")
		require.Contains(t, page.body, "tells of 3 rooms")
		require.Contains(t, page.body, "of 14,400")

		// Nothing comes over before it is said where the group is, and then what is chosen.
		list := ana.get("/sync/rooms")
		require.Contains(t, list.body, "Say first where the rooms of its group are.")
		require.Contains(t, list.body, "Looks like yours")
		require.Contains(t, list.body, "It looks like "+acme.Room.Name+": the same name.")
		ids := w.placesOf(acme.Account)
		r = ana.post("/sync/rooms?act=ADD", "id", ids["Room 0"])
		require.Contains(t, r.body, "Nobody has said where the rooms of its group are.")
		require.Contains(t, r.body, `<a class="btn main" href="/sync/groups">`, "what to do about it")
		group := places[0].Group
		require.Contains(t, ana.get("/sync/groups").body, "Not said yet")
		require.Equal(t, 200, ana.get(groupPath(group)).status)
		wrong := ana.post("/sync/groups/place", "group", group, "country", "XX")
		require.Equal(t, 422, wrong.status)
		require.Contains(t, wrong.body, "The group was not changed.")
		r = ana.post("/sync/groups/place", "group", group, "site", acme.Room.Site, "country", "BR",
			"platform", "MTR_ANDROID")
		require.Equal(t, "/sync/groups", r.path)

		ask := ana.get("/sync/rooms/all")
		require.Contains(t, ask.body, "Add 2 rooms from Sync?")
		before := w.Count(t, "SELECT count(*) FROM rooms")
		r = ana.post("/sync/rooms/all", "confirmed", "yes")
		require.Contains(t, r.body, "2 rooms were added.")
		require.NotContains(t, r.body, `<a class="btn main" href="/sync/groups">`)
		require.Contains(t, r.body, `action="/rooms/assign"`)
		require.Equal(t, before+2, w.Count(t, "SELECT count(*) FROM rooms"))
		r = ana.post("/sync/rooms", "act", "ADD", "id", ids["Room 0"], "id", ids[acme.Room.Name])
		require.Contains(t, r.body, "Of 1 room nothing had to change.")
		require.Contains(t, r.body, "There is a room of this name at this site.")
		require.Equal(t, before+2, w.Count(t, "SELECT count(*) FROM rooms"), "nothing is merged or doubled")

		// R43b: they can have a license at once.
		room := w.Strings(t, "SELECT id FROM rooms WHERE name = 'Room 0'")[0]
		require.Equal(t, 200, ana.post("/rooms/assign", "id", room).status)
		require.Contains(t, ana.get(roomPath(room)).body, "Rally Bar")

		// A person says which room it is.
		place := "/sync/places/" + ids[acme.Room.Name]
		require.Contains(t, ana.get(place).body, "the same name and the same site")
		require.Equal(t, 422, ana.post(place, "act", "LINK", "called", "No such room").status)
		r = ana.post(place, "act", "LINK", "room", acme.Room.ID)
		require.Equal(t, place, r.path)
		require.Contains(t, r.body, "are one now")
		require.Contains(t, ana.get("/sync/rooms").body, "Nothing to decide")

		// One is renamed, and follows once that is chosen.
		sim.Change(org, places[1].ID, func(p *simulator.Place) { p.Name = "Sala Oscar" })
		w.polled(cloud, 2)
		require.Contains(t, ana.get("/sync/rooms").body, "Your room is still called Room 1.")
		r = ana.post("/sync/rooms", "act", "FOLLOW", "id", ids["Room 1"])
		require.Contains(t, r.body, "1 room has the name and the site from Sync now.")
		require.Contains(t, ana.get("/rooms").body, "Sala Oscar")

		// S57: one goes down, and comes back; the pages say so as of when.
		require.NotContains(t, ana.get("/").body, "offline")
		sim.Change(org, places[0].ID, func(p *simulator.Place) {
			for i := range p.Devices {
				p.Devices[i].Status = "Offline"
			}
		})
		w.polled(cloud, 3)
		require.Contains(t, ana.get("/").body, "1 room is offline")
		down := ana.get("/rooms?health=down").body
		require.Contains(t, down, "Room 0")
		require.NotContains(t, down, "Sala Oscar")
		page = ana.get(roomPath(room))
		require.Contains(t, page.body, "Health: Offline")
		require.Contains(t, page.body, "No meeting can run in this room")
		require.Contains(t, page.body, "As of")
		require.Contains(t, page.body, `<svg class="chart strip"`)
		require.NotContains(t, page.body, "style=")
		reader := w.member(acme.Account, "bruno@acme.example", identity.RoleReadOnly)
		require.Contains(t, reader.get(roomPath(room)).body, "Health: Offline")
		require.Equal(t, 403, reader.get("/sync").status)
		reader.get("/?lang=pt-BR")
		require.Contains(t, reader.get("/").body, "1 sala está offline")

		// Sync lets it in no more: unknown, never offline.
		sim.License(org, false)
		w.polled(cloud, 1)
		require.Contains(t, ana.get("/sync").body, "Sync no longer lets the connection in")
		home := ana.get("/").body
		require.Contains(t, home, "Sync no longer lets the account in")
		require.NotContains(t, home, "1 room is offline")
		require.Contains(t, ana.get(roomPath(room)).body, "Health: Unknown")
		require.Contains(t, ana.get("/rooms?health=unknown").body, "Room 0")
		sim.License(org, true)
		w.polled(cloud, 40)

		// One vanishes, and stays.
		sim.Remove(org, places[1].ID)
		w.polled(cloud, 3)
		require.Contains(t, ana.get("/sync/rooms").body, "Sync has not told of it since")
		oscar := w.Strings(t, "SELECT id FROM rooms WHERE name = 'Sala Oscar'")[0]
		require.Contains(t, ana.get(roomPath(oscar)).body, "Not seen in Sync since")

		// Two certificates at once, and the end.
		second, secondKey := upload(org, time.Now().AddDate(0, 0, 200))
		r = ana.sendFiles("/sync/certificates", fieldCertificate, second, fieldPrivateKey, secondKey)
		require.Contains(t, r.body, "The certificate was added.")
		standing, err := w.Sync.StandingOf(storetest.Customer(acme.Account), acme.Account, "")
		require.NoError(t, err)
		remove := "/sync/certificates/" + standing.Certificates[1].ID + "/remove"
		require.Contains(t, ana.get(remove).body, "The other certificate goes on.")
		require.Contains(t, ana.post(remove, "confirmed", "yes").body, "The certificate was removed.")
		require.Contains(t, ana.get("/sync/disconnect").body, "are forgotten here")
		require.Contains(t, ana.post("/sync/disconnect", "confirmed", "yes").body, "Sync is disconnected.")
		require.NotContains(t, ana.get("/rooms").body, "health=")
		require.NotContains(t, ana.get(roomPath(room)).body, "Health:")
		require.NotContains(t, w.log.String(), "level=ERROR")
		w.AuditHolds(t)
	})
}

// Where no region of Sync is configured its page says so, no other mentions it, and nothing of it
// can be done.
func TestR34b_WithoutARegionThePagesSayThatSyncIsNotSetUp(t *testing.T) {
	w := newWorld(t)
	w.portal.vendor = nil
	ana, _ := w.admin()
	page := ana.get("/sync")
	require.Equal(t, 200, page.status)
	require.Contains(t, page.body, "Sync is not set up on this service.")
	require.NotContains(t, page.body, "<form class=\"form\"")
	for _, r := range routes() {
		if strings.HasPrefix(r.path, syncPath) {
			path := strings.ReplaceAll(r.path, ":id", "syp_none")
			if r.method == post {
				require.Equal(t, "/sync", ana.post(path).path, path)
			} else {
				require.Equal(t, "/sync", ana.get(path).path, path)
			}
		}
	}
	for _, path := range []string{"/", "/rooms", "/rooms?health=down", "/account"} {
		require.NotContains(t, ana.get(path).body, `"/sync`, path)
	}
	ana.get("/sync?lang=pt-BR")
	require.Contains(t, ana.get("/sync").body, "O Sync não está configurado neste serviço.")
}

// What is another account's is not there.
func TestC5_AnotherAccountsSyncIsNotThere(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, w *world) {
		_, inv := w.admin()
		forms := map[string][]string{}
		w.syncForms(inv.AccountID, forms)
		gil, acc := w.site("gil@globex.example")
		certificate, key := w.certificateOf("OrgOfGlobex01")
		_, err := w.Sync.Connect(storetest.Customer(acc.ID), w.sync, acc.ID, rooms.Upload{
			Region: "US", Certificate: []byte(certificate), Key: []byte(key),
		})
		require.NoError(t, err)
		for _, path := range []string{
			certificatesPath + "/:id/remove", syncSecretsPath + "/:id/end", syncPlacesPath + "/:id",
		} {
			require.Equal(t, 404, gil.get(forms[path][0]).status, path)
			require.Equal(t, 404, gil.post(forms[path][0], forms[path][1:]...).status, path)
		}
		require.Equal(t, 404, gil.get(groupPath(toldGroup)).status)
		r := gil.post(syncRoomsPath, forms[syncRoomsPath][1:]...)
		require.Contains(t, r.body, "A room of which Sync no longer tells")
		require.NotContains(t, r.body, "Mesa 1")
		require.Zero(t, w.Count(t, "SELECT count(*) FROM rooms WHERE name LIKE 'Mesa%'"))
	})
}
