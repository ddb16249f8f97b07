package rma

import (
	"slices"

	"roomcover.dev/roomcover/rules"
)

// The states of an RMA are derived from its facts (RMAFacts), so nothing asks these
// tables whether a change is allowed: the commands' guards do that. They write down
// which changes the derivation makes of what happens step by step, for people to read
// (docs/processes.md); a test goes through every course that an RMA can take and finds
// exactly these arrows. What a carrier tells late or out of order takes several of
// them at once: see CanReach.

// A spare that is used at once, and a replacement that arrives, lead to the return. A
// parcel that is declared lost has the customer wait for another one. What the carrier
// had when it was withdrawn goes on (S10). What is not to come back, or was billed, may
// still come (S22).
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
