package models

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"roomcover.dev/roomcover/clock"
)

// Store reads and changes the facts. It is safe for concurrent use.
type Store struct {
	db        *gorm.DB
	clock     clock.Clock
	secrets   Secrets
	program   programCache
	calendars calendarCache
	told      chan struct{} // see OutboxWritten
	carrier   string        // see Options
}

// Options configure a Store.
type Options struct {
	Clock clock.Clock
	// Key derives invitation tokens and one-time codes; at least 32 bytes.
	Key []byte
	// Logger sees every SQL statement; nil for none. Tests count with it.
	Logger logger.Interface
	// Carrier is the name of the carrier at which the service books parcels by itself;
	// empty: people hand them in.
	Carrier string
	// MaxConns bounds open connections; 0 means 10.
	MaxConns int
	// ReferenceAge bounds how long a change of the program by another process may go
	// unseen; 0 means five seconds.
	ReferenceAge time.Duration
}

// Open returns a Store on the database behind the dialector. It does not
// migrate; see Migrate and Ready.
func Open(dialector gorm.Dialector, o Options) (*Store, error) {
	if len(o.Key) < 32 {
		return nil, errors.New("models: the key needs at least 32 bytes")
	}
	log := o.Logger
	if log == nil {
		log = logger.Discard
	}
	db, err := gorm.Open(dialector, &gorm.Config{
		TranslateError:         true,
		SkipDefaultTransaction: true,
		Logger:                 log,
		NowFunc:                func() time.Time { return o.Clock.Now() },
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	if pool.Stats().MaxOpenConnections == 0 {
		pool.SetMaxOpenConns(max(o.MaxConns, 10))
		pool.SetMaxIdleConns(max(o.MaxConns, 10))
	}
	return &Store{db: db, clock: o.Clock, secrets: Secrets{key: o.Key}, told: make(chan struct{}, 1), carrier: o.Carrier, program: programCache{age: cmp.Or(o.ReferenceAge, referenceAge)}}, nil
}

// Close closes the pool.
func (s *Store) Close() error {
	pool, err := s.db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// Ping asks the database for an answer.
func (s *Store) Ping(ctx context.Context) error {
	pool, err := s.db.DB()
	if err != nil {
		return err
	}
	return pool.PingContext(ctx)
}

// Pool is the connection pool, for metrics and migrations.
func (s *Store) Pool() (*sql.DB, error) { return s.db.DB() }

// Clock is the calendar that the Store writes by.
func (s *Store) Clock() clock.Clock { return s.clock }

func (s *Store) postgres() bool { return s.db.Name() == "postgres" }

// maxTries bounds how often a transaction is tried when the database itself
// asks to try again.
const maxTries = 5

// tx runs fn in one transaction under the context's Scope. fn may run again
// when the database asks for it, so it must not keep state of a failed run.
func (s *Store) tx(ctx context.Context, fn func(tx *gorm.DB, scope Scope) error) error {
	return s.transact(ctx, s.fence, fn)
}

// txAcross is tx for a command that a seller gives and that works on the
// customer's rows too (matching an account, revoking licences): the fence stays
// open, and fn narrows what the caller names by the scope itself.
func (s *Store) txAcross(ctx context.Context, fn func(tx *gorm.DB, scope Scope) error) error {
	return s.transact(ctx, func(*gorm.DB, Scope) error { return nil }, fn)
}

// alone is tx for the service's own work in one statement, which is a
// transaction by itself: it saves BEGIN and COMMIT. A tenant's statement needs
// its fence and gets the transaction.
func (s *Store) alone(ctx context.Context, fn func(db *gorm.DB, scope Scope) error) error {
	scope, err := ScopeFrom(ctx)
	if err != nil {
		return err
	}
	if !scope.System {
		return s.tx(ctx, fn)
	}
	for try := 1; ; try++ {
		err = fn(s.db.WithContext(ctx), scope)
		if err == nil || try == maxTries || !retryable(err) {
			return err
		}
	}
}

func (s *Store) transact(ctx context.Context, fence func(*gorm.DB, Scope) error, fn func(tx *gorm.DB, scope Scope) error) error {
	scope, err := ScopeFrom(ctx)
	if err != nil {
		return err
	}
	var enqueued bool
	ctx = context.WithValue(ctx, enqueuedKey{}, &enqueued)
	for try := 1; ; try++ {
		err = s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			if err := fence(tx, scope); err != nil {
				return err
			}
			return fn(tx, scope)
		})
		if err == nil && enqueued {
			s.wakeRelay()
		}
		if err == nil || try == maxTries || !retryable(err) {
			return err
		}
	}
}

// fence tells PostgreSQL which rows this transaction may see (C5).
func (s *Store) fence(tx *gorm.DB, scope Scope) error {
	if scope.System || !s.postgres() {
		return nil
	}
	return tx.Exec(`SELECT set_config('roomcover.scope', 'tenant', true), set_config('roomcover.accounts', ?, true), set_config('roomcover.org', ?, true)`,
		strings.Join(scope.AccountIDs, ","), scope.OrgID).Error
}

// errChainMoved says that another transaction appended to the same audit
// chain first.
var errChainMoved = errors.New("models: the audit chain moved on")

// errParentMoved says that an account was moved to another parent while the
// transaction waited for the lock on its parent.
var errParentMoved = errors.New("models: the account has another parent now")

func retryable(err error) bool {
	if errors.Is(err, errChainMoved) || errors.Is(err, errParentMoved) || errors.Is(err, gorm.ErrDuplicatedKey) {
		return true // the next run sees what the other transaction wrote
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		switch state.SQLState() {
		case "40001", "40P01", "23P01": // serialization failure, deadlock, overlap (exclusion)
			return true
		}
	}
	return strings.Contains(err.Error(), "SQLITE_BUSY")
}

// forUpdate locks the rows that the query reads; SQLite serialises writers by
// itself and drops the clause.
func (s *Store) forUpdate(tx *gorm.DB) *gorm.DB {
	if !s.postgres() {
		return tx
	}
	return tx.Clauses(lockForUpdate)
}
