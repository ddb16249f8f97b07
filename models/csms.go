package models

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// CreateCSM adds a customer success manager (R35e). An address that another one has
// answers VALIDATION_FAILED with DUPLICATE.
func (s *Store) CreateCSM(ctx context.Context, f rules.CSMForm, reason string) (CSM, error) {
	f = f.Normalise()
	if err := checkCSM(f, reason); err != nil {
		return CSM{}, err
	}
	c := CSM{ID: NewID(prefixCSM), Name: f.Name, Email: f.Email, Phone: f.Phone, Active: true, CreatedAt: s.clock.Now(), Version: 1}
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		if err := takenAddress(tx.Create(&c).Error); err != nil {
			return err
		}
		return s.appendAudit(tx, scope, c.ID, nil, true, entry{"csm.created", c.ID, withReason(reason, map[string]any{})})
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
	return rules.Invalid([]rules.FieldError{{Pointer: "/email", Code: rules.Duplicate, Message: "Another customer success manager has this address.", Remedy: "Change that one, or send another address."}})
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
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		c = CSM{}
		if err := found(s.forUpdate(tx).First(&c, "id = ?", id).Error); err != nil {
			return err
		}
		if err := versioned(c.Version, change.Version); err != nil {
			return err
		}
		before := c.Active
		c.Name, c.Email, c.Phone, c.Active, c.Version = f.Name, f.Email, f.Phone, change.Active, c.Version+1
		err := takenAddress(tx.Model(&CSM{}).Where("id = ?", id).Select("name", "email", "phone", "active", "version").Updates(&c).Error)
		if err != nil {
			return err
		}
		accounts, err := s.comeOrGo(tx, scope, c, before)
		if err != nil {
			return err
		}
		return s.appendAudit(tx, scope, c.ID, nil, false, entry{"csm.changed", c.ID,
			withReason(change.Reason, map[string]any{"active_before": before, "active_after": c.Active, "accounts": accounts})})
	})
	return c, err
}

// comeOrGo asks for another manager of each account of one who left, or asks no
// more. It tells of how many accounts.
func (s *Store) comeOrGo(tx *gorm.DB, scope Scope, c CSM, wasActive bool) (int, error) {
	if c.Active == wasActive {
		return 0, nil
	}
	var accounts []string
	if err := tx.Model(&Account{}).Where("csm_id = ?", c.ID).Order("id").Pluck("id", &accounts).Error; err != nil {
		return 0, err
	}
	for some := range batches(accounts, 500) {
		err := s.askForCSMs(tx, some)
		if c.Active {
			err = s.settleCSMs(tx, scope, some)
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
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		return found(tx.First(&c, "id = ?", id).Error)
	})
	return c, err
}

// ListCSMs lists managers, newest first, for the service and operators.
func (s *Store) ListCSMs(ctx context.Context, page Page) ([]CSM, string, error) {
	var out []CSM
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		return page.apply(tx).Find(&out).Error
	})
	out, next := cut(page, out, func(c CSM) string { return c.ID })
	return out, next, err
}
