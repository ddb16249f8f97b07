package entitlement

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// MoveRequest moves devices, licences or both from one room to another of the same
// account, all of them or none (R28).
type MoveRequest struct {
	FromRoomID, ToRoomID  string
	DeviceIDs, LicenceIDs []string
	Acknowledged          int    // version of the terms of the new room's country (R78e)
	Reason                string // operators
}

// validate names every wrong field.
func (q MoveRequest) validate() error {
	var wrong wrongFields
	if len(q.DeviceIDs)+len(q.LicenceIDs) == 0 {
		wrong.add("", rules.Required, "Nothing is to be moved.", "Name devices, licenses or both.")
	}
	if q.FromRoomID == q.ToRoomID {
		wrong = append(wrong, sameRoom()...)
	}

	wrong.checkNamed("/device_ids", q.DeviceIDs)
	wrong.checkNamed("/licence_ids", q.LicenceIDs)
	return rules.Invalid(wrong)
}

// checkNamed refuses more than 100 ids, and one that is named twice.
func (w *wrongFields) checkNamed(pointer string, ids []string) {
	if len(ids) > 100 {
		w.add(pointer, rules.TooManyNamed, "More than 100 are named.", "Move them in parts.")
	}
	if sorted := slices.Sorted(slices.Values(ids)); len(slices.Compact(sorted)) < len(ids) {
		w.add(pointer, rules.Duplicate, "One is named twice.", "Name each once.")
	}
}

// Move moves devices and licences between rooms in one transaction (R28c). A
// licence keeps its start and end (R28b); what a device leaves behind no longer
// covers it (R28a). Refusals: VALIDATION_FAILED for the request, STATE_CONFLICT for
// what is not in the room that it is to leave (so for the same move again), and those
// of Assign.
func (s *Entitlements) Move(ctx context.Context, q MoveRequest) (Assigned, error) {
	if err := q.validate(); err != nil {
		return Assigned{}, err
	}

	return s.changeAssignments(ctx, q.Reason, func(c *assigning) error {
		m := &move{assigning: c, q: q}
		if err := m.lock(); err != nil {
			return err
		}
		if err := m.moveLicences(); err != nil {
			return err
		}
		return m.moveDevices()
	})
}

// RoomMove moves all that is in a room to another one of the same account.
type RoomMove struct {
	FromRoomID, ToRoomID string
	Version              int64  // of the room that is left, as it was seen; 0: any
	Acknowledged         int    // version of the terms of the new room's country (R78e)
	Reason               string // operators
}

// MoveRoom moves every device and licence of a room to another one, however many they are, in
// one transaction (R28c). VERSION_MISMATCH refuses it for a room that was changed since it was
// seen, STATE_CONFLICT for one in which nothing is; other refusals are those of Move.
func (s *Entitlements) MoveRoom(ctx context.Context, q RoomMove) (Assigned, error) {
	if q.FromRoomID == q.ToRoomID {
		return Assigned{}, rules.Invalid(sameRoom())
	}

	return s.changeAssignments(ctx, q.Reason, func(c *assigning) error {
		m := &move{assigning: c, whole: true, q: MoveRequest{
			FromRoomID:   q.FromRoomID,
			ToRoomID:     q.ToRoomID,
			Acknowledged: q.Acknowledged,
			Reason:       q.Reason,
		}}
		if err := m.lock(); err != nil {
			return err
		}
		if err := db.AsSeen(m.from.Version, q.Version); err != nil {
			return err
		}
		if len(m.q.DeviceIDs)+len(m.q.LicenceIDs) == 0 {
			return rules.Refuse(
				rules.StateConflict,
				"Nothing is in the room that could be moved.",
				"Read the rooms again.",
			)
		}
		if err := m.moveLicences(); err != nil {
			return err
		}
		return m.moveDevices()
	})
}

// sameRoom is what is wrong with a move from a room to itself.
func sameRoom() wrongFields {
	var wrong wrongFields
	wrong.add("/to_room_id", rules.Duplicate, "Both rooms are the same.", "Name another room.")
	return wrong
}

// move is one Move under way, or one MoveRoom.
type move struct {
	*assigning
	q        MoveRequest
	whole    bool // the request names nothing: all that is in the room moves
	licences []movedLicence
	from     Room
	to       Room
	there    []roomAssignment // open assignments of both rooms
	devices  []PlacedDevice   // those that move, and those of the new room
}

type movedLicence struct {
	Licence
	Type          catalogue.ServiceType
	ContractState rules.ContractState
	EndAt         *time.Time
}

// roomAssignment is an open assignment of one of the two rooms.
type roomAssignment struct {
	ID          string
	LicenceID   string
	RoomID      string
	ServiceType catalogue.ServiceType
}

// lock reads and locks everything, in the order in which every command does.
func (m *move) lock() error {
	if err := m.lockAccount("rooms", m.q.FromRoomID); err != nil {
		return err
	}
	if m.whole {
		if err := m.nameEverything(); err != nil {
			return err
		}
	}
	if err := m.lockLicences(); err != nil {
		return err
	}
	if err := m.lockRooms(); err != nil {
		return err
	}
	if err := m.lockDevices(); err != nil {
		return err
	}

	m.now = m.tx.Now()

	if len(m.licences) < len(m.q.LicenceIDs) {
		return db.NotFound()
	}

	for _, id := range m.q.DeviceIDs {
		if !slices.ContainsFunc(m.devices, func(d PlacedDevice) bool { return d.ID == id }) {
			return db.NotFound()
		}
	}

	return nil
}

// nameEverything names what is in the room that is left. Nothing comes or goes while the account
// is locked.
func (m *move) nameEverything() error {
	err := m.tx.Model(&LicenceAssignment{}).
		Where("room_id = ? AND to_at IS NULL", m.q.FromRoomID).
		Order("licence_id").
		Pluck("licence_id", &m.q.LicenceIDs).Error
	if err != nil {
		return err
	}
	return m.tx.Model(&DevicePlacement{}).
		Where("room_id = ? AND to_at IS NULL", m.q.FromRoomID).
		Order("device_id").
		Pluck("device_id", &m.q.DeviceIDs).Error
}

func (m *move) lockLicences() error {
	if len(m.q.LicenceIDs) == 0 {
		return nil
	}

	return m.lockedRows(m.tx.DB, "l").
		Table("licences AS l").
		Select("l.*, c.type, c.state AS contract_state, c.end_at").
		Joins("JOIN service_contracts c ON c.id = l.contract_id").
		Where("l.account_id = ?", m.acc.ID).
		Where("l.id IN ?", m.q.LicenceIDs).
		Order("l.id").
		Scan(&m.licences).Error
}

func (m *move) lockDevices() error {
	named := append([]string{""}, m.q.DeviceIDs...)
	return m.lockedRows(m.tx.DB, "d").
		Table("devices AS d").
		Select("d.*, p.room_id").
		Joins("LEFT JOIN device_placements p ON p.device_id = d.id AND p.to_at IS NULL").
		Where("d.account_id = ?", m.acc.ID).
		Where("d.id IN ? OR p.room_id = ?", named, m.q.ToRoomID).
		Order("d.id").
		Scan(&m.devices).Error
}

// lockRooms locks both rooms, and reads the open assignments of each.
func (m *move) lockRooms() error {
	var rows []struct {
		Room
		AssignmentID *string
		LicenceID    *string
		ServiceType  *catalogue.ServiceType
	}

	err := m.lockedRows(m.tx.DB, "r").
		Table("rooms AS r").
		Select("r.*, a.id AS assignment_id, a.licence_id, a.service_type").
		Joins("LEFT JOIN licence_assignments a ON a.room_id = r.id AND a.to_at IS NULL").
		Where("r.account_id = ?", m.acc.ID).
		Where("r.id IN ?", []string{m.q.FromRoomID, m.q.ToRoomID}).
		Order("r.id").
		Scan(&rows).Error
	if err != nil {
		return err
	}

	for _, r := range rows {
		if r.ID == m.q.FromRoomID {
			m.from = r.Room
		} else {
			m.to = r.Room
		}

		if r.AssignmentID != nil {
			m.there = append(m.there, roomAssignment{
				ID:          *r.AssignmentID,
				LicenceID:   *r.LicenceID,
				RoomID:      r.ID,
				ServiceType: *r.ServiceType,
			})
		}
	}

	if m.from.ID == "" || m.to.ID == "" {
		return db.NotFound()
	}

	return activeRoom(m.to)
}

// moveLicences ends the licences' stays in the old room and begins those in the new one.
func (m *move) moveLicences() error {
	if len(m.licences) == 0 {
		return nil
	}

	var ended []string
	for _, l := range m.licences {
		old, a, err := m.stayOf(l)
		if err != nil {
			return err
		}

		ended = append(ended, old)
		m.out.Assignments = append(m.out.Assignments, a)
		m.note("licence.moved", l.ID, map[string]any{
			"before":     m.from.ID,
			"after":      m.to.ID,
			"assignment": a.facts(),
		})
	}

	if err := endAssignments(m.tx.Where("id IN ?", ended), EndMoved, m.now); err != nil {
		return err
	}

	return m.tx.Create(&m.out.Assignments).Error
}

// stayOf returns the stay of a licence that ends, by its id, and the one that begins.
func (m *move) stayOf(l movedLicence) (ends string, begins LicenceAssignment, err error) {
	old := slices.IndexFunc(m.there, func(a roomAssignment) bool {
		return a.LicenceID == l.ID && a.RoomID == m.from.ID
	})
	if old < 0 {
		return "", LicenceAssignment{}, rules.Refuse(
			rules.StateConflict,
			"A license is not assigned to the room that it is to leave.",
			"Read the rooms again.",
		)
	}

	if err := m.mayMove(l); err != nil {
		return "", LicenceAssignment{}, err
	}
	begins, err = m.newAssignment(l.ID, l.Type, m.to, m.q.Acknowledged)
	return m.there[old].ID, begins, err
}

// mayMove checks what an assignment checks: the licence counts as free, since it leaves
// its room.
func (m *move) mayMove(l movedLicence) error {
	state := l.State
	if state == rules.LicenceAssigned {
		state = rules.LicenceAvailable
	}

	taken := slices.ContainsFunc(m.there, func(a roomAssignment) bool {
		return a.RoomID == m.to.ID && a.ServiceType == l.Type
	})

	takenNow := slices.ContainsFunc(m.out.Assignments, func(a LicenceAssignment) bool {
		return a.ServiceType == l.Type
	})
	return licensing.MayAssign(licensing.AssignRequest{
		Service:        l.Type,
		LicenceState:   state,
		ContractState:  l.ContractState,
		ContractEnd:    l.EndAt,
		Now:            m.now,
		RoomState:      m.to.State,
		RoomHasLicence: taken || takenNow,
	})
}

// moveDevices ends the devices' stays in the old room and begins those in the new one.
// What is in the new room then may be covered for less than a licence that moved.
func (m *move) moveDevices() error {
	var inside []Device
	var placements []DevicePlacement
	for _, d := range m.devices {
		inside = append(inside, d.Device)
		if !slices.Contains(m.q.DeviceIDs, d.ID) {
			continue
		}

		if err := m.mayLeave(d); err != nil {
			return err
		}

		placements = append(placements, placement(m.tx.Scope, d.Device, m.to.ID, m.now))
		m.note("device.moved", d.ID, map[string]any{"before": m.from.ID, "after": m.to.ID})
	}

	for _, l := range m.licences {
		m.out.Warnings = append(m.out.Warnings, m.capWarnings(inside, l.EndAt)...)
	}

	if len(placements) == 0 {
		return nil
	}
	if err := EndPlacements(m.tx.Where("device_id IN ?", m.q.DeviceIDs), m.now); err != nil {
		return err
	}

	return m.tx.Create(&placements).Error
}

// mayLeave refuses a device that is not in the room that it is to leave.
func (m *move) mayLeave(d PlacedDevice) error {
	if db.Text(d.RoomID) == m.from.ID && d.State == licensing.DeviceInRoom {
		return nil
	}
	return rules.Refuse(
		rules.StateConflict,
		"A device is not in the room that it is to leave.",
		"Read the rooms again.",
	)
}

// ReleaseRoom ends every assignment of a room in one transaction: its licences go back to the
// balance, their contracts run on (R28b). Version is that of the room as it was seen, 0 for any.
// VERSION_MISMATCH refuses it for a room that was changed since, STATE_CONFLICT for one without
// a licence; other refusals are those of Release.
func (s *Entitlements) ReleaseRoom(
	ctx context.Context, id string, version int64, reason string,
) ([]LicenceAssignment, error) {
	out, err := s.changeAssignments(ctx, reason, func(c *assigning) error {
		return c.releaseAll(id, version)
	})
	return out.Assignments, err
}

// releaseAll locks account, licences and room in the order in which every command does.
func (c *assigning) releaseAll(roomID string, version int64) error {
	var err error
	if c.acc, err = account.LockOwner(c.tx, "rooms", roomID); err != nil {
		return err
	}
	open := func() *gorm.DB {
		return c.tx.Model(&LicenceAssignment{}).Where("room_id = ? AND to_at IS NULL", roomID)
	}
	var licences []Licence
	err = c.tx.ForUpdate().
		Order("id").
		Find(&licences, "id IN (?)", open().Select("licence_id")).Error
	if err != nil {
		return err
	}
	var room Room
	if err := db.Found(c.tx.ForUpdate().First(&room, "id = ?", roomID).Error); err != nil {
		return err
	}
	if err := db.AsSeen(room.Version, version); err != nil {
		return err
	}
	if len(licences) == 0 {
		return rules.Refuse(rules.StateConflict, "The room has no license.", "Read it again.")
	}

	c.now = c.tx.Now()
	if err := open().Order("licence_id").Find(&c.out.Assignments).Error; err != nil {
		return err
	}
	for i := range c.out.Assignments { // both are by the licence
		a := &c.out.Assignments[i]
		c.note("licence.released", a.LicenceID, map[string]any{
			"before":     licences[i].State,
			"after":      rules.LicenceAvailable,
			"assignment": a.facts(),
		})
		a.ToAt = &c.now
		a.EndReason = EndReleased
	}
	ids := db.IdsOf(licences, func(l Licence) string { return l.ID })
	if err := freeLicences(c.tx, c.now, ids...); err != nil {
		return err
	}
	return endAssignments(c.tx.Where("room_id = ?", roomID), EndReleased, c.now)
}

// freeLicences makes assigned licences available.
func freeLicences(tx *db.Tx, now time.Time, ids ...string) error {
	return tx.Model(&Licence{}).
		Where("id IN ? AND state = ?", ids, rules.LicenceAssigned).
		Updates(map[string]any{"state": rules.LicenceAvailable, "state_since": now}).Error
}
