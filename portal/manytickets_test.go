package portal

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/million"
)

// The list of a customer who has a twentieth of 100,000 open tickets, and of as many closed ones.
// The times are told, not asserted: `make bench-tickets` asks for as many on PostgreSQL.
func TestR40b_ThePortalAmongManyTickets(t *testing.T) {
	n, tries := million.Asked(t)
	w := newTicketWorld(worldOn(t, storetest.Postgres(t)))
	million.Tickets(t, w.Env, w.Covered, n)

	for _, page := range []struct{ what, path string }{
		{"a customer's tickets", ticketsPath},
		{"a customer's tickets, open", ticketsPath + "?show=open"},
		{"a customer's tickets, closed", ticketsPath + "?show=closed"},
		{"a customer's tickets, severity 1", ticketsPath + "?show=open&severity=1"},
		{"a customer's tickets, by what is due", ticketsPath + "?sort=due"},
		{"a customer's tickets, by the last word", ticketsPath + "?sort=last"},
		{"a customer's home", "/"},
	} {
		ask := func() { require.Equal(t, http.StatusOK, w.eva.get(page.path).status, page.path) }
		ask()
		waits := million.WaitsFor(tries, func() {
			w.Statements.Reset()
			ask()
		})
		sql, longest := w.Statements.Slowest()
		t.Log(waits.Line(page.what, 30*time.Millisecond))
		if longest > 10*time.Millisecond {
			t.Logf("  of it %.1f ms: %s", longest.Seconds()*1000, sql)
		}
	}
}
