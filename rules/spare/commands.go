package spare

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// SpareCommand is what somebody decides about a spare unit.
type SpareCommand string

// The commands. That a customer uses a spare is a command of the RMA: see
// RMAUseSpare and MayUseSpare.
const (
	SpareSelect   SpareCommand = "select"    // the CSM names model and site
	SpareAgree    SpareCommand = "agree"     // the customer's
	SpareShip     SpareCommand = "ship"      // the warehouse captures the serial
	SpareReceive  SpareCommand = "receive"   // the depot has the recalled unit
	SpareBill     SpareCommand = "bill"      // confirms the fee of one that did not come back
	SpareWaive    SpareCommand = "waive"     // a lead's
	SpareTell     SpareCommand = "tell"      // passes on what a carrier or a depot said
	SpareTakeBack SpareCommand = "take_back" // what was told or typed is not true
)

// Codes of refusals about spare units.
const (
	// R88a: no model and ship-to, or the customer has not agreed
	SpareNotChosen   = "SPARE_NOT_CHOSEN"
	ModelNotDeployed = "MODEL_NOT_DEPLOYED" // R88b
)

type spareGuard struct {
	capability rules.Capability
	permits    func(rules.Grant) bool
	allowed    func(SpareFacts) bool
}

func grantIs(want rules.Grant) func(rules.Grant) bool {
	return func(g rules.Grant) bool { return g == want }
}

func recalled(f SpareFacts) bool { return f.State == SpareRecallRequested }

// spareGuards say who may give a command and in which state (RULES 2, RULES 4).
// Warehouse and depot act as agents; a CSM proposes and never agrees to it.
var spareGuards = map[SpareCommand]spareGuard{
	SpareSelect: {rules.ChooseSpare, grantIs(rules.GrantYes), func(f SpareFacts) bool {
		return f.State == SpareSelectionPending
	}},
	SpareAgree: {rules.ChooseSpare, grantIs(rules.GrantAgree), func(f SpareFacts) bool {
		return f.State == SpareSelectionPending
	}},
	SpareShip: {rules.DecideRMA, rules.Grant.Allowed, func(f SpareFacts) bool {
		return f.ToShip() || f.State == SpareEarned || f.State == SpareSelectionPending
	}},
	SpareReceive: {rules.DecideRMA, rules.Grant.Allowed, func(f SpareFacts) bool {
		return recalled(f) || f.State == SpareBilled
	}},
	SpareBill:  {rules.DecideRMA, rules.Grant.Allowed, recalled},
	SpareWaive: {rules.DecideRMA, grantIs(rules.GrantYes), recalled},
	SpareTell: {rules.DecideRMA, rules.Grant.Allowed, func(f SpareFacts) bool {
		return len(f.FactsToTell()) > 0
	}},
	SpareTakeBack: {rules.DecideRMA, rules.Grant.Allowed, func(f SpareFacts) bool {
		return len(f.FactsToTakeBack()) > 0
	}},
}

// MayGiveSpare decides whether a role may ever give a command to a spare unit, whatever
// its state, like rma.MayGiveRMA. It refuses with FORBIDDEN.
func MayGiveSpare(c SpareCommand, role rules.Role) error {
	g, ok := spareGuards[c]
	if ok && (role == "SYSTEM" || g.permits(rules.Allows(role, g.capability))) {
		return nil
	}
	return rules.Refuse(rules.Forbidden, "Your role may not do this with a spare.",
		"Ask somebody who may: a CSM to choose, an administrator of the account to agree, "+
			"an agent, or for waiving a fee a lead.")
}

// MaySpare decides who may give a command to a spare unit and when. Errors in this
// order: FORBIDDEN, STATE_CONFLICT, SPARE_NOT_CHOSEN, FEE_NOT_DUE.
func MaySpare(c SpareCommand, role rules.Role, f SpareFacts, now time.Time) error {
	if err := MayGiveSpare(c, role); err != nil {
		return err
	}

	switch g := spareGuards[c]; {
	case !g.allowed(f):
		return rules.Refuse(rules.StateConflict, "Not possible in the present state, "+
			string(f.State)+".", "Read the spare again and choose an action that its state allows.")
	case c == SpareAgree && f.SelectedAt == nil:
		return rules.Refuse(SpareNotChosen, "No model and site have been proposed.",
			"Wait until the CSM has chosen them.")
	case c == SpareShip && !f.ToShip():
		return rules.Refuse(SpareNotChosen,
			"The spare has no model and ship-to that the customer has agreed to.",
			"Have the CSM choose them, and the customer agree.")
	case c == SpareBill &&
		(f.RecallScannedAt != nil || f.RecallDueAt == nil || now.Before(*f.RecallDueAt)):
		return rules.Refuse(rma.FeeNotDue,
			"The fee may be confirmed once the recall is overdue and no carrier has the unit.",
			"Wait until then; the unit may still come back.")
	}

	return nil
}

// SpareCommandsFor lists what a role may do with a spare unit now, in a fixed order.
func SpareCommandsFor(role rules.Role, f SpareFacts, now time.Time) []SpareCommand {
	var out []SpareCommand
	for _, c := range []SpareCommand{
		SpareSelect, SpareAgree, SpareShip, SpareReceive, SpareBill, SpareWaive, SpareTell,
		SpareTakeBack,
	} {
		if MaySpare(c, role, f, now) == nil {
			out = append(out, c)
		}
	}

	return out
}

// MayUseSpare refuses with STATE_CONFLICT a unit that is not on site, as one that
// somebody else has just used, or that is recalled; and with NOT_LIKE_FOR_LIKE one
// of another model than the faulty device (R88c).
func MayUseSpare(f SpareFacts, faultyModel, spareModel string) error {
	if err := rules.Move(f.State, SpareConsumed); err != nil {
		return err
	}
	return rma.SameModel(faultyModel, spareModel)
}
