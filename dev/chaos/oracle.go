package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the oracle's connection

	"roomcover.dev/roomcover/carrier/simulator"
	"roomcover.dev/roomcover/mail/smtptest"
	"roomcover.dev/roomcover/models/db"
)

// Violation is something that must not be. It names ids, never persons.
type Violation struct{ Check, Subject, What string }

func (v Violation) String() string { return v.Check + ": " + v.Subject + ": " + v.What }

// Evidence is everything that a run left behind.
type Evidence struct {
	Rows Facts
	DSN  string
	DB   *db.DB
	// Locked says that Rows are a transaction that holds locks on what it has broken.
	Locked bool
	Runs   []WorkflowRun
	// TemporalLost says that Temporal's data were lost on the way: what had ended by then has no
	// workflow any more.
	TemporalLost bool
	// ReadAt is the moment that Rows shows, in real time; zero: now. What the world
	// did since is not held against it.
	ReadAt time.Time
	Mails  []smtptest.Message
	// Views are the tickets as customers are shown them.
	Views  []View
	Logs   []string // files of serve and worker
	Ledger *Ledger
	// Parcels are the carrier's bookings, Webhooks the events that it was thanked for.
	Parcels  []simulator.Parcel
	Webhooks []string
}

// Facts are the rows, as a database or a transaction shows them.
type Facts interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// OpenDB opens a connection of the oracle's own, which sees every row.
func OpenDB(dsn string) (*sql.DB, error) {
	return sql.Open("pgx", dsn+"&roomcover.scope=system&timezone=UTC")
}

// check looks at one thing and reports what is wrong with it.
type check struct {
	name string
	run  func(
		ctx context.Context, e Evidence, report func(subject, format string, args ...any),
	) error
}

// today is the moment that Rows shows, by the calendar.
func (e Evidence) today() time.Time {
	if e.ReadAt.IsZero() {
		return e.DB.Clock().Now()
	}
	return e.DB.Clock().Calendar(e.ReadAt)
}

// checks are the oracle, by file.
func checks() []check {
	all := []check{{
		"answer", answers,
	}, {"audit chain", auditChain}, {"decision", decisions}, {"cancellation", cancellations},
		{
			"mail delivery", deliveries,
		}, {"workflow", workflowRuns}, {"personal data", personalData}, {"log", logs},
		{"replacement", replacements}, {
			"replacement", timers,
		}, {"promise", promises}, {"carrier", parcels}, {"carrier", webhooks}, {"stock", notes},
		{"ticket", texts}, {"clock", clocks}, {"note", secrets}, {"told", told}, {"view", views},
		{"mail in", lettersIn}, {"sync", syncedRooms}, {"sync", snapshots}}

	for _, q := range queries {
		all = append(all, check{q.name, q.run})
	}
	return all
}

// Judge reads all evidence and names every violation. Its error says that it
// could not look, which is no verdict.
func Judge(ctx context.Context, e Evidence) ([]Violation, error) {
	out := append([]Violation(nil), e.Ledger.faults...)
	for _, c := range checks() {
		report := func(subject, format string, args ...any) {
			out = append(out, Violation{c.name, subject, fmt.Sprintf(format, args...)})
		}
		if err := c.run(ctx, e, report); err != nil {
			return out, fmt.Errorf("the check %q: %w", c.name, err)
		}
	}

	return out, nil
}

// auditChain verifies every chain of the audit. It is left out where a test has broken the
// world in a transaction, whose locks it would wait for.
func auditChain(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	if e.Locked {
		return nil
	}

	_, faults, err := e.DB.VerifyAudit(db.WithSystem(ctx))
	for _, f := range faults {
		report(f.EventID, "%s", f.Fault)
	}
	return err
}
