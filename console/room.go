package console

import (
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

func roomRoutes() []route {
	const one = Root + "/rooms/:id"
	return []route{
		{method: get, path: one, access: may(rules.ViewProcesses), do: showRoom},
		{method: get, path: one + "/do/:action", access: may(rules.ManageRooms), do: askRoomAct},
		{method: post, path: one + "/do/:action", access: may(rules.ManageRooms), do: doRoomAct},
	}
}

// historyMost is how many stays and replacements the page of a room or a device shows.
const historyMost = 50

// roomInUse is a room with the account that it belongs to.
type roomInUse struct {
	entitlement.Room
	acc account.Account
}

func (v *visit) room() (r roomInUse, err error) {
	if r.Room, err = v.entitlements.GetRoom(v.scope(), v.param("id")); err != nil {
		return r, err
	}
	r.acc, err = v.accounts.GetAccount(v.scope(), r.AccountID)
	return r, err
}

// showRoom is a room with its licence, its cover and why, its devices, and what happened to it
// (R55b).
func showRoom(v *visit) (answer, error) {
	room, err := v.room()
	if err != nil {
		return answer{}, err
	}
	devices, _, err := v.entitlements.ListDevices(v.scope(), entitlement.DeviceFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: historyMost},
	})
	if err != nil {
		return answer{}, err
	}
	subjects := []entitlement.CoverSubject{{RoomID: room.ID}}
	for _, d := range devices {
		subjects = append(subjects, entitlement.CoverSubject{Serial: db.Text(d.Serial)})
	}
	answers, err := v.entitlements.Coverage(v.scope(), subjects, v.now, cover.ForTechnical)
	if err != nil {
		return answer{}, err
	}
	history, licensed, err := v.roomHistory(room)
	if err != nil {
		return answer{}, err
	}
	inside := v.devicesInside(room, devices, answers[1:])

	tickets, err := v.ticketsOf(room.acc, ticket.Filter{
		RoomID: room.ID,
		Page:   db.Page{Limit: historyMost},
	})
	if err != nil {
		return answer{}, err
	}

	r := web.Record{
		Sub: placeOf(room.Room) + " · " + v.clockAt(room.TimeZone),
		Up:  web.Fact{Value: room.acc.LegalName, Link: accountTab(room.acc.ID, "rooms")},
		Sections: append([]web.Section{
			v.roomCover(room, answers[0].Answer), inside, tickets,
		}, history...),
	}
	if room.State == licensing.RoomArchived {
		r.Badge = web.Badge{Text: v.say("console.roomstate.ARCHIVED")}
	}
	if v.mayDo(rules.ManageRooms) {
		r.Acts = v.roomActs(room, licensed, len(devices) > 0)
	}
	return answer{page: "record", title: room.Name, data: r, live: true, shared: true}, nil
}

// roomActs are what an operator may do now on behalf of the customer.
func (v *visit) roomActs(room roomInUse, licensed, equipped bool) []web.ListAct {
	var names []string
	switch {
	case room.State == licensing.RoomArchived:
		names = []string{"restore"}
	case licensed:
		names = []string{"move", "release", "archive"}
	case equipped:
		names = []string{"assign", "move", "archive"}
	default:
		names = []string{"assign", "archive"}
	}
	icons := map[string]string{
		"assign": "badge-check", "move": "arrow-left-right", "release": "undo-2",
		"archive": "archive", "restore": "rotate-ccw",
	}
	var acts []web.ListAct
	for i, name := range names {
		acts = append(acts, web.ListAct{
			Link:  roomPath(room.ID) + "/do/" + name,
			Label: v.language.Say("console.room.act." + name),
			Icon:  icons[name],
			Main:  i == 0,
		})
	}
	return acts
}

// roomCover is whether the room is covered, until when, and why.
func (v *visit) roomCover(room roomInUse, a cover.Answer) web.Section {
	s := web.Section{
		Title: v.coverBadge(a).Text,
		Says:  v.coverReasons(a),
		Facts: []web.Fact{
			{
				Term:  v.say("console.account.column.until"),
				Value: v.coverUntil(a, room.acc.TimeZone).Text,
			},
			{
				Term:  v.say("console.account.column.platform"),
				Value: v.language.Say("console.platform." + string(room.Platform)),
			},
			{
				Term:  v.say("console.account.column.matters"),
				Value: v.language.Say("console.criticality." + string(room.Criticality)),
			},
			{Term: v.say("console.account.fact.zone"), Value: room.TimeZone},
		},
	}
	s.Facts = slices.DeleteFunc(s.Facts, func(f web.Fact) bool { return f.Value == "" })
	return s
}

// devicesInside are the devices in the room, with the cover of their hardware.
func (v *visit) devicesInside(
	room roomInUse, devices []entitlement.Device, answers []entitlement.Covered,
) web.Section {
	var lines []web.Line
	for i, d := range devices {
		l := web.Line{
			Link: devicePath(d.ID),
			Cells: map[string]web.Cell{
				"device": {Text: v.modelName(d.ModelCode, v.now), Small: db.Text(d.Serial)},
				"state":  {Badge: v.deviceState(d.State)},
			},
		}
		if until := answers[i].Answer.HardwareUntil; until != nil {
			l.Cells["covered"] = web.Cell{
				Badge: web.Badge{Text: v.say("console.account.covered"), Color: "green"},
			}
			l.Cells["until"] = v.lastDay(*until, room.acc.TimeZone)
		} else if d.Serial != nil {
			l.Cells["covered"] = web.Cell{
				Badge: web.Badge{Text: v.say("console.account.uncovered"), Color: "red"},
			}
		}
		lines = append(lines, l)
	}
	s := v.listSection(room.acc, "devices", []web.Column{
		{Name: "device"}, {Name: "state"}, {Name: "covered"}, {Name: "until"},
	}, lines, "")
	s.Title = v.say("console.account.tab.devices")
	s.Empty.Icon = "monitor"
	return s
}

// roomHistory is what was in the room through time: licences, devices, replacements. It
// reports whether a licence is there now.
func (v *visit) roomHistory(room roomInUse) (s []web.Section, licensed bool, err error) {
	assignments, _, err := v.entitlements.ListAssignments(v.scope(), entitlement.AssignmentFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: historyMost},
	})
	if err != nil {
		return nil, false, err
	}
	stays, err := v.entitlements.PlacementsIn(v.scope(), room.ID, historyMost)
	if err != nil {
		return nil, false, err
	}
	rmas, _, err := v.replacements.ListRMAs(v.scope(), replacement.RMAFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: historyMost},
	})
	if err != nil {
		return nil, false, err
	}
	names, err := namesFrom(v, stays, func(p entitlement.DevicePlacement) []string {
		return []string{p.DeviceID}
	})
	if err != nil {
		return nil, false, err
	}

	var held []web.Line
	for _, a := range assignments {
		licensed = licensed || a.ToAt == nil
		from := a.FromAt
		l := web.Line{Cells: map[string]web.Cell{
			"service": {Text: v.serviceName(a.ServiceType)},
			"from":    v.when(&from, room.acc.TimeZone),
			"to":      {Badge: web.Badge{Text: v.say("console.room.now"), Color: "green"}},
		}}
		if a.ToAt != nil {
			l.Cells["to"] = v.when(a.ToAt, room.acc.TimeZone)
			ended := v.language.Say("console.room.ended." + string(a.EndReason))
			l.Cells["ended"] = web.Cell{Text: ended}
		}
		held = append(held, l)
	}
	licences := v.roomTable("licenses", []string{"service", "from", "to", "ended"}, held)

	var placed []web.Line
	for _, p := range stays {
		placed = append(placed, v.stayLine(room.acc, p, names[p.DeviceID], devicePath(p.DeviceID)))
	}
	placements := v.roomTable("placements", []string{"what", "from", "to"}, placed)

	var asked []web.Line
	for _, r := range rmas {
		asked = append(asked, v.rmaLine(room.acc, r, room.Name))
	}
	replacements := v.listSection(room.acc, "replacements", rmaColumns, asked, "")
	replacements.Title = v.say("console.account.tab.replacements")
	replacements.Empty.Icon = "repeat-2"
	return []web.Section{licences, placements, replacements}, licensed, nil
}

// stayLine is a stay of a device in a room; what is what else is shown on the page of one of
// them.
func (v *visit) stayLine(
	acc account.Account, p entitlement.DevicePlacement, what, link string,
) web.Line {
	from := p.FromAt
	l := web.Line{Link: link, Cells: map[string]web.Cell{
		"what": {Text: what},
		"from": v.when(&from, acc.TimeZone),
		"to":   {Badge: web.Badge{Text: v.say("console.room.now"), Color: "green"}},
	}}
	if p.ToAt != nil {
		l.Cells["to"] = v.when(p.ToAt, acc.TimeZone)
	}
	return l
}

// roomTable is a card of a room's page.
func (v *visit) roomTable(name string, columns []string, lines []web.Line) web.Section {
	s := web.Section{Title: v.language.Say("console.room." + name)}
	if len(lines) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{
			Icon:  "history",
			Title: v.language.Say("console.room.none." + name),
		}
		return s
	}
	var shown []web.Column
	for _, c := range columns {
		shown = append(shown, web.Column{Name: c})
	}
	s.Table = v.tableOf("console.room", shown, lines)
	return s
}
