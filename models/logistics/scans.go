package logistics

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

// ShipmentScan is one fact about a shipment, once: CauseKey is unique. A Contradicted one
// was told with an instant that cannot be true: nothing follows from it (S62).
type ShipmentScan struct {
	ID         string
	AccountID  string
	ShipmentID string
	Kind       shipping.ScanKind
	At         time.Time // when it happened
	Source     ScanSource
	CauseKey   string
	CreatedAt  time.Time

	Contradicted bool
	TakenBack    bool // another parcel travelled under the number that people typed
}

// ScanSource is who reported a scan.
type ScanSource string

// The sources of scans.
const (
	ScanByCarrier  ScanSource = "CARRIER"
	ScanByDepot    ScanSource = "DEPOT"
	ScanByOperator ScanSource = "OPERATOR"
	ScanByService  ScanSource = "SERVICE" // we booked or cancelled it
)

// NewScan is a fact about a shipment. CauseKey names it: the same key is one fact. A time
// that lies a little ahead counts as now: clocks differ. One that cannot be true is kept,
// and not acted on (S62).
type NewScan struct {
	Kind     shipping.ScanKind
	At       time.Time // zero: now
	ToldAt   time.Time // when it was told; zero: now
	Source   ScanSource
	CauseKey string
	Reason   string // goes into the audit
}

// shipmentOwner is a domain whose subjects are shipped. Shipments know them by id
// alone; see Logistics.RegisterOwner.
type shipmentOwner interface {
	// ShipmentMoved hands a subject what is known of its parcel, in the transaction that
	// learned it and under the lock on the account. known is false where the shipment is
	// none of the owner's, or there is no such subject. The owner writes the event for the
	// subject's workflow itself.
	ShipmentMoved(tx *db.Tx, sh Shipment) (known bool, err error)

	// ParcelsEvent returns the event that makes a subject's workflow ask the carrier about
	// its parcels. known is false where there is no such subject.
	ParcelsEvent(tx *db.Tx, subjectID string) (e db.OutboxEvent, known bool, err error)
}

// RegisterOwner names the owner of the subjects whose ids begin with the prefix. It is
// called when the domains are opened.
func (s *Logistics) RegisterOwner(prefix string, o shipmentOwner) {
	if s.shipmentOwners == nil {
		s.shipmentOwners = map[string]shipmentOwner{}
	}
	s.shipmentOwners[prefix] = o
}

// ownerOf returns the owner of a subject, by the prefix of its id; nil where nobody
// owns such subjects.
func (s *Logistics) ownerOf(subjectID string) shipmentOwner {
	prefix, _, _ := strings.Cut(subjectID, "_")
	return s.shipmentOwners[prefix]
}

// RecordScan adds a fact to a shipment and derives its state again, in one
// transaction with its audit and outbox event. A fact is never refused for the
// state that the shipment is in: order and repetition do not matter.
func (s *Logistics) RecordScan(
	ctx context.Context, shipmentID string, n NewScan,
) (Shipment, error) {
	var out Shipment
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		out, err = lockShipment(tx, shipmentID)
		if err != nil {
			return err
		}
		return s.addScan(tx, &out, n)
	})
	return out, err
}

// ShipmentBooked stores what the carrier answered to a booking: the shipment is
// LABELLED, and what the carrier reported about the parcel before we knew its number is
// applied. The same answer again changes nothing; another one is refused with
// STATE_CONFLICT.
func (s *Logistics) ShipmentBooked(
	ctx context.Context, shipmentID, tracking string,
) (Shipment, error) {
	var out Shipment
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		out, err = lockShipment(tx, shipmentID)
		if err != nil {
			return err
		}
		return s.bookShipment(tx, &out, tracking)
	})
	if err != nil {
		return out, err
	}

	// Only now: an event that came meanwhile has found either no number, and is
	// found here, or the number.
	if _, err := s.SettleEventsOf(ctx, out.Carrier, tracking); err != nil {
		return out, err
	}

	return s.GetShipment(ctx, shipmentID)
}

// takenTracking refuses a number that another parcel of the carrier has, with
// TRACKING_TAKEN: what the carrier tells of the number is told of one parcel. Any other
// error is returned as it is.
func takenTracking(err error) error {
	if !errors.Is(err, gorm.ErrDuplicatedKey) {
		return err
	}

	refusal := rules.Refuse(shipping.TrackingTaken,
		"Another parcel of this carrier has the tracking number.",
		"Read the number again. A second unit in the same parcel leaves without one of its own.")
	refusal.Fields = []rules.FieldError{{
		Pointer: "/tracking",
		Code:    shipping.TrackingTaken,
		Message: "Another parcel has this number.",
		Remedy:  "Send the number of this parcel, or leave carrier and number out.",
	}}
	return refusal
}

// bookShipment is ShipmentBooked in the caller's transaction; the caller applies
// afterwards what the carrier reported before.
func (s *Logistics) bookShipment(tx *db.Tx, sh *Shipment, tracking string) error {
	switch db.Text(sh.Tracking) {
	case tracking:
		return nil
	case "":
	default:
		return rules.Refuse(rules.StateConflict,
			"The shipment is booked under another number.",
			"Book with the shipment's own key, which gives the same number again.")
	}

	sh.Tracking = &tracking
	err := tx.Model(&Shipment{}).Where("id = ?", sh.ID).Update("tracking", tracking).Error
	if err != nil {
		return takenTracking(err)
	}

	return s.addScan(tx, sh, NewScan{
		Kind:     shipping.ScanLabelled,
		Source:   ScanByService,
		CauseKey: sh.ID + "/booked",
	})
}

// CancelShipment records that a shipment was cancelled, at the carrier too where it was
// booked. It refuses with SHIPMENT_NOT_CANCELLABLE what was picked up or has ended;
// again it changes nothing.
func (s *Logistics) CancelShipment(
	ctx context.Context, shipmentID, reason string,
) (Shipment, error) {
	var out Shipment
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		out, err = lockShipment(tx, shipmentID)
		if err != nil || out.State == shipping.ShipmentCancelled {
			return err
		}
		if err := shipping.MayCancelShipment(out.State); err != nil {
			return err
		}

		return s.addScan(tx, &out, NewScan{
			Kind:     shipping.ScanCancelled,
			Source:   ScanByService,
			CauseKey: out.ID + "/cancelled",
			Reason:   reason,
		})
	})

	return out, err
}

func lockShipment(tx *db.Tx, id string) (Shipment, error) {
	return lockShipmentWhere(tx.With(tx.Scope.Accounts(tx.DB, "sh.account_id")), "sh.id = ?", id)
}

// lockShipmentWhere locks a shipment after its account, as every command does that
// goes on to its shipments: what follows from a scan locks more of the account.
func lockShipmentWhere(tx *db.Tx, where string, args ...any) (Shipment, error) {
	var sh Shipment
	res := tx.ForUpdate().
		Table("accounts AS a").
		Select("sh.*").
		Joins("JOIN shipments sh ON sh.account_id = a.id").
		Where(where, args...).
		Limit(1).
		Scan(&sh)
	if res.Error == nil && res.RowsAffected == 0 {
		return sh, db.NotFound()
	}

	return sh, res.Error
}

// scanRow is a scan with the end of its shipment's audit chain.
type scanRow struct {
	Kind         shipping.ScanKind
	At           time.Time
	Contradicted bool
	Chain        db.ChainEnd `gorm:"embedded"`
}

// addScan writes a scan and what follows from it; the caller has locked the shipment.
func (s *Logistics) addScan(tx *db.Tx, sh *Shipment, n NewScan) error {
	now := tx.Now()
	if n.ToldAt.IsZero() {
		n.ToldAt = now
	}

	contradicted := !n.At.IsZero() && !rules.Believable(n.At, sh.possibleFrom(), n.ToldAt)
	if n.At.IsZero() || n.At.After(now) && !contradicted {
		n.At = now
	}

	scan := ShipmentScan{
		ID:           db.NewID(db.PrefixScan),
		AccountID:    sh.AccountID,
		ShipmentID:   sh.ID,
		Kind:         n.Kind,
		At:           n.At.UTC().Truncate(time.Microsecond),
		Source:       n.Source,
		CauseKey:     n.CauseKey,
		CreatedAt:    now,
		Contradicted: contradicted,
	}

	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&scan)
	if res.Error != nil || res.RowsAffected == 0 {
		return res.Error
	}

	var scans []scanRow
	err := tx.Table("shipment_scans AS s").
		Select("s.kind, s.at, s.contradicted, "+db.ChainEndSQL("s.shipment_id")).
		Where("s.shipment_id = ? AND NOT s.taken_back", sh.ID).
		Scan(&scans).Error
	if err != nil {
		return err
	}

	facts := make([]shipping.Scan, len(scans))
	for i, f := range scans {
		// One that was taken before instants were checked is judged now.
		early := !rules.Believable(f.At, sh.possibleFrom(), f.At)
		facts[i] = shipping.Scan{
			Kind:         f.Kind,
			At:           f.At,
			Contradicted: f.Contradicted || early,
		}
	}

	before := *sh
	if err := storeProgress(tx, sh, shipping.ProgressOf(facts)); err != nil {
		return err
	}

	details := db.WithReason(n.Reason, map[string]any{
		"scan":   scan.Kind,
		"at":     scan.At,
		"source": scan.Source,
		"before": before.State,
		"after":  sh.State,
	})
	if contradicted {
		details["contradicted"] = true
	}

	last := scans[0].Chain.Last() // one scan at least is there, and all of one chain
	scanned := db.Entry{Verb: "shipment.scanned", ObjectID: sh.ID, Details: details}
	err = tx.ExtendAudit(sh.ID, &sh.AccountID, last, scanned)
	if err != nil {
		return err
	}

	switch {
	case sh.Contradicted && !before.Contradicted:
		err = askAboutContradiction(tx, *sh, contradicted)
	case before.Contradicted && !sh.Contradicted:
		err = tx.Settle(db.TaskShipmentContradicted, sh.ID, "corrected")
	}
	if err != nil {
		return err
	}

	// A scan that comes late may move the start of a return's due date, or stop the
	// clock of its fee, without another state.
	if before.State == sh.State &&
		db.SameInstant(before.FirstMoveAt, sh.FirstMoveAt) &&
		db.SameInstant(before.DeliveredAt, sh.DeliveredAt) {
		return nil
	}

	return s.tellOwner(tx, *sh)
}

// storeProgress stores what the scans amount to.
func storeProgress(tx *db.Tx, sh *Shipment, p shipping.ShipmentProgress) error {
	sh.State = p.State
	sh.Contradicted = p.Contradicted
	sh.FirstMoveAt = p.FirstMoveAt
	sh.DeliveredAt = p.DeliveredAt
	sh.LastScanAt = p.LastScanAt
	sh.Version++

	return tx.Model(&Shipment{}).
		Where("id = ?", sh.ID).
		Select("state", "contradicted", "first_move_at", "delivered_at", "last_scan_at", "version").
		Updates(sh).Error
}

// askAboutContradiction asks an operator about a parcel; wrongTime says that its carrier
// told an instant that cannot be true, and not that scans exclude each other.
func askAboutContradiction(tx *db.Tx, sh Shipment, wrongTime bool) error {
	why := "What was told of the shipment excludes itself, " +
		"such as a scan after it was canceled."
	if wrongTime {
		why = "The carrier told a time that cannot be true: before the parcel existed, " +
			"or ahead. Nothing follows from it until the carrier corrects it."
	}

	return tx.Raise(db.OperatorTask{
		Kind:      db.TaskShipmentContradicted,
		SubjectID: sh.ID,
		AccountID: &sh.AccountID,
		What:      "Find out where the parcel is.",
		Why:       why,
	})
}

// tellOwner hands the progress of a shipment to its subject's owner, or, where no owner
// knows the subject, writes it to the outbox.
func (s *Logistics) tellOwner(tx *db.Tx, sh Shipment) error {
	if owner := s.ownerOf(sh.SubjectID); owner != nil {
		if known, err := owner.ShipmentMoved(tx, sh); known || err != nil {
			return err
		}
	}
	epoch := fmt.Sprintf("%s/%d", sh.ID, sh.Version)
	return tx.Enqueue(db.NewOutboxEvent(db.OutboxShipmentMoved, sh.SubjectID, epoch, sh.payload()))
}

// Payload of OutboxShipmentMoved. Events of one millisecond may be told in either
// order: the higher version is the newer.
const (
	PayloadShipmentID    = "shipment_id"
	PayloadDirection     = "direction"
	PayloadShipmentState = "state"
	PayloadVersion       = "version"
)

func (o Shipment) payload() map[string]string {
	return map[string]string{
		PayloadShipmentID:    o.ID,
		PayloadDirection:     string(o.Direction),
		PayloadShipmentState: string(o.State),
		PayloadVersion:       strconv.FormatInt(o.Version, 10),
	}
}

// ScansOf lists what is known of a shipment, by when it happened.
func (s *Logistics) ScansOf(ctx context.Context, shipmentID string) ([]ShipmentScan, error) {
	var out []ShipmentScan
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Accounts(tx.DB, "account_id").
			Where("shipment_id = ?", shipmentID).
			Order("at, id").
			Find(&out).Error
	})
	return out, err
}
