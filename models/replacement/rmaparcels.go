package replacement

import (
	"context"
	"fmt"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// allocateAtOnce allocates what was approved where a depot has the same model; else
// the RMA stays APPROVED for a person. A parcel may be lost of an RMA that nobody has
// approved: facts are never refused.
func (w *rmaChange) allocateAtOnce() error {
	if w.ApprovedAt == nil {
		return nil
	}

	reserved, kept, err := w.reserve(w.ModelCode)
	w.uncounted = !kept
	if err != nil || !reserved {
		return err
	}

	w.ReplacementModel = w.ModelCode
	w.allocate()
	return nil
}

func (w *rmaChange) allocate() {
	w.AllocatedAt = &w.now
	w.note("rma.allocated", map[string]any{
		"model": w.ReplacementModel,
		"depot": db.Text(w.DepotID),
	})
}

// stockNeed returns what the replacement needs from the stock.
func (w *rmaChange) stockNeed(model string) logistics.StockNeed {
	return logistics.StockNeed{
		ModelCode: model,
		Quantity:  w.Quantity,
		Country:   w.SiteCountry,
		Cause:     w.stockKey(),
		SubjectID: w.ID,
	}
}

// reserve reserves the RMA's units where a depot has them. kept reports whether figures
// are kept of the model at all.
func (w *rmaChange) reserve(model string) (reserved, kept bool, err error) {
	e, kept, err := logistics.ReserveStock(w.tx, w.stockNeed(model))
	if err != nil || e == nil {
		return false, kept, err
	}

	w.DepotID = &e.DepotID
	w.ReservationID = &e.ID
	w.noteStock(*e)
	return true, true, nil
}

// settleStock closes the reservation once the units have left, or are not needed any
// more. Units that were shipped and withdrawn before the pick-up are still at the
// depot, which puts them back by an adjustment.
func (w *rmaChange) settleStock() error {
	left := w.RMA.left()
	out := w.RMAFacts.Outbound()
	switch {
	case w.ReservationID == nil:
		if w.takingBack != "" && w.before.left() && !left {
			return w.putBack()
		}
		if left && w.toldLate() && w.DepotID != nil {
			return w.shipLate()
		}
	case left:
		return w.closeReservation(shipping.StockShipment)
	case unwanted(out):
		return w.closeReservation(shipping.StockRelease)
	}

	return nil
}

// left reports whether the units of the present parcel have left the depot.
func (r RMA) left() bool {
	return r.ShippedAt != nil || r.PickedUpAt != nil || r.DeliveredAt != nil
}

// toldLate reports whether this change learns that units had left before the RMA was
// withdrawn, although nobody had recorded their shipment.
func (w *rmaChange) toldLate() bool {
	return w.ShippedAt == nil &&
		w.before.WithdrawnAt != nil &&
		w.before.PickedUpAt == nil &&
		w.before.DeliveredAt == nil
}

// unwanted reports whether the replacement that was on its way is needed no more.
func unwanted(out rma.OutboundState) bool {
	return out == rma.OutboundWithdrawn ||
		out == rma.OutboundRejected ||
		out == rma.OutboundSwapped
}

func (w *rmaChange) closeReservation(kind shipping.StockKind) error {
	e, err := logistics.CloseReservationByID(w.tx, *w.ReservationID, kind)
	if err != nil {
		return err
	}

	w.ReservationID = nil
	if e != nil {
		w.noteStock(*e)
	}
	return nil
}

// shipLate enters into the ledger that units left although the RMA was withdrawn: the
// carrier had them before, and reported it late.
func (w *rmaChange) shipLate() error {
	need := w.stockNeed(w.ReplacementModel)
	need.Cause += "/late"
	entries, err := logistics.ShipUnreserved(w.tx, *w.DepotID, need)
	w.noteStock(entries...)
	return err
}

// planParcels brings the carrier's parcels in line with the facts: an allocated RMA has
// one for the replacement and one in which the faulty unit comes back, booked together
// so that the workflow asks the carrier once. What is not needed any more is called
// off. Without a carrier to ask, or a depot, people hand parcels in.
func (w *rmaChange) planParcels() error {
	if w.s.logistics.Carrier == "" {
		return nil
	}

	var wanted []logistics.NewShipment
	var callOff []shipping.ShipmentDirection

	out := w.RMAFacts.Outbound()
	if out != w.before.RMAFacts.Outbound() {
		switch {
		case out == rma.OutboundAllocated && w.takingBack != "":
			// It has its parcel.
		case out == rma.OutboundAllocated:
			wanted = append(wanted, w.parcel(shipping.ShipOut, w.bookingKey()))
		case unwanted(out):
			callOff = append(callOff, shipping.ShipOut)
		}
	}

	if w.anotherParcel {
		wanted = append(wanted, w.parcel(shipping.ShipOut, w.bookingKey()))
	}

	wrongUnit := w.WrongUnitAt != nil &&
		!db.SameInstant(w.WrongUnitAt, w.before.WrongUnitAt) &&
		w.takingBack == ""
	needs, needed := w.wantsReturn(), w.before.wantsReturn()
	switch {
	case w.takingBack == rma.FactInspected && w.RMAFacts.Return(w.now) == rma.ReturnReceived:
		// The unit is there, and no other parcel is needed for it.
		if w.cameByCarrier {
			callOff = append(callOff, shipping.ShipReturn)
			break
		}
		if _, err := w.keepReturn(); err != nil {
			return err
		}
	case needs && (!needed || wrongUnit || w.anotherReturn):
		kept, err := w.keepReturn()
		if err != nil {
			return err
		}

		if !kept {
			key := fmt.Sprintf("%s/return/%d", w.ID, w.ReturnParcels+1)
			wanted = append(wanted, w.parcel(shipping.ShipReturn, key))
		}
	case needed && !needs && w.ReturnScannedAt == nil:
		callOff = append(callOff, shipping.ShipReturn)
	}

	if err := w.callOffParcels(callOff); err != nil {
		return err
	}

	return w.bookParcels(wanted)
}

// keepReturn keeps a return parcel that was created before and never used; kept is
// false where there is none.
func (w *rmaChange) keepReturn() (kept bool, err error) {
	if w.ReturnParcels == 0 {
		return false, nil
	}
	return logistics.KeepParcels(w.tx, w.ID, shipping.ShipReturn)
}

func (w *rmaChange) callOffParcels(directions []shipping.ShipmentDirection) error {
	if len(directions) == 0 {
		return nil
	}
	asked, err := logistics.CallOffParcels(w.tx, w.ID, directions...)
	w.askCarrier = w.askCarrier || asked
	return err
}

// bookParcels creates the parcels, and makes the workflow ask the carrier.
func (w *rmaChange) bookParcels(wanted []logistics.NewShipment) error {
	if len(wanted) == 0 {
		return nil
	}

	if w.DepotID == nil {
		id, err := logistics.NearestDepot(w.tx, w.SiteCountry)
		if err != nil || id == "" {
			return err
		}
		w.DepotID = &id
	}

	for i := range wanted {
		wanted[i].Consignment.DepotID = *w.DepotID
		if wanted[i].Direction == shipping.ShipReturn {
			w.ReturnParcels++
		}
	}

	w.askCarrier = true
	return logistics.CreateParcels(w.tx, wanted...)
}

func (w *rmaChange) parcel(d shipping.ShipmentDirection, key string) logistics.NewShipment {
	consignment := logistics.Consignment{
		SiteID:    w.SiteID,
		Service:   shipping.ServiceStandard,
		ModelCode: w.ModelCode,
		Quantity:  w.Quantity,
	}

	n := logistics.NewShipment{
		AccountID:   w.AccountID,
		Direction:   d,
		SubjectID:   w.ID,
		BookingKey:  key,
		Carrier:     w.s.logistics.Carrier,
		Consignment: &consignment,
	}

	if d == shipping.ShipOut {
		consignment.Service = shipping.ServiceFor(w.Speed)
		if w.ReplacementModel != "" {
			consignment.ModelCode = w.ReplacementModel
		}
		n.PromisedOn = w.promisedOn()
	}

	name := w.modelName(consignment.ModelCode)
	consignment.Contents = fmt.Sprintf("%d x %s", consignment.Quantity, name)
	return n
}

// promisedOn returns the day that is promised now as YYYY-MM-DD; empty where none is.
func (w *rmaChange) promisedOn() string {
	if w.Promise == nil {
		return ""
	}
	return promisedOn(*w.Promise)
}

// openShipment finds the parcel in which the replacement leaves, or creates it; nil: it
// leaves by hand. See Logistics.OpenShipment.
func (w *rmaChange) openShipment(
	sh RMAShipment,
) (parcel *logistics.Shipment, named bool, err error) {
	return w.s.logistics.OpenShipment(w.tx, logistics.NewShipment{
		AccountID:  w.AccountID,
		Direction:  shipping.ShipOut,
		SubjectID:  w.ID,
		BookingKey: w.bookingKey(),
		Carrier:    sh.Carrier,
		PromisedOn: w.promisedOn(),

		// The warehouse may have handed it in before it says so.
		PossibleFrom: w.PossibleFrom(rma.FactPickedUp),
	}, sh.Tracking)
}

// endShipment ends the parcel of the replacement that is under way, if there is one.
func (w *rmaChange) endShipment(kind shipping.ScanKind, reason string) error {
	ask, err := w.s.logistics.EndShipment(w.tx, w.bookingKey(), logistics.NewScan{
		Kind:   kind,
		Source: logistics.ScanByOperator,
		Reason: reason,
	})
	w.askCarrier = w.askCarrier || ask
	return err
}

// RecordRMAFact records what a person passes on of a carrier or a depot; it may come
// twice, late and in any order. at is when it happened; zero stands for now. Refusals are
// those of RMAFacts.CheckTold (S62): STATE_CONFLICT for what cannot have happened yet,
// VALIDATION_FAILED with /at for an instant that cannot be true.
func (s *Replacements) RecordRMAFact(
	ctx context.Context, id string, fact rma.RMAFact, at time.Time,
) (RMA, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return RMA{}, err
	}

	var out RMA
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		w, err := s.lockRMA(tx, ref, id)
		if err != nil {
			return err
		}

		if err := w.CheckTold(fact, at, w.now); err != nil {
			return err
		}

		if w.hear(fact, at) {
			if err := w.before.lookedAt(versionIn(ctx)); err != nil {
				return err
			}
			if err := w.save(); err != nil {
				return err
			}
		}

		out = w.RMA
		return nil
	})

	return out, err
}

// hear applies a fact that a person tells, who may take it back; learned is false where it
// says nothing new.
func (w *rmaChange) hear(fact rma.RMAFact, at time.Time) (learned bool) {
	at = w.happened(at)
	if !w.learn(fact, at) {
		return false
	}
	w.RMAFacts = w.Hear(rma.Telling[rma.RMAFact]{Fact: fact, At: at, ToldAt: w.now})
	return true
}

// learn applies a fact and audits it; learned is false where it says nothing new.
func (w *rmaChange) learn(fact rma.RMAFact, at time.Time) (learned bool) {
	// The depot's scan may come after its inspection: the unit was here then, and its end
	// is not told again.
	comesBack := fact == rma.FactReturnScanned || fact == rma.FactReturnReceived
	if comesBack && w.InspectedAt != nil {
		return false
	}

	at = w.happened(at)
	after := w.RMAFacts.With(fact, at)
	if sameFacts(after, w.RMAFacts) {
		return false
	}

	first := w.OutboundDoneAt() == nil
	w.RMAFacts = after
	w.note(factVerbs[fact], map[string]any{"at": at})
	if fact == rma.FactDelivered && first {
		w.mail("DELIVERED", nil)
	}

	return true
}

// factVerbs are the verbs of facts in the audit.
var factVerbs = map[rma.RMAFact]string{
	rma.FactPickedUp:       "rma.picked_up",
	rma.FactDelivered:      "rma.delivered",
	rma.FactReturnScanned:  "rma.return_scanned",
	rma.FactReturnReceived: "rma.return_received",
}

// sameFacts reports whether carriers and depots have reported nothing that differs.
func sameFacts(a, b rma.RMAFacts) bool {
	return db.SameInstant(a.PickedUpAt, b.PickedUpAt) &&
		db.SameInstant(a.DeliveredAt, b.DeliveredAt) &&
		db.SameInstant(a.ReturnScannedAt, b.ReturnScannedAt) &&
		db.SameInstant(a.ReturnLastScannedAt, b.ReturnLastScannedAt) &&
		db.SameInstant(a.ReturnReceivedAt, b.ReturnReceivedAt)
}

// RegisterShipments makes RMAs and spare units follow their shipments. It is called
// once, when the domains are opened.
func (s *Replacements) RegisterShipments() {
	s.logistics.RegisterOwner(db.PrefixRMA, rmaShipments{s})
	s.logistics.RegisterOwner(db.PrefixSpareUnit, spareShipments{s})
}

// rmaShipments hands the news of parcels to RMAs.
type rmaShipments struct{ s *Replacements }

// ShipmentMoved applies what is known of a parcel to its RMA. A lost one that turns up
// after another was sent says nothing about the RMA; an operator sees it at the
// shipment.
func (o rmaShipments) ShipmentMoved(
	tx *db.Tx, sh logistics.Shipment,
) (known bool, err error) {
	if sh.Direction != shipping.ShipOut && sh.Direction != shipping.ShipReturn {
		return false, nil
	}

	ref, err := o.s.programs.ReferenceIn(tx)
	if err != nil {
		return false, err
	}

	w, err := o.s.lockRMA(tx, ref, sh.SubjectID)
	if rules.CodeOf(err) == rules.NotFound {
		return false, nil
	}
	if err != nil {
		return true, err
	}

	if sh.Direction == shipping.ShipOut && sh.BookingKey != w.bookingKey() {
		return true, nil
	}

	pickedUpBefore := w.PickedUpAt
	learned := w.learnFrom(sh)
	if sh.Direction == shipping.ShipReturn && sh.State == shipping.ShipmentCancelled &&
		w.WithdrawnAt != nil && w.wantsReturn() {
		// It was called off with a withdrawal that came too late.
		w.note("rma.return_booked_anew", map[string]any{"shipment": sh.ID})
		w.anotherReturn = w.s.logistics.Carrier != ""
		learned = true
	}

	untold := w.ShippedAt == nil && w.DeliveredAt == nil
	if pickedUpBefore == nil && w.PickedUpAt != nil && untold {
		if err := w.leaveUntold(sh); err != nil {
			return true, err
		}
	}

	if w.toldLost(sh) {
		if err := w.askAboutLoss(); err != nil {
			return true, err
		}
		learned = true
	}
	if !learned {
		return true, nil
	}

	err = w.save()
	return true, err
}

// leaveUntold does what follows when the carrier took a parcel before the warehouse
// recorded its shipment: it writes to the customer, and watches for the carrier's
// silence.
func (w *rmaChange) leaveUntold(sh logistics.Shipment) error {
	due, err := w.silenceDue(*w.PickedUpAt)
	if err != nil {
		return err
	}

	w.SilenceDueAt = due
	w.Carrier, w.Tracking = sh.Carrier, db.Text(sh.Tracking)
	w.mail("SHIPPED", nil)
	return nil
}

// toldLost reports whether the replacement's parcel has ended without arriving, and
// nobody was asked about it yet.
func (w *rmaChange) toldLost(sh logistics.Shipment) bool {
	ended := sh.State == shipping.ShipmentLost || sh.State == shipping.ShipmentReturnedToSender
	return ended && sh.Direction == shipping.ShipOut &&
		w.RMAFacts.Outbound() == rma.OutboundShipped && !w.MayBeLost()
}

// learnFrom applies what a shipment knows; learned is false where that is nothing new.
func (w *rmaChange) learnFrom(sh logistics.Shipment) (learned bool) {
	moved, arrived := rma.FactPickedUp, rma.FactDelivered
	if sh.Direction == shipping.ShipReturn {
		moved, arrived = rma.FactReturnScanned, rma.FactReturnReceived
	}
	if sh.FirstMoveAt != nil {
		learned = w.learn(moved, *sh.FirstMoveAt)
	}
	if sh.DeliveredAt != nil {
		learned = w.learn(arrived, *sh.DeliveredAt) || learned
	}
	return learned
}

// ParcelsEvent returns the event that makes the RMA's workflow ask the carrier.
func (o rmaShipments) ParcelsEvent(
	tx *db.Tx, subjectID string,
) (e db.OutboxEvent, known bool, err error) {
	var r RMA
	err = db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&r, "id = ?", subjectID).Error)
	if rules.CodeOf(err) == rules.NotFound {
		return e, false, nil
	}
	if err != nil {
		return e, false, err
	}

	st := r.processStatus()
	st.Parcels = true
	return st.Event(db.OutboxRMAChanged, r.ID), true, nil
}
