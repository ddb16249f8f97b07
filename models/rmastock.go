package models

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// stockKey names the reservation of the replacement that is under way: that of a
// parcel declared lost is another one.
func (r RMA) stockKey() string { return fmt.Sprintf("%s/stock/%d", r.ID, r.Reships+1) }

// reserve sets the RMA's units apart at the first depot that has them free: depots in
// the ship-to's country come first, then they follow by their codes. kept tells
// whether figures are kept of the model at all: one that no depot has ever received
// has none, and is sent by hand.
//
// No level is locked before its units are taken, so that no transaction ever holds
// one level while it waits for another; locks are taken in the order account, RMA,
// level.
func (w *rmaWork) reserve(model string) (kept, taken bool, err error) {
	for {
		if taken, err := w.takeFree(model); err != nil || taken {
			return true, taken, err
		}
		levels, err := w.levelsOf(model)
		if err != nil {
			return false, false, err
		}
		if !slices.ContainsFunc(levels, func(l StockLevel) bool { return l.Level().Free() >= w.Quantity }) {
			return len(levels) > 0, false, nil
		} // somebody else was first at one depot, and another has them: look again
	}
}

// takeFree reserves at the first depot that has the units free, in one statement.
func (w *rmaWork) takeFree(model string) (taken bool, err error) {
	var depots []string
	err = w.tx.Raw(`UPDATE stock_levels SET reserved = reserved + @quantity, updated_at = @now
		WHERE model_code = @model AND on_hand - reserved >= @quantity AND depot_id = (
			SELECT l.depot_id FROM stock_levels l JOIN depots d ON d.id = l.depot_id WHERE l.model_code = @model AND l.on_hand - l.reserved >= @quantity
			ORDER BY CASE WHEN d.country = @country THEN 0 ELSE 1 END, d.code LIMIT 1)
		RETURNING depot_id`, map[string]any{"quantity": w.Quantity, "now": w.now, "model": model, "country": w.SiteCountry}).Scan(&depots).Error
	if err != nil || len(depots) == 0 {
		return false, err
	}
	e := w.stockEntry(rules.StockReservation, depots[0], model, w.stockKey(), nil)
	w.DepotID, w.ReservationID = &e.DepotID, &e.ID
	return true, w.enterStock(e)
}

// levelsOf lists the levels of a model.
func (w *rmaWork) levelsOf(model string) (levels []StockLevel, err error) {
	err = w.tx.Where("model_code = ?", model).Find(&levels).Error
	return levels, err
}

// moveStock changes a level as an entry of the kind does; false when it has not
// that many units.
func (w *rmaWork) moveStock(depotID, model string, kinds ...rules.StockKind) (moved bool, err error) {
	return moveLevel(w.tx, depotID, model, w.Quantity, w.now, kinds...)
}

// moveLevel changes a level in one statement as entries of the kinds do; false when
// it has not that many units.
func moveLevel(tx *gorm.DB, depotID, model string, quantity int, now time.Time, kinds ...rules.StockKind) (moved bool, err error) {
	var sum rules.StockDelta
	q := tx.Model(&StockLevel{}).Where("depot_id = ? AND model_code = ?", depotID, model)
	for _, kind := range kinds {
		d, err := rules.DeltaOf(kind, quantity)
		if err != nil {
			return false, err
		}
		sum = rules.StockDelta{OnHand: sum.OnHand + d.OnHand, Reserved: sum.Reserved + d.Reserved}
		if kind == rules.StockReservation {
			q = q.Where("on_hand - reserved >= ?", quantity)
		}
	}
	res := q.Updates(map[string]any{"on_hand": gorm.Expr("on_hand + ?", sum.OnHand), "reserved": gorm.Expr("reserved + ?", sum.Reserved), "updated_at": now})
	return res.RowsAffected == 1, res.Error
}

func (w *rmaWork) stockEntry(kind rules.StockKind, depotID, model, cause string, closes *string) StockEntry {
	d, _ := rules.DeltaOf(kind, w.Quantity) // moveStock has asked
	return StockEntry{ID: NewID(prefixStock), DepotID: depotID, ModelCode: model, Kind: kind, Quantity: w.Quantity, OnHandDelta: d.OnHand, ReservedDelta: d.Reserved,
		CauseKey: cause, SubjectID: w.ID, ClosesID: closes, EnteredBy: w.scope.Actor.ID, CreatedAt: w.now}
}

// enterStock writes entries; their audit stands in the RMA's own chain.
func (w *rmaWork) enterStock(entries ...StockEntry) error {
	for _, e := range entries {
		w.noteOf(stockVerb(e.Kind), e.DepotID, map[string]any{"model": e.ModelCode, "quantity": e.Quantity, "rma": w.ID})
	}
	return w.tx.Create(&entries).Error
}

// allocateAtOnce allocates what was approved where a depot has the same model; else
// the RMA stays APPROVED for a person. A parcel may be lost of an RMA that nobody has
// approved: facts are never refused.
func (w *rmaWork) allocateAtOnce() error {
	if w.ApprovedAt == nil {
		return nil
	}
	_, taken, err := w.reserve(w.ModelCode)
	if err != nil || !taken {
		return err
	}
	w.ReplacementModel = w.ModelCode
	w.allocated()
	return nil
}

func (w *rmaWork) allocated() {
	w.AllocatedAt = &w.now
	w.note("rma.allocated", map[string]any{"model": w.ReplacementModel, "depot": text(w.DepotID)})
}

// settleStock closes the reservation once the units have left, or are not needed any
// more. Units that were shipped and withdrawn before the pick-up are still at the
// depot, which puts them back by an adjustment.
func (w *rmaWork) settleStock() error {
	out := w.RMAFacts.Outbound()
	left := w.ShippedAt != nil || w.PickedUpAt != nil || w.DeliveredAt != nil
	switch {
	case w.ReservationID == nil:
		if late := left && w.ShippedAt == nil && w.before.WithdrawnAt != nil && w.before.PickedUpAt == nil && w.before.DeliveredAt == nil; late && w.DepotID != nil {
			return w.shipLate()
		}
	case left:
		return w.closeReservation(rules.StockShipment)
	case out == rules.OutboundWithdrawn || out == rules.OutboundRejected || out == rules.OutboundSwapped:
		return w.closeReservation(rules.StockRelease)
	}
	return nil
}

func (w *rmaWork) closeReservation(kind rules.StockKind) error {
	e := w.stockEntry(kind, *w.DepotID, w.ReplacementModel, w.stockKey()+"/closed", w.ReservationID)
	moved, err := w.moveStock(e.DepotID, e.ModelCode, kind)
	if err == nil && !moved {
		err = fmt.Errorf("models: RMA %s has a reservation at a level that is not there", w.ID)
	}
	if err != nil {
		return err
	}
	w.ReservationID = nil
	return w.enterStock(e)
}

// shipLate enters that units left although the RMA was withdrawn: the carrier had
// them before, and told late. Where the level does not have them any more, they were
// promised to another one meanwhile, and the next count shows it: a fact is never
// refused.
func (w *rmaWork) shipLate() error {
	moved, err := w.moveStock(*w.DepotID, w.ReplacementModel, rules.StockReservation, rules.StockShipment)
	if err != nil || !moved {
		return err
	}
	cause := w.stockKey() + "/late"
	r := w.stockEntry(rules.StockReservation, *w.DepotID, w.ReplacementModel, cause, nil)
	return w.enterStock(r, w.stockEntry(rules.StockShipment, *w.DepotID, w.ReplacementModel, cause+"/closed", &r.ID))
}
