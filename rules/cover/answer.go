package cover

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// Feature is something that an assigned licence switches on.
type Feature string

// SyncPremium stands for the premium features of Sync (R34a).
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
	Kind         EntitlementKind   `json:"kind" doc:"What covers: SELECT, JUMPSTART, STANDARD_WARRANTY, EXTENDED_WARRANTY or REPLACEMENT_WARRANTY"`
	ContractID   string            `json:"contract_id,omitempty" doc:"Id of the contract; missing for a warranty of the maker"`
	LicenceID    string            `json:"licence_id,omitempty" doc:"Id of the license; missing for a warranty of the maker"`
	Until        time.Time         `json:"until" doc:"When it ends; an instant in UTC that is not covered any more"`
	RMASpeed     calendar.RMASpeed `json:"rma_speed,omitempty" doc:"Of hardware, how soon a replacement arrives: NBD (next business day), STANDARD (no promised day) or business days such as 3BD"`
	TermsVersion int               `json:"terms_version,omitempty" doc:"Of Select: version of the country's terms that counts"`
}

// Answer says whether the subject is covered at an instant for a purpose, by what
// and why. HardwareUntil, SupportUntil, RMASpeed, Languages and Features describe
// the subject at that instant whatever the purpose. All ends are exclusive; they
// are the end of unbroken cover by all that is known now, renewals included.
type Answer struct {
	At      time.Time `json:"at" doc:"The instant that the answer is for; UTC"`
	Purpose Purpose   `json:"purpose" doc:"What cover was asked for: HARDWARE, TECHNICAL or SETUP"`
	RoomID  string    `json:"room_id,omitempty" doc:"Id of the room where the subject is at that time"`
	Covered bool      `json:"covered" doc:"Whether it is covered"`
	Held    bool      `json:"held" doc:"Whether it is refused only until a proof of purchase is read"`
	Code    string    `json:"code,omitempty" doc:"Why it is not covered, such as NOT_COVERED or WARRANTY_CAP; missing when it is"`

	Entitlement *Entitlement `json:"entitlement,omitempty" doc:"What covers it, the best where there are several"`
	Until       *time.Time   `json:"until,omitempty" doc:"When cover for this purpose ends; an instant in UTC that is not covered any more"`

	HardwareUntil *time.Time        `json:"hardware_until,omitempty" doc:"When cover of the hardware ends; an instant in UTC"`
	SupportUntil  *time.Time        `json:"support_until,omitempty" doc:"When technical support ends; an instant in UTC"`
	RMASpeed      calendar.RMASpeed `json:"rma_speed,omitempty" doc:"How soon a replacement arrives after approval: NBD (next business day), STANDARD (no promised day) or business days such as 3BD"`
	Languages     []string          `json:"languages,omitempty" doc:"Languages of support, as BCP 47, such as pt-BR"`
	Features      []Feature         `json:"features,omitempty" doc:"What an assigned license switches on: SYNC_PREMIUM"`

	SLAPolicy  string `json:"sla_policy,omitempty" doc:"Code of the policy by which support answers"`
	SLAVersion int    `json:"sla_version,omitempty" doc:"Version of that policy"`
	// Policies are all that apply, the best first: a ticket is answered by the first
	// instant that any of them promises (R32a).
	Policies []SLAPolicy `json:"-"`

	Reasons []Reason `json:"reasons" doc:"Why the answer is as it is, the deciding reason first"`
}

// Refusal returns the answer as an error whose code is the answer's; nil when covered.
func (a Answer) Refusal() error {
	if a.Covered {
		return nil
	}
	return rules.Refuse(a.Code, ReasonFor(a.Code).Message, RefusalRemedies[a.Code])
}

// Has reports whether the reasons hold the code.
func (a Answer) Has(code string) bool {
	for _, r := range a.Reasons {
		if r.Code == code {
			return true
		}
	}
	return false
}

// BetterSupport reports whether support is answered sooner by this answer than by the other one
// (R32a, R32b).
func (a Answer) BetterSupport(b Answer) bool {
	switch {
	case a.Covered != b.Covered:
		return a.Covered
	case !a.Covered || len(a.Policies) == 0:
		return false
	}
	return len(b.Policies) == 0 || a.Policies[0].BetterThan(b.Policies[0])
}

func (a *Answer) explain(codes ...string) {
	for _, code := range codes {
		if !a.Has(code) {
			a.Reasons = append(a.Reasons, ReasonFor(code))
		}
	}
}

// Codes of reasons that explain an answer, beside the refusals.
const (
	ReasonSelect           = "SELECT_IN_FORCE"
	ReasonJumpStart        = "JUMPSTART_IN_FORCE"
	ReasonStandard         = "STANDARD_WARRANTY_IN_FORCE"
	ReasonExtended         = "EXTENDED_WARRANTY_IN_FORCE"
	ReasonReplacement      = "REPLACEMENT_WARRANTY_IN_FORCE"
	ReasonThroughRoom      = "COVERED_THROUGH_ROOM"
	ReasonFrozen           = "FROZEN_ENTITLEMENT"
	ReasonFastest          = "FASTEST_COVER_CHOSEN"
	ReasonCapped           = "HARDWARE_COVER_CAPPED"
	ReasonSupportContinues = "SUPPORT_CONTINUES"
	ReasonBestPolicy       = "BEST_SLA_CHOSEN"
	ReasonTermsKept        = "BETTER_TERMS_KEPT"
	ReasonSyncPremium      = "SYNC_PREMIUM_INCLUDED"
	ReasonNoAssignment     = "NO_LICENCE_ASSIGNED"
	ReasonNotStarted       = "CONTRACT_NOT_STARTED"
	ReasonContractEnded    = "CONTRACT_ENDED"
	ReasonCancelled        = "CONTRACT_CANCELLED"
	ReasonSuspended        = "CONTRACT_SUSPENDED"
	ReasonWarrantyEnded    = "WARRANTY_ENDED"
	ReasonJumpStartEnded   = "JUMPSTART_ENDED"
	ReasonRoomArchived     = "ROOM_ARCHIVED"
	ReasonDeviceGone       = "DEVICE_GONE"
	ReasonSerialRequired   = "SERIAL_REQUIRED"
	ReasonProofUnread      = "PROOF_UNREAD"
)

// Reason is one step of why an answer is what it is.
type Reason struct {
	Code    string `json:"code" doc:"The reason as a stable word, such as CONTRACT_ENDED"`
	Rule    string `json:"rule" doc:"Name of the rule behind it; to be quoted when asking for help"`
	Message string `json:"message" doc:"The reason as an English sentence"`
}

var reasonTexts = map[string]Reason{
	rules.NotCovered: {Rule: "R39c", Message: "Nothing covers this at that time."},
	rules.WarrantyCap: {
		Rule: "R125b",
		Message: "The hardware has reached the age at which all coverage ends, " +
			"counted from its purchase.",
	},
	rules.ModelNotSupported: {
		Rule:    "R59b",
		Message: "The model is not in the list of supported products, so it is never covered.",
	},
	rules.NotHardware: {
		Rule:    "R75",
		Message: "Software and bundles are supported by tickets; only hardware is replaced.",
	},
	rules.CountryNotSupported: {
		Rule:    "R78b",
		Message: "The service is not available in the country of the room.",
	},
	rules.ProofRequired: {
		Rule:    "R125b",
		Message: "The day of purchase is unknown, so the request waits for a proof of purchase.",
	},
	rules.Unplaced: {
		Rule:    "R35b",
		Message: "The device is in no room, and a license covers rooms.",
	},

	ReasonSelect: {
		Rule:    "R31",
		Message: "A Select license is assigned to the room and its contract is in force.",
	},
	ReasonJumpStart: {
		Rule:    "R29",
		Message: "JumpStart is in force: setup support after the purchase, without Select.",
	},
	ReasonStandard: {
		Rule:    "S38",
		Message: "The standard warranty of the device is in force.",
	},
	ReasonExtended: {
		Rule:    "S38",
		Message: "An extended warranty of the device is in force.",
	},
	ReasonReplacement: {
		Rule:    "S23",
		Message: "The replacement's own warranty of 30 days is in force.",
	},
	ReasonThroughRoom: {
		Rule:    "R74",
		Message: "An accessory without a serial number is covered through its room.",
	},
	ReasonFrozen: {
		Rule:    "R28d",
		Message: "The entitlement was fixed when the ticket or RMA was opened, and stays.",
	},
	ReasonFastest: {
		Rule:    "S38",
		Message: "Several kinds of coverage apply; the one with the fastest replacement is used.",
	},
	ReasonCapped: {
		Rule:    "R125b",
		Message: "Hardware coverage ends before the contract, because of the age of the device.",
	},
	ReasonSupportContinues: {
		Rule:    "R125c",
		Message: "Support by tickets continues to the end of the contract.",
	},
	ReasonBestPolicy: {
		Rule:    "R32a",
		Message: "Several entitlements apply; the best SLA is used.",
	},
	ReasonTermsKept: {
		Rule: "S31",
		Message: "The terms of the country changed; " +
			"the better of old and new are kept for this contract.",
	},
	ReasonSyncPremium: {
		Rule:    "R34a",
		Message: "The license includes the premium features of Sync.",
	},
	ReasonNoAssignment: {
		Rule:    "R39c",
		Message: "No Select license is assigned to the room at that time.",
	},
	ReasonNotStarted: {
		Rule:    "S1",
		Message: "The contract of the assigned license has not started.",
	},
	ReasonContractEnded:  {Rule: "S3", Message: "The contract of the assigned license is over."},
	ReasonCancelled:      {Rule: "S8", Message: "The license was canceled."},
	ReasonSuspended:      {Rule: "R39c", Message: "The contract is suspended."},
	ReasonWarrantyEnded:  {Rule: "S38", Message: "The warranties of the device are over."},
	ReasonJumpStartEnded: {Rule: "R29", Message: "JumpStart is over."},
	ReasonRoomArchived:   {Rule: "S28", Message: "The room is archived."},
	ReasonDeviceGone:     {Rule: "R27c", Message: "The device was returned, retired or lost."},
	ReasonSerialRequired: {
		Rule:    "R74",
		Message: "Hardware of this model is covered by its serial number; send it.",
	},
	ReasonProofUnread: {
		Rule:    "S32",
		Message: "A proof of purchase is stored; an operator has to read its date.",
	},
}

// RefusalRemedies are the remedies of the refusals of cover, in English, by code.
var RefusalRemedies = map[string]string{
	rules.NotCovered: "Assign a Select license to the room, " +
		"or check the dates of its contract.",
	rules.WarrantyCap:         "Open a ticket for support; the hardware has to be bought anew.",
	rules.ModelNotSupported:   "Choose a model of the list of supported products.",
	rules.NotHardware:         "Open a ticket instead.",
	rules.CountryNotSupported: "Use the license for a room in another country.",
	rules.ProofRequired:       "Send the proof of purchase.",
	rules.Unplaced:            "Place the device in its room.",
}

// ReasonFor returns a code's rule and plain English words.
func ReasonFor(code string) Reason {
	r := reasonTexts[code]
	r.Code = code
	return r
}
