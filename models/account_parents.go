package models

import (
	"cmp"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// openParent finds the parent of a customer's company or registers it; that of a
// merged one is the parent that took over (S27).
func openParent(tx *Tx, company string) (parent Org, fresh bool, err error) {
	o, fresh, err := insertOrg(tx, OrgCustomerParent, company)
	if err != nil || fresh {
		return o, fresh, err
	}
	parent, err = followMerge(tx, "name_key = ?", o.NameKey)
	return parent, false, err
}

// parentFor returns the parent of a new account: the one of this id, or the company's
// where the id is empty.
func parentFor(tx *Tx, id, company string) (Org, error) {
	if id != "" {
		return followMerge(tx, "id = ?", id)
	}
	parent, _, err := openParent(tx, company)
	return parent, err
}

// followMerge reads a customer's parent, or the one it was merged into, and keeps
// it from being merged until the transaction ends: an account that is added to it
// here cannot be left behind.
func followMerge(tx *Tx, where string, arg string) (Org, error) {
	var o Org
	err := keepKey(tx.DB).Where("kind = ?", OrgCustomerParent).Where(where, arg).First(&o).Error
	if err != nil || o.MergedInto == nil {
		return o, found(err)
	}

	var into Org
	err = keepKey(tx.DB).First(&into, "id = ?", *o.MergedInto).Error
	return into, found(err)
}

// lockParents locks customers' parents in the order of their ids. It leaves their
// keys free: accounts that are added to one meanwhile do not wait for it, and two
// orders that each added an account do not wait for each other in a circle.
func lockParents(tx *Tx, where string, args ...any) ([]Org, error) {
	q := tx.DB
	if tx.Postgres() {
		q = tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"})
	}
	var parents []Org
	err := q.Where(where, args...).Order("id").Find(&parents).Error
	return parents, err
}

// lockParentsOf locks the parents of accounts and returns the parent of each account.
// One that was moved to another parent meanwhile makes the transaction run again.
func lockParentsOf(tx *Tx, accountIDs []string) (map[string]string, error) {
	parents, err := lockParents(tx, "id IN (?)",
		tx.Model(&Account{}).Select("parent_org_id").Where("id IN ?", accountIDs))
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

// lockWithParent locks an account and its parent, in this order, in one statement:
// the count of the parent's spares that may follow sees what others committed. No
// row means that the account was moved to another parent while this waited.
func lockWithParent(tx *Tx, where string, arg string) (Account, error) {
	query := `SELECT accounts.* FROM accounts
		JOIN orgs ON orgs.id = accounts.parent_org_id
		WHERE ` + where
	if tx.Postgres() {
		query += " FOR UPDATE OF accounts FOR NO KEY UPDATE OF orgs"
	}

	var acc Account
	res := tx.Raw(query, arg).Scan(&acc)
	if res.Error != nil {
		return acc, res.Error
	}

	if res.RowsAffected == 0 {
		return acc, errParentMoved
	}
	return acc, nil
}

// twoParents are the parents of a merge or split, locked against orders,
// cancellations and sweeps.
type twoParents struct{ a, b Org }

// lockBoth locks two parents in the order of their ids, and with them which accounts
// are theirs. It answers NOT_FOUND where the first is no customer's parent; the second
// is empty then.
func lockBoth(tx *Tx, a, b string) (twoParents, error) {
	var rows []Org
	err := tx.ForUpdate().Where("id IN ? AND kind = ?", []string{a, b}, OrgCustomerParent).
		Order("id").Find(&rows).Error
	if err != nil {
		return twoParents{}, err
	}

	var p twoParents
	for _, o := range rows {
		switch o.ID {
		case a:
			p.a = o
		case b:
			p.b = o
		}
	}

	if p.a.ID == "" {
		return p, errNotFound()
	}

	return p, nil
}

// moveAccounts gives accounts another parent, with an entry in the chain of each.
func moveAccounts(
	tx *Tx, accounts []Account, to, reason string,
) error {
	ids := idsOf(accounts, func(a Account) string { return a.ID })
	for some := range batches(ids, 1000) {
		err := tx.Model(&Account{}).Where("id IN ?", some).
			Updates(map[string]any{"parent_org_id": to, "version": gorm.Expr("version + 1")}).Error
		if err != nil {
			return err
		}
	}

	for _, a := range accounts {
		changed := entry{"account.parent_changed", a.ID, withReason(reason, map[string]any{
			"before": a.ParentOrgID,
			"after":  to,
		})}

		if err := accountAudit(tx, a.ID, changed); err != nil {
			return err
		}
	}

	return nil
}

// markMerged notes on a parent, and on those that were merged into it before, which
// parent took over (S27).
func markMerged(tx *Tx, fromID, intoID string) error {
	return tx.Model(&Org{}).
		Where("id = ? OR merged_into = ?", fromID, fromID).
		Update("merged_into", intoID).Error
}

// openAgain forgets that a parent was merged into another.
func openAgain(tx *Tx, id string) error {
	return tx.Model(&Org{}).Where("id = ?", id).Update("merged_into", nil).Error
}

// parentAudit notes a merge or split in the chains of both parents (S27).
func parentAudit(
	tx *Tx, verb string, p twoParents, accounts []Account, reason string,
) error {
	details := withReason(reason, map[string]any{
		"from":     p.a.ID,
		"into":     p.b.ID,
		"accounts": len(accounts),
	})

	for _, o := range []Org{p.a, p.b} {
		if err := tx.Audit(o.ID, nil, false, entry{
			verb, o.ID, details,
		}); err != nil {
			return err
		}
	}

	return nil
}

func mergedElsewhere(o Org, into string) error {
	if o.MergedInto == nil || cmp.Or(into, "-") == *o.MergedInto {
		return nil
	}
	return rules.Refuse(rules.StateConflict, "This parent was merged into another.",
		"Read it to see which one took over, and name that one.")
}

// parentsInScope narrows a query on organisations to the customers' parents in scope.
func parentsInScope(tx *Tx) *gorm.DB {
	q := tx.Where("kind = ?", OrgCustomerParent)
	if tx.Scope.System {
		return q
	}

	own := tx.Scope.accounts(tx.Model(&Account{}), "id").Select("parent_org_id")
	return q.Where("id IN (?)", own)
}
