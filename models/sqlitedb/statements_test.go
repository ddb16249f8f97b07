package sqlitedb

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// one is a single connection to a database with the numbers one to three.
func one(t *testing.T) *sql.Conn {
	t.Helper()
	pool := sql.OpenDB(connector{dsn: "file:" + filepath.Join(t.TempDir(), "numbers.db")})
	t.Cleanup(func() { assert.NoError(t, pool.Close()) })

	c, err := pool.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })

	_, err = c.ExecContext(t.Context(), `CREATE TABLE numbers (n INTEGER PRIMARY KEY)`)
	require.NoError(t, err)
	_, err = c.ExecContext(t.Context(), `INSERT INTO numbers VALUES (1), (2), (3)`)
	require.NoError(t, err)
	return c
}

// kept is how many statements the connection keeps, and whether this is among them.
func kept(t *testing.T, c *sql.Conn, query string) (count int, found bool) {
	t.Helper()
	require.NoError(t, c.Raw(func(raw any) error {
		idle := raw.(*keeping).idle
		count = len(idle)
		_, found = idle[query]
		return nil
	}))
	return count, found
}

func TestStatementIsAskedAgainWhileItsRowsAreRead(t *testing.T) {
	c := one(t)
	const query = `SELECT n FROM numbers WHERE n >= ? ORDER BY n`

	for range 2 {
		before, _ := kept(t, c, query)

		outer, err := c.QueryContext(t.Context(), query, 1)
		require.NoError(t, err)
		require.True(t, outer.Next())

		inner, err := c.QueryContext(t.Context(), query, 3)
		require.NoError(t, err)
		assert.Equal(t, []int{3}, numbers(t, inner))
		assert.Equal(t, []int{2, 3}, numbers(t, outer), "the outer one goes on where it was")

		after, found := kept(t, c, query)
		assert.True(t, found)
		assert.LessOrEqual(t, after, before+1, "one of the two is kept")
	}
}

func TestAnswerOfAKeptStatementIsNew(t *testing.T) {
	c := one(t)
	const query = `SELECT * FROM numbers WHERE n > ?`

	for _, above := range []int{2, 5} {
		r, err := c.QueryContext(t.Context(), query, above)
		require.NoError(t, err)
		want := []int{3}
		if above == 5 {
			want = nil
		}
		assert.Equal(t, want, numbers(t, r))
	}

	_, err := c.ExecContext(t.Context(), `ALTER TABLE numbers ADD COLUMN word TEXT DEFAULT 'x'`)
	require.NoError(t, err)

	var n int
	var word string
	require.NoError(t, c.QueryRowContext(t.Context(), query, 2).Scan(&n, &word))
	assert.Equal(t, "x", word, "a column that came after the statement was kept")
}

func TestFailedStatementIsNotKept(t *testing.T) {
	c := one(t)
	const query = `INSERT INTO numbers VALUES (?)`

	_, err := c.ExecContext(t.Context(), query, 1)
	require.ErrorContains(t, err, "UNIQUE")
	_, found := kept(t, c, query)
	assert.False(t, found)

	result, err := c.ExecContext(t.Context(), query, 4)
	require.NoError(t, err)
	changed, err := result.RowsAffected()
	require.NoError(t, err)
	assert.EqualValues(t, 1, changed)
	_, found = kept(t, c, query)
	assert.True(t, found)
}

func TestNoMoreStatementsAreKeptThanTheLimit(t *testing.T) {
	c := one(t)

	for i := range keptStatements + 100 {
		var n int
		query := fmt.Sprintf(`SELECT n + %d FROM numbers WHERE n = 1`, i)
		require.NoError(t, c.QueryRowContext(t.Context(), query).Scan(&n))
		assert.Equal(t, 1+i, n)
	}

	count, _ := kept(t, c, "")
	assert.Equal(t, keptStatements, count)
}

func numbers(t *testing.T, r *sql.Rows) []int {
	t.Helper()
	var all []int
	for r.Next() {
		var n int
		require.NoError(t, r.Scan(&n))
		all = append(all, n)
	}
	require.NoError(t, r.Err())
	require.NoError(t, r.Close())
	return all
}
