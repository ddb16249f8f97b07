package models

import (
	"context"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// NotAParent is the code of a field that names no customer's parent to work on.
const NotAParent = "NOT_A_PARENT"

// ParentChange is what a merge or split did: the two parents as they stand now,
// and the accounts that moved.
type ParentChange struct {
	From  Spares
	Into  Spares
	Moved []string
}

// MergeParents merges a customer's parent into another (S27): its accounts, its
// balance of spares and its company's later accounts go there. Only growth grants:
// 30 and 30 earn one. The same merge again changes nothing; a parent that was
// merged elsewhere answers STATE_CONFLICT. Both parents and every account note it.
func (s *Store) MergeParents(ctx context.Context, fromID, intoID, reason string) (ParentChange, error) {
	if err := rules.CheckReason(reason); err != nil {
		return ParentChange{}, err
	}
	if fromID == intoID {
		return ParentChange{}, notAParent("/into", "A parent cannot be merged into itself.")
	}
	ref, err := s.Reference(ctx)
	if err != nil {
		return ParentChange{}, err
	}
	var moved []Account
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		moved, err = s.merge(tx, scope, ref, fromID, intoID, reason)
		return err
	})
	if err != nil {
		return ParentChange{}, err
	}
	return s.parentChange(ctx, fromID, intoID, moved)
}

// merge locks the accounts before the parents, as an order does.
func (s *Store) merge(tx *gorm.DB, scope Scope, ref Reference, fromID, intoID, reason string) ([]Account, error) {
	var accounts []Account
	if err := s.forUpdate(tx).Where("parent_org_id = ?", fromID).Order("id").Find(&accounts).Error; err != nil {
		return nil, err
	}
	p, err := s.lockBoth(tx, fromID, intoID)
	if err != nil {
		return nil, err
	}
	switch {
	case p.b.ID == "":
		return nil, notAParent("/into", "This is no customer's parent.")
	case p.a.MergedInto != nil && *p.a.MergedInto == intoID:
		return accounts, nil // merged already: it has none
	}
	for _, o := range []Org{p.a, p.b} {
		if err := mergedElsewhere(o, ""); err != nil {
			return nil, err
		}
	}
	// One more look: an order may have added an account before the lock was here.
	if err := tx.Where("parent_org_id = ?", fromID).Order("id").Find(&accounts).Error; err != nil {
		return nil, err
	}
	if err := s.moveAccounts(tx, scope, accounts, intoID, reason); err != nil {
		return nil, err
	}
	if err := tx.Model(&Org{}).Where("id = ? OR merged_into = ?", fromID, fromID).Update("merged_into", intoID).Error; err != nil {
		return nil, err
	}
	if err := s.parentAudit(tx, scope, "parent.merged", p, accounts, reason); err != nil {
		return nil, err
	}
	return accounts, s.mergeSpares(tx, scope, ref, fromID, intoID)
}

// mergeSpares moves the balance and its units over and counts both together.
func (s *Store) mergeSpares(tx *gorm.DB, scope Scope, ref Reference, fromID, intoID string) error {
	counts, err := s.countSpares(tx, fromID, intoID)
	if err != nil {
		return err
	}
	from, into := counts[fromID], counts[intoID]
	if err := tx.Model(&SpareUnit{}).Where("parent_org_id = ?", fromID).Update("parent_org_id", intoID).Error; err != nil {
		return err
	}
	m := rules.MergeSpares(fromID, intoID, from.Balance, into.Balance, into.Licences, ref.Program.SpareRatio)
	if err := s.writeSpares(tx, scope, from, m.From...); err != nil {
		return err
	}
	return s.writeSpares(tx, scope, into, m.Into...)
}

func notAParent(pointer, message string) error {
	return rules.Invalid([]rules.FieldError{{Pointer: pointer, Code: NotAParent, Message: message, Remedy: "Name an organisation of the kind CUSTOMER_PARENT."}})
}

func (s *Store) parentChange(ctx context.Context, fromID, intoID string, moved []Account) (ParentChange, error) {
	from, err := s.GetSpares(ctx, fromID)
	if err != nil {
		return ParentChange{}, err
	}
	into, err := s.GetSpares(ctx, intoID)
	return ParentChange{from, into, idsOf(moved, func(a Account) string { return a.ID })}, err
}
