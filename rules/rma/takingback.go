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

// Telling is something that a person told or typed about an RMA or a spare unit, or took
// back. They are only added, never changed: what was taken back yields to a later one that
// says so.
type Telling[F ~string] struct {
	Fact      F
	At        time.Time  // when it happened, as it was told
	ToldAt    time.Time  // when it was told
	Outcome   RMAOutcome `json:",omitempty"` // of an inspection
	Serial    string     `json:",omitempty"` // read at it, or typed with it
	TakesBack bool       `json:",omitempty"`

	// Parcel is which parcel it is about, where it is about one: a parcel that was declared
	// lost takes what was told of it along. Those of a spare count from 1, the parcels to a
	// customer who gets a replacement from 0.
	Parcel int `json:",omitempty"`
}

// Tellings is what people told, typed and took back of one subject, in that order.
type Tellings[F ~string] []Telling[F]

// With returns the tellings and one more.
func (ts Tellings[F]) With(t Telling[F]) Tellings[F] { return append(slices.Clip(ts), t) }

// Standing lists those of a fact that were not taken back: all that was told of it is taken
// back together, or, where alone is set, each alone, the last one first.
func (ts Tellings[F]) Standing(fact F, alone bool) Tellings[F] {
	var standing Tellings[F]
	for _, t := range ts {
		switch {
		case t.Fact != fact:
		case !t.TakesBack:
			standing = append(standing, t)
		case alone && len(standing) > 0:
			standing = standing[:len(standing)-1]
		default:
			standing = nil
		}
	}

	return standing
}

// TakenBack reports whether the last that was said of a fact is that it was taken back.
func (ts Tellings[F]) TakenBack(fact F) bool {
	for _, t := range slices.Backward(ts) {
		if t.Fact == fact {
			return t.TakesBack
		}
	}
	return false
}

// Yielding returns the telling that takes back the last of those that stand.
func (ts Tellings[F]) Yielding(fact F, now time.Time) Telling[F] {
	taken := Telling[F]{Fact: fact, ToldAt: now, TakesBack: true}
	if n := len(ts); n > 0 {
		taken.At = ts[n-1].At
		taken.Outcome = ts[n-1].Outcome
		taken.Serial = ts[n-1].Serial
	}
	return taken
}

// First returns the earliest instant that was told; nil where none was.
func (ts Tellings[F]) First() (at *time.Time) {
	for _, t := range ts {
		at = First(at, t.At)
	}
	return at
}

// NothingTold refuses, with NOTHING_TO_TAKE_BACK, to take back what nobody told of a
// replacement or a spare, or what was taken back already.
func NothingTold(of string) error {
	return rules.Refuse(NothingToTakeBack,
		"Nobody has told this of the "+of+", or it was taken back already.",
		"Read the "+of+"; what may be taken back stands in it. "+
			"What the carrier itself reported is corrected by the carrier.")
}

// CarrierSays refuses, with CARRIER_SAYS_SO, to take back what the carrier reports as well:
// nothing would change.
func CarrierSays() error {
	return rules.Refuse(CarrierSaysSo,
		"The carrier's own scan says the same, whatever people told.",
		"Ask the carrier to correct its scan; what it reports then counts.")
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
func (f RMAFacts) Hear(t Telling[RMAFact]) RMAFacts {
	if outbound(t) {
		t.Parcel = f.Reships
	}
	f.Tellings = f.Tellings.With(t)
	return f
}

// outbound reports whether a telling is about the parcel to the customer.
func outbound(t Telling[RMAFact]) bool {
	return t.Fact == FactShipped || t.Fact == FactPickedUp || t.Fact == FactDelivered
}

// present are the tellings without those of a parcel that was declared lost.
func (f RMAFacts) present() Tellings[RMAFact] {
	return slices.DeleteFunc(slices.Clone(f.Tellings), func(t Telling[RMAFact]) bool {
		return outbound(t) && t.Parcel != f.Reships
	})
}

// Standing lists what people told of a fact and did not take back. An inspection is taken
// back alone, the last one first; whatever else is told, with all that was told of the
// same fact.
func (f RMAFacts) Standing(fact RMAFact) Tellings[RMAFact] {
	return f.present().Standing(fact, fact == FactInspected)
}

// TakenBack reports whether the last that was said of a fact is that it was taken back.
func (f RMAFacts) TakenBack(fact RMAFact) bool { return f.present().TakenBack(fact) }

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
		return NothingTold("replacement")
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
	f = f.Hear(f.Standing(fact).Yielding(fact, now))

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
	f.PickedUpAt = f.Standing(FactPickedUp).First()
	f.DeliveredAt = f.Standing(FactDelivered).First()
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
