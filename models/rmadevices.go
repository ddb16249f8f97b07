package models

import (
	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// moveDevices brings both devices in line with the facts (S24): with a working unit
// at the customer's, the replacement takes the room and the faulty one is in the
// RMA; at its end the faulty one is returned, retired or lost. Whatever order the
// facts came in, it looks at where they lead.
func (w *rmaWork) moveDevices() error {
	if w.DeviceID == nil {
		return nil
	}
	if w.RMAFacts.Outbound().Done() && !rules.OutboundState(w.before.StoredOutbound).Done() {
		if err := w.swapDevices(); err != nil {
			return err
		}
	}
	if rules.OutboundState(w.before.StoredOutbound).Done() && w.before.ReplacementDeviceID == nil && w.ReplacementDeviceID != nil {
		if err := w.placeLate(); err != nil {
			return err
		}
	}
	if w.before.ReplacementDeviceID != nil && w.gaveUp() {
		if err := w.endDevice(*w.before.ReplacementDeviceID, w.replacementEnd()); err != nil {
			return err
		}
	}
	if end := w.faultyEnd(); end != "" && end != faultyEndOf(w.before) {
		return w.endDevice(*w.DeviceID, end)
	}
	return nil
}

// gaveUp tells whether the captured replacement will not come.
func (w *rmaWork) gaveUp() bool {
	withdrawn := w.RMAFacts.Outbound() == rules.OutboundWithdrawn && w.before.StoredOutbound != rules.OutboundWithdrawn
	return withdrawn || w.Reships > w.before.Reships
}

// replacementEnd: an unsent one goes back on the shelf, so that its serial is free;
// one in a lost parcel is lost.
func (w *rmaWork) replacementEnd() rules.DeviceState {
	if w.Reships > w.before.Reships {
		return rules.DeviceLost
	}
	return rules.DeviceRetired
}

func (w *rmaWork) faultyEnd() rules.DeviceState {
	r := w.RMA
	r.StoredReturn = w.RMAFacts.Return(w.now)
	r.StoredOutbound = w.RMAFacts.Outbound()
	return faultyEndOf(r)
}

// faultyEndOf is how the faulty device ends; empty while it has to come back.
func faultyEndOf(r RMA) rules.DeviceState {
	switch r.StoredReturn {
	case rules.ReturnInspected:
		return rules.DeviceReturned
	case rules.ReturnNotRequired:
		return rules.DeviceRetired
	case rules.ReturnBilled:
		return rules.DeviceLost
	}
	return ""
}

// swapDevices takes the faulty device out of its room and puts the replacement
// there, unless somebody has placed it already.
func (w *rmaWork) swapDevices() error {
	ids := []string{*w.DeviceID}
	if w.ReplacementDeviceID != nil {
		ids = append(ids, *w.ReplacementDeviceID)
	}
	var devices []placedDevice
	err := w.s.lockRows(w.tx, "d").Table("devices AS d").Select("d.*, (SELECT p.room_id FROM device_placements p WHERE p.device_id = d.id AND p.to_at IS NULL) AS room_id").
		Where("d.id IN ?", ids).Order("d.id").Scan(&devices).Error
	if err != nil {
		return err
	}
	var faulty, replacement placedDevice
	for _, d := range devices {
		if d.ID == *w.DeviceID {
			faulty = d
		} else {
			replacement = d
		}
	}
	return w.exchange(faulty, replacement)
}

// placeLate puts a replacement where the faulty device was whose serial was told only
// after it had arrived.
func (w *rmaWork) placeLate() error {
	var d placedDevice
	err := w.tx.Table("devices AS d").Select("d.*, (SELECT p.room_id FROM device_placements p WHERE p.device_id = d.id AND p.to_at IS NULL) AS room_id").
		Where("d.id = ?", *w.ReplacementDeviceID).Scan(&d).Error
	if err != nil {
		return err
	}
	return w.exchange(placedDevice{Device: Device{ID: *w.DeviceID, State: rules.DeviceInRMA}, RoomID: w.RoomID}, d)
}

// exchange changes both devices in one statement.
func (w *rmaWork) exchange(faulty, replacement placedDevice) error {
	var ids []string
	taken, err := w.takeOut(faulty)
	if err != nil {
		return err
	}
	if taken {
		ids = append(ids, faulty.ID)
	}
	if replacement.ID != "" {
		if err := w.putIn(&replacement, w.roomFor(faulty)); err != nil {
			return err
		}
		ids = append(ids, replacement.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	return w.tx.Exec(`UPDATE devices SET version = version + 1, state = CASE WHEN id = @faulty THEN 'IN_RMA' ELSE @state END,
		replaces_device_id = CASE WHEN id = @faulty THEN replaces_device_id ELSE @faulty END, replaced_on = CASE WHEN id = @faulty THEN replaced_on ELSE @on END
		WHERE id IN @ids`, map[string]any{"faulty": faulty.ID, "state": replacement.State, "on": rules.DateIn(*w.OutboundDoneAt(), w.zone()).String(), "ids": ids}).Error
}

// roomFor is the room that the replacement takes: where the faulty device is, or,
// where the depot has looked at it before anybody told of the delivery, where it was.
func (w *rmaWork) roomFor(faulty placedDevice) *string {
	if faulty.RoomID == nil && faulty.State.Gone() {
		return w.RoomID
	}
	return faulty.RoomID
}

// takeOut ends the stay of the faulty device, and tells whether it is in the RMA from
// now on.
func (w *rmaWork) takeOut(faulty placedDevice) (bool, error) {
	if faulty.RoomID != nil {
		if err := w.s.endPlacements(w.tx.Where("device_id = ?", faulty.ID), w.now); err != nil {
			return false, err
		}
	}
	if !faulty.State.CanBecome(rules.DeviceInRMA) {
		return false, nil
	}
	w.noteOf("device.moved", faulty.ID, map[string]any{"before": text(faulty.RoomID), "after": "", "state": rules.DeviceInRMA, "rma": w.ID})
	return true, nil
}

// putIn begins the stay of the replacement, where it can, and gives it its state.
func (w *rmaWork) putIn(replacement *placedDevice, roomID *string) error {
	if err := w.revive(replacement); err != nil {
		return err
	}
	if roomID == nil || replacement.RoomID != nil || !replacement.State.CanBecome(rules.DeviceInRoom) {
		if replacement.State == rules.DeviceSpareOnSite { // no room to take
			replacement.State = rules.DeviceUnplaced
		}
		return nil
	}
	replacement.State = rules.DeviceInRoom
	p := w.s.placement(w.scope, replacement.Device, *roomID, w.now)
	w.noteOf("device.moved", replacement.ID, map[string]any{"before": "", "after": *roomID, "rma": w.ID})
	return w.tx.Create(&p).Error
}

// revive takes a replacement back into use that was written off before a carrier
// told that it was delivered, unless its serial is in use elsewhere by now.
func (w *rmaWork) revive(d *placedDevice) error {
	if d.State != rules.DeviceRetired {
		return nil
	}
	var taken int64
	if err := w.tx.Model(&Device{}).Where("serial = ? AND state <> ?", text(d.Serial), rules.DeviceRetired).Count(&taken).Error; err != nil || taken > 0 {
		return err
	}
	d.State = rules.DeviceUnplaced
	return w.setDevice(d.ID, map[string]any{"state": d.State, "gone_at": nil})
}

// endDevice ends a device in a state that it cannot leave for a room any more. Most
// are in no room by then.
func (w *rmaWork) endDevice(id string, end rules.DeviceState) error {
	w.noteOf("device.ended", id, map[string]any{"state": end, "rma": w.ID})
	changes := map[string]any{"state": end, "gone_at": w.now, "version": gorm.Expr("version + 1")}
	res := w.tx.Model(&Device{}).Where("id = ? AND NOT EXISTS (SELECT 1 FROM device_placements WHERE device_id = ? AND to_at IS NULL)", id, id).Updates(changes)
	if res.Error != nil || res.RowsAffected > 0 {
		return res.Error
	}
	if err := w.s.endPlacements(w.tx.Where("device_id = ?", id), w.now); err != nil {
		return err
	}
	return w.tx.Model(&Device{}).Where("id = ?", id).Updates(changes).Error
}

func (w *rmaWork) setDevice(id string, changes map[string]any) error {
	changes["version"] = gorm.Expr("version + 1")
	return w.tx.Model(&Device{}).Where("id = ?", id).Updates(changes).Error
}
