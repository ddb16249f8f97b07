package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// Shipment is one parcel between a depot and a customer's site. Its state is
// derived from its scans and stored with what RMAs and spares need to know. It
// holds no address.
type Shipment struct {
	ID           string
	AccountID    string
	Direction    rules.ShipmentDirection
	SubjectID    string  // RMA or spare unit
	BookingKey   string  // names the booking at the carrier: one logical shipment, one booking
	Carrier      string  // whose tracking number it is
	Tracking     *string // nil until it is booked
	PromisedOn   string  // YYYY-MM-DD at the ship-to; empty: nothing was promised
	State        rules.ShipmentState
	Contradicted bool       // scans exclude each other; an operator was asked
	FirstMoveAt  *time.Time // the carrier's first scan (S22)
	DeliveredAt  *time.Time
	LastScanAt   *time.Time
	CreatedAt    time.Time
	Version      int64

	// What the carrier is asked to move, and whether it was asked to leave it. Without
	// a service nobody is asked: a person hands the parcel in.
	SiteID        *string
	DepotID       *string
	Service       rules.ShipmentService
	ModelCode     string
	Quantity      int
	Contents      string // for customs, as it was booked
	CancelAskedAt *time.Time
}

// ShipmentLabel is a label as the carrier gave it. It shows an address.
type ShipmentLabel struct {
	ShipmentID string `gorm:"primaryKey"`
	AccountID  string
	MediaType  string // such as application/pdf
	Content    []byte
	CreatedAt  time.Time
}

// ShipmentScan is one fact about a shipment, once: CauseKey is unique.
type ShipmentScan struct {
	ID         string
	AccountID  string
	ShipmentID string
	Kind       rules.ScanKind
	At         time.Time // when it happened
	Source     ScanSource
	CauseKey   string
	CreatedAt  time.Time
}

// ScanSource is who told of a scan.
type ScanSource string

// The sources of scans.
const (
	ScanByCarrier  ScanSource = "CARRIER"
	ScanByDepot    ScanSource = "DEPOT"
	ScanByOperator ScanSource = "OPERATOR"
	ScanByService  ScanSource = "SERVICE" // we booked or cancelled it
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
