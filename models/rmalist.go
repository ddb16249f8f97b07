package models

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// GetRMA reads one RMA.
func (s *Store) GetRMA(ctx context.Context, id string) (RMA, error) {
	var r RMA
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.accounts(tx, "account_id").First(&r, "id = ?", id).Error)
	})
	return r, err
}

// RMAFilter narrows a list of RMAs; empty fields do not narrow. Serial finds that of
// the faulty unit or of its replacement.
type RMAFilter struct {
	AccountID string
	State     rules.RMAState
	RoomID    string
	DeviceID  string
	SiteID    string
	Serial    string
	Open      bool
	Late      bool // the first promise was, or is being, missed (S21)
	Page      Page
}

// ListRMAs lists the RMAs in scope, newest first.
func (s *Store) ListRMAs(ctx context.Context, f RMAFilter) ([]RMA, string, error) {
	var out []RMA
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.accounts(tx, "account_id")
		for column, value := range map[string]string{"account_id": f.AccountID, "state": string(f.State), "room_id": f.RoomID, "device_id": f.DeviceID, "site_id": f.SiteID} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}
		if serial := rules.NormaliseSerial(f.Serial); serial != "" {
			q = q.Where("(faulty_serial = ? OR replacement_serial = ?)", serial, serial)
		}
		if f.Open {
			q = q.Where("closed_at IS NULL")
		}
		if f.Late {
			q = q.Where("promise_due_at IS NOT NULL AND withdrawn_at IS NULL AND promise_due_at <= COALESCE(delivered_at, swapped_at, ?)", s.clock.Now())
		}
		return f.Page.apply(q).Find(&out).Error
	})
	out, next := cut(f.Page, out, func(r RMA) string { return r.ID })
	return out, next, err
}
