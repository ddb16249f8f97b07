package entitlement

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/catalogue"
)

// selectCount is how many Select licences of an account count for its parent's spares
// (R81c), by their states and those of their contracts. Every change of these states
// keeps it, under the lock on the account, so that nobody has to count all licences. What
// is over and was not swept yet is still in it: CountSelectSQL takes it off.
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

// CountSelectSQL is a query with the columns parent_id and licences: how many Select
// licences of each of the @parents are in force @now. It reads the counts of their
// accounts and the few contracts that are over and not swept yet.
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
			SELECT count(*)
			FROM over c
			JOIN accounts a ON a.id = c.account_id
			JOIN licences l ON l.contract_id = c.id
			WHERE a.parent_org_id = p.id AND ` + countedLicence + `) AS licences
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

const (
	// checkCounts is how many accounts are counted one by one in a transaction.
	checkCounts = 500
	// checkPause is how long (real time) a count is believed.
	checkPause = 20 * time.Hour
)

// CheckSelectCounts counts the licences of each account one by one, those that were not
// looked at for a day, and puts right the counts that differ, such as after a release that
// did not keep them. It returns how many did. progress is called after each batch.
func CheckSelectCounts(ctx context.Context, d *db.DB, progress func()) (wrong int, err error) {
	began := db.RealNow()
	err = d.Write(ctx, func(tx *db.Tx) error {
		return tx.Exec(`
			INSERT INTO select_counts (account_id, licences, checked_at)
			SELECT a.id, 0, ? FROM accounts a
			WHERE NOT EXISTS (SELECT 1 FROM select_counts n WHERE n.account_id = a.id)
			ON CONFLICT (account_id) DO NOTHING`, time.Unix(0, 0).UTC()).Error
	})
	if err != nil {
		return 0, err
	}

	for {
		var looked, differ []string
		err := d.Write(ctx, func(tx *db.Tx) error {
			looked, differ = nil, nil
			var rows []struct {
				AccountID string
				Licences  int64
				Counted   int64
			}
			err := tx.Raw(`
				SELECT n.account_id, n.licences, (
					SELECT count(*)
					FROM licences l
					JOIN service_contracts c ON c.id = l.contract_id
					WHERE l.account_id = n.account_id AND `+countedLicence+`) AS counted
				FROM (
					SELECT account_id, licences FROM select_counts
					WHERE checked_at < ?
					ORDER BY checked_at, account_id
					LIMIT ?) n`, began.Add(-checkPause), checkCounts).Scan(&rows).Error
			if err != nil || len(rows) == 0 {
				return err
			}

			for _, r := range rows {
				looked = append(looked, r.AccountID)
				if r.Counted != r.Licences {
					differ = append(differ, r.AccountID)
				}
			}
			return tx.Model(&selectCount{}).
				Where("account_id IN ?", looked).
				Update("checked_at", began).Error
		})
		if err != nil || len(looked) == 0 {
			return wrong, err
		}

		for _, id := range differ {
			if err := putCountRight(ctx, d, id); err != nil {
				return wrong, err
			}
			wrong++
		}
		progress()
	}
}

// putCountRight counts the licences of an account one by one, under its lock.
func putCountRight(ctx context.Context, d *db.DB, accountID string) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		if err := account.LockAll(tx, []string{accountID}); err != nil {
			return err
		}
		return tx.Exec(`
			UPDATE select_counts SET licences = (
				SELECT count(*)
				FROM licences l
				JOIN service_contracts c ON c.id = l.contract_id
				WHERE l.account_id = select_counts.account_id AND `+countedLicence+`)
			WHERE account_id = ?`, accountID).Error
	})
}
