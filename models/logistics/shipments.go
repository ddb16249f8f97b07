package logistics

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

// Shipment is one parcel between a depot and a customer's site. Its state is
// derived from its scans and stored with what RMAs and spares need to know. It
// holds no address.
type Shipment struct {
	ID         string
	AccountID  string
	Direction  shipping.ShipmentDirection
	SubjectID  string  // RMA or spare unit
	BookingKey string  // names the booking at the carrier: one logical shipment, one booking
	Carrier    string  // whose tracking number it is
	Tracking   *string // nil until it is booked
	// YYYY-MM-DD at the ship-to; empty: nothing was promised.
	PromisedOn   string `gorm:"column:promised_day;serializer:day"`
	State        shipping.ShipmentState
	Contradicted bool       // scans exclude each other; an operator was asked
	FirstMoveAt  *time.Time // the carrier's first scan (S22)
	DeliveredAt  *time.Time
	LastScanAt   *time.Time
	PossibleFrom *time.Time // since when it may have moved; nil: since it was created (S62)
	CreatedAt    time.Time
	Version      int64

	// What the carrier is asked to move, and when it was asked to leave it. Without
	// a service nobody is asked: a person hands the parcel in.
	SiteID        *string
	DepotID       *string
	Service       shipping.ShipmentService
	ModelCode     string
	Quantity      int
	Contents      string // for customs, as it was booked
	CancelAskedAt *time.Time

	// CarrierAskedAt is when the carrier was first asked to book a replacement: from then on
	// it may have the address, also where its answer is not stored. nil: it was not asked, or
	// has refused.
	CarrierAskedAt *time.Time
}

// possibleFrom returns since when the parcel may have moved (S62).
func (o Shipment) possibleFrom() time.Time {
	if o.PossibleFrom != nil {
		return *o.PossibleFrom
	}
	return o.CreatedAt
}

func (o Shipment) facts() map[string]any {
	return map[string]any{
		"direction":   o.Direction,
		"subject":     o.SubjectID,
		"carrier":     o.Carrier,
		"tracking":    db.Text(o.Tracking),
		"promised_on": o.PromisedOn,
		"state":       o.State,
	}
}

// NewShipment is a shipment to create. BookingKey is the caller's own name for it, such
// as rma_01k/out/1: the same key means the same shipment.
type NewShipment struct {
	AccountID  string
	Direction  shipping.ShipmentDirection
	SubjectID  string
	BookingKey string
	Carrier    string
	PromisedOn string // YYYY-MM-DD; empty for none

	// PossibleFrom is since when the parcel may have moved, where people may have handed it
	// in before they said so; zero: since now (S62).
	PossibleFrom time.Time

	// Consignment is what the carrier is asked to move; nil: a person hands it in.
	Consignment *Consignment
}

// Consignment is what a carrier is asked to move between a depot and a site.
type Consignment struct {
	SiteID    string
	DepotID   string
	Service   shipping.ShipmentService
	ModelCode string
	Quantity  int
	Contents  string // for customs
}

func (n NewShipment) validate() error {
	var fields []rules.FieldError
	for pointer, value := range map[string]string{
		"/subject_id":  n.SubjectID,
		"/booking_key": n.BookingKey,
		"/carrier":     n.Carrier,
	} {
		if value == "" {
			fields = append(fields, rules.FieldError{
				Pointer: pointer,
				Code:    rules.Required,
				Message: "This field is missing or empty.",
				Remedy:  "Fill it in.",
			})
		}
	}

	if !n.Direction.Valid() {
		fields = append(fields, rules.FieldError{
			Pointer: "/direction",
			Code:    "UNKNOWN_DIRECTION",
			Message: "There is no such direction.",
			Remedy:  "Send OUT, RETURN, SPARE or RECALL.",
		})
	}

	if db.WrongDate(n.PromisedOn) {
		fields = append(fields, rules.FieldError{
			Pointer: "/promised_on",
			Code:    rules.InvalidDate,
			Message: "This is not a calendar date.",
			Remedy:  "Send a date as YYYY-MM-DD, or leave it empty.",
		})
	}

	if p := n.Consignment; p != nil && !p.complete() {
		fields = append(fields, rules.FieldError{
			Pointer: "/consignment",
			Code:    rules.Required,
			Message: "A consignment needs a site, a depot, a service and a quantity.",
			Remedy:  "Fill them in.",
		})
	}

	return rules.Invalid(fields)
}

func (p Consignment) complete() bool {
	return p.SiteID != "" && p.DepotID != "" && p.Service.Valid() && p.Quantity >= 1
}

// row returns the shipment as it begins.
func (n NewShipment) row(now time.Time) Shipment {
	sh := Shipment{
		ID:         db.NewID(db.PrefixShipment),
		AccountID:  n.AccountID,
		Direction:  n.Direction,
		SubjectID:  n.SubjectID,
		BookingKey: n.BookingKey,
		Carrier:    n.Carrier,
		PromisedOn: n.PromisedOn,
		State:      shipping.ShipmentCreated,
		CreatedAt:  now,
		Version:    1,
		Quantity:   1,
	}

	if from := n.PossibleFrom; !from.IsZero() && from.Before(now) {
		sh.PossibleFrom = &from
	}

	if p := n.Consignment; p != nil {
		sh.SiteID = &p.SiteID
		sh.DepotID = &p.DepotID
		sh.Service = p.Service
		sh.ModelCode = p.ModelCode
		sh.Quantity = p.Quantity
		sh.Contents = p.Contents
	}

	return sh
}

// CreateShipment creates a shipment in the state CREATED; nothing is booked yet. The
// same booking key again returns the same shipment. It refuses with SHIPMENT_LIVE while
// another one of the subject is under way in this direction.
func (s *Logistics) CreateShipment(ctx context.Context, n NewShipment) (Shipment, error) {
	var out Shipment
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) {
		out, err = CreateShipment(tx, n)
		return err
	})
	return out, err
}

// CreateShipment is Logistics.CreateShipment in the caller's transaction.
func CreateShipment(tx *db.Tx, n NewShipment) (Shipment, error) {
	if err := n.validate(); err != nil {
		return Shipment{}, err
	}
	if !tx.Scope.Sees(n.AccountID) {
		return Shipment{}, db.NotFound()
	}

	var old []Shipment
	err := tx.
		Where("booking_key = ? OR (subject_id = ? AND direction = ?)",
			n.BookingKey, n.SubjectID, n.Direction).
		Find(&old).Error
	if err != nil {
		return Shipment{}, err
	}

	for _, o := range old {
		if o.BookingKey == n.BookingKey {
			return o, o.same(n)
		}
	}
	for _, o := range old {
		if o.State.Live() {
			return Shipment{}, rules.Refuse(shipping.ShipmentLive,
				"A shipment is under way already.", "Wait for it, cancel it, or declare it lost.")
		}
	}

	sh := n.row(tx.Now())
	err = tx.Create(&sh).Error
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		err = db.NotFound()
	}
	if err != nil {
		return Shipment{}, err
	}

	created := db.Entry{Verb: "shipment.created", ObjectID: sh.ID, Details: sh.facts()}
	err = tx.Audit(sh.ID, &sh.AccountID, true, created)
	return sh, err
}

// same refuses a booking key that comes again for another shipment. The promise
// may be another one by now: the first one stands.
func (o Shipment) same(n NewShipment) error {
	if o.AccountID == n.AccountID && o.SubjectID == n.SubjectID &&
		o.Direction == n.Direction && o.Carrier == n.Carrier {
		return nil
	}
	return rules.Refuse(rules.IdempotencyConflict,
		"This booking key names another shipment.", "Use a new key for a new shipment.")
}

// CreateParcels creates shipments that cannot exist yet: the caller numbers their
// booking keys under the lock on their subject.
func CreateParcels(tx *db.Tx, parcels ...NewShipment) error {
	rows := make([]Shipment, len(parcels))
	for i, n := range parcels {
		if err := n.validate(); err != nil {
			return err
		}
		row := n.row(tx.Now())
		created := db.Entry{Verb: "shipment.created", ObjectID: row.ID, Details: row.facts()}
		if err := tx.Audit(row.ID, &row.AccountID, true, created); err != nil {
			return err
		}
		rows[i] = row
	}

	return tx.Create(&rows).Error
}

// OpenShipment returns the parcel in which a subject's unit leaves: the one that was
// booked for it, or one that is created from what the warehouse says, n with its
// carrier and the tracking number. It returns nil where nothing was booked and the
// warehouse names no carrier and number: then the unit leaves by hand.
//
// A parcel that was booked keeps its carrier and number. One whose booking is still to
// come may leave with another carrier: the warehouse names both, and the carrier that
// was to be asked is asked no more. named reports whether the parcel's number is new to
// us: the caller then applies, after its transaction, what the carrier reported about
// it before.
func (s *Logistics) OpenShipment(
	tx *db.Tx, n NewShipment, tracking string,
) (sh *Shipment, named bool, err error) {
	told := n.Carrier != "" && tracking != ""
	booked, err := parcelOf(tx, n)
	if err != nil {
		return nil, false, err
	}

	switch {
	case !told && (booked == nil || booked.gaveUp()):
		return nil, false, nil
	case booked == nil:
		created, err := CreateShipment(tx, n)
		if err != nil {
			return nil, false, err
		}
		booked = &created
	case !told || booked.Tracking != nil && !booked.gaveUp():
		return booked, false, nil
	case booked.Tracking == nil:
		booked.Carrier, booked.Service = n.Carrier, ""
		err := tx.Model(&Shipment{}).
			Where("id = ?", booked.ID).
			Select("carrier", "service").
			Updates(booked).Error
		if err != nil {
			return nil, false, err
		}
	}

	// This refuses another number than the one that the parcel has.
	err = s.bookShipment(tx, booked, tracking)
	return booked, true, err
}

// parcelOf locks and returns the parcel that a new one would stand beside: the one of
// the same booking key, or another one of the subject that is under way in this
// direction; nil where there is none.
func parcelOf(tx *db.Tx, n NewShipment) (*Shipment, error) {
	var all []Shipment
	err := tx.ForUpdate().
		Where("subject_id = ? AND direction = ?", n.SubjectID, n.Direction).
		Find(&all).Error
	if err != nil {
		return nil, err
	}

	var parcel *Shipment
	for i := range all {
		if all[i].BookingKey == n.BookingKey {
			return &all[i], nil
		}
		if all[i].State.Live() {
			parcel = &all[i]
		}
	}

	return parcel, nil
}

// gaveUp reports whether the shipment ended without an arrival.
func (o Shipment) gaveUp() bool { return !o.State.Live() && o.State != shipping.ShipmentDelivered }

// EndShipment ends the parcel of a booking key, where there is one under way: an
// operator declared it lost, or nobody needs it any more. What has moved cannot be
// cancelled, and what the service booked is called off at its carrier instead: see
// CallOffParcels.
//
// ask reports whether the carrier has to be asked to leave the parcel: one that was told to
// be lost, or to have arrived, before its booking was answered may have been booked all the same.
func (s *Logistics) EndShipment(
	tx *db.Tx, bookingKey string, end NewScan,
) (ask bool, err error) {
	var booked []Shipment
	err = tx.ForUpdate().Where("booking_key = ?", bookingKey).Find(&booked).Error
	if err != nil || len(booked) == 0 {
		return false, err
	}

	sh := &booked[0]
	cancelled := end.Kind == shipping.ScanCancelled
	if !sh.State.Live() || cancelled && (sh.Service != "" || sh.FirstMoveAt != nil) {
		return false, nil
	}

	if sh.Service != "" && sh.Tracking == nil {
		ask = true
		err := tx.Model(&Shipment{}).
			Where("id = ?", sh.ID).
			Update("cancel_asked_at", tx.Now()).Error
		if err != nil {
			return false, err
		}
	}

	end.CauseKey = sh.ID + "/" + strings.ToLower(string(end.Kind))
	err = s.addScan(tx, sh, end)
	return ask, err
}

// TakeBackNumber takes back the number that people typed for the parcel of a booking key.
// The parcel ends, what its carrier told of it belongs to it no more, and number and key
// are free: what the carrier told is applied again to the parcel that gets the number.
// taken is nil where there is no such parcel, or its carrier gave the number itself.
func (s *Logistics) TakeBackNumber(
	tx *db.Tx, bookingKey, reason string,
) (taken *Shipment, err error) {
	var booked []Shipment
	err = tx.ForUpdate().Where("booking_key = ?", bookingKey).Find(&booked).Error
	if err != nil || len(booked) == 0 || booked[0].Service != "" || booked[0].Tracking == nil {
		return nil, err
	}

	sh := booked[0]
	was := sh
	err = tx.Model(&ShipmentScan{}).
		Where("shipment_id = ?", sh.ID).
		Updates(map[string]any{
			"taken_back": true,
			"cause_key":  gorm.Expr("cause_key || '/taken_back/' || id"),
		}).Error
	if err != nil {
		return nil, err
	}

	err = tx.Model(&CarrierEvent{}).
		Where("shipment_id = ?", sh.ID).
		Updates(map[string]any{
			"state":        CarrierEventUnknown,
			"shipment_id":  nil,
			"account_id":   nil,
			"contradicted": false,
		}).Error
	if err != nil {
		return nil, err
	}

	sh.Tracking = nil
	sh.BookingKey += "/taken_back/" + sh.ID
	err = tx.Model(&Shipment{}).
		Where("id = ?", sh.ID).
		Select("tracking", "booking_key").
		Updates(&sh).Error
	if err != nil {
		return nil, err
	}

	return &was, s.addScan(tx, &sh, NewScan{
		Kind:     shipping.ScanCancelled,
		Source:   ScanByOperator,
		CauseKey: sh.ID + "/taken_back",
		Reason:   reason,
	})
}

// CallOffParcels asks the carrier to leave a subject's parcels that it has not picked
// up; asked reports whether there are any. Each is CANCELLED once the carrier says so.
func CallOffParcels(
	tx *db.Tx, subjectID string, directions ...shipping.ShipmentDirection,
) (asked bool, err error) {
	res := tx.Model(&Shipment{}).
		Where("subject_id = ? AND direction IN ?", subjectID, directions).
		Where("service <> '' AND cancel_asked_at IS NULL").
		Where("state IN ?", []shipping.ShipmentState{
			shipping.ShipmentCreated, shipping.ShipmentLabelled,
		}).
		Updates(map[string]any{
			"cancel_asked_at": tx.Now(),
			"version":         gorm.Expr("version + 1"),
		})
	return res.RowsAffected > 0, res.Error
}

// KeepParcels withdraws the request to the carrier to leave a subject's parcels; kept
// reports whether there are any under way.
func KeepParcels(
	tx *db.Tx, subjectID string, direction shipping.ShipmentDirection,
) (kept bool, err error) {
	return keepParcels(tx, "subject_id = ? AND direction = ?", subjectID, direction)
}

// KeepParcel is KeepParcels for the parcel of a booking key.
func KeepParcel(tx *db.Tx, bookingKey string) (kept bool, err error) {
	return keepParcels(tx, "booking_key = ?", bookingKey)
}

// liveStates are those in which a parcel is under way.
var liveStates = []shipping.ShipmentState{
	shipping.ShipmentCreated,
	shipping.ShipmentLabelled,
	shipping.ShipmentPickedUp,
	shipping.ShipmentInTransit,
	shipping.ShipmentException,
}

func keepParcels(tx *db.Tx, where string, args ...any) (kept bool, err error) {
	res := tx.Model(&Shipment{}).
		Where(where, args...).
		Where("state IN ?", liveStates).
		Update("cancel_asked_at", nil)
	return res.RowsAffected > 0, res.Error
}

// ParcelsOf lists the parcels of a subject, in no order.
func ParcelsOf(tx *db.Tx, subjectID string) ([]Shipment, error) {
	var out []Shipment
	err := tx.Where("subject_id = ?", subjectID).Find(&out).Error
	return out, err
}

// GetShipment returns one shipment.
func (s *Logistics) GetShipment(ctx context.Context, id string) (Shipment, error) {
	var sh Shipment
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Found(tx.Scope.Accounts(tx.DB, "account_id").First(&sh, "id = ?", id).Error)
	})
	return sh, err
}

// ShipmentFilter narrows a list of shipments; empty fields do not narrow.
type ShipmentFilter struct {
	AccountID string
	SubjectID string // or the number of the RMA or spare unit
	Direction shipping.ShipmentDirection
	State     shipping.ShipmentState
	Tracking  string
	// Contradicted are only those whose scans exclude each other.
	Contradicted bool
	// QuietSince are only those under way of which nobody has told anything since; zero: all.
	QuietSince time.Time
	Page       db.Page
}

// ListShipments lists the shipments in scope, newest first.
func (s *Logistics) ListShipments(
	ctx context.Context, f ShipmentFilter,
) ([]Shipment, string, error) {
	var out []Shipment
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
		for column, value := range map[string]string{
			"account_id": f.AccountID,
			"direction":  string(f.Direction),
			"state":      string(f.State),
			"tracking":   f.Tracking,
		} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		if f.Contradicted {
			q = q.Where("contradicted")
		}
		if !f.QuietSince.IsZero() {
			q = q.Where("state IN ?", liveStates).
				Where("COALESCE(last_scan_at, created_at) < ?", f.QuietSince)
		}

		q, err := forSubject(tx, q, f.SubjectID)
		if err != nil {
			return err
		}
		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(sh Shipment) string { return sh.ID })
	return out, next, err
}

// forSubject narrows a query to what is for an RMA or a spare unit, which is named by its
// id or its number; an empty name does not narrow.
func forSubject(tx *db.Tx, q *gorm.DB, name string) (*gorm.DB, error) {
	if name == "" {
		return q, nil
	}
	id, err := db.IDNamed(tx, name)
	return q.Where("subject_id = ?", id), err
}
