package models

import (
	"context"
	"errors"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// SweepBatch is how many contracts one transaction of the sweep reads.
const SweepBatch = 500

// Sweep counts what a sweep changed.
type Sweep struct {
	Started  int `json:"started"`
	Expired  int `json:"expired"`
	Reminded int `json:"reminded"`
}

// SweepContracts starts contracts whose last day to start has come (S1),
// expires those that are over (S3), hands their rooms to what renews them (S4) and
// queues the renewal reminders (S5), in
// batches of one transaction each. Every effect has a deterministic key, so
// that a sweep that is killed, missed or run twice leaves the same state.
// progress is called after each batch.
func (s *Store) SweepContracts(ctx context.Context, progress func(Sweep)) (Sweep, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return Sweep{}, err
	}
	var out Sweep
	for _, step := range []struct {
		count *int
		run   sweepStep
	}{{&out.Started, s.startDue}, {&out.Expired, s.expireDue}, {&out.Reminded, s.remindDue}} {
		for after, read := "", SweepBatch; read == SweepBatch; {
			var changed int
			var last string // a transaction may run again, from the same place
			err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
				read, changed, last, err = step.run(tx, scope, ref, after)
				return err
			})
			if err != nil {
				return out, err
			}
			after = last
			*step.count += changed
			progress(out)
		}
	}
	return out, nil
}

// sweepStep changes one batch of contracts behind the id after; it returns how
// many it read and changed, and the last id.
type sweepStep func(tx *gorm.DB, scope Scope, ref Reference, after string) (read, changed int, last string, err error)

// dueContracts reads and locks one batch. The states stand in the conditions as they
// stand in the partial indexes: PostgreSQL uses such an index only for a condition
// that it can read.
func (s *Store) dueContracts(tx *gorm.DB, after string, where string, args ...any) ([]ServiceContract, string, error) {
	var due []ServiceContract
	q := tx
	if s.postgres() {
		q = tx.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
	}
	err := q.Where("id > ?", after).Where(where, args...).Order("id").Limit(SweepBatch).Find(&due).Error
	if len(due) > 0 {
		after = due[len(due)-1].ID
	}
	return due, after, err
}

// startDue starts contracts that nobody began to use in 60 days (S1, V4).
func (s *Store) startDue(tx *gorm.DB, scope Scope, _ Reference, after string) (read, changed int, last string, err error) {
	due, last, err := s.dueContracts(tx, after, "state = 'PENDING_START' AND fallback_start_at <= ?", s.clock.Now())
	for i := range due {
		c := &due[i]
		if err := c.startOn(c.FallbackStartAt, StartFallback); err != nil {
			return 0, 0, "", err
		}
		err := tx.Model(&ServiceContract{}).Where("id = ?", c.ID).Select("state", "start_at", "end_at", "start_reason").Updates(c).Error
		if err != nil {
			return 0, 0, "", err
		}
		if err := s.contractAudit(tx, scope, *c, "contract.started", map[string]any{"start_at": c.StartAt, "end_at": c.EndAt, "reason": c.StartReason}); err != nil {
			return 0, 0, "", err
		}
	}
	return len(due), len(due), last, err
}

func (s *Store) contractAudit(tx *gorm.DB, scope Scope, c ServiceContract, verb string, details map[string]any) error {
	return s.appendAudit(tx, scope, c.AccountID, &c.AccountID, false, entry{verb, c.ID, details})
}

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

// expireAssignments ends the contract's assignments at its end, however late the
// sweep is: history then says what the cover was.
func (s *Store) expireAssignments(tx *gorm.DB, c ServiceContract) (int64, error) {
	of := tx.Model(&Licence{}).Select("id").Where("contract_id = ?", c.ID)
	res := tx.Model(&LicenceAssignment{}).Where("to_at IS NULL AND licence_id IN (?)", of).
		Updates(map[string]any{"to_at": gorm.Expr("CASE WHEN from_at > ? THEN from_at ELSE ? END", *c.EndAt, *c.EndAt), "end_reason": EndExpired})
	return res.RowsAffected, res.Error
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

// remindDue queues the one renewal reminder that is due for a contract (S5):
// to each administrator of its account, once per contract and day.
func (s *Store) remindDue(tx *gorm.DB, _ Scope, ref Reference, after string) (read, changed int, last string, err error) {
	reminders := ref.Program.RenewalDays
	if len(reminders) == 0 {
		return 0, 0, after, nil
	}
	now := s.clock.Now()
	where, args := reminding(now, reminders)
	near, last, err := s.dueContracts(tx, after, where, args...)
	for _, c := range near {
		loc, err := time.LoadLocation(c.TimeZone)
		if err != nil {
			return 0, 0, "", err
		}
		days, due := rules.DueReminder(*c.EndAt, rules.DateIn(now, loc), reminders, loc)
		if !due || (c.RemindedDays >= 0 && days >= c.RemindedDays) {
			continue
		}
		if err := s.remind(tx, c, days, loc); err != nil {
			return 0, 0, "", err
		}
		changed++
	}
	return len(near), changed, last, err
}

// reminding is the condition of a contract that may have to be reminded of: near
// its end, and not reminded of for the next of the days.
func reminding(now time.Time, days []int) (where string, args []any) {
	in := func(days int) time.Time { return now.AddDate(0, 0, days+1) }
	where = `state IN ('ACTIVE','EXPIRED') AND type <> 'JUMPSTART' AND end_at > ? AND end_at <= ? AND (reminded_days < 0`
	args = []any{now.AddDate(0, 0, -rules.RenewalCatchUpDays-1), in(days[0])}
	for _, d := range days[1:] {
		where += " OR (reminded_days > ? AND end_at <= ?)"
		args = append(args, d, in(d))
	}
	return where + ")", args
}

func (s *Store) remind(tx *gorm.DB, c ServiceContract, days int, loc *time.Location) error {
	var admins []User
	err := tx.Table("users").Joins("JOIN memberships m ON m.user_id = users.id").
		Where("m.account_id = ? AND m.role = ? AND m.state = ?", c.AccountID, RoleAdmin, rules.MembershipActive).Find(&admins).Error
	if err != nil {
		return err
	}
	for _, a := range admins {
		m := Notification{Template: "renewal_reminder", SubjectID: c.ID, Recipient: a.Email, Epoch: "d-" + strconv.Itoa(days), AccountID: &c.AccountID, OrderID: &c.OrderID,
			Locale: a.Locale, Params: map[string]any{"service_type": string(c.Type), "quantity": c.Quantity, "days_left": days, "end_on": rules.LastCoveredDay(*c.EndAt, loc).String()}}
		if err := s.queueSingleMail(tx, m); err != nil {
			return err
		}
	}
	return tx.Model(&ServiceContract{}).Where("id = ?", c.ID).Update("reminded_days", days).Error
}

// SweepFinished records that a whole sweep came to its end, for the watchdog.
func (s *Store) SweepFinished(ctx context.Context, name string, result Sweep) error {
	return s.tx(ctx, func(tx *gorm.DB, _ Scope) error {
		row := sweepRow{Name: name, FinishedAt: realNow(), Result: result}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

type sweepRow struct {
	Name       string `gorm:"primaryKey"`
	FinishedAt time.Time
	Result     Sweep `gorm:"serializer:json"`
}

func (sweepRow) TableName() string { return "sweeps" }

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
