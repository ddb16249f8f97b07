package console

import (
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// accountTimeline is all that happened to a customer, the newest first: from the purchase
// order to the parcel, with who did what.
func accountTimeline(v *visit, acc account.Account) ([]web.Section, error) {
	const name = "timeline"
	after, err := v.OpenCursor(accountTab(acc.ID, name))
	if err != nil {
		return nil, err
	}
	found, next, err := v.operations.AccountTimeline(v.scope(), acc.ID, after, web.ListPageSize)
	if err != nil {
		return nil, err
	}

	s := web.Section{Further: v.further(accountTab(acc.ID, name), next)}
	for _, e := range found {
		s.Events = append(s.Events, v.eventOf(acc, e))
	}
	if len(s.Events) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{Icon: "history", Title: v.say("console.account.none.timeline")}
	}
	return []web.Section{s}, nil
}

// eventOf says who did what to what, when and why.
func (v *visit) eventOf(acc account.Account, e operations.AccountEvent) web.Event {
	out := web.Event{
		Who:   v.actorName(e),
		What:  v.verbText(e.Verb),
		About: e.Object,
		Link:  v.pageOfThing(e.ObjectID, ""),
		When:  v.pastAt(e.At, acc.TimeZone),
		Ours: e.ActorRole == "SYSTEM" && !toldByCarrier(e.Verb, e.ActorRole) ||
			e.ActorRole.IsOperator() || byItself(e.Verb, e.ActorRole),
	}
	if e.ObjectID == acc.ID {
		out.About, out.Link = "", ""
	}
	if reason, ok := e.Details["reason"].(string); ok && !codeOnly.MatchString(reason) {
		out.Reason = reason
	}
	return out
}

// verbText says what was done, without who did it: after a name in a timeline, and by itself in
// the audit. A verb that is newer than the words stands as it is stored.
func (v *visit) verbText(verb string) string {
	if key := "console.did." + verb; v.language.Has(key) {
		return v.language.Say(key)
	}
	return verb
}

// actorName is who did it: a person, a program, or the service itself.
func (v *visit) actorName(e operations.AccountEvent) string {
	switch {
	case toldByCarrier(e.Verb, e.ActorRole):
		return v.say("console.rma.carrier")
	case e.ActorRole == "SYSTEM" || byItself(e.Verb, e.ActorRole):
		return v.program.Name
	case e.Actor != "":
		return e.Actor
	}
	switch e.ActorRole {
	case rules.Reseller, rules.Distributor, rules.CustomerAdmin, rules.CustomerReadOnly:
		return v.language.Say("console.tokenrole." + string(e.ActorRole))
	}
	return v.say("console.account.somebody")
}

func roomPath(id string) string { return Root + "/rooms/" + id }

func devicePath(id string) string { return Root + "/devices/" + id }
