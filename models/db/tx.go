package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// Tx is one transaction under one Scope. A domain's exported function that takes a Tx
// is the way from one domain into another: its caller has opened the transaction, which
// commits or fails as a whole.
//
// Locks are taken in one order, so that no two commands wait for each other: the delegation by
// which a partner's person acts, an order, contracts, their account, its parent, the subject
// (licence, room, device, RMA, spare unit, shipment), a level of the stock, and last the heads of
// the audit chains that it adds to, which Tx does itself. Of one kind they are taken in the order
// of their ids.
// LockOrder holds the tests' transactions to it.
type Tx struct {
	*gorm.DB
	Scope Scope

	database *DB
	state    *txState
}

// txState is what the copies of one transaction share.
type txState struct {
	now      time.Time // zero: it has to be read, see Now
	enqueued bool
	fenced   bool   // row-level security holds for what comes next
	audited  string // the audit event that was made last
	audit    pendingAudit

	delegated   *Delegated // see limitToSites
	accounts    []string
	beyondSites int
}

// LockOrder are the tables whose rows several commands lock, in the order in which each
// command does. It has the subjects not, of which a command locks one kind at a time.
var LockOrder = []string{
	"orders",
	"service_contracts",
	"accounts",
	"orgs",
	"audit_heads",
}

// TransactionOf returns what tells the transaction of a statement's context from others;
// nil outside of one.
func TransactionOf(ctx context.Context) any { return ctx.Value(stateKey{}) }

// stateKey is where a query finds the state of its transaction.
type stateKey struct{}

// Now returns the transaction's instant. It is read from the calendar when it is first
// asked for, and again once the transaction has waited for a lock: what a command writes
// is never dated before what it waited for.
func (tx *Tx) Now() time.Time {
	if tx.state.now.IsZero() {
		tx.state.now = tx.database.Now()
	}
	return tx.state.now
}

// As returns the same transaction under another scope.
func (tx *Tx) As(scope Scope) *Tx {
	other := *tx
	other.Scope = scope
	return &other
}

// ActingAs returns the same transaction in the name of somebody whom it has just found out.
func (tx *Tx) ActingAs(id string, role rules.Role) *Tx {
	scope := tx.Scope
	scope.Actor.ID = id
	scope.Actor.Role = role
	return tx.As(scope)
}

// With returns the same transaction with another query to begin from.
func (tx *Tx) With(q *gorm.DB) *Tx {
	other := *tx
	other.DB = q
	return &other
}

// Postgres reports whether the database is PostgreSQL; otherwise it is SQLite.
func (tx *Tx) Postgres() bool { return isPostgres(tx.DB) }

// PlanByValues has PostgreSQL plan each query that follows by its values, every time, such as
// a search by a part: whether few rows have it or many decides how they are found.
func (tx *Tx) PlanByValues() error {
	if !tx.Postgres() {
		return nil
	}
	return tx.Exec("SET LOCAL plan_cache_mode = force_custom_plan").Error
}

// PlanByIndexes has PostgreSQL find what each query that follows asks for by an index, wherever
// there is one. Of a query for the first few rows with a part it expects to find these at the head
// of the table; where hardly any row has the part, it would read the whole table for them.
func (tx *Tx) PlanByIndexes() error {
	if !tx.Postgres() {
		return nil
	}
	return tx.Exec("SET LOCAL enable_seqscan = off").Error
}

// Secrets returns what derives the secrets that are sent by mail.
func (tx *Tx) Secrets() Secrets { return tx.database.secrets }

// ForUpdate returns a query that locks the rows that it reads.
func (tx *Tx) ForUpdate() *gorm.DB { return ForUpdate(tx.DB) }

// Read runs fn in a transaction under the context's Scope. fn changes nothing.
func (d *DB) Read(ctx context.Context, fn func(tx *Tx) error) error {
	return d.transact(ctx, fence, fn)
}

// Write runs fn in a transaction under the context's Scope, and wakes the relay when fn
// wrote to the outbox. fn may run again when the database asks for it, so it must not
// keep state of a failed run. Of a scope by a delegation it holds the delegation, see Delegated.
func (d *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	return d.transact(ctx, func(tx *Tx) error {
		if err := tx.holdDelegation(); err != nil {
			return err
		}
		return fence(tx)
	}, fn)
}

// WriteAcross is Write for a command that a seller gives and that works on the
// customer's rows too, such as matching an account or revoking licences. Row-level
// security stays open; fn itself narrows what the caller names to the scope.
func (d *DB) WriteAcross(ctx context.Context, fn func(tx *Tx) error) error {
	return d.transact(ctx, (*Tx).holdDelegation, fn)
}

// Single is Write for the service's own work in one statement, which is a transaction
// by itself and saves BEGIN and COMMIT. A tenant's statement needs row-level security
// and gets a whole transaction.
func (d *DB) Single(ctx context.Context, fn func(tx *Tx) error) error {
	scope, err := ScopeFrom(ctx)
	if err != nil {
		return err
	}

	if !scope.System || looksOnly(ctx) || scope.Rehearsal {
		return d.Write(ctx, fn)
	}

	var again tries
	for {
		state := &txState{}
		tx := &Tx{
			DB:       d.gorm.WithContext(ctx),
			Scope:    scope,
			database: d,
			state:    state,
		}
		err = fn(tx)
		if err == nil {
			err = tx.writeAudit()
		}
		if err == nil {
			d.committed(scope, state)
			return nil
		}
		if !again.after(ctx, err) {
			return refusedOverlap(scope, err)
		}
	}
}

// ReadSingle is Read of a single statement: for the service and its operators it saves BEGIN and
// COMMIT, which every page would wait for. A tenant's statement gets a whole transaction.
func (d *DB) ReadSingle(ctx context.Context, fn func(tx *Tx) error) error {
	if scope, err := ScopeFrom(ctx); err != nil || !scope.System || looksOnly(ctx) {
		return d.Read(ctx, fn)
	}
	return d.Single(ctx, fn)
}

// committed does what follows from a transaction that has committed.
func (d *DB) committed(scope Scope, state *txState) {
	if scope.Changed != nil && (state.audited != "" || state.enqueued) {
		scope.Changed.Store(true)
	}
	d.rememberAudited(state)
}

// rememberAudited keeps the last audit event of a transaction that has committed: the next
// one bears witness to it.
func (d *DB) rememberAudited(state *txState) {
	if state.audited != "" {
		d.audited.Store(state.audited)
	}
}

// ReadSnapshot is Read in which every statement sees the database as it was at one
// instant.
func (d *DB) ReadSnapshot(ctx context.Context, fn func(tx *Tx) error) error {
	if !d.Postgres() { // one that reads sees one instant by itself
		return d.transact(ctx, fence, fn)
	}
	return d.transact(ctx, fence, fn, &sql.TxOptions{
		Isolation: sql.LevelRepeatableRead,
		ReadOnly:  true,
	})
}

// ErrRehearsed is the answer of a command that a Rehearsal has done and taken back.
var ErrRehearsed = errors.New("models: it was only rehearsed")

// errNothingToDo ends a transaction of a Rehearsal that told nobody of anything.
var errNothingToDo = errors.New("models: nothing to take back")

func (d *DB) transact(
	ctx context.Context, fence func(*Tx) error, fn func(tx *Tx) error, o ...*sql.TxOptions,
) error {
	scope, err := ScopeFrom(ctx)
	if err != nil {
		return err
	}

	var again tries
	for {
		state := &txState{delegated: scope.Delegated, accounts: scope.AccountIDs}
		known := context.WithValue(ctx, stateKey{}, state)
		err = d.begin(known, func(q *gorm.DB) error {
			tx := &Tx{
				DB:       q,
				Scope:    scope,
				database: d,
				state:    state,
			}

			if err := fence(tx); err != nil {
				return err
			}
			if err := fn(tx); err != nil {
				return err
			}
			if err := tx.writeAudit(); err != nil || !scope.Rehearsal {
				return err
			}
			if state.audited != "" || state.enqueued {
				return ErrRehearsed
			}
			return errNothingToDo
		}, o...)
		if errors.Is(err, errNothingToDo) {
			return nil
		}
		if err == nil && state.enqueued {
			d.wakeRelay()
		}
		if err == nil {
			d.committed(scope, state)
			return nil
		}
		if !again.after(ctx, err) {
			return refusedOverlap(scope, err)
		}
	}
}

func isPostgres(q *gorm.DB) bool { return q.Name() == "postgres" }

var lockForUpdate = clause.Locking{Strength: "UPDATE"}

// ForUpdate locks the rows that the query reads; SQLite serialises writers by
// itself and drops the clause.
func ForUpdate(q *gorm.DB) *gorm.DB { return LockWith(q, lockForUpdate) }

// LockRows locks the rows of one table of a join.
func LockRows(q *gorm.DB, table string) *gorm.DB {
	return LockWith(q, clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: table}})
}

// KeepKey keeps the rows that the query reads from being deleted or given another key, without
// blocking those who only read or change them.
func KeepKey(q *gorm.DB) *gorm.DB { return LockWith(q, clause.Locking{Strength: "KEY SHARE"}) }

// LockWith locks what the query reads in the way of the clause, and has the transaction's
// instant read again behind it; see Now. Under LookOnly it locks nothing.
func LockWith(q *gorm.DB, lock clause.Locking) *gorm.DB {
	if state, ok := q.Statement.Context.Value(stateKey{}).(*txState); ok {
		state.now = time.Time{}
	}
	if !isPostgres(q) || looksOnly(q.Statement.Context) { // who only looks holds nobody up
		return q
	}
	return q.Clauses(lock)
}

// WaitForLock has the transaction's instant read again: the statement that follows waits
// for a lock by words of its own.
func (tx *Tx) WaitForLock() { tx.state.now = time.Time{} }
