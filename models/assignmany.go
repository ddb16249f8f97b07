package models

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// maxRoomsAtOnce bounds one AssignMany.
const maxRoomsAtOnce = 1000

// AssignManyRequest assigns licences of one contract to rooms, one each.
type AssignManyRequest struct {
	ContractID string
	RoomIDs    []string
	// Acknowledged are the versions of the terms that the caller has read, by the
	// rooms' country (R78e).
	Acknowledged map[string]int
	Reason       string // operators
}

func (q AssignManyRequest) validate() error {
	var fields []rules.FieldError
	fail := func(pointer, code, message, remedy string) {
		fields = append(fields, rules.FieldError{Pointer: pointer, Code: code, Message: message, Remedy: remedy})
	}
	switch n := len(q.RoomIDs); {
	case n == 0:
		fail("/room_ids", rules.Required, "No room is named.", "Name at least one room.")
	case n > maxRoomsAtOnce:
		fail("/room_ids", rules.TooManyNamed, fmt.Sprintf("More than %d rooms are named.", maxRoomsAtOnce), "Assign in parts.")
	}
	seen := map[string]bool{}
	for i, id := range q.RoomIDs {
		if seen[id] {
			fail(roomPointer(i), rules.Duplicate, "The room is named twice.", "Name each once.")
		}
		seen[id] = true
	}
	return rules.Invalid(fields)
}

func roomPointer(i int) string { return fmt.Sprintf("/room_ids/%d", i) }

// AssignMany assigns available licences of a contract to rooms, all or none, by the
// checks of Assign; what is wrong with a room is told by its pointer, under
// VALIDATION_FAILED. A room that has a licence of the contract already keeps it, so
// that the same request again changes nothing. The statements do not grow with the
// rooms.
func (s *Store) AssignMany(ctx context.Context, q AssignManyRequest) (Assigned, error) {
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
		m := &assignMany{s: s, tx: tx, scope: scope, ref: ref, q: q}
		err := m.run()
		out = m.out
		return err
	})
	return out, err
}

// assignMany is one AssignMany under way.
type assignMany struct {
	s         *Store
	tx        *gorm.DB
	scope     Scope
	ref       Reference
	q         AssignManyRequest
	contracts []ServiceContract // of the order
	contract  *ServiceContract
	acc       Account
	licences  []Licence                 // available ones, by number
	rooms     map[string]Room           // by id
	open      map[string]openAssignment // by room, of the contract's service
	fresh     []LicenceAssignment
	entries   []entry
	out       Assigned
}

type openAssignment struct {
	LicenceAssignment
	ContractID string
}

func (m *assignMany) run() error {
	for _, step := range []func() error{m.lock, m.assignable, m.assignRooms, m.start, m.warn} {
		if err := step(); err != nil {
			return err
		}
	}
	if len(m.fresh) == 0 {
		return nil
	}
	return m.write()
}

// lock reads and locks everything, in the order in which every command does.
func (m *assignMany) lock() (err error) {
	order := m.tx.Model(&ServiceContract{}).Select("order_id").Where("id = ?", m.q.ContractID)
	err = m.s.forUpdate(m.scope.accounts(m.tx, "account_id")).Where("order_id = (?) OR id = ?", order, m.q.ContractID).Order("id").Find(&m.contracts).Error
	if err != nil {
		return err
	}
	if m.contract = contractWith(m.contracts, m.q.ContractID); m.contract.ID == "" {
		return errNotFound()
	}
	if m.acc, err = m.s.lockAccount(m.tx, m.scope, m.contract.AccountID); err != nil {
		return err
	}
	err = m.s.forUpdate(m.tx).Where("contract_id = ? AND state = ?", m.contract.ID, rules.LicenceAvailable).Order("seq").Limit(len(m.q.RoomIDs)).Find(&m.licences).Error
	if err != nil {
		return err
	}
	return m.readRooms()
}

func (m *assignMany) readRooms() error {
	var rooms []Room
	if err := m.s.forUpdate(m.tx).Where("account_id = ? AND id IN ?", m.acc.ID, m.q.RoomIDs).Order("id").Find(&rooms).Error; err != nil {
		return err
	}
	m.rooms, m.open = map[string]Room{}, map[string]openAssignment{}
	for _, r := range rooms {
		m.rooms[r.ID] = r
	}
	var open []openAssignment
	err := m.tx.Table("licence_assignments AS a").Select("a.*, l.contract_id").Joins("JOIN licences l ON l.id = a.licence_id").
		Where("a.account_id = ? AND a.room_id IN ? AND a.service_type = ? AND a.to_at IS NULL", m.acc.ID, m.q.RoomIDs, m.contract.Type).Find(&open).Error
	for _, a := range open {
		m.open[a.RoomID] = a
	}
	return err
}

// assignable refuses what has nothing to do with any room.
func (m *assignMany) assignable() error {
	return m.mayAssign(rules.RoomActive, false)
}

func (m *assignMany) mayAssign(room rules.RoomState, taken bool) error {
	return rules.MayAssign(rules.AssignRequest{Service: m.contract.Type, LicenceState: rules.LicenceAvailable, ContractState: m.contract.State,
		ContractEnd: m.contract.EndAt, Now: m.s.clock.Now(), RoomState: room, RoomHasLicence: taken})
}

// assignRooms takes the next licence for each room that has none of the contract.
func (m *assignMany) assignRooms() error {
	var fields []rules.FieldError
	for i, id := range m.q.RoomIDs {
		if there, ok := m.open[id]; ok && there.ContractID == m.contract.ID {
			m.out.Assignments = append(m.out.Assignments, there.LicenceAssignment)
			continue
		}
		a, err := m.assignRoom(id, len(m.fresh))
		var refusal *rules.Error
		switch {
		case errors.As(err, &refusal):
			fields = append(fields, rules.FieldError{Pointer: roomPointer(i), Code: refusal.Code, Message: refusal.Message, Remedy: refusal.Remedy})
		case err != nil:
			return err
		}
		m.fresh = append(m.fresh, a)
	}
	if len(m.fresh) > len(m.licences) {
		fields = append(fields, rules.FieldError{Pointer: "/room_ids", Code: rules.TooFewLicences, Message: fmt.Sprintf("The contract has %d licences left.", len(m.licences)),
			Remedy: "Name fewer rooms, or use another contract for the rest."})
	}
	m.out.Assignments = append(m.out.Assignments, m.fresh...)
	return rules.Invalid(fields)
}

// assignRoom gives the n-th licence to a room; without a licence left its checks
// run all the same.
func (m *assignMany) assignRoom(id string, n int) (LicenceAssignment, error) {
	room, ok := m.rooms[id]
	if !ok {
		return LicenceAssignment{}, errNotFound()
	}
	_, taken := m.open[id]
	if err := m.mayAssign(room.State, taken); err != nil {
		return LicenceAssignment{}, err
	}
	licence := Licence{}
	if n < len(m.licences) {
		licence = m.licences[n]
	}
	a, err := m.s.newAssignment(m.scope, m.ref, m.acc, licence.ID, m.contract.Type, room, m.q.Acknowledged[room.Country], m.s.clock.Now())
	m.entries = append(m.entries, entry{"licence.assigned", licence.ID,
		withReason(m.q.Reason, map[string]any{"before": rules.LicenceAvailable, "after": rules.LicenceAssigned, "assignment": a.facts()})})
	return a, err
}

// start starts the order's contracts that wait (S1).
func (m *assignMany) start() error {
	if len(m.fresh) == 0 {
		return nil
	}
	entries, err := m.s.startOnAssignment(m.tx, m.ref, m.acc, m.contracts, &m.out)
	m.entries = append(entries, m.entries...)
	return err
}

// warn tells which devices in the rooms are covered for less than the contract
// (R125d).
func (m *assignMany) warn() error {
	var devices []Device
	inside := m.tx.Model(&DevicePlacement{}).Select("device_id").Where("room_id IN ? AND to_at IS NULL", m.q.RoomIDs)
	err := m.tx.Where("account_id = ? AND id IN (?)", m.acc.ID, inside).Order("id").Find(&devices).Error
	m.out.Warnings = m.s.capWarnings(m.ref, m.acc, devices, contractWith(m.contracts, m.contract.ID).EndAt)
	return err
}

func (m *assignMany) write() error {
	if err := m.tx.Create(&m.fresh).Error; err != nil {
		return err
	}
	ids := make([]string, len(m.fresh))
	for i, a := range m.fresh {
		ids[i] = a.LicenceID
	}
	err := m.tx.Model(&Licence{}).Where("id IN ?", ids).Updates(map[string]any{"state": rules.LicenceAssigned, "state_since": m.s.clock.Now()}).Error
	if err != nil {
		return err
	}
	return m.s.accountAudit(m.tx, m.scope, m.acc.ID, m.entries...)
}
