package licensing

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
)

// Codes of refused assignments.
const (
	NotAssignable      = "NOT_ASSIGNABLE"       // the service is not assigned to rooms (R39a)
	LicenceTaken       = "LICENCE_TAKEN"        // assigned to another room already (R39b)
	LicenceNotInForce  = "LICENCE_NOT_IN_FORCE" // expired, revoked or suspended
	RoomHasLicence     = "ROOM_HAS_LICENCE"     // one licence of a type per room (R39b)
	RoomIsArchived     = "ROOM_IS_ARCHIVED"     // S28
	WarrantyCapReached = "WARRANTY_CAP_REACHED" // strict switch (A4)
	TooFewLicences     = "TOO_FEW_LICENCES"     // fewer available ones than rooms named
)

// Codes of warnings at assignment (R125d).
const (
	WarnHardwareCapped  = "HARDWARE_CAPPED"       // cover ends before the contract
	WarnHardwareOverCap = "HARDWARE_OVER_CAP"     // too old already: support only
	WarnPurchaseUnknown = "PURCHASE_DATE_UNKNOWN" // RMA held until proof
)

// ServiceEnterprise is the newer plan with a largest number of rooms and no
// assignment. It is known to the schema and covers nothing yet (S37).
const ServiceEnterprise catalogue.ServiceType = "ENTERPRISE"

// AssignRequest is what is known when a licence is to be assigned to a room. The caller
// makes sure that both belong to one account (C5).
type AssignRequest struct {
	Service        catalogue.ServiceType
	LicenceState   rules.LicenceState
	ContractState  rules.ContractState
	ContractEnd    *time.Time // nil before it starts
	Now            time.Time
	RoomState      RoomState
	RoomHasLicence bool // an open assignment of a licence of the same service
}

// MayAssign decides whether a licence may be assigned to a room (R39a, R39b, S28),
// its country aside: see TermsForAssignment. Errors in this order: NOT_ASSIGNABLE,
// LICENCE_NOT_IN_FORCE, LICENCE_TAKEN, ROOM_IS_ARCHIVED, ROOM_HAS_LICENCE.
func MayAssign(q AssignRequest) error {
	over := q.ContractEnd != nil && !q.Now.Before(*q.ContractEnd)
	running := q.ContractState == rules.ContractPendingStart ||
		q.ContractState == rules.ContractActive

	switch {
	case !q.Service.AssignedToRooms():
		return rules.Refuse(NotAssignable, "This service is not assigned to rooms.",
			"Attach an extended warranty to a serial number instead.")
	case over || !running || q.LicenceState == rules.LicenceExpired ||
		q.LicenceState == rules.LicenceRevoked:
		return rules.Refuse(LicenceNotInForce, "The license is not in force.",
			"Choose a license of a contract that runs.")
	case q.LicenceState == rules.LicenceAssigned:
		return rules.Refuse(LicenceTaken, "The license is assigned to another room.",
			"Move it, or choose an available one.")
	case q.RoomState != RoomActive:
		return rules.Refuse(RoomIsArchived, "The room is archived.", "Choose an active room.")
	case q.RoomHasLicence:
		return rules.Refuse(RoomHasLicence, "The room has a license of this service.",
			"Choose another room.")
	}

	return nil
}

// CapWarning says that a device is covered for less than the contract (R125d).
type CapWarning struct {
	DeviceID string      `json:"device_id"`
	Code     string      `json:"code"`
	EndsOn   *civil.Date `json:"ends_on,omitempty"` // exclusive end of its hardware cover
}

// RoomDevice is a device in the room to which a licence is to be assigned.
type RoomDevice struct {
	ID       string
	Warranty cover.Warranty
}

// CapWarnings returns a warning for each device that the cap cuts off before the
// contract ends (R125d). today and contractEnd, which is exclusive, are local days.
func CapWarnings(devices []RoomDevice, today, contractEnd civil.Date, capYears int) []CapWarning {
	var warnings []CapWarning
	for _, d := range devices {
		capped, known := d.Warranty.CapOn(capYears)
		switch {
		case !known:
			warnings = append(warnings, CapWarning{DeviceID: d.ID, Code: WarnPurchaseUnknown})
		case !today.Before(capped):
			warnings = append(warnings, CapWarning{
				DeviceID: d.ID,
				Code:     WarnHardwareOverCap,
				EndsOn:   &capped,
			})
		case capped.Before(contractEnd):
			warnings = append(warnings, CapWarning{
				DeviceID: d.ID,
				Code:     WarnHardwareCapped,
				EndsOn:   &capped,
			})
		}
	}

	return warnings
}

// RefuseCapped turns warnings into a refusal where the program is strict (A4):
// WARRANTY_CAP_REACHED. By default devices are capped, with the warnings.
func RefuseCapped(warnings []CapWarning, strict bool) error {
	if strict && len(warnings) > 0 {
		return rules.Refuse(WarrantyCapReached,
			"The term is longer than the hardware in the room can be covered.",
			"Choose a shorter term, or newer devices.")
	}
	return nil
}

// AttachRequest is what is known when a unit of an extended warranty is to be attached
// to a serial number. The caller makes sure that both belong to one account (C5).
type AttachRequest struct {
	Service           catalogue.ServiceType
	LicenceState      rules.LicenceState
	ContractState     rules.ContractState
	ContractEnd       *time.Time // nil before it starts
	Now               time.Time
	SerialHasWarranty bool // another unit is attached to the serial
}

// MayAttach decides whether a unit may be attached to a serial number (R39a), its
// dates aside: see MayExtend. Errors in this order: NOT_ATTACHABLE,
// LICENCE_NOT_IN_FORCE, LICENCE_TAKEN, SERIAL_HAS_WARRANTY.
func MayAttach(q AttachRequest) error {
	over := q.ContractEnd != nil && !q.Now.Before(*q.ContractEnd)
	running := q.ContractState == rules.ContractPendingStart ||
		q.ContractState == rules.ContractActive

	switch {
	case q.Service != catalogue.ServiceExtWarranty:
		return rules.Refuse(cover.NotAttachable, "This service is not attached to serial numbers.",
			"Assign Select and SyncPlus to a room instead.")
	case over || !running || q.LicenceState == rules.LicenceExpired ||
		q.LicenceState == rules.LicenceRevoked:
		return rules.Refuse(LicenceNotInForce, "The extended warranty is not in force.",
			"Choose a unit of a contract that runs.")
	case q.LicenceState == rules.LicenceAssigned:
		return rules.Refuse(LicenceTaken, "This unit is attached to another serial number.",
			"Take it off first, or choose an available one.")
	case q.SerialHasWarranty:
		return rules.Refuse(cover.SerialHasWarranty,
			"An extended warranty is attached to this serial number.",
			"Detach that one first, or choose another device.")
	}

	return nil
}
