package identity

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
)

// OperatorPresence says that an operator had a page of the console open a moment ago, in real
// time. Their name stands in the row, so that one statement says who is there.
type OperatorPresence struct {
	OperatorID string `gorm:"primaryKey"`
	Page       string `gorm:"primaryKey"`
	Name       string
	SeenAt     time.Time
}

// presentFor is how long somebody counts as present: longer than a page takes to ask for what
// is new, twice.
const presentFor = 40 * time.Second

// OthersOn reads who else than the acting operator has a page open, by name.
func (s *Operators) OthersOn(ctx context.Context, page string) ([]OperatorPresence, error) {
	var out []OperatorPresence
	err := s.db.Single(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		out = nil
		return tx.Where("page = ? AND seen_at >= ? AND operator_id <> ?",
			page, db.RealNow().Add(-presentFor), tx.Scope.Actor.ID).
			Order("name, operator_id").Limit(mostPresent).Find(&out).Error
	})
	return out, err
}

// mostPresent bounds the faces on a page.
const mostPresent = 8

// SeePage records that the acting operator, of that name, has a page open now, and reads who
// else has. One statement does both, as it comes every few seconds; only the first one on a page
// writes a row, and forgets those of the pages that the operator had open before.
func (s *Operators) SeePage(
	ctx context.Context, page, name string,
) ([]OperatorPresence, error) {
	now := db.RealNow()
	var there []OperatorPresence
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		me := tx.Scope.Actor.ID
		there = nil
		err := tx.Raw(`UPDATE operator_presences
			SET seen_at = CASE WHEN operator_id = @me THEN @now ELSE seen_at END
			WHERE page = @page AND (operator_id = @me OR seen_at >= @since)
			RETURNING operator_id, page, name, seen_at`,
			map[string]any{"me": me, "now": now, "page": page, "since": now.Add(-presentFor)}).
			Scan(&there).Error
		if err != nil {
			return err
		}
		n := len(there)
		there = slices.DeleteFunc(there, func(p OperatorPresence) bool {
			return p.OperatorID == me
		})
		if len(there) < n { // the row was there already
			return nil
		}
		err = tx.Delete(&OperatorPresence{}, "operator_id = ? AND seen_at < ?",
			me, now.Add(-presentFor)).Error
		if err != nil {
			return err
		}
		row := OperatorPresence{OperatorID: me, Page: page, Name: name, SeenAt: now}
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error
	})
	slices.SortFunc(there, func(a, b OperatorPresence) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.OperatorID, b.OperatorID))
	})
	return there[:min(len(there), mostPresent)], err
}
