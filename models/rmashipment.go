package models

import (
	"fmt"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// ofRMA tells whether a shipment is a leg of an RMA; spares have their own.
func (o Shipment) ofRMA() bool {
	return strings.HasPrefix(o.SubjectID, prefixRMA+"_") && (o.Direction == rules.ShipOut || o.Direction == rules.ShipReturn)
}

// bookingKey names the outbound parcel of the RMA: that of a parcel declared lost is
// another one.
func (r RMA) bookingKey() string { return fmt.Sprintf("%s/out/%d", r.ID, r.Reships+1) }

// openShipment finds the outbound shipment that was booked for the RMA, or makes it
// from what the warehouse tells. One whose booking is still to come may leave with
// another carrier: the warehouse names both, and nobody is asked any more. named tells
// whether the parcel's number is new to us.
func (w *rmaWork) openShipment(in *RMAShipment) (named bool, err error) {
	var live []Shipment
	err = w.s.forUpdate(w.tx).Where("subject_id = ? AND direction = ?", w.ID, rules.ShipOut).Find(&live).Error
	if err != nil {
		return false, err
	}
	for i := range live {
		sh := &live[i]
		switch {
		case !sh.State.Live():
		case sh.Tracking == nil && in.Carrier != "" && in.Tracking != "":
			sh.Carrier, sh.Service = in.Carrier, ""
			if err := w.tx.Model(&Shipment{}).Where("id = ?", sh.ID).Select("carrier", "service").Updates(sh).Error; err != nil {
				return false, err
			}
			return true, w.s.bookShipment(w.tx, w.scope, sh, in.Tracking)
		default:
			in.Carrier, in.Tracking = sh.Carrier, text(sh.Tracking)
			return false, nil
		}
	}
	if in.Carrier == "" || in.Tracking == "" {
		return false, nil
	}
	n := NewShipment{AccountID: w.AccountID, Direction: rules.ShipOut, SubjectID: w.ID, BookingKey: w.bookingKey(), Carrier: in.Carrier}
	if w.Promise != nil {
		n.PromisedOn = promisedOn(*w.Promise)
	}
	sh, err := w.s.createShipment(w.tx, w.scope, n)
	if err != nil {
		return false, err
	}
	return true, w.s.bookShipment(w.tx, w.scope, &sh, in.Tracking)
}

// endShipment ends the outbound shipment that is under way, if there is one. What was
// booked by the service is called off at the carrier instead: see planParcels.
func (w *rmaWork) endShipment(kind rules.ScanKind, reason string) error {
	var live []Shipment
	err := w.s.forUpdate(w.tx).Where("booking_key = ?", w.bookingKey()).Find(&live).Error
	if err != nil || len(live) == 0 || !live[0].State.Live() || kind == rules.ScanCancelled && live[0].Service != "" {
		return err
	}
	if live[0].Service != "" && live[0].Tracking == nil {
		if err := w.forgetBooking(live[0].ID); err != nil {
			return err
		}
	}
	return w.s.addScan(w.tx, w.scope, &live[0], NewScan{Kind: kind, Source: ScanByOperator, CauseKey: live[0].ID + "/" + strings.ToLower(string(kind)), Reason: reason})
}

// forgetBooking has the carrier asked to leave a parcel that was declared lost before
// its booking was answered: the carrier may have booked it all the same.
func (w *rmaWork) forgetBooking(shipmentID string) error {
	w.parcels = true
	return w.tx.Model(&Shipment{}).Where("id = ?", shipmentID).Update("cancel_asked_at", w.now).Error
}

// rmaShipmentMoved tells an RMA what is known of its parcel. A lost one that turns
// up after another was sent says nothing about the RMA; an operator sees it at the
// shipment. known is false where there is no such RMA.
func (s *Store) rmaShipmentMoved(tx *gorm.DB, scope Scope, sh Shipment) (known bool, err error) {
	ref, err := s.referenceWithin(tx)
	if err != nil {
		return false, err
	}
	w, err := s.lockRMA(tx, scope, ref, sh.SubjectID)
	if rules.CodeOf(err) == rules.NotFound {
		return false, nil
	}
	if err != nil || sh.Direction == rules.ShipOut && sh.BookingKey != w.bookingKey() {
		return true, err
	}
	left := w.PickedUpAt
	w.learnFrom(sh)
	if sh.Direction == rules.ShipReturn && sh.State == rules.ShipmentCancelled && w.WithdrawnAt != nil && w.wantsReturn(w.RMAFacts.Outbound()) {
		// It was called off with a withdrawal that came too late.
		w.note("rma.return_booked_anew", map[string]any{"shipment": sh.ID})
		w.anotherReturn = w.s.carrier != ""
	}
	if len(w.entries) == 0 {
		return true, nil
	}
	if left == nil && w.PickedUpAt != nil && w.ShippedAt == nil && w.DeliveredAt == nil {
		if err := w.leave(sh); err != nil {
			return true, err
		}
	}
	return true, w.save()
}

// leave is what follows when the carrier has taken a parcel before anybody told that
// it was shipped: the customer is told, and its silence is watched.
func (w *rmaWork) leave(sh Shipment) (err error) {
	w.Carrier, w.Tracking = sh.Carrier, text(sh.Tracking)
	w.SilenceDueAt, err = w.silenceDue(*w.PickedUpAt)
	w.mail("SHIPPED", nil)
	return err
}

func (w *rmaWork) learnFrom(sh Shipment) {
	out := sh.Direction == rules.ShipOut
	if at := sh.FirstMoveAt; at != nil && out {
		w.learn(rules.FactPickedUp, *at)
	} else if at != nil {
		w.learn(rules.FactReturnScanned, *at)
	}
	if at := sh.DeliveredAt; at != nil && out {
		w.learn(rules.FactDelivered, *at)
	} else if at != nil {
		w.learn(rules.FactReturnReceived, *at)
	}
}
