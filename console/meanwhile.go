package console

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/web"
)

// Somebody who decides about what another has changed since reads what that was, above what
// they typed. Nothing typed is lost: the form has it again when it is opened anew.

const (
	// mostMeanwhile bounds the changes that are shown.
	mostMeanwhile = 5
	// meanwhile is how far back a change of another can explain a refusal.
	meanwhile = 8 * time.Hour
)

// statesSeen are the fields by which a form says what was seen. They are not kept: the form
// that is opened anew has seen what there is now.
var statesSeen = []string{fieldSeen, "version"}

// changedMeanwhile adds to the page of a refusal what others did and what was typed. What cannot
// be read is left out: the refusal itself is what matters.
func (v *visit) changedMeanwhile(p problemPage) problemPage {
	changes, err := v.changesByOthers()
	if err != nil {
		v.log.ErrorContext(v.ctx, "console: changes could not be read",
			"request", v.id, "error", err)
	}
	p.Changes = changes
	p.Typed = v.typedTexts()
	for _, name := range statesSeen {
		v.request.PostForm.Del(name)
	}
	if page := v.request.URL.Path; v.typedAnything() && v.isPage(page) {
		p.Kept = v.keepTyped(page)
	}
	return p
}

// notTyped are the fields that no person fills in.
var notTyped = []string{fieldSeen, "version", fieldConfirms}

// typedAnything reports whether any field is filled that a person fills in.
func (v *visit) typedAnything() bool {
	for name, values := range v.request.PostForm {
		if !slices.Contains(notTyped, name) && strings.TrimSpace(values[0]) != "" {
			return true
		}
	}
	return false
}

// typedTexts is what the form has that a person typed, by its label: as a command about a
// replacement or a spare calls it, or as all others do.
func (v *visit) typedTexts() []web.Fact {
	var facts []web.Fact
	for name, values := range v.request.PostForm {
		label := ""
		switch {
		case v.language.Has("console.field." + name):
			label = v.language.Say("console.field." + name)
		case v.language.Has("console.rmafield." + name):
			label = v.language.Say("console.rmafield." + name)
		}
		if text := strings.TrimSpace(values[0]); text != "" && label != "" {
			facts = append(facts, web.Fact{Term: label, Value: text})
		}
	}
	slices.SortFunc(facts, func(a, b web.Fact) int { return cmp.Compare(a.Term, b.Term) })
	return facts
}

// changesByOthers is what others did lately to the thing of this address, and to what a task is
// about, the latest first.
func (v *visit) changesByOthers() ([]web.Moment, error) {
	id, err := v.operations.IDOf(v.scope(), v.param("id")) // a number stands in some addresses
	if err != nil {
		return nil, err
	}
	ids := []string{id}
	if db.KindOf(id) == db.PrefixTask {
		t, err := v.db.GetTask(v.scope(), id)
		if err != nil {
			return nil, err
		}
		ids = append(ids, t.SubjectID)
	}
	events, err := v.db.Timeline(v.scope(), ids...)
	if err != nil {
		return nil, err
	}

	events = slices.DeleteFunc(events, func(e db.AuditEvent) bool {
		return e.ActorID == v.who.ID || v.now.Sub(e.At) > meanwhile
	})
	slices.Reverse(events)
	events = events[:min(len(events), mostMeanwhile)]
	var actors []string
	for _, e := range events {
		actors = append(actors, e.ActorID, e.ActingOrg)
	}
	found, err := v.operations.NamesOf(v.scope(), actors)
	names := map[string]string{}
	for _, n := range found {
		names[n.ID] = n.Name
	}
	var changes []web.Moment
	for _, e := range events {
		changes = append(changes, v.orderMoment(e, names))
	}
	return changes, err
}
