package models

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// GetOrder reads one order with its lines.
func (s *Store) GetOrder(ctx context.Context, id string) (Order, error) {
	var o Order
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.orders(tx.Preload("Lines", byPosition)).First(&o, "orders.id = ?", id).Error)
	})
	return o, err
}

// OrderFilter narrows a list of orders; empty fields do not narrow.
type OrderFilter struct {
	State     rules.OrderState
	PONumber  string
	AccountID string
	Page      Page
}

// ListOrders lists the orders in scope with their lines, newest first, and
// gives the cursor of the next page.
func (s *Store) ListOrders(ctx context.Context, f OrderFilter) ([]Order, string, error) {
	var out []Order
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.orders(tx.Preload("Lines", byPosition))
		for column, value := range map[string]string{"state": string(f.State), "po_number": f.PONumber, "account_id": f.AccountID} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}
		return f.Page.apply(q).Find(&out).Error
	})
	out, next := cut(f.Page, out, func(o Order) string { return o.ID })
	return out, next, err
}

// lockOrder reads an order in scope with its lines and keeps others from it
