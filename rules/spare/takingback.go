package spare

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// FactShipped is what a person types with `ship`, the unit's serial and tracking number, and
// may take back like a fact that was told.
const FactShipped SpareFact = "SHIPPED"

// CarrierFacts is what the carrier's own parcels say of a spare unit: the present one to the
// site, and the one of the present recall.
type CarrierFacts struct {
	PickedUpAt       *time.Time
	DeliveredAt      *time.Time
	RecallScannedAt  *time.Time
	RecallReceivedAt *time.Time
}

// At returns when the carrier says that a fact happened; nil where it does not.
func (c CarrierFacts) At(fact SpareFact) *time.Time {
	return map[SpareFact]*time.Time{
		SparePickedUp:       c.PickedUpAt,
		SpareDelivered:      c.DeliveredAt,
		SpareRecallScanned:  c.RecallScannedAt,
		SpareRecallReceived: c.RecallReceivedAt,
	}[fact]
}

// ofRecall reports whether the fact is one of the way back.
func (f SpareFact) ofRecall() bool { return f == SpareRecallScanned || f == SpareRecallReceived }

// present are the tellings about the present parcel to the site, and about the present
// recall: those about earlier ones say nothing of the unit any more.
func (f SpareFacts) present() (present rma.Tellings[SpareFact]) {
	for _, t := range f.Tellings {
		recalled := f.RecallRequestedAt != nil && !t.ToldAt.Before(*f.RecallRequestedAt)
		if t.Parcel == f.Parcels+1 && (recalled || !t.Fact.ofRecall()) {
			present = append(present, t)
		}
	}
	return present
}

// Hear adds what a person told or typed of the present parcel or recall.
func (f SpareFacts) Hear(t rma.Telling[SpareFact]) SpareFacts {
	t.Parcel = f.Parcels + 1
	f.Tellings = f.Tellings.With(t)
	return f
}

// Standing lists what people told of a fact and did not take back.
func (f SpareFacts) Standing(fact SpareFact) rma.Tellings[SpareFact] {
	return f.present().Standing(fact, false)
}

// TakenBack reports whether the last that was said of a fact is that it was taken back.
func (f SpareFacts) TakenBack(fact SpareFact) bool { return f.present().TakenBack(fact) }

// FactsToTakeBack lists what may be taken back of the unit now, in a fixed order.
func (f SpareFacts) FactsToTakeBack() []SpareFact {
	var out []SpareFact
	for _, fact := range []SpareFact{
		FactShipped, SparePickedUp, SpareDelivered, SpareRecallScanned, SpareRecallReceived,
	} {
		if f.CheckTakeBack(fact) == nil {
			out = append(out, fact)
		}
	}

	return out
}

// CheckTakeBack refuses to take back what nobody told of the present parcel or recall, or what
// was taken back already (NOTHING_TO_TAKE_BACK), and what something else that is known needs
// (STATE_CONFLICT): a unit that was used, left to the customer, or is on its way back had
// arrived.
func (f SpareFacts) CheckTakeBack(fact SpareFact) error {
	if len(f.Standing(fact)) == 0 || fact == FactShipped && f.ShippedAt == nil {
		return rma.NothingTold("spare")
	}

	back := f.State == SpareReturned || f.RecallScannedAt != nil
	switch {
	case f.State == SpareConsumed || f.State == SpareWaived || f.State == SpareVoided:
		return rules.Refuse(rules.StateConflict,
			"The spare is over: it was used, left to the customer or voided.",
			"Leave what was told as it is, and change the serial number at the device.")
	case back && !fact.ofRecall():
		return rules.Refuse(rules.StateConflict,
			"The spare is on its way back, or came back, so it had left and arrived.",
			"Where that is wrong too, take it back first.")
	}

	return nil
}

// TakeBack returns the facts without what people told of a fact: what the carrier says stays,
// and so does whatever else was told. The unit is in the state in which it would be. It adds
// the telling that takes the fact back.
func (f SpareFacts) TakeBack(fact SpareFact, carrier CarrierFacts, now time.Time) SpareFacts {
	f = f.Hear(f.Standing(fact).Yielding(fact, now))
	switch fact {
	case FactShipped:
		f.ShippedAt = nil
	case SparePickedUp:
		f.PickedUpAt = carrier.PickedUpAt
	case SpareDelivered:
		f.OnSiteAt = nil
		if f.ShippedAt != nil { // else nobody knows what has arrived
			f.OnSiteAt = carrier.DeliveredAt
		}
	case SpareRecallScanned:
		f.RecallScannedAt = carrier.RecallScannedAt
	case SpareRecallReceived:
		f.ReturnedAt = carrier.RecallReceivedAt
	}

	return f.restated(now)
}

// Untracked returns the facts without what was told of the present parcel under a number that
// was another parcel's: what people told of it stays.
func (f SpareFacts) Untracked() SpareFacts {
	f.PickedUpAt = f.Standing(SparePickedUp).First()
	return f
}

// restated returns the facts in the state that follows from them, once one is gone: the unit
// is a step or more before where it was. One that has not left, and that nobody is entitled
// to any more, is voided (S9).
func (f SpareFacts) restated(now time.Time) SpareFacts {
	arrived := f.ShippedAt != nil && f.OnSiteAt != nil
	switch f.State {
	case SpareReturned:
		if f.ReturnedAt == nil {
			f.State = SpareRecallRequested
			if f.BilledAt != nil {
				f.State = SpareBilled
			}
		}
	case SpareOnSite, SpareRecallRequested, SpareBilled:
		if !arrived {
			f = f.onItsWay()
		}
	case SpareShipped:
		if f.ShippedAt == nil {
			f.State = SpareApproved
		}
	}

	left := f.UnderWay() || len(f.Standing(SpareDelivered)) > 0
	if f.RecallPending && !left {
		f.State = SpareVoided
		f.VoidedAt = &now
		f.RecallPending = false
	}

	return f
}

// onItsWay returns the facts of a unit that has not arrived after all: one that was recalled
// is recalled when it does.
func (f SpareFacts) onItsWay() SpareFacts {
	f.OnSiteAt = nil
	if f.State != SpareOnSite {
		f.RecallPending = true
		f.RecallRequestedAt = nil
		f.RecallDueAt = nil
		f.RemindersSent = 0
		f.FeeAskedAt = nil
		f.BilledAt = nil
	}

	switch {
	case f.ConsumedAt != nil: // it is the one after a unit that was used
		f.State = SpareReplenishing
	case f.ShippedAt == nil:
		f.State = SpareApproved
	default:
		f.State = SpareShipped
	}
	return f
}
