package models

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// NewCarrierEvent is an authentic message of a carrier. EventID names it at the
// carrier; whoever calls makes one of the content where it has none.
type NewCarrierEvent struct {
	Carrier    string
	EventID    string
	Tracking   string
	Kind       string
	OccurredAt time.Time
	Raw        []byte
}

// ReceiveCarrierEvent stores a carrier's message and then applies it. The error is
// nil once it is stored, even when it cannot be applied: SettleCarrierEvents tries
// again. The same event again gives the stored one and changes nothing.
func (s *Store) ReceiveCarrierEvent(ctx context.Context, n NewCarrierEvent) (CarrierEvent, error) {
	e := CarrierEvent{ID: NewID(prefixCarrierEvent), Carrier: n.Carrier, EventID: n.EventID, Tracking: n.Tracking, Kind: n.Kind, ReceivedAt: s.clock.Now(), Raw: n.Raw, State: CarrierEventReceived}
	if e.Raw == nil {
		e.Raw = []byte{}
	}
	if !n.OccurredAt.IsZero() {
		at := n.OccurredAt.UTC().Truncate(time.Microsecond)
		e.OccurredAt = &at
	}
	if !rules.ScanKind(e.Kind).Valid() || e.Tracking == "" || e.OccurredAt == nil {
		e.State = CarrierEventUnreadable
	}
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
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
	if applied, err := s.applyCarrierEvent(ctx, e); err == nil {
		return applied, nil
	}
	return e, nil
}

// applyCarrierEvent makes a scan of an event, or notes that we do not know its
// parcel. Every step has a key, so it may be done again.
func (s *Store) applyCarrierEvent(ctx context.Context, e CarrierEvent) (CarrierEvent, error) {
	out := e
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		out = e
		sh, err := s.lockShipmentWhere(tx, "sh.carrier = ? AND sh.tracking = ?", e.Carrier, e.Tracking)
		if rules.CodeOf(err) == rules.NotFound {
			out.State = CarrierEventUnknown
			return tx.Model(&CarrierEvent{}).Where("id = ? AND state = ?", e.ID, CarrierEventReceived).Update("state", out.State).Error
		}
		if err != nil {
			return err
		}
		n := NewScan{Kind: rules.ScanKind(e.Kind), At: *e.OccurredAt, Source: ScanByCarrier, CauseKey: "carrier/" + e.Carrier + "/" + e.EventID}
		if n.At.After(e.ReceivedAt) {
			n.At = e.ReceivedAt
		}
		if err := s.addScan(tx, scope, &sh, n); err != nil {
			return err
		}
		out.State, out.ShipmentID, out.AccountID = CarrierEventApplied, &sh.ID, &sh.AccountID
		return tx.Model(&CarrierEvent{}).Where("id = ?", e.ID).Select("state", "shipment_id", "account_id").Updates(&out).Error
	})
	return out, err
}

// SettleCarrierEvents applies what was stored but not applied, as after a crash,
// and gives how many events that were. The service calls it every minute.
func (s *Store) SettleCarrierEvents(ctx context.Context) (int, error) {
	return s.settleCarrierEvents(ctx, "(e.state = ? OR s.id IS NOT NULL)", CarrierEventReceived)
}

const settleBatch = 200

func (s *Store) settleCarrierEvents(ctx context.Context, where string, args ...any) (n int, err error) {
	ctx = WithSystem(ctx)
	var waiting []CarrierEvent
	err = s.alone(ctx, func(db *gorm.DB, _ Scope) error {
		return db.Table("carrier_events AS e").Select("e.*").Joins("LEFT JOIN shipments s ON s.carrier = e.carrier AND s.tracking = e.tracking").
			Where("e.state IN ?", []CarrierEventState{CarrierEventReceived, CarrierEventUnknown}).Where(where, args...).
			Order("e.id").Limit(settleBatch).Find(&waiting).Error
	})
	for _, e := range waiting {
		applied, failed := s.applyCarrierEvent(ctx, e)
		if err = errors.Join(err, failed); failed == nil && applied.State == CarrierEventApplied {
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
	Page       Page
}

// ListCarrierEvents lists carriers' events, newest first, for operators.
func (s *Store) ListCarrierEvents(ctx context.Context, f CarrierEventFilter) ([]CarrierEvent, string, error) {
	var out []CarrierEvent
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := scope.service(); err != nil {
			return err
		}
		for column, value := range map[string]string{"state": string(f.State), "tracking": strings.TrimSpace(f.Tracking), "shipment_id": f.ShipmentID} {
			if value != "" {
				tx = tx.Where(clause.Eq{Column: column, Value: value})
			}
		}
		return f.Page.apply(tx).Find(&out).Error
	})
	out, next := cut(f.Page, out, func(e CarrierEvent) string { return e.ID })
	return out, next, err
}
