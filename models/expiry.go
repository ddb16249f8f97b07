package models

import (
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// expireDue ends contracts and their licences at their end (S3).
func (s *Store) expireDue(tx *gorm.DB, scope Scope, ref Reference, after string) (read, changed int, last string, err error) {
	now := s.clock.Now()
	due, last, err := s.dueContracts(tx, after, "state IN ('ACTIVE','SUSPENDED') AND end_at <= ?", now)
	for _, c := range due {
		if err := s.expire(tx, scope, ref, c, now); err != nil {
			return 0, 0, "", err
		}
	}
	if err == nil {
		err = s.recountExpired(tx, scope, ref, due)
	}
	return len(due), len(due), last, err
}

// recountExpired counts anew the spares of the parents whose Select contracts
// ended, each parent once for the batch, stamped with the last of its contracts.
func (s *Store) recountExpired(tx *gorm.DB, scope Scope, ref Reference, ended []ServiceContract) error {
	sources := map[string]string{}
	for _, c := range ended {
		if c.Type == rules.ServiceSelect {
			sources[c.AccountID] = max(sources[c.AccountID], c.ID)
		}
	}
	if len(sources) == 0 {
		return nil
	}
	return s.recountAccounts(tx, scope, sources, ref.Program.SpareRatio, rules.SpareByExpiry)
}

// expireAssignments ends the contract's assignments at its end, however late the
// sweep is: history then says what the cover was.
func (s *Store) expireAssignments(tx *gorm.DB, c ServiceContract) (int64, error) {
	of := tx.Model(&Licence{}).Select("id").Where("contract_id = ?", c.ID)
	res := tx.Model(&LicenceAssignment{}).Where("to_at IS NULL AND licence_id IN (?)", of).
		Updates(map[string]any{"to_at": gorm.Expr("CASE WHEN from_at > ? THEN from_at ELSE ? END", *c.EndAt, *c.EndAt), "end_reason": EndExpired})
	return res.RowsAffected, res.Error
}

// expire ends one contract with its licences and assignments at its end (S3), and
// hands its rooms over to what renews it (S4).
func (s *Store) expire(tx *gorm.DB, scope Scope, ref Reference, c ServiceContract, now time.Time) error {
	if err := tx.Model(&ServiceContract{}).Where("id = ?", c.ID).Update("state", rules.ContractExpired).Error; err != nil {
		return err
	}
	err := tx.Model(&Licence{}).Where("contract_id = ? AND state IN ?", c.ID, []rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}).
		Updates(map[string]any{"state": rules.LicenceExpired, "state_since": now}).Error
	if err != nil {
		return err
	}
	rooms, err := s.renewedRooms(tx, c)
	if err != nil {
		return err
	}
	released, err := s.expireAssignments(tx, c)
	if err != nil {
		return err
	}
	entries, err := s.takeOver(tx, scope, ref, c, rooms)
	if err != nil {
		return err
	}
	ended := entry{"contract.expired", c.ID, map[string]any{"before": c.State, "after": rules.ContractExpired, "assignments_ended": released, "renewed": len(rooms)}}
	return s.accountAudit(tx, scope, c.AccountID, append([]entry{ended}, entries...)...)
}
