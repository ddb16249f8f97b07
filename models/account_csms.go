package models

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// CSM is a customer success manager, one of the operator's people whom customers
// turn to (R35e).
type CSM struct {
	ID        string
	Name      string
	Email     string // normalised, unique
	Phone     string // may be empty
	Active    bool   // false: has left; its accounts wait for another
	CreatedAt time.Time
	Version   int64
}

// TableName is the table of managers.
func (CSM) TableName() string { return "csms" }

// CreateCSM adds a customer success manager (R35e). An address that another one has
// answers VALIDATION_FAILED with DUPLICATE.
func (s *Store) CreateCSM(ctx context.Context, f rules.CSMForm, reason string) (CSM, error) {
	f = f.Normalise()
	if err := checkCSM(f, reason); err != nil {
		return CSM{}, err
	}

	c := CSM{
		ID:        NewID(prefixCSM),
		Name:      f.Name,
		Email:     f.Email,
		Phone:     f.Phone,
		Active:    true,
		CreatedAt: s.db.Now(),
		Version:   1,
	}

	err := s.db.Write(ctx, func(tx *Tx) error {
		if err := tx.Scope.service(); err != nil {
			return err
		}
		if err := takenAddress(tx.Create(&c).Error); err != nil {
			return err
		}

		return tx.Audit(c.ID, nil, true, entry{
			"csm.created", c.ID, withReason(reason, map[string]any{}),
		})
	})

	return c, err
}

func checkCSM(f rules.CSMForm, reason string) error {
	if err := rules.CheckReason(reason); err != nil {
		return err
	}
	return f.Validate()
}

func takenAddress(err error) error {
	if !errors.Is(err, gorm.ErrDuplicatedKey) {
		return err
	}

	return rules.Invalid([]rules.FieldError{{
		Pointer: "/email",
		Code:    rules.Duplicate,
		Message: "Another customer success manager has this address.",
		Remedy:  "Change that one, or send another address.",
	}})
}

// CSMChange is what is told of a manager from now on.
type CSMChange struct {
	Form    rules.CSMForm
	Active  bool
	Version int64 // the one that the caller read; 0 for any
	Reason  string
}

// ChangeCSM changes a manager. Each account of one who leaves asks for another, and
// no longer does once that one is back (R35e).
func (s *Store) ChangeCSM(ctx context.Context, id string, change CSMChange) (CSM, error) {
	f := change.Form.Normalise()
	if err := checkCSM(f, change.Reason); err != nil {
		return CSM{}, err
	}

	var c CSM
	err := s.db.Write(ctx, func(tx *Tx) error {
		if err := tx.Scope.service(); err != nil {
			return err
		}

		c = CSM{}
		if err := found(tx.ForUpdate().First(&c, "id = ?", id).Error); err != nil {
			return err
		}
		if err := versioned(c.Version, change.Version); err != nil {
			return err
		}

		before := c.Active
		c.Name = f.Name
		c.Email = f.Email
		c.Phone = f.Phone
		c.Active = change.Active
		c.Version = c.Version + 1

		err := takenAddress(tx.Model(&CSM{}).
			Where("id = ?", id).
			Select("name", "email", "phone", "active", "version").
			Updates(&c).Error)
		if err != nil {
			return err
		}

		accounts, err := comeOrGo(tx, c, before)
		if err != nil {
			return err
		}

		return tx.Audit(c.ID, nil, false, entry{"csm.changed", c.ID,
			withReason(change.Reason, map[string]any{
				"active_before": before,
				"active_after":  c.Active,
				"accounts":      accounts,
			})})
	})

	return c, err
}

// comeOrGo asks operators for another manager of each account of one who left, or
// closes these tasks when that one is back. It returns the number of accounts.
func comeOrGo(tx *Tx, c CSM, wasActive bool) (int, error) {
	if c.Active == wasActive {
		return 0, nil
	}

	var accounts []string
	err := tx.Model(&Account{}).Where("csm_id = ?", c.ID).Order("id").Pluck("id", &accounts).Error
	if err != nil {
		return 0, err
	}

	for some := range batches(accounts, 500) {
		err := askForCSMs(tx, some)
		if c.Active {
			err = settleCSMs(tx, some)
		}
		if err != nil {
			return 0, err
		}
	}

	return len(accounts), nil
}

// GetCSM reads one manager, for the service and operators.
func (s *Store) GetCSM(ctx context.Context, id string) (CSM, error) {
	var c CSM
	err := s.db.Read(ctx, func(tx *Tx) error {
		if err := tx.Scope.service(); err != nil {
			return err
		}
		return found(tx.First(&c, "id = ?", id).Error)
	})
	return c, err
}

// ListCSMs lists managers, newest first, for the service and operators.
func (s *Store) ListCSMs(ctx context.Context, page Page) ([]CSM, string, error) {
	var out []CSM
	err := s.db.Read(ctx, func(tx *Tx) error {
		if err := tx.Scope.service(); err != nil {
			return err
		}
		return page.apply(tx.DB).Find(&out).Error
	})

	out, next := cut(page, out, func(c CSM) string { return c.ID })
	return out, next, err
}

// askForFirstCSM asks operators for the account's manager with its first fulfilled
// Select order (R35e, A8), in the transaction that fulfils it. The task's key
// decides: an account is asked for once, whichever order is first, and not again
// because somebody closed the task.
func askForFirstCSM(tx *Tx, acc Account) error {
	if acc.CSMID != nil {
		return nil
	}

	t := csmTask(tx, acc.ID, "Its first Select order was fulfilled (R35e).")
	return tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "dedupe_key"}},
		DoNothing: true,
	}).Create(&t).Error
}

func csmTask(tx *Tx, accountID, why string) OperatorTask {
	return OperatorTask{
		ID:        NewID(prefixTask),
		Kind:      TaskAssignCSM,
		SubjectID: accountID,
		AccountID: &accountID,
		DedupeKey: string(TaskAssignCSM) + "/" + accountID,
		What:      "Name the account's customer success manager.",
		Why:       why,
		State:     TaskOpen,
		CreatedAt: tx.Now(),
	}
}

// askForCSMs asks again for each account whose manager left.
func askForCSMs(tx *Tx, accounts []string) error {
	tasks := make([]OperatorTask, len(accounts))
	for i, id := range accounts {
		tasks[i] = csmTask(tx, id, "Its customer success manager has left (R35e).")
	}
	return tx.RaiseAll(tasks)
}

// settleCSMs closes the tasks of accounts whose manager is back.
func settleCSMs(tx *Tx, accounts []string) error {
	return tx.SettleAll(TaskAssignCSM, accounts, "the manager is back")
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

	err := s.db.Write(ctx, func(tx *Tx) error {
		if err := tx.Scope.service(); err != nil {
			return err
		}

		var err error
		if acc, err = lockForCSM(tx, a); err != nil {
			return err
		}
		if err := tx.Settle(TaskAssignCSM, acc.ID, "assign"); err != nil ||
			text(acc.CSMID) == a.CSMID {
			return err
		}

		before := text(acc.CSMID)
		acc.CSMID, acc.Version = &a.CSMID, acc.Version+1
		err = tx.Model(&Account{}).Where("id = ?", acc.ID).Select("csm_id", "version").Updates(&acc).Error
		if err != nil {
			return err
		}

		return accountAudit(tx, acc.ID, entry{
			"account.csm_assigned",
			acc.ID,
			withReason(a.Reason, map[string]any{"before": before, "after": a.CSMID}),
		})
	})

	return acc, err
}

// lockForCSM locks the manager before the account: one who leaves meanwhile either
// is seen here, or sees the account.
func lockForCSM(tx *Tx, a CSMAssignment) (Account, error) {
	var c CSM
	if err := tx.ForUpdate().Limit(1).Find(&c, "id = ?", a.CSMID).Error; err != nil {
		return Account{}, err
	}

	acc, err := lockAccount(tx, a.AccountID)
	if err != nil {
		return Account{}, err
	}
	if err := versioned(acc.Version, a.Version); err != nil {
		return Account{}, err
	}

	switch {
	case c.ID == "":
		return acc, rules.Invalid([]rules.FieldError{{
			Pointer: "/csm_id",
			Code:    rules.UnknownCSM,
			Message: "There is no such customer success manager.",
			Remedy:  "Send an id of the list of managers.",
		}})
	case !c.Active:
		return acc, rules.Refuse(rules.StateConflict, "This customer success manager has left.",
			"Name one who is active.")
	}

	return acc, nil
}

// CSMOf reads the manager of an account in scope; NOT_FOUND where none is named.
// Only the service and its operators see one who has left.
func (s *Store) CSMOf(ctx context.Context, accountID string) (CSM, error) {
	var c CSM
	err := s.db.Read(ctx, func(tx *Tx) error {
		q := tx.Scope.accounts(tx.Table("csms").
			Select("csms.*").
			Joins("JOIN accounts ON accounts.csm_id = csms.id"), "accounts.id")
		if !tx.Scope.System {
			q = q.Where("csms.active")
		}
		return found(q.Where("accounts.id = ?", accountID).Take(&c).Error)
	})

	return c, err
}
