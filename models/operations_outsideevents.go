package models

import (
	"context"
	"time"

	"gorm.io/gorm/clause"
)

// OutsideKinds are the events for readers outside of the service, such as finance.
func OutsideKinds() []OutboxKind {
	return []OutboxKind{OutboxRMABreached, OutboxFeeBilled, OutboxFeeCredited}
}

// outsideDelay is how old an event has to be before it is shown: a reader who goes on
// behind the last id would otherwise miss one with a lower id that commits later.
const outsideDelay = time.Minute

// OutsideEvents lists the events for readers outside of the service, oldest first,
// behind the cursor; kind may be empty. They are for operators and are never deleted: a
// reader keeps the last id that it has read.
func (s *Store) OutsideEvents(
	ctx context.Context, kind OutboxKind, page Page,
) ([]OutboxEvent, string, error) {
	var out []OutboxEvent
	err := s.db.Read(ctx, func(tx *Tx) error {
		if err := tx.Scope.service(); err != nil {
			return err
		}

		// as the index says
		q := tx.Where("kind LIKE 'event.%' AND id > ? AND created_at <= ?",
			page.After, tx.Now().Add(-outsideDelay))
		if kind != "" {
			q = q.Where(clause.Eq{Column: "kind", Value: kind})
		}

		return q.Order("id").Limit(page.size() + 1).Find(&out).Error
	})

	out, next := cut(page, out, func(e OutboxEvent) string { return e.ID })
	return out, next, err
}
