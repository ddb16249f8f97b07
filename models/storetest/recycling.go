package storetest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest/pgserver"
)

// A test on PostgreSQL takes a database that an earlier test of its package has used and that
// is as new again, with its connections: to copy a template, to connect, and to plan each
// statement for the first time takes longer than most tests do.

// recycled is a database for one test after another.
type recycled struct {
	name        string
	dsn         string // for the service's role
	connections *connections
	keeper      *pgx.Conn // the superuser's, which makes it new
}

var (
	recycling sync.Mutex
	idle      []*recycled
)

//go:embed recycling.sql
var recyclingSQL string

// takeRecycled returns a database as new, and what ends its use.
func takeRecycled(t testing.TB) *recycled {
	t.Helper()
	recycling.Lock()
	var r *recycled
	if last := len(idle) - 1; last >= 0 {
		r, idle = idle[last], idle[:last]
	}
	recycling.Unlock()

	if r == nil {
		var err error
		r, err = newRecycled()
		require.NoError(t, err)
	}

	t.Cleanup(func() {
		if t.Failed() || r.renew() != nil {
			r.drop()
			return
		}
		recycling.Lock()
		idle = append(idle, r)
		recycling.Unlock()
	})
	return r
}

func newRecycled() (*recycled, error) {
	name, dsn, err := shared.server.Database(shared.template)
	if err != nil {
		return nil, err
	}

	r := &recycled{name: name, dsn: dsn}
	ctx := context.Background()
	if r.keeper, err = pgx.Connect(ctx, pgserver.Superuser(dsn)); err != nil {
		return nil, err
	}
	if _, err := r.keeper.Exec(ctx, recyclingSQL); err != nil {
		return nil, err
	}

	connector, err := db.PostgresConnector(dsn)
	if err != nil {
		return nil, err
	}
	r.connections = &connections{Connector: connector}
	return r, nil
}

// renew makes the database as new. It refuses where a test has changed more than rows, or has
// left a connection open.
func (r *recycled) renew() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	var left int
	err := r.keeper.QueryRow(ctx, `
		SELECT count(*) FROM pg_stat_activity
		 WHERE datname = current_database() AND backend_type = 'client backend'
		   AND pid <> pg_backend_pid() AND pid <> ALL ($1)`, r.connections.pids()).Scan(&left)
	if err != nil {
		return err
	}
	if left > 0 {
		return fmt.Errorf("%d connections were left open", left)
	}

	var changed string
	if err := r.keeper.QueryRow(ctx, "SELECT recycling.renew()").Scan(&changed); err != nil {
		return err
	}
	if changed != "" {
		return fmt.Errorf("it has changed: %s", changed)
	}
	return nil
}

func (r *recycled) drop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_ = r.keeper.Close(ctx)
	r.connections.end()
	_ = shared.server.Drop(r.name)
}

// dropRecycled ends what no test has any more.
func dropRecycled() {
	recycling.Lock()
	defer recycling.Unlock()
	for _, r := range idle {
		r.drop()
	}
	idle = nil
}

// dialector opens a pool on the database, as db.Postgres does, that takes the connections which
// earlier pools have closed.
func (r *recycled) dialector() (gorm.Dialector, error) {
	return db.PostgresPool(sql.OpenDB(r.connections)), nil
}

// connections keeps what a pool closes for the next one.
type connections struct {
	driver.Connector
	mu    sync.Mutex
	free  []*connection
	ended bool
}

// connection goes back to the others where a pool closes it.
type connection struct {
	*stdlib.Conn
	home *connections
}

// Connect takes a connection that is free, or opens one.
func (c *connections) Connect(ctx context.Context) (driver.Conn, error) {
	for {
		conn := c.take()
		if conn == nil {
			break
		}
		if conn.asNew(ctx) == nil {
			return conn, nil
		}
		_ = conn.Conn.Close()
	}

	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: opened.(*stdlib.Conn), home: c}, nil
}

func (c *connections) take() *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.free) - 1
	if last < 0 {
		return nil
	}
	conn := c.free[last]
	c.free = c.free[:last]
	return conn
}

// asNew undoes what a session may have changed.
func (c *connection) asNew(ctx context.Context) error {
	return c.Conn.Conn().PgConn().Exec(ctx, `
		RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; UNLISTEN *;
		SELECT pg_advisory_unlock_all()`).Close()
}

// Close gives the connection back, unless it is in the middle of something.
func (c *connection) Close() error {
	const idle = 'I'
	raw := c.Conn.Conn()
	if raw.IsClosed() || raw.PgConn().TxStatus() != idle {
		return c.Conn.Close()
	}

	c.home.mu.Lock()
	defer c.home.mu.Unlock()
	if c.home.ended {
		return c.Conn.Close()
	}
	c.home.free = append(c.home.free, c)
	return nil
}

// pids names the backends that wait for the next test.
func (c *connections) pids() []int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []int32{}
	for _, conn := range c.free {
		out = append(out, int32(conn.Conn.Conn().PgConn().PID()))
	}
	return out
}

func (c *connections) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.free {
		_ = conn.Conn.Close()
	}
	c.free, c.ended = nil, true
}
