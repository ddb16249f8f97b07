package replacement

import (
	"context"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// AllocateRMA reserves a unit of the same or a better model; an empty model stands for
// the faulty one's. A model that no depot ever received has no stock figures, and is
// allocated without a reservation. Refusals: those of rma.MayRMA, NOT_LIKE_FOR_LIKE,
// OUT_OF_STOCK.
func (s *Replacements) AllocateRMA(ctx context.Context, id, model string) (RMA, error) {
	allocated := func(r RMA) bool {
		return r.StoredState == rma.RMAAllocated && (model == "" || r.ReplacementModel == model)
	}
	return s.changeRMA(ctx, id, rma.RMAAllocate, "", allocated, func(w *rmaChange) error {
		if err := w.offer(model); err != nil {
			return err
		}

		reserved, kept, err := w.reserve(w.ReplacementModel)
		if err != nil {
			return err
		}

		if kept && !reserved {
			return rules.Refuse(shipping.OutOfStock,
				"No depot has enough units of this model free.",
				"Backorder it with the day on which units are expected, "+
					"or allocate a better model.")
		}

		w.allocate()
		return nil
	})
}

// offer takes over the model of the replacement.
func (w *rmaChange) offer(model string) error {
	model = catalogue.NormaliseModelCode(model)
	if model == "" {
		model = w.ModelCode
	}
	w.ReplacementModel = model
	return rma.SameOrBetter(w.ModelCode, model)
}

// RMABackorder says that no unit is in stock, on which day one is expected, and whether
// another model is offered instead.
type RMABackorder struct {
	ExpectedOn string // YYYY-MM-DD at the ship-to
	Model      string // empty: the faulty one's
}

// BackorderRMA makes a new promise, counted from the day on which a unit is expected,
// and writes to the customer. The breach still counts from the first promise (S21).
func (s *Replacements) BackorderRMA(ctx context.Context, id string, b RMABackorder) (RMA, error) {
	day, err := civil.ParseDate(b.ExpectedOn)
	if err != nil || !day.IsValid() {
		return RMA{}, rules.Invalid([]rules.FieldError{{
			Pointer: "/expected_on",
			Code:    rules.InvalidDate,
			Message: "This is not a calendar date.",
			Remedy:  "Send a date as YYYY-MM-DD.",
		}})
	}

	return s.changeRMA(ctx, id, rma.RMABackorder, "", nil, func(w *rmaChange) error {
		if day.Before(rules.DateIn(w.now, w.zone())) {
			return rules.Invalid([]rules.FieldError{{
				Pointer: "/expected_on",
				Code:    rules.OutOfRange,
				Message: "The day is in the past.",
				Remedy:  "Send the day on which a unit is expected.",
			}})
		}

		if err := w.offer(b.Model); err != nil {
			return err
		}

		p, err := w.promise(rules.StartOfDay(day, w.zone()))
		if err != nil {
			return err
		}

		w.keepPromise(p.CountedFromUnit())
		w.BackorderedAt = &w.now
		w.note("rma.backordered", map[string]any{
			"expected_on": day.String(),
			"model":       w.ReplacementModel,
			"promised_on": promisedOn(p),
		})

		w.mail("BACKORDERED", map[string]any{"expected_on": day.String()})
		return nil
	})
}

// RMAShipment is what leaves the warehouse.
type RMAShipment struct {
	Serial   string // of the replacement; none for an accessory
	Carrier  string
	Tracking string
}

// ShipRMA captures the serial of the replacement, which becomes a device of the
// account; it takes the room on delivery (S24). It may come after the carrier's own
// scans: a parcel that the service booked may leave before the warehouse says so.
// Refusals: those of rma.MayRMA, SERIAL_REGISTERED where a device in use has the
// serial.
func (s *Replacements) ShipRMA(ctx context.Context, id string, sh RMAShipment) (RMA, error) {
	sh.Serial = rules.NormaliseSerial(sh.Serial)
	shipped := func(r RMA) bool {
		return r.ShippedAt != nil &&
			r.StoredState == rma.RMAShipped &&
			r.ReplacementSerial == sh.Serial
	}

	named := false
	r, err := s.changeRMA(ctx, id, rma.RMAShip, "", shipped, func(w *rmaChange) (err error) {
		named, err = w.ship(sh)
		return err
	})
	if err != nil || !named {
		return r, err
	}

	// Only now apply what the carrier reported before we knew the parcel. The watch applies
	// what fails here.
	n, err := s.logistics.SettleEventsOf(ctx, r.Carrier, r.Tracking)
	if n == 0 || err != nil {
		return r, nil
	}

	return s.GetRMA(ctx, id)
}

// ship notes what left; named reports whether the parcel's number is new to us.
func (w *rmaChange) ship(sh RMAShipment) (named bool, err error) {
	if err := w.validateShipment(sh); err != nil {
		return false, err
	}

	// The carrier was first, and the customer knows.
	late := w.PickedUpAt != nil || w.DeliveredAt != nil
	if late && w.Carrier != "" {
		sh.Carrier, sh.Tracking = w.Carrier, w.Tracking
	} else {
		parcel, isNew, err := w.openShipment(sh)
		if err != nil {
			return false, err
		}

		if parcel != nil {
			sh.Carrier, sh.Tracking = parcel.Carrier, db.Text(parcel.Tracking)
		}

		named = isNew
	}

	if w.DeviceID != nil {
		if err := w.registerReplacement(sh.Serial); err != nil {
			return false, err
		}
	}

	w.ShippedAt = &w.now
	w.RMAFacts = w.Hear(rma.Telling[rma.RMAFact]{Fact: rma.FactShipped, At: w.now, ToldAt: w.now})
	w.Carrier = sh.Carrier
	w.Tracking = sh.Tracking

	w.note("rma.shipped", map[string]any{
		"replacement": db.Text(w.ReplacementDeviceID),
		"carrier":     sh.Carrier,
		"tracking":    sh.Tracking,
	})

	if late {
		return named, nil
	}

	due, err := w.silenceDue(w.now)
	if err != nil {
		return false, err
	}

	w.SilenceDueAt, w.SilenceAskedAt = due, nil
	w.mail("SHIPPED", nil)
	return named, nil
}

func (w *rmaChange) validateShipment(sh RMAShipment) error {
	var fields []rules.FieldError
	if w.DeviceID != nil {
		if problem := rules.SerialProblem("/serial", sh.Serial); problem != nil {
			fields = append(fields, *problem)
		}
	} else if sh.Serial != "" {
		fields = append(fields, rules.FieldError{
			Pointer: "/serial",
			Code:    "UNEXPECTED",
			Message: "An accessory has no serial number.",
			Remedy:  "Leave it out.",
		})
	}

	fields = append(fields, rules.CheckLine("/carrier", sh.Carrier, 50)...)
	fields = append(fields, rules.CheckLine("/tracking", sh.Tracking, 100)...)
	return rules.Invalid(fields)
}

// registerReplacement makes the replacement a device of the account, linked to the
// one that it replaces.
func (w *rmaChange) registerReplacement(serial string) error {
	d := entitlement.Device{
		ID:               db.NewID(db.PrefixDevice),
		AccountID:        w.AccountID,
		Serial:           &serial,
		ModelCode:        w.ReplacementModel,
		State:            licensing.DeviceUnplaced,
		ReplacesDeviceID: w.DeviceID,
		ReplacedOn:       rules.DateIn(w.now, w.zone()).String(),
		CreatedAt:        w.now,
		Version:          1,
	}

	if err := entitlement.RegisterUnit(w.tx, &d); err != nil {
		return err
	}

	w.ReplacementDeviceID = &d.ID
	w.ReplacementSerial = serial
	w.noteOf("device.registered", d.ID, map[string]any{
		"after":    d.Facts(),
		"replaces": db.Text(w.DeviceID),
	})

	return nil
}

// ReshipRMA declares the parcel lost and lets another unit be sent, at most once. An
// agent decides it, after 3 business days without a sign from the carrier or once the
// carrier says that the parcel will not arrive; before, it refuses with PARCEL_NOT_LOST.
// The RMA goes back to APPROVED with its first promise, or to ALLOCATED where a depot
// has another unit.
func (s *Replacements) ReshipRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}

	return s.changeRMA(ctx, id, rma.RMAReship, reason, nil, func(w *rmaChange) error {
		if err := w.endShipment(shipping.ScanLost, reason); err != nil {
			return err
		}

		w.note("rma.parcel_lost", map[string]any{
			"tracking":    w.Tracking,
			"replacement": db.Text(w.ReplacementDeviceID),
		})

		w.forgetParcel()
		w.mail("RESHIPPED", nil)
		return w.allocateAtOnce()
	})
}

// forgetParcel makes the RMA ready for another parcel.
func (w *rmaChange) forgetParcel() {
	w.Reships++
	w.AllocatedAt, w.BackorderedAt = nil, nil
	w.ShippedAt, w.PickedUpAt = nil, nil
	w.SilenceDueAt, w.SilenceAskedAt = nil, nil
	w.ReplacementDeviceID = nil
	w.ReplacementSerial = ""
	w.ReplacementModel = ""
	w.Carrier, w.Tracking = "", ""
	w.DepotID = nil
}

// WaitForRMA records that the parcel is not lost: an agent is asked again after another
// 3 business days without a sign from the carrier.
func (s *Replacements) WaitForRMA(ctx context.Context, id, reason string) (RMA, error) {
	if err := rules.CheckReason(reason); err != nil {
		return RMA{}, err
	}

	return s.changeRMA(ctx, id, rma.RMAWait, reason, nil, func(w *rmaChange) error {
		due, err := w.silenceDue(w.now)
		if err != nil {
			return err
		}

		w.SilenceDueAt, w.SilenceAskedAt = due, nil
		w.note("rma.parcel_awaited", nil)
		return nil
	})
}

// ReceiveRMA records that the depot has the unit, which it has to inspect next.
func (s *Replacements) ReceiveRMA(ctx context.Context, id string) (RMA, error) {
	received := func(r RMA) bool {
		return r.StoredState == rma.RMAReturnReceived || r.InspectedAt != nil
	}
	return s.changeRMA(ctx, id, rma.RMAReceive, "", received, func(w *rmaChange) error {
		w.hear(rma.FactReturnReceived, w.now)
		return nil
	})
}

// RMAInspection is what the depot found.
type RMAInspection struct {
	Serial  string // read from the unit; none for an accessory
	Outcome rma.RMAOutcome
	Reason  string
}

// validate refuses what is wrong whichever unit was expected.
func (in RMAInspection) validate() error {
	if err := rma.CheckInspection("", in.Serial, in.Outcome); err != nil {
		return err
	}
	return rules.CheckOptionalReason(in.Reason)
}

// InspectRMA records what the depot found (RULES 2). After a WRONG_UNIT, another unit than
// the faulty one, the return is awaited again and an operator is asked. DAMAGE
// asks an operator to bill or waive; DEFECT and NO_FAULT_FOUND close the RMA, and a
// fee that was billed is credited (S22). It refuses with STATE_CONFLICT where the
// faulty unit was inspected with another outcome, with UNIT_OF_ANOTHER_RETURN the unit of
// another return that is open, and what rma.CheckInspection refuses.
func (s *Replacements) InspectRMA(ctx context.Context, id string, in RMAInspection) (RMA, error) {
	if err := in.validate(); err != nil {
		return RMA{}, err
	}

	inspected := func(r RMA) bool { return r.InspectedAt != nil && r.Outcome == in.Outcome }
	return s.changeRMA(ctx, id, rma.RMAInspect, in.Reason, inspected, func(w *rmaChange) error {
		if w.InspectedAt != nil {
			return rules.Refuse(rules.StateConflict,
				"The unit was inspected with another outcome already.", "Read the RMA again.")
		}
		if err := w.refuseUnitOfAnother(in.Serial); err != nil {
			return err
		}
		if err := rma.CheckInspection(w.FaultySerial, in.Serial, in.Outcome); err != nil {
			return err
		}

		billed := w.Fee() == rma.FeeBilled
		w.RMAFacts = w.Inspected(w.FaultySerial, in.Serial, in.Outcome, w.now)
		outcome := w.Outcome
		if outcome == "" {
			outcome = rma.OutcomeWrongUnit
		}
		w.RMAFacts = w.Hear(rma.Telling[rma.RMAFact]{
			Fact:    rma.FactInspected,
			At:      w.now,
			ToldAt:  w.now,
			Outcome: outcome,
			Serial:  rules.NormaliseSerial(in.Serial),
		})

		details := map[string]any{"outcome": outcome}
		if outcome == rma.OutcomeWrongUnit {
			details["serial"] = rules.NormaliseSerial(in.Serial)
		}
		w.note("rma.inspected", details)
		return w.followUp(outcome, billed)
	})
}

// refuseUnitOfAnother refuses a unit whose own return is open, with
// UNIT_OF_ANOTHER_RETURN: two returns whose labels were swapped, of one customer or of two.
// Only operators inspect, so no customer learns of another one's return.
func (w *rmaChange) refuseUnitOfAnother(serial string) error {
	serial = rules.NormaliseSerial(serial)
	if serial == "" || serial == w.FaultySerial {
		return nil
	}

	var others []RMA
	err := w.tx.
		Where("faulty_serial = ? AND id <> ?", serial, w.ID).
		Where("inspected_at IS NULL AND no_return_at IS NULL").
		Where("(closed_at IS NULL OR return_track = ?)", rma.ReturnBilled).
		Order("requested_at DESC").
		Limit(20).
		Find(&others).Error

	for _, other := range others {
		// Whoever may not see it is not told that there is one.
		if w.tx.Scope.Sees(other.AccountID) &&
			rma.MayRMA(rma.RMAInspect, w.tx.Scope.Actor.Role, other.RMAFacts, w.now) == nil {
			return rma.RefuseUnitOf(other.Name())
		}
	}
	return err
}

// followUp does what the outcome of an inspection asks for; billed says that the fee
// for the missing unit was confirmed before.
func (w *rmaChange) followUp(outcome rma.RMAOutcome, billed bool) error {
	switch {
	case outcome == rma.OutcomeWrongUnit:
		w.mail("WRONG_UNIT", nil)
		return w.askAboutWrongUnit()
	case w.DamageOpen(): // unless a lead has waived what there was to pay
		if err := w.askAboutFee(); err != nil {
			return err
		}
	}

	if billed {
		w.CreditedAt = &w.now
		w.tellFinance(db.OutboxFeeCredited, "return")
		w.note("rma.fee_credited", nil)
	}

	w.mail("INSPECTED", map[string]any{"outcome": string(outcome)})
	return nil
}

func (w *rmaChange) askAboutWrongUnit() error {
	return w.raise(db.TaskRMAWrongUnit,
		"Send the unit back, and find out where the faulty one is.",
		"The depot received another unit than the faulty one.")
}

// KeepRMAUnit decides that the faulty unit need not come back, by the model's policy,
// and closes the RMA. proof names where the photo of it is kept; an accessory needs
// none. It refuses with PHOTO_MISSING a device without one.
func (s *Replacements) KeepRMAUnit(ctx context.Context, id, proof, reason string) (RMA, error) {
	if err := rules.Invalid(rules.CheckLine("/photo", proof, 200)); err != nil {
		return RMA{}, err
	}

	kept := func(r RMA) bool { return r.NoReturnAt != nil }
	return s.changeRMA(ctx, id, rma.RMAKeepUnit, reason, kept, func(w *rmaChange) error {
		if proof == "" && w.DeviceID != nil {
			return rules.Refuse(rma.PhotoMissing,
				"A photo of the unit is missing.",
				"Send where the photo is kept that shows the unit and its serial number.")
		}

		w.NoReturnAt = &w.now
		w.NoReturnProof = proof
		w.note("rma.no_return_required", map[string]any{"proof": proof != ""})
		w.mail("NO_RETURN", nil)
		return nil
	})
}
