package operations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/sso"
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
// in (S15), writes the mails about cancellations of an earlier day that were held (S64),
// reminds of delegations that end (S51) and of certificates of companies' identity providers
// (S48), and joins parents whose accounts have proved one mail domain (S60). Every effect has
// a deterministic key, so that a sweep that is killed, missed or run twice leaves
// the same state. Contracts that cannot be swept become a task about their account, and
// the others go on. A step that fails keeps no other from running: the error is what all
// of them met. progress is called after each batch.
func (s *Operations) SweepContracts(ctx context.Context, progress func(Sweep)) (Sweep, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Sweep{}, err
	}

	var out Sweep
	var failures []error
	met := func(does string, err error) {
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", does, err))
		}
	}

	for _, step := range []struct {
		entitlement.SweepStep
		changed *int
	}{
		{entitlement.StartDue, &out.Started},
		{s.endDue(), &out.Expired},
		{entitlement.RemindDue, &out.Reminded},
	} {
		one := stepOfSweep{SweepStep: step.SweepStep, ref: ref, failed: map[string]bool{}}
		met(step.Does, s.sweepInBatches(ctx, one, func(changed int) {
			*step.changed += changed
			progress(out)
		}))
	}

	beat := func() { progress(out) }
	met("ask operators about contacts", s.inBatches(ctx, escalateContacts, beat))
	met("tell of held cancellations", s.inBatches(ctx, tellOfHeldCancellations, beat))
	met("remind of delegations", s.inBatches(ctx, sweepDelegations, beat))
	met("remind of certificates", s.inBatches(ctx, remindOfCertificates, beat))

	_, err = s.JoinProvedParents(ctx, beat)
	met("join parents", err)
	return out, errors.Join(failures...)
}

// tellOfHeldCancellations writes a batch of the mails that were held.
func tellOfHeldCancellations(tx *db.Tx, after string) (read int, last string, err error) {
	read, _, last, err = order.TellOfHeldCancellations(tx, after, entitlement.SweepBatch)
	return read, last, err
}

// escalateContacts asks the operators about a batch of questions without an answer.
func escalateContacts(tx *db.Tx, after string) (read int, last string, err error) {
	return identity.EscalateContacts(tx, after, entitlement.SweepBatch)
}

// sweepDelegations reminds of a batch of delegations, and ends those whose time is over (S51).
func sweepDelegations(tx *db.Tx, after string) (read int, last string, err error) {
	return identity.SweepDelegations(tx, after, entitlement.SweepBatch)
}

// remindOfCertificates tells of a batch of certificates of identity providers that end (S48).
func remindOfCertificates(tx *db.Tx, after string) (read int, last string, err error) {
	return sso.RemindOfCertificates(tx, after, entitlement.SweepBatch)
}

// inBatches repeats a step behind the last id until a batch is not full, each in a
// transaction of its own. The step returns how many it read.
func (s *Operations) inBatches(
	ctx context.Context, step func(tx *db.Tx, after string) (int, string, error), beat func(),
) error {
	after := ""
	for {
		var read int
		var last string // a transaction may run again, from the same place
		err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
			read, last, err = step(tx, after)
			return err
		})
		if err != nil {
			return err
		}

		after = last
		beat()
		if read < entitlement.SweepBatch {
			return nil
		}
	}
}

// stepOfSweep is a step within one sweep, with the accounts that it could not be done to.
type stepOfSweep struct {
	entitlement.SweepStep
	ref    program.Reference
	failed map[string]bool
}

// needs name what the tasks about the step ask for: each account has one of its own for
// each step.
func (s stepOfSweep) needs(accounts ...string) []string {
	var needs []string
	for _, id := range accounts {
		if !s.failed[id] {
			needs = append(needs, id+"/"+s.Name)
		}
	}
	return needs
}

// settle closes the tasks about the step of accounts to whose contracts it was done, unless
// it failed for others of theirs in this sweep.
func (s stepOfSweep) settle(tx *db.Tx, accounts ...string) error {
	return tx.SettleAll(db.TaskSweepFailed, s.needs(accounts...), "it was swept")
}

// sweepInBatches does a step to all contracts that are due, a batch in one transaction. A
// batch that fails is done account by account, and what fails alone becomes a task. count
// is called after each batch, and after each account where it is done account by account.
func (s *Operations) sweepInBatches(
	ctx context.Context, step stepOfSweep, count func(changed int),
) error {
	after := ""
	for {
		var due []entitlement.ServiceContract
		var changed int
		var last string
		err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
			due, changed, last = nil, 0, after
			due, last, err = step.Lock(tx, step.ref, after)
			if err != nil || len(due) == 0 {
				return err
			}
			if changed, err = step.Do(tx, step.ref, due); err != nil {
				return err
			}
			return step.settle(tx, accountsOf(due)...)
		})
		if err != nil && len(due) > 0 && s.db.BlamesRows(ctx, err) {
			changed = 0
			err = s.sweepByAccount(ctx, step, due, count)
		}
		if err != nil {
			return err
		}

		after = last
		count(changed)
		if len(due) < entitlement.SweepBatch {
			return nil
		}
	}
}

// sweepByAccount does a step to the contracts of a batch, those of each account in a
// transaction of their own. Those of one that fails are tried one by one, and an operator
// is asked about the account.
func (s *Operations) sweepByAccount(
	ctx context.Context, step stepOfSweep, due []entitlement.ServiceContract,
	count func(changed int),
) error {
	byAccount := map[string][]string{}
	for _, c := range due {
		byAccount[c.AccountID] = append(byAccount[c.AccountID], c.ID)
	}

	for _, accountID := range db.KeysOf(byAccount) {
		contracts := byAccount[accountID]
		changed, err := s.sweepSome(ctx, step, contracts, accountID)
		count(changed)
		if err == nil {
			continue
		}

		for _, id := range contracts {
			if len(contracts) == 1 || !s.db.BlamesRows(ctx, err) {
				break
			}
			changed, one := s.sweepSome(ctx, step, []string{id})
			count(changed)
			if one != nil {
				err = one
			}
		}
		if !s.db.BlamesRows(ctx, err) {
			return err
		}

		step.failed[accountID] = true
		if err := s.askAboutSweep(ctx, accountID, step.SweepStep, err); err != nil {
			return err
		}
	}

	return nil
}

// sweepSome does a step to those of the contracts that are still due, and closes the tasks
// about it of the accounts whose contracts these all are.
func (s *Operations) sweepSome(
	ctx context.Context, step stepOfSweep, ids []string, accounts ...string,
) (changed int, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		changed = 0
		due, _, err := step.Lock(tx, step.ref, "", ids...)
		if err != nil || len(due) == 0 {
			return err
		}
		if changed, err = step.Do(tx, step.ref, due); err != nil {
			return err
		}
		return step.settle(tx, accounts...)
	})
	if err != nil {
		return 0, err
	}
	return changed, nil
}

// askAboutSweep asks an operator about an account whose contracts cannot be swept.
func (s *Operations) askAboutSweep(
	ctx context.Context, accountID string, step entitlement.SweepStep, cause error,
) error {
	return s.db.RaiseTask(ctx, db.OperatorTask{
		Kind:      db.TaskSweepFailed,
		SubjectID: accountID,
		AccountID: &accountID,
		DedupeKey: string(db.TaskSweepFailed) + "/" + accountID + "/" + step.Name,
		What: "Find out what is wrong with this account's contracts. The sweep leaves them " +
			"out, tries them each hour, and closes the task when it succeeds.",
		Why: "The hourly sweep cannot " + step.Does + ": " + db.CauseOf(cause) + ".",
	})
}

// settleWhatIsNotDue closes the tasks of accounts that have nothing left for the sweep to
// do: what failed was done by a command, or its day is over.
func (s *Operations) settleWhatIsNotDue(tx *db.Tx, ref program.Reference) error {
	open := tx.Where("kind = ? AND subject_id IN (?)", db.TaskSweepFailed,
		tx.Model(&account.Account{}).Select("id"))

	for _, step := range []entitlement.SweepStep{
		entitlement.StartDue, s.endDue(), entitlement.RemindDue,
	} {
		where, args := step.Due(ref, tx.Now())
		if where == "" {
			continue
		}

		// A task of an earlier release names no step, and stands for each.
		due := tx.Model(&entitlement.ServiceContract{}).
			Select("1").
			Where("service_contracts.account_id = operator_tasks.subject_id").
			Where(where, args...)
		open = open.Where(`(dedupe_key NOT IN (
				kind || '/' || subject_id, kind || '/' || subject_id || '/' || CAST(? AS text))
			OR NOT EXISTS (?))`, step.Name, due)
	}

	return db.SettleWhere(tx, open, "nothing is due any more")
}

// endDue ends contracts that are over, and counts the spares of their parents again. It
// locks the accounts and then the parents, as a fulfilment does.
func (s *Operations) endDue() entitlement.SweepStep {
	return entitlement.SweepStep{
		Name: "expire",
		Does: "expire contracts",
		Due:  entitlement.EndDue,
		Do: func(
			tx *db.Tx, ref program.Reference, due []entitlement.ServiceContract,
		) (changed int, err error) {
			accounts := accountsOf(due)
			if err := account.LockAll(tx, accounts); err != nil {
				return 0, err
			}

			// The parents whose Select contracts end, each stamped with the last of them.
			last := map[string]string{}
			for _, c := range due {
				if c.Type == catalogue.ServiceSelect {
					last[c.AccountID] = max(last[c.AccountID], c.ID)
				}
			}
			sources := map[string]string{}
			if len(last) > 0 {
				parentOf, err := account.LockParentsOf(tx, db.KeysOf(last))
				if err != nil {
					return 0, err
				}
				for acc, id := range last {
					sources[parentOf[acc]] = max(sources[parentOf[acc]], id)
				}
			}

			if err := entitlement.EndContracts(tx, ref, due); err != nil {
				return 0, err
			}
			if len(sources) == 0 {
				return len(due), nil
			}

			return len(due), s.replacements.RecountParents(
				tx, sources, ref.Program.SpareRatio, spare.SpareByExpiry)
		},
	}
}

func accountsOf(contracts []entitlement.ServiceContract) []string {
	accounts := map[string]bool{}
	for _, c := range contracts {
		accounts[c.AccountID] = true
	}
	return db.KeysOf(accounts)
}

// SweepFinished records that a whole sweep came to its end, for WatchSweep, and closes the
// tasks about what it could not do where nothing is due any more.
func (s *Operations) SweepFinished(ctx context.Context, name string, result Sweep) error {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return err
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := s.settleWhatIsNotDue(tx, ref); err != nil {
			return err
		}

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

// Entities lists the entities of this package: one for each table.
func Entities() []any {
	return []any{
		sweepRow{},
		HeldAct{},
	}
}
