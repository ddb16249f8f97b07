package pgserver

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the admin connection

	"roomcover.dev/roomcover/deploy"
)

// The databases of a process are told apart by its id, and from those that an earlier
// process of the same id left behind by the time at which it began.
var (
	began  = time.Now().UnixNano()
	number atomic.Int64
)

// Database makes a database with the roles of a deployment, as a copy of template when one
// is given, and returns its address for the service.
func (s *Server) Database(template string) (name, dsn string, err error) {
	name = fmt.Sprintf("test_%d_%x_%d", os.Getpid(), began, number.Add(1))
	query := "CREATE DATABASE " + name + " OWNER roomcover"
	if template != "" {
		s.strategy.Do(s.askStrategy)
		query += " TEMPLATE " + template + s.copying
	}
	if err := s.admin("postgres", query); err != nil {
		return name, s.DSN(name), err
	}
	if template == "" {
		return name, s.DSN(name), s.admin(name, deploy.PostgresRoles)
	}
	// A copy has the template's tables, not its own rights as a database.
	revoke := "REVOKE TEMPORARY ON DATABASE " + name + " FROM PUBLIC"
	return name, s.DSN(name), s.admin("postgres", revoke)
}

// askStrategy finds out how this server copies a template best: file by file in memory,
// where that is ten times as fast, and else as PostgreSQL does by itself.
func (s *Server) askStrategy() {
	pool, err := s.connect("postgres")
	if err != nil {
		return
	}
	defer pool.Close()

	var known bool
	err = pool.QueryRow(`
		SELECT current_setting('server_version_num')::int >= 150000
		   AND current_setting('data_directory') LIKE $1`, inMemory+"/%").Scan(&known)
	if err == nil && known {
		s.copying = " STRATEGY file_copy"
	}
}

// Drop removes a database.
func (s *Server) Drop(name string) error {
	return s.admin("postgres", "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

// Template makes sure that the database of this name exists, for Database to copy: fill is
// given the address for its owner. Of
// several processes the first one fills it, and the others wait; what a process left
// half filled is never taken for a template.
func (s *Server) Template(name string, fill func(dsn string) error) error {
	pool, err := s.connect("postgres")
	if err != nil {
		return err
	}
	defer pool.Close()

	ctx := context.Background()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // with the pool's end the session and its lock end too

	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return err
	}

	var exists bool
	err = conn.QueryRowContext(ctx,
		"SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		return err
	}

	unfinished, dsn, err := s.Database("")
	if err != nil {
		return err
	}
	if err := fill(Owner(dsn)); err != nil {
		return err
	}

	_, err = conn.ExecContext(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+name)
	return err
}

func (s *Server) admin(database, query string) error {
	pool, end, err := s.adminPool(database)
	if err != nil {
		return err
	}
	defer end()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = pool.ExecContext(ctx, query)
	return err
}

// adminPool connects to a database of the server, until end. The connection to its first database
// stays, as each test makes a database there and drops it; not that to a server of this process,
// which may kill it and start it again.
func (s *Server) adminPool(database string) (pool *sql.DB, end func(), err error) {
	if database != "postgres" || s.port != 0 {
		pool, err := s.connect(database)
		return pool, func() { _ = pool.Close() }, err
	}

	s.keep.Do(func() { s.kept, s.keepError = s.connect(database) })
	return s.kept, func() {}, s.keepError
}

func (s *Server) connect(database string) (*sql.DB, error) {
	return sql.Open("pgx", s.address(superuser, database))
}
