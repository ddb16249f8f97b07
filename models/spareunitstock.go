package models

import "roomcover.dev/roomcover/rules"

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

// reserve sets a unit apart where a depot has one; see reserveStock.
func (w *spareWork) reserve() error {
	e, _, err := w.s.reserveStock(w.tx, w.scope, stockNeed{
		ModelCode: w.ModelCode,
		Quantity:  1,
		Country:   w.SiteCountry,
		Cause:     w.stockKey(),
		SubjectID: w.ID,
	})
	if err != nil || e == nil {
		return err
	}
	w.DepotID = &e.DepotID
	w.noteStock(*e)
	return nil
}

// closeStock closes the reservation of the parcel of before this change, if it has
// one that is open.
func (w *spareWork) closeStock(kind rules.StockKind) error {
	e, err := w.s.closeReservation(w.tx, w.scope, w.before.stockKey(), kind)
	if err != nil || e == nil {
		return err
	}
	w.noteStock(*e)
	return nil
}

// noteStock notes an entry of the stock's ledger in the unit's own audit.
func (w *spareWork) noteStock(e StockEntry) {
	w.noteOf(stockVerb(e.Kind), e.DepotID, map[string]any{"model": e.ModelCode, "quantity": e.Quantity, "spare": w.ID})
}
