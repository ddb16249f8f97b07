package rma

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// RMACommand is what somebody decides about an RMA.
type RMACommand string

// The commands.
const (
	RMAApprove   RMACommand = "approve"
	RMAReject    RMACommand = "reject"
	RMAAppeal    RMACommand = "appeal"
	RMAWithdraw  RMACommand = "withdraw"
	RMAUseSpare  RMACommand = "use_spare"
	RMAAllocate  RMACommand = "allocate"
	RMABackorder RMACommand = "backorder"
	RMAReaddress RMACommand = "readdress" // goes to where its site is now
	RMAShip      RMACommand = "ship"
	RMAReship    RMACommand = "reship"    // the parcel is lost: send another one
	RMAWait      RMACommand = "wait"      // the parcel is not lost: wait on
	RMAReceive   RMACommand = "receive"   // the depot has the unit
	RMAInspect   RMACommand = "inspect"   // and looked at it
	RMAKeepUnit  RMACommand = "no_return" // the faulty unit need not come back
	RMABill      RMACommand = "bill"      // confirms the fee
	RMAWaive     RMACommand = "waive"     // a lead's
	RMATell      RMACommand = "tell"      // passes on what a carrier or a depot said
	RMATakeBack  RMACommand = "take_back" // what was told or typed is not true
)

// Codes of refusals about RMAs.
const (
	ReshipLimit = "RESHIP_LIMIT" // one parcel was sent anew already
	// the carrier may still bring the parcel: nobody has reason to call it lost
	ParcelNotLost = "PARCEL_NOT_LOST"
	// S22: confirmed from the fifth business day after the due day on
	FeeNotDue    = "FEE_NOT_DUE"
	DefectOpen   = "DEFECT_OPEN"   // nobody confirmed the defect
	PhotoMissing = "PHOTO_MISSING" // of a unit that need not come back
)

type rmaGuard struct {
	capability rules.Capability
	full       bool // takes GrantYes: the lead (RULES 4)
	allowed    func(f RMAFacts, state RMAState, out OutboundState) bool
}

func in(states ...RMAState) func(RMAFacts, RMAState, OutboundState) bool {
	return func(_ RMAFacts, state RMAState, _ OutboundState) bool {
		for _, s := range states {
			if s == state {
				return true
			}
		}
		return false
	}
}

// unpicked: nothing has left the house for good yet.
func unpicked(f RMAFacts, state RMAState, _ OutboundState) bool {
	return in(RMARequested, RMAApproved, RMABackordered, RMAAllocated, RMAShipped)(f, state, "") &&
		f.PickedUpAt == nil
}

// sent: a unit can be on its way back.
func sent(f RMAFacts, _ RMAState, out OutboundState) bool {
	return f.ApprovedAt != nil || out.Done()
}

// rmaGuards say who may give a command and in which state (RULES 2, RULES 4).
// Warehouse and depot act as agents.
var rmaGuards = map[RMACommand]rmaGuard{
	RMAApprove: {rules.DecideRMA, false, func(f RMAFacts, state RMAState, out OutboundState) bool {
		return f.ApprovedAt == nil && (state == RMARequested || out == OutboundSwapped)
	}},
	RMAReject: {rules.DecideRMA, false, in(RMARequested)},
	RMAAppeal: {rules.RequestRMA, false, func(f RMAFacts, state RMAState, _ OutboundState) bool {
		return state == RMARejected && f.AppealedAt == nil
	}},
	RMAWithdraw: {rules.RequestRMA, false, unpicked},
	RMAUseSpare: {
		rules.RequestRMA, false, in(RMARequested, RMAApproved, RMABackordered, RMAAllocated),
	},
	RMAAllocate:  {rules.DecideRMA, false, in(RMAApproved, RMABackordered)},
	RMABackorder: {rules.DecideRMA, false, in(RMAApproved, RMABackordered)},
	RMAReaddress: {
		rules.DecideRMA, false, in(RMAApproved, RMABackordered, RMAAllocated),
	},
	// The carrier may have the parcel before the warehouse says what is in it.
	RMAShip: {rules.DecideRMA, false, func(f RMAFacts, state RMAState, out OutboundState) bool {
		return state == RMAAllocated || f.AllocatedAt != nil && f.ShippedAt == nil &&
			f.InspectedAt == nil && (out == OutboundShipped || out == OutboundDelivered)
	}},
	RMAReship:   {rules.DecideRMA, false, in(RMAShipped)},
	RMAWait:     {rules.DecideRMA, false, in(RMAShipped)},
	RMAReceive:  {rules.DecideRMA, false, sent},
	RMAInspect:  {rules.DecideRMA, false, sent},
	RMAKeepUnit: {rules.DecideRMA, false, in(RMAAwaitingReturn, RMAOverdue)},
	RMABill:     {rules.DecideRMA, false, in(RMAOverdue, RMAInspected)},
	RMAWaive:    {rules.DecideRMA, true, in(RMAOverdue, RMAInspected, RMANonReturnBilled)},
	RMATell: {rules.DecideRMA, false, func(f RMAFacts, _ RMAState, _ OutboundState) bool {
		return len(f.FactsToTell()) > 0
	}},
	RMATakeBack: {rules.DecideRMA, false, func(f RMAFacts, _ RMAState, _ OutboundState) bool {
		return len(f.FactsToTakeBack()) > 0
	}},
}

// MayGiveRMA decides whether a role may ever give a command to an RMA, whatever its
// state: it is asked also where the command was done before. It refuses with FORBIDDEN.
func MayGiveRMA(c RMACommand, role rules.Role) error {
	if g, ok := rmaGuards[c]; ok && g.permits(role) {
		return nil
	}
	return rules.Refuse(rules.Forbidden, "Your role may not do this with an RMA.",
		"Ask somebody who may: an administrator of the account, an agent, "+
			"or for waiving a fee a lead.")
}

// MayRMA decides who may give a command to an RMA and when. Errors in this order:
// FORBIDDEN, STATE_CONFLICT, RESHIP_LIMIT, PARCEL_NOT_LOST, FEE_NOT_DUE. What the
// command itself says is checked elsewhere.
func MayRMA(c RMACommand, role rules.Role, f RMAFacts, now time.Time) error {
	if err := MayGiveRMA(c, role); err != nil {
		return err
	}

	g, state := rmaGuards[c], f.State(now)
	switch {
	case !g.allowed(f, state, f.Outbound()):
		return rules.Refuse(rules.StateConflict, "Not possible in the present state, "+
			string(state)+".", "Read the RMA again and choose an action that its state allows.")
	case c == RMAReship && f.Reships > 0:
		return rules.Refuse(ReshipLimit, "A parcel was sent anew already.",
			"Look for the parcel with the carrier, or withdraw the RMA and request another one.")
	case c == RMAReship && !f.MayBeLost():
		return rules.Refuse(ParcelNotLost,
			"The carrier has had the parcel for less than the days after which it counts as lost.",
			"Wait until the task RMA_PARCEL_SILENT asks you, or record at the shipment "+
				"that the carrier has lost it or brings it back.")
	case c == RMABill && state == RMAOverdue &&
		(f.FeeConfirmAt == nil || now.Before(*f.FeeConfirmAt)):
		return rules.Refuse(FeeNotDue,
			"The fee may be confirmed from the fifth business day after the due day on.",
			"Wait until then; the unit may still come back.")
	}

	return nil
}

func (g rmaGuard) permits(role rules.Role) bool {
	if role == "SYSTEM" {
		return true
	}
	grant := rules.Allows(role, g.capability)
	return grant.Allowed() && (!g.full || grant == rules.GrantYes)
}

// RMACommandsFor lists what a role may do with an RMA now, in a fixed order.
func RMACommandsFor(role rules.Role, f RMAFacts, now time.Time) []RMACommand {
	var out []RMACommand
	for _, c := range []RMACommand{
		RMAApprove, RMAReject, RMAAppeal, RMAWithdraw, RMAUseSpare, RMAAllocate, RMABackorder,
		RMAReaddress, RMAShip, RMAReship, RMAWait, RMAReceive, RMAInspect, RMAKeepUnit, RMABill,
		RMAWaive, RMATell, RMATakeBack,
	} {
		if MayRMA(c, role, f, now) == nil {
			out = append(out, c)
		}
	}

	return out
}

// Codes with which an agent rejects a request for an RMA.
const (
	RejectNoDefect    = "NO_DEFECT"    // what was described is no defect, or it was mended
	RejectNotEligible = "NOT_ELIGIBLE" // such as damage by force
	RejectFraud       = "FRAUD_SUSPECTED"
	RejectNoAnswer    = "NO_ANSWER" // the customer did not help to find the fault
)

// UnknownRejectCode is the code that refuses a reason code outside RejectCodes.
const UnknownRejectCode = "UNKNOWN_REJECT_CODE"

// RejectCodes lists the codes.
func RejectCodes() []string {
	return []string{RejectNoDefect, RejectNotEligible, RejectFraud, RejectNoAnswer}
}

// CheckRejection refuses a rejection without a known code (VALIDATION_FAILED with
// UNKNOWN_REJECT_CODE), and a reason as CheckReason does.
func CheckRejection(code, reason string) error {
	if !slices.Contains(RejectCodes(), code) {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/code",
			Code:    UnknownRejectCode,
			Message: "There is no such code.",
			Remedy:  "Send NO_DEFECT, NOT_ELIGIBLE, FRAUD_SUSPECTED or NO_ANSWER.",
		}})
	}

	return rules.CheckReason(reason)
}

// NotLikeForLike is the code that refuses a unit of another model, or a lesser one
// (R88c).
const NotLikeForLike = "NOT_LIKE_FOR_LIKE"

// better lists, for a model, the models that may be sent in its place when it is out of
// stock: they do at least what it does and fit the same room (S21).
var better = map[string][]string{
	"MEETUP":         {"RALLY-BAR-MINI", "RALLY-BAR"},
	"RALLY-BAR-MINI": {"RALLY-BAR"},
	"RALLY":          {"RALLY-PLUS"},
}

// BetterModels lists the models that may be sent in place of one, the nearest
// first; the model itself is not among them.
func BetterModels(code string) []string {
	return slices.Clone(better[catalogue.NormaliseModelCode(code)])
}

// SameOrBetter refuses with NOT_LIKE_FOR_LIKE a replacement of a lesser or an
// unrelated model (R88c, S21).
func SameOrBetter(faulty, replacement string) error {
	faulty, replacement = catalogue.NormaliseModelCode(faulty),
		catalogue.NormaliseModelCode(replacement)
	if replacement == faulty || slices.Contains(better[faulty], replacement) {
		return nil
	}

	return rules.Refuse(NotLikeForLike,
		"The replacement is of another model, and none that is known as a better one.",
		"Send the same model, or one that does at least as much.")
}

// SameModel refuses with NOT_LIKE_FOR_LIKE a spare of another model: a swap on
// site is like for like (R88c).
func SameModel(faulty, spare string) error {
	if catalogue.NormaliseModelCode(faulty) == catalogue.NormaliseModelCode(spare) {
		return nil
	}
	return rules.Refuse(NotLikeForLike, "The spare is of another model than the faulty device.",
		"Use a spare of the same model, or request a shipment.")
}
