package entitlement

import (
	"maps"
	"slices"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/ordering"
)

// freeLicence holds of a licence l that rules call free: it is not revoked, and renewed
// by none.
const freeLicence = `l.state <> 'REVOKED' AND NOT EXISTS (
	SELECT 1 FROM licences r WHERE r.renews_licence_id = l.id AND r.state <> 'REVOKED')`

// CheckRenewals refuses lines that name no contract of the accounts that they could
// renew (S4), as ordering.CheckRenewals says.
func CheckRenewals(tx *db.Tx, lines []PurchaseLine, accountIDs []string) error {
	named := renewedBy(lines)
	if len(named) == 0 {
		return nil
	}

	var rows []struct {
		ID    string
		Type  catalogue.ServiceType
		State rules.ContractState
		Free  int64
	}

	err := tx.Table("service_contracts AS c").
		Select(`c.id, c.type, c.state, (
			SELECT count(*) FROM licences l
			WHERE l.contract_id = c.id AND `+freeLicence+`) AS free`).
		Where("c.id IN ? AND c.account_id IN ?", named, append([]string{""}, accountIDs...)).
		Scan(&rows).Error
	if err != nil {
		return err
	}

	contracts := map[string]ordering.RenewableContract{}
	for _, r := range rows {
		contracts[r.ID] = ordering.RenewableContract{Type: r.Type, State: r.State, Free: r.Free}
	}

	form := make([]ordering.OrderLine, len(lines))
	services := make([]catalogue.ServiceType, len(lines))
	for i, l := range lines {
		form[i] = ordering.OrderLine{Renews: l.Renews}
		services[i] = l.Type
	}

	return ordering.CheckRenewals(form, services, contracts)
}

// renewedBy returns the contracts that the lines name, each once and in order.
func renewedBy(lines []PurchaseLine) []string {
	named := map[string]bool{}
	for _, l := range lines {
		if l.Renews != "" {
			named[l.Renews] = true
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// renewalPool is what an order's lines may renew: the free licences of each named
// contract, those in rooms first, so that a smaller renewal keeps rooms covered.
type renewalPool struct {
	free map[string][]string  // licences by contract
	ends map[string]time.Time // of the contracts
	took map[string]time.Time // end of what a new contract renews
}

// renewable reads the pool of a purchase; the lock on the account keeps two purchases
// from taking the same licences.
func renewable(
	tx *db.Tx, lines []PurchaseLine, accountID string,
) (renewalPool, error) {
	pool := renewalPool{
		free: map[string][]string{},
		ends: map[string]time.Time{},
		took: map[string]time.Time{},
	}

	named := renewedBy(lines)
	if len(named) == 0 {
		return pool, nil
	}

	var rows []struct {
		ID         string
		ContractID string
		EndAt      *time.Time
	}

	err := tx.Table("licences AS l").
		Select("l.id, l.contract_id, c.end_at").
		Joins("JOIN service_contracts c ON c.id = l.contract_id").
		Where("l.contract_id IN ? AND l.account_id = ? AND "+freeLicence, named, accountID).
		Order("CASE l.state WHEN 'ASSIGNED' THEN 0 WHEN 'AVAILABLE' THEN 1 ELSE 2 END, l.seq").
		Scan(&rows).Error
	if err != nil {
		return pool, err
	}

	for _, r := range rows {
		pool.free[r.ContractID] = append(pool.free[r.ContractID], r.ID)
		if r.EndAt != nil {
			pool.ends[r.ContractID] = *r.EndAt
		}
	}

	return pool, nil
}

// renewBy makes the line's licences renew those that are left of its contract; licences
// beyond these are new.
func (p renewalPool) renewBy(l PurchaseLine, licences []Licence) []Licence {
	free := p.free[l.Renews]
	n := min(len(free), len(licences))
	for i := range n {
		licences[i].RenewsLicenceID = &free[i]
	}

	p.free[l.Renews] = free[n:]
	if n > 0 {
		p.took[licences[0].ContractID] = p.ends[l.Renews]
	}
	return licences
}

// start starts the contracts that renew others before their end, at that end (S4).
func (p renewalPool) start(
	ref program.Reference, bought Purchase, loc *time.Location, contracts []ServiceContract,
) error {
	if len(p.took) == 0 {
		return nil
	}

	on, err := civil.ParseDate(bought.PurchasedOn)
	if err != nil {
		return err
	}

	order := licensing.OrderStart{
		Zone:         loc,
		CreatedAt:    bought.ReceivedAt,
		PurchasedOn:  on,
		FallbackDays: ref.Program.StartFallbackDays,
	}

	for _, c := range contracts {
		w := c.toStart()
		if end, ok := p.took[c.ID]; ok && !end.IsZero() {
			w.RenewedEnds = []time.Time{end}
		}
		order.Contracts = append(order.Contracts, w)
	}

	for _, start := range licensing.StartRenewals(order) {
		ContractWith(contracts, start.ContractID).start(start.Period, StartReason(start.Reason))
	}

	return nil
}

// renewedRoom is a room whose licence ends and is renewed by another one.
type renewedRoom struct {
	ContractID string // that ends
	RoomID     string
	Country    string
	LicenceID  string // the renewal
}

// renewedRooms returns the rooms of contracts that end now whose licences are
// renewed without a gap: by a licence that is free, of a contract that has started
// by then (S4). The renewals are locked.
func renewedRooms(tx *db.Tx, contractIDs []string) ([]renewedRoom, error) {
	var rooms []renewedRoom
	err := db.LockRows(tx.DB, "r").
		Table("licences AS r").
		Select("l.contract_id, a.room_id, rooms.country, r.id AS licence_id").
		Joins(`JOIN licence_assignments a
			ON a.licence_id = r.renews_licence_id AND a.to_at IS NULL`).
		Joins("JOIN licences l ON l.id = r.renews_licence_id").
		Joins("JOIN service_contracts c ON c.id = l.contract_id").
		Joins("JOIN service_contracts rc ON rc.id = r.contract_id").
		Joins("JOIN rooms ON rooms.id = a.room_id").
		Where(`l.contract_id IN ? AND r.state = 'AVAILABLE' AND rc.type = c.type
			AND rc.state IN ('ACTIVE','SUSPENDED') AND rc.start_at <= c.end_at
			AND rc.end_at > c.end_at`, contractIDs).
		Order("r.id").
		Scan(&rooms).Error

	return rooms, err
}

// takeOverRooms assigns the renewals to the rooms from the old end on, however late the
// sweep is, under the terms that count in the room's country on that day: a renewal is
// a new contract (S31). cover.Cover says the same until the sweep has come. It returns the
// audit of each contract that ended.
func takeOverRooms(
	tx *db.Tx, ref program.Reference, ended []ServiceContract, rooms []renewedRoom,
) (map[string][]db.Entry, error) {
	if len(rooms) == 0 {
		return nil, nil
	}

	contracts := make(map[string]ServiceContract, len(ended))
	for _, c := range ended {
		contracts[c.ID] = c
	}

	assignments := make([]LicenceAssignment, len(rooms))
	entries := map[string][]db.Entry{}
	ids := make([]string, len(rooms))
	for i, r := range rooms {
		c := contracts[r.ContractID]
		a := LicenceAssignment{
			ID:          db.NewID(db.PrefixAssignment),
			AccountID:   c.AccountID,
			LicenceID:   r.LicenceID,
			RoomID:      r.RoomID,
			ServiceType: c.Type,
			FromAt:      *c.EndAt,
			AssignedBy:  tx.Scope.Actor.ID,
			Terms:       renewedTerms(ref, c, r),
		}

		assignments[i] = a
		ids[i] = r.LicenceID
		entries[c.ID] = append(entries[c.ID], db.Entry{
			Verb:     "licence.assigned",
			ObjectID: r.LicenceID,
			Details: map[string]any{
				"before":     rules.LicenceAvailable,
				"after":      rules.LicenceAssigned,
				"assignment": a.facts(),
				"renews":     c.ID,
			},
		})
	}

	size := db.RowsPerStatement(assignments)
	if err := tx.CreateInBatches(&assignments, size).Error; err != nil {
		return nil, err
	}

	for some := range db.Batches(ids, 10_000) {
		err := SetLicences(tx, rules.LicenceAssigned, some...)
		if err != nil {
			return nil, err
		}
	}

	return entries, nil
}

// renewedTerms are the terms of the room's country on the day on which its licence is
// renewed; nil where the service has none.
func renewedTerms(ref program.Reference, c ServiceContract, r renewedRoom) *catalogue.CountryTerms {
	if c.Type != catalogue.ServiceSelect {
		return nil
	}
	on := rules.DateIn(*c.EndAt, db.ZoneOf(c.TimeZone))

	terms, ok := catalogue.TermsOn(ref.TermsIn(r.Country), r.Country, on)
	if !ok {
		return nil
	}

	return &terms
}
