package identity

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
)

// OperatorPresence says that an operator had a page of the console open a moment ago.
type OperatorPresence struct {
	OperatorID string `gorm:"primaryKey"`
	Page       string `gorm:"primaryKey"`
	SeenAt     time.Time
}

// presentFor is how long somebody counts as present: longer than a page takes to ask for what
// is new, twice.
const presentFor = 40 * time.Second

// Present is who else has a page open.
type Present struct{ ID, Name string }

// SeePage records that the acting operator has a page open now, and forgets where they were
// before. Only rows of their own are written, so that nobody waits for another.
func (s *Operators) SeePage(ctx context.Context, page string) error {
	now := db.RealNow()
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		row := OperatorPresence{OperatorID: tx.Scope.Actor.ID, Page: page, SeenAt: now}
		err := tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "page"}, {Name: "operator_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"seen_at"}),
		}).Create(&row).Error
		if err != nil {
			return err
		}
		return tx.Delete(&OperatorPresence{}, "operator_id = ? AND seen_at < ?",
			row.OperatorID, now.Add(-presentFor)).Error
	})
}

// OthersOn names who else has a page open, by name.
func (s *Operators) OthersOn(ctx context.Context, page string) ([]Present, error) {
	var out []Present
	err := s.db.Single(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		out = nil
		return tx.Raw(`SELECT o.id, o.name FROM operator_presences p
			JOIN operators o ON o.id = p.operator_id
			WHERE p.page = ? AND p.seen_at >= ? AND p.operator_id <> ?
			ORDER BY o.name, o.id LIMIT 8`,
			page, db.RealNow().Add(-presentFor), tx.Scope.Actor.ID).Scan(&out).Error
	})
	return out, err
}
