package rma

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// RMAFacts is what is known of an RMA: when things happened, not when we heard. The
// states follow from this set alone, so facts may come twice, late and in any
// order. Of a fact that comes again the first instant counts, unless it says
// otherwise.
type RMAFacts struct {
	RequestedAt   time.Time
	RejectedAt    *time.Time // the last time
	AppealedAt    *time.Time // once only
	ApprovedAt    *time.Time
	WithdrawnAt   *time.Time
	SwappedAt     *time.Time // the customer used a spare on site
	BackorderedAt *time.Time
	AllocatedAt   *time.Time
	ShippedAt     *time.Time // the replacement's serial was captured
	PickedUpAt    *time.Time // the carrier's first scan
	DeliveredAt   *time.Time
	Reships       int // parcels declared lost and sent anew; at most one

	ReturnScannedAt     *time.Time // the carrier's first scan
	ReturnLastScannedAt *time.Time // the carrier's last scan
	ReturnReceivedAt    *time.Time // the last time
	WrongUnitAt         *time.Time // the last inspection that found another serial
	InspectedAt         *time.Time // of the faulty unit
	Outcome             RMAOutcome // of that inspection; empty before it
	NoReturnAt          *time.Time
	BilledAt            *time.Time // for the unit that did not come back
	DamageBilledAt      *time.Time
	WaivedAt            *time.Time

	// Instants that were computed once and stored, and what was done at them.
	PromiseDueAt   *time.Time // exclusive end of the first promise (S21)
	BreachedAt     *time.Time
	SilenceDueAt   *time.Time // 3 business days after the carrier's last sign
	SilenceAskedAt *time.Time
	ReturnDueAt    *time.Time // exclusive (S22)
	RemindersSent  int
	OverdueFrom    *time.Time // when to tell that it is, after a late reminder; nil: when due
	OverdueAt      *time.Time
	FeeConfirmAt   *time.Time // from then on an operator may confirm the fee
	FeeAskedAt     *time.Time

	// What people told, typed and took back, in that order.
	Tellings Tellings[RMAFact] `gorm:"serializer:json"`
}

// Outbound derives the state of the outbound track. What the carrier has is on its way,
// whatever was decided before we heard of it: a withdrawal counts only before the
// pick-up, and a parcel that left goes on with its return (S10).
func (f RMAFacts) Outbound() OutboundState {
	switch {
	case f.DeliveredAt != nil:
		return OutboundDelivered
	case f.SwappedAt != nil:
		return OutboundSwapped
	case f.PickedUpAt != nil:
		return OutboundShipped
	case f.WithdrawnAt != nil:
		return OutboundWithdrawn
	case After(f.RejectedAt, f.AppealedAt):
		return OutboundRejected
	case f.ShippedAt != nil:
		return OutboundShipped
	case f.ApprovedAt == nil:
		return OutboundRequested
	case f.AllocatedAt != nil:
		return OutboundAllocated
	case f.BackorderedAt != nil:
		return OutboundBackordered
	}

	return OutboundApproved
}

// Return derives the state of the return track. It is overdue from the due instant
// on, unless the carrier had the unit before; a scan after it shows the unit on its
// way too, but does not undo that it was late.
func (f RMAFacts) Return(now time.Time) ReturnState {
	switch {
	case f.InspectedAt != nil:
		return ReturnInspected
	case f.NoReturnAt != nil:
		return ReturnNotRequired
	case After(f.ReturnReceivedAt, f.WrongUnitAt):
		return ReturnReceived
	case f.returnScan() != nil:
		return ReturnInTransit
	case f.WaivedAt != nil:
		return ReturnNotRequired
	case f.BilledAt != nil:
		return ReturnBilled
	case !f.Outbound().Done():
		return ReturnNotDue
	case f.ReturnDueAt != nil && !now.Before(*f.ReturnUntil()):
		return ReturnOverdue
	}

	return ReturnAwaited
}

// State derives the overall state: that of the outbound track until the customer
// has a working unit, then that of the return.
func (f RMAFacts) State(now time.Time) RMAState {
	if out := f.Outbound(); !out.Done() {
		return RMAState(out)
	}

	back := f.Return(now)
	if back == ReturnInspected && !f.DamageOpen() {
		return RMAClosed
	}

	return RMAState(back)
}

// DamageOpen reports whether somebody has to decide about the fee of a damage.
func (f RMAFacts) DamageOpen() bool {
	return f.Outcome == OutcomeDamage && f.DamageBilledAt == nil && f.WaivedAt == nil
}

// Fee returns the state of the fee. A unit that came back after it was billed is
// credited, damage aside (S22).
func (f RMAFacts) Fee() RMAFee {
	switch {
	case f.DamageBilledAt != nil:
		return FeeBilled
	case f.WaivedAt != nil:
		return FeeWaived
	case f.DamageOpen():
		return FeeAsked
	case f.BilledAt != nil && f.InspectedAt != nil:
		return FeeCredited
	case f.BilledAt != nil:
		return FeeBilled
	case f.FeeAskedAt != nil && f.outstanding():
		return FeeAsked
	}

	return FeeNone
}

// Late reports whether the replacement came, or is still to come, after the first
// promise (S21).
func (f RMAFacts) Late(now time.Time) bool {
	out := f.Outbound()
	if f.PromiseDueAt == nil || !out.Done() && !out.waiting() {
		return false
	}

	arrived := now
	switch {
	case out == OutboundDelivered:
		arrived = *f.DeliveredAt
	case out == OutboundSwapped:
		arrived = *f.SwappedAt
	}

	return !arrived.Before(*f.PromiseDueAt)
}

// OutboundDoneAt returns since when the customer has a working unit; the time to return
// the faulty one runs from then on. A wrong unit that came back restarts the window.
func (f RMAFacts) OutboundDoneAt() *time.Time {
	at := f.SwappedAt
	if f.DeliveredAt != nil {
		at = f.DeliveredAt
	}
	if at != nil && After(f.WrongUnitAt, at) {
		return f.WrongUnitAt
	}
	return at
}

// MayBeLost reports whether the parcel may be declared lost: an agent was asked about it,
// because the carrier has given no sign for the days of RULES 2 or says itself that it
// will not arrive. Where no such wait was ever set, there is nothing to wait for.
func (f RMAFacts) MayBeLost() bool { return f.SilenceAskedAt != nil || f.SilenceDueAt == nil }

// returnScan is the carrier's first scan of the unit that is on its way back; those
// of a wrong unit that was inspected do not count.
func (f RMAFacts) returnScan() *time.Time {
	switch {
	case f.WrongUnitAt == nil || After(f.ReturnScannedAt, f.WrongUnitAt):
		return f.ReturnScannedAt
	case After(f.ReturnLastScannedAt, f.WrongUnitAt):
		return f.ReturnLastScannedAt
	}
	return nil
}

// ReturnStopped reports whether the carrier had the unit in time: the clock of the
// fee stands still (S22).
func (f RMAFacts) ReturnStopped() bool {
	scan := f.returnScan()
	return scan != nil && (f.ReturnDueAt == nil || scan.Before(*f.ReturnUntil()))
}

// outstanding reports whether the faulty unit is with the customer and has to come
// back.
func (f RMAFacts) outstanding() bool {
	if !f.Outbound().Done() {
		return false
	}
	back := f.Return(time.Time{})
	return back == ReturnAwaited || back == ReturnOverdue
}

// After reports whether a is known and later than b; anything is later than nothing.
func After(a, b *time.Time) bool { return a != nil && (b == nil || a.After(*b)) }

// First returns the earlier of a stored instant and one that is reported now.
func First(stored *time.Time, told time.Time) *time.Time { return keep(stored, told, true) }

// Last returns the later of a stored instant and one that is reported now.
func Last(stored *time.Time, told time.Time) *time.Time { return keep(stored, told, false) }

func keep(stored *time.Time, told time.Time, first bool) *time.Time {
	if stored != nil && stored.Before(told) == first {
		return stored
	}
	return &told
}

// RMAFact is what a carrier or a depot reports about an RMA. What the carrier's own
// parcels say is never refused; what a person passes on has to be possible: see CheckTold.
type RMAFact string

// The facts.
const (
	FactPickedUp       RMAFact = "PICKED_UP"
	FactDelivered      RMAFact = "DELIVERED"
	FactReturnScanned  RMAFact = "RETURN_SCANNED"
	FactReturnReceived RMAFact = "RETURN_RECEIVED"
)

// With adds a fact that happened at an instant. Facts in any order, each any number of
// times, lead to the same result. A stored instant that cannot be true gives way to the
// one that is told now (S62).
func (f RMAFacts) With(fact RMAFact, at time.Time) RMAFacts {
	switch fact {
	case FactPickedUp:
		f.PickedUpAt = First(f.believed(fact, f.PickedUpAt), at)
	case FactDelivered:
		f.DeliveredAt = First(f.believed(fact, f.DeliveredAt), at)
	case FactReturnScanned:
		f.ReturnScannedAt = First(f.believed(fact, f.ReturnScannedAt), at)
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

// Valid reports whether there is such a fact.
func (f RMAFact) Valid() bool {
	return f == FactPickedUp || f == FactDelivered || f == FactReturnScanned ||
		f == FactReturnReceived
}
