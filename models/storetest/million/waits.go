package million

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Asked is how many tickets are to be open and how often each page is asked for: as many as the
// bench is told in TICKETS and TIMES, else few.
func Asked(t testing.TB) (tickets, times int) {
	t.Helper()
	number := func(name string, otherwise int) int {
		text := os.Getenv(name)
		if text == "" {
			return otherwise
		}
		n, err := strconv.Atoi(text)
		require.NoError(t, err, name)
		return n
	}
	return number("ROOMCOVER_BENCH_TICKETS", 1000), number("ROOMCOVER_BENCH_TIMES", 4)
}

// Waits are how long somebody waited for each of several answers.
type Waits []time.Duration

// WaitsFor asks so many times, one after another.
func WaitsFor(times int, ask func()) (w Waits) {
	for range times {
		began := time.Now()
		ask()
		w = append(w, time.Since(began))
	}
	return w
}

// At is the wait that so many in a hundred do not exceed.
func (w Waits) At(percent int) time.Duration {
	if len(w) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(w))
	return sorted[(len(sorted)*percent+99)/100-1]
}

// Line says what half and what 99 in a hundred waited, and whether that is within a budget.
func (w Waits) Line(what string, budget time.Duration) string {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	verdict := "ok"
	if w.At(99) > budget {
		verdict = "OVER"
	}
	return fmt.Sprintf("%-44s p50 %7.1f ms, p99 %7.1f of %3.0f ms  %s",
		what, ms(w.At(50)), ms(w.At(99)), ms(budget), verdict)
}
