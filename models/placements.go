package models

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// PlaceDevice puts a device into a room, takes it to another one, or out of its
// room when none is named (R27b, R28a).
func (s *Store) PlaceDevice(ctx context.Context, deviceID, roomID, reason string) (Device, error) {
	var d Device
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		d = Device{}
		if err := mayManage(scope, reason); err != nil {
			return err
		}
		acc, err := s.lockOwner(tx, scope, "devices", deviceID)
		if err != nil {
			return err
		}
		to := rules.DeviceUnplaced
		if roomID != "" {
			to = rules.DeviceInRoom
			if _, _, err := s.lockPlace(tx, scope, acc.ID, roomID); err != nil {
				return err
			}
		}
		if err := found(s.forUpdate(tx).First(&d, "id = ?", deviceID).Error); err != nil {
			return err
		}
		if d.State == rules.DeviceSpareOnSite {
			return rules.Refuse(rules.StateConflict, "The device is a spare on loan.", "Use it for a replacement: the spare is then replenished.")
		}
		now := s.clock.Now()
		from, err := s.leaveRoom(tx, d, roomID, now)
		if err != nil || from == roomID {
			return err
		}
		if d.State != to {
			if err := rules.Move(d.State, to); err != nil {
				return err
			}
		}
		d.State, d.Version = to, d.Version+1
		if err := tx.Model(&Device{}).Where("id = ?", d.ID).Select("state", "version").Updates(&d).Error; err != nil {
			return err
		}
		if roomID != "" {
			p := s.placement(scope, d, roomID, now)
			if err := tx.Create(&p).Error; err != nil {
				return err
			}
		}
		return s.accountAudit(tx, scope, acc.ID, entry{"device.moved", d.ID, withReason(reason, map[string]any{"before": from, "after": roomID})})
	})
	return d, err
}

// leaveRoom ends the device's stay, unless it is in the room already.
func (s *Store) leaveRoom(tx *gorm.DB, d Device, roomID string, now time.Time) (from string, err error) {
	var open []DevicePlacement
	if err := tx.Where("device_id = ? AND to_at IS NULL", d.ID).Limit(1).Find(&open).Error; err != nil || len(open) == 0 {
		return "", err
	}
	if from = open[0].RoomID; from == roomID {
		return from, nil
	}
	return from, s.endPlacements(tx.Where("id = ?", open[0].ID), now)
}
