package console

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/web"
)

const processesPath = Root + "/processes"

// processesList is everything under way, the newest first.
var processesList = listing{
	path:   processesPath,
	words:  "console.processes",
	needs:  may(rules.ViewProcesses),
	search: true,
	columns: []web.Column{
		{Name: "process"},
		{Name: "waits"},
		{Name: "actor"},
		{Name: "until"},
		{Name: "since", Hidden: true},
		{Name: "standing", Hidden: true},
		{Name: "state", Hidden: true},
		{Name: "error", Hidden: true},
	},
	read: readProcesses,
}

func processRoutes() []route {
	return append(processesList.routes(), route{
		method: get, path: processesPath + "/:kind/:id", access: may(rules.ViewProcesses),
		do: showProcess,
	})
}

// The values of the facet of how something stands.
const (
	standsLate  = "late"
	standsStill = "still"
	standsToday = "today"
)

// processActors are who can move something, the nearest first.
var processActors = []string{
	processes.ByOperator, processes.ByCustomer, processes.ByCarrier, processes.BySystem,
	processes.ByNobody,
}

// processFilter reads from the address how the list is narrowed. A text is a number or an id
// of something, a part of a seller's number, or a part of a customer's name.
func (v *visit) processFilter(q web.ListQuery) (operations.ProcessFilter, error) {
	f := operations.ProcessFilter{
		Kind:      processes.Kind(v.query("kind")),
		State:     v.query("state"),
		Actor:     v.query("actor"),
		WaitsFor:  v.query("waits_for"),
		AccountID: v.query("account"),
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	switch v.query("standing") {
	case standsLate:
		f.Overdue = true
	case standsStill:
		f.Stuck = true
	case standsToday:
		f.DueAfter, f.DueBy = v.now, v.endOfToday()
	}
	if q.Text == "" {
		return f, nil
	}

	id, err := v.operations.IDOf(v.scope(), q.Text)
	switch {
	case err != nil:
		return f, err
	case id == "":
		f.Customer = q.Text
	case db.KindOf(id) == db.PrefixAccount:
		f.AccountID = id
	default:
		f.ID = id
	}
	return f, nil
}

// endOfToday is when the desk's day ends.
func (v *visit) endOfToday() time.Time {
	place := db.ZoneOf(v.zone)
	return rules.StartOfDay(rules.DateIn(v.now, place).AddDays(1), place)
}

func readProcesses(v *visit, q web.ListQuery) (web.ListResult, error) {
	f, err := v.processFilter(q)
	if err != nil {
		return web.ListResult{}, err
	}
	found, next, err := v.operations.ListProcesses(v.scope(), f)
	if err != nil {
		return web.ListResult{}, err
	}
	names, err := v.namesOfProcesses(found)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next: next,
		Empty: web.EmptyState{
			Icon:  "workflow",
			Title: v.say("console.processes.empty.title"),
			Text:  v.say("console.processes.empty.text"),
		},
	}
	for _, p := range found {
		r.Lines = append(r.Lines, v.processLine(p, names))
	}
	if v.query("format") == "csv" {
		return r, nil
	}

	if r.Warning, err = v.standstill(); err != nil {
		return web.ListResult{}, err
	}
	// The facets count what the others leave, so what they choose does not narrow here.
	f.Kind, f.State, f.Actor, f.WaitsFor = "", "", "", ""
	f.Overdue, f.Stuck = false, false
	f.DueAfter, f.DueBy = time.Time{}, time.Time{}
	sums, err := v.operations.SumProcesses(v.scope(), f, v.endOfToday())
	if err != nil {
		return web.ListResult{}, err
	}
	all := countOf(sums, func(operations.ProcessSum) bool { return true })
	r.Summary = v.say("console.processes.summary",
		"count", v.language.Number(all.N), "time", v.passing(v.moment(v.now, ""), "now"))
	r.Tiles = v.processTiles(sums)
	r.Facets = v.processFacets(sums, found, names)
	return r, nil
}

// countOf adds up the sums that are kept.
func countOf(
	sums []operations.ProcessSum, keep func(operations.ProcessSum) bool,
) (total operations.ProcessSum) {
	for _, s := range sums {
		if keep(s) {
			total.N += s.N
			total.Late += s.Late
			total.Stuck += s.Stuck
			total.Due += s.Due
		}
	}
	return total
}

// processTiles say in four numbers how everything stands; each leads to its list.
func (v *visit) processTiles(sums []operations.ProcessSum) []web.Tile {
	all := countOf(sums, func(operations.ProcessSum) bool { return true })
	ours := countOf(sums, func(s operations.ProcessSum) bool {
		return s.Actor == processes.ByOperator
	})
	still := countOf(sums, func(s operations.ProcessSum) bool {
		return s.Actor == processes.BySystem
	})
	tileOf := func(name string, n int64, small, parameter, value string) web.Tile {
		return web.Tile{
			Label:  v.language.Say("console.processes.tile." + name),
			Number: v.language.Number(n),
			Small:  small,
			Link:   v.narrowed(processesPath, parameter, value),
		}
	}

	late := tileOf("late", all.Late, v.language.Count(
		"console.processes.tile.late.small", ours.Late), "standing", standsLate)
	if all.Late > 0 {
		late.Class = "down"
	}
	stuck := tileOf("still", all.Stuck, v.say("console.processes.tile.still.small"),
		"standing", standsStill)
	if all.Stuck > 0 {
		stuck.Class = "down"
	}
	return []web.Tile{
		late,
		tileOf("today", all.Due, v.language.Count(
			"console.processes.tile.today.small", ours.Due), "standing", standsToday),
		tileOf("ours", ours.N, v.language.Count(
			"console.processes.tile.ours.small", still.N), "actor", processes.ByOperator),
		stuck,
	}
}

// processFacets narrow the list; each counts what the others leave.
func (v *visit) processFacets(
	sums []operations.ProcessSum, found []operations.Process, names map[string]string,
) []web.Facet {
	chosen := map[string]string{}
	for _, name := range []string{"kind", "state", "actor", "standing"} {
		chosen[name] = v.query(name)
	}
	count := func(name, value string) string {
		fits := func(other, value string) bool {
			return chosen[other] == "" || chosen[other] == value
		}
		total := countOf(sums, func(s operations.ProcessSum) bool {
			switch name {
			case "kind":
				return string(s.Kind) == value && fits("actor", s.Actor)
			case "state":
				return s.State == value && fits("kind", string(s.Kind)) && fits("actor", s.Actor)
			case "actor":
				return s.Actor == value && fits("kind", string(s.Kind)) && fits("state", s.State)
			}
			return fits("kind", string(s.Kind)) && fits("state", s.State) &&
				fits("actor", s.Actor)
		})
		standing := chosen["standing"]
		if name == "standing" {
			standing = value
		}
		n := total.N
		switch standing {
		case standsLate:
			n = total.Late
		case standsStill:
			n = total.Stuck
		case standsToday:
			n = total.Due
		}
		return v.counted(n, 1000)
	}
	facetOf := func(name string, values []string, label func(string) string) web.Facet {
		var options []web.FacetOption
		for _, value := range values {
			options = append(options, web.FacetOption{
				Label: label(value),
				Count: count(name, value),
			})
		}
		return v.choiceOf(processesPath, name,
			v.language.Say("console.processes.facet."+name), options, values)
	}

	var kinds []string
	for _, k := range processes.Kinds() {
		kinds = append(kinds, string(k))
	}
	kind := facetOf("kind", kinds,
		func(k string) string { return v.language.Say("console.process." + k) })
	for i := range kind.Options { // the states of another kind narrow to nothing
		kind.Options[i].Link = withoutParameter(kind.Options[i].Link, "state")
	}
	facets := []web.Facet{
		kind,
		facetOf("standing", []string{standsLate, standsStill, standsToday},
			func(s string) string { return v.language.Say("console.processes.stands." + s) }),
		facetOf("actor", processActors,
			func(a string) string { return v.language.Say("console.processes.actor." + a) }),
	}
	if k := processes.Kind(chosen["kind"]); k != "" {
		var states []string
		for _, s := range processes.Situations() {
			if s.Kind == k && !slices.Contains(states, s.State) {
				states = append(states, s.State)
			}
		}
		if len(states) > 1 {
			facets = append(facets, facetOf("state", states,
				func(s string) string { return v.stateName(k, s) }))
		}
	}

	var accounts []string
	for _, p := range found {
		accounts = append(accounts, db.Text(p.AccountID))
	}
	return append(facets, v.accountFacet(processesPath, accounts, names))
}

// withoutParameter is an address without one of its parameters.
func withoutParameter(link, name string) string {
	path, query, _ := strings.Cut(link, "?")
	var kept []string
	for _, pair := range strings.Split(query, "&") {
		if pair != "" && !strings.HasPrefix(pair, name+"=") {
			kept = append(kept, pair)
		}
	}
	if len(kept) == 0 {
		return path
	}
	return path + "?" + strings.Join(kept, "&")
}

// namesOfProcesses are the names of what is under way and of its customers, by their ids.
func (v *visit) namesOfProcesses(found []operations.Process) (map[string]string, error) {
	var ids []string
	for _, p := range found {
		ids = append(ids, p.ID)
		if account := db.Text(p.AccountID); account != "" && !slices.Contains(ids, account) {
			ids = append(ids, account)
		}
	}
	named, err := v.operations.NamesOf(v.scope(), ids)
	names := map[string]string{}
	for _, n := range named {
		names[n.ID] = n.Name
	}
	return names, err
}

// subjectOf names something under way: its kind, and what people call it.
func (v *visit) subjectOf(p operations.Process, names map[string]string) string {
	kind := v.language.Say("console.process." + string(p.Kind))
	name := cmp.Or(p.Number, names[p.ID])
	if p.Kind == processes.CSM || name == "" {
		return kind
	}
	return kind + " " + name
}

func (v *visit) processLine(p operations.Process, names map[string]string) web.Line {
	since := p.Since
	customer := names[db.Text(p.AccountID)]
	if name := names[p.ID]; p.Number != "" && name != "" && !strings.Contains(name, p.Number) {
		customer = web.Joined(customer, name)
	}
	lead, rest := v.leadOf(p)
	l := web.Line{
		ID:   p.ID,
		Link: processPath(p.Kind, p.ID),
		Cells: map[string]web.Cell{
			"process": {Text: v.subjectOf(p, names), Small: customer},
			"waits": {
				Text:  lead,
				Small: web.Joined(v.failureWords(p.LastError), rest),
				Plain: web.Joined(v.sentenceOf(p), v.failureWords(p.LastError)),
			},
			"standing": {Badge: v.standing(p)},
			"actor": {
				Text:  v.language.Say("console.processes.actor." + p.Actor),
				Small: v.sinceWords(since, p.TimeZone),
				Plain: v.language.Say("console.processes.actor." + p.Actor),
				Whole: true,
			},
			"until": {Badge: v.standing(p)},
			"since": v.when(&since, p.TimeZone),
			"state": {Text: v.stateName(p.Kind, p.State)},
			"error": {Text: p.LastError},
		},
	}
	if p.Until != nil {
		l.Cells["until"] = web.Cell{
			Badge: v.standing(p),
			Due:   v.dueAt(*p.Until, cmp.Or(p.TimeZone, v.zone)),
			Plain: p.Until.UTC().Format(time.RFC3339),
		}
	}
	return l
}

// sinceWords says since when: how long ago within a day, else since which day there.
func (v *visit) sinceWords(at time.Time, zone string) string {
	if ago := web.Ago(v.language, at, v.now); ago != "" {
		return v.passing(ago, at.UTC().Format(time.RFC3339))
	}
	day := web.Day(v.language, at, v.now, web.Zone(cmp.Or(zone, v.zone)))
	return v.say("console.processes.since", "day", day)
}

// endOfLead is where what something waits for ends. A period within it is that of a month's short
// name: "até 30 dez. 2026".
var endOfLead = regexp.MustCompile(`[;:] |\. \p{Lu}`)

// leadOf parts the sentence of a process into what it waits for and what else it says.
func (v *visit) leadOf(p operations.Process) (lead, rest string) {
	said := v.sentenceOf(p)
	lead = said
	at := len(lead)
	if end := endOfLead.FindStringIndex(lead); end != nil {
		at = end[0]
	}
	if at+2 < len(lead) {
		more := []rune(lead[at+2:])
		more[0] = unicode.ToUpper(more[0])
		lead, rest = lead[:at], string(more)
	}
	same := v.sentences[said]
	return v.passing(lead, same), v.passing(rest, same)
}

// sentenceOf says what something waits for, until when, what comes then and who can move it
// (S55).
func (v *visit) sentenceOf(p operations.Process) string {
	return v.sentence(process.Standing{
		Kind:     p.Kind,
		State:    p.State,
		WaitsFor: p.WaitsFor,
		Until:    p.Until,
		Zone:     p.TimeZone,
	})
}

// standing says in a word how something stands.
func (v *visit) standing(p operations.Process) web.Badge {
	past := p.Until != nil && !v.now.Before(*p.Until)
	switch {
	case p.Overdue && !past:
		return web.Badge{Text: v.say("console.processes.stands.still"), Color: "red"}
	case p.Overdue:
		return web.Badge{Text: v.say("console.processes.stands.late"), Color: "red"}
	case p.Until != nil && !p.Until.After(v.endOfToday()):
		return web.Badge{Text: v.say("console.processes.stands.today"), Color: "amber"}
	case p.Until == nil:
		return web.Badge{Text: v.say("console.processes.undated")}
	}
	return web.Badge{Text: v.say("console.processes.intime"), Color: "green"}
}

// failures are the words for what a step met, by what its error tells of.
var failures = []struct{ sign, word string }{
	{"carrier", "carrier"},
	{"smtp", "mail"},
	{"mail", "mail"},
	{"sqlstate", "database"},
	{"database", "database"},
	{"panic", "fault"},
}

// failureWords say in plain words why the last step failed; empty: none did.
func (v *visit) failureWords(text string) string {
	if text == "" {
		return ""
	}
	lower := strings.ToLower(text)
	for _, f := range failures {
		if strings.Contains(lower, f.sign) {
			return v.language.Say("console.processes.failure." + f.word)
		}
	}
	return v.say("console.processes.failure.other")
}

// standstill says that nothing moves, and since when; empty where something does.
func (v *visit) standstill() (string, error) {
	pulse, err := v.operations.Pulse(v.scope())
	if err != nil || pulse.Still == operations.Moving {
		return "", err
	}

	waiting := v.language.Count("console.standstill.waiting", pulse.Waiting)
	if pulse.Silent == 0 {
		return v.say("console.standstill.never", "waiting", waiting), nil
	}
	return v.say("console.standstill."+string(pulse.Still),
		"since", v.moment(v.now.Add(-pulse.Silent), ""), "waiting", waiting), nil
}
