package entitlement

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// Units are devices that the operator sends and takes back: replacements, spares, and
// the faulty devices that they replace. Package replacement decides about them; what it
// decides is carried out here.

// RegisterUnit stores a unit that leaves the depot as a device. It refuses with
// SERIAL_REGISTERED where a device in use has its serial. A unit with that serial which
// came back from somebody and was put in order retires there.
func RegisterUnit(tx *db.Tx, d *Device) error {
	stored, err := createUnlessTaken(tx, d)
	if err != nil || stored {
		return err
	}

	res := tx.Model(&Device{}).
		Where("serial = ? AND state = ?", *d.Serial, licensing.DeviceReturned).
		Updates(map[string]any{
			"state":   licensing.DeviceRetired,
			"version": gorm.Expr("version + 1"),
		})
	if res.Error != nil {
		return res.Error
	}

	if res.RowsAffected > 0 {
		stored, err = createUnlessTaken(tx, d)
		if err != nil || stored {
			return err
		}
	}

	return rules.Refuse(licensing.SerialRegistered,
		"A device that is in use has this serial number.", "Read the serial from the unit again.")
}

// createUnlessTaken stores the device, unless a live one has its serial.
func createUnlessTaken(tx *db.Tx, d *Device) (stored bool, err error) {
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(d)
	return res.RowsAffected > 0, res.Error
}

// SetUnitState gives a device another state; its stay in a room is not touched.
func SetUnitState(tx *db.Tx, id string, state licensing.DeviceState) error {
	return tx.Model(&Device{}).
		Where("id = ?", id).
		Updates(map[string]any{"state": state, "version": gorm.Expr("version + 1")}).Error
}

// EndDevice ends a device, and its stay in a room where it has one, in a state that it
// cannot leave for a room any more.
func EndDevice(tx *db.Tx, id string, end licensing.DeviceState) error {
	now := tx.Now()
	ended := map[string]any{
		"state":   end,
		"gone_at": now,
		"version": gorm.Expr("version + 1"),
	}

	const inNoRoom = `NOT EXISTS (
		SELECT 1 FROM device_placements
		WHERE device_id = ? AND to_at IS NULL)`

	// Most are in no room by then, which one statement finds out.
	res := tx.Model(&Device{}).Where("id = ?", id).Where(inNoRoom, id).Updates(ended)
	if res.Error != nil || res.RowsAffected > 0 {
		return res.Error
	}

	if err := EndPlacements(tx.Where("device_id = ?", id), now); err != nil {
		return err
	}

	return tx.Model(&Device{}).Where("id = ?", id).Updates(ended).Error
}

// ReviveUnit takes a retired device back into use, out of any room, unless its serial is
// in use elsewhere by now.
func ReviveUnit(tx *db.Tx, d *Device) error {
	taken, err := SerialInUse(tx, db.Text(d.Serial))
	if err != nil || taken {
		return err
	}

	d.State = licensing.DeviceUnplaced
	return tx.Model(&Device{}).
		Where("id = ?", d.ID).
		Updates(map[string]any{
			"state":   d.State,
			"gone_at": nil,
			"version": gorm.Expr("version + 1"),
		}).Error
}

// SerialInUse reports whether a device that is not retired has the serial number, in any
// account.
func SerialInUse(tx *db.Tx, serial string) (bool, error) {
	var n int64
	err := tx.Model(&Device{}).
		Where("serial = ? AND state <> ?", serial, licensing.DeviceRetired).
		Count(&n).Error
	return n > 0, err
}

// TakeUnitBack undoes what moved a unit that has not moved after all: it has the state
// again, and is in the room; in none where that is empty.
func TakeUnitBack(tx *db.Tx, d Device, state licensing.DeviceState, roomID string) error {
	if err := EndPlacements(tx.Where("device_id = ?", d.ID), tx.Now()); err != nil {
		return err
	}

	err := tx.Model(&Device{}).
		Where("id = ?", d.ID).
		Updates(map[string]any{
			"state":   state,
			"gone_at": nil,
			"version": gorm.Expr("version + 1"),
		}).Error
	if err != nil || roomID == "" {
		return err
	}

	return PlaceUnit(tx, d, roomID)
}

// RoomLeft returns the room in which a device's last stay ended since an instant; empty
// where none did, or the room is archived by now.
func RoomLeft(tx *db.Tx, deviceID string, since time.Time) (string, error) {
	var left []string
	err := tx.Table("device_placements AS p").
		Joins("JOIN rooms r ON r.id = p.room_id").
		Where("p.device_id = ? AND p.to_at >= ?", deviceID, since).
		Where("r.state = ?", licensing.RoomActive).
		Order("p.to_at DESC, p.id DESC").
		Limit(1).
		Pluck("p.room_id", &left).Error
	if err != nil || len(left) == 0 {
		return "", err
	}
	return left[0], nil
}

// UnitSwap is a replacement that takes the place of a faulty device.
type UnitSwap struct {
	FaultyID         string
	FaultyLeaves     bool // it is in the RMA from now on
	ReplacementID    string
	ReplacementState licensing.DeviceState
	On               string // YYYY-MM-DD at the ship-to
}

// SwapUnits changes both devices in one statement; either may be left out.
func SwapUnits(tx *db.Tx, swap UnitSwap) error {
	var ids []string
	if swap.FaultyLeaves {
		ids = append(ids, swap.FaultyID)
	}
	if swap.ReplacementID != "" {
		ids = append(ids, swap.ReplacementID)
	}
	if len(ids) == 0 {
		return nil
	}

	return tx.Exec(`
		UPDATE devices SET
			version = version + 1,
			state = CASE WHEN id = @faulty THEN 'IN_RMA' ELSE @state END,
			replaces_device_id = CASE WHEN id = @faulty THEN replaces_device_id ELSE @faulty END,
			replaced_day = CASE WHEN id = @faulty THEN replaced_day ELSE @on END
		WHERE id IN @ids`,
		map[string]any{
			"faulty": swap.FaultyID,
			"state":  swap.ReplacementState,
			"on":     db.DayOrNull(swap.On),
			"ids":    ids,
		}).Error
}

// PlaceUnit begins a device's stay in a room; the caller has ended the one before.
func PlaceUnit(tx *db.Tx, d Device, roomID string) error {
	stay := placement(tx.Scope, d, roomID, tx.Now())
	return tx.Create(&stay).Error
}

// LockPlacedUnits locks devices and returns them with the rooms that they are in, by id.
func LockPlacedUnits(tx *db.Tx, ids ...string) (map[string]PlacedDevice, error) {
	return PlacedUnits(tx.With(db.LockRows(tx.DB, "d")), ids...)
}

// PlacedUnits returns devices with the rooms that they are in, by id.
func PlacedUnits(tx *db.Tx, ids ...string) (map[string]PlacedDevice, error) {
	var rows []PlacedDevice
	err := tx.Table("devices AS d").
		Select(`d.*,
			(SELECT p.room_id FROM device_placements p
			WHERE p.device_id = d.id AND p.to_at IS NULL) AS room_id`).
		Where("d.id IN ?", ids).
		Order("d.id").
		Scan(&rows).Error

	byID := make(map[string]PlacedDevice, len(rows))
	for _, d := range rows {
		byID[d.ID] = d
	}

	return byID, err
}
