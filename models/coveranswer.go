package models

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// cover hands one subject's facts to rules.Cover.
func (g *coverFacts) cover(q CoverSubject, at time.Time, purpose rules.Purpose) Covered {
	out := Covered{Subject: q}
	f := rules.CoverFacts{CapYears: g.ref.Program.WarrantyCapYears, ModelCode: rules.NormaliseModelCode(q.ModelCode)}
	rooms, owner := []string{q.RoomID}, ""
	if q.Serial != "" {
		d, ok := g.bySerial[rules.NormaliseSerial(q.Serial)]
		if !ok {
			return out
		}
		out.DeviceID, owner, rooms = d.ID, d.AccountID, nil
		f.Device = &rules.DeviceFacts{ID: d.ID, ModelCode: d.ModelCode, Warranty: g.warranty(d, 0), Placements: g.placements[d.ID], GoneAt: d.GoneAt}
		f.ModelCode = d.ModelCode
		for _, p := range g.placements[d.ID] {
			rooms = append(rooms, p.RoomID)
		}
	} else {
		r, ok := g.rooms[q.RoomID]
		if !ok {
			return out
		}
		f.RoomID, owner = r.ID, r.AccountID
	}
	out.Found = true
	f.Zone, f.JumpStarts, f.Models = zoneOf(g.zones[owner]), g.jumpStarts[owner], g.ref.model(f.ModelCode)
	g.addRooms(&f, rooms)
	out.Answer = rules.Cover(f, at, purpose)
	return out
}

// addRooms adds the rooms with their countries' terms and their licences.
func (g *coverFacts) addRooms(f *rules.CoverFacts, ids []string) {
	var countries []string
	seen := map[string]bool{}
	for _, id := range ids {
		r, ok := g.rooms[id]
		if !ok || seen[id] {
			continue
		}
		seen[id] = true
		f.Rooms = append(f.Rooms, rules.RoomFacts{ID: r.ID, Country: r.Country, ArchivedAt: r.ArchivedAt})
		countries = append(countries, r.Country)
		for _, l := range g.inRoom[id] {
			g.addLicence(f, l, seen)
		}
	}
	f.Terms = g.ref.termsIn(countries...)
}

func (g *coverFacts) addLicence(f *rules.CoverFacts, id string, seen map[string]bool) {
	if seen[id] {
		return
	}
	seen[id] = true
	f.Licences = append(f.Licences, g.licences[id])
	for _, renewal := range g.renewals[id] {
		g.addLicence(f, renewal, seen)
	}
}

// warranty gives a device's warranties with those of what it replaced (S23). depth
// ends a chain that leads back to itself.
func (g *coverFacts) warranty(d Device, depth int) rules.Warranty {
	w := d.warranty()
	w.Extensions = g.extensions[extensionKey(d.AccountID, text(d.Serial))]
	if original, ok := g.byID[text(d.ReplacesDeviceID)]; ok && depth < 20 {
		before := g.warranty(original, depth+1)
		w.Replaces = &before
	}
	return w
}
