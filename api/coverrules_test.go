package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// asks requests a replacement and gives the code of its refusal, empty for none.
func (a adminOf) asks(t *testing.T, serial string) string {
	t.Helper()
	got := a.post("/v1/rmas", map[string]any{"serial": serial, "fault": "No picture"})
	if got.Status == 201 {
		return ""
	}
	return as[struct{ Code string }](t, got, 422).Code
}

func TestR35b_TheWarrantyIsExtendedForCatalogueDevicesInCoveredRooms(t *testing.T) {
	h := sqlite(t)
	a := h.admin(t)
	add := func(serial, model, bought string, room entitlement.Room) {
		d, err := h.RegisterDevice(h.Context, entitlement.NewDevice{
			AccountID: a.Account,
			RoomID:    room.ID,
			Form:      licensing.DeviceForm{Serial: serial, ModelCode: model, PurchasedOn: bought},
		})
		require.NoError(t, err)
		require.NotEmpty(t, d.ID)
	}
	bare := h.Room(t, a.Account, "No licence")
	add("PAST-STANDARD", "RALLY-BAR", "2023-01-01", a.Room)
	add("UNCOVERED-ROOM", "RALLY-BAR", "2023-01-01", bare)
	add("UNPLACED", "RALLY-BAR", "2023-01-01", entitlement.Room{})
	add("THIRD-PARTY", "OTHER-VENDOR-CAM", "2026-01-01", a.Room)
	add("ROOM-PC", "MINI-PC", "2026-01-01", a.Room)
	add("SIX-YEARS-OLD", "RALLY-BAR", "2020-01-01", a.Room)
	h.Calendar.Set(h.Calendar.Now().AddDate(0, 0, 2)) // S25
	for serial, code := range map[string]string{
		"PAST-STANDARD":  "",
		"UNCOVERED-ROOM": rules.NotCovered,
		"UNPLACED":       rules.Unplaced,
		"THIRD-PARTY":    rules.ModelNotSupported,
		"ROOM-PC":        rules.ModelNotSupported,
		"SIX-YEARS-OLD":  rules.WarrantyCap,
	} {
		require.Equal(t, code, a.asks(t, serial), serial)
	}
	answer := a.covered(t, "for=hardware&serial=PASTSTANDARD")
	require.Equal(t, cover.BySelect, answer.Entitlement.Kind)
	require.Equal(t, "2028-01-01",
		answer.HardwareUntil.In(saoPaulo(t)).Format("2006-01-02"), "until purchase plus five years (R125b)")
}

func TestR59a_AModelAddedOverTheAPIIsCoverableAtOnce(t *testing.T) {
	h := sqlite(t)
	a := h.admin(t)
	h.Device(t, a.Room, "BOARD-1", "RALLY-BOARD-65", "2026-10-01") // R59b: it may be inventoried
	h.Calendar.Set(h.Calendar.Now().AddDate(0, 0, 2))
	require.Equal(t, rules.ModelNotSupported, a.covered(t, "for=hardware&serial=BOARD-1").Code)
	require.Equal(t, rules.ModelNotSupported, a.asks(t, "BOARD-1"))
	model := map[string]any{
		"name":                    "Rally Board 65",
		"kind":                    "HARDWARE",
		"serialised":              true,
		"standard_warranty_years": 2,
		"effective_from":          "2026-12-01",
	}
	require.Equal(t, 403, a.send("PUT", "/v1/models/RALLY-BOARD-65", model).Status)
	require.Equal(t, 200, h.Lead.send("PUT", "/v1/models/RALLY-BOARD-65", model).Status)
	require.Equal(t, rules.ModelNotSupported, a.asks(t, "BOARD-1"), "not before its day")
	h.SetLocal(t, "America/Sao_Paulo", "2026-12-01 09:00")
	require.True(t, a.covered(t, "for=hardware&serial=BOARD-1").Covered)
	require.Empty(t, a.asks(t, "BOARD-1"))
}

func TestR59b_AnUnsupportedModelIsKeptAndNeverCovered(t *testing.T) {
	h := sqlite(t)
	a := h.admin(t)
	body := map[string]any{
		"room_id":      a.Room.ID,
		"serial":       "THIRD-1",
		"model":        "OTHER-VENDOR-CAM",
		"purchased_on": "2026-11-01",
	}
	require.Equal(t, 201, a.post("/v1/devices", body).Status)
	h.Calendar.Set(h.Calendar.Now().AddDate(0, 0, 2))
	for _, purpose := range []string{"hardware", "technical", "setup"} {
		require.Equal(t, rules.ModelNotSupported, a.covered(t, "serial=THIRD1&for="+purpose).Code, purpose)
	}
	problem(t, a.post("/v1/rmas", map[string]any{"serial": "THIRD-1", "fault": "No picture"}), 422,
		rules.ModelNotSupported)
	require.True(t, a.covered(t, "room="+a.Room.ID).Covered, "the room itself is")
}

// From the order to the replacement, with nothing of Sync anywhere: no table, no
// setting and no connection (R35b to R35e are independent of it as well).
func TestR34b_CoverAndReplacementNeedNoSync(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		h := open(t, env)
		a := h.admin(t)
		require.Zero(t, h.syncTables(t))
		answer := a.covered(t, "serial="+*a.Device.Serial+"&for=technical")
		require.True(t, answer.Covered)
		require.Equal(t, []cover.Feature{cover.SyncPremium}, answer.Features, "R34a: included, and not needed")
		require.Empty(t, a.asks(t, *a.Device.Serial))
	})
}

// syncTables counts the rows of whatever stores a connection to Sync.
func (h *house) syncTables(t *testing.T) (rows int) {
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'sync%'"
	if h.DSN != "" {
		query =
			"SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name LIKE 'sync%'"
	}
	for _, table := range h.Strings(t, query) {
		rows += h.Count(t, "SELECT count(*) FROM "+table)
	}
	return rows
}
