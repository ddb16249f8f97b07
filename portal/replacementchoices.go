package portal

import (
	"cmp"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// listDevices offers the devices that are covered now and have no replacement under
// way, by room. Another one can be typed: the refusal says why it is not listed.
func (v *visit) listDevices(p *requestPage) error {
	devices, more, err := v.devicesFor(p.Search)
	if err != nil {
		return err
	}

	p.More = more || p.Search != ""
	subjects := make([]entitlement.CoverSubject, len(devices))
	for i, d := range devices {
		subjects[i].Serial = *d.Serial
	}

	covered, err := v.entitlements.Coverage(v.acting(), subjects, v.db.Clock().Now(),
		cover.ForHardware)
	if err != nil {
		return err
	}

	busy, err := v.underReplacement()
	if err != nil {
		return err
	}

	ids := make([]string, len(covered))
	for i, c := range covered {
		ids[i] = c.Answer.RoomID
	}

	rooms, err := v.entitlements.RoomNames(v.acting(), ids)
	if err != nil {
		return err
	}

	ref, err := v.programs.Reference(v.ctx)
	for i, c := range covered {
		if d := devices[i]; (c.Answer.Covered || c.Answer.Held) && !busy[d.ID] {
			label := nameOn(ref, d.ModelCode, v.db.Clock().Now()) + " · " + *d.Serial
			if room := rooms[c.Answer.RoomID]; room != "" {
				label = room + " · " + label
			}
			p.Devices = append(p.Devices, choice{*d.Serial, label, *d.Serial == p.Serial})
		}
	}

	sortChoices(p.Devices)
	p.Devices = keepChoice(p.Devices, p.Serial, p.Serial)
	return err
}

// keepChoice keeps what was chosen although it is not, or no longer, offered: the
// refusal beside it says why.
func keepChoice(list []choice, value, label string) []choice {
	if value == "" || slices.ContainsFunc(list, func(c choice) bool { return c.Selected }) {
		return list
	}
	return append(list, choice{value, label, true})
}

// devicesFor gives the account's devices with a serial: all, or those whose serial,
// model or room fits what is searched for. more says that there are others.
func (v *visit) devicesFor(search string) (out []entitlement.Device, more bool, err error) {
	f := entitlement.DeviceFilter{
		AccountID: v.who.account().ID,
		Search:    search,
		Sort:      db.SortName,
		Page:      db.Page{Limit: mostListed},
	}

	found, next, err := v.entitlements.ListDevices(v.acting(), f)
	if err != nil {
		return nil, false, err
	}

	if search != "" {
		inRooms, err := v.devicesInRooms(search)
		if err != nil {
			return nil, false, err
		}
		found = append(found, inRooms...)
	}

	seen := map[string]bool{}
	for _, d := range found {
		if d.Serial != nil &&
			(d.State == licensing.DeviceInRoom || d.State == licensing.DeviceUnplaced) &&
			!seen[d.ID] {
			seen[d.ID], out = true, append(out, d)
		}
	}

	return out, next != "", nil
}

// mostSearchedRooms bounds whose devices a search for a room brings.
const mostSearchedRooms = 10

func (v *visit) devicesInRooms(search string) (out []entitlement.Device, err error) {
	account := v.who.account().ID
	rooms, _, err := v.entitlements.ListRooms(v.acting(), entitlement.RoomFilter{
		AccountID: account,
		State:     licensing.RoomActive,
		Search:    search,
		Sort:      db.SortName,
		Page:      db.Page{Limit: mostSearchedRooms},
	})

	for _, r := range rooms {
		devices, _, err := v.entitlements.ListDevices(v.acting(), entitlement.DeviceFilter{
			AccountID: account,
			RoomID:    r.ID,
			Page:      db.Page{Limit: mostListed},
		})
		if err != nil {
			return nil, err
		}

		out = append(out, devices...)
	}

	return out, err
}

// underReplacement are the devices with an open replacement.
func (v *visit) underReplacement() (map[string]bool, error) {
	out := map[string]bool{}
	f := replacement.RMAFilter{AccountID: v.who.account().ID, Open: true, Page: db.Page{Limit: 200}}
	rmas, _, err := v.replacements.ListRMAs(v.acting(), f)
	for _, r := range rmas {
		if r.DeviceID != nil {
			out[*r.DeviceID] = true
		}
	}

	return out, err
}

// listRooms offers the rooms under a licence, and the accessories of the list of
// products.
func (v *visit) listRooms(p *requestPage) error {
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return err
	}

	today := rules.DateIn(v.db.Clock().Now(), location(v.who.account().TimeZone))
	for code, versions := range ref.Models {
		if m, ok := catalogue.ModelOn(versions, code, today); ok && m.FollowsRoom() {
			p.Models = append(p.Models, choice{
				code, m.Name, code == catalogue.NormaliseModelCode(p.Model),
			})
		}
	}

	sortChoices(p.Models)
	if len(p.Models) == 0 {
		return nil
	}

	rooms, next, err := v.entitlements.ListRooms(v.acting(), entitlement.RoomFilter{
		AccountID: v.who.account().ID,
		State:     licensing.RoomActive,
		Search:    p.Search,
		Sort:      db.SortName,
		Page:      db.Page{Limit: mostListed},
	})
	if err != nil {
		return err
	}

	p.More = next != "" || p.Search != ""
	subjects := make([]entitlement.CoverSubject, len(rooms))
	for i, r := range rooms {
		subjects[i] = entitlement.CoverSubject{RoomID: r.ID, ModelCode: p.Models[0].Value}
	}

	covered, err := v.entitlements.Coverage(v.acting(), subjects, v.db.Clock().Now(),
		cover.ForHardware)
	for i, c := range covered {
		if r := rooms[i]; c.Answer.Covered {
			p.Rooms = append(p.Rooms, choice{r.ID, r.Name + " · " + r.Site, r.ID == p.Room})
		}
	}

	if err != nil || p.Room == "" {
		return err
	}

	names, err := v.entitlements.RoomNames(v.acting(), []string{p.Room})
	if name := names[p.Room]; name != "" {
		p.Rooms = keepChoice(p.Rooms, p.Room, name)
	}

	return err
}

// listSites offers the known ship-to addresses (S25).
func (v *visit) listSites(p *requestPage) error {
	sites, _, err := v.accounts.ListSites(v.acting(), v.who.account().ID, db.Page{Limit: 200})
	for _, s := range sites {
		p.Sites = append(p.Sites, choice{s.ID, siteLine(s), s.ID == p.Site})
	}
	sortChoices(p.Sites)
	return err
}

func sortChoices(list []choice) {
	slices.SortFunc(list, func(a, b choice) int {
		return cmp.Or(
			cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)),
			cmp.Compare(a.Value, b.Value),
		)
	})
}
