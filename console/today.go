package console

import (
	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules/processes"
)

func todayRoutes() []route {
	return []route{{method: get, path: Root, access: operator, do: showToday}}
}

// todayPage is what is late and what is due by the end of the day.
type todayPage struct {
	Summary   string
	Warning   string // nothing moves; empty: something does
	Late, Due todayList
	Empty     emptyState
	Nothing   bool
}

// todayList is one of its lists, with what stands on it in all.
type todayList struct {
	Count string
	Rows  []row
	More  string // how many more there are; empty: none
}

func showToday(v *visit) (answer, error) {
	agenda, err := v.operations.Agenda(v.scope(), operations.AgendaQuery{Zone: v.zone, Limit: 50})
	if err != nil {
		return answer{}, err
	}
	names, err := v.namesOn(agenda)
	if err != nil {
		return answer{}, err
	}

	late, due := totalOf(agenda.Late), totalOf(agenda.Due)
	p := todayPage{
		Summary: v.say("console.today.summary",
			"late", v.counted(late, 1000), "due", v.counted(due, 1000)),
		Late:    v.todayList(agenda.Late, late, names),
		Due:     v.todayList(agenda.Due, due, names),
		Nothing: late+due == 0,
		Empty: emptyState{
			Icon:     "sun",
			Title:    v.say("console.today.empty.title"),
			Text:     v.say("console.today.empty.text"),
			Link:     queuePath,
			LinkText: v.say("console.queue.title"),
		},
	}
	if p.Warning, err = v.standstill(); err != nil {
		return answer{}, err
	}
	return answer{page: "today", title: v.say("console.today.title"), data: p, live: true}, nil
}

func totalOf(l operations.AgendaList) (n int64) {
	for _, ofKind := range l.Total {
		n += ofKind
	}
	return n
}

// namesOn names what stands on an agenda.
func (v *visit) namesOn(a operations.Agenda) (map[string]string, error) {
	var ids []string
	for _, list := range [][]operations.AgendaItem{a.Late.Items, a.Due.Items} {
		for _, line := range list {
			ids = append(ids, line.SubjectID, db.Text(line.AccountID))
		}
	}
	found, err := v.operations.NamesOf(v.scope(), ids)
	names := map[string]string{}
	for _, n := range found {
		names[n.ID] = n.Name
	}
	return names, err
}

func (v *visit) todayList(
	l operations.AgendaList, total int64, names map[string]string,
) todayList {
	list := todayList{Count: v.counted(total, 1000)}
	for _, line := range l.Items {
		list.Rows = append(list.Rows, v.agendaRow(line, names))
	}
	if more := total - int64(len(l.Items)); more > 0 {
		list.More = v.language.Count("console.today.more", more)
	}
	return list
}

// agendaRow is a line of the agenda: a task by what it asks for, a process by the sentence
// that says what it waits for.
func (v *visit) agendaRow(a operations.AgendaItem, names map[string]string) row {
	r := row{
		Link:   v.linkTo(a.Kind, a.ID),
		Sub:    names[a.SubjectID],
		Beside: v.clockAt(a.TimeZone),
	}
	if customer := names[db.Text(a.AccountID)]; customer != "" && customer != r.Sub {
		if r.Sub != "" {
			r.Sub += " · "
		}
		r.Sub += customer
	}

	if a.Kind == processes.Task {
		r.Title = v.kindName(a.TaskKind)
		r.Badge = v.kindBadge(a.TaskKind)
		r.Due = v.dueAt(*a.Until, v.zone)
		return r
	}

	r.Badge = badge{Text: v.language.Say("console.process." + string(a.Kind)), Color: "blue"}
	r.Title = v.sentence(process.Standing{
		Kind:     a.Kind,
		State:    a.State,
		WaitsFor: a.WaitsFor,
		Until:    a.Until,
		Zone:     a.TimeZone,
	})
	if a.Until == nil {
		r.Due = due{Text: v.say("console.due.stuck"), Class: "late"}
		return r
	}
	r.Due = v.dueAt(*a.Until, a.Zone)
	return r
}

// linkTo is the page of something that is under way: that of its own screen (see ownPage), or
// the one that every process has.
func (v *visit) linkTo(kind processes.Kind, id string) string {
	switch kind {
	case processes.Task:
		return taskPath(id)
	case processes.RMA:
		return replacementPath(id)
	case processes.Spare:
		return spareUnitPath(id)
	}
	if own := v.ownPage(kind, id); own != "" {
		return own
	}
	return processPath(kind, id)
}
