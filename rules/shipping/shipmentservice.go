package shipping

import (
	"roomcover.dev/roomcover/rules/calendar"
)

// ShipmentService is how fast the carrier is asked to move a parcel.
type ShipmentService string

// The services; none for a parcel that a person hands to a carrier of its own choice.
const (
	ServiceExpress  ShipmentService = "EXPRESS"  // the next business day
	ServiceStandard ShipmentService = "STANDARD" // three business days
)

// Valid tells whether there is such a service.
func (s ShipmentService) Valid() bool { return s == ServiceExpress || s == ServiceStandard }

// ServiceFor is the service that keeps what a speed promises: STANDARD takes three
// business days.
func ServiceFor(speed calendar.RMASpeed) ShipmentService {
	if days, ok := speed.BusinessDays(); ok && days < 3 {
		return ServiceExpress
	}
	return ServiceStandard
}

// Outward tells whether a parcel goes from a depot to a site; the others come back.
func (d ShipmentDirection) Outward() bool { return d == ShipOut || d == ShipSpare }
