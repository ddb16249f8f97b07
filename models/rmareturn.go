package models

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// RecordRMAFact adds what a carrier or a depot tells. It is never refused for the
// state that the RMA is in, and may come twice, late and in any order. at is when
// it happened; a time that lies ahead counts as now.
func (s *Store) RecordRMAFact(ctx context.Context, id string, fact rules.RMAFact, at time.Time) (RMA, error) {
	return s.changeRMAByFact(ctx, id, func(w *rmaWork) { w.learn(fact, at) })
}

func (s *Store) changeRMAByFact(ctx context.Context, id string, learn func(*rmaWork)) (RMA, error) {
	var out RMA
	ref, err := s.Reference(ctx)
	if err != nil {
		return RMA{}, err
	}
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		w, err := s.lockRMA(tx, scope, ref, id)
		if err != nil {
			return err
		}
		learn(w)
		if len(w.entries) > 0 {
			err = w.save()
		}
		out = w.RMA
		return err
	})
	return out, err
}

// learn takes over a fact, and notes it where it says something new.
func (w *rmaWork) learn(fact rules.RMAFact, at time.Time) {
	if at.IsZero() || at.After(w.now) {
		at = w.now
	}
	at = at.UTC().Truncate(time.Microsecond)
	after := w.RMAFacts.With(fact, at)
	if sameFacts(after, w.RMAFacts) {
		return
	}
	first := w.OutboundDoneAt() == nil
	w.RMAFacts = after
	w.note("rma."+lowerFact[fact], map[string]any{"at": at})
	if fact == rules.FactDelivered && first {
		w.mail("DELIVERED", nil)
	}
}

var lowerFact = map[rules.RMAFact]string{rules.FactPickedUp: "picked_up", rules.FactDelivered: "delivered", rules.FactReturnScanned: "return_scanned", rules.FactReturnReceived: "return_received"}

func sameFacts(a, b rules.RMAFacts) bool {
	return sameInstant(a.PickedUpAt, b.PickedUpAt) && sameInstant(a.DeliveredAt, b.DeliveredAt) && sameInstant(a.ReturnScannedAt, b.ReturnScannedAt) &&
		sameInstant(a.ReturnLastScannedAt, b.ReturnLastScannedAt) && sameInstant(a.ReturnReceivedAt, b.ReturnReceivedAt)
}

// ReceiveRMA notes that the depot has the unit; who looks at it is next.
func (s *Store) ReceiveRMA(ctx context.Context, id string) (RMA, error) {
	received := func(r RMA) bool { return r.StoredState == rules.RMAReturnReceived || r.InspectedAt != nil }
	return s.changeRMA(ctx, id, rules.RMAReceive, "", received, func(w *rmaWork) error {
		w.learn(rules.FactReturnReceived, w.now)
		return nil
	})
}

// RMAInspection is what the depot found.
type RMAInspection struct {
	Serial  string // read from the unit; none for an accessory
	Outcome rules.RMAOutcome
	Reason  string
}

func (in RMAInspection) validate() error {
	if !in.Outcome.Valid() {
		return rules.Invalid([]rules.FieldError{{Pointer: "/outcome", Code: "UNKNOWN_OUTCOME", Message: "There is no such outcome.", Remedy: "Send DEFECT, NO_FAULT_FOUND, DAMAGE or WRONG_UNIT."}})
	}
	return rules.CheckOptionalReason(in.Reason)
}

// InspectRMA records what the depot found (RULES 2). Another serial than the faulty
// one is a WRONG_UNIT: the return is awaited anew and an operator is asked. DAMAGE
// asks an operator to bill or waive; DEFECT and NO_FAULT_FOUND close the RMA, and a
// fee that was billed is credited (S22). STATE_CONFLICT where the faulty unit was
// inspected with another outcome.
func (s *Store) InspectRMA(ctx context.Context, id string, in RMAInspection) (RMA, error) {
	if err := in.validate(); err != nil {
		return RMA{}, err
	}
	inspected := func(r RMA) bool { return r.InspectedAt != nil && r.Outcome == in.Outcome }
	return s.changeRMA(ctx, id, rules.RMAInspect, in.Reason, inspected, func(w *rmaWork) error {
		if w.InspectedAt != nil {
			return rules.Refuse(rules.StateConflict, "The unit was inspected with another outcome already.", "Read the RMA again.")
		}
		billed := w.Fee() == rules.FeeBilled
		w.RMAFacts = w.Inspected(w.FaultySerial, in.Serial, in.Outcome, w.now)
		outcome := w.Outcome
		if outcome == "" {
			outcome = rules.OutcomeWrongUnit
		}
		w.note("rma.inspected", map[string]any{"outcome": outcome})
		return w.act(outcome, billed)
	})
}

// act does what an outcome asks for.
func (w *rmaWork) act(outcome rules.RMAOutcome, billed bool) error {
	switch outcome {
	case rules.OutcomeWrongUnit:
		w.mail("WRONG_UNIT", nil)
		return w.raise(TaskRMAWrongUnit, "Send the unit back, and find out where the faulty one is.", "The depot received another unit than the faulty one.")
	case rules.OutcomeDamage:
		if err := w.raise(TaskRMAFee, "Decide about the fee for the damage: bill it or, as a lead, waive it.", "The depot found damage that no warranty covers."); err != nil {
			return err
		}
	}
	if billed {
		w.event(OutboxFeeCredited, "return")
		w.note("rma.fee_credited", nil)
	}
	w.mail("INSPECTED", map[string]any{"outcome": string(outcome)})
	return nil
}

// KeepRMAUnit says that the faulty unit need not come back, by the model's policy,
// and closes the RMA. proof names where the photo of it is kept; an accessory needs
// none.
func (s *Store) KeepRMAUnit(ctx context.Context, id, proof, reason string) (RMA, error) {
	if err := rules.Invalid(rules.CheckLine("/photo", proof, 200)); err != nil {
		return RMA{}, err
	}
	kept := func(r RMA) bool { return r.NoReturnAt != nil }
	return s.changeRMA(ctx, id, rules.RMAKeepUnit, reason, kept, func(w *rmaWork) error {
		if proof == "" && w.DeviceID != nil {
			return rules.Refuse(rules.PhotoMissing, "A photo of the unit is missing.", "Send where the photo is kept that shows the unit and its serial number.")
		}
		w.NoReturnAt, w.NoReturnProof = &w.now, proof
		w.note("rma.no_return_required", map[string]any{"proof": proof != ""})
		w.mail("NO_RETURN", nil)
		return nil
	})
}

// BillRMA confirms the fee: finance is told, once (S22). Of a unit that did not come
// back from the fifth business day after the due day on, of damage at once.
func (s *Store) BillRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckOptionalReason(reason); err != nil {
		return RMA{}, err
	}
	billed := func(r RMA) bool { return r.StoredState == rules.RMANonReturnBilled || r.DamageBilledAt != nil }
	return s.changeRMA(ctx, id, rules.RMABill, reason, billed, func(w *rmaWork) error {
		why := "non_return"
		if w.DamageOpen() {
			why = "damage"
			w.DamageBilledAt = &w.now
		} else {
			w.BilledAt = &w.now
		}
		w.event(OutboxFeeBilled, why)
		w.note("rma.fee_billed", map[string]any{"for": why})
		w.mail("BILLED", map[string]any{"damage": why == "damage"})
		return nil
	})
}

// WaiveRMA waives a fee, or credits the one that was billed; a lead's (RULES 4).
func (s *Store) WaiveRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}
	waived := func(r RMA) bool { return r.WaivedAt != nil }
	return s.changeRMA(ctx, id, rules.RMAWaive, reason, waived, func(w *rmaWork) error {
		if w.Fee() == rules.FeeBilled {
			w.event(OutboxFeeCredited, "waived")
		}
		w.WaivedAt = &w.now
		w.note("rma.fee_waived", nil)
		w.mail("WAIVED", nil)
		return nil
	})
}
