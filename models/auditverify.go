package models

import (
	"context"

	"gorm.io/gorm"
)

// AuditFault is a link that does not hold.
type AuditFault struct {
	ChainID string `json:"chain_id"`
	Seq     int64  `json:"seq"`
	EventID string `json:"event_id"`
	Fault   string `json:"fault"`
}

// auditHead is how far a chain has come; the database itself keeps it.
type auditHead struct {
	ChainID string `gorm:"primaryKey"`
	Seq     int64
}

// VerifyAudit walks every chain and returns how many events it read and the
// links that do not hold: a changed event, a gap, a chain that lost its
// beginning or its end.
func (s *Store) VerifyAudit(ctx context.Context) (events int64, faults []AuditFault, err error) {
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		ends := map[string]int64{}
		events, faults = 0, nil
		rows, err := tx.Model(&AuditEvent{}).Order("chain_id, seq").Rows()
		if err != nil {
			return err
		}
		defer rows.Close()
		var prev AuditEvent
		for rows.Next() {
			var e AuditEvent
			if err := tx.ScanRows(rows, &e); err != nil {
				return err
			}
			if e.ChainID != prev.ChainID {
				prev = AuditEvent{ChainID: e.ChainID}
			}
			if fault := e.faultAfter(prev); fault != "" {
				faults = append(faults, AuditFault{e.ChainID, e.Seq, e.ID, fault})
			}
			ends[e.ChainID] = e.Seq
			events++
			prev = e
		}
		if err := rows.Err(); err != nil {
			return err
		}
		cut, err := cutChains(tx, ends)
		faults = append(faults, cut...)
		return err
	})
	return events, faults, err
}

// cutChains finds the chains that end before or after where they should.
func cutChains(tx *gorm.DB, ends map[string]int64) (faults []AuditFault, err error) {
	var heads []auditHead
	if err := tx.Order("chain_id").Find(&heads).Error; err != nil {
		return nil, err
	}
	for _, h := range heads {
		if ends[h.ChainID] != h.Seq {
			faults = append(faults, AuditFault{ChainID: h.ChainID, Seq: h.Seq, Fault: "the chain does not end where it should"})
		}
	}
	return faults, nil
}

func (e AuditEvent) faultAfter(prev AuditEvent) string {
	switch {
	case e.Seq != prev.Seq+1:
		return "an event before this one is missing"
	case e.PrevHash != prev.Hash:
		return "the event before this one was changed"
	case e.digest() != e.Hash:
		return "this event was changed"
	}
	return ""
}
