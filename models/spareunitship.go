package models

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// ShipSpare captures the serial of the unit, which becomes a device of the account;
// it is on site when it arrives. Refusals: those of rules.MaySpare, among them
// SPARE_NOT_CHOSEN (R88a), and SERIAL_REGISTERED where a device in use has the
// serial. A parcel that was booked before keeps its carrier and number.
func (s *Store) ShipSpare(ctx context.Context, id string, p Parcel) (SpareUnit, error) {
	p.Serial = rules.NormaliseSerial(p.Serial)
	shipped := func(u SpareUnit) bool { return u.UnderWay() && u.ShippedAt != nil && u.Serial == p.Serial }
	u, err := s.changeSpare(ctx, id, rules.SpareShip, "", shipped, func(w *spareWork) error {
		if err := p.validate(); err != nil {
			return err
		}
		return w.ship(p)
	})
	if err != nil || u.Tracking == "" {
		return u, err
	}
	// Only now: what the carrier told before we knew the parcel. What fails here is
	// applied by the watch.
	if n, settled := s.settleCarrierEvents(ctx, "e.carrier = ? AND e.tracking = ?", u.Carrier, u.Tracking); n > 0 && settled == nil {
		return s.GetSpareUnit(ctx, id)
	}
	return u, nil
}

// Parcel is what leaves the warehouse for a site.
type Parcel struct {
	Serial   string
	Carrier  string // with Tracking, or both empty: by hand
	Tracking string
}

func (p Parcel) validate() error {
	var fields []rules.FieldError
	if problem := rules.SerialProblem("/serial", p.Serial); problem != nil {
		fields = append(fields, *problem)
	}
	fields = append(fields, rules.CheckLine("/carrier", p.Carrier, 50)...)
	return rules.Invalid(append(fields, rules.CheckLine("/tracking", p.Tracking, 100)...))
}

func (w *spareWork) ship(p Parcel) error {
	sh, err := w.openParcel(p)
	if err != nil {
		return err
	}
	if w.State == rules.SpareApproved { // one that is replenished stays in that state until it is on site
		if err := w.become(rules.SpareShipped); err != nil {
			return err
		}
	}
	if err := w.registerDevice(p.Serial); err != nil {
		return err
	}
	w.ShippedAt, w.StateSince, w.Carrier, w.Tracking = &w.now, w.now, sh.Carrier, text(sh.Tracking)
	w.note("spare.shipped", map[string]any{"device": *w.DeviceID, "carrier": w.Carrier, "tracking": w.Tracking})
	w.mail("SHIPPED", nil)
	return w.learnFrom(sh)
}

// parcelKey names the parcel to the site: the one after a parcel that was lost, or
// after a unit that was used, is another one.
func (u SpareUnit) parcelKey() string { return fmt.Sprintf("%s/spare/%d", u.ID, u.Parcels+1) }

// openParcel finds the shipment that was booked for the unit, or makes it from what
// the warehouse tells; without a carrier there is none.
func (w *spareWork) openParcel(p Parcel) (Shipment, error) {
	var booked []Shipment
	if err := w.s.forUpdate(w.tx).Where("booking_key = ?", w.parcelKey()).Find(&booked).Error; err != nil {
		return Shipment{}, err
	}
	if len(booked) > 0 && booked[0].Tracking != nil || p.Carrier == "" || p.Tracking == "" {
		return append(booked, Shipment{})[0], nil
	}
	if len(booked) > 0 { // its booking is still to come: it leaves with another carrier, and nobody is asked any more
		sh := booked[0]
		sh.Carrier, sh.Service = p.Carrier, ""
		if err := w.tx.Model(&Shipment{}).Where("id = ?", sh.ID).Select("carrier", "service").Updates(&sh).Error; err != nil {
			return Shipment{}, err
		}
		return sh, w.s.bookShipment(w.tx, w.scope, &sh, p.Tracking)
	}
	sh, err := w.s.createShipment(w.tx, w.scope, NewShipment{AccountID: *w.AccountID, Direction: rules.ShipSpare, SubjectID: w.ID, BookingKey: w.parcelKey(), Carrier: p.Carrier})
	if err != nil {
		return Shipment{}, err
	}
	return sh, w.s.bookShipment(w.tx, w.scope, &sh, p.Tracking)
}

// cancelParcel cancels a parcel of the unit that nobody has picked up, if there is
// one. What was booked by the service is called off at the carrier instead: see
// planParcels.
func (w *spareWork) cancelParcel(key string) error {
	var booked []Shipment
	if err := w.s.forUpdate(w.tx).Where("booking_key = ?", key).Find(&booked).Error; err != nil {
		return err
	}
	if len(booked) == 0 || !booked[0].State.Cancellable() || booked[0].Service != "" {
		return nil
	}
	return w.s.addScan(w.tx, w.scope, &booked[0], NewScan{Kind: rules.ScanCancelled, Source: ScanByService, CauseKey: booked[0].ID + "/cancelled", Reason: w.reason})
}

// registerDevice makes the unit a device of the account, so that its serial is
// taken from now on.
func (w *spareWork) registerDevice(serial string) error {
	d := Device{ID: NewID(prefixDevice), AccountID: *w.AccountID, Serial: &serial, ModelCode: w.ModelCode, State: rules.DeviceUnplaced, CreatedAt: w.now, Version: 1}
	if err := registerUnit(w.tx, &d); err != nil {
		return err
	}
	w.DeviceID, w.Serial = &d.ID, serial
	w.noteOf("device.registered", d.ID, map[string]any{"after": d.facts(), "spare": w.ID})
	return nil
}

// moveDevice brings the unit's device on, unless the customer has taken it into use
// by hand.
func (w *spareWork) moveDevice(to rules.DeviceState, changes map[string]any) error {
	var d Device
	if w.DeviceID == nil {
		return nil
	}
	if err := w.s.forUpdate(w.tx).First(&d, "id = ?", *w.DeviceID).Error; err != nil {
		return found(err)
	}
	if !d.State.CanBecome(to) || d.State == rules.DeviceInRoom {
		return nil
	}
	all := map[string]any{"state": to, "version": gorm.Expr("version + 1")}
	for column, value := range changes {
		all[column] = value
	}
	w.noteOf("device.moved", d.ID, map[string]any{"before": d.State, "after": to, "spare": w.ID})
	return w.tx.Model(&Device{}).Where("id = ?", d.ID).Updates(all).Error
}

// endDevice ends the unit's device in a state that it cannot leave for a room.
func (w *spareWork) endDevice(end rules.DeviceState) error {
	return w.moveDevice(end, map[string]any{"gone_at": w.now})
}

// ofSpare tells whether a shipment is a parcel of a spare unit.
func (o Shipment) ofSpare() bool {
	return strings.HasPrefix(o.SubjectID, prefixSpareUnit+"_") && (o.Direction == rules.ShipSpare || o.Direction == rules.ShipRecall)
}
