package console

import (
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/web"
)

const replacementsPath = Root + "/replacements"

func replacementPath(name string) string { return replacementsPath + "/" + name }

// replacementsList is the list of replacements, the newest first.
var replacementsList = listing{
	path:   replacementsPath,
	words:  "console.replacements",
	needs:  may(rules.ViewAccount),
	search: true,
	columns: []web.Column{
		{Name: "number"},
		{Name: "device"},
		{Name: "place"},
		{Name: "customer"},
		{Name: "state"},
		{Name: "promise"},
		{Name: "next"},
		{Name: "parcel"},
		{Name: "requested", Hidden: true},
		{Name: "fee", Hidden: true},
	},
	bulk: []bulkAct{approveReplacements, labelsAct},
	read: readReplacements,
}

func readReplacements(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := replacement.DeskFilter{
		Text:      q.Text,
		AccountID: v.query("account"),
		State:     rma.RMAState(v.query("state")),
		Step:      replacement.DeskStep(v.query("step")),
		Country:   v.query("country"),
		ModelCode: v.query("model"),
		SiteID:    v.query("site"),
		RoomID:    v.query("room"),
		Late:      v.query("late") == "yes",
		Open:      v.query("open") == "yes",
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	found, next, err := v.replacements.Desk(v.scope(), f)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next:   next,
		Facets: v.replacementFacets(found),
		Acts: []web.ListAct{
			{Link: boardPath, Label: v.say("console.board.title"), Icon: "columns-3"},
			{Link: labelsPath, Label: v.say("console.labels.title"), Icon: "printer"},
		},
		Empty: web.EmptyState{
			Icon:  "repeat-2",
			Title: v.say("console.replacements.empty.title"),
			Text:  v.say("console.replacements.empty.text"),
		},
	}
	if v.mayDo(rules.RequestRMA) {
		r.Acts = append(r.Acts, v.newReplacementAct())
	}
	for _, l := range found {
		r.Lines = append(r.Lines, v.replacementLine(l))
	}
	return r, nil
}

// newReplacementAct leads to a request.
func (v *visit) newReplacementAct() web.ListAct {
	return web.ListAct{
		Link:  newReplacementPath,
		Label: v.say("console.newrma.title"),
		Icon:  "plus",
		Main:  true,
	}
}

func (v *visit) replacementLine(l replacement.DeskLine) web.Line {
	requested := l.RequestedAt
	fee := ""
	if f := l.Fee(); f != rma.FeeNone {
		fee = v.language.Say("fee." + string(f))
	}
	return web.Line{
		ID:   l.ID,
		Link: replacementPath(l.Name()),
		Cells: map[string]web.Cell{
			"number":    {Text: l.Name()},
			"device":    {Text: v.pieces(l.RMA), Small: l.FaultySerial},
			"place":     v.placeOf(l),
			"customer":  {Text: l.AccountName, Small: v.clockAt(l.SiteZone)},
			"state":     {Badge: v.rmaState(l.RMA)},
			"promise":   v.promiseCell(l.RMA),
			"next":      v.nextCell(l),
			"parcel":    v.parcelCell(l),
			"requested": v.when(&requested, ""),
			"fee":       {Text: fee},
		},
	}
}

// placeOf names the room, with its site under it; a site alone where no room is known.
func (v *visit) placeOf(l replacement.DeskLine) web.Cell {
	if l.RoomName == "" {
		return web.Cell{Text: l.SiteName}
	}
	return web.Cell{Text: l.RoomName, Small: l.SiteName}
}

// pieces names the model, and how many pieces of an accessory there are.
func (v *visit) pieces(r replacement.RMA) string {
	name := v.modelName(r.ModelCode, r.RequestedAt)
	if r.Quantity > 1 {
		return v.language.Number(int64(r.Quantity)) + " × " + name
	}
	return name
}

// promiseCell is the day that is promised now, with how late the first promise is.
func (v *visit) promiseCell(r replacement.RMA) web.Cell {
	if r.Promise == nil || r.Promise.On.IsZero() {
		return web.Cell{}
	}
	c := v.day(r.Promise.On.String())
	if late := v.daysLate(r); late != "" {
		c = web.Cell{
			Due:   web.Due{Text: c.Text, Small: late, Class: "late"},
			Plain: r.Promise.On.String(),
		}
	}
	return c
}

// daysLate says by how many days the first promise is missed; empty where it is kept.
func (v *visit) daysLate(r replacement.RMA) string {
	if n := r.DaysLate(v.now); n > 0 {
		return v.language.Count("console.replacements.dayslate", int64(n))
	}
	return ""
}

// nextCell says in two words what comes next, and until when.
func (v *visit) nextCell(l replacement.DeskLine) web.Cell {
	step := l.DeskStep()
	if step == replacement.DeskOver {
		return web.Cell{}
	}
	c := web.Cell{Text: v.language.Say("console.step." + string(step) + ".next")}
	if until := l.WaitsUntil(); until != nil && step == replacement.DeskReturn {
		c.Small = v.language.NearDate(v.lastDayBefore(*until, l.SiteZone), v.now)
	}
	return c
}

// lastDayBefore is a time on the last day that an exclusive end leaves, by the clock of a zone.
func (v *visit) lastDayBefore(end time.Time, zone string) time.Time {
	return rules.LastCoveredMoment(end, db.ZoneOf(zone))
}

// parcelCell says where the parcel that counts now is.
func (v *visit) parcelCell(l replacement.DeskLine) web.Cell {
	if l.Parcel == nil {
		return web.Cell{Text: l.Tracking}
	}
	return web.Cell{
		Text:  v.stateName(processes.Shipment, string(l.Parcel.State)),
		Small: strings.TrimSpace(l.Parcel.Carrier + " " + db.Text(l.Parcel.Tracking)),
	}
}

// replacementFacets narrow the list; customers, countries and models are those of what is shown.
func (v *visit) replacementFacets(shown []replacement.DeskLine) []web.Facet {
	var steps, states []web.FacetOption
	var stepValues, stateValues []string
	for _, step := range replacement.DeskSteps() {
		steps = append(steps, web.FacetOption{
			Label: v.language.Say("console.step." + string(step)),
		})
		stepValues = append(stepValues, string(step))
	}
	for _, state := range rma.RMAStates() {
		states = append(states, web.FacetOption{Label: v.stateName(processes.RMA, string(state))})
		stateValues = append(stateValues, string(state))
	}
	var accounts []string
	names := map[string]string{}
	for _, l := range shown {
		accounts = append(accounts, l.AccountID)
		names[l.AccountID] = l.AccountName
	}

	facets := []web.Facet{
		v.choiceOf(replacementsPath, "step", v.say("console.replacements.facet.step"),
			steps, stepValues),
		v.choiceOf(replacementsPath, "state", v.say("console.replacements.column.state"),
			states, stateValues),
		v.choiceOf(replacementsPath, "late", v.say("console.replacements.facet.late"),
			[]web.FacetOption{
				{Label: v.say("console.replacements.facet.late.yes")},
			}, []string{"yes"}),
		v.choiceOf(replacementsPath, "open", v.say("console.replacements.facet.open"),
			[]web.FacetOption{
				{Label: v.say("console.replacements.facet.open.yes")},
			}, []string{"yes"}),
		v.accountFacet(replacementsPath, accounts, names),
		v.facetOfShown(shown, "country", v.say("console.replacements.facet.country"),
			func(l replacement.DeskLine) (string, string) { return l.SiteCountry, l.SiteCountry }),
		v.facetOfShown(shown, "model", v.say("console.replacements.facet.model"),
			func(l replacement.DeskLine) (string, string) {
				return l.ModelCode, v.modelName(l.ModelCode, l.RequestedAt)
			}),
	}
	return facets
}

// facetOfShown offers the values that stand in the list, and takes away the one that it is
// narrowed to.
func (v *visit) facetOfShown(
	shown []replacement.DeskLine, name, label string,
	value func(replacement.DeskLine) (value, label string),
) web.Facet {
	var options []web.FacetOption
	var values []string
	seen := map[string]bool{}
	for _, l := range shown {
		id, text := value(l)
		if !seen[id] {
			seen[id] = true
			values = append(values, id)
			options = append(options, web.FacetOption{Label: text})
		}
	}
	if chosen := v.query(name); chosen != "" && !seen[chosen] {
		values = append(values, chosen)
		options = append(options, web.FacetOption{Label: chosen})
	}
	return v.choiceOf(replacementsPath, name, label, options, values)
}

// dayOf writes a day of the calendar.
func (v *visit) dayOf(d civil.Date) string {
	return v.language.NearDate(d.In(time.UTC), v.now)
}
