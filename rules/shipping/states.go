package shipping

import (
	"slices"

	"roomcover.dev/roomcover/rules"
)

// ShipmentState says how far a shipment has come (RULES 2).
type ShipmentState string

// Shipment states.
const (
	ShipmentCreated          ShipmentState = "CREATED"
	ShipmentLabelled         ShipmentState = "LABELLED"
	ShipmentPickedUp         ShipmentState = "PICKED_UP"
	ShipmentInTransit        ShipmentState = "IN_TRANSIT"
	ShipmentDelivered        ShipmentState = "DELIVERED"
	ShipmentException        ShipmentState = "EXCEPTION"
	ShipmentLost             ShipmentState = "LOST"
	ShipmentReturnedToSender ShipmentState = "RETURNED_TO_SENDER"
	ShipmentCancelled        ShipmentState = "CANCELLED"
)

// ShipmentStates lists the states of a shipment.
func ShipmentStates() []ShipmentState {
	return []ShipmentState{
		ShipmentCreated,
		ShipmentLabelled,
		ShipmentPickedUp,
		ShipmentInTransit,
		ShipmentDelivered,
		ShipmentException,
		ShipmentLost,
		ShipmentReturnedToSender,
		ShipmentCancelled,
	}
}

// ShipmentDirection says what a shipment is for.
type ShipmentDirection string

// The directions: a replacement to the customer, the faulty unit back, a spare to
// the site, a spare that is recalled.
const (
	ShipOut    ShipmentDirection = "OUT"
	ShipReturn ShipmentDirection = "RETURN"
	ShipSpare  ShipmentDirection = "SPARE"
	ShipRecall ShipmentDirection = "RECALL"
)

// Valid reports whether there is such a direction.
func (d ShipmentDirection) Valid() bool {
	return d == ShipOut || d == ShipReturn || d == ShipSpare || d == ShipRecall
}

// An exception that is solved lets the parcel go on, else one wrong door bell
// would end a shipment: these two arrows are ours.
var shipmentMoves = map[ShipmentState][]ShipmentState{
	"":                {ShipmentCreated},
	ShipmentCreated:   {ShipmentLabelled, ShipmentCancelled},
	ShipmentLabelled:  {ShipmentPickedUp, ShipmentException, ShipmentCancelled},
	ShipmentPickedUp:  {ShipmentInTransit, ShipmentException},
	ShipmentInTransit: {ShipmentDelivered, ShipmentException},
	ShipmentException: {
		ShipmentInTransit, ShipmentDelivered, ShipmentLost, ShipmentReturnedToSender,
	},
}

// CanBecome reports whether a shipment moves to next in one step. A carrier leaves
// out scans, so what is stored may take several steps at once: see CanReach.
func (s ShipmentState) CanBecome(next ShipmentState) bool {
	return slices.Contains(shipmentMoves[s], next)
}

// CanReach reports whether next follows from the state by one step or more.
func (s ShipmentState) CanReach(next ShipmentState) bool {
	return rules.Reaches(shipmentMoves, s, next)
}

// Live reports whether the parcel may still arrive as planned; an RMA has at most
// one live shipment in each direction.
func (s ShipmentState) Live() bool { return s != "" && len(shipmentMoves[s]) > 0 }

// Cancellable reports whether the shipment may be cancelled: nobody has picked it up.
func (s ShipmentState) Cancellable() bool { return s.CanBecome(ShipmentCancelled) }
