package models

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// GetSpareUnit reads one spare unit.
func (s *Store) GetSpareUnit(ctx context.Context, id string) (SpareUnit, error) {
	var u SpareUnit
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.accounts(tx, "account_id").First(&u, "id = ?", id).Error)
	})
	return u, err
}

// SpareFilter narrows a list of spare units; empty fields do not narrow.
type SpareFilter struct {
	ParentID  string
	AccountID string
	SiteID    string
	ModelCode string
	State     rules.SpareState
	Serial    string
	Open      bool // not at its end
	Page      Page
}

// ListSpareUnits lists the spare units in scope, newest first. A tenant sees those
// of its accounts; before a site is chosen a unit is nobody's yet.
func (s *Store) ListSpareUnits(ctx context.Context, f SpareFilter) ([]SpareUnit, string, error) {
	var out []SpareUnit
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.accounts(tx, "account_id")
		for column, value := range map[string]string{"parent_org_id": f.ParentID, "account_id": f.AccountID, "site_id": f.SiteID,
			"model_code": rules.NormaliseModelCode(f.ModelCode), "state": string(f.State), "serial": rules.NormaliseSerial(f.Serial)} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}
		if f.Open {
			q = q.Where("closed_at IS NULL")
		}
		return f.Page.apply(q).Find(&out).Error
	})
	out, next := cut(f.Page, out, func(u SpareUnit) string { return u.ID })
	return out, next, err
}
