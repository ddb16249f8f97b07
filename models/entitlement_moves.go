package models

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
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
	var fields []rules.FieldError
	fail := func(wrong bool, pointer, code, message, remedy string) {
		if wrong {
			fields = append(fields, rules.FieldError{
				Pointer: pointer,
				Code:    code,
				Message: message,
				Remedy:  remedy,
			})
		}
	}
	fail(
		len(q.DeviceIDs)+len(q.LicenceIDs) == 0,
		"",
		rules.Required,
		"Nothing is to be moved.",
		"Name devices, licences or both.",
	)
	fail(
		q.FromRoomID == q.ToRoomID,
		"/to_room_id",
		rules.Duplicate,
		"Both rooms are the same.",
		"Name another room.",
	)
	for pointer, ids := range map[string][]string{
		"/device_ids":  q.DeviceIDs,
		"/licence_ids": q.LicenceIDs,
	} {
		sorted := slices.Sorted(slices.Values(ids))
		fail(
			len(ids) > 100,
			pointer,
			rules.TooManyNamed,
			"More than 100 are named.",
			"Move them in parts.",
		)
		fail(
			len(slices.Compact(sorted)) < len(ids),
			pointer,
			rules.Duplicate,
			"One is named twice.",
			"Name each once.",
		)
	}

	return rules.Invalid(fields)
}

// Move moves devices and licences between rooms in one transaction (R28c). A
// licence keeps its start and end (R28b); what a device leaves behind no longer
// covers it (R28a).
func (s *Store) Move(ctx context.Context, q MoveRequest) (Assigned, error) {
	if err := q.validate(); err != nil {
		return Assigned{}, err
	}

	ref, err := s.Reference(ctx)
	if err != nil {
		return Assigned{}, err
	}

	var out Assigned
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if err := mayManage(scope, q.Reason); err != nil {
			return err
		}

		m := &move{
			s:     s,
			tx:    tx,
			scope: scope,
			ref:   ref,
			q:     q,
		}
		err := m.run()
		out = m.out
		return err
	})
	return out, err
}

// move is one Move under way.
type move struct {
	s        *Store
	tx       *gorm.DB
	scope    Scope
	ref      Reference
	q        MoveRequest
	acc      Account
	licences []movedLicence
	from, to Room
	now      time.Time        // of every end and beginning: read after the locks
	there    []roomAssignment // open assignments of both rooms
	devices  []placedDevice   // those that move, and those of the new room
	entries  []entry
	out      Assigned
}

type movedLicence struct {
	Licence
	Type          rules.ServiceType
	ContractState rules.ContractState
	EndAt         *time.Time
}

type roomAssignment struct {
	AssignmentID, LicenceID, RoomID *string
	ServiceType                     *rules.ServiceType
}

func (m *move) run() error {
	for _, step := range []func() error{m.lock, m.moveLicences, m.moveDevices} {
		if err := step(); err != nil {
			return err
		}
	}
	return m.s.accountAudit(m.tx, m.scope, m.acc.ID, m.entries...)
}

// lock reads and locks everything, in the order in which every command does.
func (m *move) lock() (err error) {
	if m.acc, err = m.s.lockOwner(m.tx, m.scope, "rooms", m.q.FromRoomID); err != nil {
		return err
	}

	if len(m.q.LicenceIDs) > 0 {
		err = m.of(m.s.lockRows(m.tx, "l").
			Table("licences AS l").
			Select("l.*, c.type, c.state AS contract_state, c.end_at").
			Joins("JOIN service_contracts c ON c.id = l.contract_id"), "l").
			Where("l.id IN ?", m.q.LicenceIDs).
			Order("l.id").
			Scan(&m.licences).Error
		if err != nil {
			return err
		}
	}

	if err := m.lockRooms(); err != nil {
		return err
	}

	err = m.of(m.s.lockRows(m.tx, "d").
		Table("devices AS d").
		Select("d.*, p.room_id").
		Joins("LEFT JOIN device_placements p ON p.device_id = d.id AND p.to_at IS NULL"), "d").
		Where("d.id IN ? OR p.room_id = ?", append([]string{""}, m.q.DeviceIDs...), m.q.ToRoomID).
		Order("d.id").
		Scan(&m.devices).Error
	if err != nil {
		return err
	}

	m.now = m.s.clock.Now()
	if len(m.licences) < len(m.q.LicenceIDs) {
		return errNotFound()
	}

	for _, id := range m.q.DeviceIDs {
		if !slices.ContainsFunc(m.devices, func(d placedDevice) bool { return d.ID == id }) {
			return errNotFound()
		}
	}

	return nil
}

func (m *move) of(q *gorm.DB, table string) *gorm.DB {
	return q.Where(table+".account_id = ?", m.acc.ID)
}

func (m *move) lockRooms() error {
	var rows []struct {
		Room
		AssignmentID, LicenceID *string
		ServiceType             *rules.ServiceType
	}
	err := m.of(m.s.lockRows(m.tx, "r").
		Table("rooms AS r").
		Select("r.*, a.id AS assignment_id, a.licence_id, a.service_type").
		Joins("LEFT JOIN licence_assignments a ON a.room_id = r.id AND a.to_at IS NULL"), "r").
		Where("r.id IN ?", []string{m.q.FromRoomID, m.q.ToRoomID}).Order("r.id").Scan(&rows).Error
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
			m.there = append(
				m.there,
				roomAssignment{r.AssignmentID, r.LicenceID, &r.ID, r.ServiceType},
			)
		}
	}

	if m.from.ID == "" || m.to.ID == "" {
		return errNotFound()
	}

	return activeRoom(m.to)
}

func (m *move) moveLicences() error {
	if len(m.licences) == 0 {
		return nil
	}

	var ended []string
	for _, l := range m.licences {
		old := slices.IndexFunc(m.there, func(a roomAssignment) bool {
			return *a.LicenceID == l.ID &&
				*a.RoomID == m.from.ID
		})
		if old < 0 {
			return rules.Refuse(
				rules.StateConflict,
				"A licence is not assigned to the room that it is to leave.",
				"Read the rooms again.",
			)
		}
		if err := m.mayMove(l); err != nil {
			return err
		}
		a, err := m.s.newAssignment(
			m.scope,
			m.ref,
			m.acc,
			l.ID,
			l.Type,
			m.to,
			m.q.Acknowledged,
			m.now,
		)
		if err != nil {
			return err
		}
		ended = append(ended, *m.there[old].AssignmentID)
		m.out.Assignments = append(m.out.Assignments, a)
		m.note("licence.moved", l.ID, map[string]any{
			"before":     m.from.ID,
			"after":      m.to.ID,
			"assignment": a.facts(),
		})
	}

	if err := m.s.endAssignments(m.tx.Where("id IN ?", ended), EndMoved, m.now); err != nil {
		return err
	}
	return m.tx.Create(&m.out.Assignments).Error
}

func (m *move) note(verb, id string, details map[string]any) {
	m.entries = append(m.entries, entry{verb, id, withReason(m.q.Reason, details)})
}

// mayMove asks what an assignment would: the licence counts as free, since it
// leaves its room.
func (m *move) mayMove(l movedLicence) error {
	state := l.State
	if state == rules.LicenceAssigned {
		state = rules.LicenceAvailable
	}

	taken := slices.ContainsFunc(m.there, func(a roomAssignment) bool {
		return *a.RoomID == m.to.ID &&
			*a.ServiceType == l.Type
	})
	taken = taken ||
		slices.ContainsFunc(m.out.Assignments, func(a LicenceAssignment) bool { return a.ServiceType == l.Type })
	return rules.MayAssign(rules.AssignRequest{
		Service:        l.Type,
		LicenceState:   state,
		ContractState:  l.ContractState,
		ContractEnd:    l.EndAt,
		Now:            m.s.clock.Now(),
		RoomState:      m.to.State,
		RoomHasLicence: taken,
	})
}

func (m *move) moveDevices() error {
	var there []Device
	var placements []DevicePlacement
	for _, d := range m.devices {
		there = append(there, d.Device)
		if !slices.Contains(m.q.DeviceIDs, d.ID) {
			continue
		}
		if text(d.RoomID) != m.from.ID || d.State != rules.DeviceInRoom {
			return rules.Refuse(
				rules.StateConflict,
				"A device is not in the room that it is to leave.",
				"Read the rooms again.",
			)
		}
		placements = append(placements, m.s.placement(m.scope, d.Device, m.to.ID, m.now))
		m.note("device.moved", d.ID, map[string]any{"before": m.from.ID, "after": m.to.ID})
	}

	for _, l := range m.licences {
		m.out.Warnings = append(m.out.Warnings, m.s.capWarnings(m.ref, m.acc, there, l.EndAt)...)
	}

	if len(placements) == 0 {
		return nil
	}
	if err := m.s.endPlacements(m.tx.Where("device_id IN ?", m.q.DeviceIDs), m.now); err != nil {
		return err
	}

	return m.tx.Create(&placements).Error
}
