package entitlement

import (
	"reflect"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/rules/licensing"
)

// SyncedRoom is a room that comes from somewhere else with its devices, and what became of it.
// Err says why it was not added; Skipped are the serial numbers that were not registered, since
// they are somewhere else, or no serial numbers at all.
type SyncedRoom struct {
	Form    licensing.RoomForm
	Devices []licensing.DeviceForm

	Room    Room
	Err     error
	Skipped []string
}

// AddSyncedRooms adds rooms with their devices to an account that the caller has locked, in a few
// statements for all of them. One that is wrong keeps no other out. A device of another account is
// asked for as RegisterDevice does (R27c). source is what the audit names as where they are from.
func AddSyncedRooms(
	tx *db.Tx, acc account.Account, source, reason string, rooms []*SyncedRoom,
) error {
	var made []*Room
	var entries []db.Entry
	for _, s := range rooms {
		s.Room = Room{
			ID:        db.NewID(db.PrefixRoom),
			AccountID: acc.ID,
			State:     licensing.RoomActive,
			CreatedAt: tx.Now(),
			Version:   1,
		}
		if s.Err = s.Room.fill(s.Form, acc); s.Err != nil {
			continue
		}
		made = append(made, &s.Room)
		entries = append(entries, db.Entry{
			Verb:     "room.created",
			ObjectID: s.Room.ID,
			Details: db.WithReason(reason, map[string]any{
				"after": s.Room.facts(),
				"sync":  source,
			}),
		})
	}
	if len(made) == 0 {
		return nil
	}
	if err := tx.Create(&made).Error; err != nil {
		return err
	}
	if err := account.Audit(tx, acc.ID, entries...); err != nil {
		return err
	}
	return addSyncedDevices(tx, acc, reason, rooms)
}

// AddSyncedDevices registers the devices of one room of the account that are nowhere yet; the
// others come back in its Skipped, apart from those that are in the room.
func AddSyncedDevices(tx *db.Tx, acc account.Account, reason string, room *SyncedRoom) error {
	return addSyncedDevices(tx, acc, reason, []*SyncedRoom{room})
}

func addSyncedDevices(
	tx *db.Tx, acc account.Account, reason string, rooms []*SyncedRoom,
) error {
	serials := map[string]bool{}
	for _, s := range rooms {
		for i := range s.Devices {
			s.Devices[i].Serial = rules.NormaliseSerial(s.Devices[i].Serial)
			serials[s.Devices[i].Serial] = true
		}
	}
	b := &roomBatch{tx: tx, devices: map[string]*PlacedDevice{}}
	if err := b.findDevices(serials); err != nil {
		return err
	}

	for _, s := range rooms {
		if s.Err != nil {
			continue
		}
		var added []*Device
		for _, form := range s.Devices {
			there, taken := b.devices[form.Serial]
			switch {
			case form.Validate(localDay(tx, acc, s.Room)) != nil:
				s.Skipped = append(s.Skipped, form.Serial)
			case !taken:
				d := newDevice(tx, acc, form, s.Room.ID)
				b.devices[form.Serial] = &PlacedDevice{Device: d, RoomID: &s.Room.ID}
				added = append(added, &d)
			case there.AccountID != acc.ID:
				if err := claim(tx, acc, there.Device, s.Room.ID, ""); err != nil {
					return err
				}
				s.Skipped = append(s.Skipped, form.Serial)
			case db.Text(there.RoomID) != s.Room.ID:
				s.Skipped = append(s.Skipped, form.Serial)
			}
		}
		if len(added) == 0 {
			continue
		}
		if err := addDevices(tx, acc, s.Room.ID, reason, added...); err != nil {
			return err
		}
	}
	return nil
}

// RenameSyncedRoom gives a room of an account that the caller has locked another name, and where
// one is given another site. One that is archived, or named so already, stays as it is.
func RenameSyncedRoom(
	tx *db.Tx, acc account.Account, roomID, name, site, source, reason string,
) (changed bool, err error) {
	var r Room
	err = tx.ForUpdate().First(&r, "id = ? AND account_id = ?", roomID, acc.ID).Error
	if err != nil || r.State != licensing.RoomActive {
		return false, db.Found(err)
	}
	stored, before := r, r.facts()
	form := r.form()
	form.Name = name
	if site != "" {
		form.Site = site
	}
	if err := r.fill(form, acc); err != nil {
		return false, err
	}
	if reflect.DeepEqual(stored, r) {
		return false, nil
	}
	r.Version++
	err = tx.Select("*").Omit("id", "account_id", "created_at").
		Where("id = ?", r.ID).Updates(&r).Error
	if err != nil {
		return false, err
	}
	return true, account.Audit(tx, acc.ID, db.Entry{
		Verb:     "room.changed",
		ObjectID: r.ID,
		Details: db.WithReason(reason, map[string]any{
			"before": before,
			"after":  r.facts(),
			"sync":   source,
		}),
	})
}

// KnownRooms reads the active rooms of an account with the serial numbers in them, to find which
// of them a place of Sync may be.
func KnownRooms(tx *db.Tx, accountID string) ([]health.KnownRoom, error) {
	var rooms []Room
	err := tx.Where("account_id = ? AND state = ?", accountID, licensing.RoomActive).
		Order("id").Find(&rooms).Error
	if err != nil {
		return nil, err
	}
	var devices []struct{ RoomID, Serial string }
	err = tx.Raw(`
		SELECT p.room_id, d.serial
		FROM device_placements p
		JOIN devices d ON d.id = p.device_id
		WHERE p.account_id = ? AND p.to_at IS NULL AND d.serial IS NOT NULL`,
		accountID).Scan(&devices).Error
	if err != nil {
		return nil, err
	}

	at := map[string]int{}
	out := make([]health.KnownRoom, len(rooms))
	for i, r := range rooms {
		out[i] = health.KnownRoom{ID: r.ID, Name: r.Name, Site: r.Site}
		at[r.ID] = i
	}
	for _, d := range devices {
		if i, ok := at[d.RoomID]; ok {
			out[i].Serials = append(out[i].Serials, d.Serial)
		}
	}
	return out, nil
}
