package licensing

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
)

// AttachRequest is what is known when a unit of an extended warranty is to be
// attached to a serial number. That both belong to one account is for the caller
// to see to (C5).
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
			"Take that one off first, or choose another device.")
	}

	return nil
}
