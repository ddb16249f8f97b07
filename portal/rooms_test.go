package portal

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/ordering"
)

// roomWorld is an account of ten licences with three rooms: one with a licence and a device, one
// without both in another site, and one that is archived.
type roomWorld struct {
	*world
	ana                    *guest // administrator
	bruno                  *guest // reader
	account                string
	licensed, bare, closed entitlement.Room
	device                 entitlement.Device
	licences               []entitlement.Licence
}

func newRoomWorld(w *world) roomWorld {
	w.t.Helper()
	ana, inv := w.admin()
	r := roomWorld{world: w, ana: ana, account: inv.AccountID}
	r.bruno = w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
	o, _ := w.firstOrder()
	r.licences = w.Licences(w.t, o)
	r.licensed = w.Room(w.t, r.account, "Sala Ipê")
	r.device = w.Device(w.t, r.licensed, "AB-12 34", "MEETUP", "2023-01-10")
	w.Assigned(w.t, r.licences[0], r.licensed)
	var err error
	r.bare, err = w.CreateRoom(w.Context, entitlement.NewRoom{
		AccountID: r.account,
		Form: licensing.RoomForm{
			Name: "Auditório", Site: "Recife", Country: "BR", Platform: rules.PlatformZoomPC,
		},
	})
	require.NoError(w.t, err)
	r.closed = w.Room(w.t, r.account, "Sala Velha")
	_, err = w.ArchiveRoom(w.Context, r.closed.ID, "")
	require.NoError(w.t, err)
	return r
}

// eachRoomWorld runs the test on both databases.
func eachRoomWorld(t *testing.T, test func(*testing.T, roomWorld)) {
	eachWorld(t, func(t *testing.T, w *world) { test(t, newRoomWorld(w)) })
}

var listedRoom = regexp.MustCompile(`<a class="row" href="/rooms/rom_[^"]*"><span>([^<]*)</span>`)

// listedRooms are the names of the rooms of a list, in its order.
func listedRooms(body string) (names []string) {
	for _, found := range listedRoom.FindAllStringSubmatch(body, -1) {
		names = append(names, found[1])
	}
	return names
}

func TestR55b_TheListOfRoomsSaysLicenseCoverAndWhyNot(t *testing.T) {
	eachRoomWorld(t, func(t *testing.T, w roomWorld) {
		list := w.bruno.get("/rooms")
		require.Equal(t, http.StatusOK, list.status)
		require.Equal(t, []string{"Auditório", "Sala Ipê"}, listedRooms(list.body), "by name, in use")
		for _, text := range []string{
			"2 rooms", "1 without Logitech Select", "Zoom Rooms on a PC", "No license is assigned to the room",
			"Logitech Select", "Covered",
		} {
			require.Contains(t, list.body, text)
		}

		for address, want := range map[string][]string{
			"/rooms?show=unlicensed":              {"Auditório"},
			"/rooms?show=ending":                  nil,
			"/rooms?show=archived":                {"Sala Velha"},
			"/rooms?site=Recife":                  {"Auditório"},
			"/rooms?platform=MTR_WINDOWS":         {"Sala Ipê"},
			"/rooms?q=auditorio":                  {"Auditório"},
			"/rooms?q=" + url.QueryEscape("ab 1"): {"Sala Ipê"},
			"/rooms?q=1234":                       {"Sala Ipê"},
			"/rooms?sort=-room":                   {"Sala Ipê", "Auditório"},
			"/rooms?sort=-site":                   {"Auditório", "Sala Ipê"},
		} {
			r := w.bruno.get(address)
			require.Equal(t, http.StatusOK, r.status, address)
			require.Equal(t, want, listedRooms(r.body), address)
		}

		contract, err := w.Contract(w.Context, w.licences[0].ContractID)
		require.NoError(t, err)
		w.Calendar.Set(contract.EndAt.Add(-80 * 24 * time.Hour))
		require.Equal(t, []string{"Sala Ipê"}, listedRooms(w.ana.get("/rooms?show=ending").body))

		file := w.bruno.get("/rooms?format=csv&site=Recife")
		require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
		require.Contains(t, file.body, "Auditório,Recife,Zoom Rooms on a PC,No license,Not covered,"+
			"No license is assigned to the room,")
		require.NotContains(t, file.body, "Ipê")
		require.Contains(t, w.bruno.get("/rooms?format=csv&site=Recife&lang=pt-BR").body,
			"Auditório;Recife;", "Excel splits there at the semicolon")
		require.Equal(t, http.StatusBadRequest, w.bruno.get("/rooms?after=rom_x").status)
	})
}

// A list of thousands of rooms is read in a fixed number of statements, page by page.
func TestRooms_FiveThousandRoomsCostTwelveStatements(t *testing.T) {
	w := newRoomWorld(worldOn(t, storetest.Postgres(t)))
	require.NoError(t, w.Exec(fmt.Sprintf(`INSERT INTO rooms (id, account_id, name, site, search_key, country,
			region, platform,
			criticality, time_zone, state, archived_at, created_at, version)
		SELECT 'rom_many' || lpad(n::text, 6, '0') , r.account_id, 'Sala ' || lpad(n::text, 5, '0'),
			'Prédio ' || (n %% 70), r.search_key, r.country, r.region, r.platform, r.criticality, r.time_zone,
			r.state, NULL, r.created_at, r.version
		FROM rooms r, generate_series(1, 5000) n WHERE r.id = '%s'`, w.licensed.ID)))
	for _, address := range []string{
		"/rooms", "/rooms?sort=-site", "/rooms?show=unlicensed", "/rooms?q=sala", "/rooms?chosen=all",
	} {
		require.Contains(t, w.withinBudget(w.ana, address).body, "5,002 rooms")
	}

	seen := map[string]bool{}
	next := regexp.MustCompile(`<p class="more"><a class="btn" href="([^"]*)"`)
	address := "/rooms?site=" + url.QueryEscape("Prédio 7")
	for pages := 0; address != "" && pages < 5; pages++ {
		body := w.ana.get(address).body
		for _, name := range listedRooms(body) {
			require.False(t, seen[name], name)
			seen[name] = true
		}
		address = ""
		if found := next.FindStringSubmatch(body); found != nil {
			address = html.UnescapeString(found[1])
		}
	}
	require.Len(t, seen, 72, "5,000 rooms in 70 buildings")
}

func TestR55b_TheRoomsPageShowsLicenseCoverDevicesAndReplacements(t *testing.T) {
	eachRoomWorld(t, func(t *testing.T, w roomWorld) {
		room := w.withinBudget(w.ana, "/rooms/"+w.licensed.ID).body
		for _, text := range []string{
			"Covered", "A license in force is assigned to the room", "AB1234", "Licenses", "Replacements",
			"Request a replacement", "/replacements/request?q=AB1234", "on the next business day", "Move…",
		} {
			require.Contains(t, room, text)
		}
		history := w.withinBudget(w.ana, "/rooms/"+w.licensed.ID+"/history").body
		for _, text := range []string{"Licenses through time", "Devices through time", "AB1234", "added the room"} {
			require.Contains(t, history, text)
		}
		reader := w.bruno.get("/rooms/" + w.licensed.ID).body
		require.Contains(t, reader, "AB1234")
		for _, command := range []string{"/move", "/edit", "/archive", "/release", "/replacements/request"} {
			require.NotContains(t, reader, command, "a reader is offered no command")
		}
		require.NotContains(t, w.bruno.get("/rooms").body, "/rooms/assign")
		require.Contains(t, w.ana.get("/rooms/"+w.closed.ID).body, "The room is archived")
	})
}

// Nothing of another account's rooms is there, whatever is asked of it, and a foreign id is as
// good as none (C5).
func TestC5_ForeignRoomsDoNotExist(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, on *world) {
		w := newRoomWorld(on)
		gil, acc := w.site("gil@globex.example")
		own := w.Room(t, acc.ID, "Lobby")
		require.NotContains(t, gil.get("/rooms").body, "Ipê")
		require.Empty(t, listedRooms(gil.get("/rooms?q=AB1234").body))
		require.Empty(t, listedRooms(gil.get("/rooms?site=Recife").body))

		for _, id := range []string{w.licensed.ID, "rom_missing"} {
			path := "/rooms/" + id
			for _, page := range []string{"", "/history", "/edit", "/move", "/archive", "/release"} {
				require.Equal(t, http.StatusNotFound, gil.get(path+page).status, page)
			}
			for page, form := range map[string][]string{
				"/edit":    {"name", "x", "version", "1"},
				"/move":    {"to", own.ID, "device", w.device.ID, "confirmed", "yes"},
				"/archive": {"version", "1", "confirmed", "yes"},
				"/release": {"license", w.licences[0].ID, "confirmed", "yes"},
			} {
				require.Equal(t, http.StatusNotFound, gil.post(path+page, form...).status, page)
			}
		}
		require.Equal(t, http.StatusNotFound, gil.post("/rooms/"+own.ID+"/move",
			"to", w.licensed.ID, "device", w.device.ID, "confirmed", "yes").status)
		require.Equal(t, http.StatusNotFound, gil.post("/rooms/assign", "id", w.licensed.ID,
			"contract", w.licences[0].ContractID, "confirmed", "yes").status)
		require.NotContains(t, gil.get("/rooms/assign?id="+w.licensed.ID).body, "Ipê")
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM licence_assignments"))
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM device_placements WHERE to_at IS NULL"))
	})
}

// What is sent with the button of a page that shows what follows.
func shownFields(body string) []string {
	var fields []string
	for _, f := range hiddenField.FindAllStringSubmatch(body, -1) {
		fields = append(fields, f[1], f[2])
	}
	return fields
}

// Before licenses are assigned the page says how many are left and that the contract starts for
// the whole order (S1); then all rooms get one, and the same form again changes nothing.
func TestS1_R39b_ManyRoomsGetLicensesAfterAPreview(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		first, second := w.Room(t, inv.AccountID, "Sala A"), w.Room(t, inv.AccountID, "Sala B")

		offered := ana.get("/rooms/assign").body
		require.Contains(t, offered, "Sala A")
		require.Contains(t, offered, "10 free licenses")
		require.Contains(t, offered, "Choose all 2</button>")
		all := ana.post("/rooms/assign", "all", "yes")
		require.Equal(t, http.StatusOK, all.status)
		for _, id := range []string{first.ID, second.ID} {
			require.Contains(t, all.body, `name="id" value="`+id+`" checked`)
		}
		require.Contains(t, all.body, "Assign 2 licenses")
		require.NotContains(t, all.body, "Choose all")

		chosen := []string{"id", first.ID, "id", second.ID}
		shown := ana.post("/rooms/assign", append([]string{"back", "/rooms?show=unlicensed"}, chosen...)...)
		require.Equal(t, http.StatusOK, shown.status)
		for _, text := range []string{
			"8 licenses are left after this", "starts today for all 10 licenses", "Assign 2 licenses",
		} {
			require.Contains(t, shown.body, text)
		}
		require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM licence_assignments"), "a look changes nothing")

		contract := regexp.MustCompile(`name="contract" value="(con_[^"]*)" checked`).FindStringSubmatch(shown.body)[1]
		stale := ana.post("/rooms/assign",
			append([]string{"contract", contract, "confirmed", "yes", "shown", "no"}, chosen...)...)
		require.Equal(t, http.StatusConflict, stale.status, "not what was shown")
		form := append(append(shownFields(shown.body), chosen...), "contract", contract, "confirmed", "yes")
		for range 2 { // the button pressed twice
			did := ana.post("/rooms/assign", form...)
			require.Equal(t, "/rooms", did.path)
			require.Equal(t, http.StatusOK, did.status)
			require.Contains(t, did.body, "The licenses were assigned")
		}
		require.Equal(t, 2, w.Count(t, "SELECT count(*) FROM licence_assignments WHERE to_at IS NULL"))
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM service_contracts WHERE state = 'ACTIVE'"))
		w.AuditHolds(t)
	})
}

// What would be refused is said room by room, before and with its reason; terms that differ are
// acknowledged in the version that was shown; devices that are covered for less are named.
func TestR39b_R78b_R78e_R125d_ThePreviewSaysWhatIsRefusedAskedAndCapped(t *testing.T) {
	eachRoomWorld(t, func(t *testing.T, w roomWorld) {
		for _, terms := range []catalogue.CountryTerms{
			storetest.TermsOf("DE", func(t *catalogue.CountryTerms) { t.RMASpeed = "3BD" }),
			storetest.TermsOf("AR", func(t *catalogue.CountryTerms) { t.Available = false }),
		} {
			_, err := w.PublishTerms(w.Context, terms, "")
			require.NoError(t, err)
		}
		w.Calendar.Set(storetest.Now.Add(24 * time.Hour))
		berlin, rosario := w.RoomIn(t, w.account, "Berlin", "DE"), w.RoomIn(t, w.account, "Rosario", "AR")
		w.Device(t, w.bare, "CAPPED1", "MEETUP", "2023-03-01")
		rooms := []string{"id", berlin.ID, "id", rosario.ID, "id", w.bare.ID, "id", w.licensed.ID}
		shown := w.ana.post("/rooms/assign", rooms...)
		for _, text := range []string{
			"not available in the room’s country", "keeps it", "1 gets none", "within 3 business days",
			"I have read the terms for Germany", `value="DE 2"`, "CAPPED1", "hardware is covered until",
			"Assign 2 licenses", "7 licenses are left",
		} {
			require.Contains(t, shown.body, text)
		}
		contract := w.licences[0].ContractID
		form := append(append(shownFields(shown.body), rooms...), "contract", contract, "confirmed", "yes")
		unread := w.ana.post("/rooms/assign", form...)
		require.Equal(t, http.StatusUnprocessableEntity, unread.status)
		require.Contains(t, unread.body, "Read the terms below")
		require.Contains(t, unread.body, `value="`+berlin.ID+`" checked`, "what was chosen stays")
		require.Equal(t, http.StatusUnprocessableEntity,
			w.ana.post("/rooms/assign", append(form, "terms", "DE 1")...).status, "another version")
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM licence_assignments"))

		require.Equal(t, "/rooms", w.ana.post("/rooms/assign", append(form, "terms", "DE 2")...).path)
		require.Equal(t, 3, w.Count(t, "SELECT count(*) FROM licence_assignments WHERE to_at IS NULL"))
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM licence_assignments WHERE acknowledged_at IS NOT NULL"))
	})
}

// Fewer licenses than rooms: the page says so and offers no button to assign.
func TestR39_TooFewLicensesAreSaidBefore(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	var chosen []string
	for n := range 11 {
		chosen = append(chosen, "id", w.Room(t, inv.AccountID, fmt.Sprintf("Sala %d", n)).ID)
	}
	shown := ana.post("/rooms/assign", chosen...)
	require.Contains(t, shown.body, "1 license too few")
	require.NotContains(t, shown.body, `name="confirmed"`)
	for _, form := range [][]string{{}, {"confirmed", "yes"}} {
		none := ana.post("/rooms/assign", form...)
		require.Equal(t, http.StatusUnprocessableEntity, none.status)
		require.Contains(t, none.body, "Choose at least one room.")
	}
}

// A move says before what loses its cover, keeps the license's dates, and moves all or nothing.
func TestR28_AMoveShowsBeforeAndAfter(t *testing.T) {
	eachRoomWorld(t, func(t *testing.T, w roomWorld) {
		path := "/rooms/" + w.licensed.ID + "/move"
		asked := w.ana.get(path).body
		require.Contains(t, asked, "AB1234")
		require.Contains(t, asked, "Auditório · Recife")
		require.Equal(t, http.StatusUnprocessableEntity, w.ana.post(path, "device", w.device.ID).status)
		require.Contains(t, w.ana.post(path, "to", w.bare.ID).body, "Choose what moves")

		alone := w.ana.post(path, "to", w.bare.ID, "device", w.device.ID)
		require.Equal(t, http.StatusOK, alone.status)
		require.Contains(t, alone.body, "This will not be covered any more", "R28a")

		contract, err := w.Contract(w.Context, w.licences[0].ContractID)
		require.NoError(t, err)
		both := []string{"to", w.bare.ID, "device", w.device.ID, "license", w.licences[0].ID}
		shown := w.ana.post(path, both...)
		require.Contains(t, shown.body, "keeps its dates")
		require.Contains(t, shown.body, "This will not be covered any more", "the room that is left")
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM device_placements"), "a look moves nothing")

		other := append(append([]string{}, both[:4]...), "confirmed", "yes", "shown",
			shownFields(shown.body)[1])
		require.Equal(t, http.StatusConflict, w.ana.post(path, other...).status, "not what was shown")

		form := append(append([]string{}, both...), append(shownFields(shown.body), "confirmed", "yes")...)
		for range 2 {
			did := w.ana.post(path, form...)
			require.Equal(t, "/rooms/"+w.bare.ID, did.path, did.body)
			require.Contains(t, did.body, "AB1234")
		}
		require.Equal(t, 2, w.Count(t, "SELECT count(*) FROM device_placements"))
		after, err := w.Contract(w.Context, contract.ID)
		require.NoError(t, err)
		require.True(t, contract.EndAt.Equal(*after.EndAt), "R28b")
		w.AuditHolds(t)

		taken := w.Room(t, w.account, "Sala Cedro")
		w.Assigned(t, w.licences[1], taken)
		refused := w.ana.post("/rooms/"+w.bare.ID+"/move", "to", taken.ID, "license", w.licences[0].ID)
		require.Equal(t, http.StatusUnprocessableEntity, refused.status)
		require.Contains(t, refused.body, "has a license of this service already", "R39b")
		require.NotContains(t, refused.body, "Leave the license out", "it moves nothing else")
	})
}

// Releasing and archiving ask first, and say what becomes of the license and of the devices; an
// open replacement keeps the room, which the page says (S28).
func TestS28_R28b_ReleaseAndArchiveSayWhatTheyDo(t *testing.T) {
	eachRoomWorld(t, func(t *testing.T, w roomWorld) {
		path := "/rooms/" + w.licensed.ID
		release := regexp.MustCompile(path + `/release\?license=(lic_[0-9a-z]+)`).
			FindStringSubmatch(w.ana.get(path).body)
		asked := w.ana.get(release[0])
		require.Contains(t, asked.body, "The license goes back to your free ones")
		require.Contains(t, asked.body, "AB1234")
		action, fields := confirmationOf(asked.body)
		for range 2 {
			require.Equal(t, path, w.ana.post(action, fields...).path)
		}
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM licence_assignments WHERE end_reason = 'RELEASED'"))
		require.Equal(t, http.StatusNotFound, w.ana.get(path+"/release?license=lic_none").status)

		w.Assigned(t, w.licences[0], w.licensed)
		asked = w.ana.get(path + "/archive")
		require.Contains(t, asked.body, "Its license goes back to your free ones")
		action, fields = confirmationOf(asked.body)
		for range 2 {
			did := w.ana.post(action, fields...)
			require.Equal(t, path, did.path)
			require.Contains(t, did.body, "Archived")
		}
		require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM licence_assignments WHERE to_at IS NULL"))
		require.Contains(t, w.verbs(w.licensed.ID), "room.archived")
		refused := w.ana.get(path + "/edit")
		require.Equal(t, http.StatusConflict, refused.status)
		require.Contains(t, refused.body, "The room is archived. Choose another one.", "S55")
		refused = w.ana.get(path + "/edit?lang=pt-BR")
		require.Contains(t, html.UnescapeString(refused.body), "A sala está arquivada. Escolha outra.", "S55")
	})
}

func TestS28_ARoomWithAnOpenReplacementIsNotArchived(t *testing.T) {
	w := newWorld(t)
	c, ana, _ := w.covered()
	rma := w.Requested(t, c)
	path := "/rooms/" + c.Room.ID + "/archive"
	for _, r := range []reply{ana.get(path), ana.post(path, "version", "1", "confirmed", "yes")} {
		require.Equal(t, http.StatusConflict, r.status)
		require.Contains(t, r.body, "The replacement "+rma.Name()+" is open")
		require.Contains(t, r.body, `href="/replacements/`+rma.Name()+`"`)
	}
	require.Contains(t, ana.get("/rooms").body, rma.Name())
	require.Contains(t, ana.get("/rooms/"+c.Room.ID).body, rma.Name())
}

// A room's data changes as the API changes it; what is wrong stands beside its field, and what
// was typed stays; nobody overwrites what another person changed meanwhile.
func TestR70_ARoomIsChanged(t *testing.T) {
	eachRoomWorld(t, func(t *testing.T, w roomWorld) {
		path := "/rooms/" + w.bare.ID + "/edit"
		form := w.ana.get(path)
		require.Contains(t, form.body, `value="Auditório"`)
		fields := func(name, platform, version string) []string {
			return []string{
				"name", name, "site", "Recife", "country", "BR", "platform", platform,
				"criticality", "CRITICAL", "time_zone", "America/Recife", "version", version,
			}
		}
		wrong := w.ana.post(path, fields("", "PHONE", "1")...)
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
		require.Contains(t, wrong.body, "Fill this in")
		require.Contains(t, wrong.body, "Choose one of the list")

		for range 2 {
			did := w.ana.post(path, fields("Auditório Norte", "ZOOM_APPLIANCE", "1")...)
			require.Equal(t, "/rooms/"+w.bare.ID, did.path)
			require.Contains(t, did.body, "Auditório Norte")
		}
		require.Contains(t, w.ana.get("/rooms/"+w.bare.ID+"/history").body, "changed the room")

		stale := w.ana.post(path, fields("Auditório Sul", "ZOOM_APPLIANCE", "1")...)
		require.Equal(t, http.StatusConflict, stale.status)
		require.Contains(t, stale.body, "Somebody changed the room")
		require.Contains(t, stale.body, `value="Auditório Sul"`, "what was typed stays")
	})
}

// formsOf are forms of an account's rooms, devices, replacements and tickets, by their routes.
func (w *world) formsOf(accountID string) map[string][]string {
	forms := map[string][]string{}
	w.roomForms(accountID, forms)
	w.deviceForms(accountID, forms)
	w.replacementForms(accountID, forms)
	w.ticketForms(accountID, forms)
	return forms
}

// roomForms adds the forms about rooms to those that R42 holds against every role. Each one works
// once; the account has a contract with free licences.
func (w *world) roomForms(accountID string, forms map[string][]string) {
	w.t.Helper()
	from, to := w.Room(w.t, accountID, "Sala R28"), w.Room(w.t, accountID, "Sala R28b")
	device := w.Device(w.t, from, "SN-R28", "MEETUP", "2026-06-01")
	closing, bare := w.Room(w.t, accountID, "Sala S28"), w.Room(w.t, accountID, "Sala R39")
	free, err := w.Assignable(w.Context, accountID)
	require.NoError(w.t, err)
	out, err := w.AssignMany(w.Context, entitlement.AssignManyRequest{
		ContractID: free[0].ID,
		RoomIDs:    []string{to.ID},
	})
	require.NoError(w.t, err)

	move := entitlement.MoveRequest{FromRoomID: from.ID, ToRoomID: to.ID, DeviceIDs: []string{device.ID}}
	moved, err := w.PreviewMove(w.Context, move)
	require.NoError(w.t, err)
	many := entitlement.AssignManyRequest{ContractID: free[0].ID, RoomIDs: []string{bare.ID}}
	assigned, err := w.PreviewAssignMany(w.Context, many)
	require.NoError(w.t, err)

	forms[assignPath] = []string{
		assignPath, "id", bare.ID, "contract", free[0].ID, "shown", assignDigest(assigned), "confirmed", "yes",
	}
	forms["/rooms/:id/edit"] = []string{
		roomPath(to.ID) + "/edit", "name", "Sala R42", "country", "BR", "platform", "OTHER", "criticality", "HIGH",
		"time_zone", "America/Sao_Paulo", "version", "1",
	}
	forms["/rooms/:id/move"] = []string{
		movePath(from.ID), "to", to.ID, "device", device.ID, "shown", moveDigest(moved), "confirmed", "yes",
	}
	forms["/rooms/:id/release"] = []string{
		roomPath(to.ID) + "/release", "license", out.Assignments[0].LicenceID, "confirmed", "yes",
	}
	forms["/rooms/:id/archive"] = []string{
		roomPath(closing.ID) + "/archive", "version", "1", "confirmed", "yes",
	}
}

// The day of a device that is capped is its last; that of one which is too old is the first without
// cover.
func TestR125d_TheDayOfACapIsTheLastOrTheFirstWithout(t *testing.T) {
	ends := civil.Date{Year: 2026, Month: 6, Day: 1}
	for code, want := range map[string]string{
		licensing.WarnHardwareCapped:  "2026-05-31",
		licensing.WarnHardwareOverCap: "2026-06-01",
	} {
		day := hardwareDay(licensing.CapWarning{Code: code, EndsOn: &ends})
		require.Equal(t, want, day.String(), code)
	}
}

// Sync Plus covers no room: one that has it alone is among those without a Select, and the chip,
// the start page and the list say it in the same words and the same number.
func TestR31_TheChipNamesTheServiceThatARoomIsWithout(t *testing.T) {
	w := newRoomWorld(newWorld(t))
	form := storetest.Form("PO-SYNC")
	form.Lines[0] = ordering.OrderLine{SKU: "SYNC-PLUS-1Y", Quantity: 1}
	plus := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), form)
	w.Assigned(t, w.Licences(t, plus)[0], w.bare)

	list := w.ana.get("/rooms?show=unlicensed")
	require.Equal(t, []string{"Auditório"}, listedRooms(list.body))
	require.Contains(t, list.body, "Without Logitech Select")
	require.Contains(t, list.body, "1 without Logitech Select")
	require.NotContains(t, list.body, "ithout a license")
	require.Contains(t, w.ana.get("/").body, "1 room is without Logitech Select.")

	list = w.ana.get("/rooms?show=unlicensed&lang=pt-BR")
	require.Contains(t, list.body, "Sem Logitech Select")
	require.Contains(t, list.body, "1 sem Logitech Select")
	require.Contains(t, w.ana.get("/?lang=pt-BR").body, "1 sala está sem Logitech Select.")
}

// The last day of a cover is the same on every page that names it, whatever the zone of the room
// and of who reads it; and where the account moves to the east, nobody is told a day on whose
// morning the cover is over (C1, C2).
func TestC1_C2_TheLastDayOfACoverIsTheSameEverywhere(t *testing.T) {
	w := newWorld(t)
	c, eva, _ := w.covered()
	contract := storetest.OneContract(t, w.Env, c.Order.ID)
	require.NoError(t, w.Exec("UPDATE rooms SET time_zone = 'America/Manaus' WHERE id = '"+c.Room.ID+"'"))
	w.Room(t, c.Account, "Sala nua")
	zone := location(contract.TimeZone)
	last := rules.LastCoveredDay(*contract.EndAt, zone)

	en := messages.In("en")
	named := func(d civil.Date) []string {
		return []string{
			en.Date(d.In(time.UTC)), en.ShortDate(d.In(time.UTC)),
			en.NearDate(d.In(time.UTC), w.Calendar.Now()),
		}
	}
	names := func(body string, d civil.Date) bool {
		return slices.ContainsFunc(named(d), func(text string) bool {
			return regexp.MustCompile(`\b` + regexp.QuoteMeta(text) + `\b`).MatchString(body)
		})
	}

	pages := []string{
		"/rooms", roomPath(c.Room.ID), devicesPath, devicesPath + "/" + c.Device.ID,
		assignPath, releasePath(c.Room.ID, c.Licence.ID),
		contractsPath, contractsPath + "/" + contract.ID, "/service-orders",
		newTicketPath + "?room=" + c.Room.ID,
	}
	for _, home := range []string{"", "Europe/Lisbon"} {
		if home != "" {
			require.NoError(t, w.Exec("UPDATE accounts SET time_zone = '"+home+"'"))
			require.NoError(t, w.Exec("UPDATE users SET time_zone = '"+home+"'"))
		}
		for _, page := range pages {
			r := eva.get(page)
			require.Equal(t, http.StatusOK, r.status, page)
			body := html.UnescapeString(r.body)
			if page != contractsPath+"/"+contract.ID { // it says on which day the end is mailed, too
				require.False(t, names(body, last.AddDays(1)), "%s %s names the day after", home, page)
			}
			if page == newTicketPath+"?room="+c.Room.ID {
				continue // what is promised stands there once it is asked for
			}
			require.True(t, names(body, last), "%s %s names the last day", home, page)
		}
	}
	promise := html.UnescapeString(eva.post(newTicketPath, aTicket(c.Room.ID)...).body)
	require.True(t, names(promise, last))
	require.False(t, names(promise, last.AddDays(1)))
}
