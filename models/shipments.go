package models

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// NewShipment is a shipment to make. BookingKey is the caller's own name for it,
// such as rma_01k/out/1: the same key gives the same shipment.
type NewShipment struct {
	AccountID  string
	Direction  rules.ShipmentDirection
	SubjectID  string
	BookingKey string
	Carrier    string
	PromisedOn string // YYYY-MM-DD; empty for none

	// Consignment is what the carrier is asked to move; nil: a person hands it in.
	Consignment *Consignment
}

// Consignment is what a carrier is asked to move between a depot and a site.
type Consignment struct {
	SiteID    string
	DepotID   string
	Service   rules.ShipmentService
	ModelCode string
	Quantity  int
	Contents  string // for customs
}

func (n NewShipment) validate() error {
	var fields []rules.FieldError
	for pointer, value := range map[string]string{"/subject_id": n.SubjectID, "/booking_key": n.BookingKey, "/carrier": n.Carrier} {
		if value == "" {
			fields = append(fields, rules.FieldError{Pointer: pointer, Code: rules.Required, Message: "This field is missing or empty.", Remedy: "Fill it in."})
		}
	}
	if !n.Direction.Valid() {
		fields = append(fields, rules.FieldError{Pointer: "/direction", Code: "UNKNOWN_DIRECTION", Message: "There is no such direction.", Remedy: "Send OUT, RETURN, SPARE or RECALL."})
	}
	if wrongDate(n.PromisedOn) {
		fields = append(fields, rules.FieldError{Pointer: "/promised_on", Code: rules.InvalidDate, Message: "This is not a calendar date.", Remedy: "Send a date as YYYY-MM-DD, or leave it empty."})
	}
	if p := n.Consignment; p != nil && (p.SiteID == "" || p.DepotID == "" || !p.Service.Valid() || p.Quantity < 1) {
		fields = append(fields, rules.FieldError{Pointer: "/consignment", Code: rules.Required, Message: "A consignment needs a site, a depot, a service and a quantity.", Remedy: "Fill them in."})
	}
	return rules.Invalid(fields)
}

// row is the shipment as it begins.
func (n NewShipment) row(now time.Time) Shipment {
	sh := Shipment{ID: NewID(prefixShipment), AccountID: n.AccountID, Direction: n.Direction, SubjectID: n.SubjectID, BookingKey: n.BookingKey, Carrier: n.Carrier,
		PromisedOn: n.PromisedOn, State: rules.ShipmentCreated, CreatedAt: now, Version: 1, Quantity: 1}
	if p := n.Consignment; p != nil {
		sh.SiteID, sh.DepotID, sh.Service, sh.ModelCode, sh.Quantity, sh.Contents = &p.SiteID, &p.DepotID, p.Service, p.ModelCode, p.Quantity, p.Contents
	}
	return sh
}

// CreateShipment makes a shipment in the state CREATED; nothing is booked yet. The
// same booking key again gives the same shipment. Refusals: SHIPMENT_LIVE while
// another one of the subject is under way in this direction.
func (s *Store) CreateShipment(ctx context.Context, n NewShipment) (Shipment, error) {
	var out Shipment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		out, err = s.createShipment(tx, scope, n)
		return err
	})
	return out, err
}

// createShipment is CreateShipment in the caller's transaction.
func (s *Store) createShipment(tx *gorm.DB, scope Scope, n NewShipment) (Shipment, error) {
	if err := n.validate(); err != nil {
		return Shipment{}, err
	}
	if !scope.sees(n.AccountID) {
		return Shipment{}, errNotFound()
	}
	var old []Shipment
	err := tx.Where("booking_key = ? OR (subject_id = ? AND direction = ?)", n.BookingKey, n.SubjectID, n.Direction).Find(&old).Error
	if err != nil {
		return Shipment{}, err
	}
	for _, o := range old {
		if o.BookingKey == n.BookingKey {
			return o, o.same(n)
		}
		if o.State.Live() {
			return Shipment{}, rules.Refuse(rules.ShipmentLive, "A shipment is under way already.", "Wait for it, cancel it, or declare it lost.")
		}
	}
	sh := n.row(s.clock.Now())
	err = tx.Create(&sh).Error
	if errors.Is(err, gorm.ErrForeignKeyViolated) {
		err = errNotFound()
	}
	if err != nil {
		return Shipment{}, err
	}
	return sh, s.appendAudit(tx, scope, sh.ID, &sh.AccountID, true, entry{"shipment.created", sh.ID, sh.facts()})
}

// same refuses a booking key that comes again for another shipment. The promise
// may be told anew: the first one stands.
func (o Shipment) same(n NewShipment) error {
	if o.AccountID == n.AccountID && o.SubjectID == n.SubjectID && o.Direction == n.Direction && o.Carrier == n.Carrier {
		return nil
	}
	return rules.Refuse(rules.IdempotencyConflict, "This booking key names another shipment.", "Use a new key for a new shipment.")
}

func (o Shipment) facts() map[string]any {
	return map[string]any{"direction": o.Direction, "subject": o.SubjectID, "carrier": o.Carrier, "tracking": text(o.Tracking), "promised_on": o.PromisedOn, "state": o.State}
}

// GetShipment reads one shipment.
func (s *Store) GetShipment(ctx context.Context, id string) (Shipment, error) {
	var sh Shipment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return found(scope.accounts(tx, "account_id").First(&sh, "id = ?", id).Error)
	})
	return sh, err
}

// ShipmentFilter narrows a list of shipments; empty fields do not narrow.
type ShipmentFilter struct {
	AccountID string
	SubjectID string
	Direction rules.ShipmentDirection
	State     rules.ShipmentState
	Tracking  string
	Page      Page
}

// ListShipments lists the shipments in scope, newest first.
func (s *Store) ListShipments(ctx context.Context, f ShipmentFilter) ([]Shipment, string, error) {
	var out []Shipment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.accounts(tx, "account_id")
		for column, value := range map[string]string{"account_id": f.AccountID, "subject_id": f.SubjectID, "direction": string(f.Direction), "state": string(f.State), "tracking": f.Tracking} {
			if value != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}
		return f.Page.apply(q).Find(&out).Error
	})
	out, next := cut(f.Page, out, func(sh Shipment) string { return sh.ID })
	return out, next, err
}

// ScansOf lists what is known of a shipment, by when it happened.
func (s *Store) ScansOf(ctx context.Context, shipmentID string) ([]ShipmentScan, error) {
	var out []ShipmentScan
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return scope.accounts(tx, "account_id").Where("shipment_id = ?", shipmentID).Order("at, id").Find(&out).Error
	})
	return out, err
}
