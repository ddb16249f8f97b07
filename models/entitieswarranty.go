package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// WarrantyAttachment is a stay of a unit of an extended warranty with a serial,
// half-open (R39a). Until when it covers the device is computed, never stored
// (S32).
type WarrantyAttachment struct {
	ID         string
	AccountID  string
	LicenceID  string
	Serial     string // normalised
	FromAt     time.Time
	ToAt       *time.Time
	EndReason  AssignmentEnd // RELEASED or CANCELLED; empty while it lasts
	AttachedBy string
}

// EarlierWarranty is an extended warranty from before this service (R111): of a
// file that an operator imported, or claimed by a customer. Linked to an account it
// stands among its contracts. Days are YYYY-MM-DD in the account's zone, EndsOn
// exclusive; a claim has none until it is decided.
type EarlierWarranty struct {
	ID          string
	AccountID   *string // nil: an import that matched none; of a claim, who claims
	Source      WarrantySource
	State       WarrantyState
	Why         WarrantyMismatch // of an import that matched nothing
	Serial      string           // normalised
	StartsOn    string
	EndsOn      string
	StartAt     *time.Time // once linked
	EndAt       *time.Time // once linked
	SKU         string     `gorm:"column:sku"`
	PONumber    string     `gorm:"column:po_number"`
	PurchasedOn string
	Company     string         // until it is decided
	Address     *rules.Address `gorm:"serializer:json"` // until it is decided
	Fingerprint *string        // of an imported row
	SubmittedBy string
	CreatedAt   time.Time
	DecidedBy   string
	DecidedAt   *time.Time
}

// WarrantySource says where an EarlierWarranty comes from.
type WarrantySource string

// The sources.
const (
	WarrantyImported WarrantySource = "IMPORT"
	WarrantyClaimed  WarrantySource = "CLAIM"
)

// WarrantyState tells what became of an EarlierWarranty.
type WarrantyState string

// The states of an EarlierWarranty.
const (
	WarrantyUnmatched WarrantyState = "UNMATCHED" // waits for an operator (R111b)
	WarrantyLinked    WarrantyState = "LINKED"    // among the account's contracts (R111a)
	WarrantyRefused   WarrantyState = "REFUSED"
)

// WarrantyMismatch says why an imported warranty matched no account.
type WarrantyMismatch string

// The reasons.
const (
	MatchNoAccount       WarrantyMismatch = "NO_ACCOUNT"        // of that company and address
	MatchSeveralAccounts WarrantyMismatch = "SEVERAL_ACCOUNTS"  // never guessed between (R107a)
	MatchSerialElsewhere WarrantyMismatch = "SERIAL_ELSEWHERE"  // another account has the device
	MatchTwice           WarrantyMismatch = "THE_SAME_IS_THERE" // the account has it already, from a claim or under another spelling
)

// ids of warranties.
const (
	prefixAttachment = "wat"
	prefixEarlier    = "war"
)

func (a WarrantyAttachment) facts() map[string]any {
	return map[string]any{"id": a.ID, "serial": a.Serial, "from": a.FromAt}
}

// LastDay is the last covered day (C2), YYYY-MM-DD; empty while it is not known.
func (w EarlierWarranty) LastDay() string {
	if end := dateOf(w.EndsOn); end != nil {
		return end.AddDays(-1).String()
	}
	return ""
}

func (w EarlierWarranty) facts() map[string]any {
	return map[string]any{"source": w.Source, "state": w.State, "serial": w.Serial, "starts_on": w.StartsOn, "ends_on": w.EndsOn}
}
