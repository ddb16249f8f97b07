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
)

// TakeBackRMAFact takes back what people told of an RMA, or typed with `ship` or
// `inspect`, with a reason. Nothing is deleted: the telling yields to one that takes it
// back, and the RMA is as it would be without it: its states, days, stock, parcels,
// devices and tasks. A fee that loses its ground is withdrawn, and the customer is told
// what was wrong and what holds now. What the carrier reported stays, and so do decisions
// about the unit itself, such as that it need not come back.
//
// Refusals: those of rma.MayRMA and RMAFacts.CheckTakeBack, CARRIER_SAYS_SO where the
// carrier tells the same, RMA_OPEN where the replacement is being replaced itself.
// Taken back again it changes nothing: to take back the inspection before the last one,
// name the version that you read after the last one was. Another version answers
// VERSION_MISMATCH; 0 is any.
func (s *Replacements) TakeBackRMAFact(
	ctx context.Context, id string, fact rma.RMAFact, reason string, version int64,
) (RMA, error) {
	if !fact.Valid() && fact != rma.FactShipped && fact != rma.FactInspected {
		return RMA{}, unknownFact("Send SHIPPED, PICKED_UP, DELIVERED, RETURN_SCANNED, " +
			"RETURN_RECEIVED or INSPECTED.")
	}
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}

	done := func(r RMA) bool {
		return r.TakenBack(fact) && (version != r.Version || len(r.Standing(fact)) == 0)
	}
	return s.changeRMA(ctx, id, rma.RMATakeBack, reason, done, func(w *rmaChange) error {
		if err := w.lookedAt(version); err != nil {
			return err
		}
		return w.takeBack(fact)
	})
}

func (w *rmaChange) takeBack(fact rma.RMAFact) error {
	if err := w.CheckTakeBack(fact); err != nil {
		return err
	}

	w.takingBack = fact
	if fact == rma.FactShipped {
		if err := w.unship(); err != nil {
			return err
		}
	}

	carrier, err := w.carrierFacts()
	if err != nil {
		return err
	}

	w.cameByCarrier = carrier.ReturnReceivedAt != nil
	typed := fact == rma.FactShipped || fact == rma.FactInspected
	without := w.RMAFacts.TakeBack(fact, carrier, w.now)
	if !typed && sameFacts(without, w.RMAFacts) {
		return rma.CarrierSays()
	}

	w.RMAFacts = without
	if w.RMAFacts.Outbound() != rma.OutboundShipped {
		w.SilenceAskedAt = nil
	}
	if fact == rma.FactShipped {
		if err := w.afterUnship(carrier); err != nil {
			return err
		}
	}
	if err := w.refuseReplacedReplacement(); err != nil {
		return err
	}

	taken := w.Tellings[len(w.Tellings)-1]
	details := map[string]any{"fact": fact, "told": taken.At}
	if taken.Outcome != "" {
		details["outcome"] = taken.Outcome
	}
	w.note("rma.taken_back", details)

	return w.refuseSecondOpen()
}

// carrierFacts returns what the carrier's own parcels say of the RMA. A parcel that was
// declared lost says nothing.
func (w *rmaChange) carrierFacts() (c rma.CarrierFacts, err error) {
	parcels, err := logistics.ParcelsOf(w.tx, w.ID)
	if err != nil {
		return c, err
	}

	for _, sh := range parcels {
		switch {
		case sh.Direction == shipping.ShipOut && sh.BookingKey == w.bookingKey():
			c.PickedUpAt = sh.FirstMoveAt
			c.DeliveredAt = sh.DeliveredAt
		case sh.Direction == shipping.ShipReturn:
			if at := sh.FirstMoveAt; at != nil {
				c.ReturnScannedAt = rma.First(c.ReturnScannedAt, *at)
				c.ReturnLastScannedAt = rma.Last(c.ReturnLastScannedAt, *at)
			}
			if at := sh.DeliveredAt; at != nil {
				c.ReturnReceivedAt = rma.Last(c.ReturnReceivedAt, *at)
			}
		}
	}

	return c, nil
}

// unship forgets what was typed when the replacement left: its serial number, and the
// number of a parcel that people handed in.
func (w *rmaChange) unship() error {
	taken, another, err := w.forgetNumber(w.bookingKey())
	if err != nil {
		return err
	}

	w.anotherParcel = another
	if taken {
		// What its carrier told was told of another parcel.
		w.RMAFacts = w.Untracked()
	}

	w.note("rma.shipment_forgotten", map[string]any{
		"replacement": db.Text(w.ReplacementDeviceID),
		"carrier":     w.Carrier,
		"tracking":    w.Tracking,
	})

	w.ReplacementDeviceID = nil
	w.ReplacementSerial = ""
	w.Carrier, w.Tracking = "", ""
	w.SilenceDueAt, w.SilenceAskedAt = nil, nil
	return nil
}

// afterUnship watches over a parcel that its carrier took although nobody has said, any
// more, what is in it.
func (w *rmaChange) afterUnship(carrier rma.CarrierFacts) error {
	if carrier.PickedUpAt == nil {
		return nil
	}

	w.Carrier, w.Tracking = w.before.Carrier, w.before.Tracking
	due, err := w.silenceDue(*carrier.PickedUpAt)
	w.SilenceDueAt = due
	return err
}

// refuseReplacedReplacement refuses, with RMA_OPEN, to take a replacement away from a
// customer who has asked for its replacement: somebody has it.
func (w *rmaChange) refuseReplacedReplacement() error {
	id := w.before.ReplacementDeviceID
	gone := w.ReplacementDeviceID == nil ||
		w.before.RMAFacts.Outbound().Done() && !w.RMAFacts.Outbound().Done()
	if id == nil || !gone {
		return nil
	}

	var open int64
	err := w.tx.Model(&RMA{}).Where("device_id = ? AND closed_at IS NULL", *id).Count(&open).Error
	if err != nil || open == 0 {
		return err
	}
	return rules.Refuse(rma.RMAOpen,
		"The customer has asked for a replacement of the unit that was sent, so it has arrived.",
		"Withdraw that replacement first, or leave what was told as it is.")
}

// refuseSecondOpen refuses, with RMA_OPEN, to open an RMA again whose device has another
// one by now.
func (w *rmaChange) refuseSecondOpen() error {
	if w.before.ClosedAt == nil || w.DeviceID == nil || w.RMAFacts.State(w.now).Over() {
		return nil
	}

	var open int64
	err := w.tx.Model(&RMA{}).
		Where("device_id = ? AND closed_at IS NULL AND id <> ?", *w.DeviceID, w.ID).
		Count(&open).Error
	if err != nil || open == 0 {
		return err
	}
	return rules.Refuse(rma.RMAOpen,
		"The device has another replacement under way, and this one would open again.",
		"End the other one first.")
}

// moveDevicesBack is moveDevices where something was taken back: who left goes home.
func (w *rmaChange) moveDevicesBack() error {
	doneBefore, done := w.before.RMAFacts.Outbound().Done(), w.RMAFacts.Outbound().Done()
	withdrawn := w.RMAFacts.Outbound() == rma.OutboundWithdrawn

	if id := w.before.ReplacementDeviceID; id != nil {
		switch {
		case w.ReplacementDeviceID == nil, doneBefore && withdrawn:
			// Its serial number is free.
			if err := w.endDevice(*id, licensing.DeviceRetired); err != nil {
				return err
			}
		case doneBefore && !done:
			if err := w.takeAway(*id); err != nil {
				return err
			}
		}
	}

	endBefore, end := w.before.faultyEnd(w.now), w.faultyEnd(w.now)
	switch {
	case end != "" && end != endBefore:
		return w.endDevice(*w.DeviceID, end)
	case end == "" && (endBefore != "" || doneBefore && !done):
		return w.bringBack(done)
	}

	return nil
}

// takeAway takes a replacement that has not arrived after all out of the room that it was
// put into.
func (w *rmaChange) takeAway(id string) error {
	devices, err := entitlement.LockPlacedUnits(w.tx, id)
	if err != nil {
		return err
	}

	d := devices[id]
	if d.State.Gone() {
		return nil
	}
	return w.moveUnitBack(d, licensing.DeviceUnplaced, "")
}

// bringBack gives the faulty device back the state that it had: with the customer, in the
// room that it left for this RMA, or, where the replacement is there, in the RMA.
func (w *rmaChange) bringBack(done bool) error {
	id := *w.DeviceID
	devices, err := entitlement.LockPlacedUnits(w.tx, id)
	if err != nil {
		return err
	}

	d := devices[id]
	if d.State == licensing.DeviceRetired {
		taken, err := entitlement.SerialInUse(w.tx, db.Text(d.Serial))
		if err != nil {
			return err
		}
		if taken && w.takingBack == "" {
			return nil // nobody is there to be told; the device stays as it is
		}
		if taken {
			return sentElsewhere()
		}
	}

	state, roomID := licensing.DeviceInRMA, ""
	if !done {
		state = licensing.DeviceUnplaced
		roomID, err = entitlement.RoomLeft(w.tx, id, w.firstMoved())
		if err != nil {
			return err
		}
		if roomID != "" {
			state = licensing.DeviceInRoom
		}
	}

	return w.moveUnitBack(d, state, roomID)
}

// firstMoved returns since when a stay of the faulty device may have ended because of this
// RMA: from the first time on that somebody told what took it out of its room.
func (w *rmaChange) firstMoved() time.Time {
	since := w.now
	for _, t := range w.Tellings {
		moves := t.Fact == rma.FactDelivered || t.Fact == rma.FactInspected ||
			t.Fact == rma.FactShipped && w.takingBack == rma.FactShipped
		if moves && t.ToldAt.Before(since) {
			since = t.ToldAt
		}
	}
	return since.Add(-time.Second)
}

// putBack takes back that the replacement left the depot: its units are on the shelf, and
// reserved where they are still to be sent.
func (w *rmaChange) putBack() error {
	wanted := w.RMAFacts.Outbound() == rma.OutboundAllocated
	entries, err := logistics.PutBack(w.tx, w.stockKey(), w.reason, wanted)
	if err != nil || len(entries) == 0 {
		return err
	}

	w.noteStock(entries...)
	if wanted {
		w.ReservationID = &entries[len(entries)-1].ID
	}
	return nil
}

// correctFees withdraws a fee that lost its ground when the days of the return moved or
// ended, or when the inspection that found a damage was taken back; and bills one again
// whose credit was for an inspection that was taken back. A carrier's correction moves the
// days as well (S62). Finance hears of each.
func (w *rmaChange) correctFees() {
	if w.fresh {
		return
	}

	// The unit that was credited was another one: the fee for the missing one holds again.
	if w.takingBack == rma.FactInspected && w.CreditedAt != nil && w.InspectedAt == nil {
		w.CreditedAt = nil
		w.FeeCorrections++
		w.tellFinance(db.OutboxFeeBilled, "non_return")
		w.note("rma.fee_billed", map[string]any{"for": "non_return"})
	}

	// A wrong unit begins the days anew, and leaves a fee that was billed before.
	moved := !db.SameInstant(w.ReturnBaseAt, w.before.ReturnBaseAt)
	if w.takingBack == rma.FactInspected && w.before.InspectedAt == nil {
		w.dropFeeOfWrongUnit()
	}
	missingAgain := w.before.InspectedAt != nil && w.InspectedAt == nil
	byWrongUnit := w.ReturnBaseAt != nil && db.SameInstant(w.ReturnBaseAt, w.WrongUnitAt)
	if (moved || missingAgain) && !byWrongUnit {
		w.dropEarlyFee()
	}

	if w.before.DamageBilledAt != nil && w.DamageBilledAt == nil {
		w.withdrawFee("damage")
	}
}

// dropEarlyFee forgets what was asked, billed or waived before the unit was due, as the
// days are counted now.
func (w *rmaChange) dropEarlyFee() {
	confirm := w.FeeConfirmAt
	early := func(at *time.Time) bool {
		return at != nil && (confirm == nil || at.Before(*confirm))
	}

	if early(w.FeeAskedAt) {
		w.FeeAskedAt = nil
	}
	if early(w.BilledAt) && w.InspectedAt == nil {
		w.BilledAt = nil
		if w.WaivedAt == nil {
			w.withdrawFee("non_return")
		}
	}
	if w.takingBack != "" && early(w.WaivedAt) && w.Outcome != rma.OutcomeDamage {
		w.WaivedAt = nil
		w.FeeCorrections++ // what is billed or waived from now on is another fee
	}
}

// dropFeeOfWrongUnit forgets what was reminded and asked in the days that a wrong unit had
// begun anew, since it was none: what is due by the days before it is done again. A fee
// that was billed since has no ground where the unit is on its way or here.
func (w *rmaChange) dropFeeOfWrongUnit() {
	w.RemindersSent = 0
	w.OverdueFrom = nil
	w.OverdueAt = nil
	w.FeeAskedAt = nil

	back := w.RMAFacts
	back.BilledAt = nil
	missing := back.Return(w.now)
	since := w.before.WrongUnitAt
	out := missing == rma.ReturnOverdue || missing == rma.ReturnAwaited
	if rma.After(w.BilledAt, since) && !out {
		w.BilledAt = nil
		w.withdrawFee("non_return")
	}
}

// withdrawFee tells finance that a fee had no ground.
func (w *rmaChange) withdrawFee(was string) {
	w.feeWithdrawn = true
	w.FeeCorrections++
	w.tellFinance(db.OutboxFeeCredited, "withdrawn")
	w.note("rma.fee_withdrawn", map[string]any{"for": was})
}

// tellFinance adds an event about the fee.
func (w *rmaChange) tellFinance(kind db.OutboxKind, why string) {
	w.feeEvent(kind, why, w.FeeCorrections)
}

// askAgain asks operators again what they were asked before something was told that was
// taken back.
func (w *rmaChange) askAgain() error {
	before, now := w.before, w.RMA
	out, outBefore := now.RMAFacts.Outbound(), before.RMAFacts.Outbound()
	if now.StoredState.Over() {
		return nil
	}

	if now.BreachedAt != nil && outBefore.Done() && !out.Done() {
		if err := w.askAboutDelay(); err != nil {
			return err
		}
	}
	if now.SilenceAskedAt != nil && out == rma.OutboundShipped && outBefore != out {
		if err := w.askWhereItIs(); err != nil {
			return err
		}
	}
	if now.Fee() == rma.FeeAsked && before.Fee() != rma.FeeAsked {
		if err := w.askAboutFee(); err != nil {
			return err
		}
	}

	lookedAt := before.InspectedAt != nil && now.InspectedAt == nil
	if lookedAt && now.WrongUnitAt != nil {
		if err := w.askAboutWrongUnit(); err != nil {
			return err
		}
	}
	if now.openToDecide() && !before.openToDecide() {
		return w.askForDecision()
	}

	return nil
}

// tellCorrection writes to the customer, who was told something that was not right: what
// was wrong, and what holds now. Nobody was told that the carrier has a parcel.
func (w *rmaChange) tellCorrection() {
	if w.takingBack == "" && !w.feeWithdrawn || w.takingBack == rma.FactPickedUp {
		return
	}

	wrong := string(w.takingBack)
	switch {
	case wrong == "":
		wrong = "DAYS" // the carrier corrected when the replacement came
	case wrong == string(rma.FactInspected) && w.before.InspectedAt == nil:
		wrong = "WRONG_UNIT"
	}

	holds := string(w.StoredState)
	if w.StoredState == rma.RMARejected && w.AppealedAt != nil {
		holds = "REJECTED_FINAL"
	}
	w.mailCorrection(wrong, holds)
}
