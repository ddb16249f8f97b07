package models

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// spareChange is why a parent's spares are counted anew, and how many a parent
// earns per licence.
type spareChange struct {
	ratio  int
	cause  rules.SpareCause
	source string
}

// recountOrder grants what a fulfilled order earned its parent, stamped with the
// order (R81b): in the transaction that wrote the licences and under the lock on
// the parent's row. An order never takes: what ended since the last count is for
// the sweep, which stamps it with the contract.
func (s *Store) recountOrder(tx *gorm.DB, scope Scope, ref Reference, orderID string, acc openedAccount, contracts []ServiceContract) error {
	if !countsForSpares(contracts) {
		return nil
	}
	count := spareCount{ParentID: acc.ParentOrgID}
	if acc.newParent { // nobody else can have seen it: its licences are this order's
		for _, c := range contracts {
			if c.Type == rules.ServiceSelect {
				count.Licences += int(c.Quantity)
			}
		}
	} else {
		counts, err := s.countSpares(tx, acc.ParentOrgID)
		if err != nil {
			return err
		}
		count = counts[acc.ParentOrgID]
	}
	if rules.SparesEarned(count.Licences, ref.Program.SpareRatio) <= count.Balance {
		return nil
	}
	return s.recount(tx, scope, count, spareChange{ref.Program.SpareRatio, rules.SpareByOrder, orderID})
}

// recountAccount counts the spares of an account's parent anew.
func (s *Store) recountAccount(tx *gorm.DB, scope Scope, accountID string, why spareChange) error {
	return s.recountAccounts(tx, scope, map[string]string{accountID: why.source}, why.ratio, why.cause)
}

// recountAccounts counts the spares of the accounts' parents anew, each parent
// once; sources names what caused it by account, and of several in one parent the
// greatest id counts.
func (s *Store) recountAccounts(tx *gorm.DB, scope Scope, sources map[string]string, ratio int, cause rules.SpareCause) error {
	parentOf, err := s.lockParentsOf(tx, keysOf(sources))
	if err != nil {
		return err
	}
	byParent := map[string]string{}
	for account, source := range sources {
		parent := parentOf[account]
		byParent[parent] = max(byParent[parent], source)
	}
	parents := keysOf(byParent)
	counts, err := s.countSpares(tx, parents...)
	if err != nil {
		return err
	}
	for _, p := range parents {
		if err := s.recount(tx, scope, counts[p], spareChange{ratio, cause, byParent[p]}); err != nil {
			return err
		}
	}
	return nil
}

// recount writes the line that brings a parent's balance to what its licences
// earn, if it differs (R81a, S9). The caller holds the lock on the parent.
func (s *Store) recount(tx *gorm.DB, scope Scope, count spareCount, why spareChange) error {
	e, changed := rules.RecountSpares(count.Licences, why.ratio, count.Balance, why.cause, why.source)
	if !changed {
		return nil
	}
	return s.writeSpares(tx, scope, count, e)
}

// writeSpares adds lines to a parent's ledger and brings its units in line with it
// (S9), with the lines' audit in the parent's own chain: it names orders of all its
// accounts, so no tenant sees it (R82b).
func (s *Store) writeSpares(tx *gorm.DB, scope Scope, count spareCount, entries ...rules.SpareEntry) error {
	if len(entries) == 0 {
		return nil
	}
	lines := make([]SpareLine, len(entries))
	audit := make([]entry, len(entries))
	balance := count.Balance
	for i, e := range entries {
		lines[i] = SpareLine{ID: NewID(prefixSpareLine), ParentOrgID: count.ParentID, Seq: count.LastSeq + int64(i) + 1, Delta: e.Delta, Cause: e.Cause,
			SourceID: e.SourceID, Licences: int64(count.Licences), CreatedAt: s.clock.Now()}
		audit[i] = entry{"spares.counted", count.ParentID, map[string]any{"before": balance, "after": balance + e.Delta, "cause": e.Cause, "source": e.SourceID, "licences": count.Licences}}
		balance += e.Delta
	}
	if err := tx.Create(&lines).Error; err != nil {
		return err
	}
	if err := s.alignSpares(tx, scope, earning(lines), balance); err != nil {
		return err
	}
	return s.appendAudit(tx, scope, count.ParentID, nil, false, audit...)
}

// earning is the line that new units are earned by: the last one that adds.
func earning(lines []SpareLine) SpareLine {
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].Delta > 0 {
			return lines[i]
		}
	}
	return lines[len(lines)-1]
}
