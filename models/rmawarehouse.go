package models

import (
	"context"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// AllocateRMA sets a unit of the same or a better model apart; an empty model is
// the faulty one's. A model that no depot ever received has no figures, and is
// allocated without them. Refusals: those of rules.MayRMA, NOT_LIKE_FOR_LIKE,
// OUT_OF_STOCK.
func (s *Store) AllocateRMA(ctx context.Context, id, model string) (RMA, error) {
	allocated := func(r RMA) bool {
		return r.StoredState == rules.RMAAllocated && (model == "" || r.ReplacementModel == model)
	}
	return s.changeRMA(ctx, id, rules.RMAAllocate, "", allocated, func(w *rmaWork) error {
		if err := w.offer(model); err != nil {
			return err
		}
		kept, taken, err := w.reserve(w.ReplacementModel)
		if err != nil {
			return err
		}
		if kept && !taken {
			return rules.Refuse(rules.OutOfStock, "No depot has enough units of this model free.", "Backorder it with the day on which units are expected, or allocate a better model.")
		}
		w.allocated()
		return nil
	})
}

// offer takes over the model of the replacement.
func (w *rmaWork) offer(model string) error {
	if model = rules.NormaliseModelCode(model); model == "" {
		model = w.ModelCode
	}
	w.ReplacementModel = model
	return rules.SameOrBetter(w.ModelCode, model)
}

// RMABackorder says that no unit is in stock: from which day on one is expected,
// and whether another model is offered instead.
type RMABackorder struct {
	ExpectedOn string // YYYY-MM-DD at the ship-to
	Model      string // empty: the faulty one's
}

// BackorderRMA gives a new promise, counted from the day on which a unit is
// expected, and tells the customer. The breach still counts from the first promise
// (S21).
func (s *Store) BackorderRMA(ctx context.Context, id string, b RMABackorder) (RMA, error) {
	day, err := civil.ParseDate(b.ExpectedOn)
	if err != nil || !day.IsValid() {
		return RMA{}, rules.Invalid([]rules.FieldError{{Pointer: "/expected_on", Code: rules.InvalidDate, Message: "This is not a calendar date.", Remedy: "Send a date as YYYY-MM-DD."}})
	}
	return s.changeRMA(ctx, id, rules.RMABackorder, "", nil, func(w *rmaWork) error {
		if day.Before(rules.DateIn(w.now, w.zone())) {
			return rules.Invalid([]rules.FieldError{{Pointer: "/expected_on", Code: rules.OutOfRange, Message: "The day lies in the past.", Remedy: "Send the day on which a unit is expected."}})
		}
		if err := w.offer(b.Model); err != nil {
			return err
		}
		p, err := w.promise(rules.StartOfDay(day, w.zone()))
		if err != nil {
			return err
		}
		w.promised(p)
		w.BackorderedAt = &w.now
		w.note("rma.backordered", map[string]any{"expected_on": day.String(), "model": w.ReplacementModel, "promised_on": promisedOn(p)})
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
// scans: a parcel that the service booked may leave before anybody tells. Refusals: those of rules.MayRMA,
// SERIAL_REGISTERED where a device in use has the serial.
func (s *Store) ShipRMA(ctx context.Context, id string, sh RMAShipment) (RMA, error) {
	sh.Serial = rules.NormaliseSerial(sh.Serial)
	shipped := func(r RMA) bool {
		return r.ShippedAt != nil && r.StoredState == rules.RMAShipped && r.ReplacementSerial == sh.Serial
	}
	named := false
	r, err := s.changeRMA(ctx, id, rules.RMAShip, "", shipped, func(w *rmaWork) (err error) {
		named = false
		if err := w.validateShipment(sh); err != nil {
			return err
		}
		late := w.PickedUpAt != nil || w.DeliveredAt != nil // the carrier was first, and the customer knows
		if late && w.Carrier != "" {
			sh.Carrier, sh.Tracking = w.Carrier, w.Tracking
		} else if named, err = w.openShipment(&sh); err != nil {
			return err
		}
		if w.DeviceID != nil {
			if err := w.registerReplacement(sh.Serial); err != nil {
				return err
			}
		}
		w.ShippedAt, w.Carrier, w.Tracking = &w.now, sh.Carrier, sh.Tracking
		w.note("rma.shipped", map[string]any{"replacement": text(w.ReplacementDeviceID), "carrier": sh.Carrier, "tracking": sh.Tracking})
		if late {
			return nil
		}
		due, err := w.silenceDue(w.now)
		w.SilenceDueAt, w.SilenceAskedAt = due, nil
		w.mail("SHIPPED", nil)
		return err
	})
	if err != nil || !named {
		return r, err
	}
	// Only now: what the carrier told before we knew the parcel. What fails here is
	// applied by the watch.
	if n, settled := s.settleCarrierEvents(ctx, "e.carrier = ? AND e.tracking = ?", r.Carrier, r.Tracking); n > 0 && settled == nil {
		return s.GetRMA(ctx, id)
	}
	return r, nil
}

func (w *rmaWork) validateShipment(sh RMAShipment) error {
	var fields []rules.FieldError
	if w.DeviceID != nil {
		if problem := rules.SerialProblem("/serial", sh.Serial); problem != nil {
			fields = append(fields, *problem)
		}
	} else if sh.Serial != "" {
		fields = append(fields, rules.FieldError{Pointer: "/serial", Code: "UNEXPECTED", Message: "An accessory has no serial number.", Remedy: "Leave it out."})
	}
	fields = append(fields, rules.CheckLine("/carrier", sh.Carrier, 50)...)
	return rules.Invalid(append(fields, rules.CheckLine("/tracking", sh.Tracking, 100)...))
}

// registerReplacement makes the replacement a device of the account, linked to the
// one that it replaces.
func (w *rmaWork) registerReplacement(serial string) error {
	d := Device{ID: NewID(prefixDevice), AccountID: w.AccountID, Serial: &serial, ModelCode: w.ReplacementModel, State: rules.DeviceUnplaced,
		ReplacesDeviceID: w.DeviceID, ReplacedOn: rules.DateIn(w.now, w.zone()).String(), CreatedAt: w.now, Version: 1}
	if err := registerUnit(w.tx, &d); err != nil {
		return err
	}
	w.ReplacementDeviceID, w.ReplacementSerial = &d.ID, serial
	w.noteOf("device.registered", d.ID, map[string]any{"after": d.facts(), "replaces": text(w.DeviceID), "rma": w.ID})
	return nil
}

// registerUnit stores a unit that leaves the depot as a device. SERIAL_REGISTERED
// where a device in use has its serial.
func registerUnit(tx *gorm.DB, d *Device) error {
	registered, err := newSerial(tx, d)
	if err == nil && !registered {
		registered, err = refurbished(tx, d)
	}
	if err == nil && !registered {
		err = rules.Refuse(rules.SerialRegistered, "A device that is in use has this serial number.", "Read the serial from the unit again.")
	}
	return err
}

// newSerial stores the device, unless a live one has its serial.
func newSerial(tx *gorm.DB, d *Device) (bool, error) {
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(d)
	return res.RowsAffected > 0, res.Error
}

// refurbished stores a unit that came back from somebody and was put in order: there
// it retires.
func refurbished(tx *gorm.DB, d *Device) (bool, error) {
	res := tx.Model(&Device{}).Where("serial = ? AND state = ?", *d.Serial, rules.DeviceReturned).
		Updates(map[string]any{"state": rules.DeviceRetired, "version": gorm.Expr("version + 1")})
	if res.Error != nil || res.RowsAffected == 0 {
		return false, res.Error
	}
	return newSerial(tx, d)
}
