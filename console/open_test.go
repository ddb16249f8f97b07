package console

import (
	"fmt"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// processorTime is what this process has used of the processors: of the server and, as the
// tests do both, of the browsers. The database is another process where it is PostgreSQL.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestConsolesThatAreOpenCostLittle has consoles open for five minutes, in which one task comes
// that all of them show: 95 of 100 answers are "nothing new". The time of the processors is told,
// not asserted; `make bench-console` has fifty consoles on PostgreSQL, and three in a hundred of
// one processor's five minutes are nine seconds.
func TestConsolesThatAreOpenCostLittle(t *testing.T) {
	env, consoles := storetest.Env{}, 5
	if os.Getenv("ROOMCOVER_BENCH_CONSOLE") != "" {
		env, consoles = storetest.Postgres(t), 50
	} else {
		env = storetest.SQLite(t)
	}
	w := worldOn(t, env, true)
	for n := range 4 * consoles {
		w.raise(db.TaskSweepLate, fmt.Sprintf("subject-%03d", n))
	}
	task := w.raise(db.TaskShipmentContradicted, "one")
	shown := []string{Root, queuePath, ordersPath, queuePath + "?who=all&kind=SWEEP_LATE", taskPath(task.ID)}
	var pages []*refreshed
	for n := range consoles {
		pages = append(pages, w.signedIn(staff[n%4]).open(shown[n%len(shown)]))
	}

	const rounds = 5 * 60 / 15
	nothing, asks := 0, 0
	w.Statements.Reset()
	before, began := processorTime(), time.Now()
	for round := range rounds {
		w.Calendar.Set(w.Calendar.Now().Add(15 * time.Second))
		if round == rounds/2 {
			w.raise(db.TaskMailUnknown, "two")
		}
		for _, p := range pages {
			asks++
			switch r := p.ask(); r.status {
			case http.StatusNoContent:
				nothing++
			default:
				require.Equal(t, http.StatusOK, r.status)
			}
		}
	}
	used := processorTime() - before
	t.Logf("%d consoles, %d asks: %d times nothing new; %.1f statements and %.2f ms of a processor an ask, "+
		"%.2f %% of one over five minutes; took %s", consoles, asks, nothing,
		float64(len(w.Statements.List()))/float64(asks), used.Seconds()*1000/float64(asks),
		used.Seconds()/(5*60)*100, time.Since(began).Round(time.Millisecond))
	require.GreaterOrEqual(t, nothing*100, asks*95)
}
