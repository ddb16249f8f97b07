package console

import (
	"strconv"

	"roomcover.dev/roomcover/messages/sla"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

const ticketsPath = Root + "/tickets"

func ticketPath(number string) string { return ticketsPath + "/" + number }

// ticketsList is the list of tickets, the newest first. In the order in which their clocks run
// out those that wait for us stand in the queue (S54).
var ticketsList = listing{
	path:   ticketsPath,
	words:  "console.tickets",
	needs:  may(rules.UseTickets),
	search: true,
	columns: []web.Column{
		{Name: "number"},
		{Name: "summary"},
		{Name: "room"},
		{Name: "customer"},
		{Name: "severity"},
		{Name: "state"},
		{Name: "due"},
		{Name: "who"},
		{Name: "age"},
		{Name: "words", Hidden: true},
		{Name: "turn", Hidden: true},
		{Name: "category", Hidden: true},
	},
	bulk: []bulkAct{giveTickets, gradeTickets},
	read: readTickets,
}

func readTickets(v *visit, q web.ListQuery) (web.ListResult, error) {
	severity, _ := strconv.Atoi(v.query("severity"))
	f := ticket.Filter{
		Text:      q.Text,
		AccountID: v.query("account"),
		RoomID:    v.query("room"),
		State:     rule.State(v.query("state")),
		Severity:  cover.Severity(severity),
		Turn:      rule.Turn(v.query("turn")),
		Open:      v.query("open") == "yes",
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	switch who := v.query("who"); who {
	case takenByMe:
		f.Assignee = v.who.ID
	case takenByNobody:
		f.Assignee = ticket.Nobodys
	default:
		f.Assignee = who
	}
	found, next, err := v.tickets.List(v.scope(), f)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next:   next,
		Facets: v.ticketFacets(found),
		Empty: web.EmptyState{
			Icon:  "life-buoy",
			Title: v.say("console.tickets.empty.title"),
			Text:  v.say("console.tickets.empty.text"),
		},
	}
	if v.mayDo(rules.WorkTasks) {
		r.Acts = append(r.Acts, web.ListAct{
			Link:  newTicketPath,
			Label: v.say("console.newticket.title"),
			Icon:  "plus",
			Main:  true,
		})
	}
	for _, l := range found {
		r.Lines = append(r.Lines, v.ticketLine(l))
	}
	return r, nil
}

// ticketLine is a ticket as lists show it.
func (v *visit) ticketLine(l ticket.Line) web.Line {
	opened, last := l.OpenedAt, l.LastWordAt
	return web.Line{
		ID:   l.ID,
		Link: ticketPath(l.Number),
		Cells: map[string]web.Cell{
			"number":   {Text: l.Number, Whole: true},
			"summary":  {Text: l.Summary},
			"room":     {Text: l.RoomName, Small: l.RoomSite},
			"customer": {Text: l.AccountName, Small: v.clockAt(l.TimeZone)},
			"severity": {Badge: v.severityShort(l.Severity)},
			"state":    {Badge: v.ticketState(l.Ticket), Small: v.waitsFor(l.Turn)},
			"turn":     {Text: v.turnName(l.Turn)},
			"due":      v.ticketDue(l.Ticket),
			"who":      {Owner: web.FaceOf(db.Text(l.AssigneeID), l.AssigneeName)},
			"age":      v.when(&opened, l.TimeZone),
			"words":    v.when(&last, l.TimeZone),
			"category": {Text: v.categoryName(l.Category)},
		},
	}
}

// ticketDue is by when the next of a ticket's clocks runs out, with what it measures.
func (v *visit) ticketDue(t ticket.Ticket) web.Cell {
	if t.EffectiveDue == nil {
		return web.Cell{}
	}
	return web.Cell{Due: v.dueAt(*t.EffectiveDue, t.TimeZone)}
}

// severityColors are the severities by what they mean; the others are neutral.
var severityColors = map[cover.Severity]string{cover.Sev1: "red", cover.Sev2: "amber"}

func (v *visit) severityBadge(s cover.Severity) web.Badge {
	return web.Badge{Text: v.severityName(s), Color: severityColors[s]}
}

// severityShort is for a line of a list, which has many columns.
func (v *visit) severityShort(s cover.Severity) web.Badge {
	return web.Badge{Text: sla.Severity(s, v.language.Locale()), Color: severityColors[s]}
}

func (v *visit) severityName(s cover.Severity) string {
	return v.language.Say("console.severity." + strconv.Itoa(int(s)))
}

var ticketColors = map[rule.State]string{
	rule.New:               "blue",
	rule.Open:              "blue",
	rule.InProgress:        "blue",
	rule.PendingCustomer:   "amber",
	rule.PendingThirdParty: "violet",
	rule.PendingRMA:        "violet",
	rule.Resolved:          "green",
}

func (v *visit) ticketState(t ticket.Ticket) web.Badge {
	return web.Badge{Text: v.ticketStateName(t.State), Color: ticketColors[t.State]}
}

func (v *visit) ticketStateName(s rule.State) string {
	return v.language.Say("console.state.ticket." + string(s))
}

// waitsFor says beside a state whose turn it is.
func (v *visit) waitsFor(t rule.Turn) string { return v.language.Say("console.waits." + string(t)) }

func (v *visit) turnName(t rule.Turn) string { return v.language.Say("console.turn." + string(t)) }

func (v *visit) categoryName(c rule.Category) string {
	return v.language.Say("console.category." + string(c))
}

// ticketFacets narrow the list; customers and colleagues are those of what is shown.
func (v *visit) ticketFacets(shown []ticket.Line) []web.Facet {
	var states, severities, turns []web.FacetOption
	var stateValues, severityValues, turnValues []string
	for _, s := range rule.States() {
		states = append(states, web.FacetOption{Label: v.ticketStateName(s)})
		stateValues = append(stateValues, string(s))
	}
	for _, s := range []cover.Severity{cover.Sev1, cover.Sev2, cover.Sev3, cover.Sev4} {
		severities = append(severities, web.FacetOption{Label: v.severityName(s)})
		severityValues = append(severityValues, strconv.Itoa(int(s)))
	}
	for _, t := range rule.Turns() {
		turns = append(turns, web.FacetOption{Label: v.turnName(t)})
		turnValues = append(turnValues, string(t))
	}

	who := []web.FacetOption{
		{Label: v.say("console.facet.who.me")},
		{Label: v.say("console.facet.who.nobody")},
	}
	whoValues := []string{takenByMe, takenByNobody}
	var accounts []string
	names, seen := map[string]string{}, map[string]bool{v.who.ID: true}
	for _, l := range shown {
		accounts = append(accounts, l.AccountID)
		names[l.AccountID] = l.AccountName
		if id := db.Text(l.AssigneeID); l.AssigneeName != "" && !seen[id] {
			seen[id] = true
			who = append(who, web.FacetOption{Label: l.AssigneeName})
			whoValues = append(whoValues, id)
		}
	}

	return []web.Facet{
		v.choiceOf(ticketsPath, "open", v.say("console.tickets.facet.open"),
			[]web.FacetOption{{Label: v.say("console.tickets.facet.open.yes")}}, []string{"yes"}),
		v.choiceOf(ticketsPath, "state", v.say("console.tickets.column.state"),
			states, stateValues),
		v.choiceOf(ticketsPath, "severity", v.say("console.tickets.column.severity"),
			severities, severityValues),
		v.choiceOf(ticketsPath, "turn", v.say("console.tickets.column.turn"), turns, turnValues),
		v.choiceOf(ticketsPath, "who", v.say("console.facet.who"), who, whoValues),
		v.accountFacet(ticketsPath, accounts, names),
	}
}

// ticketColumns are what the page of a customer, a room or a device shows of its tickets.
var ticketColumns = []web.Column{
	{Name: "number"}, {Name: "summary"}, {Name: "room"}, {Name: "severity"}, {Name: "state"},
	{Name: "due"}, {Name: "age"},
}

// ticketsOf is a card with the tickets that a filter narrows to, the newest first.
func (v *visit) ticketsOf(acc account.Account, f ticket.Filter) (web.Section, error) {
	found, next, err := v.tickets.List(v.scope(), f)
	if err != nil {
		return web.Section{}, err
	}
	var lines []web.Line
	for _, l := range found {
		lines = append(lines, v.ticketLine(l))
	}
	s := web.Section{Title: v.say("console.tickets.title")}
	if len(lines) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{
			Icon:  "life-buoy",
			Title: v.say("console.account.none.tickets"),
		}
		return s, nil
	}
	s.Table = v.tableOf("console.tickets", ticketColumns, lines)
	if f.AccountID != "" {
		s.Further = v.further(accountTab(acc.ID, "tickets"), next)
	}
	return s, nil
}

// accountTickets are the tickets of a customer.
func accountTickets(v *visit, acc account.Account) ([]web.Section, error) {
	page, err := v.accountAfter(acc, "tickets")
	if err != nil {
		return nil, err
	}
	s, err := v.ticketsOf(acc, ticket.Filter{AccountID: acc.ID, Page: page})
	return []web.Section{s}, err
}
