package db

import (
	"context"
	"errors"
	"time"
)

// Connected is how this process is connected to PostgreSQL, and what the server has left.
type Connected struct {
	// System: connections are opened for the service's own work. A pooler between may have
	// left out the parameter that says so.
	System bool
	// Statement, Lock and Idle bound what PostgreSQL does for a connection; zero: no bound.
	Statement, Lock, Idle time.Duration
	// Most is how many connections roles like this one may open, of all processes together, and
	// Left how many of them nobody has now.
	Most, Left int
}

// Connected reads how this process is connected. SQLite has nothing of it: there it returns false.
func (d *DB) Connected(ctx context.Context) (s Connected, known bool, err error) {
	if !d.Postgres() {
		return s, false, nil
	}

	var row struct {
		System                      bool
		StatementMs, LockMs, IdleMs int64
		ServerMost, ServerOpen      int
		RoleMost, RoleOpen          int
		DatabaseMost, DatabaseOpen  int
	}
	err = unlogged(d.gorm.WithContext(ctx)).Raw(connectionsSQL).Scan(&row).Error
	if err != nil {
		return s, false, err
	}

	s.System = row.System
	s.Statement = time.Duration(row.StatementMs) * time.Millisecond
	s.Lock = time.Duration(row.LockMs) * time.Millisecond
	s.Idle = time.Duration(row.IdleMs) * time.Millisecond

	s.Most, s.Left = row.ServerMost, row.ServerMost-row.ServerOpen
	for _, bound := range [][2]int{
		{row.RoleMost, row.RoleOpen},
		{row.DatabaseMost, row.DatabaseOpen},
	} {
		if bound[0] >= 0 { // of the role or the database; negative: none
			s.Most = min(s.Most, bound[0])
			s.Left = min(s.Left, bound[0]-bound[1])
		}
	}
	return s, true, nil
}

// connectionsSQL asks for bounds in milliseconds, and for the connections of the server, of the
// role and of the database.
const connectionsSQL = `
	SELECT COALESCE(current_setting('roomcover.scope', true), '') = 'system' AS system,
		(SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout') AS statement_ms,
		(SELECT setting::bigint FROM pg_settings WHERE name = 'lock_timeout') AS lock_ms,
		(SELECT setting::bigint FROM pg_settings
			WHERE name = 'idle_in_transaction_session_timeout') AS idle_ms,
		current_setting('max_connections')::int
			- current_setting('superuser_reserved_connections')::int
			- COALESCE(current_setting('reserved_connections', true), '0')::int AS server_most,
		(SELECT count(*) FROM pg_stat_activity
			WHERE backend_type = 'client backend') AS server_open,
		(SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user) AS role_most,
		(SELECT count(*) FROM pg_stat_activity
			WHERE backend_type = 'client backend' AND usename = session_user) AS role_open,
		(SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS database_most,
		(SELECT count(*) FROM pg_stat_activity
			WHERE backend_type = 'client backend'
				AND datname = current_database()) AS database_open`

// ErrNotFenced says that row-level security does not hold for a tenant's transaction.
var ErrNotFenced = errors.New("models: a customer's transaction sees the rows of others")

// TenantFenced opens a transaction as for a customer who has no account, as serve does for each
// request, and answers nil where it sees no account (C5). On SQLite there is no fence.
func (d *DB) TenantFenced(ctx context.Context) error {
	if !d.Postgres() {
		return nil
	}

	nobody := Scope{AccountIDs: []string{PrefixAccount + "_of_nobody"}}
	return d.Read(WithScope(ctx, nobody), func(tx *Tx) error {
		var seen struct {
			Held bool
			N    int
		}
		err := tx.Raw(`
			SELECT row_security_active('accounts') AS held,
				(SELECT count(*) FROM accounts) AS n`).Scan(&seen).Error
		if err == nil && (!seen.Held || seen.N > 0) {
			err = ErrNotFenced
		}
		return err
	})
}
