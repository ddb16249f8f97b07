package models

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// sameOrder answers an order that does not hold any more, since its SKU left
// the catalogue: when the very same one is here already, it is that one (S14).
// A number that no order can have is not looked for: PostgreSQL refuses to
// compare damaged text.
func (s *Store) sameOrder(ctx context.Context, sender Org, form rules.OrderForm, refusal error) (Accepted, error) {
	if !utf8.ValidString(form.PONumber) || strings.ContainsRune(form.PONumber, 0) {
		return Accepted{}, refusal
	}
	var out Accepted
	err := s.txAcross(ctx, func(tx *gorm.DB, _ Scope) error {
		return tx.Preload("Lines", byPosition).First(&out.Order, "submitted_by = ? AND po_number = ? AND payload_hash = ?", sender.ID, form.PONumber, form.Hash()).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = refusal
	}
	out.Warnings = out.Order.Warnings()
	return out, err
}
