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
	zones      map[string]string   // of the accounts of rooms and devices
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
	g.bySerial, g.byID, g.placements, g.zones = map[string]Device{}, map[string]Device{}, map[string][]rules.Placement{}, map[string]string{}
	if len(serials) == 0 {
		return nil
	}
	var rows []struct {
		Device
		AccountZone      string
		RoomID           *string
		StayFrom, StayTo *time.Time
	}
	err := g.scope.accounts(g.tx, "d.account_id").Table("devices AS d").Select("d.*, a.time_zone AS account_zone, p.room_id, p.from_at AS stay_from, p.to_at AS stay_to").
		Joins("JOIN accounts a ON a.id = d.account_id").Joins("LEFT JOIN device_placements p ON p.device_id = d.id").
		Where("d.serial IN ?", serials).Order("d.id, p.from_at, p.id").Scan(&rows).Error
	if err != nil {
		return err
	}
	replacing := []string{}
	for _, r := range rows {
		if r.RoomID != nil {
			g.placements[r.ID] = append(g.placements[r.ID], rules.Placement{RoomID: *r.RoomID, From: *r.StayFrom, To: r.StayTo})
		}
		if _, again := g.byID[r.ID]; again {
			continue
		}
		g.byID[r.ID], g.zones[r.AccountID] = r.Device, r.AccountZone
		if before, ok := g.bySerial[*r.Serial]; !ok || !before.State.Live() || r.State.Live() {
			g.bySerial[*r.Serial] = r.Device
		}
		if r.ReplacesDeviceID != nil {
			replacing = append(replacing, r.ID)
		}
	}
	return g.readReplaced(replacing)
}

func (g *coverFacts) readReplaced(replacing []string) error {
	if len(replacing) == 0 {
		return nil
	}
	var originals []Device
	err := g.tx.Raw(`WITH RECURSIVE chain(id) AS (
			SELECT replaces_device_id FROM devices WHERE id IN ? AND replaces_device_id IS NOT NULL
			UNION SELECT d.replaces_device_id FROM devices d JOIN chain ON chain.id = d.id WHERE d.replaces_device_id IS NOT NULL)
		SELECT * FROM devices WHERE id IN (SELECT id FROM chain)`, replacing).Scan(&originals).Error
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
	err := g.scope.accounts(g.tx, "r.account_id").Table("rooms AS r").Select("r.*, a.time_zone AS account_zone").
		Joins("JOIN accounts a ON a.id = r.account_id").Where("r.id IN ?", ids).Scan(&rows).Error
	for _, r := range rows {
		g.rooms[r.ID], g.zones[r.AccountID] = r.Room, r.AccountZone
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
