package console

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/web"
)

// historyEntry is something that became of a task: what somebody did, or noted.
type historyEntry struct {
	Who, What, Note string
	Ours            bool // of the operators
	When            web.Due
	at              time.Time
}

// taskStory is what is read beside a task: its notes, its audit, and the names in them.
type taskStory struct {
	notes  []db.TaskNote
	events []db.AuditEvent
	names  map[string]string
}

// idInText is an id that stands in a sentence of the service.
var idInText = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{10,}\b`)

func (v *visit) taskStory(t operations.QueueItem) (taskStory, error) {
	s := taskStory{names: map[string]string{}}
	var err error
	if s.notes, err = v.db.TaskNotes(v.scope(), t.ID); err != nil {
		return s, err
	}
	if s.events, err = v.db.Timeline(v.scope(), t.ID); err != nil {
		return s, err
	}

	ids := idInText.FindAllString(t.What+" "+t.Why, -1)
	for _, n := range s.notes {
		ids = append(ids, n.AuthorID)
	}
	for _, e := range s.events {
		ids = append(ids, e.ActorID, detailText(e.Details["to"]), detailText(e.Details["before"]))
	}
	slices.Sort(ids)
	found, err := v.operations.NamesOf(v.scope(), slices.Compact(ids))
	for _, n := range found {
		s.names[n.ID] = n.Name
	}
	return s, err
}

// named is a sentence with names in the place of ids.
func (s taskStory) named(sentence string) string {
	return idInText.ReplaceAllStringFunc(sentence, func(id string) string {
		if name := s.names[id]; name != "" {
			return name
		}
		return id
	})
}

// whoWorked names somebody; the service itself, where it is nobody.
func (v *visit) whoWorked(s taskStory, id string) (name string, ours bool) {
	if name := s.names[id]; name != "" {
		return name, true
	}
	return v.program.Name, true
}

// taskHistory is what became of a task, the newest first.
func (v *visit) taskHistory(t operations.QueueItem, s taskStory) []historyEntry {
	raised := historyEntry{at: t.CreatedAt}
	raised.Who = v.program.Name
	raised.What = v.say("console.task.raised")
	entries := []historyEntry{raised}

	for _, n := range s.notes {
		e := historyEntry{at: n.CreatedAt, Note: n.Note}
		e.Who, e.Ours = v.whoWorked(s, n.AuthorID)
		e.What = v.say("console.task.noted")
		entries = append(entries, e)
	}
	for _, event := range s.events {
		e := historyEntry{at: event.At}
		e.Who, e.Ours = v.whoWorked(s, event.ActorID)
		switch event.Verb {
		case "task.assigned":
			e.What = v.assigned(s, event)
		case "task.resolved":
			e.What = v.say("console.task.resolved")
			if t.ResolvedAt != nil && db.SameInstant(t.ResolvedAt, &event.At) {
				e.Note = v.resolution(t.Resolution)
			}
		case "task.reopened":
			e.What = v.say("console.did.task.reopened")
		default:
			continue
		}
		entries = append(entries, e)
	}
	if t.State == db.TaskDone && t.ResolvedAt != nil &&
		!slices.ContainsFunc(s.events, func(e db.AuditEvent) bool {
			return e.Verb == "task.resolved" && db.SameInstant(t.ResolvedAt, &e.At)
		}) { // what it asked for was done, and it closed by itself
		e := historyEntry{at: *t.ResolvedAt}
		e.Who, _ = v.whoWorked(s, t.ResolvedBy)
		e.What = v.say("console.task.resolved")
		entries = append(entries, e)
	}

	slices.Reverse(entries) // of one instant, what came later is the newer
	slices.SortStableFunc(entries, func(a, b historyEntry) int { return b.at.Compare(a.at) })
	for i := range entries {
		entries[i].When = v.pastAt(entries[i].at, "")
	}
	return entries
}

// assigned says what somebody did with who has the task.
func (v *visit) assigned(s taskStory, e db.AuditEvent) string {
	to := detailText(e.Details["to"])
	switch {
	case to == "":
		return v.say("console.task.history.back")
	case to == e.ActorID:
		return v.say("console.task.history.taken")
	}
	name := s.names[to]
	if name == "" {
		name = v.say("console.bulk.unknown")
	}
	return v.say("console.task.history.given", "name", name)
}

// resolution is how a task was settled: the action, in the reader's language, with the note of
// whoever did it.
func (v *visit) resolution(text string) string {
	action, note, _ := strings.Cut(text, ": ")
	if key := "console.action." + action; v.language.Has(key) {
		return strings.TrimSuffix(v.language.Say("console.action."+action)+": "+note, ": ")
	}
	return text
}
