package console

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
	"roomcover.dev/roomcover/web"
)

const roomsDownPath = Root + "/rooms-down"

func roomsDownRoutes() []route { return roomsDownList.routes() }

// roomsDownList is which rooms of which customers are down as their Sync tells, now or within the
// last days.
var roomsDownList = listing{
	path:  roomsDownPath,
	words: "console.roomsdown",
	needs: may(rules.UseTickets),
	columns: []web.Column{
		{Name: "customer"},
		{Name: "room"},
		{Name: "now"},
		{Name: "since"},
		{Name: "falls", Number: true},
		{Name: "ticket"},
	},
	read: readRoomsDown,
}

// downLately is the value of the facet that takes in what was down within the last days.
const downLately = "lately"

// healthColors are how states of rooms look.
var healthColors = map[health.State]string{
	health.Offline:        "red",
	health.NeedsAttention: "amber",
	health.Healthy:        "green",
}

func readRoomsDown(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.tickets.RoomsDown(v.scope(), ticket.DownFilter{
		AccountID: v.query("account"),
		State:     health.State(v.query("state")),
		Lately:    v.query("when") == downLately,
		Page:      db.Page{After: q.After, Limit: q.Limit},
	})
	if err != nil {
		return web.ListResult{}, err
	}

	var states []web.FacetOption
	values := []string{string(health.Offline), string(health.NeedsAttention)}
	for _, state := range values {
		states = append(states, web.FacetOption{Label: v.language.Say("roomhelp.state." + state)})
	}
	names := map[string]string{}
	var accounts []string
	for _, r := range found {
		names[r.AccountID] = r.AccountName
		accounts = append(accounts, r.AccountID)
	}
	out := web.ListResult{
		Next: next,
		Facets: []web.Facet{
			v.choiceOf(roomsDownPath, "when", v.say("console.roomsdown.facet.when"),
				[]web.FacetOption{{Label: v.say("console.roomsdown.lately")}},
				[]string{downLately}),
			v.choiceOf(roomsDownPath, "state", v.say("console.roomsdown.facet.state"),
				states, values),
			v.namedFacet(roomsDownPath, "account", v.say("console.roomsdown.column.customer"),
				accounts, names),
		},
		Empty: web.EmptyState{
			Icon:  "circle-check",
			Title: v.say("console.roomsdown.empty.title"),
			Text:  v.say("console.roomsdown.empty.text"),
		},
	}
	for _, r := range found {
		out.Lines = append(out.Lines, v.downLine(r))
	}
	return out, nil
}

func (v *visit) downLine(r ticket.DownRoom) web.Line {
	state := r.Now()
	line := web.Line{
		ID:   r.PlaceID,
		Link: accountPath(r.AccountID),
		Cells: map[string]web.Cell{
			"customer": {Text: r.AccountName},
			"room":     {Text: r.Room, Small: r.Site},
			"now": {Badge: web.Badge{
				Text:  v.language.Say("roomhelp.state." + string(state)),
				Color: healthColors[state],
			}},
			"since": {Due: v.pastAt(r.Since, "")},
			"falls": v.countCell(r.Falls),
		},
	}
	if r.RoomID != nil {
		line.Link = roomPath(*r.RoomID)
	}
	if r.Number != "" {
		line.Cells["ticket"] = web.Cell{Text: r.Number, Link: ticketPath(r.Number)}
	}
	return line
}
