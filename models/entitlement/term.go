package entitlement

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
)

// SweepBatch is how many contracts one transaction of the sweep reads.
const SweepBatch = 500

// dueContracts reads and locks one batch. The conditions spell the states as the
// partial indexes do: PostgreSQL uses such an index only for a condition that it can
// recognise.
func dueContracts(
	tx *db.Tx, after string, where string, args ...any,
) ([]ServiceContract, string, error) {
	var due []ServiceContract
	q := tx.DB
	if tx.Postgres() {
		q = tx.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
	}

	err := q.Where("id > ?", after).Where(where, args...).Order("id").Limit(SweepBatch).
		Find(&due).Error
	if len(due) > 0 {
		after = due[len(due)-1].ID
	}
	return due, after, err
}

// startOn gives the contract its half-open period (C2, S2) from the local day of the
// instant.
func (c *ServiceContract) startOn(at time.Time, reason StartReason) error {
	loc, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return err
	}
	c.start(rules.ContractPeriod(rules.DateIn(at, loc), c.TermYears, loc), reason)
	return nil
}

// StartDueContracts starts a batch of contracts behind the id after that nobody
// began to use in 60 days (S1, V4). It returns how many it read and changed, and the
// last id.
func StartDueContracts(
	tx *db.Tx, _ program.Reference, after string,
) (read, changed int, last string, err error) {
	due, last, err := dueContracts(tx, after,
		"state = 'PENDING_START' AND fallback_start_at <= ?", tx.Now())
	if err != nil {
		return 0, 0, "", err
	}

	for i := range due {
		c := &due[i]
		if err := c.startOn(c.FallbackStartAt, StartFallback); err != nil {
			return 0, 0, "", err
		}

		err := tx.Model(&ServiceContract{}).Where("id = ?", c.ID).
			Select("state", "start_at", "end_at", "start_reason").Updates(c).Error
		if err != nil {
			return 0, 0, "", err
		}

		started := db.Entry{
			Verb:     "contract.started",
			ObjectID: c.ID,
			Details: map[string]any{
				"start_at": c.StartAt,
				"end_at":   c.EndAt,
				"reason":   c.StartReason,
			},
		}

		if err := account.Audit(tx, c.AccountID, started); err != nil {
			return 0, 0, "", err
		}
	}

	return len(due), len(due), last, nil
}

// ExpireDueContracts ends a batch of contracts behind the id after, with their
// licences, at their end (S3). It returns those that it ended, and the last id.
func ExpireDueContracts(
	tx *db.Tx, ref program.Reference, after string,
) (ended []ServiceContract, last string, err error) {
	due, last, err := dueContracts(tx, after, "state IN ('ACTIVE','SUSPENDED') AND end_at <= ?",
		tx.Now())
	if err != nil {
		return nil, "", err
	}

	for _, c := range due {
		if err := expire(tx, ref, c); err != nil {
			return nil, "", err
		}
	}

	return due, last, nil
}

// expire ends one contract with its licences and assignments at its end (S3), and
// hands its rooms over to what renews it (S4).
func expire(
	tx *db.Tx, ref program.Reference, c ServiceContract,
) error {
	err := tx.Model(&ServiceContract{}).
		Where("id = ?", c.ID).
		Update("state", rules.ContractExpired).Error
	if err != nil {
		return err
	}

	inForce := []rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}
	err = tx.Model(&Licence{}).Where("contract_id = ? AND state IN ?", c.ID, inForce).
		Updates(map[string]any{"state": rules.LicenceExpired, "state_since": tx.Now()}).Error
	if err != nil {
		return err
	}

	rooms, err := renewedRooms(tx, c)
	if err != nil {
		return err
	}

	released, err := expireAssignments(tx, c)
	if err != nil {
		return err
	}

	entries, err := takeOverRooms(tx, ref, c, rooms)
	if err != nil {
		return err
	}

	ended := db.Entry{
		Verb:     "contract.expired",
		ObjectID: c.ID,
		Details: map[string]any{
			"before":            c.State,
			"after":             rules.ContractExpired,
			"assignments_ended": released,
			"renewed":           len(rooms),
		},
	}

	return account.Audit(tx, c.AccountID, append([]db.Entry{ended}, entries...)...)
}

// expireAssignments ends the contract's assignments at its end, however late the
// sweep is: history then says what the cover was.
func expireAssignments(tx *db.Tx, c ServiceContract) (int64, error) {
	licences := tx.Model(&Licence{}).Select("id").Where("contract_id = ?", c.ID)
	res := tx.Model(&LicenceAssignment{}).
		Where("to_at IS NULL AND licence_id IN (?)", licences).
		Updates(map[string]any{
			"to_at": gorm.Expr("CASE WHEN from_at > ? THEN from_at ELSE ? END",
				*c.EndAt, *c.EndAt),
			"end_reason": EndExpired,
		})
	return res.RowsAffected, res.Error
}
