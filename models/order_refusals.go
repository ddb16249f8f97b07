package models

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// OrderRefusal records an intake that was refused at the door: its errors,
// never its values.
type OrderRefusal struct {
	ID          string
	OrgID       string
	PayloadHash string
	Errors      []rules.FieldError `gorm:"serializer:json"`
	RequestID   string
	CreatedAt   time.Time
}

// RefuseOrder records a refused intake: its errors, none of its values. Each call
// records one more.
func (s *Store) RefuseOrder(
	ctx context.Context, orgID, payloadHash string, fields []rules.FieldError,
) error {
	if fields == nil {
		fields = []rules.FieldError{}
	}
	return s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return tx.Create(&OrderRefusal{
			ID:          NewID(prefixRefusal),
			OrgID:       orgID,
			PayloadHash: payloadHash,
			Errors:      fields,
			RequestID:   scope.Actor.RequestID,
			CreatedAt:   s.clock.Now(),
		}).Error
	})
}

// ListRefusals lists the refused intakes in scope, newest first, and returns the
// cursor of the next page; orgID narrows to one sender where it is not empty. A
// seller sees its own, a customer none (S36).
func (s *Store) ListRefusals(
	ctx context.Context, orgID string, page Page,
) ([]OrderRefusal, string, error) {
	var out []OrderRefusal
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := tx
		if !scope.System {
			q = q.Where("org_id = ?", scope.OrgID)
		}
		if orgID != "" {
			q = q.Where("org_id = ?", orgID)
		}
		return page.apply(q).Find(&out).Error
	})
	out, next := cut(page, out, func(r OrderRefusal) string { return r.ID })
	return out, next, err
}
