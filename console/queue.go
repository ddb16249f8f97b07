package console

import (
	"cmp"
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

const queuePath = Root + "/queue"

func queueRoutes() []route {
	return []route{
		{method: get, path: queuePath, access: may(rules.ViewProcesses), do: showQueue},
		{method: post, path: queuePath + "/pull", access: may(rules.WorkTasks), do: pullTask},
	}
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
	Facets  []facet
	Rows    []row
	Empty   emptyState
	Further string // address of the next page; empty: there is none
	Work    bool   // the operator may take tasks
}

// showQueue lists the open tasks, the longest waiting first: by default what is mine or
// nobody's.
func showQueue(v *visit) (answer, error) {
	q := v.queueQuery()
	position, err := v.openCursor(queuePath)
	if err != nil {
		return answer{}, err
	}
	if q.After, err = operations.ParseAgendaCursor("/query/after", position); err != nil {
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
		Facets:  append(v.queueFacets(q, found), views),
		Further: v.further(queuePath, found.Next.String()),
		Work:    v.mayDo(rules.WorkTasks),
		Empty: emptyState{
			Icon:  "inbox",
			Title: v.say("console.queue.empty.title"),
			Text:  v.say("console.queue.empty.text"),
		},
	}
	if v.request.URL.RawQuery != "" {
		p.Empty.Text = v.say("console.queue.empty.narrowed")
		p.Empty.Link = queuePath + "?who=" + takenByOthers
		p.Empty.LinkText = v.say("console.queue.empty.all")
	}
	for _, t := range found.Items {
		p.Rows = append(p.Rows, v.taskRow(t))
	}
	return answer{page: "queue", title: v.say("console.queue.title"), data: p, live: true}, nil
}

// queueQuery reads from the address how the queue is narrowed. What it does not know narrows
// to nothing that it would not show by itself.
func (v *visit) queueQuery() operations.QueueQuery {
	q := operations.QueueQuery{
		Zone:      v.zone,
		Kind:      db.TaskKind(v.query("kind")),
		AccountID: v.query("account"),
		Subject:   v.query("subject"),
		LateOnly:  v.query("due") == "late",
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
	total := v.counted(found.Total, 1000)
	if found.Late == 0 {
		return v.say("console.queue.open", "open", total)
	}
	return v.say("console.queue.openlate", "open", total, "late", v.counted(found.Late, 1000))
}

func (v *visit) queueFacets(q operations.QueueQuery, found operations.Queue) []facet {
	kinds := make([]string, 0, len(found.Kinds))
	for kind := range found.Kinds {
		kinds = append(kinds, string(kind))
	}
	if q.Kind != "" && found.Kinds[q.Kind] == 0 {
		kinds = append(kinds, string(q.Kind))
	}
	slices.SortFunc(kinds, func(a, b string) int {
		return cmp.Compare(v.kindName(db.TaskKind(a)), v.kindName(db.TaskKind(b)))
	})
	var ofKinds []facetOption
	for _, kind := range kinds {
		n := found.Kinds[db.TaskKind(kind)]
		ofKinds = append(ofKinds, facetOption{
			Label: v.kindName(db.TaskKind(kind)),
			Count: v.counted(n, 1000),
		})
	}

	who := v.choiceOf(queuePath, "who", v.say("console.facet.who"), []facetOption{
		{Label: v.say("console.facet.who.me")},
		{Label: v.say("console.facet.who.nobody")},
		{Label: v.say("console.facet.who.all")},
	}, []string{takenByMe, takenByNobody, takenByOthers})
	who.Options[0].Label = v.say("console.facet.who.mine")
	if v.query("who") == "" {
		who.Value = who.Options[0].Label
		who.On = true
	}

	facets := []facet{
		who,
		v.choiceOf(queuePath, "kind", v.say("console.facet.kind"), ofKinds, kinds),
		v.choiceOf(queuePath, "due", v.say("console.facet.due"),
			[]facetOption{{Label: v.say("console.facet.due.late")}}, []string{"late"}),
	}
	return append(facets, v.accountFacet(q, found)...)
}

// accountFacet offers the accounts of the tasks that are shown, and takes away the one that
// the list is narrowed to.
func (v *visit) accountFacet(q operations.QueueQuery, found operations.Queue) []facet {
	var options []facetOption
	var ids []string
	for _, t := range found.Items {
		id := db.Text(t.AccountID)
		if id == "" || slices.Contains(ids, id) {
			continue
		}
		ids = append(ids, id)
		options = append(options, facetOption{Label: t.AccountName})
	}
	if q.AccountID == "" && len(ids) == 0 {
		return nil
	}

	f := v.choiceOf(queuePath, "account", v.say("console.facet.account"), options, ids)
	if q.AccountID != "" && !f.On {
		f.On = true
		f.Value = v.say("console.facet.account.one")
	}
	return []facet{f}
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

	db.TaskProcessStuck: {"service", "red"},
	db.TaskOutboxStuck:  {"service", "red"},
	db.TaskSweepLate:    {"service", "red"},
	db.TaskSweepFailed:  {"service", "red"},
	db.TaskBreakGlass:   {"service", "red"},

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

func (v *visit) kindBadge(kind db.TaskKind) badge {
	s, ok := subjects[kind]
	if !ok {
		return badge{Text: string(kind)}
	}
	return badge{Text: v.language.Say("console.subject." + s.word), Color: s.color}
}

// taskRow is a task as a list shows it.
func (v *visit) taskRow(t operations.QueueItem) row {
	sub := t.AccountName
	if t.SubjectName != "" && t.SubjectName != t.AccountName {
		sub = t.SubjectName
		if t.AccountName != "" {
			sub += " · " + t.AccountName
		}
	}
	return row{
		Link:   taskPath(t.ID),
		Title:  v.kindName(t.Kind),
		Sub:    sub,
		Due:    v.dueAt(t.Due, v.zone),
		Badge:  v.kindBadge(t.Kind),
		Beside: v.clockAt(t.TimeZone),
		Owner:  faceOf(db.Text(t.AssigneeID), t.AssigneeName),
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
