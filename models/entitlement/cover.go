package entitlement

import (
	"context"
	"slices"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
)

// MaxCoverage is how many subjects one question about cover may name.
const MaxCoverage = 1000

// CoverSubject is what cover is asked about: a room, a device by its serial, or an
// accessory or software in a room by its model (R74, R75).
type CoverSubject struct {
	RoomID    string
	Serial    string
	ModelCode string
}

// Covered is the answer for one subject. Found is false for a foreign subject, as for
// one that does not exist (C5).
type Covered struct {
	Subject  CoverSubject
	Found    bool
	DeviceID string
	Answer   cover.Answer
}

// Coverage answers whether each subject is covered at an instant for a purpose, by
// cover.Cover alone: it gathers the facts in a fixed number of statements, whatever
// the number of subjects, and stores nothing (S32). More than MaxCoverage subjects
// answer VALIDATION_FAILED.
func (s *Entitlements) Coverage(
	ctx context.Context, subjects []CoverSubject, at time.Time, purpose cover.Purpose,
) ([]Covered, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}

	if len(subjects) > MaxCoverage {
		return nil, rules.Invalid([]rules.FieldError{{
			Pointer: "/subjects",
			Code:    rules.TooManyNamed,
			Message: "More than 1000 subjects are named.",
			Remedy:  "Ask in parts.",
		}})
	}

	var g *coverFacts
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		g = &coverFacts{tx: tx, scope: tx.Scope, ref: ref}
		return g.gather(subjects)
	})
	if err != nil {
		return nil, err
	}

	out := make([]Covered, len(subjects))
	for i, q := range subjects {
		out[i] = g.cover(q, at, purpose)
	}

	return out, nil
}

// warrantedDevice is a registered device with its warranties on a day: its own and those
// of what it replaced (S23), without what extends them.
type warrantedDevice struct {
	Device
	Warranty cover.Warranty
}

// WarrantedDevices reads the devices with the serials: the live one of each, or the one
// that retired last. accountID narrows to one account; empty is all in scope.
func WarrantedDevices(
	tx *db.Tx, ref program.Reference, accountID string, serials []string, on civil.Date,
) (map[string]warrantedDevice, error) {
	g := &coverFacts{
		tx:        tx,
		scope:     tx.Scope,
		ref:       ref,
		accountID: accountID,
	}

	if err := g.readDevices(serials); err != nil {
		return nil, err
	}

	out := map[string]warrantedDevice{}
	for serial, d := range g.bySerial {
		m, _ := catalogue.ModelOn(ref.Model(d.ModelCode), d.ModelCode, on)
		w := g.warranty(d, 0).WithStandardYears(m.StandardWarrantyYears)
		out[serial] = warrantedDevice{d, w}
	}

	return out, nil
}

// coverFacts are the facts of many subjects, by what they belong to.
type coverFacts struct {
	tx        *db.Tx
	scope     db.Scope
	ref       program.Reference
	accountID string // the only account that is asked about; empty: all in scope

	bySerial   map[string]Device
	byID       map[string]Device // and those that they replaced (S23)
	placements map[string][]cover.Placement
	extensions map[string][]cover.Extension // of a serial in an account (R39a)
	rooms      map[string]Room
	zones      map[string]string   // of the accounts of rooms and devices
	inRoom     map[string][]string // licences that were ever assigned to a room
	licences   map[string]cover.LicenceFacts
	renewals   map[string][]string // of a licence
	jumpStarts map[string][]cover.ContractFacts
}

// accounts narrows a query by the named account column.
func (g *coverFacts) accounts(column string) *gorm.DB {
	q := g.scope.Accounts(g.tx.DB, column)
	if g.accountID != "" {
		q = q.Where(column+" = ?", g.accountID)
	}
	return q
}

// gather reads what cover.Cover may need about the subjects: their devices with where
// they stayed, and the rooms, named or stayed in, with their licences.
func (g *coverFacts) gather(subjects []CoverSubject) error {
	serials := []string{}
	rooms := []string{}
	for _, q := range subjects {
		if q.Serial != "" {
			serials = append(serials, rules.NormaliseSerial(q.Serial))
		} else {
			rooms = append(rooms, q.RoomID)
		}
	}

	if err := g.readDevices(serials); err != nil {
		return err
	}
	if err := g.readExtensions(); err != nil {
		return err
	}

	for _, stays := range g.placements {
		for _, p := range stays {
			rooms = append(rooms, p.RoomID)
		}
	}

	slices.Sort(rooms)
	rooms = slices.Compact(rooms)
	if err := g.readRooms(rooms); err != nil {
		return err
	}
	// Where a device was at a site that the caller does not see is none of their business.
	for id, stays := range g.placements {
		g.placements[id] = slices.DeleteFunc(stays, func(p cover.Placement) bool {
			_, seen := g.rooms[p.RoomID]
			return !seen
		})
	}

	return g.readLicences(rooms)
}

// readDevices reads the devices with the serials: the live one of each, or the one
// that retired last, with those that they replaced and where they stayed.
func (g *coverFacts) readDevices(serials []string) error {
	g.bySerial = map[string]Device{}
	g.byID = map[string]Device{}
	g.placements = map[string][]cover.Placement{}
	g.zones = map[string]string{}
	if len(serials) == 0 {
		return nil
	}

	var rows []struct {
		Device
		AccountZone      string
		RoomID           *string
		StayFrom, StayTo *time.Time
	}

	named := "d.serial IN ?"
	if len(serials) > 1 {
		// PostgreSQL would look for many in the index that finds parts of one, which takes ten
		// times as long; what a list is ordered by has an index that knows whole ones alone.
		named = "d.serial IS NOT NULL AND COALESCE(d.serial, '') IN ?"
	}
	err := g.accounts("d.account_id").
		Table("devices AS d").
		Select(`d.*, a.time_zone AS account_zone,
			p.room_id, p.from_at AS stay_from, p.to_at AS stay_to`).
		Joins("JOIN accounts a ON a.id = d.account_id").
		Joins("LEFT JOIN device_placements p ON p.device_id = d.id").
		Where(named, serials).
		Order("d.id, p.from_at, p.id").
		Scan(&rows).Error
	if err != nil {
		return err
	}

	replacing := []string{}
	for _, r := range rows {
		if r.RoomID != nil {
			g.placements[r.ID] = append(g.placements[r.ID], cover.Placement{
				RoomID: *r.RoomID,
				From:   *r.StayFrom,
				To:     r.StayTo,
			})
		}

		if _, again := g.byID[r.ID]; again {
			continue
		}

		g.byID[r.ID] = r.Device
		g.zones[r.AccountID] = r.AccountZone
		if before, ok := g.bySerial[*r.Serial]; !ok || !before.State.Live() || r.State.Live() {
			g.bySerial[*r.Serial] = r.Device
		}
		if r.ReplacesDeviceID != nil {
			replacing = append(replacing, r.ID)
		}
	}

	return g.readReplaced(replacing)
}

// replacedDevices are the devices that some replaced, what those replaced, and so on.
const replacedDevices = `WITH RECURSIVE chain(id) AS (
		SELECT replaces_device_id FROM devices
		WHERE id IN ? AND replaces_device_id IS NOT NULL
		UNION
		SELECT d.replaces_device_id FROM devices d
		JOIN chain ON chain.id = d.id
		WHERE d.replaces_device_id IS NOT NULL)
	SELECT * FROM devices
	WHERE id IN (SELECT id FROM chain)`

// readReplaced reads what the devices replaced, whose warranties count too (S23).
func (g *coverFacts) readReplaced(replacing []string) error {
	if len(replacing) == 0 {
		return nil
	}

	var originals []Device
	err := g.tx.Raw(replacedDevices, replacing).Scan(&originals).Error
	if err != nil {
		return err
	}

	for _, d := range originals {
		g.byID[d.ID] = d
	}
	return nil
}

// readRooms reads the rooms with the zones of their accounts.
func (g *coverFacts) readRooms(ids []string) error {
	g.rooms = map[string]Room{}
	if len(ids) == 0 {
		return nil
	}

	var rows []struct {
		Room
		AccountZone string
	}

	err := g.accounts("r.account_id").
		Table("rooms AS r").
		Select("r.*, a.time_zone AS account_zone").
		Joins("JOIN accounts a ON a.id = r.account_id").
		Where("r.id IN ?", ids).
		Scan(&rows).Error
	if err != nil {
		return err
	}

	for _, r := range rows {
		g.rooms[r.ID] = r.Room
		g.zones[r.AccountID] = r.AccountZone
	}

	return nil
}

// cover hands one subject's facts to cover.Cover.
func (g *coverFacts) cover(q CoverSubject, at time.Time, purpose cover.Purpose) Covered {
	out := Covered{Subject: q}
	f := cover.CoverFacts{
		CapYears:  g.ref.Program.WarrantyCapYears,
		ModelCode: catalogue.NormaliseModelCode(q.ModelCode),
	}

	var rooms []string
	var owner string
	if q.Serial != "" {
		d, ok := g.bySerial[rules.NormaliseSerial(q.Serial)]
		if !ok {
			return out
		}

		out.DeviceID = d.ID
		owner = d.AccountID
		f.ModelCode = d.ModelCode

		f.Device = &cover.DeviceFacts{
			ID:         d.ID,
			ModelCode:  d.ModelCode,
			Warranty:   g.warranty(d, 0),
			Placements: g.placements[d.ID],
			GoneAt:     d.GoneAt,
		}

		for _, p := range g.placements[d.ID] {
			rooms = append(rooms, p.RoomID)
		}
	} else {
		r, ok := g.rooms[q.RoomID]
		if !ok {
			return out
		}

		f.RoomID = r.ID
		owner = r.AccountID
		rooms = []string{r.ID}
	}

	f.Zone = db.ZoneOf(g.zones[owner])
	f.JumpStarts = g.jumpStarts[owner]
	f.Models = g.ref.Model(f.ModelCode)
	g.addRooms(&f, rooms)
	out.Found = true
	out.Answer = cover.Cover(f, at, purpose)
	return out
}

// addRooms adds the rooms with their countries' terms and their licences.
func (g *coverFacts) addRooms(f *cover.CoverFacts, ids []string) {
	var countries []string
	seen := map[string]bool{}
	for _, id := range ids {
		r, ok := g.rooms[id]
		if !ok || seen[id] {
			continue
		}

		seen[id] = true
		f.Rooms = append(f.Rooms, cover.RoomFacts{
			ID:         r.ID,
			Country:    r.Country,
			ArchivedAt: r.ArchivedAt,
		})

		countries = append(countries, r.Country)
		for _, l := range g.inRoom[id] {
			g.addLicence(f, l, seen)
		}
	}

	f.Terms = g.ref.TermsIn(countries...)
	f.Policies = g.ref.Policies
}

// addLicence adds a licence once, with those that renew it (S4).
func (g *coverFacts) addLicence(f *cover.CoverFacts, id string, seen map[string]bool) {
	if seen[id] {
		return
	}
	seen[id] = true
	f.Licences = append(f.Licences, g.licences[id])
	for _, renewal := range g.renewals[id] {
		g.addLicence(f, renewal, seen)
	}
}

// warranty returns a device's warranties with those of what it replaced (S23). depth
// ends a chain that leads back to itself.
func (g *coverFacts) warranty(d Device, depth int) cover.Warranty {
	w := d.warranty()
	w.Extensions = g.extensions[extensionKey(d.AccountID, db.Text(d.Serial))]
	original, ok := g.byID[db.Text(d.ReplacesDeviceID)]
	if ok && depth < 20 {
		before := g.warranty(original, depth+1)
		w.Replaces = &before
	}

	return w
}

// extensionRow is what extends the warranty of a serial in an account: an attached
// unit with what its contract sold, or an earlier warranty with its own end.
type extensionRow struct {
	AccountID  string
	Serial     string
	ContractID string
	Years      int
	EndsOn     string `gorm:"column:ends_day;serializer:day"`
	FromAt     time.Time
	ToAt       *time.Time
}

// extensionsOf leaves out suspended contracts: refusing is the safer error. The
// first part shows SQLite that ends_day is a text; a column without a type would be
// read as a time.
const extensionsOf = `SELECT account_id, serial, id AS contract_id, 0 AS years, ends_day,
		start_at AS from_at, NULL AS to_at
	FROM earlier_warranties
	WHERE serial IN @serials AND account_id IN @owners AND state = 'LINKED'
	UNION ALL
	SELECT a.account_id, a.serial, c.id, c.term_years, NULL, a.from_at, a.to_at
	FROM warranty_attachments a
	JOIN licences l ON l.id = a.licence_id
	JOIN service_contracts c ON c.id = l.contract_id
	WHERE a.serial IN @serials AND a.account_id IN @owners AND c.state <> 'SUSPENDED'`

// readExtensions reads what extends the warranties of the devices: attached units
// (R39a) and earlier warranties that were linked (R111a). Both stand with a serial
// in an account, so that a device registered later has them too.
func (g *coverFacts) readExtensions() error {
	g.extensions = map[string][]cover.Extension{}
	serials := map[string]bool{}
	owners := map[string]bool{}
	for _, d := range g.byID {
		if d.Serial != nil {
			serials[*d.Serial] = true
			owners[d.AccountID] = true
		}
	}

	if len(serials) == 0 {
		return nil
	}

	var rows []extensionRow
	err := g.tx.Raw(extensionsOf, map[string]any{
		"serials": db.KeysOf(serials),
		"owners":  db.KeysOf(owners),
	}).Scan(&rows).Error
	if err != nil {
		return err
	}

	for _, r := range rows {
		key := extensionKey(r.AccountID, r.Serial)
		g.extensions[key] = append(g.extensions[key], cover.Extension{
			ContractID: r.ContractID,
			Years:      r.Years,
			EndsOn:     db.DateOf(r.EndsOn),
			From:       r.FromAt,
			To:         r.ToAt,
		})
	}

	return nil
}

func extensionKey(accountID, serial string) string { return accountID + "/" + serial }

// coverRow is a contract with one of its licences and one of the stays of that
// licence in a room; or a JumpStart contract alone, which needs no licence (R29).
type coverRow struct {
	LicenceID       *string
	RenewsLicenceID *string
	LicenceState    rules.LicenceState
	StateSince      *time.Time
	RoomID          *string
	FromAt, ToAt    *time.Time
	Terms           *catalogue.CountryTerms `gorm:"serializer:json"`

	ContractID     string
	AccountID      string
	Type           catalogue.ServiceType
	State          rules.ContractState
	StartAt, EndAt *time.Time
	CancelledAt    *time.Time
}

func (r coverRow) contract() cover.ContractFacts {
	c := ServiceContract{StartAt: r.StartAt, EndAt: r.EndAt}
	return cover.ContractFacts{
		ID:          r.ContractID,
		Type:        r.Type,
		State:       r.State,
		Period:      c.period(),
		CancelledAt: r.CancelledAt,
	}
}

func (r coverRow) licence() cover.LicenceFacts {
	f := cover.LicenceFacts{
		ID:       *r.LicenceID,
		Renews:   db.Text(r.RenewsLicenceID),
		Contract: r.contract(),
	}

	if r.LicenceState == rules.LicenceRevoked {
		f.RevokedAt = r.StateSince
	}
	return f
}

// coverLicences are the licences that were ever assigned to the rooms, with those
// that renew them (S4), their contracts and every stay; and the JumpStart contracts
// of the accounts.
const coverLicences = `WITH RECURSIVE kin(id) AS (
		SELECT licence_id FROM licence_assignments WHERE room_id IN @rooms
		UNION
		SELECT l.id FROM licences l JOIN kin ON l.renews_licence_id = kin.id)
	SELECT l.id AS licence_id, l.renews_licence_id, l.state AS licence_state, l.state_since,
		a.room_id, a.from_at, a.to_at, a.terms,
		c.id AS contract_id, c.account_id, c.type, c.state, c.start_at, c.end_at, c.cancelled_at
	FROM licences l
	JOIN service_contracts c ON c.id = l.contract_id
	LEFT JOIN licence_assignments a ON a.licence_id = l.id
	WHERE l.id IN (SELECT id FROM kin)
	UNION ALL
	SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		c.id, c.account_id, c.type, c.state, c.start_at, c.end_at, c.cancelled_at
	FROM service_contracts c
	WHERE c.type = 'JUMPSTART' AND c.account_id IN @owners
	ORDER BY licence_id, from_at, contract_id`

// readLicences reads the licences that were ever in the rooms, and the JumpStart
// contracts of the accounts.
func (g *coverFacts) readLicences(rooms []string) error {
	g.inRoom = map[string][]string{}
	g.licences = map[string]cover.LicenceFacts{}
	g.renewals = map[string][]string{}
	g.jumpStarts = map[string][]cover.ContractFacts{}
	if len(g.zones) == 0 {
		return nil
	}

	var rows []coverRow
	err := g.tx.Raw(coverLicences, map[string]any{
		"rooms":  append([]string{""}, rooms...),
		"owners": db.KeysOf(g.zones),
	}).Scan(&rows).Error
	if err != nil {
		return err
	}

	for _, r := range rows {
		if r.LicenceID == nil {
			g.jumpStarts[r.AccountID] = append(g.jumpStarts[r.AccountID], r.contract())
		} else {
			g.addStay(r)
		}
	}

	return nil
}

// addStay adds a licence, when it comes first, and its stay.
func (g *coverFacts) addStay(r coverRow) {
	l, known := g.licences[*r.LicenceID]
	if !known {
		l = r.licence()
		if l.Renews != "" {
			g.renewals[l.Renews] = append(g.renewals[l.Renews], l.ID)
		}
	}

	if r.RoomID != nil {
		l.Assignments = append(l.Assignments, cover.Assignment{
			RoomID: *r.RoomID,
			From:   *r.FromAt,
			To:     r.ToAt,
			Terms:  r.Terms,
		})

		if !slices.Contains(g.inRoom[*r.RoomID], l.ID) {
			g.inRoom[*r.RoomID] = append(g.inRoom[*r.RoomID], l.ID)
		}
	}

	g.licences[l.ID] = l
}

// CoveredSubject is the answer to a question about cover with what it is about: the
// device and the room, empty where the account has none such.
type CoveredSubject struct {
	Answer cover.Answer
	Device Device
	Room   Room
}

// CoverForHardware answers whether the hardware of a subject of the account is covered
// at an instant, for a caller that has locked the account.
func CoverForHardware(
	tx *db.Tx, ref program.Reference,
	accountID string, subject CoverSubject, at time.Time,
) (CoveredSubject, error) {
	g := factsOf(tx, ref, accountID)
	if err := g.gather([]CoverSubject{subject}); err != nil {
		return CoveredSubject{}, err
	}

	return g.covered(subject, at, cover.ForHardware), nil
}

// factsOf are facts about subjects of one account.
func factsOf(tx *db.Tx, ref program.Reference, accountID string) *coverFacts {
	return &coverFacts{
		tx:    tx,
		scope: db.Scope{AccountIDs: []string{accountID}, Actor: tx.Scope.Actor},
		ref:   ref,
	}
}

// covered is cover with what the answer is about.
func (g *coverFacts) covered(
	subject CoverSubject, at time.Time, purpose cover.Purpose,
) CoveredSubject {
	c := g.cover(subject, at, purpose)
	return CoveredSubject{
		Answer: c.Answer,
		Device: g.byID[c.DeviceID],
		Room:   g.rooms[c.Answer.RoomID],
	}
}
