package models

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// outstandingPatience is after how many times stuckAfter the workflow of a subject is
// told again that the carrier has to be asked.
const outstandingPatience = 4

// RemindOfParcels tells the workflows of subjects again whose parcels have been
// outstanding for long, at most once in that time, and gives how many those are. A
// workflow that still asks the carrier lets it pass; one that never learned of it,
// such as from a worker of an older release, asks now.
func (s *Store) RemindOfParcels(ctx context.Context) (n int, err error) {
	if s.carrier == "" {
		return 0, nil
	}
	err = s.tx(ctx, func(tx *gorm.DB, _ Scope) error {
		n = 0
		then := s.clock.Now().Add(-outstandingPatience * s.patience())
		var subjects []string
		err := tx.Model(&Shipment{}).Distinct("subject_id").
			Where("service <> '' AND state IN ? AND (state = ? OR cancel_asked_at IS NOT NULL) AND COALESCE(cancel_asked_at, created_at) < ?",
				[]rules.ShipmentState{rules.ShipmentCreated, rules.ShipmentLabelled}, rules.ShipmentCreated, then).
			Where("NOT EXISTS (SELECT 1 FROM outbox_events e WHERE e.subject_id = shipments.subject_id AND e.dedupe_key LIKE '%/parcels/%' AND e.created_at > ?)", then).
			Order("subject_id").Limit(settleBatch).Pluck("subject_id", &subjects).Error
		if err != nil {
			return err
		}
		for _, id := range subjects {
			told, err := s.remindOfParcels(tx, id)
			if err != nil {
				return err
			}
			if told {
				n++
			}
		}
		return nil
	})
	return n, err
}

// remindOfParcels tells the workflow of an RMA or a spare unit; told is false where
// there is no such subject.
func (s *Store) remindOfParcels(tx *gorm.DB, id string) (told bool, err error) {
	var st ProcessStatus
	var kind OutboxKind
	switch {
	case strings.HasPrefix(id, prefixRMA+"_"):
		var r RMA
		err = tx.First(&r, "id = ?", id).Error
		st, kind = r.status(), OutboxRMAChanged
	case strings.HasPrefix(id, prefixSpareUnit+"_"):
		var u SpareUnit
		err = tx.First(&u, "id = ?", id).Error
		st, kind = u.status(), OutboxSpareChanged
	default:
		return false, nil
	}
	if err = found(err); rules.CodeOf(err) == rules.NotFound {
		return false, nil
	} else if err != nil {
		return false, err
	}
	st.Parcels = true
	e := st.event(kind, id)
	e.DedupeKey += "/parcels/" + strconv.FormatInt(s.clock.Now().Truncate(time.Second).Unix(), 10)
	return true, s.enqueue(tx, e)
}
