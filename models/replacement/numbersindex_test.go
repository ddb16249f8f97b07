package replacement_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// Each start looks for rows of an earlier release without a number: by an index, however many
// replacements and spare units there are.
func TestRowsWithoutANumberAreFoundByAnIndex(t *testing.T) {
	env := storetest.SQLite(t)
	env.Statements.Reset()
	require.NoError(t, env.SeedNumbers(env.Context))
	var looked []string
	for _, sql := range env.Statements.List() {
		if strings.Contains(sql, "number = ''") {
			looked = append(looked, sql)
		}
	}
	require.Len(t, looked, 2)
	for i, table := range []string{"rmas", "spare_units"} {
		plan := strings.Join(planOf(t, env, looked[i]), "\n")
		require.Contains(t, plan, table+"_unnumbered")
	}
}

// planOf is how SQLite would run a statement.
func planOf(t *testing.T, env storetest.Env, sql string) (out []string) {
	t.Helper()
	pool, err := env.Pool()
	require.NoError(t, err)
	rows, err := pool.Query("EXPLAIN QUERY PLAN " + sql)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		out = append(out, detail)
	}
	require.NoError(t, rows.Err())
	return out
}
