// Package storetest gives tests a real database each: SQLite on a file, and
// PostgreSQL on a throw-away server started from the installed binaries.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/storetest/pgserver"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/models/warranty"
)

// Key is the key from which every test's domains derive their secrets.
var Key = []byte("a key for tests, of 32 bytes or more")

// Now is the calendar instant at which a test's clock begins.
var Now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Calendar is a clock that a test sets by hand.
type Calendar struct {
	mu  sync.Mutex
	now time.Time
}

// NewCalendar begins at Now.
func NewCalendar() *Calendar { return &Calendar{now: Now} }

// Now reads the calendar.
func (c *Calendar) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the calendar.
func (c *Calendar) Set(t time.Time) {
	c.mu.Lock()
	c.now = t
	c.mu.Unlock()
}

// Env is a migrated database with its domains, its calendar and a count of SQL
// statements.
type Env struct {
	// Domains are the same domains as those below, for code that takes them all.
	*domains.Domains

	// A test calls a domain's methods on the Env itself.
	*db.DB
	*program.Programs
	*notification.Notifications
	*importjob.Jobs
	*account.Accounts
	*identity.People
	*entitlement.Entitlements
	*warranty.Warranties
	*logistics.Logistics
	*replacement.Replacements
	Tickets *ticket.Tickets
	*order.Orders
	*operations.Operations
	*privacy.Privacy
	*mailbox.Mailbox

	Calendar   *Calendar
	Statements *Counter
	DSN        string // PostgreSQL only; for the service's role
	Context    context.Context
	dial       func() (gorm.Dialector, error)
	owner      func() (*domains.Domains, error) // opened once, as who owns the tables
}

// Counter counts SQL statements; BEGIN and COMMIT are not among them.
type Counter struct {
	logger.Interface
	mu    sync.Mutex
	list  []string
	took  []time.Duration // of each of the list
	after func(statements int)

	owners map[string]string    // who may write each table
	locks  locks                // what each transaction holds
	fail   func(foreign string) // is told of a write into another domain's table
}

// After calls fn after each statement with their number so far, such as to end a
// context there; nil ends it.
func (c *Counter) After(fn func(statements int)) {
	c.mu.Lock()
	c.after = fn
	c.mu.Unlock()
}

// Trace is called by gorm after each statement. It fails the test when a domain has
// written a table of another, and when a transaction takes its locks in another order
// than all do.
func (c *Counter) Trace(ctx context.Context, began time.Time, fc func() (string, int64), _ error) {
	took := time.Since(began)
	sql, _ := fc()
	c.mu.Lock()
	c.list = append(c.list, sql)
	c.took = append(c.took, took)
	n, after := len(c.list), c.after
	c.mu.Unlock()

	if foreign := foreignWrite(sql, c.owners); foreign != "" {
		c.fail(foreign)
	}
	if wrong := c.locks.take(db.TransactionOf(ctx), sql); wrong != "" {
		c.fail(wrong)
	}
	if after != nil {
		after(n)
	}
}

// Reset forgets the statements so far.
func (c *Counter) Reset() {
	c.mu.Lock()
	c.list, c.took = nil, nil
	c.mu.Unlock()
}

// List is the statements so far.
func (c *Counter) List() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.list...)
}

// Slowest is the statement that took longest, with its time.
func (c *Counter) Slowest() (string, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var sql string
	var longest time.Duration
	for i, took := range c.took {
		if took > longest {
			sql, longest = c.list[i], took
		}
	}
	return sql, longest
}

// Each runs a test on SQLite and on PostgreSQL; without PostgreSQL's binaries
// that half is skipped aloud, or fails when ROOMCOVER_TEST_ALL is set. The pass with the race
// detector takes PostgreSQL alone, whose own work it does not slow down and which lets
// transactions run beside one another: what they share in memory is the same on both, and the
// program's pass has run the other half.
func Each(t *testing.T, test func(t *testing.T, env Env)) {
	t.Helper()
	if !underDetector() {
		t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	}
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// OneOf runs a test whose subject lies above the database, such as a page: on SQLite, which costs
// the least, and in a long run on PostgreSQL too. What its domains ask of a database their own
// tests ask of both.
func OneOf(t *testing.T, test func(t *testing.T, env Env)) {
	t.Helper()
	if underDetector() || Sized(1, 2) > 1 {
		Each(t, test)
		return
	}
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
}

func underDetector() bool { return os.Getenv("ROOMCOVER_TEST_DETECTOR") != "" }

// SQLite returns the domains on a new file, a copy of one that was migrated once.
func SQLite(t testing.TB) Env {
	t.Helper()
	content, err := sqliteTemplate()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "roomcover.db")
	require.NoError(t, os.WriteFile(file, content, 0o600))
	return open(t, func() (gorm.Dialector, error) { return sqlitedb.Open(file), nil }, "")
}

// sqliteTemplate is a migrated file: migrating for each test took longer than most tests do.
// Where a run of all packages keeps templates, the first package makes it for the others.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	shared := os.Getenv("ROOMCOVER_TEST_TEMPLATES")
	kept := filepath.Join(shared, "sqlite.db")
	if shared != "" {
		if content, err := os.ReadFile(kept); err == nil {
			return content, nil
		}
	}

	dir, err := os.MkdirTemp(shared, "roomcover-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)

	file := filepath.Join(dir, "roomcover.db")
	if err := migrate(sqlitedb.Open(file)); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(file)
	if err != nil || shared == "" {
		return content, err
	}

	return content, os.Rename(file, kept) // whole, or not yet there
})

// migrate prepares a template, at the time at which every test begins.
func migrate(dialector gorm.Dialector) error {
	d, err := domains.Open(dialector, domains.Options{
		Options: db.Options{Clock: clock.At(NewCalendar().Now), Key: Key},
	})
	if err != nil {
		return err
	}

	_, err = d.DB.Migrate(context.Background())
	return errors.Join(err, d.DB.Close())
}

// Postgres returns the domains on a database of the package's shared server, as new.
func Postgres(t testing.TB) Env {
	t.Helper()
	share(t)
	r := takeRecycled(t)
	return open(t, r.dialector, r.dsn)
}

// PostgresOn returns the domains on a new database of a server of the test's own, which
// the test may end and start again.
func PostgresOn(t testing.TB, server *pgserver.Server) Env {
	t.Helper()
	_, dsn, err := server.Database("")
	require.NoError(t, err)
	dialector, err := db.Postgres(pgserver.Owner(dsn))
	require.NoError(t, err)
	require.NoError(t, migrate(dialector))
	return open(t, func() (gorm.Dialector, error) { return db.Postgres(dsn) }, dsn)
}

// PostgresAt returns the domains on a database that somebody else keeps, brought up to date
// by its owner roomcover.
func PostgresAt(t testing.TB, dsn string) Env {
	t.Helper()
	dialector, err := db.Postgres(pgserver.Owner(dsn))
	require.NoError(t, err)
	require.NoError(t, migrate(dialector))
	return open(t, func() (gorm.Dialector, error) { return db.Postgres(dsn) }, dsn)
}

func open(t testing.TB, dial func() (gorm.Dialector, error), dsn string) Env {
	t.Helper()
	calendar := NewCalendar()
	return Env{
		Calendar: calendar,
		Statements: &Counter{
			Interface: logger.Discard,
			owners:    owners(),
			fail:      func(foreign string) { t.Error(foreign) },
		},
		DSN:     dsn,
		Context: db.WithSystem(context.Background()),
		dial:    dial,
		owner: sync.OnceValues(func() (*domains.Domains, error) {
			dialector, err := dial()
			if dsn != "" {
				dialector, err = db.Postgres(pgserver.Owner(dsn))
			}
			if err != nil {
				return nil, err
			}
			d, err := domains.Open(dialector, domains.Options{
				Options: db.Options{Clock: clock.At(calendar.Now), Key: Key},
			})
			if err == nil {
				t.Cleanup(func() { _ = d.DB.Close() })
			}
			return d, err
		}),
	}.WithCarrier(t, "")
}

// Migrate migrates as the owner of the tables.
func (e Env) Migrate(ctx context.Context) ([]int64, error) {
	d, err := e.owner()
	if err != nil {
		return nil, err
	}
	return d.DB.Migrate(ctx)
}

// Rollback undoes the latest migration as the owner of the tables.
func (e Env) Rollback(ctx context.Context) error {
	d, err := e.owner()
	if err != nil {
		return err
	}
	return d.DB.Rollback(ctx)
}

// OwnerPool connects as the owner of the tables.
func (e Env) OwnerPool(t testing.TB) *sql.DB {
	t.Helper()
	d, err := e.owner()
	require.NoError(t, err)
	pool, err := d.DB.Pool()
	require.NoError(t, err)
	return pool
}

// Dialector opens the same database once more, for domains of a test's own.
func (e Env) Dialector(t testing.TB) gorm.Dialector {
	t.Helper()
	dialector, err := e.dial()
	require.NoError(t, err)
	return dialector
}

// WithCarrier returns the same database behind domains that book parcels at a carrier.
func (e Env) WithCarrier(t testing.TB, name string) Env {
	t.Helper()
	dialector, err := e.dial()
	require.NoError(t, err)

	d, err := domains.Open(dialector, domains.Options{
		Options: db.Options{
			Clock:  clock.At(e.Calendar.Now),
			Key:    Key,
			Logger: e.Statements,
		},
		Carrier: name,
		// so that no count of statements depends on how busy the machine is
		ReferenceAge: time.Hour,
	})

	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })

	return e.With(d)
}

// With is the Env on other domains, such as ones with a clock of their own.
func (e Env) With(d *domains.Domains) Env {
	e.Domains = d
	e.DB = d.DB
	e.Programs = d.Programs
	e.Notifications = d.Notifications
	e.Jobs = d.Jobs
	e.Accounts = d.Accounts
	e.People = d.People
	e.Entitlements = d.Entitlements
	e.Warranties = d.Warranties
	e.Logistics = d.Logistics
	e.Replacements = d.Replacements
	e.Tickets = d.Tickets
	e.Orders = d.Orders
	e.Operations = d.Operations
	e.Privacy = d.Privacy
	e.Mailbox = d.Mailbox

	if e.Statements != nil {
		e.Statements.Reset()
	}

	return e
}

// shared is the server of the whole run where there is one, else of this package.
var shared struct {
	once     sync.Once
	server   *pgserver.Server
	template string
	err      error
}

// PostgresDSN is the address of a new migrated database on the shared server, for the service's
// role.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	share(t)
	name, dsn, err := shared.server.Database(shared.template)
	require.NoError(t, err)
	t.Cleanup(func() { _ = shared.server.Drop(name) })
	return dsn
}

// share makes sure of the shared server and its template. It skips the test, aloud, where
// PostgreSQL is not installed.
func share(t testing.TB) {
	t.Helper()
	shared.once.Do(func() { shared.err = startShared() })
	if errors.Is(shared.err, pgserver.ErrMissing) && os.Getenv("ROOMCOVER_TEST_ALL") == "" {
		t.Skip(
			"SKIPPED: PostgreSQL is not installed; install the package postgresql to run this half",
		)
	}

	require.NoError(t, shared.err)
}

func startShared() (err error) {
	given := false
	if shared.server, given, err = pgserver.Shared(); !given {
		shared.server, err = pgserver.Start(false)
	}
	if err != nil {
		return err
	}

	shared.template = "template_" + db.MigrationsDigest()
	return shared.server.Template(shared.template, func(dsn string) error {
		dialector, err := db.Postgres(dsn)
		if err != nil {
			return err
		}
		return migrate(dialector)
	})
}

// Main runs a package's tests, then what ends the things that they share, and stops the
// server that it started.
func Main(m *testing.M, after ...func()) {
	debug.SetGCPercent(400) // a test takes little memory and ends soon

	code := m.Run()
	for _, end := range after {
		end()
	}
	if shared.server != nil {
		dropRecycled()
		shared.server.Stop()
	}
	os.Exit(code)
}
