package operations

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
)

// OutsideKinds are the events for readers outside of the service, such as finance.
func OutsideKinds() []db.OutboxKind {
	return []db.OutboxKind{db.OutboxRMABreached, db.OutboxFeeBilled, db.OutboxFeeCredited}
}

// outsideDelay is how old an event has to be before it is shown: a reader who goes on
// behind the last id would otherwise miss one with a lower id that commits later.
const outsideDelay = time.Minute

// OutsideEvents lists the events for readers outside of the service, oldest first,
// behind the cursor; kind may be empty. They are for operators and are never deleted: a
// reader keeps the last id that it has read.
func (s *Operations) OutsideEvents(
	ctx context.Context, kind db.OutboxKind, page db.Page,
) ([]db.OutboxEvent, string, error) {
	var out []db.OutboxEvent
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		// as the index says
		q := tx.Where("kind LIKE 'event.%' AND id > ? AND created_at <= ?",
			page.After, tx.Now().Add(-outsideDelay))
		if kind != "" {
			q = q.Where(clause.Eq{Column: "kind", Value: kind})
		}

		return q.Order("id").Limit(page.Size() + 1).Find(&out).Error
	})

	out, next := db.Cut(page, out, func(e db.OutboxEvent) string { return e.ID })
	return out, next, err
}
