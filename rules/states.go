package rules

import "slices"

// States of the order, the contract, the licence, the invitation, the mail and
// the membership (RULES 2). Their strings stand in the database and in the API.
type (
	OrderState        string
	ContractState     string
	LicenceState      string
	InvitationState   string
	NotificationState string
	MembershipState   string
)

// OrderStates lists the states of an order.
func OrderStates() []OrderState {
	return []OrderState{
		OrderReceived,
		OrderNeedsReview,
		OrderAccepted,
		OrderRejected,
		OrderProvisioning,
		OrderFulfilled,
		OrderPartiallyCancelled,
		OrderCancelled,
	}
}

// ContractStates lists the states of a contract that are stored.
func ContractStates() []ContractState {
	return []ContractState{
		ContractPendingStart,
		ContractActive,
		ContractSuspended,
		ContractExpired,
		ContractCancelled,
	}
}

// LicenceStates lists the states of a licence.
func LicenceStates() []LicenceState {
	return []LicenceState{
		LicenceAvailable,
		LicenceAssigned,
		LicenceExpired,
		LicenceRevoked,
	}
}

// InvitationStates lists the states of an invitation.
func InvitationStates() []InvitationState {
	return []InvitationState{
		InvitationIssued,
		InvitationSent,
		InvitationBounced,
		InvitationAccepted,
		InvitationHasExpired,
		InvitationWasReplaced,
		InvitationWasWithdrawn,
	}
}

// NotificationStates lists the states of a mail.
func NotificationStates() []NotificationState {
	return []NotificationState{
		NotificationQueued,
		NotificationSending,
		NotificationSent,
		NotificationDelivered,
		NotificationSoftFail,
		NotificationHardBounced,
		NotificationSuppressed,
		NotificationUnknown,
	}
}

// Order states.
const (
	OrderReceived           OrderState = "RECEIVED"
	OrderNeedsReview        OrderState = "NEEDS_REVIEW"
	OrderAccepted           OrderState = "ACCEPTED"
	OrderRejected           OrderState = "REJECTED"
	OrderProvisioning       OrderState = "PROVISIONING"
	OrderFulfilled          OrderState = "FULFILLED"
	OrderPartiallyCancelled OrderState = "PARTIALLY_CANCELLED"
	OrderCancelled          OrderState = "CANCELLED"
)

// Contract states. "Expiring" and "processing" are derived, never stored; the
// latter is an order that is accepted and not fulfilled (R111c).
const (
	ContractProcessing   ContractState = "PROCESSING"
	ContractPendingStart ContractState = "PENDING_START"
	ContractActive       ContractState = "ACTIVE"
	ContractSuspended    ContractState = "SUSPENDED"
	ContractExpired      ContractState = "EXPIRED"
	ContractCancelled    ContractState = "CANCELLED"
)

// Licence states.
const (
	LicenceAvailable LicenceState = "AVAILABLE"
	LicenceAssigned  LicenceState = "ASSIGNED"
	LicenceExpired   LicenceState = "EXPIRED"
	LicenceRevoked   LicenceState = "REVOKED"
)

// Invitation states.
const (
	InvitationIssued       InvitationState = "ISSUED"
	InvitationSent         InvitationState = "SENT"
	InvitationBounced      InvitationState = "BOUNCED"
	InvitationAccepted     InvitationState = "ACCEPTED"
	InvitationHasExpired   InvitationState = "EXPIRED"
	InvitationWasReplaced  InvitationState = "SUPERSEDED"
	InvitationWasWithdrawn InvitationState = "REVOKED"
)

// Notification states. UNKNOWN is a crash after SMTP's DATA: it is never sent
// again by itself.
const (
	NotificationQueued      NotificationState = "QUEUED"
	NotificationSending     NotificationState = "SENDING"
	NotificationSent        NotificationState = "SENT"
	NotificationDelivered   NotificationState = "DELIVERED"
	NotificationSoftFail    NotificationState = "SOFT_FAIL"
	NotificationHardBounced NotificationState = "HARD_BOUNCED"
	NotificationSuppressed  NotificationState = "SUPPRESSED"
	NotificationUnknown     NotificationState = "UNKNOWN"
)

// Membership states.
const (
	MembershipActive    MembershipState = "ACTIVE"
	MembershipSuspended MembershipState = "SUSPENDED"
	MembershipRemoved   MembershipState = "REMOVED"
)

// An accepted order is fulfilled in one transaction: PROVISIONING is a state that nobody
// sees, and none is stored.
var orderMoves = map[OrderState][]OrderState{
	"":               {OrderReceived},
	OrderReceived:    {OrderNeedsReview, OrderAccepted},
	OrderNeedsReview: {OrderAccepted, OrderRejected},
	// back to review: another order opened the account meanwhile, for somebody else (S15)
	OrderAccepted: {OrderNeedsReview, OrderProvisioning, OrderFulfilled},
	// by mistake: an operator reopens it
	OrderRejected:           {OrderNeedsReview},
	OrderProvisioning:       {OrderFulfilled},
	OrderFulfilled:          {OrderPartiallyCancelled, OrderCancelled},
	OrderPartiallyCancelled: {OrderPartiallyCancelled, OrderCancelled},
}

// A suspended contract still ends at its end_at, else the sweep would leave it
// suspended for ever; and with the order that is cancelled, else it could be resumed.
var contractMoves = map[ContractState][]ContractState{
	"":                   {ContractPendingStart, ContractActive},
	ContractPendingStart: {ContractActive, ContractCancelled},
	ContractActive:       {ContractSuspended, ContractExpired, ContractCancelled},
	ContractSuspended:    {ContractActive, ContractExpired, ContractCancelled},
}

var licenceMoves = map[LicenceState][]LicenceState{
	"":               {LicenceAvailable},
	LicenceAvailable: {LicenceAssigned, LicenceExpired, LicenceRevoked},
	LicenceAssigned:  {LicenceAvailable, LicenceExpired, LicenceRevoked},
}

// An issued invitation may bounce at once (the SMTP server refuses it), expire
// while mail is down, or be accepted although we do not know that it was sent.
var invitationMoves = map[InvitationState][]InvitationState{
	"": {InvitationIssued},
	InvitationIssued: {InvitationSent, InvitationBounced, InvitationAccepted,
		InvitationHasExpired, InvitationWasReplaced, InvitationWasWithdrawn},
	InvitationSent: {InvitationBounced, InvitationAccepted,
		InvitationHasExpired, InvitationWasReplaced, InvitationWasWithdrawn},
	InvitationBounced:    {InvitationHasExpired, InvitationWasReplaced, InvitationWasWithdrawn},
	InvitationHasExpired: {InvitationWasReplaced},
}

// The moves out of UNKNOWN and HARD_BOUNCED are an operator's or a delivery report's,
// never the sender's own. A queued mail that was tried for too long counts as bounced.
var notificationMoves = map[NotificationState][]NotificationState{
	"":                 {NotificationQueued, NotificationSuppressed},
	NotificationQueued: {NotificationSending, NotificationSuppressed, NotificationHardBounced},
	NotificationSending: {NotificationSent, NotificationSoftFail, NotificationHardBounced,
		NotificationSuppressed, NotificationUnknown},
	NotificationSoftFail:    {NotificationQueued, NotificationHardBounced, NotificationSuppressed},
	NotificationSent:        {NotificationDelivered, NotificationHardBounced},
	NotificationHardBounced: {NotificationQueued},
	NotificationUnknown: {
		NotificationQueued, NotificationSent, NotificationDelivered, NotificationHardBounced,
	},
}

var membershipMoves = map[MembershipState][]MembershipState{
	"":                  {MembershipActive},
	MembershipActive:    {MembershipSuspended, MembershipRemoved},
	MembershipSuspended: {MembershipActive, MembershipRemoved},
}

// CanBecome reports whether an order may move to next; the zero state is "no order yet".
func (s OrderState) CanBecome(next OrderState) bool { return slices.Contains(orderMoves[s], next) }

// CanBecome reports whether a contract may move to next.
func (s ContractState) CanBecome(next ContractState) bool {
	return slices.Contains(contractMoves[s], next)
}

// CanBecome reports whether a licence may move to next.
func (s LicenceState) CanBecome(next LicenceState) bool {
	return slices.Contains(licenceMoves[s], next)
}

// CanBecome reports whether an invitation may move to next.
func (s InvitationState) CanBecome(next InvitationState) bool {
	return slices.Contains(invitationMoves[s], next)
}

// Live reports whether the invitation may still be accepted, its expiry aside;
// there is at most one live invitation per account and address.
func (s InvitationState) Live() bool { return s == InvitationIssued || s == InvitationSent }

// CanBecome reports whether a mail may move to next.
func (s NotificationState) CanBecome(next NotificationState) bool {
	return slices.Contains(notificationMoves[s], next)
}

// CanBecome reports whether a membership may move to next.
func (s MembershipState) CanBecome(next MembershipState) bool {
	return slices.Contains(membershipMoves[s], next)
}

// Reaches reports whether a state follows from another by one move or more.
func Reaches[S comparable](moves map[S][]S, from, to S) bool {
	seen := map[S]bool{}
	ahead := slices.Clone(moves[from])
	for len(ahead) > 0 {
		at := ahead[0]
		ahead = ahead[1:]
		if at == to {
			return true
		}
		if !seen[at] {
			seen[at] = true
			ahead = append(ahead, moves[at]...)
		}
	}

	return false
}

// Cancellable reports whether an order in this state may be cancelled, window and
// permission aside (R90).
func (s OrderState) Cancellable() bool { return s.CanBecome(OrderCancelled) }

// Move refuses a change of state that the rules do not know, with STATE_CONFLICT.
func Move[S interface {
	~string
	CanBecome(S) bool
}](from, to S) error {
	if from.CanBecome(to) {
		return nil
	}
	return Refuse(StateConflict, "Not possible in the present state, "+string(from)+".",
		"Read the object again and choose an action that its state allows.")
}
