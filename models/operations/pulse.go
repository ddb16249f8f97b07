package operations

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
)

// Pulse says whether anything moves, by rows alone: it answers where neither a worker nor
// Temporal does.
type Pulse struct {
	Still   Standstill
	Silent  time.Duration // real time since the last sign of life; 0: there never was one
	Waiting int64         // events that nobody has taken, to be told to workflows
}

// Standstill is why nothing moves.
type Standstill string

// The reasons. Where something moves there is none.
const (
	Moving      Standstill = ""
	NoWorker    Standstill = "NO_WORKER"    // no worker has looked at the rows
	NoWorkflows Standstill = "NO_WORKFLOWS" // workers look, and do not reach Temporal
)

// The signs of life, which stand among the sweeps by their names.
const (
	WorkerLooked     = "worker"   // a worker has looked at the rows
	TemporalAnswered = "temporal" // Temporal has answered a worker
)

// pulsePatience is how long (real time) a sign of life may be missing. Workers give one
// every minute.
const pulsePatience = 3 * time.Minute

// Beat records a sign of life.
func (s *Operations) Beat(ctx context.Context, sign string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		row := sweepRow{Name: sign, FinishedAt: db.RealNow()}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// Pulse reads the signs of life. Where no worker ever gave one, nothing stands still until
// something waits.
func (s *Operations) Pulse(ctx context.Context) (Pulse, error) {
	var out Pulse
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = Pulse{}
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var rows []sweepRow
		err := tx.Where("name IN ?", []string{WorkerLooked, TemporalAnswered}).Find(&rows).Error
		if err != nil {
			return err
		}
		last := map[string]time.Time{}
		for _, row := range rows {
			last[row.Name] = row.FinishedAt
		}

		now := db.RealNow()
		for _, sign := range []struct {
			name    string
			missing Standstill
		}{{WorkerLooked, NoWorker}, {TemporalAnswered, NoWorkflows}} {
			at, ever := last[sign.name]
			if ever && now.Sub(at) <= pulsePatience {
				continue
			}
			out.Still = sign.missing
			if ever {
				out.Silent = now.Sub(at)
			}
			break
		}
		if out.Still == Moving {
			return nil
		}

		err = tx.Model(&db.OutboxEvent{}).
			Where("delivered_at IS NULL AND created_at <= ?", tx.Now().Add(-s.pulsePatience())).
			Count(&out.Waiting).Error
		if out.Silent == 0 && out.Waiting == 0 {
			out.Still = Moving
		}
		return err
	})
	return out, err
}

// pulsePatience is the patience on the calendar, which may run fast.
func (s *Operations) pulsePatience() time.Duration {
	return s.db.Patience() * pulsePatience / (15 * time.Minute)
}
