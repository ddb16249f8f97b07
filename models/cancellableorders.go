package models

import (
	"context"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// CancellableOrders lists an account's orders whose window is open (R90),
// newest first.
func (s *Store) CancellableOrders(ctx context.Context, accountID string) ([]Order, error) {
	var out []Order
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return scope.orders(tx).Where("account_id = ? AND state IN ? AND cancellable_until > ?", accountID,
			[]rules.OrderState{rules.OrderFulfilled, rules.OrderPartiallyCancelled}, s.clock.Now().UTC()).Order("id DESC").Find(&out).Error
	})
	return out, err
}
