package replacement

import (
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules/spare"
)

// MergeSpares moves the balance and its units to the other parent and counts the
// licences of both together.
func (s *Replacements) MergeSpares(tx *db.Tx, ref program.Reference, fromID, intoID string) error {
	// A worker of an earlier release may have left their counts behind.
	if _, err := entitlement.PutCountsRight(tx, fromID, intoID); err != nil {
		return err
	}
	counts, err := countSpares(tx, fromID, intoID)
	if err != nil {
		return err
	}

	from := counts[fromID]
	into := counts[intoID]
	err = tx.Model(&SpareUnit{}).Where("parent_org_id = ?", fromID).
		Update("parent_org_id", intoID).Error
	if err != nil {
		return err
	}

	m := spare.MergeSpares(fromID, intoID, from.Balance, into.Balance, into.Licences,
		ref.Program.SpareRatio)
	if err := s.writeSpares(tx, from, m.From...); err != nil {
		return err
	}

	return s.writeSpares(tx, into, m.Into...)
}

// SplitSpares recounts the parent that was split and the one that took accounts over,
// each by its own licences.
func (s *Replacements) SplitSpares(tx *db.Tx, ref program.Reference, keptID, splitID string) error {
	// A worker of an earlier release may have left their counts behind.
	if _, err := entitlement.PutCountsRight(tx, keptID, splitID); err != nil {
		return err
	}
	counts, err := countSpares(tx, keptID, splitID)
	if err != nil {
		return err
	}

	kept := counts[keptID]
	split := counts[splitID]
	ofKept, ofSplit := spare.SplitSpares(keptID, splitID, kept.Licences, split.Licences,
		kept.Balance, split.Balance, ref.Program.SpareRatio)

	if err := moveSpares(tx, keptID, splitID,
		min(-spare.SpareBalance(ofKept), spare.SpareBalance(ofSplit))); err != nil {
		return err
	}
	if err := s.writeSpares(tx, kept, ofKept...); err != nil {
		return err
	}

	return s.writeSpares(tx, split, ofSplit...)
}

// moveSpares moves up to n live units along with the accounts where they lie: otherwise
// one parent would have to send them back, and the other would earn them again.
func moveSpares(tx *db.Tx, fromID, intoID string, n int) error {
	if n <= 0 {
		return nil
	}

	var units []SpareUnit
	err := tx.ForUpdate().
		Where("parent_org_id = ? AND closed_at IS NULL AND account_id IN (?)", fromID,
			tx.Model(&account.Account{}).Select("id").Where("parent_org_id = ?", intoID)).
		Order("id").
		Find(&units).Error
	if err != nil {
		return err
	}

	units = slices.DeleteFunc(units, func(u SpareUnit) bool { return !u.Live() })
	moved := db.IdsOf(units[:min(n, len(units))], func(u SpareUnit) string { return u.ID })
	return tx.Model(&SpareUnit{}).
		Where("id IN ?", append([]string{""}, moved...)).
		Update("parent_org_id", intoID).Error
}
