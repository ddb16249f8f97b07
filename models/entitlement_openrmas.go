package models

import "gorm.io/gorm"

// openRMAs counts the open RMAs of a room and of the devices that are in it (S28). It
// asks their table, because replacements stand above rooms.
func (s *Store) openRMAs(tx *gorm.DB, roomID string) (int, error) {
	inRoom := tx.Model(&DevicePlacement{}).
		Select("device_id").
		Where("room_id = ? AND to_at IS NULL", roomID)
	var n int64
	err := tx.Table("rmas").
		Where("closed_at IS NULL AND (room_id = ? OR device_id IN (?))", roomID, inRoom).
		Count(&n).Error
	return int(n), err
}
