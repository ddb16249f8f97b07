package logistics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/shipping"
)

// StockLevel is the stock of a model at a depot: the sum of its entries.
type StockLevel struct {
	DepotID   string `gorm:"primaryKey"`
	ModelCode string `gorm:"primaryKey"`
	OnHand    int
	Reserved  int
	UpdatedAt time.Time
}

// Level returns the level as the rules know it.
func (l StockLevel) Level() shipping.StockLevel {
	return shipping.StockLevel{OnHand: l.OnHand, Reserved: l.Reserved}
}

// StockEntry is one line of the ledger. CauseKey is unique: a cause makes one
// entry. ClosesID names the reservation that a release or shipment closes, each
// once.
type StockEntry struct {
	ID            string
	DepotID       string
	ModelCode     string
	Kind          shipping.StockKind
	Quantity      int
	OnHandDelta   int
	ReservedDelta int
	CauseKey      string
	SubjectID     string // RMA or spare unit; empty for receipts and adjustments
	ClosesID      *string
	Reason        string
	EnteredBy     string
	CreatedAt     time.Time
}

// StockMove is an entry to make. Cause names why, once and for all: a delivery note, an
// RMA's allocation, a request's idempotency key. The same cause again answers with the
// entry that it made.
type StockMove struct {
	DepotID   string
	ModelCode string
	Quantity  int // units; an adjustment's may be negative
	Cause     string
	SubjectID string // RMA or spare unit
	Reason    string // adjustments: required
}

// ReceiveStock enters units that came to a depot. The same cause again changes nothing. It
// refuses with UNKNOWN_MODEL a model that the catalogue has never had: nothing would ever be
// taken from it.
func (s *Logistics) ReceiveStock(ctx context.Context, m StockMove) (StockEntry, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return StockEntry{}, err
	}
	if err := catalogue.CheckModel("/model", m.ModelCode, ref.Models); err != nil {
		return StockEntry{}, err
	}

	return s.enterMove(ctx, shipping.StockReceipt, m)
}

// AdjustStock corrects a level by a count, with a reason. Refusals:
// REASON_REQUIRED, STOCK_NEGATIVE.
func (s *Logistics) AdjustStock(ctx context.Context, m StockMove) (StockEntry, error) {
	if err := rules.CheckReason(m.Reason); err != nil {
		return StockEntry{}, err
	}
	return s.enterMove(ctx, shipping.StockAdjustment, m)
}

// enterMove makes an entry: it locks the level and then looks for the cause, so that of
// two moves with the same cause one waits and finds the other's entry.
func (s *Logistics) enterMove(
	ctx context.Context, kind shipping.StockKind, m StockMove,
) (StockEntry, error) {
	var out StockEntry
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		m.ModelCode = catalogue.NormaliseModelCode(m.ModelCode)
		if err := m.validate(); err != nil {
			return err
		}

		level, err := lockLevel(tx, m.DepotID, m.ModelCode)
		if err != nil {
			return err
		}

		e, err := newStockEntry(tx, kind, m, nil)
		if err != nil {
			return err
		}

		old, err := entryOf(tx, m.Cause)
		if err == nil {
			out = old
			return old.same(e)
		}
		if rules.CodeOf(err) != rules.NotFound {
			return err
		}

		out = e
		return enterAtLevel(tx, level, e)
	})

	return out, err
}

func (m StockMove) validate() error {
	var fields []rules.FieldError
	for pointer, value := range map[string]string{
		"/depot_id": m.DepotID,
		"/model":    m.ModelCode,
		"/cause":    m.Cause,
	} {
		if value == "" {
			fields = append(fields, rules.FieldError{
				Pointer: pointer,
				Code:    rules.Required,
				Message: "This field is missing or empty.",
				Remedy:  "Fill it in.",
			})

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
	if e.Kind == n.Kind && e.DepotID == n.DepotID &&
		e.ModelCode == n.ModelCode && e.Quantity == n.Quantity {
		return nil
	}
	return rules.Refuse(rules.IdempotencyConflict,
		fmt.Sprintf("This reference has made another entry: %d of %s.", e.Quantity, e.ModelCode),
		"Use a new reference for a new entry.")
}

// newStockEntry returns the line of the ledger that a move makes; closes names the
// reservation that it closes, if any.
func newStockEntry(
	tx *db.Tx, kind shipping.StockKind, m StockMove, closes *string,
) (StockEntry, error) {
	delta, err := shipping.DeltaOf(kind, m.Quantity)
	if err != nil {
		return StockEntry{}, err
	}

	return StockEntry{
		ID:            db.NewID(db.PrefixStock),
		DepotID:       m.DepotID,
		ModelCode:     m.ModelCode,
		Kind:          kind,
		Quantity:      m.Quantity,
		OnHandDelta:   delta.OnHand,
		ReservedDelta: delta.Reserved,
		CauseKey:      m.Cause,
		SubjectID:     m.SubjectID,
		ClosesID:      closes,
		Reason:        strings.TrimSpace(m.Reason),
		EnteredBy:     tx.Scope.Actor.ID,
		CreatedAt:     tx.Now(),
	}, nil
}

// closingEntry returns the line that closes a reservation.
func closingEntry(
	tx *db.Tx, kind shipping.StockKind, r StockEntry,
) (StockEntry, error) {
	m := StockMove{
		DepotID:   r.DepotID,
		ModelCode: r.ModelCode,
		Quantity:  r.Quantity,
		Cause:     r.CauseKey + "/closed",
		SubjectID: r.SubjectID,
	}
	return newStockEntry(tx, kind, m, &r.ID)
}

// entryOf finds the entry that a cause made; NOT_FOUND when there is none.
func entryOf(tx *db.Tx, cause string) (StockEntry, error) {
	var e StockEntry
	err := tx.First(&e, "cause_key = ?", cause).Error
	return e, db.Found(err)
}

// lockLevel locks the level of a model at a depot, and creates it where it is new.
func lockLevel(tx *db.Tx, depotID, model string) (StockLevel, error) {
	l := StockLevel{DepotID: depotID, ModelCode: model, UpdatedAt: tx.Now()}
	err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&l).Error
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		return l, db.NotFound()
	}
	if err != nil {
		return l, err
	}

	err = tx.ForUpdate().First(&l, "depot_id = ? AND model_code = ?", depotID, model).Error
	return l, err
}

// enterAtLevel writes an entry with its level and audit; the caller has locked the level.
func enterAtLevel(tx *db.Tx, level StockLevel, e StockEntry) error {
	delta := shipping.StockDelta{OnHand: e.OnHandDelta, Reserved: e.ReservedDelta}
	next, err := level.Level().Apply(delta)
	if err != nil {
		return err
	}
	if err := tx.Create(&e).Error; err != nil {
		return err
	}

	err = tx.Model(&StockLevel{}).
		Where("depot_id = ? AND model_code = ?", e.DepotID, e.ModelCode).
		Updates(map[string]any{
			"on_hand":    next.OnHand,
			"reserved":   next.Reserved,
			"updated_at": e.CreatedAt,
		}).Error
	if err != nil {
		return err
	}

	details := db.WithReason(e.Reason, map[string]any{
		"kind":     e.Kind,
		"model":    e.ModelCode,
		"quantity": e.Quantity,
		"subject":  e.SubjectID,
		"before":   level.Level(),
		"after":    next,
	})

	// There is one chain per level, whose lock the caller holds.
	chain := e.DepotID + "/" + e.ModelCode
	return tx.Audit(chain, nil, false,
		db.Entry{Verb: StockVerb(e.Kind), ObjectID: e.DepotID, Details: details})
}

// StockVerb is the verb of an entry in the audit.
func StockVerb(kind shipping.StockKind) string { return "stock." + strings.ToLower(string(kind)) }

// StockNeed is what an RMA or a spare unit needs from the stock.
type StockNeed struct {
	ModelCode string
	Quantity  int
	Country   string // of the ship-to: depots there come first
	Cause     string // names the reservation
	SubjectID string
}

func (n StockNeed) at(depotID string) StockMove {
	return StockMove{
		DepotID:   depotID,
		ModelCode: n.ModelCode,
		Quantity:  n.Quantity,
		Cause:     n.Cause,
		SubjectID: n.SubjectID,
	}
}

// ReserveStock reserves units at the first depot that has them free: depots in the
// ship-to's country come first, then they follow by their codes. It returns no entry
// where no depot has enough. kept reports whether figures are kept of the model at all:
// a model that no depot ever received has none, and is sent by hand. The caller notes
// the entry in the audit of the subject.
//
// No level is locked before its units are taken, so that no transaction ever holds
// one level while it waits for another; locks are taken in the order account, subject,
// level.
func ReserveStock(
	tx *db.Tx, n StockNeed,
) (reserved *StockEntry, kept bool, err error) {
	for {
		depotID, err := takeFreeUnits(tx, n)
		if err != nil {
			return nil, false, err
		}

		if depotID != "" {
			e, err := newStockEntry(tx, shipping.StockReservation, n.at(depotID), nil)
			if err != nil {
				return nil, true, err
			}
			err = tx.Create(&e).Error
			return &e, true, err
		}

		var levels []StockLevel
		if err := tx.Where("model_code = ?", n.ModelCode).Find(&levels).Error; err != nil {
			return nil, false, err
		}

		free := func(l StockLevel) bool { return l.Level().Free() >= n.Quantity }
		if !slices.ContainsFunc(levels, free) {
			return nil, len(levels) > 0, nil
		}
		// Somebody else was first at one depot, and another has the units: look again.
	}
}

// takeFreeUnits raises what is reserved at the first depot that has the units free, in
// one statement, and returns that depot; an empty id where none has.
func takeFreeUnits(tx *db.Tx, n StockNeed) (depotID string, err error) {
	var depots []string
	err = tx.Raw(`
		UPDATE stock_levels
		SET reserved = reserved + @quantity, updated_at = @now
		WHERE model_code = @model
			AND on_hand - reserved >= @quantity
			AND depot_id = (
				SELECT l.depot_id
				FROM stock_levels l
				JOIN depots d ON d.id = l.depot_id
				WHERE l.model_code = @model AND l.on_hand - l.reserved >= @quantity
				ORDER BY CASE WHEN d.country = @country THEN 0 ELSE 1 END, d.code
				LIMIT 1)
		RETURNING depot_id`,
		map[string]any{
			"quantity": n.Quantity,
			"now":      tx.Now(),
			"model":    n.ModelCode,
			"country":  n.Country,
		}).Scan(&depots).Error
	if err != nil || len(depots) == 0 {
		return "", err
	}

	return depots[0], nil
}

// CloseReservation closes the reservation that a cause made, or that PutBack made again for it,
// by a release or by the shipment of its units, and returns the entry that does; none where no
// reservation of that cause is open. The caller holds the lock on the subject, so nobody else
// closes it meanwhile, and notes the entry in the subject's audit.
func CloseReservation(
	tx *db.Tx, cause string, kind shipping.StockKind,
) (*StockEntry, error) {
	const made = "(cause_key = ? OR cause_key LIKE ?)"
	return closeReservation(tx, kind, made, cause, cause+"/%/again")
}

// CloseReservationByID is CloseReservation for the entry that reserved.
func CloseReservationByID(
	tx *db.Tx, id string, kind shipping.StockKind,
) (*StockEntry, error) {
	return closeReservation(tx, kind, "id = ?", id)
}

func closeReservation(
	tx *db.Tx, kind shipping.StockKind, where string, args ...any,
) (*StockEntry, error) {
	var open []StockEntry
	err := tx.
		Where("kind = ?", shipping.StockReservation).
		Where(where, args...).
		Where("NOT EXISTS (SELECT 1 FROM stock_entries c WHERE c.closes_id = stock_entries.id)").
		Find(&open).Error
	if err != nil || len(open) == 0 {
		return nil, err
	}

	e, err := closingEntry(tx, kind, open[0])
	if err != nil {
		return nil, err
	}

	moved, err := moveLevel(tx, e.DepotID, e.ModelCode, e.Quantity, kind)
	if err != nil {
		return nil, err
	}

	if !moved {
		return nil, fmt.Errorf("models: %s has a reservation at a level that is not there",
			e.SubjectID)
	}

	err = tx.Create(&e).Error
	return &e, err
}

// ShipUnreserved enters, as a reservation and its shipment, that units left a depot
// although their reservation was released before. It returns no entry where the level
// does not have the units any more: they were promised to another subject meanwhile,
// and the next count shows it. A fact is never refused.
func ShipUnreserved(
	tx *db.Tx, depotID string, n StockNeed,
) ([]StockEntry, error) {
	moved, err := moveLevel(tx, depotID, n.ModelCode, n.Quantity,
		shipping.StockReservation, shipping.StockShipment)
	if err != nil || !moved {
		return nil, err
	}

	reserved, err := newStockEntry(tx, shipping.StockReservation, n.at(depotID), nil)
	if err != nil {
		return nil, err
	}

	shipped, err := closingEntry(tx, shipping.StockShipment, reserved)
	if err != nil {
		return nil, err
	}

	entries := []StockEntry{reserved, shipped}
	err = tx.Create(&entries).Error
	return entries, err
}

// PutBack takes back that the units of a cause left a depot, where they did: an adjustment
// with the reason, and, where they are still wanted, a reservation of the same units. It
// returns the entries, the reservation last; none where no units of the cause have left.
func PutBack(
	tx *db.Tx, cause, reason string, wanted bool,
) ([]StockEntry, error) {
	var left []StockEntry
	err := tx.Table("stock_entries AS s").
		Select("s.*").
		Joins("JOIN stock_entries r ON r.id = s.closes_id").
		Where("s.kind = ?", shipping.StockShipment).
		Where("(r.cause_key = ? OR r.cause_key LIKE ?)", cause, cause+"/%").
		Where(`NOT EXISTS (SELECT 1 FROM stock_entries b
			WHERE b.cause_key = s.cause_key || '/put_back')`).
		Find(&left).Error
	if err != nil {
		return nil, err
	}

	var entries []StockEntry
	enter := func(kind shipping.StockKind, m StockMove) error {
		e, err := newStockEntry(tx, kind, m, nil)
		if err != nil {
			return err
		}
		entries = append(entries, e)

		moved, err := moveLevel(tx, m.DepotID, m.ModelCode, m.Quantity, kind)
		if err == nil && !moved {
			err = fmt.Errorf("models: %s has left a level that is not there", m.SubjectID)
		}
		return err
	}

	for _, e := range left {
		m := StockMove{
			DepotID:   e.DepotID,
			ModelCode: e.ModelCode,
			Quantity:  e.Quantity,
			Cause:     e.CauseKey + "/put_back",
			SubjectID: e.SubjectID,
			Reason:    reason,
		}
		if err := enter(shipping.StockAdjustment, m); err != nil {
			return nil, err
		}
		if !wanted {
			continue
		}

		m.Cause, m.Reason = e.CauseKey+"/again", ""
		if err := enter(shipping.StockReservation, m); err != nil {
			return nil, err
		}
	}

	if len(entries) == 0 {
		return nil, nil
	}
	err = tx.Create(&entries).Error
	return entries, err
}

// moveLevel changes a level in one statement as entries of the kinds do; it reports
// false when the level does not have that many units.
func moveLevel(
	tx *db.Tx, depotID, model string, quantity int, kinds ...shipping.StockKind,
) (moved bool, err error) {
	var sum shipping.StockDelta
	q := tx.Model(&StockLevel{}).Where("depot_id = ? AND model_code = ?", depotID, model)
	for _, kind := range kinds {
		d, err := shipping.DeltaOf(kind, quantity)
		if err != nil {
			return false, err
		}

		sum.OnHand += d.OnHand
		sum.Reserved += d.Reserved
		if kind == shipping.StockReservation {
			q = q.Where("on_hand - reserved >= ?", quantity)
		}
	}

	res := q.Updates(map[string]any{
		"on_hand":    gorm.Expr("on_hand + ?", sum.OnHand),
		"reserved":   gorm.Expr("reserved + ?", sum.Reserved),
		"updated_at": tx.Now(),
	})
	return res.RowsAffected == 1, res.Error
}

// StockFilter narrows levels or entries; empty fields do not narrow.
type StockFilter struct {
	DepotID   string
	ModelCode string
	SubjectID string // entries; or the number of the RMA or spare unit
	Kind      shipping.StockKind
	Page      db.Page
}

func (f StockFilter) narrow(q *gorm.DB, with map[string]string) *gorm.DB {
	with["depot_id"] = f.DepotID
	with["model_code"] = catalogue.NormaliseModelCode(f.ModelCode)
	for column, value := range with {
		if value != "" {
			q = q.Where(clause.Eq{Column: column, Value: value})
		}
	}

	return q
}

// StockLevels lists levels by depot and model, for the service and its operators.
func (s *Logistics) StockLevels(ctx context.Context, f StockFilter) ([]StockLevel, error) {
	var out []StockLevel
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		q := f.narrow(tx.Order("depot_id, model_code"), map[string]string{})
		return q.Find(&out).Error
	})
	return out, err
}

// StockEntries lists the ledger, newest first, for the service and its operators.
func (s *Logistics) StockEntries(ctx context.Context, f StockFilter) ([]StockEntry, string, error) {
	var out []StockEntry
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		q := f.narrow(tx.Model(&StockEntry{}), map[string]string{"kind": string(f.Kind)})
		q, err := forSubject(tx, q, f.SubjectID)
		if err != nil {
			return err
		}
		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(e StockEntry) string { return e.ID })
	return out, next, err
}

// StockEntryOf returns the entry that a cause made, to the service and its operators; NOT_FOUND
// where it has made none.
func (s *Logistics) StockEntryOf(ctx context.Context, cause string) (StockEntry, error) {
	var e StockEntry
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		e, err = entryOf(tx, cause)
		return err
	})
	return e, err
}

// StockBalance adds up the ledger and returns every level that differs from it; none
// when the books are right.
func (s *Logistics) StockBalance(ctx context.Context) ([]StockLevel, error) {
	var wrong []StockLevel
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		return tx.Raw(`
			SELECT l.*
			FROM stock_levels l
			LEFT JOIN (
				SELECT depot_id, model_code,
					SUM(on_hand_delta) AS on_hand,
					SUM(reserved_delta) AS reserved
				FROM stock_entries
				GROUP BY depot_id, model_code
			) e ON e.depot_id = l.depot_id AND e.model_code = l.model_code
			WHERE l.on_hand <> COALESCE(e.on_hand, 0) OR l.reserved <> COALESCE(e.reserved, 0)`,
		).Scan(&wrong).Error
	})

	return wrong, err
}
