package console

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/million"
)

// pull presses Pull and does not open the task, and returns its address; empty: there was none.
func (b *browser) pull() string {
	b.t.Helper()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	defer func() { b.client.CheckRedirect = nil }()
	r := b.post(queuePath + "/pull")
	require.Equal(b.t, http.StatusSeeOther, r.status)
	return r.header.Get("Location")
}

// Of 100,000 open tickets the queue shows a page, and Pull gives one, in 30 ms (p99), and however
// many pull at once no two of them get the same. The times are told, not asserted:
// `make bench-tickets` asks for as many on PostgreSQL.
func TestS54_TheConsoleAmongManyTickets(t *testing.T) {
	n, tries := million.Asked(t)
	w := worldOn(t, storetest.Postgres(t), true)
	c := w.Covered(t)
	began := time.Now()
	million.Tickets(t, w.Env, c, n)
	t.Logf("%d tickets are open, after %s", n, time.Since(began).Round(time.Second))
	b := w.signedIn(staff[1])
	b.pull()

	const budget = 30 * time.Millisecond
	found, err := w.Queue(w.system(), operations.QueueQuery{})
	require.NoError(t, err)
	late := queuePath + "?who=all&due=late"
	for _, page := range []struct{ what, path string }{
		{"the queue", queuePath},
		{"the queue of all", queuePath + "?who=all"},
		{"the queue, nobody's", queuePath + "?who=nobody"},
		{"the queue, mine", queuePath + "?who=me"},
		{"the queue, late", late},
		{"the queue of an account", queuePath + "?who=all&account=" + million.ID("acc", 7)},
		{"the queue with a ticket beside it", queuePath + "?who=all&open=" + found.Items[0].ID},
		{"tickets", ticketsPath},
		{"tickets, open", ticketsPath + "?open=yes"},
		{"tickets, nobody's", ticketsPath + "?open=yes&who=nobody"},
		{"tickets, mine", ticketsPath + "?open=yes&who=me"},
		{"tickets, severity 1", ticketsPath + "?open=yes&severity=1"},
		{"tickets of a state that none has", ticketsPath + "?state=PENDING_RMA"},
		{"tickets of an account", ticketsPath + "?account=" + million.ID("acc", 7)},
		{"tickets of the largest account", ticketsPath + "?account=" + c.Account},
	} {
		ask := func() { require.Equal(t, http.StatusOK, b.get(page.path).status, page.path) }
		ask()
		waits := million.WaitsFor(tries, func() {
			w.Statements.Reset()
			ask()
		})
		sql, longest := w.Statements.Slowest()
		t.Log(waits.Line(page.what, budget))
		if longest > budget/3 {
			t.Logf("  of it %.1f ms: %s", longest.Seconds()*1000, sql)
		}
	}

	given := map[string]bool{b.pull(): true}
	pull := func() {
		task := b.pull()
		require.False(t, given[task], "given twice")
		given[task] = true
	}
	t.Log(million.WaitsFor(tries, pull).Line("pull, one after another", budget))

	// Each has a connection to the database from the first that they pull, which is not measured.
	const pullers = 4
	var mu sync.Mutex
	var all million.Waits
	var atOnce sync.WaitGroup
	var ready sync.WaitGroup
	ready.Add(pullers)
	for i := range pullers {
		other := w.signedIn(staff[i%2])
		pull := func() {
			task := other.pull()
			mu.Lock()
			defer mu.Unlock()
			if given[task] {
				t.Errorf("%s is given twice", task)
			}
			given[task] = true
		}
		atOnce.Go(func() {
			pull()
			ready.Done()
			ready.Wait()
			waits := million.WaitsFor(tries/2, pull)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, waits...)
		})
	}
	atOnce.Wait()
	require.Len(t, given, 1+tries+pullers*(1+tries/2))
	t.Log(all.Line(strconv.Itoa(pullers)+" pull at once", budget))
}
