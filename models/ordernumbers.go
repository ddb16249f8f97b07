package models

import (
	"context"

	"gorm.io/gorm"
)

// OrderNumbers gives the vendor's number of each of an account's orders, by the
// order's id: the one that the confirmation mail carries (R100b). An order
// without a number is left out.
func (s *Store) OrderNumbers(ctx context.Context, accountID string) (map[string]string, error) {
	var rows []struct{ ID, VendorOrderNo string }
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return scope.orders(tx).Model(&Order{}).Select("id", "vendor_order_no").
			Where("account_id = ? AND vendor_order_no IS NOT NULL", accountID).Scan(&rows).Error
	})
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r.ID] = r.VendorOrderNo
	}
	return out, err
}
