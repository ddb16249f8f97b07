package replacement

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
)

// moveDevices brings both devices in line with the facts (S24): with a working unit
// at the customer's, the replacement takes the room and the faulty one is in the
// RMA; at its end the faulty one is returned, retired or lost. Whatever order the
// facts came in, it looks at where they lead.
func (w *rmaChange) moveDevices() error {
	if w.DeviceID == nil {
		return nil
	}
	if w.takingBack != "" || w.feeWithdrawn {
		return w.moveDevicesBack()
	}

	doneBefore := w.before.RMAFacts.Outbound().Done()
	switch {
	case !doneBefore && w.RMAFacts.Outbound().Done():
		if err := w.swapDevices(); err != nil {
			return err
		}
	case doneBefore && w.before.ReplacementDeviceID == nil && w.ReplacementDeviceID != nil:
		if err := w.placeLate(); err != nil {
			return err
		}
	}

	if w.before.ReplacementDeviceID != nil {
		if err := w.endReplacement(*w.before.ReplacementDeviceID); err != nil {
			return err
		}
	}

	if end := w.faultyEnd(w.now); end != "" && end != w.before.faultyEnd(w.now) {
		return w.endDevice(*w.DeviceID, end)
	}

	return nil
}

// endReplacement ends a replacement whose serial was captured and that will not arrive.
// An unsent one goes back on the shelf, so that its serial is free; one in a lost
// parcel is lost.
func (w *rmaChange) endReplacement(id string) error {
	withdrawn := w.RMAFacts.Outbound() == rma.OutboundWithdrawn &&
		w.before.RMAFacts.Outbound() != rma.OutboundWithdrawn
	switch {
	case w.Reships > w.before.Reships:
		return w.endDevice(id, licensing.DeviceLost)
	case withdrawn:
		return w.endDevice(id, licensing.DeviceRetired)
	}

	return nil
}

// endDevice ends a device, and notes it.
func (w *rmaChange) endDevice(id string, end licensing.DeviceState) error {
	w.noteOf("device.ended", id, map[string]any{"state": end})
	return entitlement.EndDevice(w.tx, id, end)
}

// swapDevices takes the faulty device out of its room and puts the replacement
// there, unless somebody has placed it already.
func (w *rmaChange) swapDevices() error {
	ids := []string{*w.DeviceID}
	if w.ReplacementDeviceID != nil {
		ids = append(ids, *w.ReplacementDeviceID)
	}

	devices, err := entitlement.LockPlacedUnits(w.tx, ids...)
	if err != nil {
		return err
	}

	return w.exchange(devices[*w.DeviceID], devices[db.Text(w.ReplacementDeviceID)])
}

// placeLate puts a replacement where the faulty device was, when its serial becomes
// known only after it arrived.
func (w *rmaChange) placeLate() error {
	devices, err := entitlement.PlacedUnits(w.tx, *w.ReplacementDeviceID)
	if err != nil {
		return err
	}

	gone := entitlement.PlacedDevice{
		Device: entitlement.Device{ID: *w.DeviceID, State: licensing.DeviceInRMA},
		RoomID: w.RoomID,
	}
	return w.exchange(gone, devices[*w.ReplacementDeviceID])
}

// exchange puts the replacement in the place of the faulty device; without an id there
// is no replacement to place.
func (w *rmaChange) exchange(faulty, replacement entitlement.PlacedDevice) error {
	leaves, err := w.takeOut(faulty)
	if err != nil {
		return err
	}

	if replacement.ID != "" {
		if err := w.putIn(&replacement, w.roomFor(faulty)); err != nil {
			return err
		}
	}

	return entitlement.SwapUnits(w.tx, entitlement.UnitSwap{
		FaultyID:         faulty.ID,
		FaultyLeaves:     leaves,
		ReplacementID:    replacement.ID,
		ReplacementState: replacement.State,
		On:               rules.DateIn(*w.OutboundDoneAt(), w.zone()).String(),
	})
}

// roomFor returns the room that the replacement takes: where the faulty device is, or,
// where the depot inspected it before the delivery was recorded, where it was.
func (w *rmaChange) roomFor(faulty entitlement.PlacedDevice) *string {
	if faulty.RoomID == nil && faulty.State.Gone() {
		return w.RoomID
	}
	return faulty.RoomID
}

// takeOut ends the stay of the faulty device, and reports whether it is in the RMA from
// now on.
func (w *rmaChange) takeOut(faulty entitlement.PlacedDevice) (leaves bool, err error) {
	if faulty.RoomID != nil {
		if err := entitlement.EndPlacements(
			w.tx.Where("device_id = ?", faulty.ID), w.now,
		); err != nil {
			return false, err
		}
	}

	if !faulty.State.CanBecome(licensing.DeviceInRMA) {
		return false, nil
	}

	w.noteOf("device.moved", faulty.ID, map[string]any{
		"before": db.Text(faulty.RoomID),
		"after":  "",
		"state":  licensing.DeviceInRMA,
	})

	return true, nil
}

// putIn begins the stay of the replacement, where it can, and gives it its state.
func (w *rmaChange) putIn(replacement *entitlement.PlacedDevice, roomID *string) error {
	// It was written off before the carrier reported the delivery.
	if replacement.State == licensing.DeviceRetired {
		if err := entitlement.ReviveUnit(w.tx, &replacement.Device); err != nil {
			return err
		}
	}

	if roomID == nil || replacement.RoomID != nil ||
		!replacement.State.CanBecome(licensing.DeviceInRoom) {
		if replacement.State == licensing.DeviceSpareOnSite { // no room to take
			replacement.State = licensing.DeviceUnplaced
		}
		return nil
	}

	replacement.State = licensing.DeviceInRoom
	w.noteOf("device.moved", replacement.ID, map[string]any{
		"before": "",
		"after":  *roomID,
	})

	return entitlement.PlaceUnit(w.tx, replacement.Device, *roomID)
}
