package console

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const (
	privacyPath    = settingsPath + "/privacy"
	newPrivacyPath = settingsPath + "/new-privacy"
	incidentsPath  = settingsPath + "/incidents"
	newIncident    = settingsPath + "/new-incident"
)

// privacyList is the desk of requests about personal data, the newest first.
var privacyList = listing{
	path:  privacyPath,
	words: "console.privacy",
	needs: may(rules.WorkTasks),
	columns: []web.Column{
		{Name: "who"},
		{Name: "kind"},
		{Name: "state"},
		{Name: "asked"},
	},
	read: readPrivacyRequests,
}

// incidentsList is the record of incidents, the newest first.
var incidentsList = listing{
	path:  incidentsPath,
	words: "console.incidents",
	needs: may(rules.WorkTasks),
	columns: []web.Column{
		{Name: "what"},
		{Name: "noticed"},
		{Name: "due"},
		{Name: "state"},
	},
	read: readIncidents,
}

func privacyRoutes() []route {
	desk := may(rules.WorkTasks)
	const (
		one  = privacyPath + "/:id"
		file = one + "/file"
		all  = one + "/texts"
		text = all + "/:text"
		inc  = incidentsPath + "/:id"
	)
	list := append(privacyList.routes(), incidentsList.routes()...)
	return append(list,
		route{method: get, path: newPrivacyPath, access: desk, do: askPrivacy},
		route{method: post, path: newPrivacyPath, access: desk, do: askPrivacy, fresh: true},
		route{method: get, path: one, access: desk, do: showPrivacyRequest},
		route{method: get, path: file, access: desk, do: askForExport},
		route{method: post, path: file, access: desk, do: fetchExport, fresh: true},
		route{method: get, path: all, access: desk, do: decideShownTexts},
		route{method: post, path: all, access: desk, do: decideShownTexts, fresh: true},
		route{method: get, path: text, access: desk, do: decideText},
		route{method: post, path: text, access: desk, do: decideText, fresh: true},
		route{method: get, path: newIncident, access: desk, do: recordIncident},
		route{method: post, path: newIncident, access: desk, do: recordIncident},
		route{method: get, path: inc, access: desk, do: showIncident},
		route{method: get, path: inc + "/tell", access: desk, do: tellIncident},
		route{method: post, path: inc + "/tell", access: desk, do: tellIncident},
		route{method: get, path: inc + "/close", access: desk, do: closeIncident},
		route{method: post, path: inc + "/close", access: desk, do: closeIncident},
	)
}

var privacyColors = map[privacy.State]string{
	privacy.Asked:   "blue",
	privacy.Ready:   "green",
	privacy.Decide:  "amber",
	privacy.Done:    "green",
	privacy.Expired: "",
}

func (v *visit) privacyState(s privacy.State) web.Badge {
	return web.Badge{
		Text:  v.language.Say("console.privacy.state." + string(s)),
		Color: privacyColors[s],
	}
}

func (v *visit) privacyKind(k privacy.Kind) string {
	return v.language.Say("console.privacy.kind." + string(k))
}

func readPrivacyRequests(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.privacy.ListRequests(v.scope(), privacy.Filter{
		Page: db.Page{After: q.After, Limit: q.Limit},
	})
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next: next,
		Empty: web.EmptyState{
			Icon:  "users",
			Title: v.say("console.privacy.empty.title"),
			Text:  v.say("console.privacy.empty.text"),
		},
		Acts: []web.ListAct{{
			Link:  newPrivacyPath,
			Label: v.say("console.privacy.new"),
			Icon:  "user-plus",
			Main:  true,
		}},
	}
	for _, one := range found {
		r.Lines = append(r.Lines, web.Line{
			ID:   one.ID,
			Link: privacyPath + "/" + one.ID,
			Cells: map[string]web.Cell{
				"who":   {Text: one.Name, Small: one.Email},
				"kind":  {Text: v.privacyKind(one.Kind)},
				"state": {Badge: v.privacyState(one.State)},
				"asked": v.when(&one.CreatedAt, ""),
			},
		})
	}
	return r, nil
}

// askPrivacy makes a request: the operator reads what it will change before it is made, and
// types the address once more for an erasure.
func askPrivacy(v *visit) (answer, error) {
	v.resume(v.request.URL.Path)
	f := typedFields{v: v}
	f.add("email", "email", v.say("field.email"), v.query("email"), true)
	f.choose("kind", v.say("console.privacy.column.kind"), string(privacy.Export),
		choiceOfKind(v, privacy.Export), choiceOfKind(v, privacy.Erasure))
	f.add("email", "confirm", v.say("console.privacy.confirm"), "", false)
	f.help(v.say("console.privacy.confirm.help"))
	f.list = append(f.list, v.reasonField())

	n := privacy.NewRequest{
		Kind:    privacy.Kind(f.value("kind")),
		Email:   f.value("email"),
		Confirm: f.value("confirm"),
		Reason:  v.form("reason"),
	}
	return v.runEdit(edit{
		Title:  v.say("console.privacy.new"),
		Says:   []string{v.say("console.privacy.new.says")},
		Fields: f.list,
		Submit: v.say("console.privacy.ask"),
		Danger: n.Kind == privacy.Erasure,
		Back:   privacyPath,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(n.Reason); err != nil {
				return nil, err
			}
			p, err := v.privacy.Preview(v.scope(), n)
			if err != nil {
				return nil, err
			}
			return v.privacyFollows(n.Kind, p), nil
		},
		Make: func() (string, string, error) {
			r, err := v.privacy.Ask(v.acting(""), n)
			return privacyPath + "/" + r.ID, "console.flash.privacy", err
		},
	})
}

func choiceOfKind(v *visit, k privacy.Kind) web.Choice {
	return web.Choice{Value: string(k), Label: v.privacyKind(k)}
}

// privacyFollows says what a request will do, and what stays.
func (v *visit) privacyFollows(k privacy.Kind, p privacy.Preview) []string {
	who := strings.TrimSpace(p.Name + " <" + p.Email + ">")
	if k == privacy.Export {
		return []string{v.say("console.privacy.will.export", "who", who)}
	}

	says := []string{v.say("console.privacy.will.erase", "who", who, "pseudonym", p.Pseudonym)}
	for _, c := range p.Counts {
		says = append(says, v.say("console.privacy.will.rows", "table", c.Table, "rows", c.Rows))
	}
	for _, c := range p.Texts {
		says = append(says, v.say("console.privacy.will.text", "place", c.Table, "rows", c.Rows))
	}
	if len(p.LastAdmin) > 0 {
		says = append(says, v.say("console.privacy.will.lastadmin"))
	}
	if p.LastGlass {
		says = append(says, v.say("console.privacy.will.lastglass"))
	}
	if len(p.Waits) > 0 {
		says = append(says,
			v.say("console.privacy.will.waits", "what", strings.Join(p.Waits, ", ")))
	}
	return append(says, v.say("console.privacy.will.stay"))
}

// showPrivacyRequest shows how far a request has come, and the texts to decide about.
func showPrivacyRequest(v *visit) (answer, error) {
	r, err := v.privacy.GetRequest(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	texts, err := v.textsPart(r)
	if err != nil {
		return answer{}, err
	}
	names, err := v.namesOf(r.RequestedBy)
	if err != nil {
		return answer{}, err
	}

	p := sheetPage{Badge: v.privacyState(r.State), Sub: v.privacyKind(r.Kind)}
	if r.State == privacy.Ready {
		p.Acts = []web.ListAct{{
			Link:  privacyPath + "/" + r.ID + "/file",
			Label: v.say("console.privacy.fetch"),
			Icon:  "download",
			Main:  true,
		}}
	}
	facts := knownFacts(
		web.Fact{Term: v.say("field.email"), Value: r.Email},
		web.Fact{Term: v.say("console.privacy.pseudonym"), Value: r.Pseudonym},
		web.Fact{Term: v.say("console.field.reason"), Value: r.Reason},
		web.Fact{Term: v.say("console.privacy.by"), Value: names[r.RequestedBy]},
		web.Fact{Term: v.say("console.privacy.column.asked"), Value: v.moment(r.CreatedAt, "")},
		web.Fact{Term: v.say("console.privacy.stage"), Value: r.Stage},
	)
	if r.Kind == privacy.Erasure {
		facts = append(facts, web.Fact{
			Term:  v.say("console.privacy.gone"),
			Value: strconv.FormatInt(r.Gone, 10),
		})
	}
	if r.ExpiresAt != nil {
		facts = append(facts, web.Fact{
			Term:  v.say("console.privacy.until"),
			Value: v.moment(*r.ExpiresAt, ""),
		})
	}
	p.Parts = append(p.Parts, sheetPart{
		Note:  v.language.Say("console.privacy.says." + string(r.State)),
		Facts: facts,
	})

	if texts != nil {
		p.Parts = append(p.Parts, *texts)
	}
	return sheet(r.Name, p), nil
}

// fieldAfter is the parameter behind which a page of texts begins.
const fieldAfter = "after"

// textsPart shows a page of the texts that name the person: those that are open, while some are;
// nil where there are none.
func (v *visit) textsPart(r privacy.Request) (*sheetPart, error) {
	here := privacyPath + "/" + r.ID
	filter := privacy.FindingFilter{
		RequestID: r.ID,
		Open:      r.State == privacy.Decide,
		After:     v.query(fieldAfter),
	}
	found, next, err := v.privacy.Findings(v.scope(), filter)
	if err != nil {
		return nil, err
	}

	var lines []sheetLine
	for _, f := range found {
		link := ""
		if f.State == privacy.FindingOpen {
			link = here + "/texts/" + f.ID
		}
		lines = append(lines, sheetLine{link, []web.Cell{
			{Text: f.Place, Mono: true},
			{Text: f.Text},
			{Text: v.language.Say("console.privacy.text." + string(f.State))},
		}})
	}
	table := linesUnder([]sheetColumn{
		{label: v.say("console.privacy.text.place")},
		{label: v.say("console.privacy.text")},
		{label: v.say("console.privacy.column.state")},
	}, lines)
	if table == nil {
		return nil, nil
	}

	part := &sheetPart{
		Title: v.say("console.privacy.texts"),
		Note:  v.say("console.privacy.texts.note"),
		Table: table,
	}
	if filter.Open && len(found) > 1 {
		part.Acts = []web.ListAct{{
			Link:  here + "/texts" + afterOf(filter.After),
			Label: v.say("console.privacy.texts.all", "n", len(found)),
			Icon:  "check",
		}}
	}
	if next != "" {
		part.Further = web.ListAct{
			Link:  here + afterOf(next),
			Label: v.say("console.privacy.texts.next"),
		}
	}
	return part, nil
}

// afterOf is the query that names where a page of texts begins.
func afterOf(id string) string {
	if id == "" {
		return ""
	}
	return "?" + fieldAfter + "=" + url.QueryEscape(id)
}

// askForExport says what fetching the file means, before it is fetched.
func askForExport(v *visit) (answer, error) {
	r, err := v.privacy.GetRequest(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return v.ask(confirmation{
		Title:  v.say("console.privacy.fetch"),
		Says:   []string{v.say("console.privacy.fetch.says", "who", r.Name)},
		Action: privacyPath + "/" + r.ID + "/file",
		Submit: v.say("console.privacy.fetch"),
		Back:   privacyPath + "/" + r.ID,
	})
}

func fetchExport(v *visit) (answer, error) {
	content, err := v.privacy.FetchExport(v.acting(""), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	return answer{file: &download{
		name: v.param("id") + ".zip",
		kind: "application/zip",
		body: content,
	}}, nil
}

// decideText decides about one text that names an erased person.
func decideText(v *visit) (answer, error) {
	found, _, err := v.privacy.Findings(v.scope(), privacy.FindingFilter{
		RequestID: v.param("id"),
		IDs:       []string{v.param("text")},
	})
	if err != nil {
		return answer{}, err
	}
	if len(found) == 0 {
		return answer{}, db.NotFound()
	}
	return v.decideTexts(found, v.say("console.privacy.decide"), "")
}

// decideShownTexts decides alike about every open text of the page that was looked at.
func decideShownTexts(v *visit) (answer, error) {
	after := cmp.Or(v.form(fieldAfter), v.query(fieldAfter))
	found, _, err := v.privacy.Findings(v.scope(), privacy.FindingFilter{
		RequestID: v.param("id"),
		Open:      true,
		After:     after,
	})
	if err != nil {
		return answer{}, err
	}
	if len(found) == 0 {
		return redirect(privacyPath + "/" + v.param("id")), nil
	}
	return v.decideTexts(found, v.say("console.privacy.texts.all", "n", len(found)), after)
}

// decideTexts asks what becomes of texts, shows what follows, and decides. Where somebody else has
// decided about one of them meanwhile, it shows those that are left.
func (v *visit) decideTexts(
	found []privacy.FindingText, title, after string,
) (answer, error) {
	back := privacyPath + "/" + v.param("id")
	var ids, says []string
	for _, f := range found {
		ids = append(ids, f.ID)
		says = append(says, f.Place+": "+f.Text)
	}

	v.resume(v.request.URL.Path)
	f := typedFields{v: v}
	f.choose("decision", v.say("console.privacy.decision"), string(privacy.FindingReplaced),
		web.Choice{
			Value: string(privacy.FindingReplaced),
			Label: v.say("console.privacy.text.replace"),
		},
		web.Choice{
			Value: string(privacy.FindingKept),
			Label: v.say("console.privacy.text.keep"),
		})
	to := privacy.FindingState(f.value("decision"))
	return v.runEdit(edit{
		Title:  title,
		Says:   says,
		Fields: f.list,
		Hidden: []web.Hidden{{Name: fieldAfter, Value: after}},
		Seen:   stateOf(ids),
		Submit: v.say("console.privacy.decide.do"),
		Danger: to == privacy.FindingReplaced,
		Back:   back,
		Follows: func() ([]string, error) {
			if to == privacy.FindingReplaced {
				return []string{v.say("console.privacy.will.replace")}, nil
			}
			return []string{v.say("console.privacy.will.keep")}, nil
		},
		Make: func() (string, string, error) {
			err := v.privacy.DecideFindings(v.acting(""), v.param("id"), ids, to)
			return back, "console.flash.privacydecided", err
		},
	})
}
