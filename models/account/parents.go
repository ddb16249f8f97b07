package account

import (
	"cmp"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// openParent finds the parent of a customer's company, known by its full name and country,
// or registers it (S60); that of a merged one is the parent that took over (S27). A new one
// whose name others resemble, under another legal form or in another country, is proposed
// to an operator: until somebody merges them nothing is summed.
func openParent(tx *db.Tx, company, country string) (parent Org, fresh bool, err error) {
	o, fresh, alike, err := insertOrg(tx, OrgCustomerParent, company, country)
	if err != nil {
		return o, fresh, err
	}

	if !fresh {
		parent, err = followMerge(tx, "full_key = ? AND country = ?", o.FullKey, o.Country)
		return parent, false, err
	}

	if alike > 0 {
		err = tx.Raise(oneParentTask(o.ID))
	}
	return o, true, err
}

// oneParentTask asks whether a customer's parent and others of its name are one company.
func oneParentTask(parentID string) db.OperatorTask {
	return db.OperatorTask{
		Kind:      db.TaskOneParent,
		SubjectID: parentID,
		What: "Find out whether this customer's parent and those of a name alike are one " +
			"company: merge them, with a reason, or close the task.",
		Why: "SAME_NAME_OTHER_FORM_OR_COUNTRY",
	}
}

// SettleOneParent closes the question whether a parent that was merged into another is one
// company with it, and the other's question where no further parent of its name is left.
func SettleOneParent(tx *db.Tx, merged, into Org) error {
	settled := []string{merged.ID}

	var left int64
	err := tx.Model(&Org{}).
		Where("kind = ? AND company_key = ? AND merged_into IS NULL", into.Kind, into.CompanyKey).
		Where("id NOT IN ?", []string{merged.ID, into.ID}).
		Count(&left).Error
	if err != nil {
		return err
	}

	if left == 0 && merged.CompanyKey == into.CompanyKey {
		settled = append(settled, into.ID)
	}
	q := tx.Where("kind = ? AND subject_id IN ?", db.TaskOneParent, settled)
	return db.SettleWhere(tx, q, "merged")
}

// EnsureParent finds the customer's parent of this full name and country, or registers it.
func EnsureParent(tx *db.Tx, company, country string) (Org, error) {
	o, fresh, _, err := insertOrg(tx, OrgCustomerParent, company, country)
	if err != nil || fresh {
		return o, err
	}
	var stored Org
	err = tx.First(&stored, "kind = ? AND full_key = ? AND country = ?",
		OrgCustomerParent, o.FullKey, o.Country).Error
	return stored, err
}

// parentFor returns the parent of a new account: the one of this id, or the company's
// where the id is empty.
func parentFor(tx *db.Tx, id string, p rules.Party) (Org, error) {
	if id != "" {
		return followMerge(tx, "id = ?", id)
	}
	parent, _, err := openParent(tx, p.Company, p.Address.Country)
	return parent, err
}

// followMerge reads a customer's parent, or the one it was merged into, and keeps
// it from being merged until the transaction ends: an account that is added to it
// here cannot be left behind.
func followMerge(tx *db.Tx, where string, args ...any) (Org, error) {
	var o Org
	err := db.KeepKey(tx.DB).
		Where("kind = ?", OrgCustomerParent).
		Where(where, args...).
		First(&o).Error
	if err != nil || o.MergedInto == nil {
		return o, db.Found(err)
	}

	var into Org
	err = db.KeepKey(tx.DB).First(&into, "id = ?", *o.MergedInto).Error
	return into, db.Found(err)
}

// LockParents locks customers' parents in the order of their ids. It leaves their
// keys free: accounts that are added to one meanwhile do not wait for it, and two
// orders that each added an account do not wait for each other in a circle.
func LockParents(tx *db.Tx, where string, args ...any) ([]Org, error) {
	var parents []Org
	q := db.LockWith(tx.DB, clause.Locking{Strength: "NO KEY UPDATE"})
	err := q.Where(where, args...).Order("id").Find(&parents).Error
	return parents, err
}

// LockParentsOf locks the parents of accounts and returns the parent of each account.
// One that was moved to another parent meanwhile makes the transaction run again.
func LockParentsOf(tx *db.Tx, accountIDs []string) (map[string]string, error) {
	parents, err := LockParents(tx, "id IN (?)",
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
			return nil, db.ErrParentMoved
		}
		out[a.ID] = a.ParentOrgID
	}

	return out, nil
}

// lockWithParent locks an account and its parent, in this order, in one statement:
// the count of the parent's spares that may follow sees what others committed. No
// row means that the account was moved to another parent while this waited.
func lockWithParent(tx *db.Tx, where string, arg string) (Account, error) {
	query := `SELECT accounts.* FROM accounts
		JOIN orgs ON orgs.id = accounts.parent_org_id
		WHERE ` + where
	if tx.Postgres() {
		query += " FOR UPDATE OF accounts FOR NO KEY UPDATE OF orgs"
	}

	var acc Account
	tx.WaitForLock()
	res := tx.Raw(query, arg).Scan(&acc)
	if res.Error != nil {
		return acc, res.Error
	}

	if res.RowsAffected == 0 {
		return acc, db.ErrParentMoved
	}
	return acc, nil
}

// LockWithParent locks an account and then its parent. An account that was moved to
// another parent meanwhile makes the transaction run again.
func LockWithParent(tx *db.Tx, id string) (Account, error) {
	return lockWithParent(tx, "accounts.id = ?", id)
}

// LockAll locks accounts in the order of their ids.
func LockAll(tx *db.Tx, ids []string) error {
	var locked []Account
	return tx.ForUpdate().Select("id").Where("id IN ?", ids).Order("id").Find(&locked).Error
}

// twoParents are the parents of a merge or split, locked against orders,
// cancellations and sweeps.
type twoParents struct{ A, B Org }

// LockBoth locks two parents in the order of their ids, and keeps their accounts from
// changing parent. It answers NOT_FOUND where the first is no customer's parent; the
// second is empty then.
func LockBoth(tx *db.Tx, a, b string) (twoParents, error) {
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
			p.A = o
		case b:
			p.B = o
		}
	}

	if p.A.ID == "" {
		return p, db.NotFound()
	}

	return p, nil
}

// MoveAccounts gives accounts another parent, with an entry in the chain of each.
func MoveAccounts(
	tx *db.Tx, accounts []Account, to, reason string,
) error {
	ids := db.IdsOf(accounts, func(a Account) string { return a.ID })
	for some := range db.Batches(ids, 1000) {
		err := tx.Model(&Account{}).Where("id IN ?", some).
			Updates(map[string]any{"parent_org_id": to, "version": gorm.Expr("version + 1")}).Error
		if err != nil {
			return err
		}
	}

	for _, a := range accounts {
		changed := db.Entry{
			Verb:     "account.parent_changed",
			ObjectID: a.ID,
			Details: db.WithReason(reason, map[string]any{
				"before": a.ParentOrgID,
				"after":  to,
			}),
		}

		if err := Audit(tx, a.ID, changed); err != nil {
			return err
		}
	}

	return nil
}

// ConfirmAccounts records that an operator put accounts under the parent that they have
// now (S60): ids names them, none means all of that parent's.
func ConfirmAccounts(tx *db.Tx, parentID string, ids ...string) error {
	q := tx.Model(&Account{}).Where("parent_org_id = ?", parentID)
	if len(ids) > 0 {
		q = q.Where("id IN ?", ids)
	}
	return q.Update("confirmed_parent", parentID).Error
}

// MarkParted records that an operator parted accounts of two parents (S27), which no proof
// joins again by itself.
func MarkParted(tx *db.Tx, ids ...string) error {
	return tx.Model(&Org{}).Where("id IN ?", ids).Update("parted_at", tx.Now()).Error
}

// IsParted reports whether an operator parted one of the parents from others.
func IsParted(tx *db.Tx, ids ...string) (bool, error) {
	var n int64
	err := tx.Model(&Org{}).Where("id IN ? AND parted_at IS NOT NULL", ids).Count(&n).Error
	return n > 0, err
}

// MarkMerged records on a parent, and on those that were merged into it before, which
// parent took over (S27).
func MarkMerged(tx *db.Tx, fromID, intoID string) error {
	return tx.Model(&Org{}).
		Where("id = ? OR merged_into = ?", fromID, fromID).
		Update("merged_into", intoID).Error
}

// OpenAgain makes a parent that was merged into another independent again.
func OpenAgain(tx *db.Tx, id string) error {
	return tx.Model(&Org{}).Where("id = ?", id).Update("merged_into", nil).Error
}

// ParentAudit audits a merge or split in the chains of both parents (S27).
func ParentAudit(
	tx *db.Tx, verb string, p twoParents, accounts []Account, reason string,
) error {
	details := db.WithReason(reason, map[string]any{
		"from":     p.A.ID,
		"into":     p.B.ID,
		"accounts": len(accounts),
	})

	for _, o := range []Org{p.A, p.B} {
		if err := tx.Audit(o.ID, nil, false, db.Entry{
			Verb: verb, ObjectID: o.ID, Details: details,
		}); err != nil {
			return err
		}
	}

	return nil
}

// MergedElsewhere refuses with STATE_CONFLICT a parent that was merged into another one
// than the named one; an empty name allows none.
func MergedElsewhere(o Org, into string) error {
	if o.MergedInto == nil || cmp.Or(into, "-") == *o.MergedInto {
		return nil
	}
	return rules.Refuse(rules.StateConflict, "This parent was merged into another.",
		"Read it to see which one took over, and name that one.")
}

// ParentsInScope narrows a query on organisations to the customers' parents in scope.
func ParentsInScope(tx *db.Tx) *gorm.DB {
	q := tx.Where("kind = ?", OrgCustomerParent)
	if tx.Scope.System {
		return q
	}

	own := tx.Scope.Accounts(tx.Model(&Account{}), "id").Select("parent_org_id")
	return q.Where("id IN (?)", own)
}
