package entitlement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/catalogue"
)

// selectCount is how many Select licences of an account count for its parent's spares
// (R81c), by their states and those of their contracts. Every change of these states
// keeps it, under the locks on the account and its parent, so that nobody has to count all
// licences. What is over and was not swept yet is still in it: CountSelectSQL takes it off.
// A release that does not know the table may run beside this one for a while: before a
// count changes what a parent has earned, PutCountsRight counts one by one.
type selectCount struct {
	AccountID string `gorm:"primaryKey"`
	Licences  int64
	CheckedAt time.Time // real time: it was counted one by one
}

// TableName is the table of the counts.
func (selectCount) TableName() string { return "select_counts" }

// countedLicence holds of a licence l of a contract c that counts: a renewal does not
// count beside what it renews (S4), so of the two the older one is left out.
const countedLicence = `l.state IN ('AVAILABLE','ASSIGNED')
	AND c.type = 'SELECT'
	AND c.state NOT IN ('CANCELLED','EXPIRED')
	AND NOT EXISTS (
		SELECT 1
		FROM licences r
		JOIN service_contracts rc ON rc.id = r.contract_id
		WHERE r.renews_licence_id = l.id
			AND r.id <> l.id
			AND r.account_id = l.account_id
			AND r.state IN ('AVAILABLE','ASSIGNED')
			AND rc.type = 'SELECT'
			AND rc.state NOT IN ('CANCELLED','EXPIRED'))`

// runningOld holds of a licence old of a contract oc that counts by its state and that of
// its contract, whatever renews it.
const runningOld = `old.state IN ('AVAILABLE','ASSIGNED')
	AND oc.type = 'SELECT'
	AND oc.state NOT IN ('CANCELLED','EXPIRED')`

// countedOneByOne is the number of licences of the account n.account_id that count. What a
// licence renews is looked up by its key, so that the cost grows with the licences.
const countedOneByOne = `(
	SELECT count(*) - count(DISTINCT CASE WHEN l.renews_licence_id IS NOT NULL THEN (
			SELECT old.id
			FROM licences old
			JOIN service_contracts oc ON oc.id = old.contract_id
			WHERE old.id = l.renews_licence_id
				AND old.id <> l.id
				AND old.account_id = l.account_id
				AND ` + runningOld + `) END)
	FROM licences l
	JOIN service_contracts c ON c.id = l.contract_id
	WHERE l.account_id = n.account_id
		AND l.state IN ('AVAILABLE','ASSIGNED')
		AND c.type = 'SELECT'
		AND c.state NOT IN ('CANCELLED','EXPIRED'))`

// CountSelectSQL is a query with the columns parent_id and licences: how many Select
// licences of each of the @parents are in force @now. It reads the counts of their
// accounts and the few contracts that are over and not swept yet: a licence of one of them
// does not count any more, and what it renews counts again while that is in force.
const CountSelectSQL = `
	SELECT p.id AS parent_id,
		CAST(COALESCE((
			SELECT sum(n.licences)
			FROM accounts a
			JOIN select_counts n ON n.account_id = a.id
			WHERE a.parent_org_id = p.id), 0) AS bigint)
		- (WITH over AS MATERIALIZED (
				SELECT c.id, c.account_id, c.type, c.state
				FROM service_contracts c
				WHERE c.state IN ('ACTIVE','SUSPENDED') AND c.end_at <= @now)
			SELECT CAST(COALESCE(sum(
				CASE WHEN ` + countedLicence + ` THEN 1 ELSE 0 END
				- CASE WHEN l.state IN ('AVAILABLE','ASSIGNED')
					AND c.type = 'SELECT'
					AND EXISTS (
						SELECT 1
						FROM licences old
						JOIN service_contracts oc ON oc.id = old.contract_id
						WHERE old.id = l.renews_licence_id
							AND old.id <> l.id
							AND old.account_id = l.account_id
							AND ` + runningOld + `
							AND (oc.end_at IS NULL OR oc.end_at > @now))
					THEN 1 ELSE 0 END), 0) AS bigint)
			FROM over c
			JOIN accounts a ON a.id = c.account_id
			JOIN licences l ON l.contract_id = c.id
			WHERE a.parent_org_id = p.id) AS licences
	FROM orgs p
	WHERE p.id IN @parents`

// countedOf counts the licences of contracts, and those that they renew, by account.
func countedOf(tx *db.Tx, contractIDs []string) (map[string]int64, error) {
	var rows []selectCount
	err := tx.Raw(`
		SELECT l.account_id, count(*) AS licences
		FROM licences l
		JOIN service_contracts c ON c.id = l.contract_id
		WHERE l.id IN (
				SELECT id FROM licences WHERE contract_id IN @contracts
				UNION
				SELECT renews_licence_id FROM licences
				WHERE contract_id IN @contracts AND renews_licence_id IS NOT NULL)
			AND `+countedLicence+`
		GROUP BY l.account_id`,
		map[string]any{"contracts": contractIDs}).Scan(&rows).Error

	counted := make(map[string]int64, len(rows))
	for _, r := range rows {
		counted[r.AccountID] = r.Licences
	}
	return counted, err
}

// CountedLess returns by how many an account's licences that count for spares become fewer
// where those of an order that are gone end: a licence and the one that renews it count once
// (S4), so that nothing is lost while one of them stays.
func CountedLess(tx *db.Tx, orderID string, gone map[string]bool) (int, error) {
	const running = `old.state IN ('AVAILABLE','ASSIGNED')
		AND oc.type = 'SELECT'
		AND oc.state NOT IN ('CANCELLED','EXPIRED')
		AND (oc.end_at IS NULL OR oc.end_at > @now)`
	args := map[string]any{"order": orderID, "now": tx.Now()}

	var inForce []string
	err := tx.Raw(`
		SELECT old.id
		FROM licences old
		JOIN service_contracts oc ON oc.id = old.contract_id
		WHERE oc.order_id = @order
			AND `+running, args).Scan(&inForce).Error
	if err != nil {
		return 0, err
	}

	var pairs []struct{ Old, Renewal string }
	err = tx.Raw(`
		SELECT old.id AS old, l.id AS renewal
		FROM licences l
		JOIN service_contracts c ON c.id = l.contract_id
		JOIN licences old ON old.id = l.renews_licence_id
		JOIN service_contracts oc ON oc.id = old.contract_id
		WHERE (c.order_id = @order OR oc.order_id = @order)
			AND old.id <> l.id
			AND l.state IN ('AVAILABLE','ASSIGNED')
			AND c.type = 'SELECT'
			AND c.state NOT IN ('CANCELLED','EXPIRED')
			AND `+running, args).Scan(&pairs).Error
	if err != nil {
		return 0, err
	}

	fewer := 0
	for _, id := range inForce {
		if gone[id] {
			fewer++
		}
	}
	for _, p := range pairs {
		if gone[p.Old] || gone[p.Renewal] {
			fewer--
		}
	}
	return fewer, nil
}

// keepCounts runs a change of contracts or of their licences, and adds to the accounts'
// counts what it changed. The caller holds the locks on the accounts.
func keepCounts(tx *db.Tx, contracts []ServiceContract, change func() error) error {
	var ids []string
	for _, c := range contracts {
		if c.Type == catalogue.ServiceSelect {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return change()
	}

	before, err := countedOf(tx, ids)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := countedOf(tx, ids)
	if err != nil {
		return err
	}

	for accountID, n := range before {
		after[accountID] -= n
	}
	return addToCounts(tx, after)
}

// addToCounts adds to the counts of accounts.
func addToCounts(tx *db.Tx, changes map[string]int64) error {
	var rows []selectCount
	for _, accountID := range db.KeysOf(changes) {
		if n := changes[accountID]; n != 0 {
			rows = append(rows, selectCount{
				AccountID: accountID,
				Licences:  n,
				CheckedAt: time.Unix(0, 0).UTC(), // where it is new: there may be others
			})
		}
	}
	if len(rows) == 0 {
		return nil
	}

	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "account_id"}},
		DoUpdates: clause.Set{{
			Column: clause.Column{Name: "licences"},
			Value:  clause.Expr{SQL: "select_counts.licences + excluded.licences"},
		}},
	}).Create(&rows).Error
}

// countNew adds what was bought to the account's count. What is renewed counted until
// now, and what renews it counts from now on.
func countNew(tx *db.Tx, accountID string, contracts []ServiceContract, licences []Licence) error {
	counts := map[string]bool{}
	for _, c := range contracts {
		counts[c.ID] = c.Type == catalogue.ServiceSelect
	}

	var n int64
	var renewed []string
	for _, l := range licences {
		if !counts[l.ContractID] {
			continue
		}
		n++
		if l.RenewsLicenceID != nil {
			renewed = append(renewed, *l.RenewsLicenceID)
		}
	}

	for some := range db.Batches(renewed, 10_000) {
		var counted int64
		err := tx.Table("licences AS l").
			Joins("JOIN service_contracts c ON c.id = l.contract_id").
			Where(`l.id IN ? AND l.state IN ('AVAILABLE','ASSIGNED') AND c.type = 'SELECT'
				AND c.state NOT IN ('CANCELLED','EXPIRED')`, some).
			Count(&counted).Error
		if err != nil {
			return err
		}
		n -= counted
	}

	return addToCounts(tx, map[string]int64{accountID: n})
}

// counted is an account's count beside what its licences say.
type counted struct {
	AccountID string
	Licences  *int64 // nil: there is no count yet
	Counted   int64
}

func (c counted) right() bool { return c.Licences != nil && *c.Licences == c.Counted }

// PutCountsRight counts the licences of the parents' accounts one by one and puts right the
// counts that differ, such as after a release that does not keep them. It reports whether
// any did. The caller holds the locks on the parents, which every change of a count holds.
func PutCountsRight(tx *db.Tx, parentIDs ...string) (wrong bool, err error) {
	return putCountsRight(tx, tx.Model(&account.Account{}).
		Select("id AS account_id").
		Where("parent_org_id IN ?", parentIDs))
}

func putCountsRight(tx *db.Tx, accounts *gorm.DB) (wrong bool, err error) {
	var all []counted
	err = tx.Table("(?) AS n", accounts).
		Select("n.account_id, s.licences, " + countedOneByOne + " AS counted").
		Joins("LEFT JOIN select_counts s ON s.account_id = n.account_id").
		Order("n.account_id").
		Scan(&all).Error
	if err != nil {
		return false, err
	}

	var rows []selectCount
	for _, c := range all {
		if !c.right() {
			rows = append(rows, selectCount{
				AccountID: c.AccountID,
				Licences:  c.Counted,
				CheckedAt: time.Unix(0, 0).UTC(), // where it is new; others keep theirs
			})
			wrong = wrong || c.Licences != nil || c.Counted != 0
		}
	}
	if len(rows) == 0 {
		return false, nil
	}

	return wrong, tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "account_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"licences"}),
	}).CreateInBatches(&rows, db.RowsPerStatement(rows)).Error
}

const (
	// checkCounts is how many accounts are counted one by one in a transaction.
	checkCounts = 100
	// addCounts is how many accounts get their first count in a transaction.
	addCounts = 1000
	// checkPause is how long (real time) a count is believed.
	checkPause = 20 * time.Hour
	// wrongAtMost is how many accounts may fail in one check: more have one cause.
	wrongAtMost = 100
)

// CheckSelectCounts counts the licences of each account one by one, those that were not
// looked at for a day, and puts right the counts that differ, such as after a release that
// did not keep them. It returns how many did. Under the locks on such an account and its
// parent, recount then counts the parent's spares again. An account that fails keeps no
// other from its turn: the error is what all of them met. progress is called after each
// batch.
func CheckSelectCounts(
	ctx context.Context, d *db.DB, progress func(), recount func(tx *db.Tx, parentID string) error,
) (wrong int, err error) {
	began := db.RealNow()
	if err := addMissingCounts(ctx, d, progress); err != nil {
		return 0, err
	}

	failed := []string{""}
	var failures []error
	for {
		var looked int
		var differ []string
		err := d.Write(ctx, func(tx *db.Tx) (err error) {
			looked, differ, err = checkBatch(tx, began, failed)
			return err
		})
		if err != nil || looked == 0 {
			return wrong, errors.Join(append(failures, err)...)
		}

		for _, id := range differ {
			if err := putCountRight(ctx, d, id, began, recount); err != nil {
				failures = append(failures, fmt.Errorf("account %s: %w", id, err))
				failed = append(failed, id)
				continue
			}
			wrong++
		}
		if len(failures) > wrongAtMost {
			return wrong, errors.Join(failures...)
		}
		progress()
	}
}

// addMissingCounts adds a count to each account that has none.
func addMissingCounts(ctx context.Context, d *db.DB, progress func()) error {
	after := ""
	for {
		var ids []string
		err := d.Write(ctx, func(tx *db.Tx) error {
			ids = nil
			err := tx.Raw(`
				SELECT a.id FROM accounts a
				WHERE a.id > ?
					AND NOT EXISTS (SELECT 1 FROM select_counts n WHERE n.account_id = a.id)
				ORDER BY a.id
				LIMIT ?`, after, addCounts).Scan(&ids).Error
			if err != nil || len(ids) == 0 {
				return err
			}

			rows := make([]selectCount, len(ids))
			for i, id := range ids {
				rows[i] = selectCount{AccountID: id, CheckedAt: time.Unix(0, 0).UTC()}
			}
			return tx.Clauses(clause.OnConflict{
				Columns:   []clause.Column{{Name: "account_id"}},
				DoNothing: true,
			}).CreateInBatches(&rows, db.RowsPerStatement(rows)).Error
		})
		if err != nil || len(ids) < addCounts {
			return err
		}

		after = ids[len(ids)-1]
		progress()
	}
}

// checkBatch looks at a batch of counts, those that were not for the longest first. It
// notes of those that are right that they were looked at, and returns the accounts of the
// others.
func checkBatch(
	tx *db.Tx, began time.Time, failed []string,
) (looked int, differ []string, err error) {
	var rows []counted
	err = tx.Raw(`
		SELECT n.account_id, n.licences, `+countedOneByOne+` AS counted
		FROM (
			SELECT account_id, licences FROM select_counts
			WHERE checked_at < ? AND account_id NOT IN ?
			ORDER BY checked_at, account_id
			LIMIT ?) n`, began.Add(-checkPause), failed, checkCounts).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return 0, nil, err
	}

	var right []string
	for _, r := range rows {
		if r.right() {
			right = append(right, r.AccountID)
		} else {
			differ = append(differ, r.AccountID)
		}
	}
	if len(right) == 0 {
		return len(rows), differ, nil
	}

	return len(rows), differ, tx.Model(&selectCount{}).
		Where("account_id IN ?", right).
		Update("checked_at", began).Error
}

// putCountRight counts the licences of an account one by one, under its lock and its
// parent's, and counts the parent's spares again.
func putCountRight(
	ctx context.Context, d *db.DB, accountID string, began time.Time,
	recount func(tx *db.Tx, parentID string) error,
) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		if err := account.LockAll(tx, []string{accountID}); err != nil {
			return err
		}
		parentOf, err := account.LockParentsOf(tx, []string{accountID})
		if err != nil {
			return err
		}

		_, err = putCountsRight(tx, tx.Model(&account.Account{}).
			Select("id AS account_id").
			Where("id = ?", accountID))
		if err != nil {
			return err
		}

		err = tx.Model(&selectCount{}).
			Where("account_id = ?", accountID).
			Update("checked_at", began).Error
		if err != nil {
			return err
		}
		return recount(tx, parentOf[accountID])
	})
}
