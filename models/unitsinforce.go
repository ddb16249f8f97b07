package models

import (
	"context"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// UnitsInForce counts the licences in force of each contract of an account:
// what is left of its quantity after partial cancellations (S12). Contracts
// without licences are not in it.
func (s *Store) UnitsInForce(ctx context.Context, accountID string) (map[string]int64, error) {
	var rows []struct {
		ContractID string
		N          int64
	}
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return scope.accounts(tx.Model(&Licence{}), "account_id").Select("contract_id, count(*) AS n").
			Where("account_id = ? AND state IN ?", accountID, []rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}).
			Group("contract_id").Scan(&rows).Error
	})
	out := make(map[string]int64, len(rows))
	for _, r := range rows {
		out[r.ContractID] = r.N
	}
	return out, err
}
