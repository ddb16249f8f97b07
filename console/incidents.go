package console

import (
	"cmp"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/web"
)

// fieldOnce names a form, so that a second press of its button is the first.
const fieldOnce = "once"

// onceOfForm is the name of the form that was sent, or one for a form that is shown.
func (v *visit) onceOfForm() string { return cmp.Or(v.form(fieldOnce), db.NewID("once")) }

func (v *visit) incidentState(i privacy.Incident) web.Badge {
	switch {
	case i.ClosedAt != nil:
		return web.Badge{Text: v.say("console.incidents.closed"), Color: "green"}
	case v.now.After(i.DueAt):
		return web.Badge{Text: v.say("console.incidents.late"), Color: "red"}
	}
	return web.Badge{Text: v.say("console.incidents.open"), Color: "amber"}
}

func readIncidents(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.privacy.ListIncidents(v.scope(),
		db.Page{After: q.After, Limit: q.Limit})
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next: next,
		Empty: web.EmptyState{
			Icon:  "triangle-alert",
			Title: v.say("console.incidents.empty.title"),
			Text:  v.say("console.incidents.empty.text"),
		},
		Acts: []web.ListAct{{
			Link:  newIncident,
			Label: v.say("console.incidents.new"),
			Icon:  "triangle-alert",
			Main:  true,
		}},
	}
	for _, i := range found {
		r.Lines = append(r.Lines, web.Line{
			ID:   i.ID,
			Link: incidentsPath + "/" + i.ID,
			Cells: map[string]web.Cell{
				"what":    {Text: i.What},
				"noticed": v.when(&i.NoticedAt, ""),
				"due":     {Text: v.moment(i.DueAt, "")},
				"state":   {Badge: v.incidentState(i)},
			},
		})
	}
	return r, nil
}

// recordIncident opens the record of an incident.
func recordIncident(v *visit) (answer, error) {
	v.resume(v.request.URL.Path)
	f := typedFields{v: v}
	f.add("area", "what", v.say("console.incidents.column.what"), "", true)
	f.help(v.say("console.incidents.what.help"))
	f.add("datetime-local", "noticed_at", v.say("console.incidents.column.noticed"), "", true)
	once := v.onceOfForm()
	return v.runEdit(edit{
		Title:  v.say("console.incidents.new"),
		Fields: f.list,
		Hidden: []web.Hidden{{Name: fieldOnce, Value: once}},
		Submit: v.say("console.incidents.record"),
		Back:   incidentsPath,
		Follows: func() ([]string, error) {
			_, err := v.momentIn("noticed_at", v.zone)
			return []string{v.say("console.incidents.will.record")}, err
		},
		Make: func() (string, string, error) {
			at, err := v.momentIn("noticed_at", v.zone)
			if err != nil {
				return "", "", err
			}
			i, err := v.privacy.RecordIncident(v.acting(""), once, v.typedText("what"), at)
			return incidentsPath + "/" + i.ID, "console.flash.incident", err
		},
	})
}

func showIncident(v *visit) (answer, error) {
	i, err := v.privacy.GetIncident(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	ids := []string{i.NoticedBy, i.ClosedBy}
	for _, t := range i.Tellings {
		ids = append(ids, t.ToldBy)
	}
	names, err := v.namesOf(ids...)
	if err != nil {
		return answer{}, err
	}

	p := sheetPage{Badge: v.incidentState(i)}
	if i.ClosedAt == nil {
		at := incidentsPath + "/" + i.ID
		p.Acts = []web.ListAct{
			{Link: at + "/tell", Label: v.say("console.incidents.tell"), Icon: "mail", Main: true},
			{Link: at + "/close", Label: v.say("console.incidents.close"), Icon: "check"},
		}
	}
	facts := knownFacts(
		web.Fact{Term: v.say("console.incidents.column.what"), Value: i.What},
		web.Fact{Term: v.say("console.incidents.column.noticed"), Value: v.moment(i.NoticedAt, "")},
		web.Fact{Term: v.say("console.incidents.by"), Value: names[i.NoticedBy]},
		web.Fact{Term: v.say("console.incidents.column.due"), Value: v.moment(i.DueAt, "")},
		web.Fact{Term: v.say("console.incidents.outcome"), Value: i.Outcome},
	)
	if i.ClosedAt != nil {
		facts = append(facts, web.Fact{
			Term:  v.say("console.incidents.closed"),
			Value: v.moment(*i.ClosedAt, ""),
		})
	}
	var lines []sheetLine
	for _, t := range i.Tellings {
		lines = append(lines, sheetLine{"", []web.Cell{
			{Text: t.Whom},
			{Text: v.moment(t.ToldAt, "")},
			{Text: names[t.ToldBy]},
		}})
	}
	p.Parts = []sheetPart{
		{Note: v.say("console.incidents.note"), Facts: facts},
		{
			Title: v.say("console.incidents.told"),
			Table: linesUnder([]sheetColumn{
				{label: v.say("console.incidents.whom")},
				{label: v.say("console.incidents.when")},
				{label: v.say("console.incidents.by")},
			}, lines),
			Empty: v.say("console.incidents.nobody"),
		},
	}
	return sheet(v.say("console.incidents.one"), p), nil
}

// tellIncident notes who was told.
func tellIncident(v *visit) (answer, error) {
	i, err := v.privacy.GetIncident(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	f := typedFields{v: v}
	f.add("text", "whom", v.say("console.incidents.whom"), "", true)
	f.help(v.say("console.incidents.whom.help"))
	f.add("datetime-local", "told_at", v.say("console.incidents.when"), "", true)
	back := incidentsPath + "/" + i.ID
	once := v.onceOfForm()
	return v.runEdit(edit{
		Title:  v.say("console.incidents.tell"),
		Fields: f.list,
		Hidden: []web.Hidden{{Name: fieldOnce, Value: once}},
		Submit: v.say("console.incidents.tell"),
		Back:   back,
		Follows: func() ([]string, error) {
			_, err := v.momentIn("told_at", v.zone)
			return []string{v.say("console.incidents.will.tell", "whom", f.value("whom"))}, err
		},
		Make: func() (string, string, error) {
			at, err := v.momentIn("told_at", v.zone)
			if err != nil {
				return "", "", err
			}
			_, err = v.privacy.TellIncident(v.acting(""), i.ID, once, f.value("whom"), at)
			return back, "console.flash.incidenttold", err
		},
	})
}

// closeIncident ends the record.
func closeIncident(v *visit) (answer, error) {
	i, err := v.privacy.GetIncident(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	f := typedFields{v: v}
	f.add("area", "outcome", v.say("console.incidents.outcome"), i.Outcome, true)
	back := incidentsPath + "/" + i.ID
	return v.runEdit(edit{
		Title:  v.say("console.incidents.close"),
		Fields: f.list,
		Submit: v.say("console.incidents.close"),
		Back:   back,
		Follows: func() ([]string, error) {
			return []string{v.say("console.incidents.will.close")}, nil
		},
		Make: func() (string, string, error) {
			_, err := v.privacy.CloseIncident(v.acting(""), i.ID, v.typedText("outcome"))
			return back, "console.flash.incidentclosed", err
		},
	})
}
