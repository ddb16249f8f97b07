package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

func taskPath(id string) string { return queuePath + "/" + id }

func taskRoutes() []route {
	const one = queuePath + "/:id"
	return []route{
		{method: get, path: one, access: may(rules.ViewProcesses), do: showTask},
		{method: post, path: one + "/take", access: may(rules.WorkTasks), do: takeTask},
		{method: post, path: one + "/hand-back", access: may(rules.WorkTasks), do: handBackTask},
		{method: get, path: one + "/do/:action", access: may(rules.WorkTasks), do: askAction},
		{method: post, path: one + "/do/:action", access: may(rules.WorkTasks), do: doAction},
	}
}

// taskPage is a task with what can be done about it.
type taskPage struct {
	ID, Kind  string
	Badge     badge
	Due       due
	Open      bool
	What, Why string // sentences of the service, in English
	Facts     []fact
	Actions   []taskAction
	Seen      string
	Take      bool // nobody or somebody else has it
	HandBack  bool // it is the operator's
	LeadOnly  bool // a lead settles it, and another one than it is about
}

// taskAction is a way to settle a task.
type taskAction struct {
	Name, Label, Link string
	Main              bool
}

func showTask(v *visit) (answer, error) {
	t, err := v.operations.QueueItemOf(v.scope(), v.param("id"), v.zone)
	if err != nil {
		return answer{}, err
	}

	p := taskPage{
		ID:    t.ID,
		Kind:  v.kindName(t.Kind),
		Badge: v.kindBadge(t.Kind),
		Due:   v.dueAt(t.Due, v.zone),
		Open:  t.State == db.TaskOpen,
		What:  t.What,
		Why:   t.Why,
		Facts: v.taskFacts(t),
		Seen:  t.Seen(),
	}
	if p.Open && v.mayDo(rules.WorkTasks) {
		mine := db.Text(t.AssigneeID) == v.who.ID
		p.Take = !mine
		p.HandBack = mine
		for _, name := range operations.ActionsOf(t.Kind) {
			if v.operations.MayAct(v.scope(), t.OperatorTask, name) != nil {
				p.LeadOnly = t.Kind == db.TaskBreakGlass
				continue
			}
			p.Actions = append(p.Actions, taskAction{
				Name:  name,
				Label: v.language.Say("console.action." + name),
				Link:  taskPath(t.ID) + "/do/" + name,
				Main:  len(p.Actions) == 0 && name != operations.ActClose,
			})
		}
	}
	return answer{page: "task", title: p.Kind, data: p, live: true, shared: true}, nil
}

// taskFacts is what is known of a task; what is not known is left out.
func (v *visit) taskFacts(t operations.QueueItem) []fact {
	facts := []fact{
		{Term: v.say("console.fact.about"), Value: t.SubjectName},
		{Term: v.say("console.fact.customer"), Value: t.AccountName},
		{Term: v.say("console.fact.clock"), Value: v.clockAt(t.TimeZone)},
		{Term: v.say("console.fact.raised"), Value: v.moment(t.CreatedAt, "")},
		{Term: v.say("console.fact.takenby"), Value: t.AssigneeName},
		{Term: v.say("console.fact.resolution"), Value: t.Resolution},
	}
	if t.AccountName != "" {
		facts[1].Link = queuePath + "?who=" + takenByOthers + "&account=" + db.Text(t.AccountID)
	}
	if t.ResolvedAt != nil {
		facts = append(facts, fact{
			Term:  v.say("console.fact.resolved"),
			Value: v.moment(*t.ResolvedAt, ""),
		})
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
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

func takeTask(v *visit) (answer, error) { return v.assign(&v.who.ID, "console.flash.taken") }

func handBackTask(v *visit) (answer, error) { return v.assign(nil, "console.flash.handedback") }

func (v *visit) assign(to *string, flash string) (answer, error) {
	t, err := v.db.GetTask(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	_, err = v.db.AssignTask(v.acting(db.Text(t.AccountID)), t.ID, to, v.form("seen"))
	if err != nil {
		return answer{}, err
	}
	return v.done(taskPath(t.ID), flash), nil
}

// actionFields are what each action asks for beside the reason, by the names of the form.
var actionFields = map[string][]string{
	operations.ActAccept:  {"account_id", "invite_as", "email"},
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
	t, err := v.operations.QueueItemOf(v.scope(), v.param("id"), v.zone)
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askAbout(t, nil)
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
		Notes: []string{about, t.Why},
		Hidden: []hidden{
			{"seen", seen},
			{"version", version},
		},
		Action: v.request.URL.Path,
		Submit: v.language.Say("console.action." + action),
		Danger: action == operations.ActReject || action == operations.ActRefuse,
		Back:   taskPath(t.ID),
	}
	c.Notes = slices.DeleteFunc(c.Notes, func(text string) bool { return text == "" })
	for _, name := range actionFields[action] {
		f, err := v.actionField(t, name)
		if err != nil {
			return answer{}, err
		}
		c.Fields = append(c.Fields, f)
	}
	c.Fields = append(c.Fields, field{
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
func (v *visit) actionField(t operations.QueueItem, name string) (field, error) {
	f := field{
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
		for _, role := range []string{"", "NONE", "READ_ONLY", "ADMIN"} {
			label := v.say("console.invite.unsaid")
			if role != "" {
				label = v.language.Say("console.invite." + role)
			}
			f.Choices = append(f.Choices, choice{role, label, role == f.Value})
		}
	case "csm_id":
		f.Kind = "choice"
		csms, _, err := v.accounts.ListCSMs(v.scope(), db.Page{Limit: 200})
		if err != nil {
			return f, err
		}
		for _, c := range csms {
			f.Choices = append(f.Choices, choice{c.ID, c.Name, c.ID == f.Value})
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

// letsIn reports whether the action, with what was typed, may give somebody access to a
// customer's account.
func (v *visit) letsIn(action string) bool {
	switch action {
	case operations.ActReissue:
		return true
	case operations.ActAccept:
		return rules.InviteAs(v.form("invite_as")) != rules.InviteAsNobody
	}
	return false
}

// doAction does what the confirmation asked about, for the state of the task that it showed.
func doAction(v *visit) (answer, error) {
	t, err := v.operations.QueueItemOf(v.scope(), v.param("id"), v.zone)
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAbout(t, nil)
	}

	action := v.param("action")
	if v.letsIn(action) {
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
	if len(refused.Fields) > 0 {
		refused = &rules.Error{
			Message: refused.Fields[0].Message,
			Remedy:  refused.Fields[0].Remedy,
		}
	}
	return v.askAbout(t, refused)
}
