package models

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// RecordSpareFact adds what a carrier or a depot tells of a unit; at is when it
// happened, and a time that lies ahead counts as now. The same fact again changes
// nothing. STATE_CONFLICT for a unit that was never sent, or is not recalled.
func (s *Store) RecordSpareFact(ctx context.Context, id string, fact rules.SpareFact, at time.Time) (SpareUnit, error) {
	var out SpareUnit
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		w, err := s.lockOwnedSpare(tx, scope, id)
		if err != nil {
			return err
		}
		known, err := rules.LearnSpare(w.SpareFacts, fact)
		if err == nil && !known {
			if err = w.learn(fact, at); err == nil && len(w.entries) > 0 {
				err = w.save()
			}
		}
		out = w.SpareUnit
		return err
	})
	return out, err
}

// learn takes over a fact, and notes it where it says something new.
func (w *spareWork) learn(fact rules.SpareFact, at time.Time) error {
	if at.IsZero() || at.After(w.now) {
		at = w.now
	}
	at = at.UTC().Truncate(time.Microsecond)
	switch fact {
	case rules.SparePickedUp:
		return w.scanned(&w.PickedUpAt, "spare.picked_up", at)
	case rules.SpareDelivered:
		return w.arrive(at)
	case rules.SpareRecallScanned:
		return w.scanned(&w.RecallScannedAt, "spare.recall_scanned", at)
	}
	return w.received(at)
}

// scanned keeps the earliest instant of a scan.
func (w *spareWork) scanned(stored **time.Time, verb string, at time.Time) error {
	if first := rules.First(*stored, at); !sameInstant(first, *stored) {
		*stored = first
		w.note(verb, map[string]any{"at": at})
	}
	return nil
}

// arrive has the unit on site, and recalls it at once where the entitlement went
// while it was under way (S9).
func (w *spareWork) arrive(at time.Time) error {
	if err := w.become(rules.SpareOnSite); err != nil {
		return err
	}
	w.OnSiteAt = &at
	w.note("spare.on_site", map[string]any{"at": at, "device": text(w.DeviceID)})
	if err := w.moveDevice(rules.DeviceSpareOnSite, nil); err != nil {
		return err
	}
	if w.RecallPending {
		return w.recall()
	}
	w.mail("ON_SITE", nil)
	return nil
}

// received has the unit back at the depot.
func (w *spareWork) received(at time.Time) error {
	billed := w.State == rules.SpareBilled
	if err := w.become(rules.SpareReturned); err != nil {
		return err
	}
	w.ReturnedAt = &at
	w.note("spare.returned", map[string]any{"at": at})
	w.mail("RETURNED", nil)
	end := rules.DeviceReturned
	if billed {
		w.event(OutboxFeeCredited, "spare")
		end = rules.DeviceRetired // it counted as lost
	}
	if err := w.endDevice(end); err != nil {
		return err
	}
	return w.cancelParcel(w.recallKey())
}

// lost has the unit wait for another parcel: this one is lost or came back. One that
// was to be recalled anyway is voided.
func (w *spareWork) lost(state rules.ShipmentState) error {
	w.note("spare.parcel_lost", map[string]any{"tracking": w.Tracking, "device": text(w.DeviceID), "parcel": state})
	end := rules.DeviceLost
	if state == rules.ShipmentReturnedToSender {
		end = rules.DeviceRetired // back on the shelf, with its serial free
	}
	if err := w.endDevice(end); err != nil {
		return err
	}
	if w.State == rules.SpareShipped {
		if err := w.become(rules.SpareApproved); err != nil {
			return err
		}
	}
	w.forgetParcel()
	w.StateSince = w.now
	if w.RecallPending {
		return w.void()
	}
	return nil
}

// forgetParcel makes the unit ready for another parcel.
func (w *spareWork) forgetParcel() {
	w.Parcels++
	w.ShippedAt, w.PickedUpAt, w.DeviceID, w.Serial, w.Carrier, w.Tracking = nil, nil, nil, "", "", ""
}

// spareShipmentMoved tells a spare unit what is known of its parcel. One of before
// says nothing about it. known is false where there is no such unit.
func (s *Store) spareShipmentMoved(tx *gorm.DB, scope Scope, sh Shipment) (known bool, err error) {
	w, err := s.lockSpare(tx, Scope{System: true, Actor: scope.Actor}, sh.SubjectID)
	if rules.CodeOf(err) == rules.NotFound {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	if err := w.learnFrom(sh); err != nil || len(w.entries) == 0 {
		return true, err
	}
	return true, w.save()
}

// learnFrom takes over what a shipment knows, where it is the present one. A parcel
// that arrives before its serial was captured waits for that.
func (w *spareWork) learnFrom(sh Shipment) error {
	moved, arrived := rules.SparePickedUp, rules.SpareDelivered
	switch sh.BookingKey {
	case w.parcelKey():
		if w.State == rules.SpareVoided && sh.FirstMoveAt != nil {
			return w.wander(sh)
		}
		if ended := sh.State == rules.ShipmentLost || sh.State == rules.ShipmentReturnedToSender; ended && w.UnderWay() {
			return w.lost(sh.State)
		}
	case w.recallKey():
		moved, arrived = rules.SpareRecallScanned, rules.SpareRecallReceived
	default:
		return nil
	}
	for _, f := range []struct {
		fact rules.SpareFact
		at   *time.Time
	}{{moved, sh.FirstMoveAt}, {arrived, sh.DeliveredAt}} {
		if f.at == nil {
			continue
		}
		if known, err := rules.LearnSpare(w.SpareFacts, f.fact); known || err != nil {
			continue
		}
		if err := w.learn(f.fact, *f.at); err != nil {
			return err
		}
	}
	return nil
}
