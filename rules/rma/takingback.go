package rma

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
)

// What a person types with a command, and may take back like a fact that was told.
const (
	FactShipped   RMAFact = "SHIPPED"   // the replacement's serial and tracking number
	FactInspected RMAFact = "INSPECTED" // the serial and the outcome of the last inspection
)

// Codes of refusals of those who take something back.
const (
	// nobody told it, or it was taken back already
	NothingToTakeBack = "NOTHING_TO_TAKE_BACK"
	// the carrier's own scan says the same, whatever people told
	CarrierSaysSo = "CARRIER_SAYS_SO"
)

// Telling is something that a person told or typed about an RMA, or took back. They are
// only added, never changed: what was taken back yields to a later one that says so.
type Telling struct {
	Fact      RMAFact
	At        time.Time  // when it happened, as it was told
	ToldAt    time.Time  // when it was told
	Outcome   RMAOutcome `json:",omitempty"` // of an inspection
	Serial    string     `json:",omitempty"` // read at it
	TakesBack bool       `json:",omitempty"`

	// Parcel is which parcel to the customer it is about, where it is about one: a parcel
	// that was declared lost takes what was told of it along. The first one is 0.
	Parcel int `json:",omitempty"`
}

// CarrierFacts is what the carrier's own parcels say of an RMA.
type CarrierFacts struct {
	PickedUpAt          *time.Time
	DeliveredAt         *time.Time
	ReturnScannedAt     *time.Time
	ReturnLastScannedAt *time.Time
	ReturnReceivedAt    *time.Time
}

// Hear adds a telling to those that are there.
func (f RMAFacts) Hear(t Telling) RMAFacts {
	if t.outbound() {
		t.Parcel = f.Reships
	}
	f.Tellings = append(slices.Clip(f.Tellings), t)
	return f
}

// outbound reports whether the telling is about the parcel to the customer.
func (t Telling) outbound() bool {
	return t.Fact == FactShipped || t.Fact == FactPickedUp || t.Fact == FactDelivered
}

// about reports whether a telling is about a fact of what is under way now.
func (f RMAFacts) about(t Telling, fact RMAFact) bool {
	return t.Fact == fact && (t.Parcel == f.Reships || !t.outbound())
}

// Standing lists what people told of a fact and did not take back. An inspection is taken
// back alone, the last one first; whatever else is told, with all that was told of the
// same fact.
func (f RMAFacts) Standing(fact RMAFact) []Telling {
	var standing []Telling
	for _, t := range f.Tellings {
		switch {
		case !f.about(t, fact):
		case !t.TakesBack:
			standing = append(standing, t)
		case fact == FactInspected && len(standing) > 0:
			standing = standing[:len(standing)-1]
		default:
			standing = nil
		}
	}

	return standing
}

// TakenBack reports whether the last that was said of a fact is that it was taken back.
func (f RMAFacts) TakenBack(fact RMAFact) bool {
	for _, t := range slices.Backward(f.Tellings) {
		if f.about(t, fact) {
			return t.TakesBack
		}
	}
	return false
}

// FactsToTakeBack lists what may be taken back of the RMA now, in a fixed order.
func (f RMAFacts) FactsToTakeBack() []RMAFact {
	var out []RMAFact
	for _, fact := range []RMAFact{
		FactShipped, FactPickedUp, FactDelivered, FactReturnScanned, FactReturnReceived,
		FactInspected,
	} {
		if f.CheckTakeBack(fact) == nil {
			out = append(out, fact)
		}
	}

	return out
}

// CheckTakeBack refuses to take back what nobody told, or what was taken back already
// (NOTHING_TO_TAKE_BACK), and a shipment that is over (STATE_CONFLICT): withdrawn, with a
// spare in its place, or with the faulty unit inspected. Taken back there it would change
// nothing, and its serial number is changed at the device.
func (f RMAFacts) CheckTakeBack(fact RMAFact) error {
	untold := len(f.Standing(fact)) == 0
	if untold || fact == FactShipped && f.ShippedAt == nil {
		return rules.Refuse(NothingToTakeBack,
			"Nobody has told this of the replacement, or it was taken back already.",
			"Read the replacement; what may be taken back stands in it. "+
				"What the carrier itself reported is corrected by the carrier.")
	}

	over := f.SwappedAt != nil || f.InspectedAt != nil || f.Outbound() == OutboundWithdrawn
	if fact == FactShipped && over {
		return rules.Refuse(rules.StateConflict,
			"The shipment is over: it was withdrawn, a spare is in its place, "+
				"or the faulty unit has been inspected.",
			"Change the serial number at the device. Where the inspection is wrong too, "+
				"take that back first.")
	}

	return nil
}

// TakeBack returns the facts without what people told of a fact: what the carrier says
// stays, and so does whatever else was told. It adds the telling that takes it back.
func (f RMAFacts) TakeBack(fact RMAFact, carrier CarrierFacts, now time.Time) RMAFacts {
	standing := f.Standing(fact)
	taken := Telling{Fact: fact, ToldAt: now, TakesBack: true}
	if n := len(standing); n > 0 {
		taken.At = standing[n-1].At
		taken.Outcome = standing[n-1].Outcome
	}
	f = f.Hear(taken)

	switch fact {
	case FactShipped:
		f.ShippedAt = nil
	case FactPickedUp:
		f.PickedUpAt = carrier.PickedUpAt
	case FactDelivered:
		f.DeliveredAt = carrier.DeliveredAt
	case FactReturnScanned:
		f.ReturnScannedAt = carrier.ReturnScannedAt
		f.ReturnLastScannedAt = carrier.ReturnLastScannedAt
	case FactInspected:
		f = f.inspectedAgain()
		f.ReturnReceivedAt = f.receivedAgain(carrier)
		// The carrier's scans counted for nothing while a unit was inspected.
		if at := carrier.ReturnScannedAt; at != nil {
			f.ReturnScannedAt = First(f.ReturnScannedAt, *at)
		}
		if at := carrier.ReturnLastScannedAt; at != nil {
			f.ReturnLastScannedAt = Last(f.ReturnLastScannedAt, *at)
		}
	case FactReturnReceived:
		f.ReturnReceivedAt = f.receivedAgain(carrier)
	}

	return f
}

// inspectedAgain derives what the depot found from the inspections that stand. A fee for
// a damage goes with the inspection that found it.
func (f RMAFacts) inspectedAgain() RMAFacts {
	if f.Outcome == OutcomeDamage {
		f.DamageBilledAt = nil
		if f.WaivedAt != nil && !f.WaivedAt.Before(*f.InspectedAt) {
			f.WaivedAt = nil
		}
	}

	f.InspectedAt = nil
	f.WrongUnitAt = nil
	f.Outcome = ""
	for _, t := range f.Standing(FactInspected) {
		if t.Outcome == OutcomeWrongUnit {
			f.WrongUnitAt = Last(f.WrongUnitAt, t.At)
			continue
		}
		f.InspectedAt, f.Outcome = &t.At, t.Outcome
	}

	return f
}

// Untracked returns the facts without what was told of the replacement's parcel under a
// number that was another parcel's: what people told of it stays.
func (f RMAFacts) Untracked() RMAFacts {
	f.PickedUpAt, f.DeliveredAt = nil, nil
	for _, t := range f.Standing(FactPickedUp) {
		f.PickedUpAt = First(f.PickedUpAt, t.At)
	}
	for _, t := range f.Standing(FactDelivered) {
		f.DeliveredAt = First(f.DeliveredAt, t.At)
	}
	return f
}

// receivedAgain returns when the depot got the unit, the last time: as the carrier says,
// as people told, and at each inspection.
func (f RMAFacts) receivedAgain(carrier CarrierFacts) *time.Time {
	last := carrier.ReturnReceivedAt
	for _, fact := range []RMAFact{FactReturnReceived, FactInspected} {
		for _, t := range f.Standing(fact) {
			last = Last(last, t.At)
		}
	}
	return last
}
