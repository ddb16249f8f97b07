package spare

import (
	"roomcover.dev/roomcover/rules"
)

// SpareFact is what a carrier or a depot tells of a spare unit.
type SpareFact string

// The facts.
const (
	SparePickedUp       SpareFact = "PICKED_UP"
	SpareDelivered      SpareFact = "DELIVERED"
	SpareRecallScanned  SpareFact = "RECALL_SCANNED"
	SpareRecallReceived SpareFact = "RECALL_RECEIVED"
)

// Valid tells whether there is such a fact.
func (f SpareFact) Valid() bool {
	return f == SparePickedUp || f == SpareDelivered || f == SpareRecallScanned ||
		f == SpareRecallReceived
}

// LearnSpare tells whether a fact is known already, so that it changes nothing: what
// is on site was delivered, whatever is told again and late. STATE_CONFLICT for a
// fact that cannot be: of a unit that was never sent, or is not recalled.
func LearnSpare(f SpareFacts, fact SpareFact) (known bool, err error) {
	impossible := rules.Refuse(
		rules.StateConflict,
		"This cannot have happened in the present state, "+string(f.State)+".",
		"Read the spare again; it may be another one.",
	)

	arrived := f.OnSiteAt != nil && f.ShippedAt != nil && !f.UnderWay()
	switch fact {
	case SparePickedUp:
		if !arrived && !f.UnderWay() && !f.ToShip() {
			return false, impossible
		}
		return arrived, nil
	case SpareDelivered:
		if !arrived && (!f.UnderWay() || f.ShippedAt == nil) {
			return false, impossible
		}
		return arrived, nil
	case SpareRecallScanned, SpareRecallReceived:
		if f.State != SpareRecallRequested && f.State != SpareBilled && f.State != SpareReturned {
			return false, impossible
		}
		return f.State == SpareReturned, nil
	}

	return false, impossible
}
