package sqlitedb

import (
	"context"
	"database/sql/driver"
	"fmt"

	modernc "modernc.org/sqlite"
)

// keptStatements is how many parsed statements a connection keeps. The service has about three
// hundred; those that insert many rows have a text for each number of rows.
const keptStatements = 500

// connector opens connections that keep their parsed statements. The driver parses a text each
// time it is asked, which is a sixth of what an order costs.
type connector struct{ dsn string }

func (connector) Driver() driver.Driver { return &modernc.Driver{} }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	plain, err := modernc.NewConnector(c.dsn)
	if err != nil {
		return nil, err
	}

	opened, err := plain.Connect(ctx)
	if err != nil {
		return nil, err
	}

	conn, ok := opened.(conn)
	if !ok {
		return nil, fmt.Errorf("a connection of %T has not all that is passed on", opened)
	}
	return &keeping{conn: conn, idle: map[string]statement{}}, nil
}

// conn, statement and rows are what is passed on of the driver's.
type (
	conn interface {
		driver.Conn
		driver.ConnBeginTx
		driver.ConnPrepareContext
		driver.Pinger
		driver.SessionResetter
		driver.Validator
	}
	statement interface {
		driver.Stmt
		driver.StmtExecContext
		driver.StmtQueryContext
	}
	rows interface {
		driver.Rows
		driver.RowsColumnTypeDatabaseTypeName
		driver.RowsColumnTypeLength
		driver.RowsColumnTypeNullable
		driver.RowsColumnTypePrecisionScale
		driver.RowsColumnTypeScanType
	}
)

// keeping is a connection that keeps its parsed statements. A statement whose rows are being read
// is not among the idle ones: whoever asks the same meanwhile gets another. As any connection, it
// is used by one goroutine at a time.
type keeping struct {
	conn
	idle map[string]statement
}

func (k *keeping) ExecContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Result, error) {
	s, err := k.take(ctx, query)
	if err != nil {
		return nil, err
	}

	result, err := s.ExecContext(ctx, args)
	if err != nil {
		_ = s.Close() // the first error says more
		return nil, err
	}
	return result, k.keep(query, s)
}

func (k *keeping) QueryContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Rows, error) {
	s, err := k.take(ctx, query)
	if err != nil {
		return nil, err
	}

	answer, err := s.QueryContext(ctx, args)
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return &keptRows{rows: answer.(rows), conn: k, query: query, statement: s}, nil
}

// Close closes the connection with all that it keeps.
func (k *keeping) Close() error {
	for query, s := range k.idle {
		delete(k.idle, query)
		_ = s.Close() // as the connection does
	}
	return k.conn.Close()
}

// take returns the statement with this text, of which nobody else reads the rows.
func (k *keeping) take(ctx context.Context, query string) (statement, error) {
	if s, ok := k.idle[query]; ok {
		delete(k.idle, query)
		return s, nil
	}

	s, err := k.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.(statement), nil
}

// keep puts the statement back for whoever asks next. Where there are too many, one of the others
// goes.
func (k *keeping) keep(query string, s statement) error {
	if _, twice := k.idle[query]; twice {
		return s.Close()
	}

	if len(k.idle) >= keptStatements {
		for other, one := range k.idle {
			delete(k.idle, other)
			if err := one.Close(); err != nil {
				return err
			}
			break
		}
	}

	k.idle[query] = s
	return nil
}

// keptRows give their statement back when they are closed.
type keptRows struct {
	rows
	conn      *keeping
	query     string
	statement statement
}

func (r *keptRows) Close() error {
	if r.statement == nil {
		return nil
	}
	s := r.statement
	r.statement = nil

	if err := r.rows.Close(); err != nil {
		_ = s.Close()
		return err
	}
	return r.conn.keep(r.query, s)
}
