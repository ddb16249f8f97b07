package console

import (
	"cmp"
	"maps"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/web"
)

const queuePath = Root + "/queue"

func queueRoutes() []route {
	return append([]route{
		{method: get, path: queuePath, access: may(rules.ViewProcesses), do: showQueue},
		{method: post, path: queuePath + "/pull", access: may(rules.WorkTasks), do: pullTask},
	}, bulkRoutes(queuePath, queueActs())...)
}

// The values of the facet of who has taken a task.
const (
	takenByMe     = "me"
	takenByNobody = "nobody"
	takenByOthers = "all"
)

// queuePage is the list of what waits for an operator.
type queuePage struct {
	Summary string
	Facets  []web.Facet
	Rows    []web.Row
	Empty   web.EmptyState
	Further string // address of the next page; empty: there is none
	// Download is the address of the file of what is narrowed.
	Download string
	Work     bool // the operator may take tasks
	Bulk     *web.BulkBar
	Peek     *taskPage // the task that is shown beside the list; nil: none
}

// openParameter names the task that is shown beside the list.
const openParameter = "open"

// showQueue lists the open tasks, the longest waiting first: by default what is mine or
// nobody's.
func showQueue(v *visit) (answer, error) {
	if web.AsksForFile(v) {
		return downloadQueue(v)
	}
	q := v.queueQuery()
	position, err := v.OpenCursor(queuePath)
	if err != nil {
		return answer{}, err
	}
	if q.After, err = operations.ParseQueueCursor("/query/after", position); err != nil {
		return answer{}, errBadCursor
	}
	found, err := v.operations.Queue(v.scope(), q)
	if err != nil {
		return answer{}, err
	}

	views, err := v.viewsFacet(queuePath)
	if err != nil {
		return answer{}, err
	}

	p := queuePage{
		Summary: v.queueSummary(found),
		Bulk:    v.bulkBar(queuePath, queueActs(), len(found.Items)),
		Further: v.further(queuePath, found.Next.String()),
		Work:    v.mayDo(rules.WorkTasks),

		Download: web.Narrowed(v, queuePath, "format", "csv"),
		Empty: web.EmptyState{
			Icon:  "inbox",
			Title: v.say("console.queue.empty.title"),
			Text:  v.say("console.queue.empty.text"),
		},
	}
	if p.Facets, err = v.queueFacets(q, found); err != nil {
		return answer{}, err
	}
	p.Facets = append(p.Facets, views)
	if p.Peek, err = v.peek(found); err != nil {
		return answer{}, err
	}
	if v.request.URL.RawQuery != "" {
		p.Empty.Text = v.say("console.queue.empty.narrowed")
		p.Empty.Link = queuePath + "?who=" + takenByOthers
		p.Empty.LinkText = v.say("console.queue.empty.all")
	}
	for _, t := range found.Items {
		r := v.taskRow(t)
		r.Link = v.withParameter(queuePath, openParameter, t.ID)
		r.Selected = p.Peek != nil && p.Peek.ID == t.ID
		if p.Bulk != nil {
			r.Pick = t.ID
			r.Chosen = web.AllChosen(v)
		}
		p.Rows = append(p.Rows, r)
	}
	return answer{page: "queue", title: v.say("console.queue.title"), data: p, live: true}, nil
}

// peek is the task that the address opens beside the list; one that is gone opens nothing.
func (v *visit) peek(found operations.Queue) (*taskPage, error) {
	id := v.query(openParameter)
	if id == "" {
		return nil, nil
	}
	var t operations.QueueItem
	at := slices.IndexFunc(found.Items, func(t operations.QueueItem) bool { return t.ID == id })
	if at >= 0 {
		t = found.Items[at]
	} else {
		var err error
		t, err = v.operations.QueueItemOf(v.scope(), id)
		if rules.CodeOf(err) == rules.NotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	p, err := v.taskPage(t)
	p.Back = v.withParameter(queuePath, openParameter, id)
	p.Close = v.withParameter(queuePath, openParameter, "")
	p.Whole = taskPath(id)
	return &p, err
}

// queueQuery reads from the address how the queue is narrowed. What it does not know narrows
// to nothing that it would not show by itself.
func (v *visit) queueQuery() operations.QueueQuery {
	q := operations.QueueQuery{
		Zone:      v.zone,
		Kind:      db.TaskKind(v.query("kind")),
		AccountID: v.query("account"),
		Subject:   v.query("subject"),
		TimeZone:  v.query("zone"),
		Due:       operations.QueueDue(v.query("due")),
	}
	switch who := v.query("who"); who {
	case takenByOthers:
	case takenByMe:
		q.Assignee = v.who.ID
	case takenByNobody:
		q.Assignee = operations.QueueNobodys
	case "":
		q.Assignee = v.who.ID
		q.OrNobody = true
	default:
		q.Assignee = who
	}
	return q
}

func (v *visit) queueSummary(found operations.Queue) string {
	total := v.queueCount(found.Total)
	said := v.say("console.queue.open", "open", total)
	if found.Late.N > 0 {
		said = v.say("console.queue.openlate", "open", total, "late", v.queueCount(found.Late))
	}
	return web.Joined(said, v.timesOfDesk(len(found.Items) > 0))
}

// timesOfDesk says by which clock a list gives its times: the desk's, which need not be the one
// that hangs beside the reader. Empty: the list has none.
func (v *visit) timesOfDesk(any bool) string {
	if !any {
		return ""
	}
	return v.say("console.times", "place", v.language.Place(v.zone))
}

// queueCount writes a count of the queue, with a plus where there may be more, and nothing where
// none were counted of how many there may be.
func (v *visit) queueCount(c operations.QueueCount) string {
	switch {
	case c.AtLeast && c.N == 0:
		return ""
	case c.AtLeast && c.N < 1000:
		return v.language.Number(c.N) + "+"
	}
	return v.counted(c.N, 1000)
}

func (v *visit) queueFacets(
	q operations.QueueQuery, found operations.Queue,
) ([]web.Facet, error) {
	who, err := v.assigneeFacet(found)
	if err != nil {
		return nil, err
	}
	var dues []web.FacetOption
	values := []string{
		string(operations.DueLate), string(operations.DueToday), string(operations.DueThisWeek),
	}
	for _, due := range values {
		dues = append(dues, web.FacetOption{
			Label: v.language.Say("console.facet.due." + due),
			Count: v.queueCount(found.Dues[operations.QueueDue(due)]),
		})
	}

	kinds := map[string]operations.QueueCount{}
	for kind, n := range found.Kinds {
		kinds[string(kind)] = n
	}
	facets := []web.Facet{
		who,
		v.countedFacet("kind", v.say("console.facet.kind"), kinds, string(q.Kind),
			func(kind string) string { return v.kindName(db.TaskKind(kind)) }),
		v.choiceOf(queuePath, "due", v.say("console.facet.due"), dues, values),
		v.countedFacet("zone", v.say("console.facet.zone"), found.TimeZones, q.TimeZone,
			v.language.Place),
	}

	var accounts []string
	names := map[string]string{}
	for _, t := range found.Items {
		accounts = append(accounts, db.Text(t.AccountID))
		names[db.Text(t.AccountID)] = t.AccountName
	}
	return append(facets, v.accountFacet(queuePath, accounts, names)), nil
}

// countedFacet offers what was counted, by its name; what is chosen stays among it.
func (v *visit) countedFacet(
	parameter, label string, counts map[string]operations.QueueCount, chosen string,
	name func(string) string,
) web.Facet {
	values := slices.Collect(maps.Keys(counts))
	if chosen != "" && counts[chosen].N == 0 {
		values = append(values, chosen)
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Compare(name(a), name(b)) })
	var options []web.FacetOption
	for _, value := range values {
		options = append(options, web.FacetOption{
			Label: name(value),
			Count: v.queueCount(counts[value]),
		})
	}
	return v.choiceOf(queuePath, parameter, label, options, values)
}

// assigneeFacet offers mine, nobody's, everybody's, and those of each colleague.
func (v *visit) assigneeFacet(found operations.Queue) (web.Facet, error) {
	options := []web.FacetOption{
		{Label: v.say("console.facet.who.me"), Count: v.queueCount(found.Assignees[v.who.ID])},
		{
			Label: v.say("console.facet.who.nobody"),
			Count: v.queueCount(found.Assignees[operations.QueueNobodys]),
		},
		{Label: v.say("console.facet.who.all")},
	}
	values := []string{takenByMe, takenByNobody, takenByOthers}

	var others []string
	for id := range found.Assignees {
		if id != v.who.ID && id != operations.QueueNobodys {
			others = append(others, id)
		}
	}
	if chosen := v.query("who"); db.KindOf(chosen) == db.PrefixOperator &&
		!slices.Contains(others, chosen) {
		others = append(others, chosen)
	}
	if len(others) > 0 {
		names, err := v.operations.NamesOf(v.scope(), others)
		if err != nil {
			return web.Facet{}, err
		}
		slices.SortFunc(names, func(a, b operations.Name) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
		})
		for _, n := range names {
			options = append(options, web.FacetOption{
				Label: n.Name,
				Count: v.queueCount(found.Assignees[n.ID]),
			})
			values = append(values, n.ID)
		}
	}

	who := v.choiceOf(queuePath, "who", v.say("console.facet.who"), options, values)
	who.Options[0].Label = v.say("console.facet.who.mine")
	if v.query("who") == "" {
		who.Value = who.Options[0].Label
		who.On = true
	}
	return who, nil
}

// kindName is what a kind of task asks for, in a few words.
func (v *visit) kindName(kind db.TaskKind) string {
	if key := "console.kind." + string(kind); v.language.Has(key) {
		return v.language.Say("console.kind." + string(kind))
	}
	return string(kind)
}

// subjects are what tasks are about, by their kind: the word, and the color, of their badge.
var subjects = map[db.TaskKind]struct{ word, color string }{
	db.TaskReviewOrder:         {"order", "blue"},
	db.TaskMailUndeliverable:   {"mail", "red"},
	db.TaskMailUnknown:         {"mail", "amber"},
	db.TaskInvitationUnclaimed: {"invitation", "amber"},
	db.TaskInvitationRequested: {"invitation", "blue"},
	db.TaskDecideContact:       {"invitation", "blue"},
	db.TaskNoAdminReachable:    {"invitation", "red"},
	db.TaskSignInEnds:          {"service", "amber"},
	db.TaskSyncConnection:      {"customer", "amber"},

	db.TaskProcessStuck: {"service", "red"},
	db.TaskOutboxStuck:  {"service", "red"},
	db.TaskSweepLate:    {"service", "red"},
	db.TaskSweepFailed:  {"service", "red"},
	db.TaskBreakGlass:   {"service", "red"},
	db.TaskTicket:       {"ticket", "blue"},
	db.TaskTicketWorse:  {"ticket", "red"},
	db.TaskIncident:     {"person", "red"},
	db.TaskPrivacyTexts: {"person", "amber"},

	db.TaskMailboxRequest: {"person", "blue"},

	db.TaskSerialClaimed:         {"device", "amber"},
	db.TaskShipmentContradicted:  {"shipment", "violet"},
	db.TaskCalendarNoHolidays:    {"calendar", "amber"},
	db.TaskCalendarNoWorkingTime: {"calendar", "red"},
	db.TaskWarrantyUnmatched:     {"warranty", "amber"},
	db.TaskWarrantyClaimed:       {"warranty", "blue"},
	db.TaskOneParent:             {"customer", "blue"},
	db.TaskNearAccount:           {"customer", "blue"},
	db.TaskAssignCSM:             {"customer", "blue"},

	db.TaskDecideRMA:       {"replacement", "blue"},
	db.TaskRMALate:         {"replacement", "red"},
	db.TaskRMASilent:       {"shipment", "violet"},
	db.TaskAwaitingStock:   {"replacement", "amber"},
	db.TaskRMAWrongUnit:    {"return", "amber"},
	db.TaskRMAFee:          {"return", "amber"},
	db.TaskLabelUnreadable: {"shipment", "amber"},
	db.TaskChooseSpare:     {"spare", "green"},
	db.TaskSpareFee:        {"spare", "amber"},
}

func (v *visit) kindBadge(kind db.TaskKind) web.Badge {
	s, ok := subjects[kind]
	if !ok {
		return web.Badge{Text: string(kind)}
	}
	return web.Badge{Text: v.language.Say("console.subject." + s.word), Color: s.color}
}

// taskBadge is the subject of a task. A ticket's has its severity and the color of that: who
// looks for what is next sees which rooms are down.
func (v *visit) taskBadge(kind db.TaskKind, severity int) web.Badge {
	s := cover.Severity(severity)
	if kind != db.TaskTicket || s < cover.Sev1 || s > cover.Sev4 {
		return v.kindBadge(kind)
	}
	badge := v.severityShort(s)
	badge.Text = v.language.Say("console.subject.ticket") + " " + badge.Text
	return badge
}

// taskRow is a task as a list shows it.
func (v *visit) taskRow(t operations.QueueItem) web.Row {
	sub := t.AccountName
	if t.SubjectName != "" && t.SubjectName != t.AccountName {
		sub = t.SubjectName
		if t.AccountName != "" {
			sub += " · " + t.AccountName
		}
	}
	return web.Row{
		Link:   taskPath(t.ID),
		Title:  v.kindName(t.Kind),
		Sub:    sub,
		Due:    v.dueAt(t.DueAt, v.zone),
		Badge:  v.taskBadge(t.Kind, t.Severity),
		Beside: v.clockAt(t.TimeZone),
		Owner:  web.FaceOf(db.Text(t.AssigneeID), t.AssigneeName),
	}
}

// pullTask takes the task that is due first of those that the operator may settle, and opens it.
func pullTask(v *visit) (answer, error) {
	t, err := v.operations.PullTask(v.scope())
	if rules.CodeOf(err) == rules.NotFound {
		return v.done(queuePath, "console.flash.nothingtopull"), nil
	}
	if err != nil {
		return answer{}, err
	}
	return redirect(taskPath(t.ID)), nil
}
