package pgserver_test

import (
	"database/sql"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest/pgserver"
)

func start(t *testing.T) *pgserver.Server {
	t.Helper()
	server, err := pgserver.Start(false)
	if errors.Is(err, pgserver.ErrMissing) && os.Getenv("ROOMCOVER_TEST_ALL") == "" {
		t.Skip("SKIPPED: PostgreSQL is not installed; install the package postgresql to run this half")
	}
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	return server
}

// Several test binaries of one run agree upon one template: who comes first fills it.
func TestTemplateIsFilledOnceForAllProcesses(t *testing.T) {
	server := start(t)
	t.Setenv(pgserver.Variable, server.Address())

	var filled atomic.Int64
	fill := func(dsn string) error {
		filled.Add(1)
		return execute(dsn, "CREATE TABLE things (id integer)")
	}
	require.ErrorContains(t, server.Template("wanted", func(string) error {
		return errors.New("it was killed")
	}), "it was killed")

	var processes sync.WaitGroup
	for range 4 {
		processes.Go(func() {
			shared, given, err := pgserver.Shared()
			if err == nil && given {
				err = shared.Template("wanted", fill)
			}
			if err != nil {
				t.Error(err)
			}
			shared.Stop() // does nothing to a server of someone else's
		})
	}
	processes.Wait()
	require.EqualValues(t, 1, filled.Load())

	name, dsn, err := server.Database("wanted")
	require.NoError(t, err)
	require.NoError(t, execute(pgserver.Owner(dsn), "INSERT INTO things VALUES (1)"))
	require.NoError(t, server.Drop(name))
	require.Error(t, execute(dsn, "SELECT 1"))
}

func TestSharedServerIsNamedByItsAddress(t *testing.T) {
	t.Setenv(pgserver.Variable, "")
	_, given, err := pgserver.Shared()
	require.NoError(t, err)
	require.False(t, given)

	t.Setenv(pgserver.Variable, "here")
	_, given, err = pgserver.Shared()
	require.True(t, given)
	require.ErrorContains(t, err, pgserver.Variable)
}

func execute(dsn, query string) error {
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = pool.Exec(query)
	return err
}
