package console

import (
	"cmp"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/web"
)

func todayRoutes() []route {
	return []route{{method: get, path: Root, access: operator, do: showToday}}
}

// todayPage is what is late and what is due by the end of the day, with what the days behind it
// bring and what the operator has taken; or what is due on one of those days.
type todayPage struct {
	Summary   string
	Warning   string // nothing moves; empty: something does
	Tiles     []web.Tile
	Late, Due todayList
	DueTitle  string
	Mine      todayList
	Load      []loadDay
	Empty     web.EmptyState
	Nothing   bool
	Back      string // address of today, from another day
}

// todayList is one of its lists, with what stands on it in all.
type todayList struct {
	Count string
	Rows  []web.Row
	More  string // how many more there are; empty: none
	Link  string // address of those
}

// loadDay is a day to come with how much is due on it; Share is a part of a hundred of the
// fullest day's.
type loadDay struct {
	Day, Count, Link string
	Share            int64
}

// loadDays is how far Today looks ahead.
const loadDays = 14

// onParameter names a day to come whose agenda is shown.
const onParameter = "on"

func showToday(v *visit) (answer, error) {
	if day, err := civil.ParseDate(v.query(onParameter)); err == nil {
		return v.showDay(day)
	}
	q := operations.AgendaQuery{Zone: v.zone, Limit: 50}
	list, err := v.agendaPosition(&q)
	if err != nil {
		return answer{}, err
	}
	agenda, err := v.operations.Agenda(v.scope(), q)
	if err != nil {
		return answer{}, err
	}
	names, err := v.namesOn(agenda)
	if err != nil {
		return answer{}, err
	}

	late, due := totalOf(agenda.Late), totalOf(agenda.Due)
	p := todayPage{
		Summary: web.Joined(
			v.say("console.today.summary",
				"late", v.counted(late, 1000), "due", v.counted(due, 1000)),
			v.timesOfDesk(late+due > 0)),
		DueTitle: v.say("console.today.due"),
	}
	if list != "due" {
		p.Late = v.todayList(agenda.Late, late, names, "late")
	}
	if list != "late" {
		p.Due = v.todayList(agenda.Due, due, names, "due")
	}
	if list == "" {
		if err := v.aheadAndMine(&p); err != nil {
			return answer{}, err
		}
		p.Tiles = append([]web.Tile{
			v.todayTile("late", late, Root+"#late"),
			v.todayTile("due", due, Root+"#due"),
		}, p.Tiles...)
	}
	p.Nothing = len(p.Late.Rows)+len(p.Due.Rows) == 0
	p.Empty = web.EmptyState{
		Icon:     "sun",
		Title:    v.say("console.today.empty.title"),
		Text:     v.say("console.today.empty.text"),
		Link:     queuePath,
		LinkText: v.say("console.queue.title"),
	}

	if p.Warning, err = v.standstill(); err != nil {
		return answer{}, err
	}
	a := answer{page: "today", title: v.say("console.today.title"), data: p, live: true}
	if late+due > 0 {
		a.waits = v.counted(late+due, 1000)
	}
	return a, nil
}

// agendaPosition reads behind which line of which list the page begins; empty: both lists.
func (v *visit) agendaPosition(q *operations.AgendaQuery) (list string, err error) {
	position, err := v.OpenCursor(Root)
	if err != nil || position == "" {
		return "", err
	}
	list, at, _ := strings.Cut(position, " ")
	after, err := operations.ParseAgendaCursor("/query/after", at)
	if err != nil {
		return "", errBadCursor
	}
	if list == "late" {
		q.LateAfter = after
	} else {
		q.DueAfter = after
	}
	return list, nil
}

// aheadAndMine adds what the next days bring, and what the operator has taken.
func (v *visit) aheadAndMine(p *todayPage) error {
	load, err := v.operations.Load(v.scope(), v.zone, loadDays)
	if err != nil {
		return err
	}
	var sum, most int64
	for _, d := range load {
		sum += d.N
		most = max(most, d.N)
	}
	for _, d := range load {
		one := loadDay{
			Day:   v.language.NearDate(d.Day.In(time.UTC), v.now),
			Count: v.counted(d.N, 1000),
		}
		if d.N > 0 {
			one.Link = web.ListAddress(Root, onParameter, d.Day.String())
			one.Share = max(1, 100*d.N/most)
		}
		p.Load = append(p.Load, one)
	}
	p.Tiles = append(p.Tiles, v.todayTile("ahead", sum, Root+"#load"))
	if !v.mayDo(rules.WorkTasks) {
		return nil
	}

	mine, err := v.operations.Queue(v.scope(), operations.QueueQuery{
		Assignee: v.who.ID,
		Zone:     v.zone,
		Limit:    10,
	})
	if err != nil {
		return err
	}
	all := web.ListAddress(queuePath, "who", takenByMe)
	p.Tiles = append(p.Tiles, v.todayTile("mine", mine.Total.N, all))
	p.Mine.Count = v.queueCount(mine.Total)
	for _, t := range mine.Items {
		p.Mine.Rows = append(p.Mine.Rows, v.taskRow(t))
	}
	if more := mine.Total.N - int64(len(mine.Items)); more > 0 {
		p.Mine.More = v.language.Count("console.today.more", more)
		if mine.Total.AtLeast {
			p.Mine.More = v.say("console.today.manymore")
		}
		p.Mine.Link = all
	}
	return nil
}

// todayTile is one of the numbers at the top, which leads to its list.
func (v *visit) todayTile(name string, n int64, link string) web.Tile {
	t := web.Tile{
		Label:  v.language.Say("console.today.tile." + name),
		Number: v.counted(n, 1000),
		Link:   link,
	}
	if name == "late" && n > 0 {
		t.Class = "late"
	}
	return t
}

// showDay is what is due on a day to come.
func (v *visit) showDay(day civil.Date) (answer, error) {
	agenda, err := v.operations.Agenda(v.scope(), operations.AgendaQuery{
		On:    &day,
		Zone:  v.zone,
		Limit: 200,
	})
	if rules.CodeOf(err) == rules.ValidationFailed {
		return redirect(Root), nil // the day is over
	}
	if err != nil {
		return answer{}, err
	}
	agenda.Late.Items = nil
	names, err := v.namesOn(agenda)
	if err != nil {
		return answer{}, err
	}

	due := totalOf(agenda.Due)
	date := v.language.NearDate(day.In(time.UTC), v.now)
	p := todayPage{
		Back:     Root,
		DueTitle: v.say("console.today.ondate", "date", date),
		Due:      v.todayList(agenda.Due, due, names, ""),
		Nothing:  due == 0,
		Empty: web.EmptyState{
			Icon:     "sun",
			Title:    v.say("console.today.empty.day"),
			Link:     Root,
			LinkText: v.say("console.today.title"),
		},
	}
	return answer{page: "today", title: p.DueTitle, data: p, live: true}, nil
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
	l operations.AgendaList, total int64, names map[string]string, name string,
) todayList {
	list := todayList{Count: v.counted(total, 1000)}
	for _, line := range l.Items {
		list.Rows = append(list.Rows, v.agendaRow(line, names))
	}
	if more := total - int64(len(l.Items)); more > 0 {
		list.More = v.language.Count("console.today.more", more)
		if next := l.Next.String(); next != "" && name != "" {
			list.Link = v.further(Root, name+" "+next)
		}
	}
	return list
}

// agendaRow is a line of the agenda: a task by what it asks for, a process by the sentence
// that says what it waits for.
func (v *visit) agendaRow(a operations.AgendaItem, names map[string]string) web.Row {
	r := web.Row{
		Link:   cmp.Or(v.linkTo(a.Kind, a.ID), v.pageOfThing(db.Text(a.AccountID), "")),
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
		r.Badge = v.taskBadge(a.TaskKind, a.Severity)
		r.Due = v.dueAt(*a.Until, v.zone)
		return r
	}

	r.Badge = web.Badge{Text: v.language.Say("console.process." + string(a.Kind)), Color: "blue"}
	r.Title = v.sentence(process.Standing{
		Kind:     a.Kind,
		State:    a.State,
		WaitsFor: a.WaitsFor,
		Until:    a.Until,
		Zone:     a.TimeZone,
	})
	if a.Until == nil {
		r.Due = web.Due{Text: v.say("console.due.stuck"), Class: "late"}
		return r
	}
	r.Due = v.dueAt(*a.Until, a.Zone)
	return r
}

// linkTo is the page of something that is under way: of its own screen, or else the one that
// every process has.
func (v *visit) linkTo(kind processes.Kind, id string) string {
	if page := v.pageOfThing(id, ""); page != "" {
		return page
	}
	return processPath(kind, id)
}
