package entitlement

import (
	"context"
	"fmt"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Balance counts an account's licences in force by service type and state
// (R25c).
func (s *Entitlements) Balance(
	ctx context.Context, accountID string,
) (map[catalogue.ServiceType]map[rules.LicenceState]int64, error) {
	type row struct {
		Type  catalogue.ServiceType
		State rules.LicenceState
		N     int64
	}

	var rows []row
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if !tx.Scope.Sees(accountID) {
			return db.NotFound()
		}

		return tx.Table("licences AS l").
			Select("c.type, l.state, count(*) AS n").
			Joins("JOIN service_contracts c ON c.id = l.contract_id").
			Where("l.account_id = ? AND c.account_id = ?", accountID, accountID).
			Group("c.type, l.state").
			Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("balance: %w", err)
	}

	out := map[catalogue.ServiceType]map[rules.LicenceState]int64{}
	for _, r := range rows {
		if out[r.Type] == nil {
			out[r.Type] = map[rules.LicenceState]int64{}
		}
		out[r.Type][r.State] = r.N
	}

	return out, nil
}

// CountsForSpares reports whether one of the contracts counts: only Select does (R81c).
func CountsForSpares(contracts []ServiceContract) bool {
	for _, c := range contracts {
		if c.Type == catalogue.ServiceSelect {
			return true
		}
	}
	return false
}
