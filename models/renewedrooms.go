package models

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
)

// renewedRoom is a room whose licence ends and is renewed by another one.
type renewedRoom struct {
	RoomID    string
	Country   string
	LicenceID string // the renewal
}

// renewedRooms gives the rooms of a contract that ends now whose licences are
// renewed without a gap: by a licence that is free, of a contract that has started
// by then (S4). The renewals are locked.
func (s *Store) renewedRooms(tx *gorm.DB, c ServiceContract) ([]renewedRoom, error) {
	q := tx.Table("licences AS r").Select("a.room_id, rooms.country, r.id AS licence_id").
		Joins("JOIN licence_assignments a ON a.licence_id = r.renews_licence_id AND a.to_at IS NULL").
		Joins("JOIN licences l ON l.id = r.renews_licence_id").Joins("JOIN service_contracts rc ON rc.id = r.contract_id").Joins("JOIN rooms ON rooms.id = a.room_id").
		Where("l.contract_id = ? AND r.state = 'AVAILABLE' AND rc.type = ? AND rc.state IN ('ACTIVE','SUSPENDED') AND rc.start_at <= ? AND rc.end_at > ?", c.ID, c.Type, c.EndAt, c.EndAt).
		Order("r.id")
	if s.postgres() {
		q = q.Clauses(clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: "r"}})
	}
	var rooms []renewedRoom
	err := q.Scan(&rooms).Error
	return rooms, err
}

// takeOver assigns the renewals to the rooms from the old end on, however late the
// sweep is, under the terms that count in the room's country on that day: a renewal
// is a new contract (S31). rules.Cover says the same until the sweep has come.
func (s *Store) takeOver(tx *gorm.DB, scope Scope, ref Reference, c ServiceContract, rooms []renewedRoom) ([]entry, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	assignments := make([]LicenceAssignment, len(rooms))
	entries := make([]entry, len(rooms))
	ids := make([]string, len(rooms))
	for i, r := range rooms {
		a := LicenceAssignment{ID: NewID(prefixAssignment), AccountID: c.AccountID, LicenceID: r.LicenceID, RoomID: r.RoomID, ServiceType: c.Type,
			FromAt: *c.EndAt, AssignedBy: scope.Actor.ID, Terms: renewedTerms(ref, c, r)}
		assignments[i], ids[i] = a, r.LicenceID
		entries[i] = entry{"licence.assigned", r.LicenceID, map[string]any{"before": rules.LicenceAvailable, "after": rules.LicenceAssigned, "assignment": a.facts(), "renews": c.ID}}
	}
	if err := tx.CreateInBatches(&assignments, 500).Error; err != nil {
		return nil, err
	}
	for some := range batches(ids, 1000) {
		err := tx.Model(&Licence{}).Where("id IN ?", some).Updates(map[string]any{"state": rules.LicenceAssigned, "state_since": s.clock.Now()}).Error
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func renewedTerms(ref Reference, c ServiceContract, r renewedRoom) *rules.CountryTerms {
	if c.Type != rules.ServiceSelect {
		return nil
	}
	terms, ok := rules.TermsOn(ref.termsIn(r.Country), r.Country, rules.DateIn(*c.EndAt, zoneOf(c.TimeZone)))
	if !ok {
		return nil
	}
	return &terms
}
