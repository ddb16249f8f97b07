package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// Order is a reseller's purchase order. Payload is the order as submitted; it
// holds personal data and leaves the database only towards those who sent it.
type Order struct {
	ID               string
	SubmittedBy      string // org that posted it
	ResellerID       string
	DistributorID    *string
	AccountID        *string
	PONumber         string `gorm:"column:po_number"`
	ServiceType      rules.ServiceType
	State            rules.OrderState
	StateSince       time.Time
	VendorOrderNo    *string
	PurchasedOn      string // effective purchase date (S6), YYYY-MM-DD in TimeZone
	TimeZone         string
	Payload          rules.OrderForm `gorm:"serializer:json"`
	PayloadHash      string
	ReviewReasons    []string `gorm:"serializer:json"`
	ReviewUntil      *time.Time
	CancellableUntil time.Time // exclusive (R90)
	InvitationFailed bool      // hard bounce (S17)
	LastError        string
	CreatedAt        time.Time
	Version          int64
	Lines            []OrderLine `gorm:"foreignKey:OrderID"`
}

// OrderLine is one SKU and its quantity.
type OrderLine struct {
	ID          string
	OrderID     string
	Position    int
	SKU         string `gorm:"column:sku"`
	ServiceType rules.ServiceType
	TermYears   int
	Quantity    int64
	// RenewsContractID is the contract of the same account whose licences these
	// renew (S4); nil for none.
	RenewsContractID *string
}

// OrderRefusal records an intake that was refused at the door: its errors,
// never its values.
type OrderRefusal struct {
	ID          string
	OrgID       string
	PayloadHash string
	Errors      []rules.FieldError `gorm:"serializer:json"`
	RequestID   string
	CreatedAt   time.Time
}

// OrderCancellation is one cancellation of an order, whole or by quantity.
type OrderCancellation struct {
	ID          string
	OrderID     string
	Sequence    int
	State       CancellationState
	Whole       bool
	Quantity    int64
	Reason      string
	RequestedBy string
	Role        rules.Role
	CreatedAt   time.Time
	CompletedAt *time.Time
}

// CancellationState tells how far the compensation has come.
type CancellationState string

// The states of an OrderCancellation.
const (
	CancellationRequested CancellationState = "REQUESTED"
	CancellationCompleted CancellationState = "COMPLETED"
)
