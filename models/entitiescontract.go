package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// ServiceContract is what one order line bought. StartAt and EndAt are empty
// until it starts; the period is half-open (C2).
type ServiceContract struct {
	ID              string
	AccountID       string
	OrderID         string
	OrderLineID     string
	Type            rules.ServiceType
	State           rules.ContractState
	Quantity        int64
	TermYears       int
	TimeZone        string
	FallbackStartAt time.Time // S1: starts then at the latest
	StartAt         *time.Time
	EndAt           *time.Time
	StartReason     StartReason
	RemindedDays    int // the last renewal reminder sent, in days before the end; -1 for none (S5)
	CancelledAt     *time.Time
	MaxRooms        *int64 // of an enterprise plan, which is assigned to no room (S37)
	CreatedAt       time.Time
}

// StartReason says why a contract started when it did.
type StartReason string

// The reasons for a start.
const (
	StartNone            StartReason = ""
	StartFallback        StartReason = rules.StartFallback
	StartFirstAssignment StartReason = rules.StartFirstAssignment
	StartPurchase        StartReason = rules.StartPurchase
	StartRenewal         StartReason = rules.StartRenewal
)

// Licence is one unit of a contract.
type Licence struct {
	ID              string
	AccountID       string
	ContractID      string
	Seq             int64
	State           rules.LicenceState
	RenewsLicenceID *string
	StateSince      time.Time
}
