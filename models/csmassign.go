package models

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// askForFirstCSM asks operators for the account's manager with its first fulfilled
// Select order (R35e, A8), in the transaction that fulfils it. The task's key
// decides: an account is asked for once, whichever order is first, and not again
// because somebody closed the task.
func (s *Store) askForFirstCSM(tx *gorm.DB, acc Account, contracts []ServiceContract) error {
	if acc.CSMID != nil || !countsForSpares(contracts) {
		return nil
	}
	t := s.csmTask(acc.ID, "Its first Select order was fulfilled (R35e).")
	return tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "dedupe_key"}}, DoNothing: true}).Create(&t).Error
}

func (s *Store) csmTask(accountID, why string) OperatorTask {
	return OperatorTask{ID: NewID(prefixTask), Kind: TaskAssignCSM, SubjectID: accountID, AccountID: &accountID, DedupeKey: string(TaskAssignCSM) + "/" + accountID,
		What: "Name the account's customer success manager.", Why: why, State: TaskOpen, CreatedAt: s.clock.Now()}
}

// askForCSMs asks again for each account whose manager left.
func (s *Store) askForCSMs(tx *gorm.DB, accounts []string) error {
	tasks := make([]OperatorTask, len(accounts))
	for i, id := range accounts {
		tasks[i] = s.csmTask(id, "Its customer success manager has left (R35e).")
	}
	return s.raiseAll(tx, tasks)
}

// settleCSMs closes the tasks of accounts whose manager is back.
func (s *Store) settleCSMs(tx *gorm.DB, scope Scope, accounts []string) error {
	return s.settleAll(tx, scope, TaskAssignCSM, accounts, "the manager is back")
}

// CSMAssignment names an account's manager from now on.
type CSMAssignment struct {
	AccountID string
	CSMID     string
	Version   int64 // of the account, as the caller read it; 0 for any
	Reason    string
}

// AssignCSM gives an account its customer success manager (R35e) and closes the
// task that asked for one. A manager who has left answers STATE_CONFLICT, one that
// does not exist VALIDATION_FAILED. Naming the same one again changes nothing.
func (s *Store) AssignCSM(ctx context.Context, a CSMAssignment) (Account, error) {
	if err := rules.CheckReason(a.Reason); err != nil {
		return Account{}, err
	}
	var acc Account
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		var err error
		if acc, err = s.lockForCSM(tx, scope, a); err != nil {
			return err
		}
		if err := s.settle(tx, scope, TaskAssignCSM, acc.ID, "assign"); err != nil || text(acc.CSMID) == a.CSMID {
			return err
		}
		before := text(acc.CSMID)
		acc.CSMID, acc.Version = &a.CSMID, acc.Version+1
		if err := tx.Model(&Account{}).Where("id = ?", acc.ID).Select("csm_id", "version").Updates(&acc).Error; err != nil {
			return err
		}
		return s.accountAudit(tx, scope, acc.ID, entry{"account.csm_assigned", acc.ID, withReason(a.Reason, map[string]any{"before": before, "after": a.CSMID})})
	})
	return acc, err
}

// lockForCSM locks the manager before the account: one who leaves meanwhile either
// is seen here, or sees the account.
func (s *Store) lockForCSM(tx *gorm.DB, scope Scope, a CSMAssignment) (Account, error) {
	var c CSM
	if err := s.forUpdate(tx).Limit(1).Find(&c, "id = ?", a.CSMID).Error; err != nil {
		return Account{}, err
	}
	acc, err := s.lockAccount(tx, scope, a.AccountID)
	if err == nil {
		err = versioned(acc.Version, a.Version)
	}
	switch {
	case err != nil:
		return acc, err
	case c.ID == "":
		return acc, rules.Invalid([]rules.FieldError{{Pointer: "/csm_id", Code: rules.UnknownCSM, Message: "There is no such customer success manager.", Remedy: "Send an id of the list of managers."}})
	case !c.Active:
		return acc, rules.Refuse(rules.StateConflict, "This customer success manager has left.", "Name one who is active.")
	}
	return acc, nil
}

// CSMOf reads the manager of an account in scope; NOT_FOUND where none is named.
// One who has left is told to the service and operators only.
func (s *Store) CSMOf(ctx context.Context, accountID string) (CSM, error) {
	var c CSM
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.accounts(tx.Table("csms").Select("csms.*").Joins("JOIN accounts ON accounts.csm_id = csms.id"), "accounts.id")
		if !scope.System {
			q = q.Where("csms.active")
		}
		return found(q.Where("accounts.id = ?", accountID).Take(&c).Error)
	})
	return c, err
}
