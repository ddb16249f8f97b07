package console

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// screenStatements is the budget of a page, its session and navigation included: the page of a
// ticket shows what stands in ten lists, that of a room what stands in seven.
const screenStatements = 17

// withinBudget shows a page, which must not take more statements than a page may, however
// much stands on it.
func (w *world) withinBudget(b *browser, path string) reply {
	w.t.Helper()
	b.get(path) // the reference data is in memory from here on
	w.Statements.Reset()
	r := b.get(path)
	require.Equal(w.t, http.StatusOK, r.status, path)
	list := w.Statements.List()
	require.LessOrEqual(w.t, len(list), screenStatements, "%s:\n%v", path, list)
	return r
}

func TestBudget_TheQueueAndToday(t *testing.T) {
	w := issuerWorld(t)
	for n := range 70 {
		w.raise("SWEEP_LATE", string(rune('a'+n%26))+string(rune('a'+n/26)))
	}
	b := w.signedIn(staff[0])
	for _, path := range []string{Root, queuePath, ordersPath} {
		w.withinBudget(b, path)
	}
}
