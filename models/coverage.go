package models

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
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

// Covered is the answer for one subject; not Found for a foreign subject as for
// one that does not exist (C5).
type Covered struct {
	Subject  CoverSubject
	Found    bool
	DeviceID string
	Answer   rules.Answer
}

// Coverage answers whether each subject is covered at an instant for a purpose, by
// rules.Cover alone: it gathers the facts in a fixed number of statements, whatever
// the number of subjects, and stores nothing (S32). At most MaxCoverage subjects.
func (s *Store) Coverage(ctx context.Context, subjects []CoverSubject, at time.Time, purpose rules.Purpose) ([]Covered, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return nil, err
	}
	if len(subjects) > MaxCoverage {
		return nil, rules.Invalid([]rules.FieldError{{Pointer: "/subjects", Code: rules.TooManyNamed, Message: "More than 1000 subjects are named.", Remedy: "Ask in parts."}})
	}
	var g *coverFacts
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		g = &coverFacts{tx: tx, scope: scope, ref: ref}
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

// coverFacts are the facts of many subjects, by what they belong to.
type coverFacts struct {
	tx    *gorm.DB
	scope Scope
	ref   Reference

	bySerial   map[string]Device
	byID       map[string]Device // and those that they replaced (S23)
	placements map[string][]rules.Placement
	extensions map[string][]rules.Extension // of a serial in an account (R39a)
	rooms      map[string]Room
	accounts   map[string]Account
	inRoom     map[string][]string // licences that were ever assigned to a room
	licences   map[string]rules.LicenceFacts
	renewals   map[string][]string // of a licence
	jumpStarts map[string][]rules.ContractFacts
}

func (g *coverFacts) gather(subjects []CoverSubject) error {
	serials, rooms := []string{}, []string{}
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
	for _, read := range []func([]string) error{g.readRooms, g.readLicences} {
		if err := read(rooms); err != nil {
			return err
		}
	}
	return nil
}

// readDevices reads the devices with the serials: the live one of each, or the one
// that retired last, with those that they replaced and where they stayed.
func (g *coverFacts) readDevices(serials []string) error {
	g.bySerial, g.byID, g.placements = map[string]Device{}, map[string]Device{}, map[string][]rules.Placement{}
	if len(serials) == 0 {
		return nil
	}
	var found []Device
	if err := g.scope.accounts(g.tx, "account_id").Where("serial IN ?", serials).Order("id").Find(&found).Error; err != nil {
		return err
	}
	replaced := false
	for _, d := range found {
		if before, ok := g.bySerial[*d.Serial]; !ok || !before.State.Live() || d.State.Live() {
			g.bySerial[*d.Serial] = d
		}
		g.byID[d.ID] = d
		replaced = replaced || d.ReplacesDeviceID != nil
	}
	if replaced {
		if err := g.readReplaced(found); err != nil {
			return err
		}
	}
	return g.readPlacements()
}

func (g *coverFacts) readReplaced(devices []Device) error {
	var originals []Device
	err := g.tx.Raw(`WITH RECURSIVE chain(id) AS (
			SELECT replaces_device_id FROM devices WHERE id IN ? AND replaces_device_id IS NOT NULL
			UNION SELECT d.replaces_device_id FROM devices d JOIN chain ON chain.id = d.id WHERE d.replaces_device_id IS NOT NULL)
		SELECT * FROM devices WHERE id IN (SELECT id FROM chain)`, idsOf(devices, func(d Device) string { return d.ID })).Scan(&originals).Error
	for _, d := range originals {
		g.byID[d.ID] = d
	}
	return err
}

func idsOf[T any](rows []T, id func(T) string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = id(r)
	}
	return out
}

func (g *coverFacts) readPlacements() error {
	ids := []string{}
	for _, d := range g.bySerial {
		ids = append(ids, d.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []DevicePlacement
	err := g.tx.Where("device_id IN ?", ids).Order("from_at, id").Find(&rows).Error
	for _, p := range rows {
		g.placements[p.DeviceID] = append(g.placements[p.DeviceID], rules.Placement{RoomID: p.RoomID, From: p.FromAt, To: p.ToAt})
	}
	return err
}

// readRooms reads the rooms and the accounts of rooms and devices.
func (g *coverFacts) readRooms(ids []string) error {
	g.rooms, g.accounts = map[string]Room{}, map[string]Account{}
	var rooms []Room
	if len(ids) > 0 {
		if err := g.scope.accounts(g.tx, "account_id").Where("id IN ?", ids).Find(&rooms).Error; err != nil {
			return err
		}
	}
	owners := map[string]bool{}
	for _, r := range rooms {
		g.rooms[r.ID] = r
		owners[r.AccountID] = true
	}
	for _, d := range g.bySerial {
		owners[d.AccountID] = true
	}
	if len(owners) == 0 {
		return nil
	}
	var accounts []Account
	err := g.tx.Select("id", "time_zone").Where("id IN ?", keysOf(owners)).Find(&accounts).Error
	for _, a := range accounts {
		g.accounts[a.ID] = a
	}
	return err
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// readLicences reads the licences that were ever assigned to the rooms, with those
// that they renew and that renew them (S4), their contracts and every stay.
func (g *coverFacts) readLicences(rooms []string) error {
	g.inRoom, g.licences, g.renewals, g.jumpStarts = map[string][]string{}, map[string]rules.LicenceFacts{}, map[string][]string{}, map[string][]rules.ContractFacts{}
	if len(g.accounts) == 0 {
		return nil
	}
	var licences []Licence
	err := g.tx.Raw(`WITH RECURSIVE kin(id) AS (
			SELECT licence_id FROM licence_assignments WHERE room_id IN ?
			UNION SELECT l.id FROM licences l JOIN kin ON l.renews_licence_id = kin.id)
		SELECT * FROM licences WHERE id IN (SELECT id FROM kin) ORDER BY id`, append([]string{""}, rooms...)).Scan(&licences).Error
	if err != nil {
		return err
	}
	contracts, err := g.readContracts(licences)
	if err != nil {
		return err
	}
	for _, l := range licences {
		f := rules.LicenceFacts{ID: l.ID, Renews: text(l.RenewsLicenceID), Contract: contracts[l.ContractID]}
		if l.State == rules.LicenceRevoked {
			f.RevokedAt = &l.StateSince
		}
		g.licences[l.ID] = f
		if f.Renews != "" {
			g.renewals[f.Renews] = append(g.renewals[f.Renews], l.ID)
		}
	}
	return g.readAssignments()
}

func (g *coverFacts) readContracts(licences []Licence) (map[string]rules.ContractFacts, error) {
	ids := map[string]bool{"": true}
	for _, l := range licences {
		ids[l.ContractID] = true
	}
	var rows []ServiceContract
	err := g.tx.Where("id IN ? OR (type = ? AND account_id IN ?)", keysOf(ids), rules.ServiceJumpStart, keysOf(g.accounts)).Order("id").Find(&rows).Error
	out := map[string]rules.ContractFacts{}
	for _, c := range rows {
		f := rules.ContractFacts{ID: c.ID, Type: c.Type, State: c.State, Period: c.period(), CancelledAt: c.CancelledAt}
		if out[c.ID] = f; c.Type == rules.ServiceJumpStart {
			g.jumpStarts[c.AccountID] = append(g.jumpStarts[c.AccountID], f)
		}
	}
	return out, err
}

func (g *coverFacts) readAssignments() error {
	if len(g.licences) == 0 {
		return nil
	}
	var rows []LicenceAssignment
	err := g.tx.Where("licence_id IN ?", keysOf(g.licences)).Order("from_at, id").Find(&rows).Error
	for _, a := range rows {
		l := g.licences[a.LicenceID]
		l.Assignments = append(l.Assignments, rules.Assignment{RoomID: a.RoomID, From: a.FromAt, To: a.ToAt, Terms: a.Terms})
		g.licences[a.LicenceID] = l
		if !slices.Contains(g.inRoom[a.RoomID], a.LicenceID) {
			g.inRoom[a.RoomID] = append(g.inRoom[a.RoomID], a.LicenceID)
		}
	}
	return err
}
