package licensing

import (
	"slices"

	"roomcover.dev/roomcover/rules"
)

// States of rooms and devices (RULES 2). Health and cover of a room are derived,
// never stored.
type (
	RoomState   string
	DeviceState string
)

// Room states.
const (
	RoomActive   RoomState = "ACTIVE"
	RoomArchived RoomState = "ARCHIVED"
)

// Device states.
const (
	DeviceUnplaced    DeviceState = "UNPLACED"
	DeviceInRoom      DeviceState = "IN_ROOM"
	DeviceSpareOnSite DeviceState = "SPARE_ON_SITE"
	DeviceInRMA       DeviceState = "IN_RMA"
	DeviceReturned    DeviceState = "RETURNED"
	DeviceRetired     DeviceState = "RETIRED"
	DeviceLost        DeviceState = "LOST"
)

var roomMoves = map[RoomState][]RoomState{
	"":         {RoomActive},
	RoomActive: {RoomArchived},
}

// An unplaced device may retire at once, else a device that was thrown away would
// keep its serial claimed for ever (R27c); so may a lost one and one whose return
// the RMA does not ask for (NO_RETURN_REQUIRED). A spare is a device from the moment
// its serial is captured, and on site when it arrives; one that the operator leaves
// to the customer, or that is used where there is no room, is unplaced.
var deviceMoves = map[DeviceState][]DeviceState{
	"":                {DeviceUnplaced, DeviceInRoom, DeviceSpareOnSite},
	DeviceUnplaced:    {DeviceInRoom, DeviceSpareOnSite, DeviceInRMA, DeviceRetired, DeviceLost},
	DeviceInRoom:      {DeviceUnplaced, DeviceInRMA, DeviceLost},
	DeviceSpareOnSite: {DeviceInRoom, DeviceUnplaced, DeviceReturned, DeviceLost},
	DeviceInRMA:       {DeviceReturned, DeviceRetired, DeviceLost},
	DeviceReturned:    {DeviceRetired},
	DeviceLost:        {DeviceRetired},
}

// CanBecome tells whether a room may move to next.
func (s RoomState) CanBecome(next RoomState) bool { return slices.Contains(roomMoves[s], next) }

// CanBecome tells whether a device may move to next.
func (s DeviceState) CanBecome(next DeviceState) bool {
	return slices.Contains(deviceMoves[s], next)
}

// Live tells whether the device's serial is taken: no two live devices have the
// same one (R27c).
func (s DeviceState) Live() bool { return s != DeviceRetired && s != "" }

// Gone tells whether the device has left the customer for good, so that nothing
// covers it any more.
func (s DeviceState) Gone() bool {
	return s == DeviceReturned || s == DeviceRetired || s == DeviceLost
}

// RoomBusy is what refuses the archiving of a room with an open ticket or RMA (S28).
const RoomBusy = "ROOM_BUSY"

// MayArchiveRoom refuses to archive a room that has an open ticket or RMA, with
// ROOM_BUSY, and one that is not active, with STATE_CONFLICT (S28). An archived
// room releases its licences to the balance.
func MayArchiveRoom(state RoomState, openTickets, openRMAs int) error {
	if err := rules.Move(state, RoomArchived); err != nil {
		return err
	}
	if openTickets > 0 || openRMAs > 0 {
		return rules.Refuse(RoomBusy, "The room has an open ticket or RMA.",
			"Finish or withdraw it first.")
	}

	return nil
}
