package rma

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// RMAFact is what a carrier or a depot tells of an RMA. It is never refused.
type RMAFact string

// The facts.
const (
	FactPickedUp       RMAFact = "PICKED_UP"
	FactDelivered      RMAFact = "DELIVERED"
	FactReturnScanned  RMAFact = "RETURN_SCANNED"
	FactReturnReceived RMAFact = "RETURN_RECEIVED"
)

// With adds a fact that happened at an instant. Any order and any number of times
// leads to the same facts.
func (f RMAFacts) With(fact RMAFact, at time.Time) RMAFacts {
	switch fact {
	case FactPickedUp:
		f.PickedUpAt = First(f.PickedUpAt, at)
	case FactDelivered:
		f.DeliveredAt = First(f.DeliveredAt, at)
	case FactReturnScanned:
		f.ReturnScannedAt = First(f.ReturnScannedAt, at)
		f.ReturnLastScannedAt = Last(f.ReturnLastScannedAt, at)
	case FactReturnReceived:
		f.ReturnReceivedAt = Last(f.ReturnReceivedAt, at)
	}

	return f
}

// Inspected adds what the depot found. Another serial than the faulty one is a
// wrong unit, whatever else was found (RULES 2); an accessory has none. The first
// inspection of the faulty unit itself stands.
func (f RMAFacts) Inspected(faulty, serial string, outcome RMAOutcome, at time.Time) RMAFacts {
	f.ReturnReceivedAt = Last(f.ReturnReceivedAt, at)
	if outcome == OutcomeWrongUnit || rules.NormaliseSerial(serial) != faulty {
		f.WrongUnitAt = Last(f.WrongUnitAt, at)
		return f
	}
	if f.InspectedAt == nil || at.Before(*f.InspectedAt) {
		f.InspectedAt, f.Outcome = &at, outcome
	}
	return f
}

// Valid tells whether there is such a fact.
func (f RMAFact) Valid() bool {
	return f == FactPickedUp || f == FactDelivered || f == FactReturnScanned ||
		f == FactReturnReceived
}
