package operations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/spare"
)

// Sweep counts what a sweep changed.
type Sweep struct {
	Started  int `json:"started"`
	Expired  int `json:"expired"`
	Reminded int `json:"reminded"`
}

// SweepContracts starts contracts whose last day to start has come (S1), expires
// those that are over (S3), hands their rooms to what renews them (S4) and queues
// the renewal reminders (S5), in batches of one transaction each; then it asks the
// operators about persons of whom no administrator has said in time whether they may come
// in (S15), writes the mails about cancellations of an earlier day that were held (S64), and
// joins parents whose accounts have proved one mail domain (S60). Every effect has
// a deterministic key, so that a sweep that is killed, missed or run twice leaves
// the same state. A step that fails keeps no other from running: the error is what all of
// them met. progress is called after each batch.
func (s *Operations) SweepContracts(ctx context.Context, progress func(Sweep)) (Sweep, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Sweep{}, err
	}

	var out Sweep
	var uncounted int
	var failures []error
	for _, step := range []struct {
		does    string
		step    sweepStep
		changed *int
	}{
		{"start contracts", entitlement.StartDueContracts, &out.Started},
		{"expire contracts", s.expireDue, &out.Expired},
		{"remind of contracts", entitlement.RemindOfDueContracts, &out.Reminded},
		{"ask operators about contacts", escalateContacts, &uncounted},
		{"tell of held cancellations", tellOfHeldCancellations, &uncounted},
	} {
		err := s.sweepInBatches(ctx, ref, step.step, func(changed int) {
			*step.changed += changed
			progress(out)
		})
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", step.does, err))
		}
	}

	_, err = s.JoinProvedParents(ctx, func() { progress(out) })
	if err != nil {
		failures = append(failures, fmt.Errorf("join parents: %w", err))
	}
	return out, errors.Join(failures...)
}

// tellOfHeldCancellations writes a batch of the mails that were held.
func tellOfHeldCancellations(
	tx *db.Tx, _ program.Reference, after string,
) (read, changed int, last string, err error) {
	return order.TellOfHeldCancellations(tx, after, entitlement.SweepBatch)
}

// escalateContacts asks the operators about a batch of questions without an answer.
func escalateContacts(
	tx *db.Tx, _ program.Reference, after string,
) (read, changed int, last string, err error) {
	read, last, err = identity.EscalateContacts(tx, after, entitlement.SweepBatch)
	return read, read, last, err
}

// sweepStep changes one batch of contracts behind the id after; it returns how
// many it read and changed, and the last id.
type sweepStep func(
	tx *db.Tx, ref program.Reference, after string,
) (read, changed int, last string, err error)

// sweepInBatches repeats a step until a batch is not full, each in a transaction of
// its own.
func (s *Operations) sweepInBatches(
	ctx context.Context, ref program.Reference, step sweepStep, count func(changed int),
) error {
	after := ""
	for {
		var read, changed int
		var last string // a transaction may run again, from the same place
		err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
			read, changed, last, err = step(tx, ref, after)
			return err
		})
		if err != nil {
			return err
		}

		after = last
		count(changed)
		if read < entitlement.SweepBatch {
			return nil
		}
	}
}

// expireDue ends a batch of contracts that are over, and counts the spares of their
// parents again.
func (s *Operations) expireDue(
	tx *db.Tx, ref program.Reference, after string,
) (read, changed int, last string, err error) {
	ended, last, err := entitlement.ExpireDueContracts(tx, ref, after)
	if err != nil {
		return 0, 0, "", err
	}
	if err := s.recountExpired(tx, ref, ended); err != nil {
		return 0, 0, "", err
	}

	return len(ended), len(ended), last, nil
}

// recountExpired recounts the spares of the parents whose Select contracts ended, each
// parent once for the batch, stamped with the last of its contracts.
func (s *Operations) recountExpired(
	tx *db.Tx, ref program.Reference, ended []entitlement.ServiceContract,
) error {
	sources := map[string]string{}
	for _, c := range ended {
		if c.Type == catalogue.ServiceSelect {
			sources[c.AccountID] = max(sources[c.AccountID], c.ID)
		}
	}

	if len(sources) == 0 {
		return nil
	}
	return s.replacements.RecountAccounts(tx, sources, ref.Program.SpareRatio, spare.SpareByExpiry)
}

// SweepFinished records that a whole sweep came to its end, for WatchSweep.
func (s *Operations) SweepFinished(ctx context.Context, name string, result Sweep) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		row := sweepRow{Name: name, FinishedAt: db.RealNow(), Result: result}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	})
}

// sweepRow is when a sweep last came to its end, and what it changed.
type sweepRow struct {
	Name       string `gorm:"primaryKey"`
	FinishedAt time.Time
	Result     Sweep `gorm:"serializer:json"`
}

// TableName is the table of sweeps.
func (sweepRow) TableName() string { return "sweeps" }

// WatchSweep raises an operator task when the named sweep has not come to its
// end for longer than late (real time), and settles it when it has again. A
// sweep that never ended counts from the first look.
func (s *Operations) WatchSweep(ctx context.Context, name string, late time.Duration) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var row sweepRow
		err := tx.First(&row, "name = ?", name).Error
		switch {
		case errors.Is(err, gorm.ErrRecordNotFound):
			return tx.Clauses(clause.OnConflict{DoNothing: true}).
				Create(&sweepRow{Name: name, FinishedAt: db.RealNow()}).Error
		case err != nil:
			return err
		case db.RealNow().Sub(row.FinishedAt) > late:
			return tx.Raise(db.OperatorTask{
				Kind:      db.TaskSweepLate,
				SubjectID: name,
				What: "Find out why the schedule daily-sweep in Temporal does not run " +
					"to its end.",
				Why: "Contracts are not started, ended or reminded of until it does.",
			})
		}

		return tx.Settle(db.TaskSweepLate, name, "the sweep ran")
	})
}

// Entities lists the entities of sweeps: one for each table.
func Entities() []any {
	return []any{
		sweepRow{},
	}
}
