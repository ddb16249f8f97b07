package portal

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a page may take.
const (
	pageStatements = 12
	pageOctets     = 60 << 10
)

// statementsOf is how many statements a page may take. The start page of an account in which
// everything waits for somebody asks each domain once; two forms read what they are about beside
// what they offer; and what a person's erasure would reach stands in many tables.
func statementsOf(path string) int {
	switch {
	case path == "/":
		return 16
	case isRoomPage(path):
		return 14 // and how it was through thirty days, as Sync told, and what is asked about it
	case strings.HasSuffix(path, "/help") && strings.HasPrefix(path, roomsPath):
		return 13 // cover and promise as for any ticket, and what Sync tells
	case path == "/replacements/request":
		return 13
	case strings.HasSuffix(path, "/privacy"):
		return 52
	case strings.Contains(path, "cover=ending"):
		return 19 // it reads on until a page is full
	}
	return pageStatements
}

// isRoomPage reports whether a path is the page of one room.
func isRoomPage(path string) bool {
	_, id, found := strings.Cut(path, roomsPath+"/rom_")
	return found && !strings.Contains(id, "/")
}

// withinBudget shows a page, which takes no more statements and octets than a page may, however
// much stands on it.
func (w *world) withinBudget(g *guest, path string) reply {
	w.t.Helper()
	g.get(path) // the reference data is in memory from here on
	w.Statements.Reset()
	r := g.get(path)
	list := slices.DeleteFunc(w.Statements.List(), func(sql string) bool {
		// Settings of a transaction read nothing: what holds it to its tenant, how it plans.
		return strings.Contains(sql, "set_config(") || strings.HasPrefix(sql, "SET LOCAL")
	})
	require.Equal(w.t, 200, r.status, path)
	assert.LessOrEqual(w.t, len(list), statementsOf(path), "%s:\n%s", path, shortened(list))
	assert.LessOrEqual(w.t, len(r.body), pageOctets, path)
	return r
}

// shortened is the beginning of each statement, a line each.
func shortened(statements []string) string {
	var out strings.Builder
	for _, sql := range statements {
		sql = strings.Join(strings.Fields(sql), " ")
		out.WriteString(sql[:min(len(sql), 150)] + "\n")
	}
	return out.String()
}
