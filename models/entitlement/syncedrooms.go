package entitlement

import (
	"reflect"

	"gorm.io/gorm"

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

// withoutPlace are the active rooms of an account that are no place of a connection to Sync.
func withoutPlace(tx *db.Tx, accountID, connectionID string) *gorm.DB {
	return tx.Table("rooms").
		Where("rooms.account_id = ? AND rooms.state = ?", accountID, licensing.RoomActive).
		Where(`NOT EXISTS (
			SELECT 1 FROM sync_places sp
			WHERE sp.room_id = rooms.id AND sp.connection_id = ?)`, connectionID)
}

// ActiveRooms reads the active rooms of an account by their ids, without the serial numbers in
// them. There may be thousands, which gorm would take several times as long for.
func ActiveRooms(tx *db.Tx, accountID string) (map[string]health.KnownRoom, error) {
	rows, err := tx.Table("rooms").
		Select("id, name, site").
		Where("account_id = ? AND state = ?", accountID, licensing.RoomActive).
		Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()

	out := map[string]health.KnownRoom{}
	var r health.KnownRoom
	for rows.Next() {
		if err := rows.Scan(&r.ID, &r.Name, &r.Site); err != nil {
			return nil, err
		}
		out[r.ID] = r
	}
	return out, rows.Err()
}

// mostNamed is how many rooms a statement names; of more it asks what they have in common.
const mostNamed = 500

// RoomsWithoutPlace reads those active rooms of an account that are no place of a connection to
// Sync, with the serial numbers in them, to find which of them a place may be. The caller has their
// ids.
func RoomsWithoutPlace(
	tx *db.Tx, accountID, connectionID string, ids []string,
) ([]health.KnownRoom, error) {
	if len(ids) > mostNamed {
		return knownRooms(tx, withoutPlace(tx, accountID, connectionID))
	}
	return knownRooms(tx, tx.Table("rooms").
		Where("rooms.account_id = ? AND rooms.state = ?", accountID, licensing.RoomActive).
		Where("rooms.id IN ?", ids))
}

// RoomsLike are those of RoomsWithoutPlace that have the name, or one of the devices.
func RoomsLike(
	tx *db.Tx, accountID, connectionID, name string, devices []health.Device,
) ([]health.KnownRoom, error) {
	serials := db.IdsOf(devices, func(d health.Device) string { return d.Serial })
	equipped := tx.Table("devices AS d").
		Select("p.room_id").
		Joins("JOIN device_placements p ON p.device_id = d.id AND p.to_at IS NULL").
		Where("d.account_id = ? AND d.serial IN ?", accountID, append(serials, ""))
	q := withoutPlace(tx, accountID, connectionID)
	if key := rules.SearchKey(name); key != "" {
		// The site's name follows the room's.
		q = q.Where("search_key = ? OR search_key LIKE ? ESCAPE '!' OR rooms.id IN (?)",
			key, db.Beginning(key+" "), equipped)
	} else {
		q = q.Where("rooms.id IN (?)", equipped)
	}
	return knownRooms(tx, q)
}

// KnownRoom is the active room of an account, without the serial numbers in it; nil where it is
// none, or not active.
func KnownRoom(tx *db.Tx, accountID, roomID string) (*health.KnownRoom, error) {
	var found []Room
	err := tx.Select("id", "name", "site").
		Where("account_id = ? AND id = ? AND state = ?", accountID, roomID, licensing.RoomActive).
		Find(&found).Error
	if err != nil || len(found) == 0 {
		return nil, err
	}
	r := found[0]
	return &health.KnownRoom{ID: r.ID, Name: r.Name, Site: r.Site}, nil
}

// knownRooms reads rooms, and what is in them.
func knownRooms(tx *db.Tx, of *gorm.DB) ([]health.KnownRoom, error) {
	var found []struct {
		ID     string
		Name   string
		Site   string
		Serial *string
	}
	err := of.Select("rooms.id, rooms.name, rooms.site, d.serial").
		Joins(`LEFT JOIN device_placements p ON p.room_id = rooms.id AND p.to_at IS NULL`).
		Joins(`LEFT JOIN devices d ON d.id = p.device_id`).
		Order("rooms.id, d.serial").
		Scan(&found).Error

	var out []health.KnownRoom
	for _, row := range found {
		if len(out) == 0 || out[len(out)-1].ID != row.ID {
			out = append(out, health.KnownRoom{ID: row.ID, Name: row.Name, Site: row.Site})
		}
		if row.Serial != nil {
			last := &out[len(out)-1]
			last.Serials = append(last.Serials, *row.Serial)
		}
	}
	return out, err
}
