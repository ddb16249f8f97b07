package models

import (
	"context"

	"gorm.io/gorm"
)

// ContractNames are what people know the lines of the register by.
type ContractNames struct {
	Company  map[string]string // by account
	PONumber map[string]string // by order
}

// NamesOf reads the names that belong to lines of the register, for its file.
func (s *Store) NamesOf(ctx context.Context, entries []ContractEntry) (ContractNames, error) {
	n := ContractNames{Company: map[string]string{}, PONumber: map[string]string{}}
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		var accounts []Account
		ids := idsOf(entries, func(e ContractEntry) string { return e.AccountID })
		if err := scope.accounts(tx, "id").Select("id", "legal_name").Where("id IN ?", ids).Find(&accounts).Error; err != nil {
			return err
		}
		for _, a := range accounts {
			n.Company[a.ID] = a.LegalName
		}
		var orders []Order
		ids = idsOf(entries, func(e ContractEntry) string { return e.OrderID })
		err := scope.orders(tx).Select("id", "po_number").Where("id IN ?", ids).Find(&orders).Error
		for _, o := range orders {
			n.PONumber[o.ID] = o.PONumber
		}
		return err
	})
	return n, err
}
