package models

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// LicenceAssignment is a stay of a licence in a room, half-open (R39). Terms are
// those of the room's country when it was made (S31), nil for SyncPlus, with who
// acknowledged them where they differ from home (R78e).
type LicenceAssignment struct {
	ID             string
	AccountID      string
	LicenceID      string
	RoomID         string
	ServiceType    rules.ServiceType
	FromAt         time.Time
	ToAt           *time.Time
	EndReason      AssignmentEnd
	AssignedBy     string
	Terms          *rules.CountryTerms `gorm:"serializer:json"`
	AcknowledgedBy string
	AcknowledgedAt *time.Time
}

func (a LicenceAssignment) facts() map[string]any {
	f := map[string]any{"id": a.ID, "room": a.RoomID, "from": a.FromAt}
	if a.Terms != nil {
		f["country"] = a.Terms.Country
		f["terms_version"] = a.Terms.Version
		f["acknowledged"] = a.AcknowledgedAt != nil
	}
	return f
}

// AssignmentEnd says why an assignment ended; empty while it lasts.
type AssignmentEnd string

// The ends of an assignment.
const (
	EndReleased  AssignmentEnd = "RELEASED"
	EndMoved     AssignmentEnd = "MOVED"
	EndArchived  AssignmentEnd = "ROOM_ARCHIVED" // S28
	EndCancelled AssignmentEnd = "CANCELLED"     // S8
	EndExpired   AssignmentEnd = "EXPIRED"       // S3
)

// AssignRequest assigns a licence to a room.
type AssignRequest struct {
	LicenceID string
	RoomID    string
	// Acknowledged is the version of the terms of the room's country that the
	// caller has read; 0 for none (R78e).
	Acknowledged int
	Reason       string // operators
}

// Assigned is what an assignment or a move led to.
type Assigned struct {
	Assignments []LicenceAssignment
	Warnings    []rules.CapWarning // R125d
	Started     []string           // contracts (S1)
}

// Assign assigns a licence to a room (R39). The first assignment of an order
// starts all its contracts that wait (S1). Refusals are those of rules.MayAssign
// and rules.TermsForAssignment; a room of another account is not found (R109).
func (s *Store) Assign(ctx context.Context, q AssignRequest) (Assigned, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return Assigned{}, err
	}

	var out Assigned
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) (err error) {
		if err := mayManage(scope, q.Reason); err != nil {
			return err
		}
		out, err = s.assign(tx, scope, ref, q)
		return err
	})
	return out, err
}

// assign locks contracts, account, licence and room in the order in which every
// command does.
func (s *Store) assign(tx *gorm.DB, scope Scope, ref Reference, q AssignRequest) (Assigned, error) {
	contracts, err := s.lockContractsOf(tx, scope, q.LicenceID)
	if err != nil {
		return Assigned{}, err
	}

	acc, err := s.lockAccount(tx, scope, contracts[0].AccountID)
	if err != nil {
		return Assigned{}, err
	}

	var licence Licence
	if err := found(s.forUpdate(tx).First(&licence, "id = ?", q.LicenceID).Error); err != nil {
		return Assigned{}, err
	}

	contract := contractWith(contracts, licence.ContractID)
	room, err := s.lockRoomFor(tx, acc.ID, q.RoomID, contract.Type)
	if err != nil {
		return Assigned{}, err
	}
	if err := s.mayAssign(licence, *contract, room); err != nil {
		return Assigned{}, err
	}

	a, err := s.newAssignment(
		scope,
		ref,
		acc,
		licence.ID,
		contract.Type,
		room.Room,
		q.Acknowledged,
		s.clock.Now(),
	)
	if err != nil {
		return Assigned{}, err
	}

	out := Assigned{Assignments: []LicenceAssignment{a}}
	entries, err := s.startOnAssignment(tx, ref, acc, contracts, &out)
	if err != nil {
		return Assigned{}, err
	}

	devices, err := s.devicesIn(tx, room.ID)
	if err != nil {
		return Assigned{}, err
	}

	out.Warnings = s.capWarnings(ref, acc, devices, contract.EndAt)
	if err := tx.Create(&a).Error; err != nil {
		return Assigned{}, err
	}

	err = tx.Model(&Licence{}).Where("id = ?", licence.ID).Updates(map[string]any{
		"state":       rules.LicenceAssigned,
		"state_since": s.clock.Now(),
	}).Error
	if err != nil {
		return Assigned{}, err
	}

	e := entry{"licence.assigned", licence.ID, withReason(q.Reason, map[string]any{
		"before":     licence.State,
		"after":      rules.LicenceAssigned,
		"assignment": a.facts(),
	})}
	return out, s.accountAudit(tx, scope, acc.ID, append(entries, e)...)
}

// lockedRoom is a room, with how many open assignments of one service it has.
type lockedRoom struct {
	Room
	Licensed int64
}

func (s *Store) lockRoomFor(
	tx *gorm.DB, accountID, id string, service rules.ServiceType,
) (lockedRoom, error) {
	var r lockedRoom
	err := s.forUpdate(tx).
		Table("rooms").
		Select("rooms.*, (SELECT count(*) FROM licence_assignments a WHERE a.room_id = rooms.id AND a.service_type = ? AND a.to_at IS NULL) AS licensed", service).
		Where("rooms.id = ? AND rooms.account_id = ?", id, accountID).
		Take(&r).Error
	return r, found(err)
}

func (s *Store) mayAssign(l Licence, c ServiceContract, r lockedRoom) error {
	return rules.MayAssign(rules.AssignRequest{
		Service:        c.Type,
		LicenceState:   l.State,
		ContractState:  c.State,
		ContractEnd:    c.EndAt,
		Now:            s.clock.Now(),
		RoomState:      r.State,
		RoomHasLicence: r.Licensed > 0,
	})
}

// newAssignment freezes the terms of the room's country, for Select (R78, S31).
func (s *Store) newAssignment(
	scope Scope, ref Reference, acc Account, licenceID string, service rules.ServiceType, r Room, acknowledged int, now time.Time,
) (LicenceAssignment, error) {
	a := LicenceAssignment{
		ID:          NewID(prefixAssignment),
		AccountID:   acc.ID,
		LicenceID:   licenceID,
		RoomID:      r.ID,
		ServiceType: service,
		FromAt:      now,
		AssignedBy:  scope.Actor.ID,
	}
	if service != rules.ServiceSelect {
		return a, nil
	}

	list := ref.termsIn(acc.Country, r.Country)
	terms, err := rules.TermsForAssignment(list, acc.Country, r.Country, s.today(acc), acknowledged)
	if err != nil {
		return a, err
	}

	a.Terms = &terms
	if acknowledged != 0 && acknowledged == terms.Version {
		a.AcknowledgedBy = scope.Actor.ID
		a.AcknowledgedAt = &now
	}

	return a, nil
}

// capWarnings tells which devices are covered for less than the contract (R125d).
func (s *Store) capWarnings(
	ref Reference, acc Account, devices []Device, contractEnd *time.Time,
) []rules.CapWarning {
	if contractEnd == nil {
		return nil
	}

	var list []rules.RoomDevice
	for _, d := range devices {
		if m, ok := rules.ModelOn(ref.model(d.ModelCode), d.ModelCode, s.today(acc)); ok &&
			m.Kind == rules.KindHardware {
			list = append(list, rules.RoomDevice{ID: d.ID, Warranty: d.warranty()})
		}
	}

	return rules.CapWarnings(
		list,
		s.today(acc),
		rules.DateIn(*contractEnd, zoneOf(acc.TimeZone)),
		ref.Program.WarrantyCapYears,
	)
}

// Release ends an assignment: the licence goes back to the balance, its contract
// runs on (R28b).
func (s *Store) Release(
	ctx context.Context, assignmentID, reason string,
) (LicenceAssignment, error) {
	var a LicenceAssignment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		a = LicenceAssignment{}
		if err := mayManage(scope, reason); err != nil {
			return err
		}

		acc, err := s.lockOwner(tx, scope, "licence_assignments", assignmentID)
		if err != nil {
			return err
		}

		var l Licence
		err = found(s.forUpdate(tx).
			First(&l, "id = (?)", tx.Model(&LicenceAssignment{}).
				Select("licence_id").
				Where("id = ?", assignmentID)).Error)
		if err != nil {
			return err
		}

		if err := found(tx.First(&a, "id = ?", assignmentID).Error); err != nil {
			return err
		}

		if a.ToAt != nil {
			return rules.Refuse(
				rules.StateConflict,
				"The assignment has ended.",
				"Read the room again.",
			)
		}

		now := s.clock.Now()
		err = tx.Model(&Licence{}).
			Where("id = ? AND state = ?", l.ID, rules.LicenceAssigned).
			Updates(map[string]any{
				"state":       rules.LicenceAvailable,
				"state_since": now,
			}).Error
		if err != nil {
			return err
		}

		if err := s.endAssignments(tx.Where("id = ?", a.ID), EndReleased, now); err != nil {
			return err
		}

		e := entry{"licence.released", l.ID, withReason(reason, map[string]any{
			"before":     l.State,
			"after":      rules.LicenceAvailable,
			"assignment": a.facts(),
		})}
		a.ToAt = &now
		a.EndReason = EndReleased
		return s.accountAudit(tx, scope, acc.ID, e)
	})
	return a, err
}

// endAssignments ends the open assignments that the query narrows to. None ends
// before it began, whatever another machine's clock says. What takes their place
// must begin at the same instant, read after the locks.
func (s *Store) endAssignments(q *gorm.DB, why AssignmentEnd, now time.Time) error {
	return q.Model(&LicenceAssignment{}).Where("to_at IS NULL").
		Updates(map[string]any{
			"to_at":      gorm.Expr("CASE WHEN from_at > ? THEN from_at ELSE ? END", now, now),
			"end_reason": why,
		}).Error
}

// AssignmentFilter narrows a list of assignments; empty fields do not narrow.
type AssignmentFilter struct {
	AccountID string
	RoomID    string
	LicenceID string
	Open      bool // only those that last
	Page      Page
}

// ListAssignments lists the assignments in scope, newest first.
func (s *Store) ListAssignments(
	ctx context.Context, f AssignmentFilter,
) ([]LicenceAssignment, string, error) {
	var out []LicenceAssignment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.accounts(tx, "account_id")
		for column, value := range map[string]string{
			"account_id": f.AccountID,
			"room_id":    f.RoomID,
			"licence_id": f.LicenceID,
		} {
			if strings.TrimSpace(value) != "" {
				q = q.Where(clause.Eq{Column: column, Value: value})
			}
		}

		if f.Open {
			q = q.Where("to_at IS NULL")
		}
		return f.Page.apply(q).Find(&out).Error
	})
	out, next := cut(f.Page, out, func(a LicenceAssignment) string { return a.ID })
	return out, next, err
}

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
		fields = append(fields, rules.FieldError{
			Pointer: pointer,
			Code:    code,
			Message: message,
			Remedy:  remedy,
		})
	}
	switch n := len(q.RoomIDs); {
	case n == 0:
		fail("/room_ids", rules.Required, "No room is named.", "Name at least one room.")
	case n > maxRoomsAtOnce:
		fail(
			"/room_ids",
			rules.TooManyNamed,
			fmt.Sprintf("More than %d rooms are named.", maxRoomsAtOnce),
			"Assign in parts.",
		)
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

		m := &assignMany{
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
	err = m.s.forUpdate(m.scope.accounts(m.tx, "account_id")).
		Where("order_id = (?) OR id = ?", order, m.q.ContractID).
		Order("id").
		Find(&m.contracts).Error
	if err != nil {
		return err
	}
	if m.contract = contractWith(m.contracts, m.q.ContractID); m.contract.ID == "" {
		return errNotFound()
	}
	if m.acc, err = m.s.lockAccount(m.tx, m.scope, m.contract.AccountID); err != nil {
		return err
	}

	err = m.s.forUpdate(m.tx).
		Where("contract_id = ? AND state = ?", m.contract.ID, rules.LicenceAvailable).
		Order("seq").
		Limit(len(m.q.RoomIDs)).
		Find(&m.licences).Error
	if err != nil {
		return err
	}

	return m.readRooms()
}

func (m *assignMany) readRooms() error {
	var rooms []Room
	err := m.s.forUpdate(m.tx).
		Where("account_id = ? AND id IN ?", m.acc.ID, m.q.RoomIDs).
		Order("id").
		Find(&rooms).Error
	if err != nil {
		return err
	}

	m.rooms = map[string]Room{}
	m.open = map[string]openAssignment{}
	for _, r := range rooms {
		m.rooms[r.ID] = r
	}

	var open []openAssignment
	err = m.tx.Table("licence_assignments AS a").
		Select("a.*, l.contract_id").
		Joins("JOIN licences l ON l.id = a.licence_id").
		Where("a.account_id = ? AND a.room_id IN ? AND a.service_type = ? AND a.to_at IS NULL", m.acc.ID, m.q.RoomIDs, m.contract.Type).
		Find(&open).Error
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
	return rules.MayAssign(rules.AssignRequest{
		Service:        m.contract.Type,
		LicenceState:   rules.LicenceAvailable,
		ContractState:  m.contract.State,
		ContractEnd:    m.contract.EndAt,
		Now:            m.s.clock.Now(),
		RoomState:      room,
		RoomHasLicence: taken,
	})
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
			fields = append(fields, rules.FieldError{
				Pointer: roomPointer(i),
				Code:    refusal.Code,
				Message: refusal.Message,
				Remedy:  refusal.Remedy,
			})
		case err != nil:
			return err
		}
		m.fresh = append(m.fresh, a)
	}

	if len(m.fresh) > len(m.licences) {
		fields = append(fields, rules.FieldError{
			Pointer: "/room_ids",
			Code:    rules.TooFewLicences,
			Message: fmt.Sprintf("The contract has %d licences left.", len(m.licences)),
			Remedy:  "Name fewer rooms, or use another contract for the rest.",
		})
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

	a, err := m.s.newAssignment(
		m.scope,
		m.ref,
		m.acc,
		licence.ID,
		m.contract.Type,
		room,
		m.q.Acknowledged[room.Country],
		m.s.clock.Now(),
	)
	m.entries = append(m.entries, entry{"licence.assigned", licence.ID,
		withReason(m.q.Reason, map[string]any{
			"before":     rules.LicenceAvailable,
			"after":      rules.LicenceAssigned,
			"assignment": a.facts(),
		})})
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
	inside := m.tx.Model(&DevicePlacement{}).
		Select("device_id").
		Where("room_id IN ? AND to_at IS NULL", m.q.RoomIDs)
	err := m.tx.Where("account_id = ? AND id IN (?)", m.acc.ID, inside).
		Order("id").
		Find(&devices).Error
	m.out.Warnings = m.s.capWarnings(
		m.ref,
		m.acc,
		devices,
		contractWith(m.contracts, m.contract.ID).EndAt,
	)
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

	err := m.tx.Model(&Licence{}).Where("id IN ?", ids).Updates(map[string]any{
		"state":       rules.LicenceAssigned,
		"state_since": m.s.clock.Now(),
	}).Error
	if err != nil {
		return err
	}

	return m.s.accountAudit(m.tx, m.scope, m.acc.ID, m.entries...)
}
