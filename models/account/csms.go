package account

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
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
func (s *Accounts) CreateCSM(ctx context.Context, f rules.CSMForm, reason string) (CSM, error) {
	f = f.Normalise()
	if err := checkCSM(f, reason); err != nil {
		return CSM{}, err
	}

	c := CSM{
		ID:        db.NewID(db.PrefixCSM),
		Name:      f.Name,
		Email:     f.Email,
		Phone:     f.Phone,
		Active:    true,
		CreatedAt: s.db.Now(),
		Version:   1,
	}

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if err := takenAddress(tx.Create(&c).Error); err != nil {
			return err
		}

		return tx.Audit(c.ID, nil, true, db.Entry{
			Verb: "csm.created", ObjectID: c.ID, Details: db.WithReason(reason, map[string]any{}),
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

// CSMChange replaces what is known of a manager.
type CSMChange struct {
	Form    rules.CSMForm
	Active  bool
	Version int64 // the version that the caller read; 0 for any
	Reason  string
}

// ChangeCSM changes a manager. When a manager leaves, an operator's task asks for
// another one for each of the accounts; when the manager comes back, these tasks are
// closed (R35e).
func (s *Accounts) ChangeCSM(ctx context.Context, id string, change CSMChange) (CSM, error) {
	f := change.Form.Normalise()
	if err := checkCSM(f, change.Reason); err != nil {
		return CSM{}, err
	}

	var c CSM
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		c = CSM{}
		if err := db.Found(tx.ForUpdate().First(&c, "id = ?", id).Error); err != nil {
			return err
		}
		if err := db.Versioned(c.Version, change.Version); err != nil {
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

		return tx.Audit(c.ID, nil, false, db.Entry{
			Verb:     "csm.changed",
			ObjectID: c.ID,
			Details: db.WithReason(change.Reason, map[string]any{
				"active_before": before,
				"active_after":  c.Active,
				"accounts":      accounts,
			}),
		})
	})

	return c, err
}

// comeOrGo asks operators for another manager for each account of one who left, or
// closes these tasks when the manager is back. It returns the number of accounts.
func comeOrGo(tx *db.Tx, c CSM, wasActive bool) (int, error) {
	if c.Active == wasActive {
		return 0, nil
	}

	var accounts []string
	err := tx.Model(&Account{}).Where("csm_id = ?", c.ID).Order("id").Pluck("id", &accounts).Error
	if err != nil {
		return 0, err
	}

	for some := range db.Batches(accounts, 500) {
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
func (s *Accounts) GetCSM(ctx context.Context, id string) (CSM, error) {
	var c CSM
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return db.Found(tx.First(&c, "id = ?", id).Error)
	})
	return c, err
}

// ListCSMs lists managers, newest first, for the service and operators.
func (s *Accounts) ListCSMs(ctx context.Context, page db.Page) ([]CSM, string, error) {
	var out []CSM
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return page.Apply(tx.DB).Find(&out).Error
	})

	out, next := db.Cut(page, out, func(c CSM) string { return c.ID })
	return out, next, err
}

// AskForFirstCSM asks operators for the account's manager with its first fulfilled
// Select order (R35e, A8), in the transaction that fulfils it. The task's key
// decides: an account is asked for once, whichever order is first, and not again
// because somebody closed the task.
func AskForFirstCSM(tx *db.Tx, acc Account) error {
	if acc.CSMID != nil {
		return nil
	}

	t := csmTask(tx, acc.ID, "Its first Select order was fulfilled.")
	return tx.RaiseOnce(t)
}

func csmTask(tx *db.Tx, accountID, why string) db.OperatorTask {
	return db.OperatorTask{
		ID:        db.NewID(db.PrefixTask),
		Kind:      db.TaskAssignCSM,
		SubjectID: accountID,
		AccountID: &accountID,
		DedupeKey: string(db.TaskAssignCSM) + "/" + accountID,
		What:      "Name the account's customer success manager.",
		Why:       why,
		State:     db.TaskOpen,
		CreatedAt: tx.Now(),
	}
}

// askForCSMs asks again for each account whose manager left.
func askForCSMs(tx *db.Tx, accounts []string) error {
	tasks := make([]db.OperatorTask, len(accounts))
	for i, id := range accounts {
		tasks[i] = csmTask(tx, id, "Its customer success manager has left.")
	}
	return tx.RaiseAll(tasks)
}

// settleCSMs closes the tasks of accounts whose manager is back.
func settleCSMs(tx *db.Tx, accounts []string) error {
	return tx.SettleAll(db.TaskAssignCSM, accounts, "the manager is back")
}

// CSMAssignment names an account's manager from now on.
type CSMAssignment struct {
	AccountID string
	CSMID     string
	Version   int64 // of the account, as the caller read it; 0 for any
	Reason    string
}

// AssignCSM gives an account its customer success manager (R35e) and closes the task
// that asked for one. A manager who has left answers STATE_CONFLICT, one that does not
// exist VALIDATION_FAILED. Naming the same one again changes nothing.
func (s *Accounts) AssignCSM(ctx context.Context, a CSMAssignment) (Account, error) {
	if err := rules.CheckReason(a.Reason); err != nil {
		return Account{}, err
	}

	var acc Account

	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var err error
		if acc, err = lockForCSM(tx, a); err != nil {
			return err
		}
		if err := tx.Settle(db.TaskAssignCSM, acc.ID, "assign"); err != nil ||
			db.Text(acc.CSMID) == a.CSMID {
			return err
		}

		before := db.Text(acc.CSMID)
		acc.CSMID, acc.Version = &a.CSMID, acc.Version+1
		err = tx.Model(&Account{}).Where("id = ?", acc.ID).Select("csm_id", "version").
			Updates(&acc).Error
		if err != nil {
			return err
		}

		return Audit(tx, acc.ID, db.Entry{
			Verb:     "account.csm_assigned",
			ObjectID: acc.ID,
			Details:  db.WithReason(a.Reason, map[string]any{"before": before, "after": a.CSMID}),
		})
	})

	return acc, err
}

// lockForCSM locks the manager before the account: one who leaves meanwhile either
// is seen here, or sees the account.
func lockForCSM(tx *db.Tx, a CSMAssignment) (Account, error) {
	var c CSM
	if err := tx.ForUpdate().Limit(1).Find(&c, "id = ?", a.CSMID).Error; err != nil {
		return Account{}, err
	}

	acc, err := Lock(tx, a.AccountID)
	if err != nil {
		return Account{}, err
	}
	if err := db.Versioned(acc.Version, a.Version); err != nil {
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
func (s *Accounts) CSMOf(ctx context.Context, accountID string) (CSM, error) {
	var c CSM
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.Table("csms").
			Select("csms.*").
			Joins("JOIN accounts ON accounts.csm_id = csms.id"), "accounts.id")
		if !tx.Scope.System {
			q = q.Where("csms.active")
		}
		return db.Found(q.Where("accounts.id = ?", accountID).Take(&c).Error)
	})

	return c, err
}
