package models

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// StockFilter narrows levels or entries; empty fields do not narrow.
type StockFilter struct {
	DepotID   string
	ModelCode string
	SubjectID string // entries
	Kind      rules.StockKind
	Page      Page
}

func (f StockFilter) narrow(q *gorm.DB, with map[string]string) *gorm.DB {
	with["depot_id"], with["model_code"] = f.DepotID, rules.NormaliseModelCode(f.ModelCode)
	for column, value := range with {
		if value != "" {
			q = q.Where(clause.Eq{Column: column, Value: value})
		}
	}
	return q
}

// StockLevels lists levels by depot and model, for the service and operators.
func (s *Store) StockLevels(ctx context.Context, f StockFilter) ([]StockLevel, error) {
	var out []StockLevel
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		return f.narrow(tx.Order("depot_id, model_code"), map[string]string{}).Find(&out).Error
	})
	return out, err
}

// StockEntries lists the ledger, newest first.
func (s *Store) StockEntries(ctx context.Context, f StockFilter) ([]StockEntry, string, error) {
	var out []StockEntry
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		return f.Page.apply(f.narrow(tx.Model(&StockEntry{}), map[string]string{"subject_id": f.SubjectID, "kind": string(f.Kind)})).Find(&out).Error
	})
	out, next := cut(f.Page, out, func(e StockEntry) string { return e.ID })
	return out, next, err
}

// StockBalance adds up the ledger and gives every level that differs from it; none
// when the books are right.
func (s *Store) StockBalance(ctx context.Context) ([]StockLevel, error) {
	var wrong []StockLevel
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		return tx.Raw(`SELECT l.* FROM stock_levels l LEFT JOIN (
			SELECT depot_id, model_code, SUM(on_hand_delta) AS on_hand, SUM(reserved_delta) AS reserved FROM stock_entries GROUP BY depot_id, model_code
		) e ON e.depot_id = l.depot_id AND e.model_code = l.model_code
		WHERE l.on_hand <> COALESCE(e.on_hand, 0) OR l.reserved <> COALESCE(e.reserved, 0)`).Scan(&wrong).Error
	})
	return wrong, err
}
