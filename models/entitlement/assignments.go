package entitlement

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// LicenceAssignment is a stay of a licence in a room, half-open (R39). Terms are
// those of the room's country when it was made (S31), nil for SyncPlus, with who
// acknowledged them where they differ from home (R78e).
type LicenceAssignment struct {
	ID             string
	AccountID      string
	LicenceID      string
	RoomID         string
	ServiceType    catalogue.ServiceType
	FromAt         time.Time
	ToAt           *time.Time
	EndReason      AssignmentEnd
	AssignedBy     string
	Terms          *catalogue.CountryTerms `gorm:"serializer:json"`
	AcknowledgedBy string
	AcknowledgedAt *time.Time
}

// facts are what the audit says of an assignment.
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
	Warnings    []licensing.CapWarning // R125d
	Started     []string               // contracts (S1)
}

// assigning is a command under way that gives licences to rooms or moves them. Its
// instant is read after the locks: what ends and what takes its place share it.
type assigning struct {
	s     *Entitlements
	tx    *db.Tx
	looks bool // it only finds out what would follow, and locks nothing

	now     time.Time
	ref     program.Reference
	reason  string // operators
	acc     account.Account
	entries []db.Entry // for the audit of acc
	out     Assigned
}

// changeAssignments runs a command on assignments in one transaction, for those who may
// manage rooms. The command locks, decides and stores; what it noted is audited.
func (s *Entitlements) changeAssignments(
	ctx context.Context, reason string, command func(*assigning) error,
) (Assigned, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Assigned{}, err
	}

	var out Assigned
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := db.MayManage(tx.Scope, reason); err != nil {
			return err
		}

		c := &assigning{
			s:      s,
			tx:     tx,
			ref:    ref,
			reason: reason,
		}

		if err := command(c); err != nil {
			return err
		}

		out = c.out
		if len(c.entries) == 0 {
			return nil
		}

		return account.Audit(tx, c.acc.ID, c.entries...)
	})

	return out, err
}

// locked locks the rows that the query reads, unless the command only looks.
func (c *assigning) locked(q *gorm.DB) *gorm.DB {
	if c.looks {
		return q
	}
	return db.ForUpdate(q)
}

// lockedRows locks the rows of one table of a join, unless the command only looks.
func (c *assigning) lockedRows(q *gorm.DB, table string) *gorm.DB {
	if c.looks {
		return q
	}
	return db.LockRows(q, table)
}

// lockAccount locks the account in scope that owns a row of the table, and reads it.
func (c *assigning) lockAccount(table, id string) error {
	owner := c.tx.Table(table).Select("account_id").Where("id = ?", id)
	if !c.looks {
		acc, err := account.LockOwner(c.tx, table, id)
		c.acc = acc
		return err
	}
	return db.Found(c.tx.Scope.Accounts(c.tx.DB, "id").First(&c.acc, "id = (?)", owner).Error)
}

// note adds an entry to the audit, with the operator's reason.
func (c *assigning) note(verb, id string, details map[string]any) {
	c.entries = append(c.entries, db.Entry{
		Verb:     verb,
		ObjectID: id,
		Details:  db.WithReason(c.reason, details),
	})
}

// noteAssigned audits that a free licence was assigned.
func (c *assigning) noteAssigned(a LicenceAssignment) {
	c.note("licence.assigned", a.LicenceID, map[string]any{
		"before":     rules.LicenceAvailable,
		"after":      rules.LicenceAssigned,
		"assignment": a.facts(),
	})
}

// startContracts starts those of an order's contracts that wait (S1). Their audit comes
// before that of the assignments that start them.
func (c *assigning) startContracts(contracts []ServiceContract) error {
	started, err := StartOnAssignment(c.tx, c.ref, c.acc, contracts, &c.out)
	if err != nil {
		return err
	}
	c.entries = append(started, c.entries...)
	return nil
}

// newAssignment describes the stay of a licence in a room from now on. For Select it
// freezes the terms of the room's country (R78, S31), and refuses as
// cover.TermsForAssignment does; acknowledged is the version of them that the caller
// has read, 0 for none.
func (c *assigning) newAssignment(
	licenceID string, service catalogue.ServiceType, room Room, acknowledged int,
) (LicenceAssignment, error) {
	a := LicenceAssignment{
		ID:          db.NewID(db.PrefixAssignment),
		AccountID:   c.acc.ID,
		LicenceID:   licenceID,
		RoomID:      room.ID,
		ServiceType: service,
		FromAt:      c.now,
		AssignedBy:  c.tx.Scope.Actor.ID,
	}

	if service != catalogue.ServiceSelect {
		return a, nil
	}

	home := c.acc.Country
	terms, err := cover.TermsForAssignment(
		c.ref.TermsIn(home, room.Country), home, room.Country, account.Today(c.tx, c.acc),
		acknowledged)
	if err != nil {
		return a, err
	}

	a.Terms = &terms
	if acknowledged != 0 && acknowledged == terms.Version {
		a.AcknowledgedBy = c.tx.Scope.Actor.ID
		a.AcknowledgedAt = &c.now
	}

	return a, nil
}

// capWarnings returns which devices are covered for less than the contract (R125d).
func (c *assigning) capWarnings(devices []Device, contractEnd *time.Time) []licensing.CapWarning {
	if contractEnd == nil {
		return nil
	}

	today := account.Today(c.tx, c.acc)
	var list []licensing.RoomDevice
	for _, d := range devices {
		m, ok := catalogue.ModelOn(c.ref.Model(d.ModelCode), d.ModelCode, today)
		if ok && m.Kind == catalogue.KindHardware {
			list = append(list, licensing.RoomDevice{ID: d.ID, Warranty: d.warranty()})
		}
	}

	lastDay := rules.DateIn(*contractEnd, db.ZoneOf(c.acc.TimeZone))
	return licensing.CapWarnings(list, today, lastDay, c.ref.Program.WarrantyCapYears)
}

// Assign assigns a licence to a room (R39). The first assignment of an order
// starts all its contracts that wait (S1). Refusals are those of licensing.MayAssign
// and cover.TermsForAssignment; a room of another account is not found (R109). The
// same request again is refused: the licence is assigned already.
func (s *Entitlements) Assign(ctx context.Context, q AssignRequest) (Assigned, error) {
	return s.changeAssignments(ctx, q.Reason, func(c *assigning) error {
		return c.assign(q)
	})
}

// assign locks contracts, account, licence and room in the order in which every
// command does.
func (c *assigning) assign(q AssignRequest) error {
	contracts, err := LockContractsOf(c.tx, q.LicenceID)
	if err != nil {
		return err
	}

	c.acc, err = account.Lock(c.tx, contracts[0].AccountID)
	if err != nil {
		return err
	}

	var licence Licence
	if err := db.Found(c.tx.ForUpdate().First(&licence, "id = ?", q.LicenceID).Error); err != nil {
		return err
	}

	contract := ContractWith(contracts, licence.ContractID)
	room, err := c.lockRoomFor(q.RoomID, contract.Type)
	if err != nil {
		return err
	}

	c.now = c.tx.Now()

	err = licensing.MayAssign(licensing.AssignRequest{
		Service:        contract.Type,
		LicenceState:   licence.State,
		ContractState:  contract.State,
		ContractEnd:    contract.EndAt,
		Now:            c.now,
		RoomState:      room.State,
		RoomHasLicence: room.Licensed > 0,
	})
	if err != nil {
		return err
	}
	if room.Ended > 0 {
		if err := c.endOver(contract.Type, room.ID); err != nil {
			return err
		}
	}

	a, err := c.newAssignment(licence.ID, contract.Type, room.Room, q.Acknowledged)
	if err != nil {
		return err
	}

	c.out.Assignments = []LicenceAssignment{a}
	c.noteAssigned(a)

	if err := c.startContracts(contracts); err != nil {
		return err
	}

	devices, err := devicesIn(c.tx, room.ID)
	if err != nil {
		return err
	}

	c.out.Warnings = c.capWarnings(devices, contract.EndAt)

	if err := c.tx.Create(&a).Error; err != nil {
		return err
	}

	return SetLicences(c.tx, rules.LicenceAssigned, licence.ID)
}

// lockedRoom is a room, with how many open assignments of one service it has.
type lockedRoom struct {
	Room
	Licensed int64 // that hold the room
	Ended    int64 // whose contract is over, before the sweep ends them
}

// lockRoomFor locks a room of the account and counts its licences of the service.
func (c *assigning) lockRoomFor(id string, service catalogue.ServiceType) (lockedRoom, error) {
	var r lockedRoom
	const counted = "SELECT count(*)" + fromAssignments + " AND a.room_id = rooms.id"
	err := c.tx.ForUpdate().
		Table("rooms").
		Select("rooms.*, ("+counted+" AND "+holdsRoom+") AS licensed, ("+
			counted+" AND NOT "+holdsRoom+") AS ended",
			map[string]any{"service": service, "now": c.tx.Now()}).
		Where("rooms.id = ? AND rooms.account_id = ?", id, c.acc.ID).
		Take(&r).Error
	return r, db.Found(err)
}

// endOver ends what rooms have of a service and is over, as the sweep is about to: a room that
// nothing covers any more does not wait for it to get its next licence. Each is audited: the sweep
// counts them later, with the end of their contracts.
func (c *assigning) endOver(service catalogue.ServiceType, roomIDs ...string) error {
	var over []LicenceAssignment
	err := c.tx.
		Where("account_id = ? AND room_id IN ?", c.acc.ID, roomIDs).
		Where("service_type = ? AND to_at IS NULL", service).
		Where(`EXISTS (
			SELECT 1 FROM licences l
			JOIN service_contracts c ON c.id = l.contract_id
			WHERE l.id = licence_assignments.licence_id AND NOT `+holdsRoom+`)`,
			map[string]any{"now": c.tx.Now()}).
		Order("id").Find(&over).Error
	if err != nil || len(over) == 0 {
		return err
	}
	for _, a := range over {
		c.note("licence.ended", a.LicenceID, map[string]any{
			"end":        EndExpired,
			"assignment": a.facts(),
		})
	}
	ids := db.IdsOf(over, func(a LicenceAssignment) string { return a.ID })
	return c.tx.Model(&LicenceAssignment{}).Where("id IN ?", ids).
		Updates(endedWithContract()).Error
}

// Release ends an assignment: the licence goes back to the balance, its contract
// runs on (R28b). An assignment that has ended answers STATE_CONFLICT, one that is not
// in scope NOT_FOUND.
func (s *Entitlements) Release(
	ctx context.Context, assignmentID, reason string,
) (LicenceAssignment, error) {
	var a LicenceAssignment
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		change := func(account.Account) (e db.Entry, err error) {
			a, e, err = release(tx, assignmentID, reason)
			return e, err
		}
		return account.ChangeInAccount(tx, "licence_assignments", assignmentID, reason, change)
	})
	return a, err
}

func release(tx *db.Tx, id, reason string) (LicenceAssignment, db.Entry, error) {
	licenceOf := tx.Model(&LicenceAssignment{}).Select("licence_id").Where("id = ?", id)
	var l Licence
	err := db.Found(tx.ForUpdate().First(&l, "id = (?)", licenceOf).Error)
	if err != nil {
		return LicenceAssignment{}, db.Entry{}, err
	}

	var a LicenceAssignment
	if err := db.Found(tx.First(&a, "id = ?", id).Error); err != nil {
		return a, db.Entry{}, err
	}

	if a.ToAt != nil {
		return a, db.Entry{}, rules.Refuse(
			rules.StateConflict,
			"The assignment has ended.",
			"Read the room again.",
		)
	}

	now := tx.Now()
	if err := freeLicences(tx, now, l.ID); err != nil {
		return a, db.Entry{}, err
	}

	err = endAssignments(tx.Where("id = ?", a.ID), EndReleased, now)
	if err != nil {
		return a, db.Entry{}, err
	}

	e := db.Entry{
		Verb:     "licence.released",
		ObjectID: l.ID,
		Details: db.WithReason(reason, map[string]any{
			"before":     l.State,
			"after":      rules.LicenceAvailable,
			"assignment": a.facts(),
		}),
	}

	a.ToAt = &now
	a.EndReason = EndReleased
	return a, e, nil
}

// endAssignments ends the open assignments that the query narrows to. None ends
// before it began, whatever another machine's clock says. What takes their place
// must begin at the same instant, read after the locks.
func endAssignments(q *gorm.DB, why AssignmentEnd, now time.Time) error {
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
	Page      db.Page
}

// ListAssignments lists the assignments in scope, newest first, and returns the cursor
// of the next page; it is empty on the last one.
func (s *Entitlements) ListAssignments(
	ctx context.Context, f AssignmentFilter,
) ([]LicenceAssignment, string, error) {
	var out []LicenceAssignment
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Accounts(tx.DB, "account_id")
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

		return f.Page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(a LicenceAssignment) string { return a.ID })
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

// validate names every wrong field.
func (q AssignManyRequest) validate() error {
	var wrong wrongFields
	switch n := len(q.RoomIDs); {
	case n == 0:
		wrong.add("/room_ids", rules.Required, "No room is named.", "Name at least one room.")
	case n > maxRoomsAtOnce:
		message := fmt.Sprintf("More than %d rooms are named.", maxRoomsAtOnce)
		wrong.add("/room_ids", rules.TooManyNamed, message, "Assign in parts.")
	}

	seen := map[string]bool{}
	for i, id := range q.RoomIDs {
		if seen[id] {
			at := roomPointer(i)
			wrong.add(at, rules.Duplicate, "The room is named twice.", "Name each once.")
		}
		seen[id] = true
	}

	return rules.Invalid(wrong)
}

// wrongFields collects what is wrong with a request.
type wrongFields []rules.FieldError

func (w *wrongFields) add(pointer, code, message, remedy string) {
	*w = append(*w, rules.FieldError{
		Pointer: pointer,
		Code:    code,
		Message: message,
		Remedy:  remedy,
	})
}

func roomPointer(i int) string { return fmt.Sprintf("/room_ids/%d", i) }

// AssignMany assigns available licences of a contract to rooms, all or none, by the
// checks of Assign; VALIDATION_FAILED names what is wrong with a room by its pointer. A
// room that has a licence of the contract already keeps it, so that the same request
// again changes nothing. The number of statements does not grow with the rooms.
func (s *Entitlements) AssignMany(ctx context.Context, q AssignManyRequest) (Assigned, error) {
	if err := q.validate(); err != nil {
		return Assigned{}, err
	}
	return s.changeAssignments(ctx, q.Reason, func(c *assigning) error {
		m := &assignMany{assigning: c, q: q}
		return m.run()
	})
}

// assignMany is one AssignMany under way.
type assignMany struct {
	*assigning
	q         AssignManyRequest
	contracts []ServiceContract // of the order
	contract  *ServiceContract
	licences  []Licence                 // available ones, by number
	rooms     map[string]Room           // by id
	open      map[string]openAssignment // by room, of the contract's service, that hold it
	over      []string                  // the rooms that have one which is over
	fresh     []LicenceAssignment
}

type openAssignment struct {
	LicenceAssignment
	ContractID string
	Holds      bool // it is not over; see holdsRoom
}

func (m *assignMany) run() error {
	if err := m.lock(); err != nil {
		return err
	}
	if err := m.mayAssign(licensing.RoomActive, false); err != nil { // whatever the room
		return err
	}
	if err := m.assignRooms(); err != nil {
		return err
	}

	if len(m.fresh) > 0 {
		if err := m.startContracts(m.contracts); err != nil {
			return err
		}
	}

	if err := m.warn(); err != nil {
		return err
	}
	if len(m.fresh) == 0 {
		return nil
	}
	if len(m.over) > 0 {
		if err := m.endOver(m.contract.Type, m.over...); err != nil {
			return err
		}
	}

	if err := m.tx.Create(&m.fresh).Error; err != nil {
		return err
	}

	ids := db.IdsOf(m.fresh, func(a LicenceAssignment) string { return a.LicenceID })
	return SetLicences(m.tx, rules.LicenceAssigned, ids...)
}

// lock reads and locks everything, in the order in which every command does.
func (m *assignMany) lock() error {
	order := m.tx.Model(&ServiceContract{}).Select("order_id").Where("id = ?", m.q.ContractID)
	err := m.locked(m.tx.Scope.Accounts(m.tx.DB, "account_id")).
		Where("order_id = (?) OR id = ?", order, m.q.ContractID).
		Order("id").
		Find(&m.contracts).Error
	if err != nil {
		return err
	}

	m.contract = ContractWith(m.contracts, m.q.ContractID)
	if m.contract.ID == "" {
		return db.NotFound()
	}

	if err := m.lockAccount("service_contracts", m.contract.ID); err != nil {
		return err
	}

	err = m.locked(m.tx.DB).
		Where("contract_id = ? AND state = ?", m.contract.ID, rules.LicenceAvailable).
		Order("seq").
		Limit(len(m.q.RoomIDs)).
		Find(&m.licences).Error
	if err != nil {
		return err
	}
	if err := m.lockRooms(); err != nil {
		return err
	}

	m.now = m.tx.Now()
	return nil
}

// lockRooms locks the rooms, and reads their open assignments of the contract's service.
func (m *assignMany) lockRooms() error {
	var rooms []Room
	err := m.locked(m.tx.DB).
		Where("account_id = ? AND id IN ?", m.acc.ID, m.q.RoomIDs).
		Order("id").
		Find(&rooms).Error
	if err != nil {
		return err
	}

	m.rooms = map[string]Room{}
	for _, r := range rooms {
		m.rooms[r.ID] = r
	}

	var open []openAssignment
	err = m.tx.Table("licence_assignments AS a").
		Select("a.*, l.contract_id, "+holdsRoom+" AS holds", map[string]any{"now": m.tx.Now()}).
		Joins("JOIN licences l ON l.id = a.licence_id").
		Joins("JOIN service_contracts c ON c.id = l.contract_id").
		Where("a.account_id = ? AND a.room_id IN ?", m.acc.ID, m.q.RoomIDs).
		Where("a.service_type = ? AND a.to_at IS NULL", m.contract.Type).
		Find(&open).Error
	if err != nil {
		return err
	}

	m.open = map[string]openAssignment{}
	m.over = nil
	for _, a := range open {
		if !a.Holds {
			m.over = append(m.over, a.RoomID)
			continue
		}
		m.open[a.RoomID] = a
	}

	return nil
}

func (m *assignMany) mayAssign(room licensing.RoomState, taken bool) error {
	return licensing.MayAssign(licensing.AssignRequest{
		Service:        m.contract.Type,
		LicenceState:   rules.LicenceAvailable,
		ContractState:  m.contract.State,
		ContractEnd:    m.contract.EndAt,
		Now:            m.now,
		RoomState:      room,
		RoomHasLicence: taken,
	})
}

// assignRooms takes the next licence for each room that has none of the contract, and
// names everything that is wrong with rooms at once.
func (m *assignMany) assignRooms() error {
	var wrong wrongFields
	for i, id := range m.q.RoomIDs {
		if there, ok := m.open[id]; ok && there.ContractID == m.contract.ID {
			m.out.Assignments = append(m.out.Assignments, there.LicenceAssignment)
			continue
		}

		a, err := m.assignRoom(id, len(m.fresh))
		var refusal *rules.Error
		switch {
		case errors.As(err, &refusal):
			wrong.add(roomPointer(i), refusal.Code, refusal.Message, refusal.Remedy)
		case err != nil:
			return err
		}

		m.fresh = append(m.fresh, a)
	}

	if len(m.fresh) > len(m.licences) {
		message := fmt.Sprintf("The contract has %d licenses left.", len(m.licences))
		remedy := "Name fewer rooms, or use another contract for the rest."
		wrong.add("/room_ids", licensing.TooFewLicences, message, remedy)
	}

	m.out.Assignments = append(m.out.Assignments, m.fresh...)
	return rules.Invalid(wrong)
}

// assignRoom gives the n-th licence to a room; where no licence is left its checks run
// all the same.
func (m *assignMany) assignRoom(id string, n int) (LicenceAssignment, error) {
	room, ok := m.rooms[id]
	if !ok {
		return LicenceAssignment{}, db.NotFound()
	}

	_, taken := m.open[id]
	if err := m.mayAssign(room.State, taken); err != nil {
		return LicenceAssignment{}, err
	}

	var licence Licence
	if n < len(m.licences) {
		licence = m.licences[n]
	}

	a, err := m.newAssignment(licence.ID, m.contract.Type, room, m.q.Acknowledged[room.Country])
	if err != nil {
		return a, err
	}

	m.noteAssigned(a)
	return a, nil
}

// warn finds the devices in the rooms that are covered for less than the contract
// (R125d).
func (m *assignMany) warn() error {
	inside := m.tx.Model(&DevicePlacement{}).
		Select("device_id").
		Where("room_id IN ? AND to_at IS NULL", m.q.RoomIDs)
	var devices []Device

	err := m.tx.
		Where("account_id = ? AND id IN (?)", m.acc.ID, inside).
		Order("id").
		Find(&devices).Error
	if err != nil {
		return err
	}

	m.out.Warnings = m.capWarnings(devices, m.contract.EndAt)
	return nil
}
