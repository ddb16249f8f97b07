package portal

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
)

// The start page counts and does not list: with 5,000 rooms it asks as little as with one.
func TestBudget_TheStartPageWithThousandsOfRooms(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	room := w.Room(t, inv.AccountID, "Sala")
	w.Device(t, room, "SN-1", "RALLY-BAR", "2026-06-01")
	o, _ := w.firstOrder()
	w.Assigned(t, w.Licences(t, o)[0], room)
	require.NoError(t, w.Exec(`
		INSERT INTO rooms (id, account_id, name, site, search_key, country, platform, criticality,
			time_zone, state, created_at, version)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
		SELECT 'roo_' || n.i, r.account_id, r.name || ' ' || n.i, r.site, r.search_key, r.country,
			r.platform, r.criticality, r.time_zone, r.state, r.created_at, r.version
		FROM rooms r, n`))

	body := w.withinBudget(ana, "/").body
	require.Contains(t, body, "4,999 rooms are without Logitech Select.")
	require.Contains(t, body, "You have 9 free licenses.")

	reader := w.member(inv.AccountID, "leo@acme.example", identity.RoleReadOnly)
	require.NotContains(t, w.withinBudget(reader, "/").body, "are without Logitech Select.", "a reader assigns nothing")
}

// Rooms without a license lead to where one is assigned, and to the rooms where none is free.
func TestHome_RoomsWithoutALicenseLeadToWhatCanBeDone(t *testing.T) {
	w := newWorld(t)
	ana, inv := w.admin()
	w.Room(t, inv.AccountID, "Sala")
	assigns := `href="/rooms/assign">Assign<span class="unseen"> 1 room is without`
	require.Contains(t, ana.get("/").body, assigns)

	require.NoError(t, w.Exec("UPDATE licences SET state = 'EXPIRED'"))
	body := ana.get("/").body
	require.NotContains(t, body, assigns)
	require.Contains(t, body, `href="/rooms?show=unlicensed"`)
}
