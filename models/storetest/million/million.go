// Package million fills a database with as much as years of a large seller would leave, for
// measures and for tests that look at plans.
package million

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the superuser's connection
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// The ids of what a test asks for by name. The giant has a twentieth of all orders and as
// many rooms.
var (
	Giant    = ID("acc", 1)
	Other    = ID("acc", 7)
	Parent   = ID("org", 1)
	Reseller = ID("rsl", 1)
)

// ID is the id of the nth row of a kind.
func ID(prefix string, n int) string { return fmt.Sprintf("%s_%026d", prefix, n) }

//go:embed fill.sql
var fillSQL string

// Fill adds so many orders, and what hangs on them, to an empty database: as many contracts,
// twice the licences and told events, three mails each, three rooms and nine devices for ten
// orders, an RMA for ten and an account for fifty. n is 1000 or a multiple of it. It returns
// the customer that the domains made, which all others are copies of.
func Fill(t testing.TB, env storetest.Env, n int) storetest.Covered {
	t.Helper()
	c := env.Covered(t)
	r := env.Approved(t, c)
	_, err := env.AllocateRMA(storetest.Operator(), r.ID, "")
	require.NoError(t, err)
	_, err = env.ShipRMA(storetest.Operator(), r.ID, replacement.RMAShipment{
		Serial:   "NEW" + *c.Device.Serial,
		Tracking: "TR-FIRST",
	})
	require.NoError(t, err)

	fill(t, env, fillSQL, "{n}", strconv.Itoa(n))
	return c
}

//go:embed rooms.sql
var roomsSQL string

// AddRooms adds rooms to a database that Fill has filled with n orders, until there are n rooms.
func AddRooms(t testing.TB, env storetest.Env, n int) {
	t.Helper()
	fill(t, env, roomsSQL, "{n}", strconv.Itoa(n))
	require.LessOrEqual(t, n, env.Count(t, "SELECT count(*) FROM rooms"))
}

// fill runs the statements of a file, in which each word is replaced by the one behind it.
func fill(t testing.TB, env storetest.Env, text string, words ...string) {
	t.Helper()
	ctx := context.Background()
	conn := superuser(t, env)
	words = append(words, "{now}", env.Calendar.Now().UTC().Format(time.RFC3339))
	for _, query := range strings.Split(strings.NewReplacer(words...).Replace(text), ";\n") {
		began := time.Now()
		done, err := conn.ExecContext(ctx, query)
		require.NoError(t, err, query)
		if added, err := done.RowsAffected(); strings.Contains(query, "INSERT INTO") {
			require.NoError(t, err)
			require.NotZero(t, added, "nothing is a copy of nothing: %s", query)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Logf("%s: %.0f s", firstLine(query), took.Seconds())
		}
	}
	settle(t, conn)
}

// Settle has a database that was filled do at once what would else begin by itself in the middle
// of a measure.
func Settle(t testing.TB, env storetest.Env) {
	t.Helper()
	settle(t, superuser(t, env))
}

func settle(t testing.TB, conn *sql.Conn) {
	t.Helper()
	for _, command := range []string{"VACUUM ANALYZE", "CHECKPOINT"} {
		_, err := conn.ExecContext(context.Background(), command)
		require.NoError(t, err, command)
	}
}

// superuser is one connection to the database on which row-level security does not hold and
// foreign keys can be left out.
func superuser(t testing.TB, env storetest.Env) *sql.Conn {
	t.Helper()
	pool, err := sql.Open("pgx", pgserver.Superuser(env.DSN))
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	conn, err := pool.Conn(context.Background())
	require.NoError(t, err)
	return conn
}

// firstLine is what a statement of the file does.
func firstLine(query string) string {
	for line := range strings.Lines(query) {
		if strings.HasPrefix(line, "INSERT") {
			return strings.TrimSpace(line)
		}
	}
	return "a statement"
}

// Open returns a filled database: a new one of so many orders, or the one at the address,
// which is left as it is found afterwards.
func Open(t testing.TB, n int, address string) storetest.Env {
	t.Helper()
	if address == "" {
		env := storetest.Postgres(t)
		Fill(t, env, n)
		return env
	}

	env := storetest.PostgresAt(t, address)
	var filled int
	err := superuser(t, env).QueryRowContext(context.Background(),
		"SELECT count(*) FROM accounts").Scan(&filled)
	require.NoError(t, err)
	if filled == 0 {
		Fill(t, env, n)
	} else {
		env.Calendar.Set(storetest.Now.Add(48 * time.Hour))
	}
	return env
}

//go:embed wait.sql
var waitSQL string

// Wait adds so many events that wait for a relay, as an outage leaves them: two of a subject.
func Wait(t testing.TB, env storetest.Env, n int) {
	t.Helper()
	conn := superuser(t, env)
	for _, query := range strings.Split(waitSQL, ";\n") {
		_, err := conn.ExecContext(context.Background(),
			strings.ReplaceAll(query, "{n}", strconv.Itoa(n)))
		require.NoError(t, err)
	}
}

// CPU is how long the processes of the database's connections have had a processor. Linux only.
func CPU(t testing.TB, env storetest.Env) time.Duration {
	t.Helper()
	var sum time.Duration
	for _, pid := range env.Strings(t,
		"SELECT pid::text FROM pg_stat_activity WHERE datname = current_database()") {
		text, err := os.ReadFile("/proc/" + pid + "/schedstat")
		if err != nil {
			continue // it has ended
		}

		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		require.NoError(t, err)
		sum += time.Duration(ns)
	}
	return sum
}
