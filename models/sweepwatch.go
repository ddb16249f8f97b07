package models

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// WatchSweep raises an operator task when the named sweep has not come to its
// end for longer than late (real time), and settles it when it has again. A
// sweep that never ended counts from the first look.
func (s *Store) WatchSweep(ctx context.Context, name string, late time.Duration) error {
	return s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var row sweepRow
		err := tx.First(&row, "name = ?", name).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&sweepRow{Name: name, FinishedAt: realNow()}).Error
		case err != nil:
			return err
		case realNow().Sub(row.FinishedAt) > late:
			return s.raise(tx, OperatorTask{Kind: TaskSweepLate, SubjectID: name,
				What: "Find out why the schedule daily-sweep in Temporal does not run to its end.", Why: "Contracts are not started, ended or reminded of until it does."})
		}
		return s.settle(tx, scope, TaskSweepLate, name, "the sweep ran")
	})
}
