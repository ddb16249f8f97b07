package models

import (
	"fmt"

	"roomcover.dev/roomcover/rules"
)

// stockKey names the reservation of the unit's present parcel.
func (u SpareUnit) stockKey() string { return u.parcelKey() + "/stock" }

// planStock has the stock's ledger follow the facts: a unit is set apart when it may
// be shipped, taken out when it leaves, and free again when it is voided. Where no
// depot has one, or keeps figures of the model, it is sent by hand.
func (w *spareWork) planStock() error {
	another := w.parcelKey() != w.before.parcelKey()
	switch {
	case another && w.before.ToShip(): // the carrier had it, and lost it, before anybody told that it was shipped
		if err := w.closeStock(rules.StockShipment); err != nil || !w.ToShip() {
			return err
		}
		return w.reserve()
	case w.ToShip() && !w.before.ToShip():
		return w.reserve()
	case w.ShippedAt != nil && !sameInstant(w.ShippedAt, w.before.ShippedAt):
		return w.closeStock(rules.StockShipment)
	case w.before.ToShip() && !w.ToShip():
		return w.closeStock(rules.StockRelease)
	}
	return nil
}

// reserve sets a unit apart at the first depot that has one: depots in the site's
// country come first.
func (w *spareWork) reserve() error {
	var levels []StockLevel
	err := w.tx.Raw(`SELECT l.* FROM stock_levels l JOIN depots d ON d.id = l.depot_id WHERE l.model_code = ? AND l.on_hand > l.reserved
		ORDER BY CASE WHEN d.country = ? THEN 0 ELSE 1 END, d.code`, w.ModelCode, w.SiteCountry).Scan(&levels).Error
	if err != nil {
		return err
	}
	for _, l := range levels {
		taken, err := moveLevel(w.tx, l.DepotID, w.ModelCode, 1, w.now, rules.StockReservation)
		if err != nil {
			return err
		}
		if taken { // else somebody else was first
			w.DepotID = &l.DepotID
			return w.enterStock(rules.StockReservation, l.DepotID, w.stockKey(), nil)
		}
	}
	return nil
}

// closeStock closes the reservation of the parcel of before this change, if it has
// one that is open.
func (w *spareWork) closeStock(kind rules.StockKind) error {
	var open []StockEntry
	err := w.tx.Where("cause_key = ? AND NOT EXISTS (SELECT 1 FROM stock_entries c WHERE c.closes_id = stock_entries.id)", w.before.stockKey()).Find(&open).Error
	if err != nil || len(open) == 0 {
		return err
	}
	r := open[0]
	moved, err := moveLevel(w.tx, r.DepotID, r.ModelCode, 1, w.now, kind)
	if err == nil && !moved {
		err = fmt.Errorf("models: spare unit %s has a reservation at a level that is not there", w.ID)
	}
	if err != nil {
		return err
	}
	return w.enterStock(kind, r.DepotID, r.CauseKey+"/closed", &r.ID)
}

// enterStock writes an entry; its audit stands in the unit's own chain.
func (w *spareWork) enterStock(kind rules.StockKind, depotID, cause string, closes *string) error {
	d, err := rules.DeltaOf(kind, 1)
	if err != nil {
		return err
	}
	w.noteOf(stockVerb(kind), depotID, map[string]any{"model": w.ModelCode, "quantity": 1, "spare": w.ID})
	return w.tx.Create(&StockEntry{ID: NewID(prefixStock), DepotID: depotID, ModelCode: w.ModelCode, Kind: kind, Quantity: 1, OnHandDelta: d.OnHand, ReservedDelta: d.Reserved,
		CauseKey: cause, SubjectID: w.ID, ClosesID: closes, EnteredBy: w.scope.Actor.ID, CreatedAt: w.now}).Error
}
