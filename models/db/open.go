package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"roomcover.dev/roomcover/clock"
)

// DB is the database, with the calendar by which it is written. It is safe for
// concurrent use.
type DB struct {
	gorm    *gorm.DB
	clock   clock.Clock
	secrets Secrets
	audit   auditKeys
	audited atomic.Value         // id of the audit event that this process committed last
	told    chan struct{}        // see OutboxWritten
	seeds   []seed               // see SeedWith
	probe   probe                // see Ready
	owner   atomic.Pointer[bool] // see ownsTables
	desk    *time.Location       // see Options
}

// Options configure a DB.
type Options struct {
	Clock clock.Clock
	// Key derives invitation tokens, one-time codes and the keys of cursors and of the
	// audit; at least 32 bytes.
	Key []byte
	// KeysBefore are the keys that came before Key: what they made in the audit can be
	// checked with them, and what they encrypted be read; nothing is made with them any more.
	KeysBefore [][]byte
	// Logger sees every SQL statement; nil for none. Tests count with it.
	Logger logger.Interface
	// MaxConns bounds open connections; less than 10 counts as 10.
	MaxConns int
	// Desk is where the operators work: by its clock a task is due at the end of the day; nil: UTC.
	Desk *time.Location
	// Lifetime bounds how old a connection gets, so that what moved or was changed is
	// noticed; zero: no bound.
	Lifetime time.Duration
	// Traced makes a span of each statement.
	Traced bool
}

// emptyConfig is the configuration of no database. All that are copied from it share what gorm
// has read of our entities: each would read them anew otherwise, which a process that opens many,
// such as a test, does again and again.
var emptyConfig = sync.OnceValues(func() (gorm.Config, error) {
	nowhere, err := gorm.Open(nil, &gorm.Config{})
	if err != nil {
		return gorm.Config{}, fmt.Errorf("configure gorm: %w", err)
	}

	config := *nowhere.Config
	config.Plugins, config.ClauseBuilders = nil, nil // each database has its own
	return config, nil
})

// Open returns a DB behind the dialector. It does not migrate; see Migrate and
// Ready.
func Open(dialector gorm.Dialector, o Options) (*DB, error) {
	if len(o.Key) < 32 {
		return nil, errors.New("models: the key needs at least 32 bytes")
	}

	log := o.Logger
	if log == nil {
		log = logger.Discard
	}

	config, err := emptyConfig()
	if err != nil {
		return nil, err
	}
	config.TranslateError = true
	config.SkipDefaultTransaction = true
	config.CreateBatchSize = createBatch
	config.Logger = log
	config.NowFunc = func() time.Time { return o.Clock.Now() }

	db, err := gorm.Open(dialector, &config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := limitToSites(db); err != nil {
		return nil, err
	}
	if o.Traced {
		if err := db.Use(tracedStatements{}); err != nil {
			return nil, err
		}
	}

	pool, err := db.DB()
	if err != nil {
		return nil, err
	}

	if pool.Stats().MaxOpenConnections == 0 {
		pool.SetMaxOpenConns(max(o.MaxConns, 10))
		pool.SetMaxIdleConns(max(o.MaxConns, 10))
		pool.SetConnMaxLifetime(o.Lifetime)
	}

	desk := o.Desk
	if desk == nil {
		desk = time.UTC
	}

	return &DB{
		gorm:    db,
		desk:    desk,
		clock:   o.Clock,
		secrets: Secrets{key: o.Key, before: o.KeysBefore},
		audit:   newAuditKeys(o.Key, o.KeysBefore),
		told:    make(chan struct{}, 1),
	}, nil
}

// Close closes the pool.
func (d *DB) Close() error {
	pool, err := d.gorm.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// Ping reports, by its error, whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	pool, err := d.gorm.DB()
	if err != nil {
		return err
	}
	return pool.PingContext(ctx)
}

// Pool returns the connection pool, for metrics and migrations.
func (d *DB) Pool() (*sql.DB, error) { return d.gorm.DB() }

// Clock returns the calendar by which the database is written.
func (d *DB) Clock() clock.Clock { return d.clock }

// Now returns the calendar's present instant.
func (d *DB) Now() time.Time { return d.clock.Now() }

// Secrets returns what derives the secrets that are sent by mail.
func (d *DB) Secrets() Secrets { return d.secrets }

// Postgres reports whether the database is PostgreSQL; otherwise it is SQLite.
func (d *DB) Postgres() bool { return isPostgres(d.gorm) }

// seed writes the first rows of a domain where there are none; again it changes
// nothing.
type seed func(ctx context.Context) error

// SeedWith names the seeds that Migrate runs, in their order.
func (d *DB) SeedWith(seeds ...seed) { d.seeds = append(d.seeds, seeds...) }

// Session bounds what PostgreSQL does for a connection; zero: no bound. What it ends is
// Unavailable.
type Session struct {
	Statement time.Duration // a statement runs, waiting for locks included
	Lock      time.Duration // it waits for one lock
	Idle      time.Duration // a transaction waits for its next statement
}

// settings are the bounds as PostgreSQL takes them.
func (s Session) settings() map[string]string {
	out := map[string]string{}
	for name, bound := range map[string]time.Duration{
		"statement_timeout":                   s.Statement,
		"lock_timeout":                        s.Lock,
		"idle_in_transaction_session_timeout": s.Idle,
	} {
		if bound > 0 {
			out[name] = strconv.FormatInt(bound.Milliseconds(), 10)
		}
	}
	return out
}

// Postgres returns the dialector for a PostgreSQL address (URL or key=value). Its
// connections are opened for the service's own work; a tenant's transaction narrows
// itself (C5). Bounds in the address hold before those of the session.
func Postgres(dsn string, session ...Session) (gorm.Dialector, error) {
	connector, err := PostgresConnector(dsn, session...)
	if err != nil {
		return nil, err
	}
	return PostgresPool(sql.OpenDB(connector)), nil
}

// PostgresPool returns the dialector for a pool of connections of PostgresConnector.
func PostgresPool(pool *sql.DB) gorm.Dialector {
	return postgres.New(postgres.Config{Conn: pool})
}

// PostgresConnector opens the connections of Postgres.
func PostgresConnector(dsn string, session ...Session) (driver.Connector, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("the database address cannot be read: %w", err)
	}

	cfg.RuntimeParams["roomcover.scope"] = "system"
	cfg.RuntimeParams["timezone"] = "UTC"
	for _, bounds := range session {
		for name, value := range bounds.settings() {
			if cfg.RuntimeParams[name] == "" {
				cfg.RuntimeParams[name] = value
			}
		}
	}
	// Row-level security lets the planner expect a hundredth of the rows, and a subquery for each
	// of them looks dear: it would compile, for a third of a second, what runs in a millisecond.
	cfg.RuntimeParams["jit"] = "off"
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "roomcover"
	}

	return stdlib.GetConnector(*cfg, stdlib.OptionAfterConnect(readUTC)), nil
}

// readUTC makes the driver read instants in UTC, whatever the zone of the machine is.
func readUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name:  "timestamptz",
		OID:   pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}
