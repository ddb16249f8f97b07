package cover

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// Feature is something that an assigned licence switches on.
type Feature string

// SyncPremium is the premium features of Sync (R34a).
const SyncPremium Feature = "SYNC_PREMIUM"

// EntitlementKind is what a cover rests on.
type EntitlementKind string

// The kinds of entitlement.
const (
	BySelect              EntitlementKind = "SELECT"
	ByExtendedWarranty    EntitlementKind = "EXTENDED_WARRANTY"
	ByStandardWarranty    EntitlementKind = "STANDARD_WARRANTY"
	ByReplacementWarranty EntitlementKind = "REPLACEMENT_WARRANTY"
	ByJumpStart           EntitlementKind = "JUMPSTART"
)

// Entitlement is one right that covers the subject at the time asked about. Until
// is the exclusive end of this one right for this subject, without a break.
type Entitlement struct {
	Kind         EntitlementKind   `json:"kind"`
	ContractID   string            `json:"contract_id,omitempty"`
	LicenceID    string            `json:"licence_id,omitempty"`
	Until        time.Time         `json:"until"`
	RMASpeed     calendar.RMASpeed `json:"rma_speed,omitempty"`     // of hardware
	TermsVersion int               `json:"terms_version,omitempty"` // of Select
}

// Answer says whether the subject is covered at an instant for a purpose, by what
// and why. HardwareUntil, SupportUntil, RMASpeed, Languages and Features describe
// the subject at that instant whatever the purpose. All ends are exclusive; they
// are the end of unbroken cover by all that is known now, renewals included.
type Answer struct {
	At      time.Time `json:"at"`
	Purpose Purpose   `json:"purpose"`
	RoomID  string    `json:"room_id,omitempty"` // where the subject is at that time
	Covered bool      `json:"covered"`
	Held    bool      `json:"held"`           // refused only until a proof is read
	Code    string    `json:"code,omitempty"` // of the refusal, "" when covered

	Entitlement *Entitlement `json:"entitlement,omitempty"` // the one chosen
	Until       *time.Time   `json:"until,omitempty"`       // for the purpose asked

	HardwareUntil *time.Time        `json:"hardware_until,omitempty"`
	SupportUntil  *time.Time        `json:"support_until,omitempty"` // technical tickets
	RMASpeed      calendar.RMASpeed `json:"rma_speed,omitempty"`
	Languages     []string          `json:"languages,omitempty"`
	Features      []Feature         `json:"features,omitempty"`

	SLAPolicy  string `json:"sla_policy,omitempty"` // for tickets
	SLAVersion int    `json:"sla_version,omitempty"`

	Reasons []Reason `json:"reasons"` // the deciding one first
}

// Refusal gives the answer as an error whose code is the answer's; nil when covered.
func (a Answer) Refusal() error {
	if a.Covered {
		return nil
	}
	return rules.Refuse(a.Code, ReasonFor(a.Code).Message, RefusalRemedies[a.Code])
}

// Has tells whether the reasons hold the code.
func (a Answer) Has(code string) bool {
	for _, r := range a.Reasons {
		if r.Code == code {
			return true
		}
	}
	return false
}

func (a *Answer) explain(codes ...string) {
	for _, code := range codes {
		if !a.Has(code) {
			a.Reasons = append(a.Reasons, ReasonFor(code))
		}
	}
}
