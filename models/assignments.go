package models

import (
	"context"
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
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
	a, err := s.newAssignment(scope, ref, acc, licence.ID, contract.Type, room.Room, q.Acknowledged, s.clock.Now())
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
	err = tx.Model(&Licence{}).Where("id = ?", licence.ID).Updates(map[string]any{"state": rules.LicenceAssigned, "state_since": s.clock.Now()}).Error
	if err != nil {
		return Assigned{}, err
	}
	e := entry{"licence.assigned", licence.ID, withReason(q.Reason, map[string]any{"before": licence.State, "after": rules.LicenceAssigned, "assignment": a.facts()})}
	return out, s.accountAudit(tx, scope, acc.ID, append(entries, e)...)
}

func (a LicenceAssignment) facts() map[string]any {
	f := map[string]any{"id": a.ID, "room": a.RoomID, "from": a.FromAt}
	if a.Terms != nil {
		f["country"], f["terms_version"], f["acknowledged"] = a.Terms.Country, a.Terms.Version, a.AcknowledgedAt != nil
	}
	return f
}

// lockContractsOf locks all contracts of the order that the licence belongs to.
func (s *Store) lockContractsOf(tx *gorm.DB, scope Scope, licenceID string) ([]ServiceContract, error) {
	order := tx.Table("licences AS l").Select("c.order_id").Joins("JOIN service_contracts c ON c.id = l.contract_id").Where("l.id = ?", licenceID)
	var contracts []ServiceContract
	err := s.forUpdate(scope.accounts(tx, "account_id")).Where("order_id = (?)", order).Order("id").Find(&contracts).Error
	if err == nil && len(contracts) == 0 {
		err = errNotFound()
	}
	return contracts, err
}

func contractWith(contracts []ServiceContract, id string) *ServiceContract {
	for i := range contracts {
		if contracts[i].ID == id {
			return &contracts[i]
		}
	}
	return &ServiceContract{}
}

// lockedRoom is a room, with how many open assignments of one service it has.
type lockedRoom struct {
	Room
	Licensed int64
}

func (s *Store) lockRoomFor(tx *gorm.DB, accountID, id string, service rules.ServiceType) (lockedRoom, error) {
	var r lockedRoom
	err := s.forUpdate(tx).Table("rooms").Select("rooms.*, (SELECT count(*) FROM licence_assignments a WHERE a.room_id = rooms.id AND a.service_type = ? AND a.to_at IS NULL) AS licensed", service).
		Where("rooms.id = ? AND rooms.account_id = ?", id, accountID).Take(&r).Error
	return r, found(err)
}

func (s *Store) mayAssign(l Licence, c ServiceContract, r lockedRoom) error {
	return rules.MayAssign(rules.AssignRequest{Service: c.Type, LicenceState: l.State, ContractState: c.State, ContractEnd: c.EndAt, Now: s.clock.Now(),
		RoomState: r.State, RoomHasLicence: r.Licensed > 0})
}

func (s *Store) today(acc Account) civil.Date {
	return rules.DateIn(s.clock.Now(), zoneOf(acc.TimeZone))
}

// zoneOf reads a stored IANA name; one that this machine does not know is UTC.
func zoneOf(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}

// newAssignment freezes the terms of the room's country, for Select (R78, S31).
func (s *Store) newAssignment(scope Scope, ref Reference, acc Account, licenceID string, service rules.ServiceType, r Room, acknowledged int, now time.Time) (LicenceAssignment, error) {
	a := LicenceAssignment{ID: NewID(prefixAssignment), AccountID: acc.ID, LicenceID: licenceID, RoomID: r.ID, ServiceType: service, FromAt: now, AssignedBy: scope.Actor.ID}
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
		a.AcknowledgedBy, a.AcknowledgedAt = scope.Actor.ID, &now
	}
	return a, nil
}

// termsIn gives the versions of the countries' terms.
func (r Reference) termsIn(countries ...string) (list []rules.CountryTerms) {
	seen := map[string]bool{}
	for _, c := range countries {
		if !seen[c] {
			list = append(list, r.Terms[c]...)
		}
		seen[c] = true
	}
	return list
}

func (s *Store) devicesIn(tx *gorm.DB, roomID string) ([]Device, error) {
	var out []Device
	err := tx.Where("id IN (?)", tx.Model(&DevicePlacement{}).Select("device_id").Where("room_id = ? AND to_at IS NULL", roomID)).Order("id").Find(&out).Error
	return out, err
}

// capWarnings tells which devices are covered for less than the contract (R125d).
func (s *Store) capWarnings(ref Reference, acc Account, devices []Device, contractEnd *time.Time) []rules.CapWarning {
	if contractEnd == nil {
		return nil
	}
	var list []rules.RoomDevice
	for _, d := range devices {
		if m, ok := rules.ModelOn(ref.model(d.ModelCode), d.ModelCode, s.today(acc)); ok && m.Kind == rules.KindHardware {
			list = append(list, rules.RoomDevice{ID: d.ID, Warranty: d.warranty()})
		}
	}
	return rules.CapWarnings(list, s.today(acc), rules.DateIn(*contractEnd, zoneOf(acc.TimeZone)), ref.Program.WarrantyCapYears)
}

// Release ends an assignment: the licence goes back to the balance, its contract
// runs on (R28b).
func (s *Store) Release(ctx context.Context, assignmentID, reason string) (LicenceAssignment, error) {
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
		if err := found(s.forUpdate(tx).First(&l, "id = (?)", tx.Model(&LicenceAssignment{}).Select("licence_id").Where("id = ?", assignmentID)).Error); err != nil {
			return err
		}
		if err := found(tx.First(&a, "id = ?", assignmentID).Error); err != nil {
			return err
		}
		if a.ToAt != nil {
			return rules.Refuse(rules.StateConflict, "The assignment has ended.", "Read the room again.")
		}
		now := s.clock.Now()
		if err := tx.Model(&Licence{}).Where("id = ? AND state = ?", l.ID, rules.LicenceAssigned).Updates(map[string]any{"state": rules.LicenceAvailable, "state_since": now}).Error; err != nil {
			return err
		}
		if err := s.endAssignments(tx.Where("id = ?", a.ID), EndReleased, now); err != nil {
			return err
		}
		e := entry{"licence.released", l.ID, withReason(reason, map[string]any{"before": l.State, "after": rules.LicenceAvailable, "assignment": a.facts()})}
		a.ToAt, a.EndReason = &now, EndReleased
		return s.accountAudit(tx, scope, acc.ID, e)
	})
	return a, err
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
func (s *Store) ListAssignments(ctx context.Context, f AssignmentFilter) ([]LicenceAssignment, string, error) {
	var out []LicenceAssignment
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		q := scope.accounts(tx, "account_id")
		for column, value := range map[string]string{"account_id": f.AccountID, "room_id": f.RoomID, "licence_id": f.LicenceID} {
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
