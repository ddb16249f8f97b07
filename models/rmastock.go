package models

import (
	"fmt"

	"roomcover.dev/roomcover/rules"
)

// stockKey names the reservation of the replacement that is under way: that of a
// parcel declared lost is another one.
func (r RMA) stockKey() string { return fmt.Sprintf("%s/stock/%d", r.ID, r.Reships+1) }

// stockNeed is what the replacement needs from the stock.
func (w *rmaWork) stockNeed(model string) stockNeed {
	return stockNeed{
		ModelCode: model,
		Quantity:  w.Quantity,
		Country:   w.SiteCountry,
		Cause:     w.stockKey(),
		SubjectID: w.ID,
	}
}

// reserve sets the RMA's units apart; see reserveStock. kept reports whether figures
// are kept of the model at all.
func (w *rmaWork) reserve(model string) (kept, taken bool, err error) {
	e, kept, err := w.s.reserveStock(w.tx, w.scope, w.stockNeed(model))
	if err != nil || e == nil {
		return kept, false, err
	}
	w.DepotID, w.ReservationID = &e.DepotID, &e.ID
	w.noteStock(*e)
	return true, true, nil
}

// noteStock notes entries of the stock's ledger in the RMA's own audit.
func (w *rmaWork) noteStock(entries ...StockEntry) {
	for _, e := range entries {
		w.noteOf(stockVerb(e.Kind), e.DepotID, map[string]any{"model": e.ModelCode, "quantity": e.Quantity, "rma": w.ID})
	}
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
	e, err := w.s.closeReservation(w.tx, w.scope, w.stockKey(), kind)
	if err != nil {
		return err
	}
	w.ReservationID = nil
	if e != nil {
		w.noteStock(*e)
	}
	return nil
}

// shipLate enters that units left although the RMA was withdrawn: the carrier had
// them before, and told late.
func (w *rmaWork) shipLate() error {
	need := w.stockNeed(w.ReplacementModel)
	need.Cause += "/late"
	entries, err := w.s.shipUnreserved(w.tx, w.scope, *w.DepotID, need)
	w.noteStock(entries...)
	return err
}
