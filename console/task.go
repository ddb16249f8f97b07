package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/web"
)

func taskPath(id string) string { return queuePath + "/" + id }

func taskRoutes() []route {
	const one = queuePath + "/:id"
	return []route{
		{method: get, path: one, access: may(rules.ViewProcesses), do: showTask},
		{method: post, path: one + "/take", access: may(rules.WorkTasks), do: takeTask},
		{method: post, path: one + "/hand-back", access: may(rules.WorkTasks), do: handBackTask},
		{method: post, path: one + "/give", access: may(rules.WorkTasks), do: giveTask},
		{method: post, path: one + "/notes", access: may(rules.WorkTasks), do: noteTask},
		{method: get, path: one + "/do/:action", access: may(rules.WorkTasks), do: askAction},
		{method: post, path: one + "/do/:action", access: may(rules.WorkTasks), do: doAction},
	}
}

// taskPage is a task with what can be done about it: on its own page, or beside the queue.
type taskPage struct {
	ID, Kind  string
	Badge     web.Badge
	Due       web.Due
	Open      bool
	What, Why told
	Words     spoken // the last words of the ticket that it is about; empty: of none
	Stands    string // what the process that it is about waits for; empty: nothing is known
	Facts     []web.Fact
	Clock     string // the customer's time
	Actions   []taskAction
	Seen      string
	Work      bool // the operator may work on it
	Take      bool // nobody or somebody else has it
	HandBack  bool // it is the operator's
	LeadOnly  bool // a lead settles it, and another one than it is about
	Give      []web.Choice
	History   []historyEntry
	Note      web.Field
	Once      string // names the form of the note, which may come twice
	Back      string // address that the forms come back to
	Whole     string // address of its own page, where it is shown beside the queue
	Close     string // address of the queue without it
}

// taskAction is a way to settle a task.
type taskAction struct {
	Name, Label, Link string
	Main              bool
}

func showTask(v *visit) (answer, error) { return v.taskAnswer(web.Field{}) }

// taskAnswer is the page of a task; note is what was typed and refused.
func (v *visit) taskAnswer(note web.Field) (answer, error) {
	t, err := v.operations.QueueItemOf(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	p, err := v.taskPage(t)
	if err != nil {
		return answer{}, err
	}
	p.Back = taskPath(t.ID)
	p.Note.Value = note.Value
	p.Note.Problem = note.Problem
	a := answer{
		page:   "task",
		title:  p.Kind,
		data:   p,
		live:   true,
		shared: true,
		about:  t.SubjectID,
	}
	if note.Problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, nil
}

// taskPage is what an operator has to know of a task to decide.
func (v *visit) taskPage(t operations.QueueItem) (taskPage, error) {
	p := taskPage{
		ID:    t.ID,
		Kind:  v.kindName(t.Kind),
		Badge: v.taskBadge(t.Kind, t.Severity),
		Due:   v.dueAt(t.DueAt, v.zone),
		Open:  t.State == db.TaskOpen,
		Facts: v.taskFacts(t),
		Clock: v.clockAt(t.TimeZone),
		Seen:  t.Seen(),
		Work:  v.mayDo(rules.WorkTasks),
		Note: web.Field{
			Name:  "note",
			Label: v.say("console.task.note"),
			Help:  v.say("console.task.note.help"),
			Kind:  "area",
		},
	}

	s, err := v.taskStory(t)
	if err != nil {
		return p, err
	}
	p.What, p.Why = v.tell(s.named(t.What)), v.tell(s.named(t.Why))
	p.History = v.taskHistory(t, s)
	p.Once = strconv.Itoa(len(s.notes)) // after each note the form is another one
	if p.Words, err = v.lastWords(t); err != nil {
		return p, err
	}
	if p.Stands, err = v.standingOf(t); err != nil || !p.Open || !p.Work {
		return p, err
	}

	mine := db.Text(t.AssigneeID) == v.who.ID
	p.Take, p.HandBack = !mine, mine
	if err := v.offerActions(&p, t); err != nil {
		return p, err
	}
	colleagues, err := v.operations.Colleagues(v.scope())
	for _, o := range colleagues {
		if o.ID != v.who.ID && o.ID != db.Text(t.AssigneeID) {
			p.Give = append(p.Give, web.Choice{Value: o.ID, Label: o.Name, Chosen: false})
		}
	}
	return p, err
}

// offerActions puts the next step first: what settles the task here or, where it is settled on
// the page of what it is about, the way there.
func (v *visit) offerActions(p *taskPage, t operations.QueueItem) error {
	if t.Kind == db.TaskReviewOrder {
		p.Actions = v.orderDecisions(t)
		return nil
	}
	if page := v.pageOfThing(t.SubjectID, ""); page != "" && onlyCloses(t.Kind) {
		p.Actions = append(p.Actions, taskAction{
			Name:  "open",
			Label: v.say("console.task.open"),
			Link:  page,
			Main:  true,
		})
	}
	for _, name := range operations.ActionsOf(t.Kind) {
		err := v.operations.MayAct(v.scope(), t.OperatorTask, name)
		if rules.CodeOf(err) == rules.Forbidden {
			p.LeadOnly = t.Kind == db.TaskBreakGlass
			continue
		}
		if err != nil {
			return err
		}
		p.Actions = append(p.Actions, taskAction{
			Name:  name,
			Label: v.language.Say("console.action." + name),
			Link:  taskPath(t.ID) + "/do/" + name,
			Main:  len(p.Actions) == 0 && name != operations.ActClose,
		})
	}
	return nil
}

// orderDecisions lead to the pages on which an order in review is decided.
func (v *visit) orderDecisions(t operations.QueueItem) []taskAction {
	if v.pageOfThing(t.SubjectID, "") == "" {
		return nil
	}
	review := taskAction{
		Name:  operations.ActAccept,
		Label: v.say("console.order.review.look"),
		Link:  decisionPage(t.SubjectID, operations.ActAccept),
		Main:  true,
	}
	if !v.mayDo(rules.ReviewOrders) {
		return []taskAction{review}
	}
	review.Label = v.say("console.order.review.title")
	return []taskAction{review, {
		Name:  operations.ActReject,
		Label: v.language.Say("console.action." + operations.ActReject),
		Link:  decisionPage(t.SubjectID, operations.ActReject),
	}}
}

// decisionPage is where an order in review is accepted or rejected.
func decisionPage(orderID, action string) string {
	if action == operations.ActReject {
		return orderPath(orderID) + "/reject"
	}
	return orderPath(orderID) + "/review"
}

// onlyCloses reports whether a task of the kind is settled elsewhere, and here closed at most.
func onlyCloses(kind db.TaskKind) bool {
	return slices.Equal(operations.ActionsOf(kind), []string{operations.ActClose})
}

// standings are the kinds of what tasks are about that wait for something by themselves.
var standings = map[string]processes.Kind{
	db.PrefixOrder:      processes.Order,
	db.PrefixInvitation: processes.Invitation,
	db.PrefixRMA:        processes.RMA,
	db.PrefixTicket:     processes.Ticket,
	db.PrefixSpareUnit:  processes.Spare,
	db.PrefixShipment:   processes.Shipment,
	db.PrefixQuestion:   processes.Contact,
}

// standingOf says in a sentence what the process that an open task is about waits for (S55).
func (v *visit) standingOf(t operations.QueueItem) (string, error) {
	kind := standings[db.KindOf(t.SubjectID)]
	if kind == "" || t.State != db.TaskOpen {
		return "", nil
	}
	found, _, err := v.operations.ListProcesses(v.scope(), operations.ProcessFilter{
		ID:   t.SubjectID,
		Kind: kind,
	})
	if err != nil || len(found) == 0 {
		return "", err
	}
	p := found[0]
	return v.sentence(process.Standing{
		Kind:     p.Kind,
		State:    p.State,
		WaitsFor: p.WaitsFor,
		Until:    p.Until,
		Zone:     p.TimeZone,
	}), nil
}

// lastWords are what somebody said last in the ticket that a task is about.
func (v *visit) lastWords(t operations.QueueItem) (spoken, error) {
	if db.KindOf(t.SubjectID) != db.PrefixTicket {
		return spoken{}, nil
	}
	words, err := v.tickets.LastWords(v.scope(), t.SubjectID)
	m, ok := words[t.SubjectID]
	if err != nil || !ok {
		return spoken{}, err
	}
	names, err := v.namesBy([]string{m.AuthorID})
	return v.saidIn(m, names, t.TimeZone), err
}

// taskFacts is what is known of a task; what is not known is left out.
func (v *visit) taskFacts(t operations.QueueItem) []web.Fact {
	account := db.Text(t.AccountID)
	about := web.Fact{
		Term:  v.say("console.fact.about"),
		Value: t.SubjectName,
		Link:  v.pageOfThing(t.SubjectID, ""),
	}
	customer := web.Fact{
		Term:  v.say("console.fact.customer"),
		Value: t.AccountName,
		Link:  v.pageOfThing(account, ""),
	}
	if customer.Link == "" && account != "" {
		customer.Link = web.ListAddress(queuePath, "who", takenByOthers, "account", account)
	}
	if account == t.SubjectID {
		about.Value = ""
	}
	facts := []web.Fact{
		about,
		customer,
		{Term: v.say("console.fact.raised"), Value: v.moment(t.CreatedAt, "")},
		{Term: v.say("console.fact.takenby"), Value: t.AssigneeName},
	}
	return slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" })
}

// clockAt is the time of day where a customer is, with the city: "14:15 São Paulo".
func (v *visit) clockAt(zone string) string {
	if zone == "" {
		return ""
	}
	text := v.say("console.clock",
		"time", v.now.In(web.Zone(zone)).Format("15:04"), "place", v.language.Place(zone))
	v.clocks = with(v.clocks, text, zone)
	return text
}

func takeTask(v *visit) (answer, error) {
	return v.owned("console.flash.taken", func(ctx context.Context, id string) error {
		_, err := v.operations.TakeTask(ctx, id, v.seenForm())
		return err
	})
}

func handBackTask(v *visit) (answer, error) {
	return v.owned("console.flash.handedback", func(ctx context.Context, id string) error {
		_, err := v.operations.HandBackTask(ctx, id, v.seenForm())
		return err
	})
}

func giveTask(v *visit) (answer, error) {
	return v.owned("console.flash.given", func(ctx context.Context, id string) error {
		_, err := v.operations.GiveTask(ctx, id, v.form("operator"), v.seenForm())
		if rules.CodeOf(err) == rules.ValidationFailed {
			return errBadForm
		}
		return err
	})
}

// seenForm is the state of the task that the form was shown for: a form without one fits none.
func (v *visit) seenForm() string { return cmp.Or(v.form("seen"), "unseen") }

// owned changes who has a task, and goes back to where it was looked at.
func (v *visit) owned(
	flash string, change func(ctx context.Context, id string) error,
) (answer, error) {
	t, err := v.db.GetTask(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if err := change(v.acting(db.Text(t.AccountID)), t.ID); err != nil {
		return answer{}, err
	}
	return v.done(v.taskBack(t.ID), flash), nil
}

// taskBack is where a form about a task came from: its page, or the queue beside which it is.
func (v *visit) taskBack(id string) string {
	path, _, _ := strings.Cut(v.form("back"), "?")
	if path == queuePath && v.isPage(v.form("back")) {
		return v.form("back")
	}
	return taskPath(id)
}

// noteTask adds a note. What was typed stays where it is refused.
func noteTask(v *visit) (answer, error) {
	t, err := v.db.GetTask(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	_, err = v.operations.NoteTaskOnce(v.acting(db.Text(t.AccountID)), t.ID,
		v.form("note"), v.form("once"))
	if rules.CodeOf(err) == rules.ValidationFailed {
		return v.taskAnswer(web.Field{
			Value:   v.form("note"),
			Problem: v.say("console.task.note.wrong"),
		})
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(v.taskBack(t.ID), "console.flash.noted"), nil
}

// actionFields are what each action asks for beside the reason, by the names of the form.
var actionFields = map[string][]string{
	operations.ActAccept:  {"invite_as"},
	operations.ActLink:    {"account_id", "starts_on", "last_day"},
	operations.ActReissue: {"email", "contact_name"},
	operations.ActAssign:  {"csm_id"},
}

// withoutReason are the actions that nobody has to explain.
var withoutReason = []string{
	operations.ActResend, operations.ActMarkDelivered, operations.ActRetry,
}

// askAction shows what an action will do, with what it needs, before it is done.
func askAction(v *visit) (answer, error) {
	t, err := v.operations.QueueItemOf(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if decidedElsewhere(t, v.param("action")) {
		return redirect(decisionPage(t.SubjectID, v.param("action"))), nil
	}
	v.resume(v.request.URL.Path)
	return v.askAbout(t, nil)
}

// decidedElsewhere reports whether the action decides an order: that is done where the order
// and the accounts that it may be for are seen, and nowhere else.
func decidedElsewhere(t operations.QueueItem, action string) bool {
	return t.Kind == db.TaskReviewOrder &&
		(action == operations.ActAccept || action == operations.ActReject)
}

func (v *visit) askAbout(t operations.QueueItem, refused *rules.Error) (answer, error) {
	action := v.param("action")
	if !slices.Contains(operations.ActionsOf(t.Kind), action) {
		return answer{}, errNoPage
	}
	if v.operations.MayAct(v.scope(), t.OperatorTask, action) != nil {
		return answer{}, errForbidden
	}

	versions, err := v.operations.SubjectVersions(v.scope(), []db.OperatorTask{t.OperatorTask})
	if err != nil {
		return answer{}, err
	}
	seen, version := v.form("seen"), v.form("version")
	if v.request.Method == get || seen == "" {
		seen = t.Seen()
		version = strconv.FormatInt(versions[t.SubjectID], 10)
	}

	about := t.SubjectName
	if about == "" {
		about = t.AccountName
	}
	c := confirmation{
		Title: v.language.Say("console.action."+action) + " · " + v.kindName(t.Kind),
		Says:  []string{v.language.Say("console.action." + action + ".says")},
		Notes: v.tellAll(about, t.Why),
		Hidden: []web.Hidden{
			{Name: "seen", Value: seen},
			{Name: "version", Value: version},
		},
		Action: v.request.URL.Path,
		Submit: v.language.Say("console.action." + action),
		Danger: action == operations.ActRefuse,
		Back:   taskPath(t.ID),
	}
	c.Notes = slices.DeleteFunc(c.Notes, func(t told) bool { return t.Text == "" })
	for _, name := range actionFields[action] {
		f, err := v.actionField(t, name)
		if err != nil {
			return answer{}, err
		}
		c.Fields = append(c.Fields, f)
	}
	c.Fields = append(c.Fields, web.Field{
		Name:     "reason",
		Label:    v.say("console.field.reason"),
		Help:     v.say("console.field.reason.help"),
		Kind:     "area",
		Value:    v.form("reason"),
		Required: !slices.Contains(withoutReason, action),
	})

	a, err := v.ask(c)
	if refused != nil {
		c.Problem = refused.Message
		c.Remedy = refused.Remedy
		a.data = c
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// actionField is a field that an action asks for, with what was typed into it.
func (v *visit) actionField(t operations.QueueItem, name string) (web.Field, error) {
	f := web.Field{
		Name:  name,
		Label: v.language.Say("console.field." + name),
		Kind:  "text",
		Value: v.form(name),
	}
	switch name {
	case "email":
		f.Kind = "email"
	case "starts_on", "last_day":
		f.Kind = "date"
	case "invite_as":
		f.Kind = "choice"
		for _, role := range []string{"", "READ_ONLY", "ADMIN"} {
			label := v.say("console.invite.unsaid")
			if role != "" {
				label = v.language.Say("console.invite." + role)
			}
			f.Offer(role, label, role == f.Value)
		}
	case "csm_id":
		f.Kind = "choice"
		csms, _, err := v.accounts.ListCSMs(v.scope(), db.Page{Limit: 200})
		if err != nil {
			return f, err
		}
		for _, c := range csms {
			f.Offer(c.ID, c.Name, c.ID == f.Value)
		}
	}
	return f, nil
}

// settledByMe reports whether the operator has settled the task already: the second click on a
// button says what the first one did.
func (v *visit) settledByMe(id string) bool {
	t, err := v.db.GetTask(v.scope(), id)
	return err == nil && t.State == db.TaskDone && t.ResolvedBy == v.who.ID
}

// letsIn reports whether the action gives somebody access to a customer's account: by another
// invitation, or because the contact of an order is confirmed.
func letsIn(action string) bool {
	return action == operations.ActReissue || action == operations.ActAccept
}

// doAction does what the confirmation asked about, for the state of the task that it showed.
func doAction(v *visit) (answer, error) {
	t, err := v.operations.QueueItemOf(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	action := v.param("action")
	if decidedElsewhere(t, action) {
		return redirect(decisionPage(t.SubjectID, action)), nil
	}
	if !v.confirmed() {
		return v.askAbout(t, nil)
	}

	if letsIn(action) {
		if err := v.needFresh(); err != nil {
			return answer{}, err
		}
	}
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return answer{}, errBadForm
	}
	_, err = v.operations.Act(v.acting(db.Text(t.AccountID)), t.ID, operations.TaskAction{
		Name:        action,
		Seen:        v.form("seen"),
		Reason:      v.form("reason"),
		Version:     version,
		AccountID:   v.form("account_id"),
		InviteAs:    rules.InviteAs(v.form("invite_as")),
		StartsOn:    v.form("starts_on"),
		LastDay:     v.form("last_day"),
		Email:       v.form("email"),
		ContactName: v.form("contact_name"),
		CSMID:       v.form("csm_id"),
		Undoable:    true,
	})
	if err == nil && action == operations.ActResend {
		return v.doneUndoable(queuePath, "console.flash.mailresent", undoAddress(t.SubjectID)), nil
	}
	if err == nil || v.settledByMe(t.ID) {
		return v.done(queuePath, "console.flash.acted"), nil
	}

	var refused *rules.Error
	switch code := rules.CodeOf(err); {
	case !errors.As(err, &refused), code == rules.VersionMismatch, code == rules.Forbidden,
		code == rules.NotFound && t.State == db.TaskDone:
		return answer{}, err
	}
	refused = v.worded(refused)
	if len(refused.Fields) > 0 {
		refused = &rules.Error{
			Message: refused.Fields[0].Message,
			Remedy:  refused.Fields[0].Remedy,
		}
	}
	return v.askAbout(t, refused)
}
