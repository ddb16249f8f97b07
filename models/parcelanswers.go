package models

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// BookedParcel is what the carrier answered to a booking.
type BookedParcel struct {
	ShipmentID string
	Tracking   string
	MediaType  string // of the label; empty: it is still to be fetched
	Label      []byte
}

// StoreBookings stores bookings with their labels: the shipments are LABELLED, and
// what the carrier told of the parcels before we knew them is applied. The same
// again changes nothing. unused are the tracking numbers that nobody needs: a person
// handed that parcel to another carrier meanwhile.
func (s *Store) StoreBookings(ctx context.Context, booked []BookedParcel) (unused []string, err error) {
	if len(booked) == 0 {
		return nil, nil
	}
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		b := bookings{s: s, tx: tx, scope: scope}
		err := b.store(booked)
		unused = b.unused
		return err
	})
	if err != nil {
		return nil, err
	}
	numbers := make([]string, len(booked))
	for i, b := range booked {
		numbers[i] = b.Tracking
	}
	// Only now: an event that came meanwhile has found either no number, and is found
	// here, or the number. What fails here is applied by the watch.
	_, _ = s.settleCarrierEvents(ctx, "e.carrier = ? AND e.tracking IN ?", s.carrier, numbers)
	return unused, nil
}

// bookings are some answers of the carrier on their way into the database, with as
// few statements as one of them alone.
type bookings struct {
	s      *Store
	tx     *gorm.DB
	scope  Scope
	unused []string
	scans  []ShipmentScan
	labels []ShipmentLabel
	moved  []Shipment
}

func (b *bookings) store(booked []BookedParcel) error {
	ids := make([]string, len(booked))
	byID := map[string]BookedParcel{}
	for i, p := range booked {
		ids[i], byID[p.ShipmentID] = p.ShipmentID, p
	}
	var rows []Shipment // after their account: see lockShipmentWhere
	err := b.s.forUpdate(b.tx).Table("accounts AS a").Select("sh.*").Joins("JOIN shipments sh ON sh.account_id = a.id").Where("sh.id IN ?", ids).Order("sh.id").Scan(&rows).Error
	if err != nil {
		return err
	}
	for i := range rows {
		if err := b.take(&rows[i], byID[rows[i].ID]); err != nil {
			return err
		}
	}
	if err := b.writeMoves(); err != nil || len(b.labels) == 0 {
		return err
	}
	return b.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&b.labels).Error
}

// take takes one answer over.
func (b *bookings) take(sh *Shipment, p BookedParcel) error {
	switch {
	case sh.Service == "" || sh.Tracking != nil && *sh.Tracking != p.Tracking:
		b.unused = append(b.unused, p.Tracking)
		return nil
	case sh.Tracking == nil && sh.State == rules.ShipmentCreated: // it has no scan yet
		b.label(sh, p.Tracking)
		err := b.tx.Model(&Shipment{}).Where("id = ?", sh.ID).Select("tracking", "state", "last_scan_at", "version").Updates(sh).Error
		if err != nil {
			return err
		}
	case sh.Tracking == nil:
		if err := b.s.bookShipment(b.tx, b.scope, sh, p.Tracking); err != nil {
			return err
		}
	}
	if p.MediaType != "" {
		b.labels = append(b.labels, ShipmentLabel{ShipmentID: sh.ID, AccountID: sh.AccountID, MediaType: p.MediaType, Content: p.Label, CreatedAt: b.s.clock.Now()})
	}
	return nil
}

func (b *bookings) label(sh *Shipment, tracking string) {
	now := b.s.clock.Now()
	sh.Tracking, sh.State, sh.LastScanAt = &tracking, rules.ShipmentLabelled, &now
	sh.Version++
	b.moved = append(b.moved, *sh)
	b.scans = append(b.scans, ShipmentScan{ID: NewID(prefixScan), AccountID: sh.AccountID, ShipmentID: sh.ID, Kind: rules.ScanLabelled, At: now, Source: ScanByService,
		CauseKey: sh.ID + "/booked", CreatedAt: now})
}

// writeMoves writes the scans and the audit of what became LABELLED. No subject is
// told: it waits for the carrier's own scans.
func (b *bookings) writeMoves() error {
	if len(b.moved) == 0 {
		return nil
	}
	if err := b.tx.Create(&b.scans).Error; err != nil {
		return err
	}
	ids := make([]string, len(b.moved))
	for i, sh := range b.moved {
		ids[i] = sh.ID
	}
	var ends []AuditEvent
	err := b.tx.Select("chain_id", "seq", "hash").Where("chain_id IN ? AND NOT EXISTS (SELECT 1 FROM audit_events n WHERE n.chain_id = audit_events.chain_id AND n.seq > audit_events.seq)", ids).
		Find(&ends).Error
	if err != nil {
		return err
	}
	last := map[string]AuditEvent{}
	for _, e := range ends {
		last[e.ChainID] = e
	}
	links := make([]AuditEvent, len(b.moved))
	for i := range b.moved {
		sh := &b.moved[i]
		details := map[string]any{"scan": rules.ScanLabelled, "at": sh.LastScanAt, "source": ScanByService, "before": rules.ShipmentCreated, "after": sh.State}
		links[i] = b.s.link(b.scope, sh.ID, &sh.AccountID, last[sh.ID], entry{"shipment.scanned", sh.ID, details})
	}
	return b.tx.Create(&links).Error
}

// ParcelCancelled notes that the carrier left a parcel as it was asked. One that was
// declared lost before stays that.
func (s *Store) ParcelCancelled(ctx context.Context, shipmentID string) error {
	return s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		sh, err := s.lockShipment(tx, scope, shipmentID)
		if err != nil {
			return err
		}
		if sh.State == rules.ShipmentLost {
			return s.askedEnough(tx, scope, sh, "shipment.called_off")
		}
		return s.addScan(tx, scope, &sh, NewScan{Kind: rules.ScanCancelled, Source: ScanByService, CauseKey: sh.ID + "/cancelled"})
	})
}

// ParcelGoesOn notes that the carrier had the parcel before it was asked to leave
// it. The scan that shows it comes from the carrier.
func (s *Store) ParcelGoesOn(ctx context.Context, shipmentID string) error {
	return s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		sh, err := s.lockShipment(tx, scope, shipmentID)
		if err != nil {
			return err
		}
		return s.askedEnough(tx, scope, sh, "shipment.cancellation_refused")
	})
}

// askedEnough ends the asking of the carrier to leave a parcel.
func (s *Store) askedEnough(tx *gorm.DB, scope Scope, sh Shipment, verb string) error {
	if sh.CancelAskedAt == nil {
		return nil
	}
	err := tx.Model(&Shipment{}).Where("id = ?", sh.ID).Updates(map[string]any{"cancel_asked_at": nil, "version": gorm.Expr("version + 1")}).Error
	if err != nil {
		return err
	}
	return s.appendAudit(tx, scope, sh.ID, &sh.AccountID, false, entry{verb, sh.ID, map[string]any{"state": sh.State}})
}

// ShipmentLabelOf reads the label that the carrier gave; NOT_FOUND where there is
// none.
func (s *Store) ShipmentLabelOf(ctx context.Context, shipmentID string) (ShipmentLabel, error) {
	var l ShipmentLabel
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.accounts(tx, "account_id").First(&l, "shipment_id = ?", shipmentID).Error)
	})
	return l, err
}
