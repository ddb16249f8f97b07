package rma

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

// Over tells whether nothing is left to do: the device may have another RMA. A
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

// Done tells whether the customer has a working unit.
func (s OutboundState) Done() bool { return s == OutboundDelivered || s == OutboundSwapped }

// waiting tells whether a replacement is still to come.
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

// Valid tells whether there is such an outcome.
func (o RMAOutcome) Valid() bool {
	return o == OutcomeDefect || o == OutcomeNoFault || o == OutcomeDamage || o == OutcomeWrongUnit
}

// RMAFee tells where the fee of an RMA stands.
type RMAFee string

// The states of the fee.
const (
	FeeNone     RMAFee = "NONE"
	FeeAsked    RMAFee = "ASKED"    // an operator has to decide
	FeeBilled   RMAFee = "BILLED"   // finance was told
	FeeCredited RMAFee = "CREDITED" // billed, and the unit came back late (S22)
	FeeWaived   RMAFee = "WAIVED"
)
