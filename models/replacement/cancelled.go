package replacement

import (
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/spare"
)

// CancelledLicences are the licences of an order that a cancellation takes.
type CancelledLicences struct {
	OrderID  string
	ParentID string
	IDs      []string
	Ratio    int // how many licences earn a spare
}

// Ended is what a cancellation of licences ends beside them, by the numbers that people use.
type Ended struct {
	Replacements []string `json:"replacements,omitempty"` // not shipped, so they are withdrawn (S10)
	Voided       []string `json:"voided,omitempty"`       // spare units that are not sent any more (S9)
	Recalled     []string `json:"recalled,omitempty"`     // spare units that have to come back (S9)
}

// Nothing reports whether nothing but the licences ends.
func (e Ended) Nothing() bool {
	return len(e.Replacements)+len(e.Voided)+len(e.Recalled) == 0
}

// EndedBy returns what the cancellation of licences in force would end now. A tenant is told
// of its own accounts' replacements and spare units alone (R82b), a seller of none (S36).
func (s *Replacements) EndedBy(tx *db.Tx, c CancelledLicences) (Ended, error) {
	e := Ended{}
	gone := make(map[string]bool, len(c.IDs))
	for _, id := range c.IDs {
		gone[id] = true
	}

	open, err := openUnder(tx, c.OrderID)
	if err != nil {
		return e, err
	}
	for _, r := range open {
		if gone[r.CoverLicenceID] && r.withdrawable() {
			e.Replacements = append(e.Replacements, r.Name())
		}
	}

	fewer, err := entitlement.CountedLess(tx, c.OrderID, gone)
	if err != nil || fewer == 0 {
		return e, err
	}
	err = tx.BeyondFence(func(beyond *db.Tx) error {
		return e.addSpares(beyond, tx.Scope, c, fewer)
	})
	return e, err
}

// GoOn returns the replacements under the licences that a cancellation does not end, since
// something was sent for them already: their return goes on (S10). A tenant is told of its own
// accounts' alone.
func (s *Replacements) GoOn(tx *db.Tx, c CancelledLicences) (names []string, err error) {
	gone := make(map[string]bool, len(c.IDs))
	for _, id := range c.IDs {
		gone[id] = true
	}
	open, err := openUnder(tx, c.OrderID)
	for _, r := range open {
		if gone[r.CoverLicenceID] && !r.withdrawable() {
			names = append(names, r.Name())
		}
	}
	return names, err
}

// addSpares adds the units of the parent that the count without so many licences ends, as
// far as the reader has them.
func (e *Ended) addSpares(
	tx *db.Tx, reader db.Scope, c CancelledLicences, fewer int,
) error {
	counts, err := countSpares(tx, c.ParentID)
	if err != nil {
		return err
	}
	count := counts[c.ParentID]
	line, changed := spare.RecountSpares(count.Licences-fewer, c.Ratio, count.Balance,
		spare.SpareByCancellation, c.OrderID)
	if !changed {
		return nil
	}

	var units []SpareUnit
	err = tx.Where("parent_org_id = ? AND closed_at IS NULL", c.ParentID).
		Order("id").
		Find(&units).Error
	if err != nil {
		return err
	}

	plan := spare.PlanSpares(plannedOf(units), count.Balance+line.Delta, tx.Now())
	for _, u := range units {
		theirs := slices.Contains(reader.AccountIDs, db.Text(u.AccountID))
		switch {
		case !reader.System && !theirs:
		case slices.Contains(plan.Void, u.ID):
			e.Voided = append(e.Voided, u.Name())
		case slices.Contains(plan.Recall, u.ID), slices.Contains(plan.Await, u.ID):
			e.Recalled = append(e.Recalled, u.Name())
		}
	}
	return nil
}

// openUnder reads the replacements that are open under licences of an order.
func openUnder(tx *db.Tx, orderID string) (out []RMA, err error) {
	licences := tx.Table("licences AS l").
		Select("l.id").
		Joins("JOIN service_contracts c ON c.id = l.contract_id").
		Where("c.order_id = ?", orderID)
	err = tx.Scope.Accounts(tx.DB, "account_id").
		Where("closed_at IS NULL AND cover_licence_id IN (?)", licences).
		Order("id").
		Find(&out).Error
	return out, err
}

// withdrawable reports whether nothing was sent for the replacement yet, so that it ends
// with its cover (S10).
func (r RMA) withdrawable() bool {
	out := r.RMAFacts.Outbound()
	return !out.Done() && out != rma.OutboundShipped
}

// Of returns what of it is an account's: spare units are counted for all accounts of a parent,
// and each account is told of its own alone (R82b).
func (e Ended) Of(tx *db.Tx, accountID string) (own Ended, err error) {
	var rmas []RMA
	if err = whereNamed(tx, e.Replacements, "account_id = ?", accountID, &rmas); err != nil {
		return own, err
	}
	known := map[string]bool{}
	for _, r := range rmas {
		known[r.ID], known[r.Number] = true, true
	}

	var units []SpareUnit
	spares := slices.Concat(e.Voided, e.Recalled)
	if err = whereNamed(tx, spares, "account_id = ?", accountID, &units); err != nil {
		return own, err
	}
	for _, u := range units {
		known[u.ID], known[u.Number] = true, true
	}

	return Ended{
		Replacements: onlyKnown(e.Replacements, known),
		Voided:       onlyKnown(e.Voided, known),
		Recalled:     onlyKnown(e.Recalled, known),
	}, nil
}

// Withdrawn returns which of the named replacements were withdrawn.
func Withdrawn(tx *db.Tx, names []string) ([]string, error) {
	var rmas []RMA
	err := whereNamed(tx, names, "state = ?", rma.RMAWithdrawn, &rmas)
	known := map[string]bool{}
	for _, r := range rmas {
		known[r.ID], known[r.Number] = true, true
	}
	return onlyKnown(names, known), err
}

// whereNamed reads the rows that people call so, by number or id, and of which the condition holds.
func whereNamed(tx *db.Tx, names []string, condition string, value, into any) error {
	if len(names) == 0 {
		return nil
	}
	return tx.Where("number IN ? OR id IN ?", names, names).Where(condition, value).Find(into).Error
}

func onlyKnown(names []string, known map[string]bool) (out []string) {
	for _, name := range names {
		if known[name] {
			out = append(out, name)
		}
	}
	return out
}
