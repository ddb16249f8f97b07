package replacement

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// RMAApproval approves an RMA.
type RMAApproval struct {
	DefectConfirmed bool
	Reason          string
	Version         int64 // of the replacement that was looked at; 0: any
}

// ApproveRMA approves a request: the cut-off at the ship-to fixes the promised day,
// once (S20). Where a depot has the same model free, it is allocated in the same
// transaction. A request that was held for the proof of purchase is covered as of its
// own time, now that the date is known, or refused (R125). Refusals: those of
// rma.MayRMA, DEFECT_OPEN, and the codes of Cover.
func (s *Replacements) ApproveRMA(ctx context.Context, id string, a RMAApproval) (RMA, error) {
	if err := rules.CheckOptionalReason(a.Reason); err != nil {
		return RMA{}, err
	}

	approved := func(r RMA) bool { return r.ApprovedAt != nil }
	return s.changeRMA(ctx, id, rma.RMAApprove, a.Reason, approved, func(w *rmaChange) error {
		if err := w.lookedAt(a.Version); err != nil {
			return err
		}
		if !a.DefectConfirmed {
			return rules.Refuse(rma.DefectOpen,
				"Nobody has confirmed the defect.", "Confirm it, or reject the request.")
		}

		if w.Held {
			if err := w.coverHeld(); err != nil {
				return err
			}
		}
		return w.approve()
	})
}

// lookedAt refuses a decision about another version than the stored one: the customer may
// have used a spare since, and then an approval replenishes it instead of sending a unit.
func (r RMA) lookedAt(version int64) error {
	if version == 0 || version == r.Version {
		return nil
	}

	e := rules.Refuse(
		rules.VersionMismatch,
		"The replacement was changed since you read it.",
		"Read it again, and decide about what it says now.",
	)
	if r.SwappedAt != nil {
		e.Fields = []rules.FieldError{{
			Pointer: "/spare_unit_id",
			Code:    "CHANGED",
			Message: "The customer has used a spare: an approval replenishes it, and " +
				"sends no other unit.",
			Remedy: "Decide about that.",
		}}
	}
	return e
}

// coverHeld decides again about the cover of a request that was held: as of its own
// time, by what is known now.
func (w *rmaChange) coverHeld() error {
	n := NewRMA{
		Serial:    w.FaultySerial,
		RoomID:    db.Text(w.RoomID),
		ModelCode: w.ModelCode,
	}

	covered, err := w.coverOf(n, w.AccountID, w.RequestedAt)
	if err != nil {
		return err
	}

	w.Held = false
	return w.freeze(covered.Answer)
}

// approve fixes the promise, and allocates. A customer who used a spare has a working
// unit already; then the approval lets the spare be replenished (S26).
func (w *rmaChange) approve() error {
	w.ApprovedAt = &w.now
	details := map[string]any{"speed": w.Speed}
	if w.SwappedAt == nil {
		p, err := w.promise(w.now)
		if err != nil {
			return err
		}

		w.keepPromise(p)
		w.FirstPromise = w.Promise
		w.PromiseDueAt = w.PromisedUntil
		details["promised_on"] = promisedOn(p)
		details["calendar"] = p.CalendarVersion
	}

	w.note("rma.approved", details)
	w.mail("APPROVED", nil)

	if w.SwappedAt != nil {
		return w.replenishSpare()
	}

	return w.allocateAtOnce()
}

// RMARejection rejects a request with a code of rma.RejectCodes.
type RMARejection struct {
	Code    string
	Reason  string // goes into the audit
	Version int64  // of the replacement that was looked at; 0: any
}

// RejectRMA rejects a request. The customer may appeal once.
func (s *Replacements) RejectRMA(ctx context.Context, id string, r RMARejection) (RMA, error) {
	if err := rma.CheckRejection(r.Code, r.Reason); err != nil {
		return RMA{}, err
	}

	rejected := func(m RMA) bool {
		return m.StoredState == rma.RMARejected && m.RejectCode == r.Code
	}
	return s.changeRMA(ctx, id, rma.RMAReject, r.Reason, rejected, func(w *rmaChange) error {
		if err := w.lookedAt(r.Version); err != nil {
			return err
		}
		w.RejectedAt = &w.now
		w.RejectCode = r.Code
		if !rma.After(w.RejectedAt, w.AppealedAt) { // another machine's clock is ahead
			later := w.AppealedAt.Add(time.Microsecond)
			w.RejectedAt = &later
		}

		w.note("rma.rejected", map[string]any{"code": r.Code})
		w.mail("REJECTED", map[string]any{"code": r.Code})
		return nil
	})
}

// AppealRMA asks for another decision about a rejected request; once (RULES 2). It
// refuses with RMA_OPEN where the device has another RMA meanwhile.
func (s *Replacements) AppealRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}

	appealed := func(r RMA) bool {
		return r.AppealedAt != nil && r.StoredState == rma.RMARequested
	}
	return s.changeRMA(ctx, id, rma.RMAAppeal, reason, appealed, func(w *rmaChange) error {
		var open int64
		err := w.tx.Model(&RMA{}).
			Where("device_id = ? AND closed_at IS NULL", w.DeviceID).
			Count(&open).Error
		if err != nil {
			return err
		}

		if open > 0 {
			return rules.Refuse(rma.RMAOpen, "The device has an open RMA.", "Read that RMA.")
		}

		if err := w.reviewShipTo(); err != nil {
			return err
		}

		w.AppealedAt = &w.now
		w.note("rma.appealed", nil)
		w.mail("APPEALED", nil)
		return w.askForDecision()
	})
}

// WithdrawRMA takes a request back, before the carrier has the replacement
// (RULES 2).
func (s *Replacements) WithdrawRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return RMA{}, err
	}
	withdrawn := func(r RMA) bool { return r.StoredState == rma.RMAWithdrawn }
	return s.changeRMA(ctx, id, rma.RMAWithdraw, reason, withdrawn, func(w *rmaChange) error {
		return w.withdraw("", "")
	})
}

// withdraw takes the request back; orderID and orderName are those of the order whose
// cancellation did (S10), which the mail gives as the reason.
func (w *rmaChange) withdraw(orderID, orderName string) error {
	w.WithdrawnAt = &w.now
	details := map[string]any{}
	told := map[string]any{}
	if orderID != "" {
		details["order"] = orderID
		told["cancelled_order"] = orderName
	}

	w.note("rma.withdrawn", details)
	w.mail("WITHDRAWN", told)
	if w.ShippedAt == nil {
		return nil
	}
	return w.endShipment(shipping.ScanCancelled, w.reason)
}

// WithdrawRMAs ends the RMAs that lose their entitlement by the cancellation of an
// order (S10): those that run under a licence of the order that was revoked are
// withdrawn, unless their replacement was shipped or a spare was used; those go on with
// their return and its fee.
func (s *Replacements) WithdrawRMAs(tx *db.Tx, orderID, orderName string) error {
	revoked := tx.Table("licences AS l").
		Select("l.id").
		Joins("JOIN service_contracts c ON c.id = l.contract_id").
		Where("c.order_id = ? AND l.state = ?", orderID, rules.LicenceRevoked)

	var ids []string
	err := tx.Model(&RMA{}).
		Where("closed_at IS NULL AND cover_licence_id IN (?)", revoked).
		Order("id").
		Pluck("id", &ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}

	ref, err := s.programs.ReferenceIn(tx)
	if err != nil {
		return err
	}

	for _, id := range ids {
		w, err := s.lockRMA(tx, ref, id)
		if err != nil {
			return err
		}
		if !w.withdrawable() {
			continue
		}

		if err := w.withdraw(orderID, orderName); err != nil {
			return err
		}
		if err := w.save(); err != nil {
			return err
		}
	}

	return nil
}

// BillRMA confirms the fee; finance gets one event, however often it is called (S22).
// For a unit that did not come back the fee may be confirmed from the fifth business
// day after the due day on, for damage at once. Refusals: those of rma.MayRMA.
func (s *Replacements) BillRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return RMA{}, err
	}

	billed := func(r RMA) bool {
		return r.StoredState == rma.RMANonReturnBilled || r.DamageBilledAt != nil
	}
	return s.changeRMA(ctx, id, rma.RMABill, reason, billed, func(w *rmaChange) error {
		why := "non_return"
		if w.DamageOpen() {
			why = "damage"
			w.DamageBilledAt = &w.now
		} else {
			w.BilledAt = &w.now
		}

		w.tellFinance(db.OutboxFeeBilled, why)
		w.note("rma.fee_billed", map[string]any{"for": why})
		w.mail("BILLED", map[string]any{"damage": why == "damage"})
		return nil
	})
}

// WaiveRMA waives a fee, or credits the one that was billed. Only a lead may (RULES 4).
func (s *Replacements) WaiveRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}

	waived := func(r RMA) bool { return r.WaivedAt != nil }
	return s.changeRMA(ctx, id, rma.RMAWaive, reason, waived, func(w *rmaChange) error {
		if w.Fee() == rma.FeeBilled {
			w.tellFinance(db.OutboxFeeCredited, "waived")
		}
		w.WaivedAt = &w.now
		w.note("rma.fee_waived", nil)
		w.mail("WAIVED", nil)
		return nil
	})
}
