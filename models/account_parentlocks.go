package models

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// lockParents locks customers' parents in the order of their ids. It leaves their
// keys free: accounts that are added to one meanwhile do not wait for it, and two
// orders that each added an account do not wait for each other in a circle.
func (s *Store) lockParents(tx *gorm.DB, where string, args ...any) ([]Org, error) {
	q := tx
	if s.postgres() {
		q = tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
	}
	var parents []Org
	err := q.Where(where, args...).Order("id").Find(&parents).Error
	return parents, err
}

// lockParentsOf locks the parents of accounts and returns the parent of each. An
// account that was moved to another parent meanwhile makes the transaction run
// again.
func (s *Store) lockParentsOf(tx *gorm.DB, accountIDs []string) (map[string]string, error) {
	of := tx.Model(&Account{}).Select("parent_org_id").Where("id IN ?", accountIDs)
	parents, err := s.lockParents(tx, "id IN (?)", of)
	if err != nil {
		return nil, err
	}
	locked := map[string]bool{}
	for _, p := range parents {
		locked[p.ID] = true
	}

	var accounts []Account
	err = tx.Select("id", "parent_org_id").Where("id IN ?", accountIDs).Find(&accounts).Error
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(accounts))
	for _, a := range accounts {
		if !locked[a.ParentOrgID] {
			return nil, errParentMoved
		}
		out[a.ID] = a.ParentOrgID
	}
	return out, nil
}

// parentsInScope narrows a query on organisations to the customers' parents in scope.
func parentsInScope(tx *gorm.DB, scope Scope) *gorm.DB {
	q := tx.Where("kind = ?", OrgCustomerParent)
	if scope.System {
		return q
	}
	own := scope.accounts(tx.Model(&Account{}), "id").Select("parent_org_id")
	return q.Where("id IN (?)", own)
}
