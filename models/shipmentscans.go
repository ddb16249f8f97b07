package models

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// NewScan is a fact about a shipment. CauseKey names it: the same key is one fact.
// A time that lies ahead counts as now: clocks differ, and nothing is delivered
// tomorrow.
type NewScan struct {
	Kind     rules.ScanKind
	At       time.Time // zero: now
	Source   ScanSource
	CauseKey string
	Reason   string // goes into the audit
}

// RecordScan adds a fact to a shipment and derives its state anew, in one
// transaction with its audit and outbox event. A fact is never refused for the
// state that the shipment is in: order and repetition do not matter.
func (s *Store) RecordScan(ctx context.Context, shipmentID string, n NewScan) (Shipment, error) {
	var out Shipment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if out, err = s.lockShipment(tx, scope, shipmentID); err != nil {
			return err
		}
		return s.addScan(tx, scope, &out, n)
	})
	return out, err
}

// ShipmentBooked stores what the carrier answered to a booking: the shipment is
// LABELLED, and what the carrier told of the parcel before we knew it is applied.
// The same answer again changes nothing; another one is refused with
// STATE_CONFLICT.
func (s *Store) ShipmentBooked(ctx context.Context, shipmentID, tracking string) (Shipment, error) {
	var out Shipment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if out, err = s.lockShipment(tx, scope, shipmentID); err != nil {
			return err
		}
		return s.bookShipment(tx, scope, &out, tracking)
	})
	if err != nil {
		return out, err
	}
	// Only now: an event that came meanwhile has found either no number, and is
	// found here, or the number.
	if _, err := s.settleCarrierEvents(ctx, "e.carrier = ? AND e.tracking = ?", out.Carrier, tracking); err != nil {
		return out, err
	}
	return s.GetShipment(ctx, shipmentID)
}

// bookShipment is ShipmentBooked in the caller's transaction; what the carrier told
// before is for the caller to apply afterwards.
func (s *Store) bookShipment(tx *gorm.DB, scope Scope, sh *Shipment, tracking string) error {
	switch text(sh.Tracking) {
	case tracking:
		return nil
	case "":
	default:
		return rules.Refuse(rules.StateConflict, "The shipment is booked under another number.", "Book with the shipment's own key, which gives the same number again.")
	}
	sh.Tracking = &tracking
	if err := tx.Model(&Shipment{}).Where("id = ?", sh.ID).Update("tracking", tracking).Error; err != nil {
		return err
	}
	return s.addScan(tx, scope, sh, NewScan{Kind: rules.ScanLabelled, Source: ScanByService, CauseKey: sh.ID + "/booked"})
}

// CancelShipment notes that a shipment was cancelled, at the carrier too where it
// was booked. It refuses with SHIPMENT_NOT_CANCELLABLE what was picked up or has
// ended; doing it again changes nothing.
func (s *Store) CancelShipment(ctx context.Context, shipmentID, reason string) (Shipment, error) {
	var out Shipment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if out, err = s.lockShipment(tx, scope, shipmentID); err != nil || out.State == rules.ShipmentCancelled {
			return err
		}
		if err := rules.MayCancelShipment(out.State); err != nil {
			return err
		}
		return s.addScan(tx, scope, &out, NewScan{Kind: rules.ScanCancelled, Source: ScanByService, CauseKey: out.ID + "/cancelled", Reason: reason})
	})
	return out, err
}

func (s *Store) lockShipment(tx *gorm.DB, scope Scope, id string) (Shipment, error) {
	return s.lockShipmentWhere(scope.accounts(tx, "sh.account_id"), "sh.id = ?", id)
}

// lockShipmentWhere locks a shipment after its account, as every command does that
// goes on to its shipments: what follows from a scan locks more of the account.
func (s *Store) lockShipmentWhere(tx *gorm.DB, where string, args ...any) (Shipment, error) {
	var sh Shipment
	res := s.forUpdate(tx).Table("accounts AS a").Select("sh.*").Joins("JOIN shipments sh ON sh.account_id = a.id").Where(where, args...).Limit(1).Scan(&sh)
	if res.Error == nil && res.RowsAffected == 0 {
		return sh, errNotFound()
	}
	return sh, res.Error
}

// addScan writes a scan and what follows from it; the shipment is locked.
func (s *Store) addScan(tx *gorm.DB, scope Scope, sh *Shipment, n NewScan) error {
	now := s.clock.Now()
	if n.At.IsZero() || n.At.After(now) {
		n.At = now
	}
	scan := ShipmentScan{ID: NewID(prefixScan), AccountID: sh.AccountID, ShipmentID: sh.ID, Kind: n.Kind, At: n.At.UTC().Truncate(time.Microsecond), Source: n.Source, CauseKey: n.CauseKey, CreatedAt: now}
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&scan)
	if res.Error != nil || res.RowsAffected == 0 {
		return res.Error
	}
	var scans []scanRow
	if err := tx.Table("shipment_scans AS s").Select(scanColumns).Where("s.shipment_id = ?", sh.ID).Scan(&scans).Error; err != nil {
		return err
	}
	facts := make([]rules.Scan, len(scans))
	var last AuditEvent
	for i, f := range scans {
		facts[i] = rules.Scan{Kind: f.Kind, At: f.At}
		if f.HeadSeq != nil {
			last.Seq, last.Hash = *f.HeadSeq, *f.HeadHash
		}
	}
	return s.moveShipment(tx, scope, sh, scan, n.Reason, rules.ProgressOf(facts), last)
}

// scanRow is a scan with the end of its shipment's audit chain, in one statement.
type scanRow struct {
	Kind     rules.ScanKind
	At       time.Time
	HeadSeq  *int64
	HeadHash *string
}

const scanColumns = `s.kind, s.at, (SELECT MAX(seq) FROM audit_events WHERE chain_id = s.shipment_id) AS head_seq,
	(SELECT hash FROM audit_events WHERE chain_id = s.shipment_id ORDER BY seq DESC LIMIT 1) AS head_hash`

// moveShipment stores the derived state with its audit, behind the last event of its chain, and tells the workflow when
// it is another one.
func (s *Store) moveShipment(tx *gorm.DB, scope Scope, sh *Shipment, scan ShipmentScan, reason string, p rules.ShipmentProgress, last AuditEvent) error {
	before := *sh
	sh.State, sh.Contradicted, sh.FirstMoveAt, sh.DeliveredAt, sh.LastScanAt = p.State, p.Contradicted, p.FirstMoveAt, p.DeliveredAt, p.LastScanAt
	sh.Version++
	err := tx.Model(&Shipment{}).Where("id = ?", sh.ID).Select("state", "contradicted", "first_move_at", "delivered_at", "last_scan_at", "version").Updates(sh).Error
	if err != nil {
		return err
	}
	details := withReason(reason, map[string]any{"scan": scan.Kind, "at": scan.At, "source": scan.Source, "before": before.State, "after": sh.State})
	if err := s.extendAudit(tx, scope, sh.ID, &sh.AccountID, last, entry{"shipment.scanned", sh.ID, details}); err != nil {
		return err
	}
	if sh.Contradicted && !before.Contradicted {
		t := OperatorTask{Kind: TaskShipmentContradicted, SubjectID: sh.ID, AccountID: &sh.AccountID, What: "Find out where the parcel is.",
			Why: "What was told of the shipment excludes itself, such as a scan after it was cancelled."}
		if err := s.raise(tx, t); err != nil {
			return err
		}
	}
	// A scan that comes late may move the start of a return's due date, or stop the
	// clock of its fee, without another state.
	if before.State == sh.State && sameInstant(before.FirstMoveAt, sh.FirstMoveAt) && sameInstant(before.DeliveredAt, sh.DeliveredAt) {
		return nil
	}
	for _, subject := range []struct {
		is    bool
		moved func(*gorm.DB, Scope, Shipment) (bool, error)
	}{{sh.ofRMA(), s.rmaShipmentMoved}, {sh.ofSpare(), s.spareShipmentMoved}} {
		if !subject.is {
			continue
		}
		if known, err := subject.moved(tx, scope, *sh); known || err != nil { // it tells its own workflow
			return err
		}
	}
	return s.enqueue(tx, outboxEvent(OutboxShipmentMoved, sh.SubjectID, fmt.Sprintf("%s/%d", sh.ID, sh.Version), sh.told()))
}

// Payload of OutboxShipmentMoved. Events of one millisecond may be told in either
// order: the higher version is the newer.
const (
	PayloadShipmentID    = "shipment_id"
	PayloadDirection     = "direction"
	PayloadShipmentState = "state"
	PayloadVersion       = "version"
)

func (o Shipment) told() map[string]string {
	return map[string]string{PayloadShipmentID: o.ID, PayloadDirection: string(o.Direction), PayloadShipmentState: string(o.State), PayloadVersion: strconv.FormatInt(o.Version, 10)}
}
