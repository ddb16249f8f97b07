package rma

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// MayBeTold reports whether a fact can be true of the RMA, whoever tells it (S62): a
// parcel to the customer exists once a unit is allocated, and the faulty unit comes back
// once somebody asked for it. A parcel that was on its way before a withdrawal, or before
// a spare was used, may still arrive (S10).
func (f RMAFacts) MayBeTold(fact RMAFact) bool {
	out := f.Outbound()
	switch fact {
	case FactPickedUp, FactDelivered:
		return f.AllocatedAt != nil || f.ShippedAt != nil ||
			f.PickedUpAt != nil || f.DeliveredAt != nil
	case FactReturnScanned, FactReturnReceived:
		wanted := out != OutboundRequested && out != OutboundRejected && out != OutboundWithdrawn
		return wanted || f.ReturnReceivedAt != nil
	}

	return false
}

// FactsToTell lists what may be told of the RMA now, in a fixed order.
func (f RMAFacts) FactsToTell() []RMAFact {
	var out []RMAFact
	for _, fact := range []RMAFact{
		FactPickedUp, FactDelivered, FactReturnScanned, FactReturnReceived,
	} {
		if f.MayBeTold(fact) {
			out = append(out, fact)
		}
	}

	return out
}

// PossibleFrom returns since when a fact was possible: a replacement leaves once it is
// approved, and a unit goes back once its replacement is requested.
func (f RMAFacts) PossibleFrom(fact RMAFact) time.Time {
	outward := fact == FactPickedUp || fact == FactDelivered
	switch {
	case outward && f.ApprovedAt != nil:
		return *f.ApprovedAt
	case outward:
		return time.Time{}
	}
	return f.RequestedAt
}

// CheckTold refuses what a person says of an RMA and cannot be true (S62): a fact that no
// arrow leads to with STATE_CONFLICT, an instant with VALIDATION_FAILED and the field /at.
// A zero instant stands for now.
func (f RMAFacts) CheckTold(fact RMAFact, at, now time.Time) error {
	if !f.MayBeTold(fact) {
		return rules.Refuse(rules.StateConflict,
			"This cannot have happened in the present state, "+string(f.State(now))+".",
			"Read the RMA again; what may be told now stands in its facts.")
	}

	if at.IsZero() {
		return nil
	}
	if problem := rules.InstantProblem("/at", at, f.PossibleFrom(fact), now); problem != nil {
		return rules.Invalid([]rules.FieldError{*problem})
	}

	return nil
}

// believed returns a stored instant of a fact, and nil where it cannot be true, such as
// one that was taken before instants were checked: the right one then takes its place.
func (f RMAFacts) believed(fact RMAFact, stored *time.Time) *time.Time {
	if stored == nil || !rules.Believable(*stored, f.PossibleFrom(fact), *stored) {
		return nil
	}
	return stored
}
