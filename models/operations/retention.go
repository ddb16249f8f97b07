package operations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/privacy"
)

// Pruned counts the rows that went, by class.
type Pruned struct {
	Told          int64
	Attempts      int64
	CarrierBodies int64
	Refusals      int64
	Exports       int64
}

// Prune deletes what has been over for longer than its class is kept (S33), in batches of one
// transaction each. Run again, or twice at once, it deletes nothing else. A class that fails
// keeps no other from its turn: the error is what all of them met.
func (s *Operations) Prune(ctx context.Context, keep db.Retention) (Pruned, error) {
	var out Pruned
	var failures []error
	now := s.db.Now()
	for _, class := range []struct {
		name  string
		keep  time.Duration
		prune func(tx *db.Tx, before time.Time, limit int) (int64, error)
		count *int64
	}{
		{"told events", keep.Told, db.PruneOutbox, &out.Told},
		{"attempts to send", keep.Attempts, notification.PruneAttempts, &out.Attempts},
		{"texts of carriers", keep.CarrierBodies, logistics.PruneCarrierBodies, &out.CarrierBodies},
		{"refused orders", keep.Refusals, order.PruneRefusals, &out.Refusals},
	} {
		if class.keep == 0 {
			continue
		}

		n, err := s.db.PruneInBatches(ctx, func(tx *db.Tx, limit int) (int64, error) {
			return class.prune(tx, now.Add(-class.keep), limit)
		})
		if err != nil {
			failures = append(failures, fmt.Errorf("prune %s: %w", class.name, err))
		}
		*class.count = n
	}

	// When an export ends is said in its row.
	n, err := s.db.PruneInBatches(ctx, func(tx *db.Tx, limit int) (int64, error) {
		return privacy.PruneExports(tx, now, limit)
	})
	if err != nil {
		failures = append(failures, fmt.Errorf("prune exports: %w", err))
	}
	out.Exports = n

	return out, errors.Join(failures...)
}
