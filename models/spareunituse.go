package models

import (
	"context"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// UseSpare is "used my spare": a unit of the same model that lies on site in the
// account takes the room of the faulty device at once, so that the outage does not
// wait for a shipment (R35d, R88c). The faulty unit is due back from now on; the
// spare is replenished once the RMA is approved (S26). A unit of another account is
// not found. Refusals: those of rules.MayRMA and rules.MayUseSpare.
func (s *Store) UseSpare(ctx context.Context, rmaID, unitID string) (RMA, error) {
	used := func(r RMA) bool { return text(r.SpareUnitID) == unitID }
	return s.changeRMA(ctx, rmaID, rules.RMAUseSpare, "", used, func(w *rmaWork) error { return w.useSpare(unitID) })
}

// swapAtOnce is UseSpare in the transaction that stored the request.
func (s *Store) swapAtOnce(tx *gorm.DB, scope Scope, ref Reference, rmaID, unitID string) (*rmaWork, error) {
	w, err := s.lockRMA(tx, scope, ref, rmaID)
	if err != nil {
		return nil, err
	}
	if err := rules.MayRMA(rules.RMAUseSpare, scope.Actor.Role, w.RMAFacts, w.now); err != nil {
		return nil, err
	}
	if err := w.useSpare(unitID); err != nil {
		return nil, err
	}
	return w, w.save()
}

// useSpare takes the unit for the RMA. The lock on it has one of two win that want
// the same one; the other finds it used.
func (w *rmaWork) useSpare(unitID string) error {
	u, err := w.s.lockSpare(w.tx, w.scope, unitID)
	if err != nil {
		return err
	}
	if text(u.AccountID) != w.AccountID {
		return errNotFound()
	}
	if err := rules.MayUseSpare(u.SpareFacts, w.ModelCode, u.ModelCode); err != nil {
		return err
	}
	if err := w.endShipment(rules.ScanCancelled, ""); err != nil {
		return err
	}
	if w.ReservationID != nil { // by the model that was set apart, which may be a better one
		if err := w.closeReservation(rules.StockRelease); err != nil {
			return err
		}
	}
	w.SwappedAt, w.SpareUnitID, w.ReplacementDeviceID, w.ReplacementSerial, w.ReplacementModel = &w.now, &u.ID, u.DeviceID, u.Serial, u.ModelCode
	w.note("rma.spare_used", map[string]any{"spare": u.ID, "replacement": text(u.DeviceID)})
	w.mail("SWAPPED", nil)
	return u.consume(w.RMA)
}

// consume ends the unit's stay on the shelf, and replenishes it where the RMA is
// approved already.
func (w *spareWork) consume(r RMA) error {
	if err := w.become(rules.SpareConsumed); err != nil {
		return err
	}
	w.ConsumedAt, w.RMAID = &w.now, &r.ID
	w.note("spare.consumed", map[string]any{"rma": r.ID, "device": text(w.DeviceID)})
	if r.ApprovedAt != nil {
		if err := w.replenish(); err != nil {
			return err
		}
	}
	return w.save()
}

// replenish has the unit wait for a new shipment: the same unit, another device.
func (w *spareWork) replenish() error {
	if err := w.become(rules.SpareReplenishing); err != nil {
		return err
	}
	w.forgetParcel()
	w.OnSiteAt = nil
	w.note("spare.replenishing", map[string]any{"rma": text(w.RMAID)})
	return nil
}

// replenishSpare starts the replenishment of the spare that was used for the RMA,
// now that it is approved. A unit that was voided since, because the entitlement
// went, is not replenished (S26).
func (w *rmaWork) replenishSpare() error {
	if w.SpareUnitID == nil {
		return nil
	}
	u, err := w.s.lockSpare(w.tx, w.scope, *w.SpareUnitID)
	if err != nil || u.State != rules.SpareConsumed || text(u.RMAID) != w.ID {
		return err
	}
	if err := u.replenish(); err != nil {
		return err
	}
	return u.save()
}
