package db

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// errChainMoved says that another transaction appended to the same audit
// chain first.
var errChainMoved = errors.New("models: the audit chain moved on")

// ErrParentMoved says that an account was moved to another parent while the
// transaction waited for the lock on its parent.
var ErrParentMoved = errors.New("models: the account has another parent now")

// Duplicated reports whether an error says that another row has the same unique key. What
// two callers did at once is tried again before: the other row was there all the time.
func Duplicated(err error) bool { return errors.Is(err, gorm.ErrDuplicatedKey) }

// takenAnew are the unique keys whose value the next try takes anew: a number behind the
// last one, or one that is drawn. As PostgreSQL names them, and as SQLite does.
var takenAnew = []string{
	"country_terms_pkey", "country_terms.country, country_terms.version",
	"rmas_number", "rmas.number",
	"sla_policies_pkey", "sla_policies.code, sla_policies.version",
	"spare_ledger_seq", "spare_ledger.parent_org_id, spare_ledger.seq",
	"spare_units_number", "spare_units.number",
}

const (
	// maxTries bounds how often a transaction runs where the next run may succeed.
	maxTries = 8

	firstPause = 5 * time.Millisecond
	mostPause  = 500 * time.Millisecond
)

// tries are the runs of one transaction.
type tries struct {
	runs int
	met  map[string]bool // the unique keys that it met
}

// after reports whether the transaction runs again behind an error, and pauses before it
// does: by chance, and longer each time, so that those that met do not meet again.
func (t *tries) after(ctx context.Context, err error) bool {
	t.runs++
	if !retryable(err) || t.runs == maxTries {
		return false
	}
	// The second run sees the row that another caller has written at the same time. What
	// meets the same key again would meet it for ever.
	if key := keyMet(err); key != "" {
		if t.met[key] {
			return false
		}
		if t.met == nil {
			t.met = map[string]bool{}
		}
		t.met[key] = true
	}

	most := min(firstPause<<t.runs, mostPause)
	pause := time.NewTimer(rand.N(most))
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-pause.C:
		return true
	}
}

// retryable reports whether the same transaction may succeed when it runs again: it sees
// then what the other one wrote that it met.
func retryable(err error) bool {
	if errors.Is(err, errChainMoved) || errors.Is(err, ErrParentMoved) || Duplicated(err) {
		return true
	}

	switch stateOf(err) {
	case "40001", "40P01", overlapping: // serialization failure, deadlock
		return true
	}

	return strings.Contains(err.Error(), "SQLITE_BUSY")
}

// overlapping is the SQLSTATE of an exclusion constraint: another row has the time or a
// part of it.
const overlapping = "23P01"

// overlappingHere is what the triggers of SQLite say in its place.
const overlappingHere = "another row has a part of this period"

// refusedOverlap returns the refusal (STATE_CONFLICT) of a change that would begin before
// what it follows has ended: the clock of the machine that ended it is ahead of this one's.
// Another error it returns as it is, and that of the service's own work, which is repeated
// by itself.
func refusedOverlap(scope Scope, err error) error {
	if scope.Actor.Role == "SYSTEM" {
		return err
	}
	if stateOf(err) != overlapping && !strings.Contains(err.Error(), overlappingHere) {
		return err
	}
	return rules.Refuse(
		rules.StateConflict,
		"What stood here before ended a moment later than this would begin.",
		"Read it again, and repeat the change in a moment.",
	)
}

// keyMet returns the unique key or exclusion constraint that an error names, whose value
// will be the same in the next run; empty where it names none.
func keyMet(err error) string {
	if !Duplicated(err) && stateOf(err) != overlapping {
		return ""
	}

	var named *pgconn.PgError
	if errors.As(err, &named) {
		if slices.Contains(takenAnew, named.ConstraintName) {
			return ""
		}
		return named.ConstraintName
	}

	text := err.Error()
	if slices.ContainsFunc(takenAnew, func(key string) bool {
		return strings.Contains(text, "failed: "+key+" (")
	}) {
		return ""
	}
	return text
}

// stateOf returns the SQLSTATE of an error of PostgreSQL; empty for another one.
func stateOf(err error) string {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState()
	}
	return ""
}
