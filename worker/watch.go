package worker

import (
	"context"
	"log/slog"
	"time"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/operations"
)

// watch looks at the rows, not at Temporal, for what should have moved on and did not, so that
// it sees a blocked workflow and an outage alike; it applies what carriers told and a crash
// left over; it tells again what the carrier has to be asked; and it prunes what has expired.
type watch struct {
	people     *identity.People
	logistics  *logistics.Logistics
	operations *operations.Operations
	log        *slog.Logger
}

const (
	watchPause = time.Minute
	prunePause = time.Hour
	sweepLate  = 3 * time.Hour // the sweep runs every hour
)

func newWatch(o Options) *watch {
	return &watch{
		people:     o.Domains.People,
		logistics:  o.Domains.Logistics,
		operations: o.Domains.Operations,
		log:        o.Log,
	}
}

func (w *watch) run(ctx context.Context) error {
	var pruned time.Time
	for {
		if _, err := w.operations.WatchOverdue(db.WithSystem(ctx)); err != nil && ctx.Err() == nil {
			w.log.Error("the watch over processes failed", "error", err)
		}
		if err := w.operations.WatchSweep(db.WithSystem(ctx), activities.SweepName,
			sweepLate); err != nil && ctx.Err() == nil {
			w.log.Error("the watch over the sweep failed", "error", err)
		}
		if _, err := w.logistics.SettleCarrierEvents(db.WithSystem(ctx)); err != nil &&
			ctx.Err() == nil {
			w.log.Error("carriers' events cannot be applied", "error", err)
		}
		if _, err := w.logistics.RemindOfParcels(db.WithSystem(ctx)); err != nil &&
			ctx.Err() == nil {
			w.log.Error("workflows cannot be told of outstanding parcels", "error", err)
		}

		if time.Since(pruned) > prunePause {
			if err := w.people.PruneSessions(ctx); err != nil && ctx.Err() == nil {
				w.log.Error("expired rows cannot be pruned", "error", err)
			}
			pruned = time.Now()
		}

		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchPause):
		}
	}
}
