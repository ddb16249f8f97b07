package portal

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
)

// ipe is the form of a room with two devices, the second line left empty.
var ipe = []string{
	"room", "Sala Ipê", "site", "Paulista 1000", "country", "BR", "region", "SP",
	"platform", "MTR_ANDROID", "criticality", "HIGH", "do", "save",
	"serial", "ab-12 34", "model", "Rally Bar", "purchased_on", "2026-06-01",
	"serial", "", "model", "", "purchased_on", "",
	"serial", "CD 99", "model", "MEETUP", "purchased_on", "",
}

// R27a, R108: a room and its devices are added by one form, all or nothing; two presses of its
// button add one room, and the form's other button only shows more lines.
func TestR27a_ARoomIsAddedWithItsDevicesByOneForm(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		page := ana.get("/rooms/new")
		require.Equal(t, 200, page.status)
		require.Equal(t, emptyLines, strings.Count(page.body, `name="serial"`))
		once := formOn(t, page.body, "/rooms/new").Get("once")
		require.NotEmpty(t, once)

		more := ana.post("/rooms/new", append(typed(ipe, "do", "lines"), "once", once,
			"paste", "EF-1\nGH-2\tMEETUP\t2026-05-04\n\n", "paste_model", "Rally Bar")...)
		require.Equal(t, 200, more.status)
		require.Equal(t, 4+emptyLines, strings.Count(more.body, `name="serial"`))
		require.Contains(t, more.body, `value="EF-1"`)
		require.Contains(t, more.body, `value="2026-05-04"`)
		require.Contains(t, more.body, `value="Sala Ipê"`, "what was typed stays")
		require.Zero(t, w.Count(t, "SELECT count(*) FROM rooms"))

		form := append(ipe, "once", once, "street", "Av. Paulista, 1000", "city", "São Paulo")
		for range 2 {
			require.Equal(t, 200, ana.post("/rooms/new", form...).status)
		}
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM rooms"), "two presses, one room")
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM sites WHERE name = 'Paulista 1000'"))
		rooms, _, err := w.ListRooms(w.Context, entitlement.RoomFilter{AccountID: inv.AccountID})
		require.NoError(t, err)
		devices, _, err := w.ListDevices(w.Context, entitlement.DeviceFilter{RoomID: rooms[0].ID})
		require.NoError(t, err)
		require.Len(t, devices, 2)
		require.Equal(t, "CD99", db.Text(devices[0].Serial))
		require.Equal(t, "AB1234", db.Text(devices[1].Serial))
		require.Equal(t, "RALLY-BAR", devices[1].ModelCode, "by the name on the box")
		require.Contains(t, w.verbs(rooms[0].ID), "room.created")

		wrong := ana.post("/rooms/new", typed(ipe, "room", "", "serial", "n/a", "purchased_on", "2031-01-01")...)
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
		for _, words := range []string{
			"Fill in this field.", "stands for a missing number", "This day lies ahead",
			"Nothing was added yet", `value="n/a"`, `value="Paulista 1000"`,
		} {
			require.Contains(t, wrong.body, words)
		}
		require.Equal(t, 2, w.Count(t, "SELECT count(*) FROM devices"))
		require.LessOrEqual(t, len(page.body), 60<<10)
		w.AuditHolds(t)
	})
}

// R27c: a serial that the account has leads to its room; one of another account is "claimed",
// without its owner, and an operator decides.
func TestR27c_ASerialThatIsTakenIsToldBesideItsLine(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		room := w.Room(t, inv.AccountID, "Sala Jacarandá")
		w.Device(t, room, "AB1234", "RALLY-BAR", "2026-06-01")
		free, err := w.RegisterDevices(w.Context, entitlement.NewDevices{
			AccountID: inv.AccountID, Forms: pastedLines("FREE-1", "MEETUP", ""),
		})
		require.NoError(t, err)
		_, acc := w.site("gil@globex.example")
		w.Device(t, w.Room(t, acc.ID, "Globex Lobby"), "GL-900", "MEETUP", "2026-06-01")

		for path, form := range map[string][]string{
			"/rooms/new": append(typed(ipe), "serial", "gl 900", "model", "MEETUP", "serial", "free1", "model", "MEETUP"),
			"/devices/new": {
				"serial", "ab-12 34", "serial", "gl 900", "serial", "free1", "model", "MEETUP", "model", "MEETUP",
				"model", "MEETUP",
			},
		} {
			page := ana.post(path, form...)
			require.Equal(t, 422, page.status, path)
			require.Contains(t, page.body, `href="/rooms/`+room.ID+`"`, path)
			require.Contains(t, page.body, `href="/devices/`+free[0].ID+`"`, path)
			require.Contains(t, page.body, "claimed elsewhere", path)
			for _, secret := range []string{"Globex", acc.ID} {
				require.NotContains(t, page.body, secret, path)
			}
		}
		require.Len(t, w.tasks(db.TaskSerialClaimed), 1, "asked about once")
		require.Equal(t, 3, w.Count(t, "SELECT count(*) FROM devices"))
		require.Equal(t, 2, w.Count(t, "SELECT count(*) FROM rooms"))

		same := ana.post("/rooms/new", typed(ipe, "room", "sala jacarandá", "site", "hq", "serial", "")...)
		require.Equal(t, 422, same.status)
		require.Contains(t, same.body, "already have a room with this name")
		require.Contains(t, same.body, `href="/rooms/`+room.ID+`"`)
	})
}

// R27a: devices are added to a room or to none.
func TestR27a_DevicesAreAddedToARoomOrToNone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		room := w.Room(t, inv.AccountID, "Sala Ipê")
		page := ana.get("/devices/new?room=" + room.ID)
		require.Contains(t, page.body, `<option value="`+room.ID+`" selected>`)
		require.Equal(t, 422, ana.post("/devices/new", "to", room.ID, "do", "save").status)
		require.Equal(t, 200, ana.post("/devices/new", "to", "sala ipê", "serial", "A-100", "model", "MEETUP").status)
		require.Equal(t, 200, ana.post("/devices/new", "serial", "A-101", "model", "MEETUP").status)
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM devices WHERE state = 'IN_ROOM'"))
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM devices WHERE state = 'UNPLACED'"))
		require.Contains(t, ana.post("/devices/new", "to", "Sala", "serial", "A-102", "model", "MEETUP").body,
			"no room with this name")

		gil, acc := w.site("gil@globex.example")
		require.Equal(t, 404, gil.get("/devices/new?room="+room.ID).status)
		require.Equal(t, 404, gil.post("/devices/new", "to", room.ID, "serial", "A-9", "model", "MEETUP").status)
		require.Zero(t, w.Count(t, "SELECT count(*) FROM devices WHERE account_id = '"+acc.ID+"'"))
	})
}

// The camera is for the pages that read serial numbers with it, and for no other; their script
// is the service's own.
func TestR27a_OnlyPagesThatScanMayUseTheCamera(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	for path, camera := range map[string]string{
		"/rooms/new": "camera=(self)", "/devices/new": "camera=(self)", "/devices": "camera=()", "/": "camera=()",
	} {
		page := ana.get(path)
		require.Contains(t, page.header.Get("Permissions-Policy"), camera, path)
		if camera == "camera=(self)" {
			require.Contains(t, page.header.Get("Content-Security-Policy"), "script-src 'self';", path)
			require.Contains(t, page.body, `data-scan hidden`, path)
		}
	}

	bruno := w.member(inv.AccountID, "bruno@acme.example", identity.RoleReadOnly)
	for _, path := range []string{"/rooms/new", "/devices/new", "/rooms/import"} {
		require.Equal(t, 403, bruno.get(path).status, path)
	}
}
