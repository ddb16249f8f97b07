package shipping

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// ShipmentService is how fast the carrier is asked to move a parcel.
type ShipmentService string

// The services; none for a parcel that a person hands to a carrier of its own choice.
const (
	ServiceExpress  ShipmentService = "EXPRESS"  // the next business day
	ServiceStandard ShipmentService = "STANDARD" // three business days
)

// Valid reports whether there is such a service.
func (s ShipmentService) Valid() bool { return s == ServiceExpress || s == ServiceStandard }

// ServiceFor returns the service that keeps what a speed promises: STANDARD takes three
// business days.
func ServiceFor(speed calendar.RMASpeed) ShipmentService {
	if days, ok := speed.BusinessDays(); ok && days < 3 {
		return ServiceExpress
	}
	return ServiceStandard
}

// Outward reports whether a parcel goes from a depot to a site; the others come back.
func (d ShipmentDirection) Outward() bool { return d == ShipOut || d == ShipSpare }

// ScanKind is what a carrier, a depot or an operator reports about a parcel.
type ScanKind string

// The kinds of scan. Each but CREATED has a state of the same name.
const (
	ScanLabelled         ScanKind = "LABELLED"
	ScanPickedUp         ScanKind = "PICKED_UP"
	ScanInTransit        ScanKind = "IN_TRANSIT"
	ScanDelivered        ScanKind = "DELIVERED"
	ScanException        ScanKind = "EXCEPTION"
	ScanLost             ScanKind = "LOST"
	ScanReturnedToSender ScanKind = "RETURNED_TO_SENDER"
	ScanCancelled        ScanKind = "CANCELLED"
)

// ScanKinds lists the kinds.
func ScanKinds() []ScanKind {
	return []ScanKind{
		ScanLabelled, ScanPickedUp, ScanInTransit, ScanDelivered, ScanException, ScanLost,
		ScanReturnedToSender, ScanCancelled,
	}
}

// Valid reports whether there is such a kind.
func (k ScanKind) Valid() bool {
	for _, known := range ScanKinds() {
		if k == known {
			return true
		}
	}
	return false
}

// moved reports whether the carrier has the parcel, or had it: such a scan stops the
// clock of a return's fee (S22).
func (k ScanKind) moved() bool {
	return k == ScanPickedUp || k == ScanInTransit || k == ScanDelivered ||
		k == ScanReturnedToSender
}

// Scan is one fact about a parcel. At is when it happened, not when we heard. One whose
// instant cannot be true is Contradicted: it is kept, and nothing follows from it (S62).
type Scan struct {
	Kind         ScanKind
	At           time.Time
	Contradicted bool
}

// ShipmentProgress is what a set of scans amounts to. The instants are nil until
// the first such scan.
type ShipmentProgress struct {
	State       ShipmentState
	FirstMoveAt *time.Time // the first scan after which the carrier had it (S22)
	DeliveredAt *time.Time
	LastScanAt  *time.Time // for the silence after which a parcel counts as lost
	// Contradicted reports that scans exclude each other: the parcel moved after it was
	// cancelled, or was delivered and lost. So does a scan whose instant cannot be true,
	// until the carrier reports the same with one that can. A person has to look at it.
	Contradicted bool
}

// final are the scans that end a shipment, the strongest first: what arrived has
// arrived, whatever else was reported, and what was declared lost stays lost though a
// late scan comes in. So the state never depends on the order of arrival, and a
// shipment that ended never lives again beside the one that was sent instead.
var final = []ScanKind{ScanDelivered, ScanReturnedToSender, ScanLost, ScanCancelled}

// ProgressOf derives a shipment's state from what is known of it. Order and
// repetition of the scans do not matter.
func ProgressOf(scans []Scan) ShipmentProgress {
	first, last := map[ScanKind]time.Time{}, map[ScanKind]time.Time{}
	var p ShipmentProgress
	for _, s := range scans {
		if s.Contradicted {
			continue
		}

		if at, ok := first[s.Kind]; !ok || s.At.Before(at) {
			first[s.Kind] = s.At
		}
		if s.At.After(last[s.Kind]) {
			last[s.Kind] = s.At
		}

		p.LastScanAt = latest(p.LastScanAt, s.At)
		if s.Kind.moved() {
			p.FirstMoveAt = earliest(p.FirstMoveAt, s.At)
		}
	}

	if at, ok := first[ScanDelivered]; ok {
		p.DeliveredAt = &at
	}

	p.State, p.Contradicted = stateOf(first, last)
	p.Contradicted = p.Contradicted || uncorrected(scans, first)
	return p
}

// uncorrected reports whether a scan whose instant cannot be true stands alone: nobody
// has reported the same with another instant, and the parcel has not arrived.
func uncorrected(scans []Scan, believed map[ScanKind]time.Time) bool {
	if _, arrived := believed[ScanDelivered]; arrived {
		return false
	}
	return slices.ContainsFunc(scans, func(s Scan) bool {
		_, corrected := believed[s.Kind]
		return s.Contradicted && !corrected
	})
}

func stateOf(first, last map[ScanKind]time.Time) (state ShipmentState, contradicted bool) {
	ends := 0
	for _, k := range final {
		if _, ok := first[k]; !ok {
			continue
		}
		if ends++; ends == 1 {
			state = ShipmentState(k)
		}
	}

	if ends > 0 {
		return state, ends > 1 || state == ShipmentCancelled && anyMoved(first)
	}
	return underWay(last), false
}

func anyMoved(first map[ScanKind]time.Time) bool {
	for k := range first {
		if k.moved() {
			return true
		}
	}
	return false
}

// underWay is the state of a parcel that has not ended. An exception lasts until
// something that happened later shows the parcel moving.
func underWay(last map[ScanKind]time.Time) ShipmentState {
	moving, progress := time.Time{}, ShipmentCreated
	for _, k := range []ScanKind{ScanLabelled, ScanPickedUp, ScanInTransit} {
		at, ok := last[k]
		if !ok {
			continue
		}

		progress = ShipmentState(k)
		if k.moved() && at.After(moving) {
			moving = at
		}
	}

	trouble, ok := last[ScanException]
	switch {
	case ok && !moving.After(trouble):
		return ShipmentException
	case ok && progress == ShipmentPickedUp: // it goes on after the exception
		return ShipmentInTransit
	}

	return progress
}

func earliest(a *time.Time, b time.Time) *time.Time {
	if a == nil || b.Before(*a) {
		return &b
	}
	return a
}

func latest(a *time.Time, b time.Time) *time.Time {
	if a == nil || b.After(*a) {
		return &b
	}
	return a
}

// Codes of refusals about shipments.
const (
	ShipmentNotCancellable = "SHIPMENT_NOT_CANCELLABLE" // the carrier has it, or it has ended
	ShipmentLive           = "SHIPMENT_LIVE"            // one is under way already
	TrackingTaken          = "TRACKING_TAKEN"           // another parcel has the number
)

// MayCancelShipment refuses with SHIPMENT_NOT_CANCELLABLE what the carrier has
// picked up, and what has ended.
func MayCancelShipment(state ShipmentState) error {
	if state.Cancellable() {
		return nil
	}
	return rules.Refuse(ShipmentNotCancellable, "The shipment is with the carrier, or has ended.",
		"Wait for it; what arrives too much is sent back.")
}
