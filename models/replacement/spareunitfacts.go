package replacement

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// RecordSpareFact records what a person passes on of a carrier or a depot about a unit;
// at is when it happened, and zero stands for now. The same fact again changes nothing.
// It refuses with STATE_CONFLICT a unit that was never sent, or is not recalled, and with
// VALIDATION_FAILED and /at an instant that cannot be true (S62).
func (s *Replacements) RecordSpareFact(
	ctx context.Context, id string, fact spare.SpareFact, at time.Time,
) (SpareUnit, error) {
	var out SpareUnit
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lockOwnedSpare(tx, id)
		if err != nil {
			return err
		}

		out = w.SpareUnit
		known, err := spare.LearnSpare(w.SpareFacts, fact)
		if err != nil || known {
			return err
		}
		if err := w.CheckTold(fact, at, w.now); err != nil {
			return err
		}

		told := len(w.Tellings)
		if err := w.hear(fact, at); err != nil || len(w.Tellings) == told {
			return err
		}
		if err := w.before.lookedAt(versionIn(ctx)); err != nil {
			return err
		}
		if err := w.save(); err != nil {
			return err
		}

		out = w.SpareUnit
		return nil
	})

	return out, err
}

// hear applies a fact that a person tells, who may take it back, where it says something new.
func (w *spareUnitChange) hear(fact spare.SpareFact, at time.Time) error {
	at = w.happened(at)
	before := w.SpareFacts
	learned, err := w.learn(fact, at)
	if err != nil || !learned {
		return err
	}

	// It is of the parcel and the recall to which it was told: one that is delivered may be
	// recalled at once.
	heard := before.Hear(rma.Telling[spare.SpareFact]{Fact: fact, At: at, ToldAt: w.now})
	w.Tellings = heard.Tellings
	return nil
}

// learn applies a fact and audits it; learned is false where it says nothing new.
func (w *spareUnitChange) learn(fact spare.SpareFact, at time.Time) (learned bool, err error) {
	at = w.happened(at)
	switch fact {
	case spare.SparePickedUp:
		return w.scan(&w.PickedUpAt, "spare.picked_up", at), nil
	case spare.SpareRecallScanned:
		return w.scan(&w.RecallScannedAt, "spare.recall_scanned", at), nil
	case spare.SpareDelivered:
		return true, w.arrive(at)
	}

	return true, w.receive(at)
}

// scan keeps the earliest instant of a scan; learned is false where another one was
// earlier.
func (w *spareUnitChange) scan(stored **time.Time, verb string, at time.Time) (learned bool) {
	first := rma.First(*stored, at)
	if db.SameInstant(first, *stored) {
		return false
	}
	*stored = first
	w.note(verb, map[string]any{"at": at})
	return true
}

// arrive puts the unit on site, and recalls it at once where the entitlement ended
// while it was under way (S9).
func (w *spareUnitChange) arrive(at time.Time) error {
	if err := w.become(spare.SpareOnSite); err != nil {
		return err
	}
	w.OnSiteAt = &at
	w.note("spare.on_site", map[string]any{"at": at, "device": db.Text(w.DeviceID)})
	if err := w.moveDevice(licensing.DeviceSpareOnSite); err != nil {
		return err
	}
	if w.RecallPending {
		return w.recall()
	}

	w.mail("ON_SITE", nil)
	return nil
}

// receive records that the unit is back at the depot.
func (w *spareUnitChange) receive(at time.Time) error {
	billed := w.State == spare.SpareBilled
	if err := w.become(spare.SpareReturned); err != nil {
		return err
	}

	w.ReturnedAt = &at
	w.note("spare.returned", map[string]any{"at": at})
	w.mail("RETURNED", nil)

	end := licensing.DeviceReturned
	if billed {
		w.feeEvent(db.OutboxFeeCredited, "spare", w.FeeCorrections)
		end = licensing.DeviceRetired // it counted as lost
	}
	if err := w.endDevice(end); err != nil {
		return err
	}

	return w.cancelParcel(w.recallKey())
}

// loseParcel makes the unit wait for another parcel, because this one is lost or came
// back. A unit that was to be recalled anyway is voided.
func (w *spareUnitChange) loseParcel(state shipping.ShipmentState) error {
	w.note("spare.parcel_lost", map[string]any{
		"tracking": w.Tracking,
		"device":   db.Text(w.DeviceID),
		"parcel":   state,
	})

	end := licensing.DeviceLost
	if state == shipping.ShipmentReturnedToSender {
		end = licensing.DeviceRetired // back on the shelf, with its serial free
	}
	if err := w.endDevice(end); err != nil {
		return err
	}

	if w.State == spare.SpareShipped {
		if err := w.become(spare.SpareApproved); err != nil {
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

// moveDevice gives the unit's device its next state, unless the customer has taken it
// into use by hand.
func (w *spareUnitChange) moveDevice(to licensing.DeviceState) error {
	moves, err := w.noteDeviceMove(to)
	if err != nil || !moves {
		return err
	}
	return entitlement.SetUnitState(w.tx, *w.DeviceID, to)
}

// endDevice ends the unit's device in a state that it cannot leave for a room, unless
// the customer has taken it into use by hand.
func (w *spareUnitChange) endDevice(end licensing.DeviceState) error {
	moves, err := w.noteDeviceMove(end)
	if err != nil || !moves {
		return err
	}
	return entitlement.EndDevice(w.tx, *w.DeviceID, end)
}

// noteDeviceMove locks the unit's device and audits its change of state; moves is false
// where the change is not allowed, or there is no device.
func (w *spareUnitChange) noteDeviceMove(to licensing.DeviceState) (moves bool, err error) {
	if w.DeviceID == nil {
		return false, nil
	}

	var d entitlement.Device
	if err := w.tx.ForUpdate().First(&d, "id = ?", *w.DeviceID).Error; err != nil {
		return false, db.Found(err)
	}

	if !d.State.CanBecome(to) || d.State == licensing.DeviceInRoom {
		return false, nil
	}
	w.noteOf("device.moved", d.ID, map[string]any{"before": d.State, "after": to})
	return true, nil
}

// cancelParcel cancels a parcel of the unit that nobody has picked up, if there is one.
// What was booked by the service is called off at the carrier instead: see planParcels.
func (w *spareUnitChange) cancelParcel(bookingKey string) error {
	ask, err := w.s.logistics.EndShipment(w.tx, bookingKey, logistics.NewScan{
		Kind:   shipping.ScanCancelled,
		Source: logistics.ScanByService,
		Reason: w.reason,
	})
	w.askCarrier = w.askCarrier || ask
	return err
}

// spareShipments hands the news of parcels to spare units.
type spareShipments struct{ s *Replacements }

// ShipmentMoved applies what is known of a parcel to its spare unit. An earlier parcel
// of the unit says nothing about it. It acts for the service, also where a customer's
// command moved the parcel.
func (o spareShipments) ShipmentMoved(
	tx *db.Tx, sh logistics.Shipment,
) (known bool, err error) {
	if sh.Direction != shipping.ShipSpare && sh.Direction != shipping.ShipRecall {
		return false, nil
	}

	tx = tx.As(db.Scope{System: true, Actor: tx.Scope.Actor})

	w, err := o.s.lockSpare(tx, sh.SubjectID)
	if rules.CodeOf(err) == rules.NotFound {
		return false, nil
	}
	if err != nil {
		return true, err
	}

	learned, err := w.learnFrom(sh)
	if err != nil || !learned {
		return true, err
	}

	err = w.save()
	return true, err
}

// learnFrom applies what a shipment knows, where it is the present one. A parcel that
// arrives before its serial was captured waits for that. learned is false where it
// knows nothing new.
func (w *spareUnitChange) learnFrom(sh logistics.Shipment) (learned bool, err error) {
	moved, arrived := spare.SparePickedUp, spare.SpareDelivered
	switch sh.BookingKey {
	case w.parcelKey():
		if w.State == spare.SpareVoided && sh.FirstMoveAt != nil {
			return false, w.askForParcelBack(sh)
		}

		gone := sh.State == shipping.ShipmentLost || sh.State == shipping.ShipmentReturnedToSender
		if gone && w.UnderWay() {
			return true, w.loseParcel(sh.State)
		}
	case w.recallKey():
		if w.leftTooLate(sh) {
			w.note("spare.recall_booked_anew", map[string]any{"shipment": sh.ID})
			return true, w.planRecallParcel()
		}
		moved, arrived = spare.SpareRecallScanned, spare.SpareRecallReceived
	default:
		return false, nil
	}

	scanned, err := w.learnAt(moved, sh.FirstMoveAt)
	if err != nil {
		return scanned, err
	}

	came, err := w.learnAt(arrived, sh.DeliveredAt)
	return scanned || came, err
}

// leftTooLate reports whether the carrier has left the parcel back as it was once asked, although
// the unit is recalled: for another recall, or since it had not come back after all.
func (w *spareUnitChange) leftTooLate(sh logistics.Shipment) bool {
	recalled := w.State == spare.SpareRecallRequested && w.RecallScannedAt == nil
	if !recalled || sh.State != shipping.ShipmentCancelled || w.s.logistics.Carrier == "" {
		return false
	}
	return sh.CreatedAt.Before(*w.RecallRequestedAt) || w.TakenBack(spare.SpareRecallReceived)
}

// learnAt applies a fact of a shipment, unless it has not happened, is known already or
// cannot be in the present state.
func (w *spareUnitChange) learnAt(fact spare.SpareFact, at *time.Time) (learned bool, err error) {
	if at == nil {
		return false, nil
	}

	known, impossible := spare.LearnSpare(w.SpareFacts, fact)
	if known || impossible != nil {
		return false, nil
	}

	return w.learn(fact, *at)
}

// askForParcelBack asks an operator about a parcel that the carrier took although the
// unit was voided: the carrier was asked too late to leave it.
func (w *spareUnitChange) askForParcelBack(sh logistics.Shipment) error {
	return w.tx.Raise(db.OperatorTask{
		Kind:      db.TaskShipmentContradicted,
		SubjectID: sh.ID,
		AccountID: &sh.AccountID,
		What:      w.Name() + ": Have the parcel come back.",
		Why:       "The carrier has a spare that was voided before.",
	})
}

// ParcelsEvent returns the event that makes the unit's workflow ask the carrier.
func (o spareShipments) ParcelsEvent(
	tx *db.Tx, subjectID string,
) (e db.OutboxEvent, known bool, err error) {
	var u SpareUnit
	err = db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&u, "id = ?", subjectID).Error)
	if rules.CodeOf(err) == rules.NotFound {
		return e, false, nil
	}
	if err != nil {
		return e, false, err
	}

	st := u.processStatus()
	st.Parcels = true
	return st.Event(db.OutboxSpareChanged, u.ID), true, nil
}
