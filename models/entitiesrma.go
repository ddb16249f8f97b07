package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// RMA is the replacement of one device, or of some pieces of an accessory. The
// facts decide; what follows from them is stored too, under names of its own. No
// person's name stands in it.
type RMA struct {
	ID           string
	AccountID    string
	DeviceID     *string // nil: an accessory (R74)
	RoomID       *string // where the subject was when it was requested
	SiteID       string  // the ship-to
	ModelCode    string
	Quantity     int
	FaultySerial string // normalised; empty: an accessory
	Fault        string // what is wrong, in the words of who requested
	SerialProof  string // where the proof is kept that the serial is the account's (S25)
	RequestedBy  string
	OnceKey      *string // names the request, where its caller may send it again

	Held           bool          // waits for the proof of purchase (R125)
	ReviewReasons  []string      `gorm:"serializer:json"`
	Frozen         *rules.Frozen `gorm:"serializer:json"` // nil while held (S3, S38)
	CoverKind      rules.EntitlementKind
	CoverLicenceID string // S10
	Speed          rules.RMASpeed

	rules.RMAFacts
	RejectCode string

	FirstPromise        *rules.Promise `gorm:"serializer:json"`
	Promise             *rules.Promise `gorm:"serializer:json"` // the current one
	PromisedUntil       *time.Time     // exclusive end of the current one
	ReplacementModel    string         // offered or allocated
	ReplacementSerial   string
	ReplacementDeviceID *string
	SpareUnitID         *string // the spare that was used (R35d)
	Carrier             string
	Tracking            string
	DepotID             *string          // which sends the replacement; nil: none is known
	ReturnParcels       int              // made so far; number the parcels back
	ReservationID       *string          // the ledger's open entry for its units
	ReturnBaseAt        *time.Time       // since when the return plan counts
	ReturnPlan          *rules.ReturnDue `gorm:"serializer:json"`
	NoReturnProof       string           // where the photo is kept

	// What followed from the facts at the last change, so that lists can be narrowed.
	// Whoever decides asks the facts.
	StoredState    rules.RMAState      `gorm:"column:state"`
	StoredOutbound rules.OutboundState `gorm:"column:outbound"`
	StoredReturn   rules.ReturnState   `gorm:"column:return_track"`

	StateSince time.Time
	ClosedAt   *time.Time
	NextTimer  rules.RMATimerKind // empty: none
	NextAt     *time.Time
	LastError  string
	CreatedAt  time.Time
	Version    int64
}

// TableName is the table of RMAs.
func (RMA) TableName() string { return "rmas" }
