package portal

import (
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
)

// What a page may take.
const (
	pageStatements = 12
	pageOctets     = 60 << 10
)

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
	require.LessOrEqual(w.t, len(list), pageStatements, "%s:\n%v", path, list)
	require.LessOrEqual(w.t, len(r.body), pageOctets, path)
	return r
}
