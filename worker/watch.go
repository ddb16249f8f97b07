package worker

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/sso/dial"
	"roomcover.dev/roomcover/sso/saml"
)

// watch looks at the rows, not at Temporal, for what should have moved on and did not, so that
// it sees a blocked workflow and an outage alike; it closes what was asked about events that
// Temporal has taken since; it applies what carriers told, and sorts mails that came in, where a
// crash left them over; it reminds
// workflows of what the carrier has to be asked; and it writes down how far the audit has
// come. Each round is a sign of life. Beside that it prunes what has expired, which may take long.
type watch struct {
	db         *db.DB
	people     *identity.People
	logistics  *logistics.Logistics
	operations *operations.Operations
	privacy    *privacy.Privacy
	mailbox    *mailbox.Mailbox
	sso        *sso.SSO
	reach      *http.Client // what customers type, and nothing inside
	records    sso.Records
	auditHeads string // a file; empty: none
	keep       db.Retention
	temporal   func(context.Context) error // asks Temporal whether it answers; nil: nobody asks
	log        *slog.Logger
}

const (
	watchPause  = time.Minute
	hourlyPause = time.Hour
	sweepLate   = 3 * time.Hour // the sweep runs every hour
)

func newWatch(o Options) *watch {
	w := &watch{
		db:         o.Domains.DB,
		people:     o.Domains.People,
		logistics:  o.Domains.Logistics,
		operations: o.Domains.Operations,
		privacy:    o.Domains.Privacy,
		mailbox:    o.Domains.Mailbox,
		sso:        o.Domains.SSO,
		reach:      dial.Client(o.LocalProviders),
		records:    o.Records,
		auditHeads: o.AuditHeads,
		keep:       o.Keep,
		log:        o.Log,
	}
	if w.records == nil {
		w.records = dial.Names{}
	}
	if o.Temporal != nil {
		w.temporal = func(ctx context.Context) error {
			_, err := o.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
			return err
		}
	}
	return w
}

// watchRows looks once a minute until the context ends.
func (w *watch) watchRows(ctx context.Context) error {
	var looked time.Time
	for {
		w.watchOnce(ctx)
		if time.Since(looked) > hourlyPause {
			_, err := w.operations.WatchStalled(db.WithSystem(ctx))
			w.logFailure(ctx, "the watch over mails, files and reminders failed", err)
			w.logFailure(ctx, "the heads of the audit cannot be written", w.writeAuditHeads(ctx))
			looked = time.Now()
		}

		if err := pause(ctx, watchPause); err != nil {
			return err
		}
	}
}

// pruneRows prunes once an hour until the context ends, apart from the watch: the first
// time that something is deleted by its age there may be millions of rows.
func (w *watch) pruneRows(ctx context.Context) error {
	for {
		w.logFailure(ctx, "expired rows cannot be pruned", w.people.PruneSessions(ctx))
		w.logFailure(ctx, "expired sign-ins of companies cannot be pruned", w.sso.Prune(ctx))
		_, err := w.operations.Prune(db.WithSystem(ctx), w.keep)
		w.logFailure(ctx, "what is over cannot be pruned", err)
		w.refreshMetadata(ctx)
		w.recheckDomains(ctx)

		if err := pause(ctx, hourlyPause); err != nil {
			return err
		}
	}
}

// refreshMetadata reads again what companies' identity providers say about themselves, once a day
// for each: a new certificate counts before the old one ends.
func (w *watch) refreshMetadata(ctx context.Context) {
	failed, err := w.sso.RefreshDue(ctx,
		func(ctx context.Context, address string) ([]byte, error) {
			return saml.Fetch(ctx, w.reach, address)
		})
	w.logFailure(ctx, "metadata of identity providers cannot be read again", err)
	if failed > 0 {
		w.log.Warn("metadata of identity providers cannot be read; the last stays",
			"failed", failed)
	}
}

// recheckDomains looks again for the records that prove companies' mail domains, once a day for
// each.
func (w *watch) recheckDomains(ctx context.Context) {
	failed, err := w.sso.RecheckDue(ctx, w.records)
	w.logFailure(ctx, "mail domains of companies cannot be looked for again", err)
	if failed > 0 {
		w.log.Warn("the name service did not answer about mail domains; they stay as they are",
			"failed", failed)
	}
}

// personsPause is how long somebody who asks for an export, or an erasure, waits for a worker
// to begin.
const personsPause = 5 * time.Second

// answerPersons makes exports and erasures until the context ends. Rows say what is left of
// each, so that a worker that is killed leaves it to the next.
func (w *watch) answerPersons(ctx context.Context) error {
	for {
		_, err := w.privacy.RunRequests(db.WithSystem(ctx))
		w.logFailure(ctx, "requests about personal data cannot be done", err)

		if err := pause(ctx, personsPause); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (w *watch) watchOnce(ctx context.Context) {
	system := db.WithSystem(ctx)
	w.beat(system)

	_, err := w.operations.WatchOverdue(system)
	w.logFailure(ctx, "the watch over processes failed", err)

	err = w.operations.WatchSweep(system, activities.SweepName, sweepLate)
	w.logFailure(ctx, "the watch over the sweep failed", err)

	_, err = w.db.SettleOutbox(system, relayAlarm)
	w.logFailure(ctx, "tasks about the outbox cannot be closed", err)

	_, err = w.logistics.SettleCarrierEvents(system)
	w.logFailure(ctx, "carriers' events cannot be applied", err)

	_, err = w.mailbox.SortWaiting(system)
	w.logFailure(ctx, "mails that came in cannot be sorted", err)

	_, err = w.logistics.RemindOfParcels(system)
	w.logFailure(ctx, "workflows cannot be told of outstanding parcels", err)
}

// temporalPatience is how long Temporal may take to say that it lives.
const temporalPatience = 10 * time.Second

// beat says that this worker lives, and whether Temporal answers it: pages that are made of
// rows tell people by it that nothing moves.
func (w *watch) beat(ctx context.Context) {
	w.logFailure(ctx, "the sign of life cannot be written",
		w.operations.Beat(ctx, operations.WorkerLooked))
	if w.temporal == nil {
		return
	}

	asking, cancel := context.WithTimeout(ctx, temporalPatience)
	defer cancel()
	if err := w.temporal(asking); err != nil {
		return // the relay, and the console, tell of it
	}
	w.logFailure(ctx, "the sign of life cannot be written",
		w.operations.Beat(ctx, operations.TemporalAnswered))
}

// writeAuditHeads adds to the file of the audit's heads once a day, where there is one.
func (w *watch) writeAuditHeads(ctx context.Context) error {
	if w.auditHeads == "" {
		return nil
	}

	due, err := w.db.AuditHeadsDue(w.auditHeads)
	if err != nil || !due {
		return err
	}

	_, err = w.db.WriteAuditHeads(db.WithSystem(ctx), w.auditHeads)
	return err
}

// logFailure logs an error, unless it comes from the end of the context.
func (w *watch) logFailure(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		w.log.Error(what, "error", err)
	}
}
