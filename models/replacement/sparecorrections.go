package replacement

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// TakeBackSpareFact takes back what people told of a spare unit's present parcel or recall, or
// typed with `ship`, with a reason, like TakeBackRMAFact of a replacement. The unit is as it
// would be without it: its state, days, stock, parcels, device and tasks. One that was recalled
// and has not arrived after all is recalled when it does; one that has not left, and that
// nobody is entitled to any more, is voided (S9). A fee that loses its ground is withdrawn, and
// one whose credit does is billed again.
//
// Refusals: those of spare.MaySpare and SpareFacts.CheckTakeBack, CARRIER_SAYS_SO where the
// carrier tells the same, STATE_CONFLICT where the customer has put the unit into a room, and
// SERIAL_REGISTERED where it was sent to somebody else. Taken back again it changes nothing.
func (s *Replacements) TakeBackSpareFact(
	ctx context.Context, id string, fact spare.SpareFact, reason string,
) (SpareUnit, error) {
	if !fact.Valid() && fact != spare.FactShipped {
		return SpareUnit{}, unknownFact("Send SHIPPED, PICKED_UP, DELIVERED, RECALL_SCANNED " +
			"or RECALL_RECEIVED.")
	}
	if err := rules.CheckReason(reason); err != nil {
		return SpareUnit{}, err
	}

	done := func(u SpareUnit) bool { return u.TakenBack(fact) }
	return s.changeSpare(ctx, id, spare.SpareTakeBack, reason, done, func(
		w *spareUnitChange,
	) error {
		return w.takeBack(fact)
	})
}

func (w *spareUnitChange) takeBack(fact spare.SpareFact) error {
	if err := w.CheckTakeBack(fact); err != nil {
		return err
	}

	w.takingBack = fact
	if fact == spare.FactShipped {
		if err := w.unship(); err != nil {
			return err
		}
	}

	carrier, err := w.carrierFacts()
	if err != nil {
		return err
	}

	without := w.SpareFacts.TakeBack(fact, carrier, w.now)
	if carrier.At(fact) != nil && sameSpareFacts(without, w.SpareFacts) {
		return rma.CarrierSays()
	}

	w.SpareFacts = without
	if w.State != w.before.State {
		w.StateSince = w.now
	}

	taken := w.Tellings[len(w.Tellings)-1]
	w.note("spare.taken_back", map[string]any{"fact": fact, "told": taken.At})
	w.correctFee()

	if err := w.moveDeviceBack(); err != nil {
		return err
	}
	if err := w.cancelForgotten(); err != nil {
		return err
	}
	return w.returnAgain()
}

// carrierFacts returns what the carrier's own parcels say of the unit.
func (w *spareUnitChange) carrierFacts() (c spare.CarrierFacts, err error) {
	parcels, err := logistics.ParcelsOf(w.tx, w.ID)
	if err != nil {
		return c, err
	}

	for _, sh := range parcels {
		switch sh.BookingKey {
		case w.parcelKey():
			c.PickedUpAt = sh.FirstMoveAt
			c.DeliveredAt = sh.DeliveredAt
		case w.recallKey():
			c.RecallScannedAt = sh.FirstMoveAt
			c.RecallReceivedAt = sh.DeliveredAt
		}
	}

	return c, nil
}

// sameSpareFacts reports whether carriers, depots and people have reported nothing that
// differs.
func sameSpareFacts(a, b spare.SpareFacts) bool {
	return db.SameInstant(a.PickedUpAt, b.PickedUpAt) &&
		db.SameInstant(a.OnSiteAt, b.OnSiteAt) &&
		db.SameInstant(a.RecallScannedAt, b.RecallScannedAt) &&
		db.SameInstant(a.ReturnedAt, b.ReturnedAt)
}

// unship forgets what was typed when the unit left: its serial number, which is free again,
// and the number of a parcel that people handed in.
func (w *spareUnitChange) unship() error {
	taken, another, err := w.forgetNumber(w.parcelKey())
	if err != nil {
		return err
	}

	w.anotherParcel = another
	if taken {
		w.SpareFacts = w.Untracked()
	}

	w.note("spare.shipment_forgotten", map[string]any{
		"device":   db.Text(w.DeviceID),
		"carrier":  w.Carrier,
		"tracking": w.Tracking,
	})

	w.DeviceID, w.Serial = nil, ""
	w.Carrier, w.Tracking = "", ""
	return nil
}

// correctFee tells finance what follows from a unit that had not arrived, or did not come
// back, after all.
func (w *spareUnitChange) correctFee() {
	billed := w.State == spare.SpareBilled
	switch {
	case w.before.State == spare.SpareBilled && !billed:
		w.feeWithdrawn = true
		w.FeeCorrections++
		w.feeEvent(db.OutboxFeeCredited, "withdrawn", w.FeeCorrections)
		w.note("spare.fee_withdrawn", nil)
	case w.before.State == spare.SpareReturned && billed:
		w.FeeCorrections++
		w.feeEvent(db.OutboxFeeBilled, "spare", w.FeeCorrections)
		w.note("spare.billed_again", nil)
	}
}

// moveDeviceBack gives the unit's device back the state that it had: retired, with its serial
// number free, where it has not left; on its way, or with the customer.
func (w *spareUnitChange) moveDeviceBack() error {
	if w.before.DeviceID == nil {
		return nil
	}

	id := *w.before.DeviceID
	devices, err := entitlement.LockPlacedUnits(w.tx, id)
	if err != nil {
		return err
	}

	d := devices[id]
	inUse := d.State == licensing.DeviceInRoom || d.State == licensing.DeviceInRMA
	left := w.before.OnSiteAt != nil && w.OnSiteAt == nil
	returned := w.before.ReturnedAt != nil && w.ReturnedAt == nil
	switch {
	case inUse && (w.DeviceID == nil || left):
		return rules.Refuse(rules.StateConflict,
			"The customer has put the unit into a room, so it has arrived.",
			"Have it taken out of the room first, or leave what was told as it is.")
	case w.DeviceID == nil && d.State == licensing.DeviceRetired:
		return nil
	case w.DeviceID == nil:
		w.noteOf("device.moved", id, map[string]any{
			"before": d.State,
			"after":  licensing.DeviceRetired,
		})
		return entitlement.EndDevice(w.tx, id, licensing.DeviceRetired)
	case left && (d.State == licensing.DeviceSpareOnSite || d.State == licensing.DeviceLost):
		return w.moveUnitBack(d, licensing.DeviceUnplaced, "")
	case returned && w.State == spare.SpareBilled && d.State == licensing.DeviceRetired:
		return w.moveUnitBack(d, licensing.DeviceLost, "")
	case returned && d.State == licensing.DeviceReturned:
		return w.moveUnitBack(d, licensing.DeviceSpareOnSite, "")
	case returned && d.State == licensing.DeviceRetired:
		return sentElsewhere()
	}

	return nil
}

// returnAgain has a parcel for a unit that has not come back after all: the one that was called
// off when it seemed to be there, or another one.
func (w *spareUnitChange) returnAgain() error {
	due := w.State == spare.SpareRecallRequested || w.State == spare.SpareBilled
	if w.before.State != spare.SpareReturned || !due {
		return nil
	}

	if w.RecallScannedAt != nil {
		_, err := logistics.KeepParcel(w.tx, w.recallKey())
		return err
	}
	return w.planRecallParcel()
}

// putBack takes back that the unit left the depot: it is on the shelf, and reserved where it is
// still to be sent.
func (w *spareUnitChange) putBack() error {
	entries, err := logistics.PutBack(w.tx, w.stockKey(), w.reason, w.ToShip())
	if err != nil {
		return err
	}
	w.noteStock(entries...)
	return nil
}

// planParcelsBack is planParcels where something was taken back: what exists stays, but for
// what nobody needs any more.
func (w *spareUnitChange) planParcelsBack() error {
	var wanted []logistics.NewShipment

	switch {
	case w.State == spare.SpareVoided:
		if err := w.callOffParcel(shipping.ShipSpare); err != nil {
			return err
		}
	case w.anotherParcel:
		wanted = append(wanted, w.parcel(shipping.ShipSpare, w.parcelKey()))
	}

	switch {
	case w.anotherRecall:
		wanted = append(wanted, w.parcel(shipping.ShipRecall, w.recallKey()))
	case w.before.RecallRequestedAt != nil && w.RecallRequestedAt == nil:
		if err := w.callOffParcel(shipping.ShipRecall); err != nil {
			return err
		}
	}

	return w.bookParcels(wanted)
}

// cancelForgotten cancels the parcels that people were to hand in and that nobody needs any
// more.
func (w *spareUnitChange) cancelForgotten() error {
	if w.State == spare.SpareVoided {
		if err := w.cancelParcel(w.parcelKey()); err != nil {
			return err
		}
	}
	if w.before.RecallRequestedAt != nil && w.RecallRequestedAt == nil {
		return w.cancelParcel(w.recallKey())
	}
	return nil
}

// askAgain asks operators again what they were asked before something was told that was taken
// back.
func (w *spareUnitChange) askAgain() error {
	recalled := w.State == spare.SpareRecallRequested && w.FeeAskedAt != nil
	if !recalled || w.before.State == spare.SpareRecallRequested {
		return nil
	}
	return w.askAboutFee()
}

// tellCorrection writes to the customer what was wrong, and what holds now. Nobody was told
// that the carrier has a parcel to the site.
func (w *spareUnitChange) tellCorrection() {
	if w.takingBack == spare.SparePickedUp && w.State == w.before.State {
		return
	}
	w.mailCorrection(string(w.takingBack), string(w.State))
}
