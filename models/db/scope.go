package db

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// MayManage refuses an actor who may not change rooms (FORBIDDEN), and an operator
// without a reason (REASON_REQUIRED). The service itself always may.
func MayManage(scope Scope, reason string) error {
	if scope.Actor.Role == "SYSTEM" {
		return nil
	}
	return licensing.MayManageRooms(scope.Actor.Role, reason)
}

// Scope says who asks and what they may see (C5).
type Scope struct {
	Actor      Actor
	System     bool     // the service itself, or an operator: every account
	AccountIDs []string // a customer's or partner's accounts
	OrgID      string   // a reseller's or distributor's organisation

	// Delegated is the delegation by which the actor is there; nil: they are there by none.
	Delegated *Delegated

	// Changed is set once a transaction has committed that audited something or told a
	// workflow; nil: nobody asks.
	Changed *atomic.Bool

	// Rehearsal takes back what each transaction has written, before it commits: a command
	// answers with its refusal, or with ErrRehearsed where it would change something.
	Rehearsal bool
}

// Actor is the person or machine that the audit names.
type Actor struct {
	ID         string // user or token id; "system" for the service
	Role       rules.Role
	OrgID      string
	OnBehalfOf string // account id, when a partner or operator acts for it
	IP         string
	RequestID  string
}

// Requester names who sends a request that may be repeated, so that the same key from somebody
// else is another request: what a partner's person asks for one customer is never taken for what
// they ask for another.
func (a Actor) Requester() string {
	if a.OnBehalfOf == "" {
		return a.ID
	}
	return a.ID + "\n" + a.OnBehalfOf
}

type scopeKey struct{}

// ErrNoScope is the error of every method whose context carries no Scope: without a
// tenant nothing is readable, rather than everything.
var ErrNoScope = errors.New("models: no scope in the context")

// WithScope returns a context that carries the scope.
func WithScope(ctx context.Context, s Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, s)
}

// WithSystem returns a context for the service's own work; the audit still names the
// request and its address, where the context has them.
func WithSystem(ctx context.Context) context.Context {
	system := Scope{System: true, Actor: Actor{ID: "system", Role: "SYSTEM"}}
	if s, ok := ctx.Value(scopeKey{}).(Scope); ok {
		system.Actor.IP, system.Actor.RequestID = s.Actor.IP, s.Actor.RequestID
		system.Changed = s.Changed
	}
	return WithScope(ctx, system)
}

// ScopeFrom reads the scope, or ErrNoScope.
func ScopeFrom(ctx context.Context) (Scope, error) {
	s, ok := ctx.Value(scopeKey{}).(Scope)
	if !ok || (!s.System && s.OrgID == "" && len(s.AccountIDs) == 0) ||
		slices.ContainsFunc(s.AccountIDs, notOneID) {
		return Scope{}, ErrNoScope
	}
	return s, nil
}

// notOneID reports whether a text would be read as no id or as several where the
// scope's ids are joined for PostgreSQL.
func notOneID(id string) bool { return id == "" || strings.Contains(id, ",") }

// Orders narrows a query on orders to what the scope may see: a seller its own
// (S36), a customer those of its accounts.
func (s Scope) Orders(q *gorm.DB) *gorm.DB {
	switch {
	case s.System:
		return q
	case s.OrgID != "":
		return q.Where(
			"(orders.reseller_id = ? OR orders.distributor_id = ? OR orders.submitted_by = ?)",
			s.OrgID, s.OrgID, s.OrgID,
		)
	default:
		return q.Where("orders.account_id IN ?", s.AccountIDs)
	}
}

// Accounts narrows a query by the named account column.
func (s Scope) Accounts(q *gorm.DB, column string) *gorm.DB {
	if s.System {
		return q
	}
	return q.Where(clause.IN{Column: clause.Column{Name: column}, Values: AnySlice(s.AccountIDs)})
}

// Service refuses a tenant, with NOT_FOUND, where the answer is for the service and its
// operators only.
func (s Scope) Service() error {
	if s.System {
		return nil
	}
	return NotFound()
}

// Sees reports whether the scope covers the account.
func (s Scope) Sees(accountID string) bool {
	return s.System || slices.Contains(s.AccountIDs, accountID)
}

// NotFound returns the refusal NOT_FOUND. It reads the same for a foreign id and for
// one that does not exist (C5).
func NotFound() error {
	return rules.Refuse(rules.NotFound, "There is nothing under this id.",
		"Check the id; it must belong to you.")
}

// Found turns gorm's error for a missing row into the refusal NOT_FOUND, and returns
// any other error, or nil, as it is.
func Found(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return NotFound()
	}
	return err
}
