package logistics

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

// CarrierEvent is what a carrier sent, as it came. Tracking, Kind and OccurredAt
// are empty where it could not be read.
type CarrierEvent struct {
	ID         string
	Carrier    string
	EventID    string // the carrier's; unique per carrier
	Tracking   string
	Kind       string
	OccurredAt *time.Time
	ReceivedAt time.Time
	Raw        []byte
	ShipmentID *string // nil until it is applied
	AccountID  *string
	State      CarrierEventState

	// Contradicted: it was applied, and its instant cannot be true (S62).
	Contradicted bool
}

// CarrierEventState says what became of a CarrierEvent.
type CarrierEventState string

// The states: stored, applied to a shipment, for a parcel that we do not know (it
// is applied once we do), and not understood.
const (
	CarrierEventReceived   CarrierEventState = "RECEIVED"
	CarrierEventApplied    CarrierEventState = "APPLIED"
	CarrierEventUnknown    CarrierEventState = "UNKNOWN"
	CarrierEventUnreadable CarrierEventState = "UNREADABLE"
)

// NewCarrierEvent is an authentic message of a carrier. EventID is the carrier's name
// for it; where the carrier gave none, the caller derives one from the content.
type NewCarrierEvent struct {
	Carrier    string
	EventID    string
	Tracking   string
	Kind       string
	OccurredAt time.Time
	Raw        []byte
}

func (n NewCarrierEvent) row(now time.Time) CarrierEvent {
	e := CarrierEvent{
		ID:         db.NewID(db.PrefixCarrierEvent),
		Carrier:    n.Carrier,
		EventID:    n.EventID,
		Tracking:   n.Tracking,
		Kind:       n.Kind,
		ReceivedAt: now,
		Raw:        n.Raw,
		State:      CarrierEventReceived,
	}
	if e.Raw == nil {
		e.Raw = []byte{}
	}

	if !n.OccurredAt.IsZero() {
		at := n.OccurredAt.UTC().Truncate(time.Microsecond)
		e.OccurredAt = &at
	}
	if !shipping.ScanKind(e.Kind).Valid() || e.Tracking == "" || e.OccurredAt == nil {
		e.State = CarrierEventUnreadable
	}

	return e
}

// ReceiveCarrierEvent stores a carrier's message and then applies it. The error is
// nil once it is stored, even when it cannot be applied: SettleCarrierEvents tries
// again. The same event again returns the stored one and changes nothing.
func (s *Logistics) ReceiveCarrierEvent(
	ctx context.Context, n NewCarrierEvent,
) (CarrierEvent, error) {
	e := n.row(s.db.Now())
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&e)
		if res.Error != nil || res.RowsAffected == 1 {
			return res.Error
		}

		var stored CarrierEvent
		err := tx.First(&stored, "carrier = ? AND event_id = ?", n.Carrier, n.EventID).Error
		e = stored
		return err
	})
	if err != nil || e.State != CarrierEventReceived {
		return e, err
	}

	applied, err := s.applyCarrierEvent(ctx, e)
	if err != nil {
		return e, nil // it is stored, and the watch tries again
	}

	return applied, nil
}

// applyCarrierEvent makes a scan of an event, or notes that we do not know its
// parcel. Every step has a key, so it may be done again.
func (s *Logistics) applyCarrierEvent(ctx context.Context, e CarrierEvent) (CarrierEvent, error) {
	out := e
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		out = e
		sh, err := lockShipmentWhere(tx, "sh.carrier = ? AND sh.tracking = ?",
			e.Carrier, e.Tracking)
		if rules.CodeOf(err) == rules.NotFound {
			out.State = CarrierEventUnknown
			return tx.Model(&CarrierEvent{}).
				Where("id = ? AND state = ?", e.ID, CarrierEventReceived).
				Update("state", out.State).Error
		}
		if err != nil {
			return err
		}

		n := NewScan{
			Kind:     shipping.ScanKind(e.Kind),
			At:       *e.OccurredAt,
			ToldAt:   e.ReceivedAt,
			Source:   ScanByCarrier,
			CauseKey: "carrier/" + e.Carrier + "/" + e.EventID,
		}
		if n.At.After(e.ReceivedAt) && rules.Believable(n.At, time.Time{}, e.ReceivedAt) {
			n.At = e.ReceivedAt // clocks differ
		}

		if err := s.addScan(tx, &sh, n); err != nil {
			return err
		}

		out.State = CarrierEventApplied
		out.ShipmentID = &sh.ID
		out.AccountID = &sh.AccountID
		out.Contradicted = !rules.Believable(n.At, sh.possibleFrom(), e.ReceivedAt)

		return tx.Model(&CarrierEvent{}).
			Where("id = ?", e.ID).
			Select("state", "shipment_id", "account_id", "contradicted").
			Updates(&out).Error
	})

	return out, err
}

// settleBatch bounds how much a watch settles at a time.
const settleBatch = 200

// SettleCarrierEvents applies what was stored but not applied, as after a crash,
// and returns how many events that were. The service calls it every minute.
func (s *Logistics) SettleCarrierEvents(ctx context.Context) (int, error) {
	return s.settleEventsWhere(ctx, "(e.state = ? OR s.id IS NOT NULL)", CarrierEventReceived)
}

// SettleEventsOf applies what a carrier reported about parcels before we knew their
// numbers, and returns how many events that were.
func (s *Logistics) SettleEventsOf(
	ctx context.Context, carrier string, numbers ...string,
) (int, error) {
	return s.settleEventsWhere(ctx, "e.carrier = ? AND e.tracking IN ?", carrier, numbers)
}

func (s *Logistics) settleEventsWhere(
	ctx context.Context, where string, args ...any,
) (n int, err error) {
	ctx = db.WithSystem(ctx)
	var waiting []CarrierEvent
	err = s.db.Single(ctx, func(tx *db.Tx) error {
		return tx.Table("carrier_events AS e").
			Select("e.*").
			Joins("LEFT JOIN shipments s ON s.carrier = e.carrier AND s.tracking = e.tracking").
			Where("e.state IN ?", []CarrierEventState{CarrierEventReceived, CarrierEventUnknown}).
			Where(where, args...).
			Order("e.id").
			Limit(settleBatch).
			Find(&waiting).Error
	})

	for _, e := range waiting {
		applied, failed := s.applyCarrierEvent(ctx, e)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}

		if applied.State == CarrierEventApplied {
			n++
		}
	}

	return n, err
}

// CarrierEventFilter narrows a list of carriers' events; empty fields do not.
type CarrierEventFilter struct {
	State      CarrierEventState
	Tracking   string
	ShipmentID string
	Page       db.Page
}

// ListCarrierEvents lists carriers' events, newest first, for the service and its
// operators.
func (s *Logistics) ListCarrierEvents(
	ctx context.Context, f CarrierEventFilter,
) ([]CarrierEvent, string, error) {
	var out []CarrierEvent
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		q := tx.DB
		for column, value := range map[string]string{
			"state":       string(f.State),
			"tracking":    strings.TrimSpace(f.Tracking),
			"shipment_id": f.ShipmentID,
		} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(e CarrierEvent) string { return e.ID })
	return out, next, err
}

// GetCarrierEvent returns one event as it came, to the service and its operators.
func (s *Logistics) GetCarrierEvent(ctx context.Context, id string) (CarrierEvent, error) {
	var e CarrierEvent
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return db.Found(tx.First(&e, "id = ?", id).Error)
	})
	return e, err
}

// PruneCarrierBodies empties the texts of messages that came before the instant. What was
// understood of them stays; a message that still waits for its parcel keeps its text.
func PruneCarrierBodies(tx *db.Tx, before time.Time, limit int) (int64, error) {
	res := tx.Exec(`UPDATE carrier_events SET raw = ? WHERE id IN (
		SELECT id FROM carrier_events
		WHERE length(raw) > 0 AND received_at < ? AND state <> ?
		ORDER BY received_at
		LIMIT ?)`, []byte{}, before, CarrierEventReceived, limit)
	return res.RowsAffected, res.Error
}
