package models

import "roomcover.dev/roomcover/rules"

// planParcels has the carrier's parcels follow the facts: a unit that waits to be
// shipped has one to the site, a recalled one has one back. What is not needed any
// more is called off. Without a carrier to ask, or a depot, people hand parcels in.
func (w *spareWork) planParcels() error {
	if w.s.carrier == "" {
		return nil
	}
	var wanted []NewShipment
	for _, leg := range []struct {
		direction      rules.ShipmentDirection
		key, had       string
		wanted, goesOn bool
	}{
		{rules.ShipSpare, w.parcelKey(), w.before.parcelKey(), w.ToShip(), w.UnderWay()},
		{rules.ShipRecall, w.recallKey(), w.before.recallKey(), w.State == rules.SpareRecallRequested, w.State == rules.SpareBilled},
	} {
		before := leg.direction == rules.ShipSpare && w.before.ToShip() || leg.direction == rules.ShipRecall && w.before.State == rules.SpareRecallRequested
		switch {
		case leg.wanted && (!before || leg.key != leg.had):
			wanted = append(wanted, w.parcel(leg.direction, leg.key))
		case before && !leg.wanted && !leg.goesOn: // not sent, and not still to come
			asked, err := w.s.cancelParcels(w.tx, w.ID, leg.direction)
			if err != nil {
				return err
			}
			w.parcels = w.parcels || asked
		}
	}
	return w.bookParcels(wanted)
}

func (w *spareWork) parcel(d rules.ShipmentDirection, key string) NewShipment {
	return NewShipment{AccountID: *w.AccountID, Direction: d, SubjectID: w.ID, BookingKey: key, Carrier: w.s.carrier,
		Consignment: &Consignment{SiteID: *w.SiteID, Service: rules.ServiceStandard, ModelCode: w.ModelCode, Quantity: 1}}
}

// bookParcels makes the wanted parcels, and has the workflow ask the carrier.
func (w *spareWork) bookParcels(wanted []NewShipment) error {
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
	name, err := w.modelName()
	if err != nil {
		return err
	}
	for i := range wanted {
		wanted[i].Consignment.DepotID, wanted[i].Consignment.Contents = *w.DepotID, "1 x "+name
	}
	w.parcels = true
	return w.s.createParcels(w.tx, w.scope, wanted...)
}

// wander asks an operator about a parcel that the carrier has although the unit was
// voided: it was called off too late.
func (w *spareWork) wander(sh Shipment) error {
	return w.s.raise(w.tx, OperatorTask{Kind: TaskShipmentContradicted, SubjectID: sh.ID, AccountID: &sh.AccountID,
		What: "Have the parcel come back.", Why: "The carrier has a spare that was voided before."})
}
