package models

import (
	"fmt"

	"roomcover.dev/roomcover/rules"
)

// planParcels has the carrier's parcels follow the facts: an allocated RMA has one
// for the replacement and one in which the faulty unit comes back, booked together so
// that the workflow asks the carrier once. What is not needed any more is called off.
// Without a carrier to ask, or a depot, people hand parcels in.
func (w *rmaWork) planParcels() error {
	if w.s.carrier == "" {
		return nil
	}
	var wanted []NewShipment
	var unwanted []rules.ShipmentDirection
	out, before := w.RMAFacts.Outbound(), w.before.StoredOutbound
	switch {
	case out == rules.OutboundAllocated && before != out:
		wanted = append(wanted, w.parcel(rules.ShipOut, w.bookingKey()))
	case (out == rules.OutboundWithdrawn || out == rules.OutboundSwapped || out == rules.OutboundRejected) && before != out:
		unwanted = append(unwanted, rules.ShipOut)
	}
	back, had := w.wantsReturn(out), w.before.wantsReturn(before)
	switch another := w.anotherReturn || w.WrongUnitAt != nil && !sameInstant(w.WrongUnitAt, w.before.WrongUnitAt); {
	case back && (!had || another):
		n, err := w.returnParcel()
		if err != nil {
			return err
		}
		wanted = append(wanted, n...)
	case had && !back && w.ReturnScannedAt == nil:
		unwanted = append(unwanted, rules.ShipReturn)
	}
	return w.bookParcels(wanted, unwanted)
}

// wantsReturn tells whether the faulty unit is to come back in a parcel.
func (r RMA) wantsReturn(out rules.OutboundState) bool {
	sent := out == rules.OutboundAllocated || out == rules.OutboundShipped || out.Done() || r.Reships > 0 && (out == rules.OutboundApproved || out == rules.OutboundBackordered)
	return sent && r.NoReturnAt == nil && r.InspectedAt == nil
}

// bookParcels makes the wanted parcels and calls the unwanted ones off, and has the
// workflow ask the carrier.
func (w *rmaWork) bookParcels(wanted []NewShipment, unwanted []rules.ShipmentDirection) error {
	if len(unwanted) > 0 {
		asked, err := w.s.cancelParcels(w.tx, w.ID, unwanted...)
		if err != nil {
			return err
		}
		w.parcels = w.parcels || asked
	}
	if len(wanted) == 0 {
		return nil
	}
	if w.DepotID == nil {
		id, err := nearestDepot(w.tx, w.SiteCountry)
		if err != nil || id == "" {
			return err
		}
		w.DepotID = &id
	}
	for i := range wanted {
		wanted[i].Consignment.DepotID = *w.DepotID
		if wanted[i].Direction == rules.ShipReturn {
			w.ReturnParcels++
		}
	}
	w.parcels = true
	return w.s.createParcels(w.tx, w.scope, wanted...)
}

func (w *rmaWork) parcel(d rules.ShipmentDirection, key string) NewShipment {
	n := NewShipment{AccountID: w.AccountID, Direction: d, SubjectID: w.ID, BookingKey: key, Carrier: w.s.carrier,
		Consignment: &Consignment{SiteID: w.SiteID, Service: rules.ServiceStandard, ModelCode: w.ModelCode, Quantity: w.Quantity}}
	if d == rules.ShipOut {
		n.Consignment.Service = rules.ServiceFor(w.Speed)
		if w.ReplacementModel != "" {
			n.Consignment.ModelCode = w.ReplacementModel
		}
		if w.Promise != nil {
			n.PromisedOn = promisedOn(*w.Promise)
		}
	}
	n.Consignment.Contents = fmt.Sprintf("%d x %s", n.Consignment.Quantity, w.modelName(n.Consignment.ModelCode))
	return n
}

// returnParcel is the parcel in which the faulty unit comes back, unless an earlier
// one was never used: that one stays.
func (w *rmaWork) returnParcel() ([]NewShipment, error) {
	if w.ReturnParcels > 0 {
		res := w.tx.Model(&Shipment{}).Where("subject_id = ? AND direction = ? AND state IN ?", w.ID, rules.ShipReturn, []rules.ShipmentState{rules.ShipmentCreated, rules.ShipmentLabelled,
			rules.ShipmentPickedUp, rules.ShipmentInTransit, rules.ShipmentException}).Update("cancel_asked_at", nil)
		if res.Error != nil || res.RowsAffected > 0 {
			return nil, res.Error
		}
	}
	return []NewShipment{w.parcel(rules.ShipReturn, fmt.Sprintf("%s/return/%d", w.ID, w.ReturnParcels+1))}, nil
}
