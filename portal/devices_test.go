package portal

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules/licensing"
)

// equippedAccount is an account with a covered room, whose devices are new, old, undated and
// about to lose their cover, and one device in no room.
func equippedAccount(w *world) (ana *guest, accountID string, room entitlement.Room) {
	t := w.t
	ana, inv := w.admin()
	w.Calendar.Set(w.Calendar.Now().AddDate(0, 0, 2)) // the contract runs
	room = w.Room(t, inv.AccountID, "Sala Ipê")
	o, _ := w.firstOrder()
	w.Assigned(t, w.Licences(t, o)[0], room)
	day := func(years, days int) string {
		return w.Calendar.Now().AddDate(years, 0, days).Format("2006-01-02")
	}
	w.Device(t, room, "NEW-1", "RALLY-BAR", day(0, -30))
	w.Device(t, room, "SOON-1", "RALLY-BAR", day(-5, 40))
	w.Device(t, room, "OLD-1", "MEETUP", day(-6, 0))
	w.Device(t, room, "DATELESS-1", "RALLY-BAR", "")
	_, err := w.RegisterDevices(w.Context, entitlement.NewDevices{
		AccountID: inv.AccountID,
		Forms:     []licensing.DeviceForm{{Serial: "FREE-1", ModelCode: "MEETUP", PurchasedOn: day(0, -9)}},
	})
	require.NoError(t, err)
	return ana, inv.AccountID, room
}

// R27c, R125b: the list finds a serial in any spelling and a model by its name; its facets are
// in the address, and a file has what is shown.
func TestR27c_DevicesAreFoundAndNarrowed(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, _, _ := equippedAccount(w)
		all := []string{"NEW1", "SOON1", "OLD1", "DATELESS1", "FREE1"}
		shows := func(query string, serials ...string) {
			t.Helper()
			page := ana.get("/devices" + query).body
			for _, s := range all {
				has := strings.Contains(page, ">"+s+"<")
				require.Equal(t, has, strings.Contains(strings.Join(serials, " "), s), "%s: %s", query, s)
			}
		}
		shows("", all...)
		shows("?q=new+-+1", "NEW1")
		shows("?q=rally+bar", "NEW1", "SOON1", "DATELESS1")
		shows("?state=UNPLACED", "FREE1")
		shows("?cover=ending", "SOON1")
		shows("?cover=overcap", "OLD1")
		shows("?cover=undated", "DATELESS1")
		shows("?q=nothing")
		require.Contains(t, ana.get("/devices?q=nothing").body, "Nothing found")

		file := ana.get("/devices?format=csv&cover=overcap")
		require.Contains(t, file.header.Get("Content-Disposition"), "devices-")
		require.Contains(t, file.body, "OLD1")
		require.NotContains(t, file.body, "NEW1")
		require.Contains(t, ana.get("/devices?lang=pt-BR").body, "Equipamentos")
	})
}

// A page of the list, of a device and of each form takes no more statements with thousands of
// rooms, and shows page after page.
func TestBudget_DevicesOfThousandsOfRooms(t *testing.T) {
	w := newWorld(t)
	ana, accountID, _ := equippedAccount(w)
	require.NoError(t, w.Exec(`
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
		INSERT INTO rooms (id, account_id, name, site, search_key, country, platform, criticality,
			time_zone, state, created_at, version)
		SELECT 'rom_' || i, '`+accountID+`', 'Room ' || i, 'Site ' || (i % 40), 'room ' || i || ' site', 'BR',
			'OTHER', 'NORMAL', 'America/Sao_Paulo', 'ACTIVE', '2026-01-01 00:00:00', 1 FROM n`))
	require.NoError(t, w.Exec(`
		INSERT INTO devices (id, account_id, serial, model_code, state, purchased_day, purchase_proof, created_at, version)
		SELECT 'dev_0' || substr(id, 5), account_id, 'BULK' || substr(id, 5), 'RALLY-BAR', 'IN_ROOM', '2026-01-01', '',
			created_at, 1 FROM rooms WHERE id <> 'x' AND name LIKE 'Room %'`))
	require.NoError(t, w.Exec(`
		INSERT INTO device_placements (id, account_id, device_id, room_id, from_at, placed_by)
		SELECT 'plc_' || substr(id, 5), account_id, 'dev_0' || substr(id, 5), id, created_at, 'x' FROM rooms
		WHERE name LIKE 'Room %'`))

	first := w.withinBudget(ana, "/devices")
	require.Contains(t, first.body, "5,005 devices")
	_, link, ok := strings.Cut(first.body, `<p class="more"><a class="btn" href="`)
	require.True(t, ok)
	link, _, _ = strings.Cut(link, `"`)
	next := w.withinBudget(ana, strings.ReplaceAll(link, "&amp;", "&"))
	require.NotContains(t, next.body, ">FREE1<")

	found, _, err := w.ListDevices(w.Context, entitlement.DeviceFilter{AccountID: accountID, Search: "SOON1"})
	require.NoError(t, err)
	for _, path := range []string{
		"/devices?cover=ending", "/devices?cover=overcap", "/devices?cover=undated", "/devices?q=bulk",
		"/devices/" + found[0].ID, "/devices/" + found[0].ID + "/place", "/devices/" + found[0].ID + "/purchase",
		"/rooms/new", "/devices/new", "/rooms/import",
	} {
		w.withinBudget(ana, path)
	}
}

// S38, R125b: the page of a device says whether it is covered, until when and what limits it,
// where it was, and what an administrator may do; a reader may do nothing.
func TestR125b_TheDevicesPageSaysWhatLimitsItsCover(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, accountID, room := equippedAccount(w)
		bruno := w.member(accountID, "bruno@acme.example", identity.RoleReadOnly)
		found, _, err := w.ListDevices(w.Context, entitlement.DeviceFilter{AccountID: accountID, Search: "SOON1"})
		require.NoError(t, err)
		path := "/devices/" + found[0].ID

		page := ana.get(path).body
		for _, words := range []string{
			"Rally Bar SOON1", "Covered", "by the device&#39;s age", "Age limit, 5 years after purchase",
			"Support until", "Sala Ipê", path + "/place", path + "/take-out", path + "/purchase",
			"/replacements/request?q=SOON1",
		} {
			require.Contains(t, page, words)
		}
		seen := bruno.get(path)
		require.Equal(t, 200, seen.status)
		for _, command := range []string{"/place", "/take-out", "/purchase", "/replacements/request"} {
			require.NotContains(t, seen.body, command)
			if command != "/replacements/request" {
				require.Equal(t, 403, bruno.get(path+command).status)
				require.Equal(t, 403, bruno.post(path+command, "confirmed", "yes").status)
			}
		}
		require.NotContains(t, bruno.get("/devices").body, "/devices/new")

		asked := ana.post(path + "/take-out")
		require.Contains(t, asked.body, "no longer covers the device")
		for range 2 {
			out := ana.post(path+"/take-out", "confirmed", "yes")
			require.Equal(t, path, out.path)
			require.Contains(t, out.body, "In no room")
		}
		for range 2 {
			require.Equal(t, path, ana.post(path+"/place", "to", room.ID).path)
		}
		stays, err := w.PlacementsOf(w.Context, found[0].ID)
		require.NoError(t, err)
		require.Len(t, stays, 2)
		require.Equal(t, 422, ana.post(path+"/place", "to", "").status)

		gil, acc := w.site("gil@globex.example")
		for _, below := range []string{"", "/place", "/take-out", "/purchase"} {
			require.Equal(t, 404, gil.get(path+below).status)
			if below != "" {
				require.Equal(t, 404, gil.post(path+below, "to", "x", "confirmed", "yes").status)
			}
		}
		foreign := w.Room(t, acc.ID, "Globex Lobby")
		require.Equal(t, 404, ana.post(path+"/place", "to", foreign.ID).status)
		require.Equal(t, 404, ana.get("/devices/dev_missing").status)
	})
}

// S32: a known day of purchase changes with its proof and a reason only; what was typed stays,
// and a day ahead is refused (S62).
func TestS32_ThePurchaseIsCorrectedWithProofAndReason(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, accountID, _ := equippedAccount(w)
		found, _, err := w.ListDevices(w.Context, entitlement.DeviceFilter{AccountID: accountID, Search: "OLD1"})
		require.NoError(t, err)
		path := "/devices/" + found[0].ID + "/purchase"
		require.Contains(t, ana.get(path).body, `value="`+found[0].PurchasedOn+`"`)

		for words, form := range map[string][]string{
			"Fill in this field.":  {"purchased_on", "2026-01-02", "purchase_proof", "NF 7"},
			"This day lies ahead.": {"purchased_on", "2031-01-02", "purchase_proof", "NF 7", "reason", "typo"},
			"This is not a date.":  {"purchased_on", "2026-02-31", "purchase_proof", "NF 7", "reason", "typo"},
		} {
			page := ana.post(path, append(form, "version", "1")...)
			require.Equal(t, 422, page.status, words)
			require.Contains(t, page.body, words)
			require.Contains(t, page.body, `value="NF 7"`, "what was typed stays")
		}
		require.Equal(t, 422, ana.post(path, "purchased_on", "2026-01-02", "reason", "x", "version", "1").status)

		form := []string{"purchased_on", "2026-01-02", "purchase_proof", "NF 7", "reason", "read from the invoice"}
		for range 2 {
			saved := ana.post(path, append(form, "version", "1")...)
			require.Equal(t, "/devices/"+found[0].ID, saved.path)
			require.Contains(t, saved.body, "NF 7")
		}
		late := ana.post(path, "purchased_on", "2026-01-03", "purchase_proof", "NF 8", "reason", "x", "version", "1")
		require.Equal(t, 409, late.status)
		require.Contains(t, late.body, "Somebody else changed this device")
		d, err := w.GetDevice(w.Context, found[0].ID)
		require.NoError(t, err)
		require.Equal(t, "2026-01-02", d.PurchasedOn)
		require.Equal(t, int64(2), d.Version)
		events, err := w.Timeline(w.Context, d.ID)
		require.NoError(t, err)
		require.Contains(t, fmt.Sprint(events), "read from the invoice")
	})
}

// deviceForms are the forms that change rooms and devices, by their routes.
func (w *world) deviceForms(accountID string, forms map[string][]string) {
	w.t.Helper()
	room := w.Room(w.t, accountID, "Sala Peroba")
	moved := w.Device(w.t, room, "PE-1", "MEETUP", "2026-06-01")
	taken := w.Device(w.t, room, "PE-2", "MEETUP", "2026-06-01")
	dated := w.Device(w.t, room, "PE-3", "MEETUP", "2026-06-01")
	forms["/devices/new"] = []string{"/devices/new", "serial", "PE-4", "model", "MEETUP", "once", "once_4"}
	forms["/devices/:id/place"] = []string{
		"/devices/" + moved.ID + "/place", "to", w.Room(w.t, accountID, "Sala Imbuia").ID,
	}
	forms["/devices/:id/take-out"] = []string{"/devices/" + taken.ID + "/take-out", "confirmed", "yes"}
	forms["/devices/:id/purchase"] = []string{
		"/devices/" + dated.ID + "/purchase", "purchased_on", "2026-05-04", "purchase_proof", "NF 1",
		"reason", "read from the invoice", "version", "1",
	}
	forms["/rooms/new"] = []string{
		"/rooms/new", "room", "Sala Angico", "country", "BR", "platform", "OTHER", "serial", "PE-5", "model", "MEETUP",
		"criticality", "NORMAL",
	}
	forms["/rooms/import"] = []string{"/rooms/import", "text", "room,country,platform\nSala Ipê,BR,OTHER\n", "do", "import"}
}
