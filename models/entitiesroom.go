package models

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// Room is a meeting room of an account. Whether it is covered is computed, never
// stored (S32).
type Room struct {
	ID          string
	AccountID   string
	Name        string
	Site        string
	SearchKey   string // rules.SearchKey of name and site
	Country     string // ISO 3166
	Region      string // ISO 3166-2 without the country; empty: unknown (C3)
	Platform    rules.Platform
	Criticality rules.Criticality
	TimeZone    string // IANA name
	State       rules.RoomState
	ArchivedAt  *time.Time
	CreatedAt   time.Time
	Version     int64
}

// Device is a piece of hardware by its normalised serial (R27c). A part of a
// bundle has none until it is read from the device (R70). Dates are YYYY-MM-DD
// and exclusive where they end something; empty means unknown (S32).
type Device struct {
	ID               string
	AccountID        string
	Serial           *string
	ModelCode        string
	State            rules.DeviceState
	PurchasedOn      string
	PurchaseProof    string
	StdWarrantyEnd   string
	ExtWarrantyEnd   string
	ReplacesDeviceID *string // S23
	ReplacedOn       string
	GoneAt           *time.Time // returned, retired or lost
	CreatedAt        time.Time
	Version          int64
}

// DevicePlacement is a stay of a device in a room, half-open (R27b).
type DevicePlacement struct {
	ID        string
	AccountID string
	DeviceID  string
	RoomID    string
	FromAt    time.Time
	ToAt      *time.Time
	PlacedBy  string
}

// LicenceAssignment is a stay of a licence in a room, half-open (R39). Terms are
// those of the room's country when it was made (S31), nil for SyncPlus, with who
// acknowledged them where they differ from home (R78e).
type LicenceAssignment struct {
	ID             string
	AccountID      string
	LicenceID      string
	RoomID         string
	ServiceType    rules.ServiceType
	FromAt         time.Time
	ToAt           *time.Time
	EndReason      AssignmentEnd
	AssignedBy     string
	Terms          *rules.CountryTerms `gorm:"serializer:json"`
	AcknowledgedBy string
	AcknowledgedAt *time.Time
}

// AssignmentEnd says why an assignment ended; empty while it lasts.
type AssignmentEnd string

// The ends of an assignment.
const (
	EndReleased  AssignmentEnd = "RELEASED"
	EndMoved     AssignmentEnd = "MOVED"
	EndArchived  AssignmentEnd = "ROOM_ARCHIVED" // S28
	EndCancelled AssignmentEnd = "CANCELLED"     // S8
	EndExpired   AssignmentEnd = "EXPIRED"       // S3
)

// DeviceClaim is an account's wish for a device that another account has
// registered (R27c). An operator decides.
type DeviceClaim struct {
	ID        string
	AccountID string // who asks
	DeviceID  string // of the other account
	RoomID    *string
	State     ClaimState
	ClaimedBy string
	CreatedAt time.Time
	DecidedAt *time.Time
}

// ClaimState tells what became of a DeviceClaim.
type ClaimState string

// The states of a DeviceClaim.
const (
	ClaimOpen    ClaimState = "OPEN"
	ClaimMoved   ClaimState = "MOVED"
	ClaimRefused ClaimState = "REFUSED"
)

// ids of rooms and what belongs to them.
const (
	prefixRoom       = "rom"
	prefixDevice     = "dev"
	prefixPlacement  = "plc"
	prefixAssignment = "asg"
	prefixClaim      = "clm"
)

func (r Room) facts() map[string]any {
	return map[string]any{"name": r.Name, "site": r.Site, "country": r.Country, "region": r.Region, "platform": r.Platform, "criticality": r.Criticality,
		"time_zone": r.TimeZone, "state": r.State}
}

func (d Device) facts() map[string]any {
	return map[string]any{"serial": text(d.Serial), "model": d.ModelCode, "state": d.State, "purchased_on": d.PurchasedOn, "proof": d.PurchaseProof != "",
		"std_warranty_end": d.StdWarrantyEnd, "ext_warranty_end": d.ExtWarrantyEnd}
}

// warranty is what rules.Cover needs of the device's warranties; the one that it
// replaced is for the caller to add (S23).
func (d Device) warranty() rules.Warranty {
	w := rules.Warranty{PurchasedOn: dateOf(d.PurchasedOn), ProofHeld: d.PurchaseProof != "", StandardEnd: dateOf(d.StdWarrantyEnd), ExtendedEnd: dateOf(d.ExtWarrantyEnd)}
	if on := dateOf(d.ReplacedOn); on != nil {
		w.ReplacedOn = *on
	}
	return w
}

// productModelRow is one version of a rules.ProductModel (R59a).
type productModelRow struct {
	Code                  string `gorm:"primaryKey"`
	EffectiveFrom         string `gorm:"primaryKey"`
	EffectiveTo           string
	Name                  string
	Kind                  rules.ModelKind
	Serialised            bool
	StandardWarrantyYears int
	Platform              rules.Platform
	Components            []rules.Component `gorm:"serializer:json"`
	UpdatedAt             time.Time
}

func (productModelRow) TableName() string { return "product_models" }

func modelRow(m rules.ProductModel, now time.Time) productModelRow {
	return productModelRow{rules.NormaliseModelCode(m.Code), dateText(m.EffectiveFrom), dateText(m.EffectiveTo), m.Name, m.Kind, m.Serialised,
		m.StandardWarrantyYears, m.Platform, append([]rules.Component{}, m.Components...), now}
}

func (r productModelRow) rule() rules.ProductModel {
	if len(r.Components) == 0 {
		r.Components = nil
	}
	return rules.ProductModel{Code: r.Code, Name: r.Name, Kind: r.Kind, Serialised: r.Serialised, StandardWarrantyYears: r.StandardWarrantyYears,
		Platform: r.Platform, Components: r.Components, EffectiveFrom: dateOf(r.EffectiveFrom), EffectiveTo: dateOf(r.EffectiveTo)}
}

// CountryTermsVersion is one version of a country's terms, with a note for the
// change log (R78d).
type CountryTermsVersion struct {
	Country       string `gorm:"primaryKey"`
	Version       int    `gorm:"primaryKey"`
	EffectiveFrom string // YYYY-MM-DD
	Available     bool
	RMASpeed      rules.RMASpeed `gorm:"column:rma_speed"`
	Languages     []string       `gorm:"serializer:json"`
	Note          string
	PublishedAt   time.Time
}

// TableName is the table of the versions.
func (CountryTermsVersion) TableName() string { return "country_terms" }

func (v CountryTermsVersion) rule() rules.CountryTerms {
	t := rules.CountryTerms{Country: v.Country, Version: v.Version, Available: v.Available, RMASpeed: v.RMASpeed, Languages: v.Languages}
	t.EffectiveFrom, _ = civil.ParseDate(v.EffectiveFrom)
	return t
}
