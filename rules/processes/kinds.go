// Package processes names what can be under way, the states that it goes through, and
// what it waits for in each of them. The states and their arrows are those of package
// rules and its rooms; docs/processes.md draws them and says each of them in a sentence.
package processes

import (
	"slices"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/rules/ticket"
)

// Kind is the kind of something under way.
type Kind string

// The kinds.
const (
	Order      Kind = "ORDER"
	Invitation Kind = "INVITATION"
	RMA        Kind = "RMA"
	Spare      Kind = "SPARE"
	Shipment   Kind = "SHIPMENT"
	CSM        Kind = "CSM"     // an account without a customer success manager (R35e)
	Contact    Kind = "CONTACT" // a person of whom an account's administrators were asked (S15)
	Ticket     Kind = "TICKET"
	Task       Kind = "TASK" // a task of an operator, which only an agenda lists
)

// Kinds are the kinds of process, in the order in which people meet them. A task is none: a process
// raises it.
func Kinds() []Kind {
	return []Kind{Order, Invitation, Contact, CSM, RMA, Spare, Shipment, Ticket}
}

// The things for which a process waits.
const (
	WaitsForDecision     = "REVIEW_DECISION"
	WaitsForFulfilment   = "FULFILMENT"
	WaitsForWindow       = "CANCELLATION_WINDOW"
	WaitsForCompensation = "CANCELLATION_STEPS"
	WaitsForSending      = "SENDING"
	WaitsForAcceptance   = "ACCEPTANCE"
	WaitsForMailCheck    = "MAIL_CHECK" // whether a mail arrived, by an operator
	WaitsForNewAddress   = "NEW_ADDRESS"
	WaitsForStock        = "STOCK"
	WaitsForShipping     = "SHIPPING"
	WaitsForDelivery     = "DELIVERY"
	WaitsForLossDecision = "LOSS_DECISION"
	WaitsForReturn       = "RETURN"
	WaitsForReturnParcel = "RETURN_PARCEL"
	WaitsForInspection   = "INSPECTION"
	WaitsForFeeDecision  = "FEE_DECISION"
	WaitsForBooking      = "BOOKING"
	WaitsForCallOff      = "CALL_OFF" // the carrier was asked to leave it
	WaitsForPickUp       = "PICK_UP"
	WaitsForSpareChoice  = "SPARE_CHOICE" // of model and site, by a CSM
	WaitsForAgreement    = "AGREEMENT"    // of the customer, to model and site
	WaitsForCSM          = "CSM_ASSIGNMENT"
	WaitsForAnswer       = "ANSWER"          // of the administrators, about a person (S15)
	WaitsForOperator     = "OPERATOR_ACTION" // of a task
	WaitsForFirstAnswer  = "FIRST_ANSWER"    // of a person of ours, to a ticket
	WaitsForSupport      = "SUPPORT"
	WaitsForCustomer     = "CUSTOMER"
	WaitsForThirdParty   = "THIRD_PARTY"
	WaitsForReplacement  = "REPLACEMENT"
	WaitsForReopening    = "REOPENING" // a resolved ticket closes by itself
)

// The parties that have to act.
const (
	ByOperator = "OPERATOR"
	ByCustomer = "CUSTOMER"
	ByCarrier  = "CARRIER"
	BySystem   = "SYSTEM"
	ByNobody   = "NOBODY"
)

// Situation is what something waits for in a state, and who has to act.
type Situation struct {
	Kind     Kind
	State    string
	WaitsFor string
	Actor    string
}

// situations are all in which something is under way. The query that lists what is
// under way answers with these and no others, which a test holds.
var situations = []Situation{
	{Order, string(rules.OrderReceived), WaitsForFulfilment, BySystem},
	{Order, string(rules.OrderNeedsReview), WaitsForDecision, ByOperator},
	{Order, string(rules.OrderAccepted), WaitsForFulfilment, BySystem},
	{Order, string(rules.OrderProvisioning), WaitsForFulfilment, BySystem},
	{Order, string(rules.OrderFulfilled), WaitsForWindow, ByNobody},
	{Order, string(rules.OrderPartiallyCancelled), WaitsForWindow, ByNobody},
	{Order, string(rules.OrderPartiallyCancelled), WaitsForCompensation, BySystem},
	{Order, string(rules.OrderCancelled), WaitsForCompensation, BySystem},

	{Invitation, string(rules.InvitationIssued), WaitsForSending, BySystem},
	{Invitation, string(rules.InvitationIssued), WaitsForMailCheck, ByOperator},
	{Invitation, string(rules.InvitationSent), WaitsForAcceptance, ByCustomer},
	{Invitation, string(rules.InvitationBounced), WaitsForNewAddress, ByOperator},

	{RMA, string(rma.RMARequested), WaitsForDecision, ByOperator},
	{RMA, string(rma.RMAApproved), WaitsForStock, ByOperator},
	{RMA, string(rma.RMABackordered), WaitsForStock, ByOperator},
	{RMA, string(rma.RMAAllocated), WaitsForShipping, ByOperator},
	{RMA, string(rma.RMAShipped), WaitsForDelivery, ByCarrier},
	{RMA, string(rma.RMAShipped), WaitsForLossDecision, ByOperator},
	{RMA, string(rma.RMAAwaitingReturn), WaitsForReturn, ByCustomer},
	{RMA, string(rma.RMAOverdue), WaitsForReturn, ByCustomer},
	{RMA, string(rma.RMAOverdue), WaitsForFeeDecision, ByOperator},
	{RMA, string(rma.RMAReturnInTransit), WaitsForReturnParcel, ByCarrier},
	{RMA, string(rma.RMAReturnReceived), WaitsForInspection, ByOperator},
	{RMA, string(rma.RMAInspected), WaitsForFeeDecision, ByOperator},

	{Spare, string(spare.SpareEarned), WaitsForSpareChoice, ByOperator},
	{Spare, string(spare.SpareSelectionPending), WaitsForSpareChoice, ByOperator},
	{Spare, string(spare.SpareSelectionPending), WaitsForAgreement, ByCustomer},
	{Spare, string(spare.SpareApproved), WaitsForShipping, ByOperator},
	{Spare, string(spare.SpareShipped), WaitsForDelivery, ByCarrier},
	{Spare, string(spare.SpareConsumed), WaitsForDecision, ByOperator},
	{Spare, string(spare.SpareReplenishing), WaitsForShipping, ByOperator},
	{Spare, string(spare.SpareReplenishing), WaitsForDelivery, ByCarrier},
	{Spare, string(spare.SpareRecallRequested), WaitsForReturn, ByCustomer},
	{Spare, string(spare.SpareRecallRequested), WaitsForReturnParcel, ByCarrier},
	{Spare, string(spare.SpareRecallRequested), WaitsForFeeDecision, ByOperator},

	{Shipment, string(shipping.ShipmentCreated), WaitsForBooking, ByCarrier},
	// without the service
	{Shipment, string(shipping.ShipmentCreated), WaitsForBooking, ByOperator},
	{Shipment, string(shipping.ShipmentCreated), WaitsForCallOff, ByCarrier},
	{Shipment, string(shipping.ShipmentLabelled), WaitsForPickUp, ByCarrier},
	{Shipment, string(shipping.ShipmentLabelled), WaitsForPickUp, ByCustomer}, // what comes back
	{Shipment, string(shipping.ShipmentLabelled), WaitsForCallOff, ByCarrier},
	{Shipment, string(shipping.ShipmentPickedUp), WaitsForDelivery, ByCarrier},
	{Shipment, string(shipping.ShipmentInTransit), WaitsForDelivery, ByCarrier},
	{Shipment, string(shipping.ShipmentException), WaitsForDelivery, ByCarrier},

	{Ticket, string(ticket.New), WaitsForFirstAnswer, ByOperator},
	{Ticket, string(ticket.Open), WaitsForSupport, ByOperator},
	{Ticket, string(ticket.InProgress), WaitsForSupport, ByOperator},
	{Ticket, string(ticket.PendingCustomer), WaitsForCustomer, ByCustomer},
	{Ticket, string(ticket.PendingThirdParty), WaitsForThirdParty, ByNobody},
	{Ticket, string(ticket.PendingRMA), WaitsForReplacement, ByOperator},
	{Ticket, string(ticket.PendingRMA), WaitsForReplacement, ByCarrier},
	{Ticket, string(ticket.Resolved), WaitsForReopening, ByNobody},

	{CSM, taskOpen, WaitsForCSM, ByOperator},

	{Contact, questionOpen, WaitsForAnswer, ByCustomer},
	{Contact, questionOpen, WaitsForDecision, ByOperator},
}

// States of the task that asks for a customer success manager.
const (
	taskOpen = "OPEN"
	taskDone = "DONE"
)

// States of a question about a person whom an order names.
const (
	questionOpen      = "OPEN"
	questionConfirmed = "CONFIRMED"
	questionRefused   = "REFUSED"
)

// Situations lists all in which something is under way.
func Situations() []Situation { return slices.Clone(situations) }

// KnownWait reports whether something under way can wait for this.
func KnownWait(what string) bool {
	return slices.ContainsFunc(situations, func(s Situation) bool { return s.WaitsFor == what })
}
