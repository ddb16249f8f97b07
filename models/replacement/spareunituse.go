package replacement

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// UseSpare carries out "used my spare": a unit of the same model that lies on site in
// the account takes the room of the faulty device at once, so that the outage does not
// wait for a shipment (R35d, R88c). The faulty unit is due back from now on; the spare
// is replenished once the RMA is approved (S26). A unit of another account is not
// found. Both are named by their ids or numbers. Refusals: those of rma.MayRMA and
// spare.MayUseSpare.
func (s *Replacements) UseSpare(ctx context.Context, rmaName, unitName string) (RMA, error) {
	unitID := unitName
	if _, numbered := db.ReadNumber(db.NumberOfSpare, unitName); numbered {
		unit, err := s.GetSpareUnit(ctx, unitName)
		if err != nil {
			return RMA{}, err
		}
		unitID = unit.ID
	}

	used := func(r RMA) bool { return db.Text(r.SpareUnitID) == unitID }
	return s.changeRMA(ctx, rmaName, rma.RMAUseSpare, "", used, func(w *rmaChange) error {
		return w.useSpare(unitID)
	})
}

// swapAtOnce is UseSpare in the transaction that stored the request.
func (s *Replacements) swapAtOnce(
	tx *db.Tx, ref program.Reference, rmaID, unitID string,
) (*rmaChange, error) {
	w, err := s.lockRMA(tx, ref, rmaID)
	if err != nil {
		return nil, err
	}
	if err := rma.MayRMA(rma.RMAUseSpare, tx.Scope.Actor.Role, w.RMAFacts, w.now); err != nil {
		return nil, err
	}
	if err := w.useSpare(unitID); err != nil {
		return nil, err
	}
	if err := w.save(); err != nil {
		return nil, err
	}

	return w, nil
}

// useSpare takes the unit for the RMA. Of two that want the same unit, the lock lets
// one win; the other finds it used.
func (w *rmaChange) useSpare(unitID string) error {
	u, err := w.s.lockSpare(w.tx, unitID)
	if err != nil {
		return err
	}

	if db.Text(u.AccountID) != w.AccountID {
		return db.NotFound()
	}
	if err := spare.MayUseSpare(u.SpareFacts, w.ModelCode, u.ModelCode); err != nil {
		return err
	}

	// What was on its way instead is needed no more.
	if err := w.endShipment(shipping.ScanCancelled, ""); err != nil {
		return err
	}

	if w.ReservationID != nil {
		if err := w.closeReservation(shipping.StockRelease); err != nil {
			return err
		}
	}

	w.SwappedAt = &w.now
	w.SpareUnitID = &u.ID
	w.ReplacementDeviceID = u.DeviceID
	w.ReplacementSerial = u.Serial
	w.ReplacementModel = u.ModelCode
	w.note("rma.spare_used", map[string]any{"spare": u.ID, "replacement": db.Text(u.DeviceID)})
	w.mail("SWAPPED", nil)
	return u.consume(w.RMA)
}

// consume ends the unit's stay on the shelf, and replenishes it where the RMA is
// approved already.
func (w *spareUnitChange) consume(r RMA) error {
	if err := w.become(spare.SpareConsumed); err != nil {
		return err
	}
	w.ConsumedAt = &w.now
	w.RMAID = &r.ID
	w.note("spare.consumed", map[string]any{"rma": r.ID, "device": db.Text(w.DeviceID)})

	if r.ApprovedAt != nil {
		if err := w.replenish(); err != nil {
			return err
		}
	}

	return w.save()
}

// replenish makes the unit wait for a new shipment: the same unit, another device.
func (w *spareUnitChange) replenish() error {
	if err := w.become(spare.SpareReplenishing); err != nil {
		return err
	}

	// A parcel that people told to have arrived is under way no more: another one follows.
	ask, err := w.s.logistics.EndShipment(w.tx, w.parcelKey(), logistics.NewScan{
		Kind:   shipping.ScanDelivered,
		Source: logistics.ScanByOperator,
	})
	if err != nil {
		return err
	}

	w.askCarrier = w.askCarrier || ask
	w.forgetParcel()
	w.OnSiteAt = nil
	w.note("spare.replenishing", map[string]any{"rma": db.Text(w.RMAID)})
	return nil
}

// replenishSpare starts the replenishment of the spare that was used for the RMA,
// now that it is approved. A unit that was voided since, because the entitlement
// went, is not replenished (S26).
func (w *rmaChange) replenishSpare() error {
	if w.SpareUnitID == nil {
		return nil
	}

	u, err := w.s.lockSpare(w.tx, *w.SpareUnitID)
	if err != nil {
		return err
	}

	if u.State != spare.SpareConsumed || db.Text(u.RMAID) != w.ID {
		return nil
	}
	if err := u.replenish(); err != nil {
		return err
	}

	w.spareFollows = true
	return u.save()
}
