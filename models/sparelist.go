package models

import (
	"context"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// ListSpares lists what customers' parents have earned, newest parent first; a
// tenant is told the number of its own parent only (R82b).
func (s *Store) ListSpares(ctx context.Context, page Page) ([]Spares, string, error) {
	var out []Spares
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var parents []Org
		if err := page.apply(scope.parents(tx)).Find(&parents).Error; err != nil {
			return err
		}
		var err error
		out, err = s.sparesOf(tx, scope, parents)
		return err
	})
	out, next := cut(page, out, func(p Spares) string { return p.ParentOrgID })
	return out, next, err
}

// GetSpares tells what a parent has earned. One that is not the tenant's own is
// not found.
func (s *Store) GetSpares(ctx context.Context, parentID string) (Spares, error) {
	var out Spares
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var parent Org
		if err := scope.parents(tx).First(&parent, "id = ?", parentID).Error; err != nil {
			return found(err)
		}
		all, err := s.sparesOf(tx, scope, []Org{parent})
		if err == nil {
			out = all[0]
		}
		return err
	})
	return out, err
}

// parents narrows a query on organisations to the customers' parents in scope.
func (s Scope) parents(tx *gorm.DB) *gorm.DB {
	q := tx.Where("kind = ?", OrgCustomerParent)
	if s.System {
		return q
	}
	return q.Where("id IN (?)", s.accounts(tx.Model(&Account{}), "id").Select("parent_org_id"))
}

// sparesOf counts for the service and its operators; for a tenant, who cannot see
// its parent's other accounts, it reads the ledger alone.
func (s *Store) sparesOf(tx *gorm.DB, scope Scope, parents []Org) ([]Spares, error) {
	counts, err := s.countSpares(tx, idsOf(parents, func(o Org) string { return o.ID })...)
	out := make([]Spares, len(parents))
	for i, p := range parents {
		out[i] = Spares{ParentOrgID: p.ID, Name: p.Name, MergedInto: text(p.MergedInto), Entitled: counts[p.ID].Balance}
		if scope.System {
			out[i].Licences = counts[p.ID].Licences
		}
	}
	return out, err
}

// ListSpareLines lists a parent's ledger, newest first, for the service and its
// operators only: its lines name orders of all the parent's accounts (R82b).
func (s *Store) ListSpareLines(ctx context.Context, parentID string, page Page) ([]SpareLine, string, error) {
	var out []SpareLine
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		if err := found(scope.parents(tx).Select("id").First(&Org{}, "id = ?", parentID).Error); err != nil {
			return err
		}
		q := tx.Where("parent_org_id = ?", parentID)
		if page.After != "" { // lines of one change have ids of one instant: their number is the order
			q = q.Where("seq < (SELECT seq FROM spare_ledger WHERE id = ? AND parent_org_id = ?)", page.After, parentID)
		}
		return q.Order("seq DESC").Limit(page.size() + 1).Find(&out).Error
	})
	out, next := cut(page, out, func(l SpareLine) string { return l.ID })
	return out, next, err
}

// SpareLines reads the whole ledger of a parent, oldest first, as rules see it.
func (s *Store) SpareLines(ctx context.Context, parentID string) ([]rules.SpareEntry, error) {
	var lines []SpareLine
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		return tx.Where("parent_org_id = ?", parentID).Order("seq").Find(&lines).Error
	})
	out := make([]rules.SpareEntry, len(lines))
	for i, l := range lines {
		out[i] = rules.SpareEntry{Delta: l.Delta, Cause: l.Cause, SourceID: l.SourceID}
	}
	return out, err
}
