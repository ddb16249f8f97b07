package portal

import (
	"net/url"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

// historyMost is how many stays and replacements the page of a room shows.
const historyMost = 50

// ownRoom is the room of the address, if it is one of the account at hand.
func (v *visit) ownRoom() (entitlement.Room, error) {
	return v.entitlements.GetRoom(v.acting(), v.param("id"))
}

// placeOf is where a room is: its site, and its country where that is not the account's.
func (v *visit) placeOf(r entitlement.Room) string { return web.Joined(r.Site, v.abroad(r)) }

// showRoom is a room with its licences, its cover and why, its devices, and its replacements
// (R55b).
func showRoom(v *visit) (answer, error) {
	found, err := v.entitlements.LookInside(
		v.acting(), v.param("id"), v.db.Clock().Now(), historyMost)
	if err != nil {
		return answer{}, err
	}
	room := found.Room
	asked, err := v.roomReplacements(room)
	if err != nil {
		return answer{}, err
	}
	open, err := v.roomTickets(room.ID)
	if err != nil {
		return answer{}, err
	}
	inside, err := v.devicesInside(found)
	if err != nil {
		return answer{}, err
	}

	health, err := v.roomHealth(room)
	if err != nil {
		return answer{}, err
	}

	r := v.roomRecord(room, "")
	r.Acts = v.roomActs(room, found.Licences, len(found.Devices) > 0)
	r.Sections = []web.Section{
		v.roomCover(room, found.Answer),
		v.licencesInside(room, found.Licences),
		inside,
		open,
		asked,
	}
	r.Sections = slices.Insert(r.Sections, 1, health...)
	return answer{page: "record", label: room.Name, data: r, here: roomPath(room.ID)}, nil
}

// roomRecord is the head of the pages of a room, with its tabs.
func (v *visit) roomRecord(room entitlement.Room, tab string) web.Record {
	r := web.Record{
		Sub: web.Joined(v.placeOf(room), v.platformName(room)),
		Up:  web.Fact{Value: v.say("portal.rooms.title"), Link: roomsPath},
	}
	if room.State == licensing.RoomArchived {
		r.Badge = web.Badge{Text: v.say("console.roomstate.ARCHIVED")}
	}
	for _, name := range []string{"", "history"} {
		link := roomPath(room.ID)
		label := v.say("portal.room.tab.now")
		if name != "" {
			link += "/" + name
			label = v.say("portal.room.tab.history")
		}
		r.Tabs = append(r.Tabs, web.Tab{Link: link, Label: label, Current: name == tab})
	}
	return r
}

// roomActs are what an administrator may do with a room now; a reader is offered nothing.
func (v *visit) roomActs(
	room entitlement.Room, licences []entitlement.LicensedStay, equipped bool,
) []web.ListAct {
	act := func(name, link, icon string) web.ListAct {
		return web.ListAct{Link: link, Label: v.language.Say("portal.room.act." + name), Icon: icon}
	}
	path := roomPath(room.ID)
	if room.State == licensing.RoomArchived {
		return nil
	}

	acts := []web.ListAct{act("ticket", newTicketPath+"?room="+room.ID, "life-buoy")}
	covered := slices.ContainsFunc(licences, func(l entitlement.LicensedStay) bool {
		return l.ServiceType == catalogue.ServiceSelect
	})
	if !covered {
		assign := act("assign", assignPath+"?"+fieldRoom+"="+room.ID, "badge-check")
		assign.Main = true
		acts = append(acts, assign)
	}
	acts = append(acts, act("edit", path+"/edit", "pencil"))
	if len(licences) > 0 || equipped {
		acts = append(acts, act("move", path+"/move", "arrow-left-right"))
	}
	return v.offeredActs(append(acts, act("archive", path+"/archive", "archive"))...)
}

// roomCover is whether the room is covered, until when, and why, with what is told of it.
func (v *visit) roomCover(room entitlement.Room, a cover.Answer) web.Section {
	s := web.Section{Title: v.coverBadge(a).Text, Says: v.coverReasons(a)}
	if room.State == licensing.RoomArchived {
		s.Title = v.say("console.roomstate.ARCHIVED")
		s.Says = []string{v.say("portal.room.archived", "mailbox", v.program.Mailbox)}
	}
	add := func(name, value string) {
		if value != "" {
			s.Facts = append(s.Facts, web.Fact{
				Term:  v.language.Say("portal.room.fact." + name),
				Value: value,
			})
		}
	}
	add("until", v.coverUntil(a).Text)
	add("speed", v.speedWords(string(a.RMASpeed)))
	add("languages", v.spokenLanguages(a.Languages))
	add("site", room.Site)
	add("country", v.countryName(room.Country))
	add("platform", v.platformName(room))
	add("criticality", v.language.Say("console.criticality."+string(room.Criticality)))
	add("time", v.language.DateTimeAt(v.db.Clock().Now(), room.TimeZone))
	return s
}

// licencesInside are the licences that are assigned to the room now.
func (v *visit) licencesInside(
	room entitlement.Room, stays []entitlement.LicensedStay,
) web.Section {
	s := web.Section{Title: v.say("portal.room.licenses")}
	if len(stays) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{
			Icon:  "badge-check",
			Title: v.say("portal.room.none.licenses"),
			Text:  v.say("portal.room.none.licenses.text"),
		}
		return s
	}

	var lines []web.Line
	for _, l := range stays {
		cells := map[string]web.Cell{
			"service": {Text: v.serviceName(l.ServiceType)},
			"state":   {Text: v.language.Say("contract." + string(l.ContractState))},
			"since":   v.dayCell(l.FromAt),
		}
		if l.EndAt != nil {
			cells["until"] = v.lastDayCell(*l.EndAt)
		}
		lines = append(lines, web.Line{Cells: cells})
		release := releasePath(room.ID, l.LicenceID)
		if v.isAdmin() && room.State == licensing.RoomActive {
			s.Acts = append(s.Acts, web.ListAct{
				Link:  release,
				Label: v.say("portal.room.act.release", "service", v.serviceName(l.ServiceType)),
				Icon:  "undo-2",
			})
		}
	}
	s.Table = v.roomTable(lines, "service", "state", "since", "until")
	return s
}

// roomTable is a table on the page of a room.
func (v *visit) roomTable(lines []web.Line, columns ...string) *web.Table {
	l := web.Listing[*visit]{Words: "portal.room"}
	for _, name := range columns {
		l.Columns = append(l.Columns, web.Column{Name: name})
	}
	return l.Table(v, lines)
}

// devicesInside are the devices in the room, each with the cover of its own hardware, and with
// the way to a replacement.
func (v *visit) devicesInside(found entitlement.RoomInside) (web.Section, error) {
	s := web.Section{Title: v.say("portal.room.devices")}
	asks := v.offers(requestPath)
	if len(found.Devices) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{
			Icon:  "monitor",
			Title: v.say("portal.room.none.devices"),
			Text:  v.say("portal.room.none.devices.text"),
		}
		return s, nil
	}

	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return s, err
	}
	var lines []web.Line
	for _, d := range found.Devices {
		name := nameOn(ref, d.ModelCode, v.db.Clock().Now())
		l := web.Line{Cells: map[string]web.Cell{
			"device": {Text: name, Small: db.Text(d.Serial)},
			"state":  {Text: v.language.Say("console.devicestate." + string(d.State))},
		}}
		if path := "/devices/" + d.ID; v.offers(path) {
			l.Link = path
		}
		if !d.Answered {
			l.Cells["why"] = web.Cell{Text: v.say("portal.room.noserial")}
			lines = append(lines, l)
			continue
		}
		l.Cells["hardware"] = web.Cell{Badge: v.coverBadge(d.Answer)}
		l.Cells["until"] = v.coverUntil(d.Answer)
		l.Cells["why"] = web.Cell{Text: v.coverReason(d.Answer)}
		if asks && (d.Answer.Covered || d.Answer.Held) {
			l.Cells["ask"] = web.Cell{
				Text: v.say("portal.room.request"),
				Link: requestPath + "?q=" + url.QueryEscape(*d.Serial),
			}
		}
		lines = append(lines, l)
	}
	columns := []string{"device", "state", "hardware", "until", "why"}
	if asks {
		columns = append(columns, "ask")
	}
	s.Table = v.roomTable(lines, columns...)
	if found.More {
		s.Says = []string{v.say("portal.room.more", "n", v.language.Number(historyMost))}
	}
	return s, nil
}

// roomReplacements are the replacements that were requested for the room, the newest first.
func (v *visit) roomReplacements(room entitlement.Room) (web.Section, error) {
	s := web.Section{Title: v.say("portal.room.replacements")}
	rmas, _, err := v.replacements.ListRMAs(v.acting(), replacement.RMAFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: historyMost},
	})
	if err != nil {
		return s, err
	}
	if len(rmas) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{
			Icon:  "repeat-2",
			Title: v.say("portal.room.none.replacements"),
		}
		return s, nil
	}

	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return s, err
	}
	now := v.db.Clock().Now()
	var lines []web.Line
	for _, r := range rmas {
		state := r.RMAFacts.State(now)
		lines = append(lines, web.Line{
			Link: replacementsPath + "/" + r.Name(),
			Cells: map[string]web.Cell{
				"number":  {Text: r.Name(), Whole: true},
				"device":  {Text: modelName(ref, r), Small: r.FaultySerial},
				"state":   {Text: v.language.Say("rma." + string(state)), Small: v.late(r, now)},
				"promise": {Text: v.promiseDay(r)},
				"asked":   v.dayCell(r.RequestedAt),
			},
		})
	}
	s.Table = v.roomTable(lines, "number", "device", "state", "promise", "asked")
	return s, nil
}

// showRoomHistory is what was in the room through time: licences and devices.
func showRoomHistory(v *visit) (answer, error) {
	room, err := v.ownRoom()
	if err != nil {
		return answer{}, err
	}
	assignments, _, err := v.entitlements.ListAssignments(v.acting(), entitlement.AssignmentFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: historyMost},
	})
	if err != nil {
		return answer{}, err
	}
	stays, err := v.entitlements.StaysIn(v.acting(), room.ID, historyMost)
	if err != nil {
		return answer{}, err
	}
	events, err := v.db.Timeline(v.acting(), room.ID)
	if err != nil {
		return answer{}, err
	}
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return answer{}, err
	}

	var held []web.Line
	for _, a := range assignments {
		l := web.Line{Cells: map[string]web.Cell{
			"service": {Text: v.serviceName(a.ServiceType)},
			"from":    v.reader().When(&a.FromAt, ""),
			"to":      {Badge: web.Badge{Text: v.say("portal.room.now"), Color: "green"}},
		}}
		if a.ToAt != nil {
			l.Cells["to"] = v.reader().When(a.ToAt, "")
			l.Cells["ended"] = web.Cell{
				Text: v.language.Say("console.room.ended." + string(a.EndReason)),
			}
		}
		held = append(held, l)
	}

	var placed []web.Line
	for _, d := range stays {
		l := web.Line{Cells: map[string]web.Cell{
			"device": {
				Text:  nameOn(ref, d.Device.ModelCode, v.db.Clock().Now()),
				Small: db.Text(d.Device.Serial),
			},
			"from": v.reader().When(&d.FromAt, ""),
			"to":   {Badge: web.Badge{Text: v.say("portal.room.now"), Color: "green"}},
		}}
		if path := "/devices/" + d.Device.ID; v.offers(path) {
			l.Link = path
		}
		if d.ToAt != nil {
			l.Cells["to"] = v.reader().When(d.ToAt, "")
		}
		placed = append(placed, l)
	}

	r := v.roomRecord(room, "history")
	r.Sections = []web.Section{
		v.pastSection("licenses", held, "service", "from", "to", "ended"),
		v.pastSection("placements", placed, "device", "from", "to"),
		v.changesSection(events),
	}
	return answer{
		page:  "record",
		label: room.Name,
		data:  r,
		here:  roomPath(room.ID) + "/history",
	}, nil
}

// pastSection is a card of what was in a room.
func (v *visit) pastSection(name string, lines []web.Line, columns ...string) web.Section {
	s := web.Section{Title: v.language.Say("portal.room.past." + name)}
	if len(lines) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{
			Icon:  "history",
			Title: v.language.Say("portal.room.past.none." + name),
		}
		return s
	}
	s.Table = v.roomTable(lines, columns...)
	return s
}

// roomVerbs are what the audit says of a room itself.
var roomVerbs = []string{"room.created", "room.changed", "room.archived", "room.restored"}

// changesSection is what was done with the room itself, the newest first, and by whose side.
func (v *visit) changesSection(events []db.AuditEvent) web.Section {
	s := web.Section{Title: v.say("portal.room.changes")}
	for _, e := range slices.Backward(events) {
		if !slices.Contains(roomVerbs, e.Verb) {
			continue
		}
		ours := e.ActorRole == "SYSTEM" || rules.Role(e.ActorRole).IsOperator()
		who := v.say("portal.room.by.customer")
		if ours {
			who = v.program.Name
		}
		if e.ActorID == v.who.user.ID {
			who = v.say("portal.room.by.you")
		}
		s.Events = append(s.Events, web.Event{
			Who:  who,
			What: v.language.Say("portal.room.did." + e.Verb),
			When: v.reader().PastAt(e.At, ""),
			Ours: ours,
		})
	}
	return s
}
