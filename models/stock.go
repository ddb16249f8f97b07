package models

import (
	"context"
	"errors"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// StockMove is an entry to make. Cause names why, once and for all: a delivery
// note, an RMA's allocation, a request's idempotency key. The same cause again
// gives the entry that it made.
type StockMove struct {
	DepotID   string
	ModelCode string
	Quantity  int // units; an adjustment's may be negative
	Cause     string
	SubjectID string // RMA or spare unit
	Reason    string // adjustments: required
}

// ReceiveStock enters units that came to a depot.
func (s *Store) ReceiveStock(ctx context.Context, m StockMove) (StockEntry, error) {
	return s.enterStock(ctx, rules.StockReceipt, m)
}

// AdjustStock corrects a level by a count, with a reason. Refusals:
// REASON_REQUIRED, STOCK_NEGATIVE.
func (s *Store) AdjustStock(ctx context.Context, m StockMove) (StockEntry, error) {
	if err := rules.CheckReason(m.Reason); err != nil {
		return StockEntry{}, err
	}
	return s.enterStock(ctx, rules.StockAdjustment, m)
}

// ReserveStock promises units to a subject. OUT_OF_STOCK when less is free (S21).
func (s *Store) ReserveStock(ctx context.Context, m StockMove) (StockEntry, error) {
	return s.enterStock(ctx, rules.StockReservation, m)
}

func (s *Store) enterStock(ctx context.Context, kind rules.StockKind, m StockMove) (StockEntry, error) {
	var out StockEntry
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		out, err = s.stock(tx, scope, kind, m)
		return err
	})
	return out, err
}

// ReleaseStock gives back what a reservation promised; reservation is its cause.
// Doing it again changes nothing; RESERVATION_CLOSED when it was shipped.
func (s *Store) ReleaseStock(ctx context.Context, reservation, reason string) (StockEntry, error) {
	return s.closeReservation(ctx, rules.StockRelease, reservation, reason)
}

// ShipStock takes what was reserved out of the depot; reservation is its cause.
// Doing it again changes nothing; RESERVATION_CLOSED when it was released.
func (s *Store) ShipStock(ctx context.Context, reservation string) (StockEntry, error) {
	return s.closeReservation(ctx, rules.StockShipment, reservation, "")
}

func (s *Store) closeReservation(ctx context.Context, kind rules.StockKind, reservation, reason string) (StockEntry, error) {
	var out StockEntry
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		out, err = s.closeStock(tx, scope, kind, reservation, reason)
		return err
	})
	return out, err
}

// stock makes an entry in the caller's transaction: the level's row is locked, then
// the cause is looked for, so that of two with the same cause one waits and finds
// the other's.
func (s *Store) stock(tx *gorm.DB, scope Scope, kind rules.StockKind, m StockMove) (StockEntry, error) {
	if err := scope.service(); err != nil {
		return StockEntry{}, err
	}
	m.ModelCode = rules.NormaliseModelCode(m.ModelCode)
	if err := m.validate(); err != nil {
		return StockEntry{}, err
	}
	delta, err := rules.DeltaOf(kind, m.Quantity)
	if err != nil {
		return StockEntry{}, err
	}
	level, err := s.lockLevel(tx, m.DepotID, m.ModelCode)
	if err != nil {
		return StockEntry{}, err
	}
	e := StockEntry{ID: NewID(prefixStock), DepotID: m.DepotID, ModelCode: m.ModelCode, Kind: kind, Quantity: m.Quantity, OnHandDelta: delta.OnHand, ReservedDelta: delta.Reserved,
		CauseKey: m.Cause, SubjectID: m.SubjectID, Reason: strings.TrimSpace(m.Reason), EnteredBy: scope.Actor.ID, CreatedAt: s.clock.Now()}
	old, err := entryOf(tx, m.Cause)
	if err == nil {
		return old, old.same(e)
	}
	if rules.CodeOf(err) != rules.NotFound {
		return StockEntry{}, err
	}
	return e, s.enter(tx, scope, level, e)
}

// closeStock closes a reservation in the caller's transaction.
func (s *Store) closeStock(tx *gorm.DB, scope Scope, kind rules.StockKind, reservation, reason string) (StockEntry, error) {
	if err := scope.service(); err != nil {
		return StockEntry{}, err
	}
	r, err := entryOf(tx, reservation)
	if err == nil && r.Kind != rules.StockReservation {
		err = errNotFound()
	}
	if err != nil {
		return StockEntry{}, err
	}
	level, err := s.lockLevel(tx, r.DepotID, r.ModelCode)
	if err != nil {
		return StockEntry{}, err
	}
	var closed []StockEntry
	if err := tx.Where("closes_id = ?", r.ID).Find(&closed).Error; err != nil {
		return StockEntry{}, err
	}
	if len(closed) > 0 {
		if closed[0].Kind == kind {
			return closed[0], nil
		}
		return closed[0], rules.Refuse(rules.ReservationClosed, "The reservation was released or shipped already.", "Reserve anew.")
	}
	delta, err := rules.DeltaOf(kind, r.Quantity)
	if err != nil {
		return StockEntry{}, err
	}
	e := StockEntry{ID: NewID(prefixStock), DepotID: r.DepotID, ModelCode: r.ModelCode, Kind: kind, Quantity: r.Quantity, OnHandDelta: delta.OnHand, ReservedDelta: delta.Reserved,
		CauseKey: r.CauseKey + "/closed", SubjectID: r.SubjectID, ClosesID: &r.ID, Reason: strings.TrimSpace(reason), EnteredBy: scope.Actor.ID, CreatedAt: s.clock.Now()}
	return e, s.enter(tx, scope, level, e)
}

func (m StockMove) validate() error {
	var fields []rules.FieldError
	for pointer, value := range map[string]string{"/depot_id": m.DepotID, "/model": m.ModelCode, "/cause": m.Cause} {
		if value == "" {
			fields = append(fields, rules.FieldError{Pointer: pointer, Code: rules.Required, Message: "This field is missing or empty.", Remedy: "Fill it in."})
			continue
		}
		fields = append(fields, rules.CheckLine(pointer, value, 200)...)
	}
	if err := rules.Invalid(fields); err != nil {
		return err
	}
	return rules.CheckOptionalReason(m.Reason)
}

// same refuses a cause that comes again for something else.
func (e StockEntry) same(n StockEntry) error {
	if e.Kind == n.Kind && e.DepotID == n.DepotID && e.ModelCode == n.ModelCode && e.Quantity == n.Quantity {
		return nil
	}
	return rules.Refuse(rules.IdempotencyConflict, "This cause has made another entry.", "Use a new cause for a new entry.")
}

// entryOf finds the entry that a cause made; NOT_FOUND when there is none.
func entryOf(tx *gorm.DB, cause string) (StockEntry, error) {
	var e StockEntry
	err := tx.First(&e, "cause_key = ?", cause).Error
	return e, found(err)
}

// lockLevel locks the level of a model at a depot, and makes it where it is new.
func (s *Store) lockLevel(tx *gorm.DB, depotID, model string) (StockLevel, error) {
	l := StockLevel{DepotID: depotID, ModelCode: model, UpdatedAt: s.clock.Now()}
	err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&l).Error
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		return l, errNotFound()
	}
	if err != nil {
		return l, err
	}
	err = s.forUpdate(tx).First(&l, "depot_id = ? AND model_code = ?", depotID, model).Error
	return l, err
}

// enter writes an entry with its level and audit; the level is locked.
func (s *Store) enter(tx *gorm.DB, scope Scope, level StockLevel, e StockEntry) error {
	next, err := level.Level().Apply(rules.StockDelta{OnHand: e.OnHandDelta, Reserved: e.ReservedDelta})
	if err != nil {
		return err
	}
	if err := tx.Create(&e).Error; err != nil {
		return err
	}
	err = tx.Model(&StockLevel{}).Where("depot_id = ? AND model_code = ?", e.DepotID, e.ModelCode).
		Updates(map[string]any{"on_hand": next.OnHand, "reserved": next.Reserved, "updated_at": e.CreatedAt}).Error
	if err != nil {
		return err
	}
	details := withReason(e.Reason, map[string]any{"kind": e.Kind, "model": e.ModelCode, "quantity": e.Quantity, "subject": e.SubjectID, "before": level.Level(), "after": next})
	// One chain per level, whose lock we hold.
	return s.appendAudit(tx, scope, e.DepotID+"/"+e.ModelCode, nil, false, entry{stockVerb(e.Kind), e.DepotID, details})
}

func stockVerb(kind rules.StockKind) string { return "stock." + strings.ToLower(string(kind)) }
