package operations

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
)

// TaskCount counts open tasks of a kind.
type TaskCount struct {
	Kind db.TaskKind
	N    int64
}

// CountOpenTasks counts the tasks that wait for an operator, by kind.
func (s *Operations) CountOpenTasks(ctx context.Context) ([]TaskCount, error) {
	var out []TaskCount
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Model(&db.OperatorTask{}).
			Select("kind, count(*) AS n").
			Where("state = ?", db.TaskOpen).
			Group("kind").
			Order("kind").
			Scan(&out).Error
	})
	return out, err
}

// SweepAge returns how long ago (real time) a sweep came to its end, or was first waited for;
// known is false where neither ever happened.
func (s *Operations) SweepAge(
	ctx context.Context, name string,
) (age time.Duration, known bool, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var row sweepRow
		err := tx.First(&row, "name = ?", name).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return nil
		}
		age, known = db.RealNow().Sub(row.FinishedAt), err == nil
		return err
	})
	return age, known, err
}
