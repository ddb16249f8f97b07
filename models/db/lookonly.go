package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strings"

	"gorm.io/gorm"
)

type lookOnlyKey struct{}

// LookOnly returns a context under which nothing can be changed, whatever method is called:
// each transaction is one that the database itself holds to reading. What writes in spite of
// it fails; see WriteRefused.
func LookOnly(ctx context.Context) context.Context {
	return context.WithValue(ctx, lookOnlyKey{}, true)
}

func looksOnly(ctx context.Context) bool {
	only, _ := ctx.Value(lookOnlyKey{}).(bool)
	return only
}

// readOnlyTransaction is the SQLSTATE of a write in a transaction that only reads.
const readOnlyTransaction = "25006"

// WriteRefused reports whether an error says that something was to be written where only
// reading is allowed; see LookOnly.
func WriteRefused(err error) bool {
	if err == nil {
		return false
	}
	return stateOf(err) == readOnlyTransaction ||
		strings.Contains(err.Error(), "attempt to write a readonly database")
}

// begin opens a transaction for fn; under LookOnly one that cannot write. PostgreSQL is told
// so with BEGIN. SQLite knows no such transaction: the connection refuses to write until it
// goes back to the pool, and does not go back where it cannot be opened for writing again.
func (d *DB) begin(ctx context.Context, fn func(*gorm.DB) error, o ...*sql.TxOptions) error {
	q := d.gorm.WithContext(ctx)
	if !looksOnly(ctx) {
		return q.Transaction(fn, o...)
	}

	reading := &sql.TxOptions{ReadOnly: true}
	if len(o) > 0 {
		reading.Isolation = o[0].Isolation
	}
	if d.Postgres() {
		return q.Transaction(fn, reading)
	}

	return q.Connection(func(q *gorm.DB) (err error) {
		conn, ok := q.Statement.ConnPool.(*sql.Conn)
		if !ok {
			return errors.New("models: the connection cannot be held to reading")
		}

		if _, err := conn.ExecContext(ctx, "PRAGMA query_only = 1"); err != nil {
			return err
		}
		defer func() {
			opened := context.WithoutCancel(ctx)
			if _, wrong := conn.ExecContext(opened, "PRAGMA query_only = 0"); wrong != nil {
				_ = conn.Raw(func(any) error { return driver.ErrBadConn })
				err = errors.Join(err, wrong)
			}
		}()
		return q.Transaction(fn, reading)
	})
}
