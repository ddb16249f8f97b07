package console

import (
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/web"
)

const sparesPath = Root + "/spares"

func spareParentPath(id string) string { return sparesPath + "/" + id }

func spareRoutes() []route {
	const unit = sparesPath + "/units/:id"
	return slices.Concat(sparesList.routes(), []route{
		{method: get, path: sparesPath + "/:id", access: may(rules.ViewAccount), do: showSpares},
		{method: get, path: unit, access: may(rules.ViewAccount), do: showSpareUnit},
		{method: get, path: unit + "/do/:action", access: may(rules.RequestRMA), do: askOfSpare},
		{method: post, path: unit + "/do/:action", access: may(rules.RequestRMA), do: doToSpare},
	})
}

// sparesList is what customers' parents have earned, and where it is.
var sparesList = listing{
	path:  sparesPath,
	words: "console.spares",
	needs: may(rules.ViewAccount),
	columns: []web.Column{
		{Name: "customer"},
		{Name: "licences", Number: true},
		{Name: "earned", Number: true},
		{Name: "choose", Number: true},
		{Name: "underway", Number: true},
		{Name: "onsite", Number: true},
		{Name: "used", Number: true},
		{Name: "recalled", Number: true},
	},
	read: readSpares,
}

func readSpares(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.replacements.SparesWith(v.scope(), spare.SpareState(v.query("state")),
		db.Page{After: q.After, Limit: q.Limit})
	if err != nil {
		return web.ListResult{}, err
	}
	counts, err := v.replacements.CountSpareUnits(v.scope(),
		db.IdsOf(found, func(p replacement.Spares) string { return p.ParentOrgID }))
	if err != nil {
		return web.ListResult{}, err
	}

	var states []web.FacetOption
	var values []string
	for _, state := range spare.SpareStates() {
		states = append(states, web.FacetOption{
			Label: v.stateName(processes.Spare, string(state)),
		})
		values = append(values, string(state))
	}
	r := web.ListResult{
		Next: next,
		Facets: []web.Facet{v.choiceOf(sparesPath, "state", v.say("console.spares.facet.state"),
			states, values)},
		Empty: web.EmptyState{
			Icon:  "boxes",
			Title: v.say("console.spares.empty.title"),
			Text:  v.say("console.spares.empty.text"),
		},
	}
	for _, p := range found {
		c := counts[p.ParentOrgID]
		cells := map[string]web.Cell{
			"customer": {Text: p.Name},
			"licences": {Text: v.language.Number(int64(p.Licences))},
			"earned":   {Text: v.language.Number(int64(p.Entitled))},
		}
		for name, states := range spareGroups {
			cells[name] = v.countCell(c.Of(states...))
		}
		r.Lines = append(r.Lines, web.Line{
			ID:    p.ParentOrgID,
			Link:  spareParentPath(p.ParentOrgID),
			Cells: cells,
		})
	}
	return r, nil
}

// spareGroups are the states of units by the columns in which they are counted.
var spareGroups = map[string][]spare.SpareState{
	"choose":   {spare.SpareEarned, spare.SpareSelectionPending},
	"underway": {spare.SpareApproved, spare.SpareShipped, spare.SpareReplenishing},
	"onsite":   {spare.SpareOnSite},
	"used":     {spare.SpareConsumed},
	"recalled": {spare.SpareRecallRequested},
}

// countCell is a number; nothing where there is none, so that what is there stands out.
func (v *visit) countCell(n int) web.Cell {
	if n == 0 {
		return web.Cell{Plain: "0"}
	}
	return web.Cell{Text: v.language.Number(int64(n))}
}

// sparesPage is what one customer's parent has earned: units, where they lie, what speaks for
// which, and the ledger.
type sparesPage struct {
	Name, Summary string
	Units         []web.Row
	More          string // address of the further units; empty: there are none
	Sites         []sitePlace
	Suggestions   []suggestion
	Critical      []string
	Choose        bool // a unit waits for its choice, and the operator may choose
	Ledger        []web.Moment
}

// sitePlace is a site with what lies there, and how near the next spare is.
type sitePlace struct {
	Name, Sub, Spares string
	Units             string // devices in its rooms
	Near              web.Badge
	Courier           string
}

// suggestion is a model and a site for a spare, with what speaks for it (R84).
type suggestion struct {
	Model, Site, Link string
	Score             string
	Reasons           []string
}

// mostSuggested bounds the suggestions on the page, and the critical rooms.
const mostSuggested = 12

func showSpares(v *visit) (answer, error) {
	id := v.param("id")
	earned, err := v.replacements.GetSpares(v.scope(), id)
	if err != nil {
		return answer{}, err
	}
	position, err := v.OpenCursor(spareParentPath(id))
	if err != nil {
		return answer{}, err
	}
	units, next, err := v.replacements.SpareDesk(v.scope(), id, "",
		db.Page{After: position, Limit: 100})
	if err != nil {
		return answer{}, err
	}
	aid, err := v.replacements.SelectionAid(v.scope(), id)
	if err != nil {
		return answer{}, err
	}
	lines, _, err := v.replacements.ListSpareLines(v.scope(), id, db.Page{Limit: 50})
	if err != nil {
		return answer{}, err
	}

	p := sparesPage{
		Name: earned.Name,
		Summary: v.say("console.spares.summary",
			"earned", v.language.Number(int64(earned.Entitled)),
			"licences", v.language.Count("count.licences", int64(earned.Licences))),
		More:  v.further(spareParentPath(id), next),
		Sites: v.placesOf(aid, units),
	}
	waiting := ""
	for _, u := range units {
		p.Units = append(p.Units, v.spareRow(u))
		if spare.MaySpare(spare.SpareSelect, v.who.Role, u.SpareFacts, v.now) == nil {
			waiting = u.Name() // the oldest of them
		}
	}
	p.Choose = waiting != ""
	for _, s := range aid.Suggestions[:min(len(aid.Suggestions), mostSuggested)] {
		p.Suggestions = append(p.Suggestions, v.suggestion(aid, s, waiting))
	}
	for _, r := range aid.Critical[:min(len(aid.Critical), mostSuggested)] {
		p.Critical = append(p.Critical, web.Joined(r.Name, r.Site, v.modelName(r.ModelCode, v.now)))
	}
	if p.Ledger, err = v.spareLedger(lines); err != nil {
		return answer{}, err
	}
	return answer{page: "spares", title: p.Name, data: p}, nil
}

func (v *visit) spareRow(u replacement.SpareLineAt) web.Row {
	title := v.modelName(u.ModelCode, v.now)
	if title == "" {
		title = v.say("console.spares.notchosen")
	}
	r := web.Row{
		Link:   spareUnitPath(u.Name()),
		Title:  title,
		Sub:    web.Joined(u.Name(), u.Serial, u.SiteName, u.SiteCity, u.AccountName),
		Badge:  v.spareState(u.SpareUnit),
		Beside: v.clockAt(u.SiteZone),
		Due:    v.pastAt(u.StateSince, u.SiteZone),
	}
	if u.RecallDueAt != nil && u.State == spare.SpareRecallRequested {
		r.Due = v.dueAt(*u.RecallDueAt, u.SiteZone)
	}
	return r
}

// placesOf lists the sites of the parent's accounts: what stands there, which spares lie there,
// and how near the next one is. Those with spares come first, then those with most devices.
func (v *visit) placesOf(
	aid replacement.SpareAid, units []replacement.SpareLineAt,
) []sitePlace {
	spares := map[string][]string{}
	cities, countries := map[string]bool{}, map[string]bool{}
	for _, u := range units {
		if u.State == spare.SpareOnSite && u.SiteID != nil {
			spares[*u.SiteID] = append(spares[*u.SiteID], v.modelName(u.ModelCode, v.now))
			cities[u.SiteCountry+rules.SiteKey(u.SiteCity)] = true
			countries[u.SiteCountry] = true
		}
	}
	deployed := map[string]int{}
	for _, s := range aid.Suggestions {
		deployed[s.SiteID] += s.Units
	}

	var ids []string
	for id := range aid.Sites {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		if by := len(spares[b]) - len(spares[a]); by != 0 {
			return by
		}
		if by := deployed[b] - deployed[a]; by != 0 {
			return by
		}
		return slices.Compare([]string{aid.Sites[a].NameKey, a}, []string{aid.Sites[b].NameKey, b})
	})

	var out []sitePlace
	for _, id := range ids[:min(len(ids), mostPlaces)] {
		s := aid.Sites[id]
		p := sitePlace{
			Name:   s.Name,
			Sub:    web.Joined(s.City, s.Country),
			Spares: v.language.List(spares[id]),
			Units:  v.language.Number(int64(deployed[id])),
		}
		switch {
		case len(spares[id]) > 0:
			p.Near = web.Badge{Text: v.say("console.spares.near.here"), Color: "green"}
		case cities[s.Country+rules.SiteKey(s.City)]:
			p.Near = web.Badge{Text: v.say("console.spares.near.city"), Color: "blue"}
		case countries[s.Country]:
			p.Near = web.Badge{Text: v.say("console.spares.near.country"), Color: "amber"}
		default:
			p.Near = web.Badge{Text: v.say("console.spares.near.none")}
		}
		if s.CourierUnreliable {
			p.Courier = v.say("console.spares.courier")
		}
		out = append(out, p)
	}
	return out
}

// mostPlaces bounds the list of sites.
const mostPlaces = 100

// suggestion shows a model and a site with the reasons; it leads to the choice for the unit that
// waits.
func (v *visit) suggestion(
	aid replacement.SpareAid, s spare.AidSuggestion, waiting string,
) suggestion {
	site := aid.Sites[s.SiteID]
	out := suggestion{
		Model: v.modelName(s.Model, v.now),
		Site:  web.Joined(site.Name, site.City),
		Score: v.language.Number(int64(s.Score)),
	}
	for _, m := range aid.Models {
		if m.Model == s.Model {
			out.Reasons = append(out.Reasons,
				v.language.Count("console.aid.COMMONLY_DEPLOYED", int64(m.Units)))
		}
	}
	for _, part := range s.Parts {
		if part.Reason != spare.AidDeployed {
			out.Reasons = append(out.Reasons, v.language.Say("console.aid."+string(part.Reason)))
		}
	}
	if waiting != "" {
		out.Link = web.ListAddress(spareUnitPath(waiting)+"/do/select",
			"model", s.Model, "site_id", s.SiteID)
	}
	return out
}

// spareLedger tells what granted and took spares, the newest first.
func (v *visit) spareLedger(lines []replacement.SpareLine) ([]web.Moment, error) {
	names, err := v.namesBy(db.IdsOf(lines, func(l replacement.SpareLine) string {
		return l.SourceID
	}))
	var out []web.Moment
	for _, l := range lines {
		delta := v.language.Number(int64(l.Delta))
		if l.Delta > 0 {
			delta = "+" + delta
		}
		out = append(out, web.Moment{
			Who: delta,
			What: web.Joined(
				v.language.Say("console.sparecause."+string(l.Cause)),
				names[l.SourceID],
				v.language.Count("count.licences", l.Licences),
			),
			When: v.dayAt(l.CreatedAt, v.zone).Text,
			Ours: l.Delta > 0,
		})
	}
	return out, err
}
