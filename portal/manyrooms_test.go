package portal

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/million"
)

// copies adds so many copies of a row to its table; columns are what differs, in SQL of the number
// n of the copy. PostgreSQL alone has what it takes.
func (w *world) copies(table, id string, n int, columns ...string) {
	w.t.Helper()
	var pairs []string
	for i := 0; i+1 < len(columns); i += 2 {
		pairs = append(pairs, "'"+columns[i]+"', "+columns[i+1])
	}
	require.NoError(w.t, w.Exec(fmt.Sprintf(`INSERT INTO %[1]s
		SELECT copy.* FROM %[1]s r, generate_series(1, %[2]d) n,
			LATERAL jsonb_populate_record(r, jsonb_build_object(%[3]s)) copy
		WHERE r.id = '%[4]s'`, table, n, strings.Join(pairs, ", "), id)), table)
}

// one is the first value of a query, which has one.
func (w *world) one(query string) string {
	w.t.Helper()
	found := w.Strings(w.t, query+" LIMIT 1")
	require.Len(w.t, found, 1, query)
	return found[0]
}

// manyRooms adds rooms to a full account, each with a device: four in five with a license, every
// fifth with an open ticket, every tenth with an open replacement.
func (w *world) manyRooms(accountID string, n int) {
	of := " WHERE account_id = '" + accountID + "' "
	room := w.one("SELECT id FROM rooms" + of + "AND state = 'ACTIVE' ORDER BY id")
	w.copies("rooms", room, n,
		"id", "'rom_many' || n",
		"name", "'Sala ' || lpad(n::text, 5, '0')",
		"site", "'Prédio ' || (n % 70)",
		"search_key", "'sala ' || lpad(n::text, 5, '0') || ' predio ' || (n % 70)",
		"once_key", "NULL",
	)
	w.copies("devices", w.one("SELECT id FROM devices"+of+"AND state = 'IN_ROOM' ORDER BY id"), n,
		"id", "'dev_many' || n",
		"serial", "'MANY' || n",
		"replaces_device_id", "NULL",
	)
	w.copies("device_placements", w.one("SELECT id FROM device_placements"+of+"AND to_at IS NULL"), n,
		"id", "'plc_many' || n",
		"device_id", "'dev_many' || n",
		"room_id", "'rom_many' || n",
	)
	stay := w.one("SELECT id FROM licence_assignments" + of + "AND to_at IS NULL AND service_type = 'SELECT'")
	w.copies("licences", w.one("SELECT licence_id FROM licence_assignments WHERE id = '"+stay+"'"), n*4/5,
		"id", "'lic_many' || n",
		"seq", "10000 + n",
		"renews_licence_id", "NULL",
	)
	w.copies("licence_assignments", stay, n*4/5,
		"id", "'asg_many' || n",
		"licence_id", "'lic_many' || n",
		"room_id", "'rom_many' || n",
	)
	w.copies("tickets", w.one("SELECT id FROM tickets"+of+"AND closed_at IS NULL"), n/5,
		"id", "'tkt_many' || n",
		"number", "'MANY-' || n",
		"room_id", "'rom_many' || (n * 5)",
		"once_key", "NULL",
	)
	w.copies("rmas", w.one("SELECT id FROM rmas"+of+"AND closed_at IS NULL AND device_id IS NOT NULL"), n/10,
		"id", "'rma_many' || n",
		"number", "'MANY-' || n",
		"device_id", "'dev_many' || (n * 10)",
		"room_id", "'rom_many' || (n * 10)",
		"once_key", "NULL",
	)
	// Sync tells of every room, and of as many that are not here yet.
	linked := w.one("SELECT id FROM sync_places" + of + "AND room_id IS NOT NULL")
	w.copies("sync_places", linked, n,
		"id", "'syp_many' || n",
		"place", "'many-' || n",
		"name", "'Sala ' || lpad(n::text, 5, '0')",
		"room_id", "'rom_many' || n",
	)
	w.copies("sync_places", w.one("SELECT id FROM sync_places"+of+"AND room_id IS NULL"), n,
		"id", "'syp_new' || n",
		"place", "'new-' || n",
		"name", "'Nova ' || lpad(n::text, 5, '0')",
		"place_group", "'/BR/' || (n % 700) || '/'",
	)
	million.Settle(w.t, w.Env)
}

// benchRooms is how many rooms `make bench-portal` asks for; empty: nothing is measured.
const benchRooms = "ROOMCOVER_BENCH_PORTAL"

// mostWait is how long a page may take, 99 of 100 times.
const mostWait = 50 * time.Millisecond

// Every page of a full account of 5,000 rooms keeps to its statements and its size. With
// `make bench-portal` each is asked for two hundred times as well, by one browser, one after
// another.
func TestBudget_EveryPageOfAnAccountOfFiveThousandRooms(t *testing.T) {
	w := worldOn(t, storetest.Postgres(t))
	full := w.fullAccount()
	rooms := 5000
	measures := os.Getenv(benchRooms) != ""
	if measures {
		var err error
		rooms, err = strconv.Atoi(os.Getenv(benchRooms))
		require.NoError(t, err, benchRooms)
	}
	w.manyRooms(full.id, rooms)
	admin := w.member(full.id, "lara@acme.example", identity.RoleAdmin)
	pages := slices.Concat(full.pages, []string{
		"/rooms?show=unlicensed", "/rooms?show=ending", "/rooms?q=sala", "/rooms?q=many49", "/rooms?sort=-site",
		roomPath("rom_many10"), roomPath("rom_many10") + "/history",
		"/devices?q=many", "/devices?cover=ending", devicesPath + "/dev_many10",
		"/tickets?show=open&q=sala", "/tickets/new?room=rom_many11",
		contractsPath + "/" + w.one("SELECT contract_id FROM licences WHERE id = 'lic_many1'"),
		"/rooms?health=down", "/rooms?health=unknown", syncRoomsPath + "?kind=MOVED", syncRoomsPath + "?kind=SAME",
		"/help", "/help/rooms",
	})

	_, tries := million.Asked(t)
	var slow []string
	for _, page := range pages {
		if strings.HasSuffix(page, "/archive") {
			continue // it refuses while something of the room is open
		}
		r := w.withinBudget(admin, page)
		if !measures {
			continue
		}
		var took []time.Duration
		for range tries {
			w.Statements.Reset()
			began := time.Now()
			got := admin.get(page)
			took = append(took, time.Since(began))
			require.Equal(t, http.StatusOK, got.status, page)
		}
		sql, longest := w.Statements.Slowest()
		slices.Sort(took)
		p50, p99 := took[len(took)/2], took[len(took)*99/100-1]
		t.Logf("%6.1f ms p99 %6.1f ms p50 %6d octets  %s",
			p99.Seconds()*1000, p50.Seconds()*1000, len(r.body), page)
		if longest > mostWait/5 {
			t.Logf("  of it %.1f ms: %s", longest.Seconds()*1000, sql)
		}
		if p99 > mostWait {
			slow = append(slow, page)
		}
	}
	require.Empty(t, slow, "these take longer than %s", mostWait)
}
