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

// Colleague is an operator who is at a page: has it open, or gave a command on what it is about
// that is held.
type Colleague struct {
	OperatorID string
	Name       string
	ActID      string // of the command that is held; empty: has the page open
}

// OthersOn reads who else than the acting operator has a page open, by name, and whoever gave a
// command on its subject that is held, the acting operator too.
func (s *Operators) OthersOn(ctx context.Context, page, subjectID string) ([]Colleague, error) {
	var out []Colleague
	err := s.db.Single(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		out = nil
		return tx.Raw(`SELECT operator_id, name, act_id FROM (
			SELECT operator_id, name, '' AS act_id FROM operator_presences
			WHERE page = @page AND seen_at >= @since AND operator_id <> @me
			UNION ALL `+heldSQL+`) AS there
			ORDER BY act_id DESC, name, operator_id LIMIT @most`,
			map[string]any{
				"page":    page,
				"since":   db.RealNow().Add(-presentFor),
				"me":      tx.Scope.Actor.ID,
				"subject": subjectID,
				"most":    mostPresent + 1,
			}).Scan(&out).Error
	})
	return out, err
}

// heldSQL is whose command on a subject is held; there is one at most.
const heldSQL = `SELECT h.operator_id, o.name, h.id AS act_id
	FROM held_acts h JOIN operators o ON o.id = h.operator_id
	WHERE h.subject_id = @subject`

// mostPresent bounds the faces on a page.
const mostPresent = 8

// SeePage records that the acting operator, of that name, has a page open now, and reads who
// else has, as OthersOn does. One statement sees and reads, as it comes every few seconds; only the
// first one on a page writes a row, and forgets those of the pages that the operator had open
// before.
func (s *Operators) SeePage(
	ctx context.Context, page, name, subjectID string,
) ([]Colleague, error) {
	now := db.RealNow()
	var there, held []Colleague
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		me := tx.Scope.Actor.ID
		there = nil
		err := tx.Raw(`UPDATE operator_presences
			SET seen_at = CASE WHEN operator_id = @me THEN @now ELSE seen_at END
			WHERE page = @page AND (operator_id = @me OR seen_at >= @since)
			RETURNING operator_id, name`,
			map[string]any{"me": me, "now": now, "page": page, "since": now.Add(-presentFor)}).
			Scan(&there).Error
		if err != nil {
			return err
		}
		held = nil
		if subjectID != "" {
			err := tx.Raw(heldSQL, map[string]any{"subject": subjectID}).Scan(&held).Error
			if err != nil {
				return err
			}
		}
		n := len(there)
		there = slices.DeleteFunc(there, func(p Colleague) bool {
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
	slices.SortFunc(there, func(a, b Colleague) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.OperatorID, b.OperatorID))
	})
	return append(held, there[:min(len(there), mostPresent)]...), err
}
