package portal

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

const (
	ticketsPath   = "/tickets"
	newTicketPath = ticketsPath + "/new"
)

// ticketPath is the page of a ticket, by the number that people read.
func ticketPath(number string) string { return ticketsPath + "/" + number }

// The parameters that narrow the list.
const (
	ticketFacet   = "show"
	severityFacet = "severity"
)

// ticketsList is every ticket of the account at hand: the whole team sees all of them (R40b).
func ticketsList() web.Listing[*visit] {
	return web.Listing[*visit]{
		Path:  ticketsPath,
		Words: "tickets",
		Columns: []web.Column{
			{Name: "number"},
			{Name: "summary"},
			{Name: "room"},
			{Name: "severity", Sorts: true},
			{Name: "turn"},
			{Name: "due", Sorts: true},
			{Name: "last", Sorts: true},
			{Name: "age", Sorts: true},
			{Name: "category", Hidden: true},
			{Name: "by", Hidden: true},
		},
		Search: true,
		Lines:  40, // each says more than the lines of other lists do
		Read:   readTickets,
	}
}

func showTickets(v *visit) (answer, error) { return showList(v, ticketsList(), nil) }

// readTickets reads a page of the tickets as the address narrows and orders them.
func readTickets(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.tickets.Find(v.acting(), v.ticketFilter(q))
	if err != nil {
		return web.ListResult{}, err
	}
	lines, err := v.ticketLines(found)
	if err != nil {
		return web.ListResult{}, err
	}
	out := web.ListResult{Lines: lines, Next: next}
	if web.AsksForFile(v) { // read page by page; nobody sees the counts
		return out, nil
	}

	counts, err := v.ticketCounts()
	if err != nil {
		return web.ListResult{}, err
	}
	out.Summary = v.language.Count("tickets.summary", counts.Open)
	if counts.Waits > 0 {
		out.Summary += " " + v.language.Count("tickets.summary.waits", counts.Waits)
	}
	out.Facets = v.ticketFacets(counts)
	out.Acts = v.offeredActs(web.ListAct{
		Link:  newTicketPath,
		Label: v.say("tickets.new"),
		Icon:  "plus",
		Main:  true,
	})
	out.Empty = v.noTickets(counts)
	return out, nil
}

// noTickets says what a list without lines means.
func (v *visit) noTickets(counts ticket.Counts) web.EmptyState {
	empty := web.EmptyState{
		Icon:     "life-buoy",
		Title:    v.say("tickets.none"),
		Text:     v.say("tickets.none.text"),
		LinkText: v.say("tickets.new"),
	}
	if v.offers(newTicketPath) {
		empty.Link = newTicketPath
	}
	if len(v.request.URL.Query()) > 0 && counts.Open+counts.Resolved+counts.Closed > 0 {
		empty.Text = v.say("tickets.none.narrowed")
		empty.Link = ticketsPath
		empty.LinkText = v.say("tickets.every")
	}
	return empty
}

// ticketFilter is what the address asks for.
func (v *visit) ticketFilter(q web.ListQuery) ticket.Find {
	f := ticket.Find{
		Filter: ticket.Filter{
			AccountID: v.who.account().ID,
			RoomID:    v.query("room"),
			Page:      db.Page{After: q.After, Limit: q.Limit},
		},
		Standing:   v.ticketStanding(),
		Words:      storable(q.Text),
		Descending: q.Descending,
	}
	if n, err := strconv.Atoi(v.query(severityFacet)); err == nil && n >= 1 && n <= 4 {
		f.Severity = cover.Severity(n)
	}

	switch q.Sort {
	case "severity":
		f.By = ticket.BySeverity
	case "due":
		f.By = ticket.ByDue
	case "last": // the oldest word is the longest wait, as the column shows it
		f.By = ticket.ByLastWord
	case "age": // the youngest has the least age
		f.Descending = !q.Descending
	case "":
		f.Descending = true
	}
	return f
}

// standings are how the list can be narrowed, in the order in which they are offered.
var standings = []ticket.Standing{
	ticket.StandingOpen, ticket.StandingWaits, ticket.StandingResolved, ticket.StandingClosed,
}

// ticketStanding is the standing that the address asks for; empty: every one.
func (v *visit) ticketStanding() ticket.Standing {
	if asked := ticket.Standing(v.query(ticketFacet)); slices.Contains(standings, asked) {
		return asked
	}
	return ""
}

// ticketFacets are how the list can be narrowed, each with how many tickets it leaves.
func (v *visit) ticketFacets(counts ticket.Counts) []web.Facet {
	numbers := map[ticket.Standing]int64{
		ticket.StandingOpen:     counts.Open,
		ticket.StandingWaits:    counts.Waits,
		ticket.StandingResolved: counts.Resolved,
		ticket.StandingClosed:   counts.Closed,
	}
	var options []web.FacetOption
	var values []string
	for _, s := range standings {
		options = append(options, web.FacetOption{
			Label: v.language.Say("tickets.show." + string(s)),
			Count: v.language.Number(numbers[s]),
		})
		values = append(values, string(s))
	}
	standing := web.ChoiceFacet(v, ticketsPath, ticketFacet, v.say("tickets.facet.show"),
		options, values)

	options, values = nil, nil
	for s := cover.Sev1; s <= cover.Sev4; s++ {
		options = append(options, web.FacetOption{
			Label: v.severityName(s),
			Count: v.language.Number(counts.Severities[s]),
		})
		values = append(values, strconv.Itoa(int(s)))
	}
	return []web.Facet{standing, web.ChoiceFacet(v, ticketsPath, severityFacet,
		v.say("tickets.column.severity"), options, values)}
}

// ticketLines are tickets as their list shows them. Whatever their number, they are read in a
// fixed number of statements.
func (v *visit) ticketLines(found []ticket.Line) ([]web.Line, error) {
	ids := make([]string, len(found))
	for i, t := range found {
		ids[i] = t.ID
	}
	words, err := v.tickets.LastWords(v.acting(), ids...)
	if err != nil {
		return nil, err
	}

	lines := make([]web.Line, len(found))
	for i, t := range found {
		lines[i] = web.Line{
			ID:   t.ID,
			Link: ticketPath(t.Number),
			Cells: map[string]web.Cell{
				"number":   {Text: t.Number, Whole: true},
				"summary":  {Text: t.Summary},
				"room":     {Text: t.RoomName, Small: t.RoomSite},
				"severity": {Badge: v.severityBadge(t.Ticket)},
				"turn":     {Badge: v.turnBadge(t.Ticket)},
				"due":      v.dueCell(t.EffectiveDue, t.TimeZone),
				"last":     v.lastWord(t.Ticket, words[t.ID]),
				"age":      v.reader().When(&t.OpenedAt, v.zone()),
				"category": {Text: v.categoryName(t.Category)},
				"by":       {Text: t.OpenedByName},
			},
		}
	}
	return lines, nil
}

// lastWord is when somebody said something last, and whose word it is.
func (v *visit) lastWord(t ticket.Ticket, m ticket.Message) web.Cell {
	c := v.reader().When(&t.LastWordAt, v.zone())
	if m.ID != "" {
		c.Small = v.sideOf(m)
	}
	return c
}

// sideOf is whose word a message is, without names.
func (v *visit) sideOf(m ticket.Message) string {
	switch m.AuthorKind {
	case rule.FromAgent:
		return v.say("tickets.side.us")
	case rule.FromTSP:
		return v.say("tickets.side.tsp")
	case rule.FromPartner:
		return v.say("tickets.side.partner")
	}
	if m.AuthorID == v.who.user.ID {
		return v.say("tickets.side.you")
	}
	return v.say("tickets.side.team")
}

// dueCell is by when something is due, by the reader's clock, and by the room's where that
// shows another time.
func (v *visit) dueCell(at *time.Time, zone string) web.Cell {
	if at == nil {
		return web.Cell{}
	}
	due := v.reader().DueAt(*at, v.zone())
	due.Small = strings.TrimSpace(due.Small)
	if there := v.clockThere(*at, zone); there != "" {
		due.Small = web.Joined(due.Small, there)
	}
	return web.Cell{Due: due}
}

// clockThere is an instant by the clock of another place; empty where the reader's clock shows
// the same.
func (v *visit) clockThere(at time.Time, zone string) string {
	here, there := at.In(location(v.zone())), at.In(location(zone))
	if zone == "" || here.Format(time.DateTime) == there.Format(time.DateTime) {
		return ""
	}
	return v.say("tickets.there",
		"time", there.Format("15:04"), "place", v.language.Place(zone))
}

// momentHereAndThere is an instant in full, by the reader's clock and the room's.
func (v *visit) momentHereAndThere(at time.Time, zone string) string {
	here := v.language.DateTimeAt(at, v.zone())
	if v.clockThere(at, zone) == "" {
		return here
	}
	return v.say("tickets.hereandthere", "here", here, "there", v.language.DateTimeAt(at, zone))
}

func (v *visit) severityName(s cover.Severity) string {
	return v.language.Say("ticket.severity." + strconv.Itoa(int(s)))
}

func (v *visit) severityBadge(t ticket.Ticket) web.Badge {
	b := web.Badge{Text: v.severityName(t.Severity)}
	if t.State.Done() {
		return b
	}
	b.Color = map[cover.Severity]string{cover.Sev1: "red", cover.Sev2: "amber"}[t.Severity]
	return b
}

func (v *visit) categoryName(c rule.Category) string {
	return v.language.Say("ticket.category." + string(c))
}

// turnColors are by whom is waited for: amber is the customer's.
var turnColors = map[rule.Turn]string{
	rule.TurnCustomer:   "amber",
	rule.TurnUs:         "blue",
	rule.TurnThirdParty: "violet",
	rule.TurnCarrier:    "violet",
}

// turnBadge says in plain words for whom a ticket waits; of one that is done, how it ended.
func (v *visit) turnBadge(t ticket.Ticket) web.Badge {
	if t.State.Done() {
		b := web.Badge{Text: v.language.Say("ticket.state." + string(t.State))}
		if t.State != rule.Cancelled {
			b.Color = "green"
		}
		return b
	}
	return web.Badge{
		Text:  v.language.Say("ticket.turn." + string(t.Turn)),
		Color: turnColors[t.Turn],
	}
}

// ticketCounts are how the tickets of the account at hand stand, read once in a visit.
func (v *visit) ticketCounts() (ticket.Counts, error) {
	if v.counted != nil {
		return *v.counted, nil
	}
	counts, err := v.tickets.CountsOf(v.acting(), v.who.account().ID)
	if err == nil {
		v.counted = &counts
	}
	return counts, err
}

// ticketsWaiting says beside the menu's entry how many tickets wait for the account; empty:
// none does. A page is shown without it rather than not at all.
func (v *visit) ticketsWaiting() string {
	var n int64
	if v.counted != nil {
		n = v.counted.Waits
	} else {
		var err error
		n, err = v.tickets.Count(v.acting(), ticket.Filter{
			AccountID: v.who.account().ID,
			Turn:      rule.TurnCustomer,
		})
		if err != nil {
			v.log.ErrorContext(v.ctx, "portal: tickets could not be counted",
				"request", v.id, "error", err)
			return ""
		}
	}
	if n == 0 {
		return ""
	}
	return v.language.Number(n)
}

// openTickets names the newest open ticket of a room, with whose turn it is, and says how many
// others there are.
func (v *visit) openTickets(open []ticket.Ticket) web.Cell {
	if len(open) == 0 {
		return web.Cell{}
	}
	c := web.Cell{
		Text:  open[0].Number,
		Small: v.turnBadge(open[0]).Text,
		Link:  ticketPath(open[0].Number),
		Whole: true,
	}
	if more := int64(len(open) - 1); more > 0 {
		c.Small = v.language.Count("portal.rooms.more", more)
	}
	return c
}

// roomTickets are the tickets of a room that are not solved, on its page.
func (v *visit) roomTickets(roomID string) (web.Section, error) {
	s := web.Section{
		Title: v.say("portal.room.tickets"),
		Acts: v.offeredActs(web.ListAct{
			Link:  web.ListAddress(ticketsPath, "room", roomID),
			Label: v.say("portal.room.tickets.all"),
			Icon:  "list",
		}),
	}
	found, err := v.tickets.NewestOpenIn(v.acting(), roomID)
	if err != nil {
		return s, err
	}
	open := found[roomID]
	if len(open) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{
			Icon:  "life-buoy",
			Title: v.say("portal.room.none.tickets"),
		}
		return s, nil
	}

	list := ticketsList()
	list.Columns = list.Columns[:2]
	list.Columns = append(list.Columns, web.Column{Name: "severity"}, web.Column{Name: "turn"})
	var lines []web.Line
	for _, t := range open {
		lines = append(lines, web.Line{
			Link: ticketPath(t.Number),
			Cells: map[string]web.Cell{
				"number":   {Text: t.Number, Whole: true},
				"summary":  {Text: t.Summary},
				"severity": {Badge: v.severityBadge(t)},
				"turn":     {Badge: v.turnBadge(t)},
			},
		})
	}
	s.Table = list.Table(v, lines)
	return s, nil
}

// ticketsToDo are the tickets that wait for the account's answer. Whoever belongs to it may
// answer them (R55a).
func (v *visit) ticketsToDo(counts ticket.Counts) ([]toDoView, error) {
	if counts.Waits == 0 {
		return nil, nil
	}
	waiting, _, err := v.tickets.Find(v.acting(), ticket.Find{
		Filter: ticket.Filter{
			AccountID: v.who.account().ID,
			Page:      db.Page{Limit: mostToDos},
		},
		Standing: ticket.StandingWaits,
	})

	var out []toDoView
	for _, t := range waiting {
		todo := toDoView{
			Icon: "life-buoy",
			What: v.say("home.todo.ticket", "number", t.Number, "summary", t.Summary),
			When: t.RoomName,
			Path: ticketPath(t.Number),
			Go:   v.say("home.todo.ticket.open"),
		}
		if t.NextTimer == ticket.TimerResolve && t.NextAt != nil {
			todo.When = web.Joined(t.RoomName, v.until(*t.NextAt, t.TimeZone, false))
			todo.due = *t.NextAt
		}
		out = append(out, todo)
	}
	return out, err
}

// ticketTile is how many tickets are open, and how many of them wait for the account.
func (v *visit) ticketTile(counts ticket.Counts) web.Tile {
	small := v.say("home.tile.tickets")
	if counts.Waits > 0 {
		small = v.language.Count("home.tile.tickets.waits", counts.Waits)
	}
	return web.Tile{
		Label:  v.say("menu.tickets"),
		Number: v.language.Number(counts.Open),
		Small:  small,
		Link:   ticketsPath,
	}
}
