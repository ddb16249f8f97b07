package models

import (
	"context"
	"fmt"

	"roomcover.dev/roomcover/rules"
)

// void ends a unit that was not shipped, and the booking of its parcel (S9).
func (w *spareWork) void() error {
	if err := w.become(rules.SpareVoided); err != nil {
		return err
	}
	w.VoidedAt, w.RecallPending = &w.now, false
	w.note("spare.voided", map[string]any{})
	if w.SelectedAt != nil {
		w.mail("VOIDED", nil)
	}
	return w.cancelParcel(w.parcelKey())
}

// recall asks for a unit that lies on site: the account has until the end of its
// local day that the program says, by default 30 (RULES 3, S9, C8).
func (w *spareWork) recall() error {
	if err := w.become(rules.SpareRecallRequested); err != nil {
		return err
	}
	ref, err := w.s.referenceWithin(w.tx)
	if err != nil {
		return err
	}
	due := rules.SpareRecallDue(w.now, ref.Program.Replacement.SpareRecallDays, w.zone())
	w.RecallRequestedAt, w.RecallDueAt, w.RecallScannedAt, w.FeeAskedAt, w.RemindersSent = &w.now, &due, nil, nil, 0
	w.RecallPending = false
	w.Recalls++
	w.note("spare.recall_requested", map[string]any{"due": due})
	w.mail("RECALL_REQUESTED", nil)
	if w.Carrier == "" || w.s.carrier != "" {
		return nil // whoever sends it back chooses one; or see planParcels
	}
	_, err = w.s.createShipment(w.tx, w.scope, NewShipment{AccountID: *w.AccountID, Direction: rules.ShipRecall, SubjectID: w.ID, BookingKey: w.recallKey(), Carrier: w.Carrier})
	return err
}

// recallOnArrival has a unit that is under way recalled when it arrives: what the
// carrier has cannot be stopped.
func (w *spareWork) recallOnArrival() error {
	w.RecallPending = true
	w.note("spare.recall_pending", map[string]any{})
	return nil
}

// keep withdraws a recall, since the entitlement is back in time (S9).
func (w *spareWork) keep() error {
	if w.RecallPending {
		w.RecallPending = false
		w.note("spare.recall_withdrawn", map[string]any{"pending": true})
		return nil
	}
	if err := w.become(rules.SpareOnSite); err != nil {
		return err
	}
	w.RecallRequestedAt, w.RecallDueAt, w.RemindersSent = nil, nil, 0
	w.note("spare.recall_withdrawn", map[string]any{})
	w.mail("RECALL_WITHDRAWN", nil)
	return w.cancelParcel(w.recallKey())
}

// recallKey names the parcel of the present recall.
func (u SpareUnit) recallKey() string { return fmt.Sprintf("%s/recall/%d", u.ID, u.Recalls) }

// ReceiveSpare notes that the depot has the recalled unit. One that was billed
// before is credited, as a late return is (S22).
func (s *Store) ReceiveSpare(ctx context.Context, id string) (SpareUnit, error) {
	received := func(u SpareUnit) bool { return u.State == rules.SpareReturned }
	return s.changeSpare(ctx, id, rules.SpareReceive, "", received, func(w *spareWork) error {
		return w.received(w.now)
	})
}

// BillSpare confirms the fee of a recalled unit that did not come back in time:
// finance is told, once. Refusals: those of rules.MaySpare.
func (s *Store) BillSpare(ctx context.Context, id, reason string) (SpareUnit, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return SpareUnit{}, err
	}
	billed := func(u SpareUnit) bool { return u.State == rules.SpareBilled }
	return s.changeSpare(ctx, id, rules.SpareBill, reason, billed, func(w *spareWork) error {
		if err := w.become(rules.SpareBilled); err != nil {
			return err
		}
		w.BilledAt = &w.now
		w.event(OutboxFeeBilled, "spare")
		w.note("spare.billed", map[string]any{})
		w.mail("BILLED", nil)
		return w.endDevice(rules.DeviceLost)
	})
}

// WaiveSpare lets the customer keep a recalled unit for nothing; a lead's (RULES 4).
func (s *Store) WaiveSpare(ctx context.Context, id, reason string) (SpareUnit, error) {
	if err := rules.CheckReason(reason); err != nil {
		return SpareUnit{}, err
	}
	waived := func(u SpareUnit) bool { return u.State == rules.SpareWaived }
	return s.changeSpare(ctx, id, rules.SpareWaive, reason, waived, func(w *spareWork) error {
		if err := w.become(rules.SpareWaived); err != nil {
			return err
		}
		w.WaivedAt = &w.now
		w.note("spare.waived", map[string]any{})
		w.mail("WAIVED", nil)
		if err := w.moveDevice(rules.DeviceUnplaced, nil); err != nil {
			return err
		}
		return w.cancelParcel(w.recallKey())
	})
}
