package models

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

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

// alone is tx for the service's own work in one statement, which is a transaction by
// itself and needs no BEGIN and COMMIT. A tenant's statement needs its fence and gets
// the transaction.
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

// transact runs fn in a transaction behind the fence, again where the database asks
// for it, and wakes the relay when the transaction wrote to the outbox.
func (s *Store) transact(
	ctx context.Context, fence func(*gorm.DB, Scope) error, fn func(tx *gorm.DB, scope Scope) error,
) error {
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
		switch {
		case err == nil && enqueued:
			s.wakeRelay()
			return nil
		case err == nil, try == maxTries, !retryable(err):
			return err
		}
	}
}

// fence narrows, in PostgreSQL, the rows that this transaction can see to those of the
// scope (C5).
func (s *Store) fence(tx *gorm.DB, scope Scope) error {
	if scope.System || !s.postgres() {
		return nil
	}

	return tx.Exec(
		`SELECT set_config('roomcover.scope', 'tenant', true),
			set_config('roomcover.accounts', ?, true),
			set_config('roomcover.org', ?, true)`,
		strings.Join(scope.AccountIDs, ","), scope.OrgID,
	).Error
}

// errChainMoved says that another transaction appended to the same audit
// chain first.
var errChainMoved = errors.New("models: the audit chain moved on")

// errParentMoved says that an account was moved to another parent while the
// transaction waited for the lock on its parent.
var errParentMoved = errors.New("models: the account has another parent now")

// retryable reports whether the same transaction may succeed when it runs again.
func retryable(err error) bool {
	if errors.Is(err, errChainMoved) || errors.Is(err, errParentMoved) ||
		errors.Is(err, gorm.ErrDuplicatedKey) {
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

var lockForUpdate = clause.Locking{Strength: "UPDATE"}

// forUpdate locks the rows that the query reads; SQLite serialises writers by
// itself and drops the clause.
func (s *Store) forUpdate(tx *gorm.DB) *gorm.DB {
	if !s.postgres() {
		return tx
	}
	return tx.Clauses(lockForUpdate)
}

// lockRows locks the rows of one table of a join.
func (s *Store) lockRows(tx *gorm.DB, table string) *gorm.DB {
	if !s.postgres() {
		return tx
	}
	return tx.Clauses(clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: table}})
}

// keepKey locks the keys of the rows that the query reads: others may change the rows,
// but not delete them or change their keys.
func (s *Store) keepKey(tx *gorm.DB) *gorm.DB {
	if !s.postgres() {
		return tx
	}
	return tx.Clauses(clause.Locking{Strength: "KEY SHARE"})
}
