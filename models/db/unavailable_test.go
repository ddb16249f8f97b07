package db_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/pgserver"
	"roomcover.dev/roomcover/rules"
)

func TestUnavailableKnowsEachKind(t *testing.T) {
	state := func(code string) error { return fmt.Errorf("read: %w", &pgconn.PgError{Code: code}) }
	for name, err := range map[string]error{
		"connection refused":     &net.OpError{Op: "dial", Err: errors.New("connection refused")},
		"connection lost":        io.ErrUnexpectedEOF,
		"bad connection":         driver.ErrBadConn,
		"used after it was lost": pgconn.ErrConnClosed,
		"no time left":           context.DeadlineExceeded,
		"connection failure":     state("08006"),
		"password changed":       state("28P01"),
		"database missing":       state("3D000"),
		"disk full":              state("53100"),
		"out of memory":          state("53200"),
		"too many connections":   state("53300"),
		"limit reached":          state("53400"),
		"statement timeout":      state("57014"),
		"shutdown":               state("57P01"),
		"starting up":            state("57P03"),
		"I/O error":              state("58030"),
		"read-only":              state("25006"),
		"lock timeout":           state("55P03"),
		"idle in a transaction":  state("25P03"),
		"deadlock, each time":    state("40P01"),
		"collision, each time":   state("40001"),
		"a pool that was closed": errors.New("sql: database is closed"),
	} {
		require.True(t, db.Unavailable(err), name)
	}
	for name, err := range map[string]error{
		"nothing":         nil,
		"the caller left": fmt.Errorf("read: %w", context.Canceled),
		"a mistake":       state("42601"),
		"a check":         state("23514"),
		"a double":        gorm.ErrDuplicatedKey,
		"a refusal":       rules.Refuse(rules.NotFound, "x", "y"),
		"anything":        errors.New("x"),
	} {
		require.False(t, db.Unavailable(err), name)
	}
}

// fillUp has the SQLite file of an environment grow no further.
func fillUp(t *testing.T, d *domains.Domains) {
	t.Helper()
	pool, err := d.DB.Pool()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	var pages int
	require.NoError(t, pool.QueryRow("PRAGMA page_count").Scan(&pages))
	require.NoError(t, pool.QueryRow(fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&pages))
}

func TestAFullOrReadOnlyFileIsNotReady(t *testing.T) {
	env := storetest.SQLite(t)
	fillUp(t, env.Domains)
	require.True(t, db.Unavailable(env.Ready(env.Context)))
	require.NoError(t, env.SchemaReady(env.Context), "what only reads goes on")

	var failed error
	for i := 0; failed == nil && i < 300; i++ {
		_, failed = env.PutOrg(env.Context, orgNamed(fmt.Sprint(strings.Repeat("Revenda ", 20), i)))
	}
	require.True(t, db.Unavailable(failed), "%v", failed)

	_, err := domains.Open(sqlitedb.Open(t.TempDir()), domains.Options{Options: db.Options{Key: storetest.Key}})
	require.True(t, db.Unavailable(err), "%v", err)
}

// withSetting is the same PostgreSQL database with a setting of each connection.
func withSetting(t *testing.T, env storetest.Env, dsn string) storetest.Env {
	t.Helper()
	dialector, err := db.Postgres(dsn)
	require.NoError(t, err)
	d, err := domains.Open(dialector, domains.Options{Options: db.Options{Clock: env.Clock(), Key: storetest.Key}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })
	return env.With(d)
}

func TestADatabaseThatCannotBeWrittenIsNotReady(t *testing.T) {
	env := storetest.Postgres(t)
	require.NoError(t, env.Ready(env.Context))

	readOnly := withSetting(t, env, env.DSN+"&default_transaction_read_only=on")
	require.ErrorIs(t, readOnly.Ready(env.Context), db.ErrReadOnly)
	_, err := readOnly.PutOrg(env.Context, orgNamed("Revenda"))
	require.True(t, db.Unavailable(err), "%v", err)

	slow := withSetting(t, env, env.DSN+"&statement_timeout=20ms")
	err = slow.DB.Read(env.Context, func(tx *db.Tx) error { return tx.Exec("SELECT pg_sleep(5)").Error })
	require.True(t, db.Unavailable(err), "%v", err)

	// What sorts on the disk finds no room there: here for a limit, which only a superuser
	// may set, of the class of a full disk.
	asSuperuser(t, env, "ALTER ROLE roomcover_service IN DATABASE "+databaseOf(env)+" SET temp_file_limit = 0")
	full := withSetting(t, env, env.DSN)
	err = full.Ready(env.Context)
	require.True(t, db.Unavailable(err), "%v", err)
	require.ErrorContains(t, err, "temp_file_limit")
}

func TestTooManyConnectionsAndNoServerAreUnavailable(t *testing.T) {
	env := storetest.Postgres(t)
	asSuperuser(t, env, "ALTER DATABASE "+databaseOf(env)+" CONNECTION LIMIT 0")
	dialector, err := db.Postgres(env.DSN)
	require.NoError(t, err)
	_, err = domains.Open(dialector, domains.Options{Options: db.Options{Key: storetest.Key}})
	require.True(t, db.Unavailable(err), "%v", err)

	dialector, err = db.Postgres("postgres://roomcover@127.0.0.1:1/roomcover?sslmode=disable")
	require.NoError(t, err)
	_, err = domains.Open(dialector, domains.Options{Options: db.Options{Key: storetest.Key}})
	require.True(t, db.Unavailable(err), "%v", err)
}

// asSuperuser runs a statement that only the superuser may.
func asSuperuser(t *testing.T, env storetest.Env, statement string) {
	t.Helper()
	pool, err := withSetting(t, env, pgserver.Superuser(env.DSN)).Pool()
	require.NoError(t, err)
	_, err = pool.Exec(statement)
	require.NoError(t, err)
}

// databaseOf is the name of the environment's own database.
func databaseOf(env storetest.Env) string {
	name, _, _ := strings.Cut(env.DSN[strings.LastIndex(env.DSN, "/")+1:], "?")
	return `"` + name + `"`
}
