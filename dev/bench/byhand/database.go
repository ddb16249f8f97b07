package byhand

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the driver
)

// database does batches of statements. Placeholders are $1, $2 in both dialects.
type database interface {
	// do runs a batch as one transaction: on PostgreSQL in one round trip.
	do(ctx context.Context, b *batch) error
	// doTwo runs a batch that reads, and what it leads to, as one transaction: on PostgreSQL in
	// two round trips. Where next returns nil nothing is written.
	doTwo(ctx context.Context, reads *batch, next func() (*batch, error)) error
	// forPostgres returns the text on PostgreSQL and nothing on SQLite, which has one writer at
	// a time and no locks of rows.
	forPostgres(text string) string
	close() error
}

// batch is statements that go to the database together.
type batch struct{ statements []statement }

type statement struct {
	sql  string
	args []any
	each func(row rows) error // of what it returns; nil for nothing
}

// rows is what both drivers return.
type rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
}

func (b *batch) add(sql string, args ...any) {
	b.statements = append(b.statements, statement{sql: sql, args: args})
}

func (b *batch) ask(sql string, each func(row rows) error, args ...any) {
	b.statements = append(b.statements, statement{sql, args, each})
}

func (s statement) read(r rows) error {
	for r.Next() {
		if err := s.each(r); err != nil {
			return err
		}
	}
	return r.Err()
}

// postgres sends each batch in one round trip; pgx prepares every statement once a connection.
type postgres struct{ pool *pgxpool.Pool }

func openPostgres(ctx context.Context, url string) (*postgres, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["roomcover.scope"] = "system"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["jit"] = "off"
	config.MaxConns = 10 // as many as the service
	config.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name:  "timestamptz",
			OID:   pgtype.TimestamptzOID,
			Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	return &postgres{pool}, err
}

func (d *postgres) do(ctx context.Context, b *batch) error {
	return send(ctx, d.pool, b)
}

func (d *postgres) doTwo(
	ctx context.Context, reads *batch, next func() (*batch, error),
) (err error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	defer func() {
		if err != nil {
			_, _ = conn.Exec(context.WithoutCancel(ctx), "rollback")
		}
	}()

	// BEGIN and COMMIT go along with the statements.
	first := &batch{append([]statement{{sql: "begin"}}, reads.statements...)}
	if err := send(ctx, conn, first); err != nil {
		return err
	}

	writes, err := next()
	if err != nil {
		return err
	}
	if writes == nil {
		writes = &batch{}
	}
	writes.add("commit")
	return send(ctx, conn, writes)
}

// send sends the batch, which is one transaction unless it says otherwise.
func send(ctx context.Context, to interface {
	SendBatch(context.Context, *pgx.Batch) pgx.BatchResults
}, b *batch) error {
	var out pgx.Batch
	for _, s := range b.statements {
		out.Queue(s.sql, s.args...)
	}

	results := to.SendBatch(ctx, &out)
	for _, s := range b.statements {
		if s.each == nil {
			if _, err := results.Exec(); err != nil {
				return errors.Join(err, results.Close())
			}
			continue
		}

		found, err := results.Query()
		if err == nil {
			err = s.read(found)
			found.Close()
		}
		if err != nil {
			return errors.Join(err, results.Close())
		}
	}
	return results.Close()
}

func (d *postgres) forPostgres(text string) string { return text }

func (d *postgres) close() error {
	d.pool.Close()
	return nil
}

// sqlite has one connection, since there is one writer at a time, and prepares every statement
// once.
type sqlite struct {
	pool     *sql.DB
	mu       sync.Mutex // whoever has it uses the connection
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func openSQLite(ctx context.Context, path string) (*sqlite, error) {
	escaped := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
	pool, err := sql.Open("sqlite", "file:"+escaped+"?_pragma=journal_mode(WAL)"+
		"&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"+
		"&_time_format=sqlite&_texttotime=1&_timezone=UTC")
	if err != nil {
		return nil, err
	}

	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return &sqlite{pool: pool, conn: conn, prepared: map[string]*sql.Stmt{}}, nil
}

func (d *sqlite) do(ctx context.Context, b *batch) error {
	return d.doTwo(ctx, &batch{}, func() (*batch, error) { return b, nil })
}

func (d *sqlite) doTwo(
	ctx context.Context, reads *batch, next func() (*batch, error),
) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() {
		if err != nil {
			err = errors.Join(err, d.run(context.WithoutCancel(ctx), statement{sql: "ROLLBACK"}))
		}
	}()

	begun := append([]statement{{sql: "BEGIN IMMEDIATE"}}, reads.statements...)
	if err := d.run(ctx, begun...); err != nil {
		return err
	}
	writes, err := next()
	if err != nil {
		return err
	}
	if writes != nil {
		if err := d.run(ctx, writes.statements...); err != nil {
			return err
		}
	}
	return d.run(ctx, statement{sql: "COMMIT"})
}

func (d *sqlite) run(ctx context.Context, statements ...statement) error {
	for _, s := range statements {
		prepared := d.prepared[s.sql]
		if prepared == nil {
			var err error
			if prepared, err = d.conn.PrepareContext(ctx, s.sql); err != nil {
				return err
			}
			d.prepared[s.sql] = prepared
		}

		if s.each == nil {
			if _, err := prepared.ExecContext(ctx, s.args...); err != nil {
				return err
			}
			continue
		}
		found, err := prepared.QueryContext(ctx, s.args...)
		if err != nil {
			return err
		}
		if err := errors.Join(s.read(found), found.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (d *sqlite) forPostgres(string) string { return "" }

func (d *sqlite) close() error { return errors.Join(d.conn.Close(), d.pool.Close()) }
