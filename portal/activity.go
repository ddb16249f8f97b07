package portal

import (
	"strings"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const (
	activityPath   = "/activity"
	colleaguesPath = "/colleagues"
)

// The parameters that narrow the activity.
const (
	activityPerson = "person"
	activityKind   = "kind"
)

// activityList is who did what in the account at hand, newest first.
func activityList() web.Listing[*visit] {
	return web.Listing[*visit]{
		Path:  activityPath,
		Words: "activity",
		Columns: []web.Column{
			{Name: "what"},
			{Name: "about"},
			{Name: "when"},
			{Name: "kind"},
			{Name: "behalf", Hidden: true},
		},
		Read: readActivity,
	}
}

func showActivity(v *visit) (answer, error) { return showList(v, activityList(), nil) }

func readActivity(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := account.ActivityFilter{
		AccountID: v.who.account().ID,
		Person:    web.Shortened(v.query(activityPerson), web.LongestSearch),
		Kind:      v.activityKind(),
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	found, next, err := v.accounts.Activity(v.acting(), f)
	if err != nil {
		return web.ListResult{}, err
	}

	out := web.ListResult{
		Summary: v.say("activity.summary"),
		Next:    next,
		Empty: web.EmptyState{
			Icon:  "history",
			Title: v.say("activity.none.title"),
			Text:  v.say("activity.none.text"),
		},
	}
	for _, e := range found {
		out.Lines = append(out.Lines, v.activityLine(e))
	}
	if web.AsksForFile(v) { // nobody sees the choices
		return out, nil
	}
	out.Facets, err = v.activityFacets()
	return out, err
}

// activityKind is the kind that the address asks for; empty: every one.
func (v *visit) activityKind() account.ActivityKind {
	for _, k := range account.ActivityKinds() {
		if string(k) == v.query(activityKind) {
			return k
		}
	}
	return ""
}

// activityLine says in a sentence who did what.
func (v *visit) activityLine(e account.ActivityEvent) web.Line {
	kind, _ := account.ActivityOf(e.Verb)
	zone := v.who.account().TimeZone
	behalf := ""
	if e.OnBehalfOf == v.who.account().ID {
		behalf = v.who.account().LegalName
	}

	about := web.Cell{Text: e.Object, Small: e.Reason()}
	if e.Object != "" {
		about.Link = v.pageOfThing(e.ObjectID)
	}
	return web.Line{
		ID: e.ID,
		Cells: map[string]web.Cell{
			"what":   {Text: v.sentenceOf(e), Small: v.behalfOf(behalf)},
			"about":  about,
			"when":   {Due: v.reader().PastAt(e.At, zone)},
			"kind":   {Badge: web.Badge{Text: v.language.Say("activity.kind." + string(kind))}},
			"behalf": {Text: behalf},
		},
	}
}

func (v *visit) behalfOf(company string) string {
	if company == "" {
		return ""
	}
	return v.say("activity.behalf", "company", company)
}

// sentenceOf says who did what, without what it was done to.
func (v *visit) sentenceOf(e account.ActivityEvent) string {
	return v.actorName(e) + " " + v.language.Say("activity.did."+activityVerb(e))
}

// activityVerb is the verb of an event; a change of somebody's access says which one.
func activityVerb(e account.ActivityEvent) string {
	if e.Verb != "membership.changed" {
		return e.Verb
	}
	before, _ := e.Details["before"].(map[string]any)
	after, _ := e.Details["after"].(map[string]any)
	change := "changed"
	switch {
	case after["state"] == string(rules.MembershipRemoved):
		change = "removed"
	case after["state"] == string(rules.MembershipSuspended):
		change = "suspended"
	case before["state"] != after["state"]:
		change = "restored"
	case after["role"] == "ADMIN":
		change = "promoted"
	case after["role"] == "READ_ONLY":
		change = "demoted"
	}
	return "membership." + change
}

// actorName is who did it. Operators are the support, whoever of them it was.
func (v *visit) actorName(e account.ActivityEvent) string {
	switch e.ActorRole {
	case "SYSTEM":
		return v.program.Name
	case rules.OperatorCSM:
		return v.say("activity.by.csm")
	case rules.Reseller, rules.Distributor:
		return v.say("activity.by.seller")
	case rules.PartnerAdmin, rules.PartnerReadOnly:
		if e.Actor != "" { // with the partner: "Ana (Partner X)"
			return e.Actor
		}
		return v.say("activity.by.partner")
	}
	switch {
	case e.ActorRole.IsOperator():
		return v.say("activity.by.support")
	case e.Actor != "" && db.KindOf(e.ActorID) == db.PrefixToken:
		return v.say("activity.by.token", "token", e.Actor)
	case e.Actor != "":
		return e.Actor
	case db.KindOf(e.ActorID) == db.PrefixSync:
		return v.say("activity.by.sync")
	case e.ActorRole == "VISITOR":
		return v.say("activity.by.visitor")
	}
	return v.say("activity.by.somebody")
}

// pageOfThing is the page of something that an event names, where this person has one.
func (v *visit) pageOfThing(id string) string {
	path := map[string]string{
		db.PrefixRoom:       "/rooms/" + id,
		db.PrefixDevice:     "/devices/" + id,
		db.PrefixRMA:        replacementsPath + "/" + id,
		db.PrefixTicket:     ticketPath(id),
		db.PrefixSite:       sitesPath + "/" + id,
		db.PrefixMembership: colleaguesPath,
		db.PrefixInvitation: colleaguesPath,
		db.PrefixDelegation: partnersPath,
	}[db.KindOf(id)]
	if path == "" || !v.offers(path) {
		return ""
	}
	return path
}

// activityFacets are the choices of a person and a kind.
func (v *visit) activityFacets() ([]web.Facet, error) {
	members, err := v.people.MembersOf(v.acting(), v.who.account().ID)
	if err != nil {
		return nil, err
	}

	who := web.Facet{Label: v.say("activity.person"), Icon: "users"}
	v.offer(&who, activityPerson, "", v.say("activity.everybody"))
	for _, m := range members {
		v.offer(&who, activityPerson, m.UserID, m.Name)
	}
	v.offer(&who, activityPerson, account.ActivityBySupport, v.say("activity.by.support"))
	v.offer(&who, activityPerson, account.ActivityByService, v.program.Name)

	what := web.Facet{Label: v.say("activity.kind"), Icon: "filter"}
	v.offer(&what, activityKind, "", v.say("activity.everything"))
	for _, k := range account.ActivityKinds() {
		v.offer(&what, activityKind, string(k), v.language.Say("activity.kind."+string(k)))
	}
	return []web.Facet{who, what}, nil
}

// offer adds a choice of a parameter to a facet.
func (v *visit) offer(f *web.Facet, parameter, value, label string) {
	current := strings.TrimSpace(v.query(parameter)) == value
	f.Options = append(f.Options, web.FacetOption{
		Label:   label,
		Link:    web.Narrowed(v, activityPath, parameter, value),
		Current: current,
	})
	if current && value != "" {
		f.On = true
		f.Value = label
	}
}
