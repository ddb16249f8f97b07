package portal

import (
	"html/template"
	"strings"
	"time"

	"roomcover.dev/roomcover/chart"
	"roomcover.dev/roomcover/models/entitlement"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

// How rooms are, as the account's Sync tells (S30). Where the account is not connected, no page
// says anything of it.

// healthFacetName is the parameter that narrows the list of rooms by how they are.
const healthFacetName = "health"

// healthWords are the values of that parameter, in the order in which a person looks at them.
var healthWords = []struct {
	word  string
	state health.State
}{
	{"down", health.Offline},
	{"attention", health.NeedsAttention},
	{"unknown", health.Unknown},
	{"well", health.Healthy},
}

var healthColors = map[health.State]string{
	health.Offline:        "red",
	health.NeedsAttention: "amber",
	health.Healthy:        "green",
	health.Unknown:        "",
}

func (v *visit) healthBadge(s health.State) web.Badge {
	return web.Badge{Text: v.language.Say("health." + string(s)), Color: healthColors[s]}
}

// narrowToHealth narrows a list of rooms to what the address asks of their health.
func (v *visit) narrowToHealth(f *entitlement.RoomFilter) {
	for _, one := range healthWords {
		if v.vendor != nil && v.query(healthFacetName) == one.word {
			f.Health = v.synced.RoomsShown(one.state)
		}
	}
}

// healthColumn says in each line how the room is, and returns how the rooms of the account are.
func (v *visit) healthColumn(
	found []entitlement.Room, lines []web.Line,
) (rooms.AccountHealth, error) {
	if v.vendor == nil {
		return rooms.AccountHealth{}, nil
	}
	ids := make([]string, len(found))
	for i, r := range found {
		ids[i] = r.ID
	}
	known, err := v.synced.HealthOf(v.acting(), v.who.account().ID, ids...)
	for i, r := range found {
		if state, ok := known.Rooms[r.ID]; ok {
			lines[i].Cells["health"] = web.Cell{Badge: v.healthBadge(state)}
		}
	}
	return known, err
}

func (v *visit) healthFacet(counts map[health.State]int64) web.Facet {
	var options []web.FacetOption
	var values []string
	for _, one := range healthWords {
		options = append(options, web.FacetOption{
			Label: v.language.Say("health." + string(one.state)),
			Count: v.language.Number(counts[one.state]),
		})
		values = append(values, one.word)
	}
	return web.ChoiceFacet(v, roomsPath, healthFacetName, v.say("health.title"), options, values)
}

// mostDown is how many rooms the start page names that are down.
const mostDown = 3

// roomsDown are the rooms that somebody should look after, and a connection that is not let in.
func (v *visit) roomsDown() ([]toDoView, error) {
	if v.vendor == nil {
		return nil, nil
	}
	down, err := v.synced.DownOf(v.acting(), v.who.account().ID, mostDown)
	if err != nil {
		return nil, err
	}

	var out []toDoView
	if down.Refused && v.isAdmin() {
		out = append(out, toDoView{
			Icon: "link",
			What: v.say("home.todo.sync"),
			When: v.say("home.todo.sync.how"),
			Path: syncPath,
			Go:   v.say("home.todo.sync.open"),
		})
	}
	for _, kind := range []struct {
		state health.State
		word  string
		n     int64
	}{
		{health.Offline, "down", down.Offline},
		{health.NeedsAttention, "attention", down.Attention},
	} {
		if kind.n == 0 {
			continue
		}
		var names []string
		for _, r := range down.Rooms {
			if r.State == kind.state {
				names = append(names, r.Name)
			}
		}
		todo := toDoView{
			Icon: "activity",
			What: v.language.Count("home.todo."+kind.word, kind.n),
			When: v.language.List(names),
			Path: roomsPath + "?" + healthFacetName + "=" + kind.word,
			Go:   v.say("home.todo.down.open"),
		}
		if more := kind.n - int64(len(names)); more > 0 && len(names) > 0 {
			todo.When += ", " + v.language.Count("portal.rooms.more", more)
		}
		out = append(out, todo)
	}
	return out, nil
}

// stripDays is how many days the strip on the page of a room shows.
const stripDays = 30

// roomHealth is how a room is and was, and its devices, as Sync tells; nothing where it does not.
func (v *visit) roomHealth(room entitlement.Room) ([]web.Section, error) {
	if v.vendor == nil || room.State == licensing.RoomArchived {
		return nil, nil
	}
	course, err := v.synced.CourseOf(v.acting(), room.ID, stripDays, location(v.zone()))
	if err != nil || course == nil {
		return nil, err
	}
	help, err := v.roomHelp(room, *course)
	if err != nil {
		return nil, err
	}

	s := web.Section{
		Title: v.say("health.of", "state", v.language.Say("health."+string(course.Shown))),
		Says:  v.healthSays(*course),
		Acts: []web.ListAct{{
			Link:  v.help.Path("room-health"),
			Label: v.say("health.help"),
			Icon:  "circle-help",
		}},
	}
	add := func(name string, at *time.Time) {
		if at != nil && !at.IsZero() {
			s.Facts = append(s.Facts, web.Fact{
				Term:  v.language.Say("health.fact." + name),
				Value: v.language.DateTimeAt(*at, v.zone()),
			})
		}
	}
	add("asof", course.AsOf)
	if course.Shown == course.State {
		add("since", &course.Since)
	}
	s.Table = v.devicesTold(course.Facts.Devices)
	if s.Chart, s.Numbers, err = v.strip(course.Days); err != nil {
		return nil, err
	}
	if help != nil {
		return []web.Section{s, *help}, nil
	}
	return []web.Section{s}, nil
}

// healthSays say how a room is, and why nothing is known of it where that is so.
func (v *visit) healthSays(c rooms.Course) []string {
	switch {
	case c.MissingSince != nil:
		return []string{v.say("health.vanished",
			"moment", v.language.DateTimeAt(*c.MissingSince, v.zone()))}
	case c.Refused:
		return []string{v.say("health.refused")}
	case c.AsOf == nil || c.Shown != c.State:
		return []string{v.say("health.silent")}
	}
	says := []string{v.language.Say("health.says." + string(c.Shown))}
	if c.Flapping {
		says = append(says, v.say("health.flapping"))
	}
	return says
}

// devicesTold are the devices of a room, each with what Sync says of it.
func (v *visit) devicesTold(devices []health.Device) *web.Table {
	if len(devices) == 0 {
		return nil
	}
	l := web.Listing[*visit]{
		Words:   "health",
		Columns: []web.Column{{Name: "device"}, {Name: "state"}, {Name: "says"}},
	}
	var lines []web.Line
	for _, d := range devices {
		lines = append(lines, web.Line{Cells: map[string]web.Cell{
			"device": {Text: d.Name, Small: web.Joined(d.Serial, d.Version)},
			"state":  {Badge: v.deviceBadge(d)},
			"says":   {Text: v.deviceSays(d)},
		}})
	}
	return l.Table(v, lines)
}

func (v *visit) deviceBadge(d health.Device) web.Badge {
	color := map[health.Status]string{
		health.DeviceOnline:  "green",
		health.DeviceInUse:   "green",
		health.DeviceOffline: "red",
	}[d.Status]
	status := string(d.Status)
	if status == "" {
		status = "UNTOLD"
	}
	return web.Badge{Text: v.language.Say("health.device." + status), Color: color}
}

// deviceSays is what is wrong with a device, in words.
func (v *visit) deviceSays(d health.Device) string {
	var says []string
	if d.Complaint != "" {
		says = append(says, v.language.Say("health.complaint."+string(d.Complaint)))
	}
	for _, p := range d.Parts {
		if p.Actual < p.Expected {
			says = append(says, v.say("health.part", "part", p.Name,
				"actual", v.language.Number(int64(p.Actual)),
				"expected", v.language.Number(int64(p.Expected))))
		}
	}
	if d.Status == health.DeviceOffline && d.LostAt != nil {
		says = append(says, v.say("health.lost",
			"moment", v.language.DateTimeAt(*d.LostAt, v.zone())))
	}
	return web.Joined(says...)
}

// strip draws how long the room was down on each day. A day of which nothing is known has a gap.
func (v *visit) strip(days []health.Day) (svg, table template.HTML, err error) {
	c := chart.Chart{
		ID:        "health",
		Kind:      chart.Strip,
		Unit:      chart.Seconds,
		Title:     v.language.Count("health.strip", stripDays),
		LabelName: v.say("health.strip.day"),
	}
	offline := chart.Series{Name: v.language.Say("health.OFFLINE"), Tone: chart.Red}
	attention := chart.Series{Name: v.language.Say("health.NEEDS_ATTENTION"), Tone: chart.Amber}
	bad := int64(0)
	for _, d := range days {
		month := strings.ToLower(d.From.Month().String())
		c.Labels = append(c.Labels, v.say("health.strip.label",
			"day", d.From.Day(), "month", v.language.Say("shortmonth."+month)))
		if d.Known() == 0 {
			offline.Values = append(offline.Values, nil)
			attention.Values = append(attention.Values, nil)
			continue
		}
		if d.Offline+d.NeedsAttention > 0 {
			bad++
		}
		offline.Values = append(offline.Values, chart.Known(int64(d.Offline/time.Second)))
		attention.Values = append(attention.Values,
			chart.Known(int64(d.NeedsAttention/time.Second)))
	}
	c.Series = []chart.Series{offline, attention}
	c.Description = v.language.Count("health.strip.says", bad)
	if svg, err = c.SVG(v.language); err != nil {
		return svg, table, err
	}
	table, err = c.Table(v.language)
	return svg, table, err
}
