package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// screenStatements is the budget of a page, its session and navigation included.
const screenStatements = 15

// The pages that have a budget of their own, and why.
const (
	roomStatements   = 16 // what stands in seven lists
	ticketStatements = 17 // what stands in ten: words, notes, files, sessions, the room, what is kept
)

// statementsOf is the budget of the page at a path.
func statementsOf(path string) int {
	one := func(list string) bool {
		id, ok := strings.CutPrefix(path, list+"/")
		return ok && id != "" && !strings.ContainsAny(id, "/?")
	}
	switch {
	case one(Root + "/rooms"):
		return roomStatements
	case one(ticketsPath) && path != newTicketPath:
		return ticketStatements
	}
	return screenStatements
}

// withinBudget shows a page, which must not take more statements than a page may, however
// much stands on it.
func (w *world) withinBudget(b *browser, path string) reply {
	w.t.Helper()
	b.get(path) // the reference data is in memory from here on
	w.Statements.Reset()
	r := b.get(path)
	require.Equal(w.t, http.StatusOK, r.status, path)
	list := w.Statements.List()
	require.LessOrEqual(w.t, len(list), statementsOf(path), "%s:\n%v", path, list)
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
