package models

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// spareCount is what a parent's spares follow from.
type spareCount struct {
	ParentID string
	Licences int   // in force (R81c)
	Balance  int   // of the ledger
	LastSeq  int64 // of the ledger
}

// countSpares counts parents' Select licences in force over all their accounts
// (R80, R82a) and their ledgers, in one statement. It says in SQL what
// rules.CountLicences says in Go: a renewal does not count beside what it renews
// (S4). A count to write by comes after the lock on the parents: in one statement
// with it, it would not see what the transaction wrote that held the lock before.
func (s *Store) countSpares(tx *gorm.DB, parents ...string) (map[string]spareCount, error) {
	var rows []spareCount
	err := tx.Raw(`WITH force AS (
			SELECT l.id, l.renews_licence_id, a.parent_org_id FROM accounts a
			JOIN licences l ON l.account_id = a.id JOIN service_contracts c ON c.id = l.contract_id
			WHERE a.parent_org_id IN @parents AND l.state IN ('AVAILABLE','ASSIGNED') AND c.type = 'SELECT'
			AND c.state NOT IN ('CANCELLED','EXPIRED') AND (c.end_at IS NULL OR c.end_at > @now))
		SELECT o.id AS parent_id,
			(SELECT count(*) FROM force f WHERE f.parent_org_id = o.id) - (SELECT count(DISTINCT f.renews_licence_id) FROM force f
				JOIN force old ON old.id = f.renews_licence_id AND old.id <> f.id AND old.parent_org_id = f.parent_org_id
				WHERE f.parent_org_id = o.id) AS licences,
			(SELECT CAST(COALESCE(sum(s.delta), 0) AS bigint) FROM spare_ledger s WHERE s.parent_org_id = o.id) AS balance,
			(SELECT COALESCE(max(s.seq), 0) FROM spare_ledger s WHERE s.parent_org_id = o.id) AS last_seq
		FROM orgs o WHERE o.id IN @parents`, map[string]any{"parents": append([]string{""}, parents...), "now": s.clock.Now()}).Scan(&rows).Error
	out := make(map[string]spareCount, len(rows))
	for _, r := range rows {
		out[r.ParentID] = r
	}
	return out, err
}

// countsForSpares tells whether one of the contracts counts: only Select does (R81c).
func countsForSpares(contracts []ServiceContract) bool {
	for _, c := range contracts {
		if c.Type == rules.ServiceSelect {
			return true
		}
	}
	return false
}
