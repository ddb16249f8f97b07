package models

import (
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// roomBatch decides rows of a file of rooms against what the database has, and
// collects what is to be written.
type roomBatch struct {
	s     *Store
	tx    *gorm.DB
	scope Scope
	acc   Account
	job   ImportJob

	rooms   map[roomName][]*Room     // active ones of the account, by what a file knows them by
	devices map[string]*placedDevice // live ones of all accounts, by serial

	newRooms   []*Room
	newDevices []*Device
	placements []DevicePlacement
	entries    []entry
	claims     []wantedDevice
}

// roomName is what a file knows a room by.
type roomName struct{ name, site string }

// wantedDevice is another account's device that a row names.
type wantedDevice struct {
	device Device
	roomID string
}

// newRoomBatch looks up the account, and the rooms and devices that the rows name.
func (s *Store) newRoomBatch(tx *gorm.DB, scope Scope, job ImportJob, rows []RoomOfFile) (*roomBatch, error) {
	b := &roomBatch{s: s, tx: tx, scope: scope, job: job, rooms: map[roomName][]*Room{}, devices: map[string]*placedDevice{}}
	if err := found(tx.First(&b.acc, "id = ?", text(job.AccountID)).Error); err != nil {
		return nil, err
	}
	names, serials := map[roomName]bool{}, map[string]bool{}
	for _, r := range rows {
		room := r.Form.Room.Trimmed()
		names[roomName{room.Name, room.Site}] = true
		for _, d := range r.Form.Devices {
			if serial := rules.NormaliseSerial(d.Serial); serial != "" {
				serials[serial] = true
			}
		}
	}
	if err := b.findRooms(names); err != nil {
		return nil, err
	}
	return b, b.findDevices(serials)
}

func (b *roomBatch) findRooms(names map[roomName]bool) error {
	pairs := make([]any, 0, 2*len(names))
	for n := range names {
		pairs = append(pairs, storable(n.name), storable(n.site))
	}
	var rooms []*Room
	err := b.tx.Raw(b.s.roomsByName(len(names)), append(pairs, b.acc.ID, rules.RoomActive)...).Scan(&rooms).Error
	for _, r := range rooms {
		n := roomName{r.Name, r.Site}
		b.rooms[n] = append(b.rooms[n], r)
	}
	return err
}

// roomsByName is the statement that finds rooms by pairs of name and site. On
// PostgreSQL it goes to the index for each pair, whatever the planner believes of a
// table that has just begun to grow: reading all rooms of the account for each batch
// would cost the square of the file.
func (s *Store) roomsByName(n int) string {
	pairs := "(VALUES " + strings.TrimSuffix(strings.Repeat("(?,?),", n), ",") + ")"
	if s.postgres() {
		return "SELECT r.* FROM " + pairs + " AS v (name, site) CROSS JOIN LATERAL (SELECT * FROM rooms WHERE name = v.name AND site = v.site AND account_id = ? AND state = ? OFFSET 0) AS r"
	}
	return "SELECT * FROM rooms WHERE (name, site) IN " + pairs + " AND account_id = ? AND state = ?"
}

// storable is the text, or none where no database could hold it: such a row is
// refused by the rules, and nothing is to be found under it.
func storable(text string) string {
	if strings.ContainsRune(text, 0) || strings.ToValidUTF8(text, "") != text {
		return ""
	}
	return text
}

func (b *roomBatch) findDevices(serials map[string]bool) error {
	list := make([]string, 0, len(serials))
	for s := range serials {
		if rules.SerialProblem("", s) == nil {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	var found []*placedDevice
	err := b.tx.Raw(b.s.devicesBySerial(len(list)), anySlice(list)...).Scan(&found).Error
	for _, d := range found {
		b.devices[*d.Serial] = d
	}
	return err
}

// devicesBySerial is the statement that finds live devices by serial, with the
// room of each; see roomsByName.
func (s *Store) devicesBySerial(n int) string {
	list := strings.TrimSuffix(strings.Repeat("(?),", n), ",")
	if s.postgres() {
		return "SELECT d.*, p.room_id FROM (VALUES " + list + ") AS v (serial) CROSS JOIN LATERAL (SELECT * FROM devices WHERE serial = v.serial AND state <> 'RETIRED' OFFSET 0) AS d " +
			"LEFT JOIN LATERAL (SELECT room_id FROM device_placements WHERE device_id = d.id AND to_at IS NULL OFFSET 0) AS p ON true"
	}
	return "SELECT d.*, p.room_id FROM devices AS d LEFT JOIN device_placements p ON p.device_id = d.id AND p.to_at IS NULL WHERE d.serial IN (VALUES " + list + ") AND d.state <> 'RETIRED'"
}

// decide gives each row its outcome, and collects what the good ones lead to.
func (b *roomBatch) decide(rows []RoomOfFile) []ImportRow {
	reports := make([]ImportRow, len(rows))
	for i, row := range rows {
		reports[i] = b.row(row)
		reports[i].JobID, reports[i].RowNo = b.job.ID, row.No
	}
	return reports
}

func (b *roomBatch) row(row RoomOfFile) ImportRow {
	room, isNew, fields := b.room(row)
	report := ImportRow{Outcome: RowUnchanged, Errors: slices.Clone(row.Err)}
	var devices []*Device
	for i, form := range row.Form.Devices {
		d, wrong := b.device(i, form, room, isNew, &report)
		fields = append(fields, wrong...)
		if d != nil {
			devices = append(devices, d)
		}
	}
	for _, f := range fields {
		if !told(row.Err, f.Pointer) {
			report.Errors = append(report.Errors, f)
		}
	}
	if len(report.Errors) > 0 {
		report.Outcome = RowRefused
		return report
	}
	report.RoomID, report.DeviceID = &room.ID, nil
	if isNew || len(devices) > 0 {
		report.Outcome = RowStored
	}
	b.take(room, isNew, devices)
	if len(row.Form.Devices) == 1 {
		report.DeviceID = &b.devices[rules.NormaliseSerial(row.Form.Devices[0].Serial)].ID
	}
	return report
}

// told tells whether the file's own errors say enough of a field: of one whose
// text could not be read the rules would only say that it is missing.
func told(file []rules.FieldError, pointer string) bool {
	return slices.ContainsFunc(file, func(f rules.FieldError) bool {
		return f.Pointer == "" || f.Pointer == pointer || strings.HasPrefix(pointer, f.Pointer+"/")
	})
}

// room finds the row's room, or makes it.
func (b *roomBatch) room(row RoomOfFile) (room *Room, isNew bool, fields []rules.FieldError) {
	form := row.Form.Room.Trimmed()
	room = &Room{ID: NewID(prefixRoom), AccountID: b.acc.ID, State: rules.RoomActive, CreatedAt: b.s.clock.Now(), Version: 1}
	if err := room.fill(form, b.acc); err != nil {
		return room, true, fieldsOf(err)
	}
	switch there := b.rooms[roomName{form.Name, form.Site}]; len(there) {
	case 0:
		return room, true, nil
	case 1:
		return there[0], false, rules.RoomDifferences(there[0].form(), form, rules.RoomDiffers)
	}
	return room, true, []rules.FieldError{{Pointer: "/name", Code: rules.RoomAmbiguous, Message: "Several rooms have this name at this site.", Remedy: "Give each its own name first."}}
}

func (r Room) form() rules.RoomForm {
	return rules.RoomForm{Name: r.Name, Site: r.Site, Country: r.Country, Region: r.Region, Platform: r.Platform, Criticality: r.Criticality, TimeZone: r.TimeZone}
}

// fieldsOf are a refusal's fields; one without any concerns the whole row.
func fieldsOf(err error) []rules.FieldError {
	var refusal *rules.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	if len(refusal.Fields) > 0 {
		return refusal.Fields
	}
	return []rules.FieldError{{Code: refusal.Code, Message: refusal.Message, Remedy: refusal.Remedy}}
}
