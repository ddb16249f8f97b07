package models

import (
	"context"
	"time"

	"roomcover.dev/roomcover/rules"
)

// RMAApproval approves an RMA.
type RMAApproval struct {
	DefectConfirmed bool
	Reason          string
}

// ApproveRMA approves a request: the cut-off at the ship-to fixes the promised day,
// once (S20). Where a depot has the same model free it is allocated by that, in the
// same transaction. One that was held for the proof of purchase is covered as of its
// request, now that the date is known, or refused (R125). Refusals: those of
// rules.MayRMA, DEFECT_OPEN, and the codes of Cover.
func (s *Store) ApproveRMA(ctx context.Context, id string, a RMAApproval) (RMA, error) {
	if err := rules.CheckOptionalReason(a.Reason); err != nil {
		return RMA{}, err
	}
	approved := func(r RMA) bool { return r.ApprovedAt != nil }
	return s.changeRMA(ctx, id, rules.RMAApprove, a.Reason, approved, func(w *rmaWork) error {
		if !a.DefectConfirmed {
			return rules.Refuse(rules.DefectOpen, "Nobody has confirmed the defect.", "Confirm it, or reject the request.")
		}
		if w.Held {
			if err := w.coverHeld(); err != nil {
				return err
			}
		}
		return w.approve()
	})
}

// coverHeld asks again about a request that was held: as of its own time, by what
// is known now.
func (w *rmaWork) coverHeld() error {
	acc := Account{ID: w.AccountID}
	cover, _, _, err := w.coverOf(NewRMA{Serial: w.FaultySerial, RoomID: text(w.RoomID), ModelCode: w.ModelCode}, acc, w.RequestedAt)
	if err != nil {
		return err
	}
	w.Held = false
	return w.freeze(cover)
}

// approve fixes the promise. Whoever used a spare has a working unit already; then
// the approval lets the spare be replenished (S26).
func (w *rmaWork) approve() error {
	w.ApprovedAt = &w.now
	details := map[string]any{"speed": w.Speed}
	if w.SwappedAt == nil {
		p, err := w.promise(w.now)
		if err != nil {
			return err
		}
		w.promised(p)
		w.FirstPromise, w.PromiseDueAt = w.Promise, w.PromisedUntil
		details["promised_on"], details["calendar"] = promisedOn(p), p.CalendarVersion
	}
	w.note("rma.approved", details)
	w.mail("APPROVED", nil)
	if w.SwappedAt != nil {
		return w.replenishSpare()
	}
	return w.allocateAtOnce()
}

func (w *rmaWork) promised(p rules.Promise) {
	w.Promise, w.PromisedUntil = &p, nil
	if until, ok := p.Due(w.zone()); ok {
		w.PromisedUntil = &until
	}
}

func promisedOn(p rules.Promise) string {
	if p.On.IsZero() {
		return ""
	}
	return p.On.String()
}

// RMARejection rejects a request with a code of rules.RejectCodes.
type RMARejection struct {
	Code   string
	Reason string // goes into the audit
}

// RejectRMA rejects a request. The customer may appeal once.
func (s *Store) RejectRMA(ctx context.Context, id string, r RMARejection) (RMA, error) {
	if err := rules.CheckRejection(r.Code, r.Reason); err != nil {
		return RMA{}, err
	}
	rejected := func(m RMA) bool { return m.StoredState == rules.RMARejected && m.RejectCode == r.Code }
	return s.changeRMA(ctx, id, rules.RMAReject, r.Reason, rejected, func(w *rmaWork) error {
		w.RejectedAt, w.RejectCode = &w.now, r.Code
		if !rules.After(w.RejectedAt, w.AppealedAt) { // another machine's clock is ahead
			later := w.AppealedAt.Add(time.Microsecond)
			w.RejectedAt = &later
		}
		w.note("rma.rejected", map[string]any{"code": r.Code})
		w.mail("REJECTED", map[string]any{"code": r.Code})
		return nil
	})
}

// AppealRMA asks to decide anew about a rejected request; once (RULES 2). RMA_OPEN
// where the device has another RMA meanwhile.
func (s *Store) AppealRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}
	appealed := func(r RMA) bool { return r.AppealedAt != nil && r.StoredState == rules.RMARequested }
	return s.changeRMA(ctx, id, rules.RMAAppeal, reason, appealed, func(w *rmaWork) error {
		var open int64
		if err := w.tx.Model(&RMA{}).Where("device_id = ? AND closed_at IS NULL", w.DeviceID).Count(&open).Error; err != nil {
			return err
		}
		if open > 0 {
			return rules.Refuse(rules.RMAOpen, "The device has an open RMA.", "Read that RMA.")
		}
		w.AppealedAt = &w.now
		w.note("rma.appealed", nil)
		w.mail("APPEALED", nil)
		return w.askForDecision()
	})
}

// WithdrawRMA takes a request back, before the carrier has the replacement
// (RULES 2).
func (s *Store) WithdrawRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return RMA{}, err
	}
	withdrawn := func(r RMA) bool { return r.StoredState == rules.RMAWithdrawn }
	return s.changeRMA(ctx, id, rules.RMAWithdraw, reason, withdrawn, func(w *rmaWork) error {
		return w.withdraw("")
	})
}

// withdraw takes the request back; orderID names the order whose cancellation did
// (S10).
func (w *rmaWork) withdraw(orderID string) error {
	w.WithdrawnAt = &w.now
	details := map[string]any{}
	if orderID != "" {
		details["order"] = orderID
	}
	w.note("rma.withdrawn", details)
	w.mail("WITHDRAWN", nil)
	if w.ShippedAt == nil {
		return nil
	}
	return w.endShipment(rules.ScanCancelled, w.reason)
}
