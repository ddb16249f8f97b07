package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrationFiles embed.FS

// MigrationsDigest names the migrations of this program: tests share a migrated
// database under it.
func MigrationsDigest() string {
	hash := sha256.New()
	err := fs.WalkDir(migrationFiles, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := migrationFiles.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(content), content)
		return err
	})
	if err != nil { // embedded files can always be read
		panic(err)
	}

	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// ErrSchema says that the database's schema is older than this program needs.
var ErrSchema = errors.New("models: the database's schema is too old; run roomcover migrate")

func (d *DB) migrations() (*goose.Provider, error) {
	dialect, dir := goose.DialectSQLite3, "migrations/sqlite"
	if d.Postgres() {
		dialect, dir = goose.DialectPostgres, "migrations/postgres"
	}

	files, err := fs.Sub(migrationFiles, dir)
	if err != nil {
		return nil, err
	}

	pool, err := d.Pool()
	if err != nil {
		return nil, err
	}

	if !d.Postgres() {
		return goose.NewProvider(dialect, pool, files)
	}

	once, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockEvery, lockTries))
	if err != nil {
		return nil, err
	}

	return goose.NewProvider(dialect, pool, files, goose.WithSessionLocker(once))
}

// A migration waits for another one like this: it asks every second for ten minutes. It
// must not wait inside a statement, because CREATE INDEX CONCURRENTLY waits for the end
// of every statement that began before it.
const (
	lockEvery = 1 // seconds
	lockTries = 600
)

// Migrate brings the schema and the roles' rights up to date and seeds the domains, such as
// with the default program and catalogue. The owner of the tables does it. It
// returns the versions it applied. Two at the same time are safe on PostgreSQL: an advisory
// lock lets one go first, and what is seeded is never written twice.
func (d *DB) Migrate(ctx context.Context) ([]int64, error) {
	p, err := d.migrations()
	if err != nil {
		return nil, err
	}

	applied, err := migrateUp(ctx, p)
	if stateOf(err) == notAllowed {
		return applied, fmt.Errorf("migrate: the role is not the one that owns the tables, "+
			"which ROOMCOVER_OWNER_DATABASE_URL names, or deploy/postgres-roles.sql has not "+
			"run: %w", err)
	}
	if err != nil {
		return applied, fmt.Errorf("migrate: %w", err)
	}
	if err := d.grantRoles(ctx); err != nil {
		return applied, err
	}

	if slices.Contains(applied, keyedAudit) {
		if err := d.sealEmptyAudit(ctx); err != nil {
			return applied, err
		}
	}

	for _, write := range d.seeds {
		if err := write(WithSystem(ctx)); err != nil {
			return applied, err
		}
	}

	return applied, nil
}

// A migration that needs a lock which others would queue behind bounds its wait (SET LOCAL
// lock_timeout): it gives way to whoever reads or writes, and is tried again after a pause.
const (
	lockPause    = 3 * time.Second
	lockPatience = 200 // tries: ten minutes and what they wait themselves
)

// migrateUp applies what is missing, and returns what it applied. One that did not get its
// locks is tried again; those before it stay applied.
func migrateUp(ctx context.Context, p *goose.Provider) (applied []int64, err error) {
	for try := 1; ; try++ {
		results, err := p.Up(ctx)
		var partial *goose.PartialError
		if errors.As(err, &partial) {
			results = partial.Applied
		}
		for _, r := range results {
			applied = append(applied, r.Source.Version)
		}
		code := stateOf(err)
		if code != lockNotAvailable && code != deadlockDetected || try == lockPatience {
			return applied, err
		}

		select {
		case <-ctx.Done():
			return applied, ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// The SQLSTATEs of a lock that did not come in time, of one that would never have come, and
// of a role that may not.
const (
	notAllowed       = "42501"
	lockNotAvailable = "55P03"
	deadlockDetected = "40P01"
)

// Rollback undoes the latest migration. Only the test of the migrations calls it.
func (d *DB) Rollback(ctx context.Context) error {
	p, err := d.migrations()
	if err != nil {
		return err
	}

	_, err = p.Down(ctx)
	if errors.Is(err, goose.ErrNoNextVersion) || errors.Is(err, sql.ErrNoRows) {
		return nil
	}

	return err
}

// Entities lists the entities of tasks, the audit, the outbox and idempotency keys: one
// for each table.
func Entities() []any {
	return []any{
		OperatorTask{},
		TaskNote{},
		AuditEvent{},
		auditHead{},
		OutboxEvent{},
		IdempotencyKey{},
	}
}
