package portal

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a page may take, its session and navigation included.
const (
	pageStatements = 12
	pageOctets     = 60 << 10
)

// withinBudget opens a page, which takes no more statements and octets than a page may, however
// much stands on it.
func (g *guest) withinBudget(path string) reply {
	g.t.Helper()
	g.get(path) // the reference data is in memory from here on
	g.Statements.Reset()
	r := g.get(path)
	require.Equal(g.t, 200, r.status, path)
	list := slices.DeleteFunc(g.Statements.List(), func(sql string) bool {
		// Settings of a transaction read nothing: what holds it to its tenant, how it plans.
		return strings.Contains(sql, "set_config(") || strings.HasPrefix(sql, "SET LOCAL")
	})
	require.LessOrEqual(g.t, len(list), pageStatements, "%s:\n%v", path, list)
	require.LessOrEqual(g.t, len(r.body), pageOctets, path)
	return r
}

// The start page counts and does not list: with 5,000 rooms it asks as little as with one.
func TestBudget_TheStartPageWithThousandsOfRooms(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
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

		body := ana.withinBudget("/").body
		require.Contains(t, body, "4,999 rooms are without a license.")
		require.Contains(t, body, "You have 9 free licenses.")
		require.NotContains(t, w.withReader(inv.AccountID).get("/").body, "are without a license.",
			"a reader assigns nothing")
	})
}

// withReader signs in a member who may only read.
func (w *world) withReader(accountID string) *guest {
	w.t.Helper()
	return w.member(accountID, "leo@acme.example", "READ_ONLY")
}
