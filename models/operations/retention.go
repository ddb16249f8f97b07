package operations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/mailbox"
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
	Attachments   int64
	InboundMails  int64
	Files         int64
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
		{"mails that came in", keep.InboundMails, mailbox.PruneMails, &out.InboundMails},
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

	if keep.Attachments > 0 {
		n, err := s.db.PruneInBatchesOf(ctx, attachment.PruneBatch,
			func(tx *db.Tx, limit int) (int64, error) {
				return attachment.Prune(tx, now.Add(-keep.Attachments), limit)
			})
		if err != nil {
			failures = append(failures, fmt.Errorf("prune attachments: %w", err))
		}
		out.Attachments = n
	}

	// When these end is said in their rows.
	for _, class := range []struct {
		name  string
		prune func(tx *db.Tx, limit int) (int64, error)
		count *int64
	}{
		{"exports", func(tx *db.Tx, limit int) (int64, error) {
			return privacy.PruneExports(tx, now, limit)
		}, &out.Exports},
		{"files of imports", importjob.PruneFiles, &out.Files},
	} {
		n, err := s.db.PruneInBatches(ctx, class.prune)
		if err != nil {
			failures = append(failures, fmt.Errorf("prune %s: %w", class.name, err))
		}
		*class.count = n
	}

	return out, errors.Join(failures...)
}
