package rma

import (
	"slices"

	"roomcover.dev/roomcover/rules"
)

// States of an RMA (RULES 2). The outbound and the return track are independent of
// each other; the overall state is derived from both.
type (
	RMAState      string
	OutboundState string
	ReturnState   string
)

// Overall states of an RMA. DELIVERED and SWAPPED lead to AWAITING_RETURN at once,
// so they are states of the outbound track only.
const (
	RMARequested       RMAState = "REQUESTED"
	RMAApproved        RMAState = "APPROVED"
	RMARejected        RMAState = "REJECTED"
	RMAWithdrawn       RMAState = "WITHDRAWN"
	RMABackordered     RMAState = "BACKORDERED"
	RMAAllocated       RMAState = "ALLOCATED"
	RMAShipped         RMAState = "SHIPPED"
	RMAAwaitingReturn  RMAState = "AWAITING_RETURN"
	RMAReturnInTransit RMAState = "RETURN_IN_TRANSIT"
	RMAReturnReceived  RMAState = "RETURN_RECEIVED"
	RMAOverdue         RMAState = "OVERDUE"
	RMANonReturnBilled RMAState = "NON_RETURN_BILLED"
	RMANoReturn        RMAState = "NO_RETURN_REQUIRED"
	RMAInspected       RMAState = "INSPECTED"
	RMAClosed          RMAState = "CLOSED"
)

// RMAStates lists the overall states.
func RMAStates() []RMAState {
	return []RMAState{
		RMARequested, RMAApproved, RMARejected, RMAWithdrawn, RMABackordered, RMAAllocated,
		RMAShipped, RMAAwaitingReturn, RMAReturnInTransit, RMAReturnReceived, RMAOverdue,
		RMANonReturnBilled, RMANoReturn, RMAInspected, RMAClosed,
	}
}

// Over reports whether nothing is left to do: the device may have another RMA. A
// unit that comes back after it was billed, or an appeal, opens the RMA again.
func (s RMAState) Over() bool {
	switch s {
	case RMARejected, RMAWithdrawn, RMANonReturnBilled, RMANoReturn, RMAClosed:
		return true
	}
	return false
}

// States of the outbound track.
const (
	OutboundRequested   OutboundState = "REQUESTED"
	OutboundApproved    OutboundState = "APPROVED"
	OutboundRejected    OutboundState = "REJECTED"
	OutboundWithdrawn   OutboundState = "WITHDRAWN"
	OutboundBackordered OutboundState = "BACKORDERED"
	OutboundAllocated   OutboundState = "ALLOCATED"
	OutboundShipped     OutboundState = "SHIPPED"
	OutboundDelivered   OutboundState = "DELIVERED"
	OutboundSwapped     OutboundState = "SWAPPED"
)

// OutboundStates lists the states of the outbound track.
func OutboundStates() []OutboundState {
	return []OutboundState{
		OutboundRequested,
		OutboundApproved,
		OutboundRejected,
		OutboundWithdrawn,
		OutboundBackordered,
		OutboundAllocated,
		OutboundShipped,
		OutboundDelivered,
		OutboundSwapped,
	}
}

// Done reports whether the customer has a working unit.
func (s OutboundState) Done() bool { return s == OutboundDelivered || s == OutboundSwapped }

// waiting reports whether a replacement is still to come.
func (s OutboundState) waiting() bool {
	return !s.Done() && s != OutboundRejected && s != OutboundWithdrawn && s != OutboundRequested
}

// States of the return track.
const (
	ReturnNotDue      ReturnState = "NOT_DUE"
	ReturnAwaited     ReturnState = "AWAITING_RETURN"
	ReturnOverdue     ReturnState = "OVERDUE"
	ReturnInTransit   ReturnState = "RETURN_IN_TRANSIT"
	ReturnReceived    ReturnState = "RETURN_RECEIVED"
	ReturnInspected   ReturnState = "INSPECTED"
	ReturnNotRequired ReturnState = "NO_RETURN_REQUIRED"
	ReturnBilled      ReturnState = "NON_RETURN_BILLED"
)

// ReturnStates lists the states of the return track.
func ReturnStates() []ReturnState {
	return []ReturnState{
		ReturnNotDue,
		ReturnAwaited,
		ReturnOverdue,
		ReturnInTransit,
		ReturnReceived,
		ReturnInspected,
		ReturnNotRequired,
		ReturnBilled,
	}
}

// RMAOutcome is what the depot's inspection found.
type RMAOutcome string

// The outcomes. Only the faulty unit itself ends the return: a wrong unit leaves it
// outstanding, and damage waits for the decision about its fee.
const (
	OutcomeDefect    RMAOutcome = "DEFECT"
	OutcomeNoFault   RMAOutcome = "NO_FAULT_FOUND"
	OutcomeDamage    RMAOutcome = "DAMAGE"
	OutcomeWrongUnit RMAOutcome = "WRONG_UNIT"
)

// Valid reports whether there is such an outcome.
func (o RMAOutcome) Valid() bool {
	return o == OutcomeDefect || o == OutcomeNoFault || o == OutcomeDamage || o == OutcomeWrongUnit
}

// RMAFee is the state of an RMA's fee.
type RMAFee string

// The states of the fee.
const (
	FeeNone     RMAFee = "NONE"
	FeeAsked    RMAFee = "ASKED"    // an operator has to decide
	FeeBilled   RMAFee = "BILLED"   // finance was told
	FeeCredited RMAFee = "CREDITED" // billed, and the unit came back late (S22)
	FeeWaived   RMAFee = "WAIVED"
)

// The states of an RMA are derived from its facts (RMAFacts), so nothing asks these
// tables whether a change is allowed: the commands' guards do that. They write down
// which changes the derivation makes of what happens step by step, for people to read
// (docs/processes.md); a test goes through every course that an RMA can take and finds
// exactly these arrows. What a carrier reports late or out of order takes several of
// them at once: see CanReach.

// A spare that is used at once, and a replacement that arrives, lead to the return.
// After a parcel that is declared lost the customer waits for another one. What the
// carrier had when it was withdrawn goes on (S10). A unit that need not come back, or
// was billed, may still come back (S22).
var rmaMoves = map[RMAState][]RMAState{
	"":                 {RMARequested},
	RMARequested:       {RMAApproved, RMARejected, RMAWithdrawn, RMAAwaitingReturn},
	RMARejected:        {RMARequested},
	RMAWithdrawn:       {RMAShipped},
	RMAApproved:        {RMAAllocated, RMABackordered, RMAWithdrawn, RMAAwaitingReturn},
	RMABackordered:     {RMAAllocated, RMAWithdrawn, RMAAwaitingReturn},
	RMAAllocated:       {RMAShipped, RMAWithdrawn, RMAAwaitingReturn},
	RMAShipped:         {RMAAwaitingReturn, RMAApproved, RMAWithdrawn},
	RMAAwaitingReturn:  {RMAReturnInTransit, RMAReturnReceived, RMAOverdue, RMANoReturn},
	RMAOverdue:         {RMAReturnInTransit, RMAReturnReceived, RMANonReturnBilled, RMANoReturn},
	RMAReturnInTransit: {RMAReturnReceived},
	RMAReturnReceived: {
		RMAClosed, RMAInspected, RMAAwaitingReturn, RMANonReturnBilled, RMANoReturn,
	},
	RMAInspected:       {RMAClosed},
	RMANonReturnBilled: {RMAReturnInTransit, RMAReturnReceived, RMANoReturn},
	RMANoReturn:        {RMAReturnInTransit, RMAReturnReceived, RMAInspected, RMAClosed},
}

// A parcel that was on its way when the customer used a spare may still arrive.
var outboundMoves = map[OutboundState][]OutboundState{
	"":                {OutboundRequested},
	OutboundRequested: {OutboundApproved, OutboundRejected, OutboundWithdrawn, OutboundSwapped},
	OutboundRejected:  {OutboundRequested},
	OutboundWithdrawn: {OutboundShipped},
	OutboundApproved: {
		OutboundAllocated, OutboundBackordered, OutboundWithdrawn, OutboundSwapped,
	},
	OutboundBackordered: {OutboundAllocated, OutboundWithdrawn, OutboundSwapped},
	OutboundAllocated:   {OutboundShipped, OutboundWithdrawn, OutboundSwapped},
	OutboundShipped:     {OutboundDelivered, OutboundApproved, OutboundWithdrawn},
	OutboundSwapped:     {OutboundDelivered},
}

// A wrong unit that the depot looked at leaves the return where it stood before:
// awaited, billed or not required.
var returnMoves = map[ReturnState][]ReturnState{
	"":                {ReturnNotDue},
	ReturnNotDue:      {ReturnAwaited},
	ReturnAwaited:     {ReturnInTransit, ReturnReceived, ReturnOverdue, ReturnNotRequired},
	ReturnOverdue:     {ReturnInTransit, ReturnReceived, ReturnBilled, ReturnNotRequired},
	ReturnInTransit:   {ReturnReceived},
	ReturnReceived:    {ReturnInspected, ReturnAwaited, ReturnBilled, ReturnNotRequired},
	ReturnBilled:      {ReturnInTransit, ReturnReceived, ReturnNotRequired},
	ReturnNotRequired: {ReturnInTransit, ReturnReceived, ReturnInspected},
}

// CanBecome reports whether an RMA gets from one state to the next by one step.
func (s RMAState) CanBecome(next RMAState) bool { return slices.Contains(rmaMoves[s], next) }

// CanBecome reports whether the outbound track gets to the next state by one step.
func (s OutboundState) CanBecome(next OutboundState) bool {
	return slices.Contains(outboundMoves[s], next)
}

// CanBecome reports whether the return track gets to the next state by one step.
func (s ReturnState) CanBecome(next ReturnState) bool {
	return slices.Contains(returnMoves[s], next)
}

// CanReach reports whether next follows from the state by one step or more.
func (s RMAState) CanReach(next RMAState) bool { return rules.Reaches(rmaMoves, s, next) }

// CanReach reports whether next follows from the state by one step or more.
func (s OutboundState) CanReach(next OutboundState) bool {
	return rules.Reaches(outboundMoves, s, next)
}

// CanReach reports whether next follows from the state by one step or more.
func (s ReturnState) CanReach(next ReturnState) bool { return rules.Reaches(returnMoves, s, next) }
