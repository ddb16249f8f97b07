package portal

import (
	"slices"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

const roomsPath = "/rooms"

func roomPath(id string) string { return roomsPath + "/" + id }

// mostSites is how many sites the list offers to narrow to, those with the most rooms; the
// search finds the rest.
const mostSites = 20

// roomsList is every room of the account at hand; how they are, where it has its Sync connected.
func roomsList() web.Listing[*visit] {
	return web.Listing[*visit]{
		Path:  roomsPath,
		Words: "portal.rooms",
		Columns: []web.Column{
			{Name: "room", Sorts: true},
			{Name: "health"},
			{Name: "site", Sorts: true},
			{Name: "platform", Sorts: true},
			{Name: "license"},
			{Name: "cover"},
			{Name: "until"},
			{Name: "replacements"},
			{Name: "tickets"},
			{Name: "devices", Number: true, Hidden: true},
		},
		Search: true,
		Read:   readRooms,
	}
}

// roomFacet is the parameter that narrows the list to rooms of one kind.
const roomFacet = "show"

// Values of roomFacet. Without one the list shows the rooms in use.
const (
	showUnlicensed = "unlicensed"
	showEnding     = "ending"
	showArchived   = "archived"
)

func showRooms(v *visit) (answer, error) {
	bar := v.roomsBar
	if !v.isAdmin() || v.query(roomFacet) == showArchived {
		bar = nil
	}
	return showList(v, roomsList(), bar)
}

// roomsBar sends the chosen rooms to their assignment.
func (v *visit) roomsBar(lines int) *web.BulkBar {
	q := v.request.URL.Query()
	q.Del(web.ChosenParameter)
	back := web.Address(roomsPath, q)
	q.Set(web.ChosenParameter, "all")
	return &web.BulkBar{
		Acts: []web.BulkButton{{
			Action: assignPath,
			Label:  v.say("portal.rooms.assign"),
			Icon:   "badge-check",
		}},
		Back:   back,
		All:    web.Address(roomsPath, q),
		Many:   v.language.Count("portal.rooms.all", int64(lines)),
		Chosen: v.say("portal.rooms.chosen", "n", "#"),
	}
}

// readRooms reads a page of the rooms as the address narrows and orders them.
func readRooms(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.entitlements.ListRooms(v.acting(), v.roomFilter(q))
	if err != nil {
		return web.ListResult{}, err
	}
	lines, err := v.roomLines(found)
	if err != nil {
		return web.ListResult{}, err
	}
	known, err := v.healthColumn(found, lines)
	if err != nil {
		return web.ListResult{}, err
	}
	out := web.ListResult{Lines: lines, Next: next}
	if known.Connected {
		out.Aside = []string{"platform"} // the health of a room has its place
	} else {
		out.Absent = []string{"health"}
	}
	if web.AsksForFile(v) { // read page by page; nobody sees the counts
		return out, nil
	}

	acc := v.who.account()
	counts, err := v.entitlements.CountRooms(v.acting(), acc.ID, location(acc.TimeZone))
	if err != nil {
		return web.ListResult{}, err
	}
	out.Summary = v.language.Count("portal.rooms.summary", counts.Active)
	if counts.Bare > 0 {
		out.Summary += " " + v.countBare("portal.rooms.summary.unlicensed", counts.Bare)
	}
	out.Facets = v.roomFacets(counts)
	if known.Connected {
		out.Facets = slices.Insert(out.Facets, 1, v.healthFacet(known.Counts))
	}
	out.Acts = v.offeredActs(
		web.ListAct{
			Link:  assignPath,
			Label: v.say("portal.rooms.assign"),
			Icon:  "badge-check",
		},
		web.ListAct{
			Link:  roomsPath + "/import",
			Label: v.say("portal.rooms.import"),
			Icon:  "upload",
		},
		web.ListAct{
			Link:  roomsPath + "/new",
			Label: v.say("portal.rooms.add"),
			Icon:  "plus",
			Main:  true,
		},
	)
	out.Empty = web.EmptyState{
		Icon:  "door-open",
		Title: v.say("portal.rooms.none"),
		Text:  v.say("portal.rooms.none.text"),
	}
	if narrowed := len(v.request.URL.Query()) > 0 && counts.Active > 0; narrowed {
		out.Empty.Text = v.say("portal.rooms.none.narrowed")
		out.Empty.Link = roomsPath
		out.Empty.LinkText = v.say("portal.rooms.every")
	}
	return out, nil
}

// roomFilter is what the address asks for.
func (v *visit) roomFilter(q web.ListQuery) entitlement.RoomFilter {
	f := entitlement.RoomFilter{
		AccountID:  v.who.account().ID,
		Site:       storable(v.query("site")),
		Platform:   rules.Platform(storable(v.query("platform"))),
		State:      licensing.RoomActive,
		Search:     storable(q.Text),
		By:         entitlement.RoomsByName,
		Descending: q.Descending,
		Page:       db.Page{After: q.After, Limit: q.Limit},
	}
	v.narrowToHealth(&f)
	switch q.Sort {
	case "site":
		f.By = entitlement.RoomsBySite
	case "platform":
		f.By = entitlement.RoomsByPlatform
	}
	switch v.query(roomFacet) {
	case showUnlicensed:
		f.Without = catalogue.ServiceSelect
	case showEnding:
		soon := entitlement.EndsSoon(v.db.Clock().Now(), location(v.who.account().TimeZone))
		f.EndsBefore = &soon
	case showArchived:
		f.State = licensing.RoomArchived
	}
	return f
}

// countBare says how many rooms are without a Select, by the program's name.
func (v *visit) countBare(key string, rooms int64) string {
	return v.language.Count(key, rooms, messages.Args{"program": v.program.Name})
}

// storable is a text that every database compares; one that none does is nothing.
func storable(text string) string {
	if !rules.Storable(text) {
		return ""
	}
	return text
}

// roomFacets are how the list can be narrowed, each with how many rooms it leaves.
func (v *visit) roomFacets(counts entitlement.RoomCounts) []web.Facet {
	kind := web.ChoiceFacet(v, roomsPath, roomFacet, v.say("portal.rooms.facet.show"),
		[]web.FacetOption{
			{
				Label: v.say("portal.rooms.show.unlicensed", "program", v.program.Name),
				Count: v.language.Number(counts.Bare),
			},
			{
				Label: v.say("portal.rooms.show.ending"),
				Count: v.language.Number(counts.Ending),
			},
			{
				Label: v.say("portal.rooms.show.archived"),
				Count: v.language.Number(counts.Archived),
			},
		}, []string{showUnlicensed, showEnding, showArchived})
	kind.Options[0].Count = v.language.Number(counts.Active)

	facets := []web.Facet{kind}
	if sites := sitesByRooms(counts.Sites, v.query("site")); len(sites) > 0 {
		var options []web.FacetOption
		for _, name := range sites {
			options = append(options, web.FacetOption{
				Label: name,
				Count: v.language.Number(counts.Sites[name]),
			})
		}
		facets = append(facets, web.ChoiceFacet(v, roomsPath, "site",
			v.say("portal.rooms.column.site"), options, sites))
	}

	var options []web.FacetOption
	var platforms []string
	for _, p := range rules.Platforms() {
		if counts.Platforms[p] > 0 || string(p) == v.query("platform") {
			platforms = append(platforms, string(p))
			options = append(options, web.FacetOption{
				Label: v.language.Say("console.platform." + string(p)),
				Count: v.language.Number(counts.Platforms[p]),
			})
		}
	}
	return append(facets, web.ChoiceFacet(v, roomsPath, "platform",
		v.say("portal.rooms.column.platform"), options, platforms))
}

// sitesByRooms are the sites with the most rooms, by their names, and the one that is chosen.
func sitesByRooms(rooms map[string]int64, chosen string) []string {
	var names []string
	for name := range rooms {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rooms[b] - rooms[a]; d != 0 {
			return int(d)
		}
		return strings.Compare(a, b)
	})
	names = names[:min(len(names), mostSites)]
	if chosen != "" && rooms[chosen] > 0 && !slices.Contains(names, chosen) {
		names = append(names, chosen)
	}
	slices.Sort(names)
	return names
}

// roomLines are rooms with their licences, their cover and what is in them. Whatever the number
// of rooms, they are read in a fixed number of statements.
func (v *visit) roomLines(rooms []entitlement.Room) ([]web.Line, error) {
	ids := make([]string, len(rooms))
	for i, r := range rooms {
		ids[i] = r.ID
	}
	covers, err := v.entitlements.CoverOfRooms(v.acting(), ids, v.db.Clock().Now())
	if err != nil {
		return nil, err
	}
	devices := map[string]int64{}
	if strings.Contains(v.query("columns"), "devices") { // the column is hidden by itself
		if devices, err = v.entitlements.CountDevicesIn(v.acting(), ids...); err != nil {
			return nil, err
		}
	}
	replacements, err := v.replacements.OpenInRooms(v.acting(), ids...)
	if err != nil {
		return nil, err
	}

	tickets, err := v.tickets.NewestOpenIn(v.acting(), ids...)
	if err != nil {
		return nil, err
	}

	lines := make([]web.Line, len(rooms))
	for i, r := range rooms {
		a, licences := covers[i].Answer, covers[i].Licences
		l := web.Line{ID: r.ID, Link: roomPath(r.ID), Cells: map[string]web.Cell{
			"room":         {Text: r.Name},
			"site":         {Text: r.Site, Small: v.abroad(r)},
			"platform":     {Text: v.platformName(r)},
			"license":      {Text: v.licenceNames(licences), Whole: true},
			"cover":        {Badge: v.coverBadge(a)},
			"until":        v.coverUntil(a),
			"replacements": v.openReplacements(replacements[r.ID]),
			"tickets":      v.openTickets(tickets[r.ID]),
			"devices":      {Text: v.language.Number(devices[r.ID])},
		}}
		if len(licences) == 0 {
			l.Cells["license"] = web.Cell{Text: v.say("portal.rooms.license.none")}
		}
		if !a.Covered {
			l.Cells["until"] = web.Cell{Small: v.coverReason(a), Plain: v.coverReason(a)}
		}
		if r.State == licensing.RoomArchived {
			l.Cells["cover"] = web.Cell{Badge: web.Badge{Text: v.say("console.roomstate.ARCHIVED")}}
			l.Cells["license"] = web.Cell{}
			l.Cells["until"] = web.Cell{}
		}
		lines[i] = l
	}
	return lines, nil
}

// platformName is what people call the platform of a room.
func (v *visit) platformName(r entitlement.Room) string {
	return v.language.Say("console.platform." + string(r.Platform))
}

// abroad is the country of a room that is in another one than the account.
func (v *visit) abroad(r entitlement.Room) string {
	if r.Country == v.who.account().Country {
		return ""
	}
	return v.countryName(r.Country)
}

// licenceNames are the services of the licences in a room.
func (v *visit) licenceNames(stays []entitlement.LicensedStay) string {
	var names []string
	for _, l := range stays {
		names = append(names, v.serviceName(l.ServiceType))
	}
	return strings.Join(names, ", ")
}

// openReplacements names the newest open replacement of a room, with its state, and says how
// many others there are.
func (v *visit) openReplacements(open []replacement.RMA) web.Cell {
	if len(open) == 0 {
		return web.Cell{}
	}
	state := open[0].RMAFacts.State(v.db.Clock().Now())
	c := web.Cell{
		Text:  open[0].Name(),
		Small: v.language.Say("rma." + string(state)),
		Whole: true,
	}
	if more := int64(len(open) - 1); more > 0 {
		c.Small = v.language.Count("portal.rooms.more", more)
	}
	return c
}
