package models

import (
	"cmp"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// openParent finds the parent of a customer's company or registers it; that of a
// merged one is the parent that took over (S27).
func (s *Store) openParent(tx *gorm.DB, company string) (parent Org, fresh bool, err error) {
	o, fresh, err := s.insertOrg(tx, OrgCustomerParent, company)
	if err != nil || fresh {
		return o, fresh, err
	}
	parent, err = s.followMerge(tx, "name_key = ?", o.NameKey)
	return parent, false, err
}

// parentFor gives the parent of a new account: the one that is named by its id, or
// that of the company.
func (s *Store) parentFor(tx *gorm.DB, id, company string) (Org, error) {
	if id != "" {
		return s.followMerge(tx, "id = ?", id)
	}
	parent, _, err := s.openParent(tx, company)
	return parent, err
}

// followMerge reads a customer's parent, or the one it was merged into, and keeps
// it from being merged until the transaction ends: an account that is added to it
// here cannot be left behind.
func (s *Store) followMerge(tx *gorm.DB, where string, arg string) (Org, error) {
	var o Org
	err := s.keepKey(tx).Where("kind = ?", OrgCustomerParent).Where(where, arg).First(&o).Error
	if err != nil || o.MergedInto == nil {
		return o, found(err)
	}
	var into Org
	return into, found(s.keepKey(tx).First(&into, "id = ?", *o.MergedInto).Error)
}

func (s *Store) keepKey(tx *gorm.DB) *gorm.DB {
	if !s.postgres() {
		return tx
	}
	return tx.Clauses(clause.Locking{Strength: "KEY SHARE"})
}

// twoParents are the parents of a merge or split, locked against orders,
// cancellations and sweeps.
type twoParents struct{ a, b Org }

// lockBoth locks two parents in the order of their ids, new accounts included.
func (s *Store) lockBoth(tx *gorm.DB, a, b string) (twoParents, error) {
	var rows []Org
	err := s.forUpdate(tx).Where("id IN ? AND kind = ?", []string{a, b}, OrgCustomerParent).Order("id").Find(&rows).Error
	var p twoParents
	for _, o := range rows {
		switch o.ID {
		case a:
			p.a = o
		case b:
			p.b = o
		}
	}
	if err == nil && p.a.ID == "" {
		err = errNotFound()
	}
	return p, err
}

// moveAccounts gives accounts another parent, their tokens with them, with an entry
// in the chain of each.
func (s *Store) moveAccounts(tx *gorm.DB, scope Scope, accounts []Account, to, reason string) error {
	ids := idsOf(accounts, func(a Account) string { return a.ID })
	for some := range batches(ids, 1000) {
		if err := tx.Model(&Account{}).Where("id IN ?", some).Updates(map[string]any{"parent_org_id": to, "version": gorm.Expr("version + 1")}).Error; err != nil {
			return err
		}
		if err := tx.Model(&APIToken{}).Where("account_id IN ?", some).Update("org_id", to).Error; err != nil {
			return err
		}
	}
	for _, a := range accounts {
		if err := s.accountAudit(tx, scope, a.ID, entry{"account.parent_changed", a.ID, withReason(reason, map[string]any{"before": a.ParentOrgID, "after": to})}); err != nil {
			return err
		}
	}
	return nil
}

// parentAudit notes a merge or split in the chains of both parents (S27).
func (s *Store) parentAudit(tx *gorm.DB, scope Scope, verb string, p twoParents, accounts []Account, reason string) error {
	details := withReason(reason, map[string]any{"from": p.a.ID, "into": p.b.ID, "accounts": len(accounts)})
	for _, o := range []Org{p.a, p.b} {
		if err := s.appendAudit(tx, scope, o.ID, nil, false, entry{verb, o.ID, details}); err != nil {
			return err
		}
	}
	return nil
}

func mergedElsewhere(o Org, into string) error {
	if o.MergedInto == nil || cmp.Or(into, "-") == *o.MergedInto {
		return nil
	}
	return rules.Refuse(rules.StateConflict, "This parent was merged into another.", "Read it to see which one took over, and name that one.")
}
