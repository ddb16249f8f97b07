package models

import (
	"context"
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

// startOn gives the contract its half-open period (C2, S2) from the local day
// of the instant.
func (c *ServiceContract) startOn(at time.Time, reason StartReason) error {
	loc, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return err
	}
	p := rules.ContractPeriod(rules.DateIn(at, loc), c.TermYears, loc)
	c.State, c.StartAt, c.EndAt, c.StartReason = rules.ContractActive, &p.Start, &p.End, reason
	return nil
}

func (s *Store) contractAudit(tx *gorm.DB, scope Scope, c ServiceContract, verb string, details map[string]any) error {
	return s.appendAudit(tx, scope, c.AccountID, &c.AccountID, false, entry{verb, c.ID, details})
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
