package models

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// withdrawRMAs ends what a cancellation leaves without a ground (S10): the RMAs that
// run under a licence of the order that was revoked are withdrawn, unless their
// replacement was shipped or a spare was used; those go on with their return and
// its fee.
func (s *Store) withdrawRMAs(tx *gorm.DB, scope Scope, orderID string) error {
	var ids []string
	err := tx.Model(&RMA{}).Where("closed_at IS NULL AND cover_licence_id IN (?)", tx.Table("licences AS l").Select("l.id").
		Joins("JOIN service_contracts c ON c.id = l.contract_id").Where("c.order_id = ? AND l.state = ?", orderID, rules.LicenceRevoked)).
		Order("id").Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}
	ref, err := s.referenceWithin(tx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		w, err := s.lockRMA(tx, scope, ref, id)
		if err != nil {
			return err
		}
		out := w.RMAFacts.Outbound()
		if out.Done() || out == rules.OutboundShipped {
			continue
		}
		if err := w.withdraw(orderID); err != nil {
			return err
		}
		if err := w.save(); err != nil {
			return err
		}
	}
	return nil
}
