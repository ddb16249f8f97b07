package models

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// CheckOrder runs the checks of an intake and stores nothing: it returns what
// AcceptOrder would refuse.
func (s *Store) CheckOrder(ctx context.Context, in Intake) ([]rules.FieldError, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return nil, err
	}
	var refusal *rules.Error
	if err := in.Form.Validate(ref.Catalogue, todayUTC(s.clock.Now())); errors.As(err, &refusal) {
		return refusal.Fields, nil
	}

	form := in.Form.Normalised()
	var stored Order
	err = s.txAcross(ctx, func(tx *gorm.DB, _ Scope) error {
		reseller := tx.Model(&Org{}).Select("id").Where("id = ?", in.Sender.ID)
		if in.Sender.Kind == OrgDistributor { // the number is the reseller's own
			company := rules.CompanyKey(form.Reseller.Company)
			reseller = tx.Model(&Org{}).
				Select("id").
				Where("kind = ? AND name_key = ?", OrgReseller, company)
		}
		return tx.
			First(&stored, "po_number = ? AND reseller_id IN (?)", form.PONumber, reseller).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if stored.PayloadHash == form.Hash() {
		return nil, nil
	}
	errors.As(otherOrder(stored, in.Sender.ID, form), &refusal)
	return refusal.Fields, nil
}

// reportStored notes, in the order's own transaction, that a row of an import
// became the order.
func reportStored(tx *gorm.DB, in Intake, orderID string) error {
	if in.JobID == "" {
		return nil
	}
	return putImportRows(tx, []ImportRow{{
		JobID:   in.JobID,
		RowNo:   in.RowNo,
		Outcome: RowStored,
		OrderID: &orderID,
	}})
}
