package entitlement

import (
	"context"
	"errors"
	"slices"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// What an assignment or a move would lead to, found out by the checks of the commands
// themselves. A preview reads, locks and stores nothing: what it says holds until somebody else
// changes something.

// AssignPreview is what AssignMany would lead to for those of its rooms that it does not refuse.
type AssignPreview struct {
	Contract ServiceContract   // as it would be: running, where the assignment starts it
	Starts   []ServiceContract // of the order, those that would start (S1)
	Free     int64             // licences of the contract that are free before it
	Rooms    []RoomPreview     // as they were named
	// Terms are those that have to be acknowledged, by the countries' codes (R78e), and Home
	// are those of the account's own country, which they differ from.
	Terms []catalogue.CountryTerms
	Home  catalogue.CountryTerms
	// Capped are the devices in the rooms that are covered for less than the contract (R125d).
	Capped []CappedDevice
}

// RoomPreview is what would become of one room. Without a refusal and a licence it gets one.
type RoomPreview struct {
	Room    Room
	Has     bool  // it has a licence of the contract already, and keeps it
	Refused error // why it would be refused; nil: it would not
}

// CappedDevice is a device with why and since when it is covered for less than the contract.
type CappedDevice struct {
	PlacedDevice
	Warning licensing.CapWarning
}

// Assigned returns the ids of the rooms that would get a licence.
func (p AssignPreview) Assigned() (ids []string) {
	for _, r := range p.Rooms {
		if !r.Has && r.Refused == nil {
			ids = append(ids, r.Room.ID)
		}
	}
	return ids
}

// Left returns how many licences of the contract are free after it; below zero, how many are
// missing.
func (p AssignPreview) Left() int64 { return p.Free - int64(len(p.Assigned())) }

// PreviewAssignMany finds out what AssignMany would lead to. It refuses as a whole what
// AssignMany does whatever the room; terms that are not acknowledged refuse no room here, they
// are among Terms. The number of statements does not grow with the rooms.
func (s *Entitlements) PreviewAssignMany(
	ctx context.Context, q AssignManyRequest,
) (AssignPreview, error) {
	if err := q.validate(); err != nil {
		return AssignPreview{}, err
	}
	q.Acknowledged = nil // whoever looks again after reading them sees the same
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return AssignPreview{}, err
	}

	var out AssignPreview
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		m := &assignMany{
			assigning: &assigning{
				s:     s,
				tx:    tx,
				looks: true,
				ref:   ref,
			},
			q: q,
		}
		if err := m.lock(); err != nil {
			return err
		}
		if err := m.mayAssign(licensing.RoomActive, false); err != nil { // whatever the room
			return err
		}
		var err error
		out, err = m.preview()
		return err
	})
	return out, err
}

func (m *assignMany) preview() (AssignPreview, error) {
	p := AssignPreview{}
	today := rules.DateIn(m.now, db.ZoneOf(m.acc.TimeZone))
	p.Home, _ = catalogue.TermsOn(m.ref.TermsIn(m.acc.Country), m.acc.Country, today)

	for _, id := range m.q.RoomIDs {
		r := RoomPreview{Room: m.rooms[id]}
		r.Room.ID = id
		if there, ok := m.open[id]; ok && there.ContractID == m.contract.ID {
			r.Has = true
			p.Rooms = append(p.Rooms, r)
			continue
		}

		_, err := m.assignRoom(id, len(m.licences))
		if rules.CodeOf(err) == cover.TermsAckRequired {
			err = nil
			p.addTerms(m.ref, r.Room.Country, today)
		}
		var refusal *rules.Error
		if err != nil && !errors.As(err, &refusal) {
			return p, err
		}
		r.Refused = err
		p.Rooms = append(p.Rooms, r)
	}

	err := m.tx.Model(&Licence{}).
		Where("contract_id = ? AND state = ?", m.contract.ID, rules.LicenceAvailable).
		Count(&p.Free).Error
	if err != nil {
		return p, err
	}
	if len(p.Assigned()) > 0 {
		p.Starts, err = startedByAssignment(m.tx, m.ref, m.acc, m.contracts)
		if err != nil {
			return p, err
		}
	}
	p.Contract = *m.contract

	p.Capped, err = m.cappedIn(p.Assigned())
	return p, err
}

// addTerms adds the terms of a country that have to be acknowledged, once.
func (p *AssignPreview) addTerms(ref program.Reference, country string, today civil.Date) {
	if slices.ContainsFunc(p.Terms, func(t catalogue.CountryTerms) bool {
		return t.Country == country
	}) {
		return
	}
	terms, _ := catalogue.TermsOn(ref.TermsIn(country), country, today)
	p.Terms = append(p.Terms, terms)
}

// cappedIn finds the devices in the rooms that are covered for less than the contract (R125d).
func (m *assignMany) cappedIn(rooms []string) ([]CappedDevice, error) {
	if len(rooms) == 0 {
		return nil, nil
	}
	var devices []PlacedDevice
	err := m.tx.Table("devices AS d").
		Select("d.*, p.room_id").
		Joins("JOIN device_placements p ON p.device_id = d.id AND p.to_at IS NULL").
		Where("d.account_id = ? AND p.room_id IN ?", m.acc.ID, rooms).
		Order("d.id").
		Scan(&devices).Error
	if err != nil {
		return nil, err
	}

	return capped(devices, m.capWarnings(bare(devices), m.contract.EndAt)), nil
}

// bare are the devices without their rooms.
func bare(placed []PlacedDevice) []Device {
	out := make([]Device, len(placed))
	for i, d := range placed {
		out[i] = d.Device
	}
	return out
}

// capped puts the warnings to their devices.
func capped(devices []PlacedDevice, warnings []licensing.CapWarning) (out []CappedDevice) {
	for _, w := range warnings {
		at := slices.IndexFunc(devices, func(d PlacedDevice) bool { return d.ID == w.DeviceID })
		out = append(out, CappedDevice{PlacedDevice: devices[at], Warning: w})
	}
	return out
}

// MovePreview is what Move would lead to: the cover of both rooms, and of the hardware of every
// device in them, before and after.
type MovePreview struct {
	From     RoomChange
	To       RoomChange
	Devices  []DeviceChange // those that move first, then those that stay, by their ids
	Licences []LicenceMove
	Terms    *catalogue.CountryTerms // that have to be acknowledged (R78e); nil: none
	Home     catalogue.CountryTerms  // of the account's own country
	Capped   []CappedDevice          // R125d
	Refused  error                   // why the move would be refused; nil: it would not
}

// RoomChange is a room with its technical cover before and after.
type RoomChange struct {
	Room          Room
	Before, After cover.Answer
}

// DeviceChange is a device with the cover of its hardware before and after. One without a serial
// has none of its own: Answered is false.
type DeviceChange struct {
	PlacedDevice
	Moves         bool
	Answered      bool
	Before, After cover.Answer
}

// LicenceMove is a licence that moves; its contract keeps its start and end (R28b).
type LicenceMove struct {
	LicenceID string
	Type      catalogue.ServiceType
	Contract  ServiceContract
}

// PreviewMove finds out what Move would lead to. What the request has wrong it refuses as Move
// does; what is refused of the rooms, devices and licences is in Refused, and the rest then says
// how it is now.
func (s *Entitlements) PreviewMove(ctx context.Context, q MoveRequest) (MovePreview, error) {
	if err := q.validate(); err != nil {
		return MovePreview{}, err
	}
	q.Acknowledged = 0 // whoever looks again after reading the terms sees the same
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return MovePreview{}, err
	}

	var out MovePreview
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		m := &move{q: q, assigning: &assigning{
			s:     s,
			tx:    tx,
			looks: true,
			ref:   ref,
		}}
		if err := m.lock(); err != nil && m.to.State != licensing.RoomArchived {
			return err
		}
		var err error
		out, err = m.preview()
		return err
	})
	return out, err
}

func (m *move) preview() (MovePreview, error) {
	m.now = m.tx.Now()
	today := rules.DateIn(m.now, db.ZoneOf(m.acc.TimeZone))
	p := MovePreview{From: RoomChange{Room: m.from}, To: RoomChange{Room: m.to}}
	p.Home, _ = catalogue.TermsOn(m.ref.TermsIn(m.acc.Country), m.acc.Country, today)

	p.Refused = m.mayBegin()
	if rules.CodeOf(p.Refused) == cover.TermsAckRequired {
		terms, _ := catalogue.TermsOn(m.ref.TermsIn(m.to.Country), m.to.Country, today)
		p.Terms = &terms
		m.q.Acknowledged = terms.Version
		m.out.Assignments = nil
		p.Refused = m.mayBegin()
	}

	devices, err := m.devicesOfBoth()
	if err != nil {
		return p, err
	}
	if p.Licences, err = m.contractsMoved(); err != nil {
		return p, err
	}

	g := &coverFacts{tx: m.tx, scope: m.tx.Scope, ref: m.ref, accountID: m.acc.ID}
	subjects := []CoverSubject{{RoomID: m.from.ID}, {RoomID: m.to.ID}}
	for _, d := range devices {
		if d.Serial != nil {
			subjects = append(subjects, CoverSubject{Serial: *d.Serial})
		}
	}
	if err := g.gather(subjects); err != nil {
		return p, err
	}

	answer := func(q CoverSubject, purpose cover.Purpose) cover.Answer {
		return g.cover(q, m.now, purpose).Answer
	}
	p.From.Before = answer(subjects[0], cover.ForTechnical)
	p.To.Before = answer(subjects[1], cover.ForTechnical)
	for _, d := range devices {
		c := DeviceChange{
			PlacedDevice: d,
			Moves:        slices.Contains(m.q.DeviceIDs, d.ID),
			Answered:     d.Serial != nil,
		}
		if c.Answered {
			c.Before = answer(CoverSubject{Serial: *d.Serial}, cover.ForHardware)
		}
		p.Devices = append(p.Devices, c)
	}
	slices.SortStableFunc(p.Devices, func(a, b DeviceChange) int {
		switch {
		case a.Moves == b.Moves:
			return 0
		case a.Moves:
			return -1
		}
		return 1
	})

	if p.Refused == nil {
		g.moved(m)
	}
	p.From.After = answer(subjects[0], cover.ForTechnical)
	p.To.After = answer(subjects[1], cover.ForTechnical)
	for i, c := range p.Devices {
		if c.Answered {
			p.Devices[i].After = answer(CoverSubject{Serial: *c.Serial}, cover.ForHardware)
		}
	}

	for _, l := range p.Licences {
		inside := slices.DeleteFunc(slices.Clone(devices), func(d PlacedDevice) bool {
			return db.Text(d.RoomID) != m.to.ID && !slices.Contains(m.q.DeviceIDs, d.ID)
		})
		p.Capped = append(p.Capped,
			capped(inside, m.capWarnings(bare(inside), l.Contract.EndAt))...)
	}
	return p, nil
}

// mayBegin refuses what the move would be refused for, and notes the stays that would begin.
func (m *move) mayBegin() error {
	if err := activeRoom(m.to); err != nil {
		return err
	}
	for _, l := range m.licences {
		_, begins, err := m.stayOf(l)
		if err != nil {
			return err
		}
		m.out.Assignments = append(m.out.Assignments, begins)
	}
	for _, d := range m.devices {
		if slices.Contains(m.q.DeviceIDs, d.ID) {
			if err := m.mayLeave(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// devicesOfBoth are the devices that are in one of the two rooms.
func (m *move) devicesOfBoth() (devices []PlacedDevice, err error) {
	err = m.tx.Table("devices AS d").
		Select("d.*, p.room_id").
		Joins("JOIN device_placements p ON p.device_id = d.id AND p.to_at IS NULL").
		Where("d.account_id = ?", m.acc.ID).
		Where("p.room_id IN ?", []string{m.from.ID, m.to.ID}).
		Order("d.id").
		Scan(&devices).Error
	return devices, err
}

// contractsMoved are the licences that move, with their contracts.
func (m *move) contractsMoved() ([]LicenceMove, error) {
	if len(m.licences) == 0 {
		return nil, nil
	}
	ids := db.IdsOf(m.licences, func(l movedLicence) string { return l.ContractID })
	var contracts []ServiceContract
	if err := m.tx.Where("id IN ?", ids).Find(&contracts).Error; err != nil {
		return nil, err
	}
	var out []LicenceMove
	for _, l := range m.licences {
		out = append(out, LicenceMove{
			LicenceID: l.ID,
			Type:      l.Type,
			Contract:  *ContractWith(contracts, l.ContractID),
		})
	}
	return out, nil
}

// moved changes the facts as the move would: stays in the old room end now, and those in the
// new one begin.
func (g *coverFacts) moved(m *move) {
	for _, id := range m.q.DeviceIDs {
		stays := g.placements[id]
		for i := range stays {
			if stays[i].To == nil {
				stays[i].To = &m.now
			}
		}
		g.placements[id] = append(stays, cover.Placement{RoomID: m.to.ID, From: m.now})
	}
	for _, begins := range m.out.Assignments {
		l := g.licences[begins.LicenceID]
		for i := range l.Assignments {
			if l.Assignments[i].To == nil {
				l.Assignments[i].To = &m.now
			}
		}
		l.Assignments = append(l.Assignments, cover.Assignment{
			RoomID: m.to.ID,
			From:   m.now,
			Terms:  begins.Terms,
		})
		g.licences[l.ID] = l
		if !slices.Contains(g.inRoom[m.to.ID], l.ID) {
			g.inRoom[m.to.ID] = append(g.inRoom[m.to.ID], l.ID)
		}
	}
}
