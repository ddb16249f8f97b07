package db

import (
	"context"
	"time"
)

// Retention is how long what is over is kept, by class; 0 keeps a class for ever. Orders,
// contracts, replacements, mails and the audit are kept as long as the customer is one, and
// are not among the classes.
type Retention struct {
	// Told is for what workflows were told, and what makes a repetition of it known.
	Told time.Duration
	// Attempts is for failed attempts to send a mail.
	Attempts time.Duration
	// CarrierBodies is for the text of a carrier's messages, which may name a person.
	CarrierBodies time.Duration
	// Refusals is for orders that were refused as malformed.
	Refusals time.Duration
	// Attachments is for the content of files that people attached to what they wrote.
	Attachments time.Duration
	// InboundMails is for mails that came in, and for what decided ones said.
	InboundMails time.Duration
}

// pruneBatch is how many rows are deleted in one transaction.
const pruneBatch = 5000

// PruneInBatches repeats a deletion of at most limit rows, each time in a transaction of its
// own, until fewer are left: none holds its locks for long, and what fails half way stays
// done. It returns how many rows went.
func (d *DB) PruneInBatches(
	ctx context.Context, prune func(tx *Tx, limit int) (int64, error),
) (sum int64, err error) {
	return d.PruneInBatchesOf(ctx, pruneBatch, prune)
}

// PruneInBatchesOf is PruneInBatches of rows that are large, or have many others behind them.
func (d *DB) PruneInBatchesOf(
	ctx context.Context, batch int, prune func(tx *Tx, limit int) (int64, error),
) (sum int64, err error) {
	for {
		var n int64
		err := d.Write(ctx, func(tx *Tx) (err error) {
			n, err = prune(tx, batch)
			return err
		})
		if err != nil {
			return sum, err
		}

		sum += n
		if n < int64(batch) {
			return sum, nil
		}
	}
}

// PruneOutbox deletes what workflows were told before the instant. What others outside read
// (event.*) is kept for ever: a reader goes on behind the last that it has read.
func PruneOutbox(tx *Tx, before time.Time, limit int) (int64, error) {
	res := tx.Exec(`DELETE FROM outbox_events WHERE id IN (
		SELECT id FROM outbox_events
		WHERE delivered_at IS NOT NULL AND kind NOT LIKE 'event.%' AND delivered_at < ?
		ORDER BY delivered_at
		LIMIT ?)`, before, limit)
	return res.RowsAffected, res.Error
}

// PruneKeys deletes idempotency keys whose retention has ended by now, a real instant.
func PruneKeys(tx *Tx, now time.Time, limit int) (int64, error) {
	res := tx.Exec(`DELETE FROM idempotency_keys WHERE (token_id, key) IN (
		SELECT token_id, key FROM idempotency_keys
		WHERE created_at <= ?
		ORDER BY created_at
		LIMIT ?)`, now.Add(-IdempotencyRetention), limit)
	return res.RowsAffected, res.Error
}
