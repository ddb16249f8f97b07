package console

import (
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/mail/letter"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/web"
)

const mailsPath = Root + "/mails"

// mailsList is the list of mails with their delivery state, the newest first (R119).
var mailsList = listing{
	path:  mailsPath,
	words: "console.mails",
	needs: may(rules.ViewProcesses),
	columns: []web.Column{
		{Name: "what"},
		{Name: "state"},
		{Name: "to"},
		{Name: "customer"},
		{Name: "when"},
		{Name: "queued", Hidden: true},
		{Name: "attempts", Number: true, Hidden: true},
		{Name: "language", Hidden: true},
	},
	search: true,
	bulk:   []bulkAct{resendMails},
	read:   readMails,
}

func mailRoutes() []route {
	const one = mailsPath + "/:id"
	view := may(rules.ViewProcesses)
	work := may(rules.WorkTasks)
	return append(mailsList.routes(),
		route{method: get, path: one, access: view, do: showMail},
		route{method: get, path: one + "/letter", access: view, do: showLetter},
		route{method: get, path: one + "/do/:act", access: work, do: changeMail},
		route{method: post, path: one + "/do/:act", access: work, do: changeMail},
	)
}

// What can be done about a mail.
const (
	mailResend    = "resend"
	mailDelivered = "delivered"
	mailReissue   = "reissue"
)

func readMails(v *visit, q web.ListQuery) (web.ListResult, error) {
	f := notification.NotificationFilter{
		State:     rules.NotificationState(v.query("state")),
		Template:  v.query("kind"),
		AccountID: v.query("account"),
		Failed:    v.query("state") == "failed",
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	if f.Failed {
		f.State = ""
	}
	found, next, err := v.findMails(f, q.Text)
	if err != nil {
		return web.ListResult{}, err
	}

	ids := []string{f.AccountID}
	for _, n := range found {
		ids = append(ids, db.Text(n.AccountID))
		switch db.KindOf(n.SubjectID) {
		case db.PrefixRMA, db.PrefixSpareUnit, db.PrefixOrder, db.PrefixTicket:
			ids = append(ids, n.SubjectID)
		}
	}
	names, err := v.namesOf(ids...)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next:   next,
		Facets: v.mailFacets(found, names),
		Empty: web.EmptyState{
			Icon:  "mail",
			Title: v.say("console.mails.empty.title"),
			Text:  v.say("console.mails.empty.text"),
		},
	}
	for _, n := range found {
		r.Lines = append(r.Lines, v.mailLine(n, names))
	}
	return r, nil
}

// findMails narrows the list by a text too: an address or its beginning, or the number of what
// the mails are about: a purchase order, a replacement, a spare unit.
func (v *visit) findMails(
	f notification.NotificationFilter, text string,
) ([]notification.Notification, string, error) {
	if text == "" {
		return v.notifications.ListNotifications(v.scope(), f)
	}
	if strings.Contains(text, "@") {
		f.Recipient = text
		return v.notifications.ListNotifications(v.scope(), f)
	}

	id, err := v.operations.IDOf(v.scope(), text)
	if err != nil {
		return nil, "", err
	}
	ofOrders := f
	switch db.KindOf(id) {
	case db.PrefixOrder:
		ofOrders.OrderID = id
		return v.notifications.ListNotifications(v.scope(), ofOrders)
	case db.PrefixAccount:
		f.AccountID = id
		return v.notifications.ListNotifications(v.scope(), f)
	case "":
	default:
		f.SubjectID = id
		return v.notifications.ListNotifications(v.scope(), f)
	}

	ofOrders.POKey = ordering.PONumberKey(text)
	found, next, err := v.notifications.ListNotifications(v.scope(), ofOrders)
	if err != nil || len(found) > 0 {
		return found, next, err
	}
	f.Recipient = text
	return v.notifications.ListNotifications(v.scope(), f)
}

func (v *visit) mailLine(n notification.Notification, names map[string]string) web.Line {
	queued := n.CreatedAt
	when := n.SentAt
	if when == nil {
		when = &queued
	}
	about := names[n.SubjectID]
	if n.Template == rules.TemplateRMA || n.Template == rules.TemplateSpare {
		if m, err := letter.Render(v.program, n, v.public, letter.Hidden); err == nil {
			about = m.Subject // it says which step
		}
	}
	return web.Line{
		ID:   n.ID,
		Link: mailsPath + "/" + n.ID,
		Cells: map[string]web.Cell{
			"what":     {Text: v.templateName(n.Template), Small: about},
			"state":    {Badge: v.mailState(n.State)},
			"to":       {Text: n.Recipient},
			"customer": {Text: names[db.Text(n.AccountID)]},
			"queued":   v.when(&queued, ""),
			"when":     v.when(when, ""),
			"attempts": {Text: v.language.Number(int64(n.Attempts))},
			"language": {Text: languageName(n.Locale)},
		},
	}
}

func (v *visit) mailFacets(
	found []notification.Notification, names map[string]string,
) []web.Facet {
	states := []web.FacetOption{{Label: v.say("console.mails.failed")}}
	values := []string{"failed"}
	for _, s := range rules.NotificationStates() {
		states = append(states, web.FacetOption{Label: v.mailState(s).Text})
		values = append(values, string(s))
	}

	var kinds []web.FacetOption
	templates := rules.Templates()
	slices.SortFunc(templates, func(a, b string) int {
		return strings.Compare(v.templateName(a), v.templateName(b))
	})
	for _, t := range templates {
		kinds = append(kinds, web.FacetOption{Label: v.templateName(t)})
	}

	var accounts []string
	for _, n := range found {
		accounts = append(accounts, db.Text(n.AccountID))
	}
	return []web.Facet{
		v.choiceOf(mailsPath, "state", v.say("console.mails.column.state"), states, values),
		v.choiceOf(mailsPath, "kind", v.say("console.facet.kind"), kinds, templates),
		v.accountFacet(mailsPath, accounts, names),
	}
}

// showMail shows a mail as its reader got it, what became of it, and what to do where it did not
// arrive.
func showMail(v *visit) (answer, error) {
	n, err := v.notifications.GetNotification(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	attempts, err := v.notifications.AttemptsOf(v.scope(), n.ID)
	if err != nil {
		return answer{}, err
	}
	names, err := v.namesOf(db.Text(n.AccountID), db.Text(n.OrderID), n.SubjectID)
	if err != nil {
		return answer{}, err
	}

	p := sheetPage{
		Badge: v.mailState(n.State),
		Sub:   v.say("console.mails.to", "address", n.Recipient),
		Acts:  v.mailActs(n),
	}
	if why, remedy := troubleOf(n); why != "" {
		p.Alert = v.language.Say("console.mails.why."+why) + " " +
			v.language.Say("console.mails.remedy."+remedy)
	}

	facts := knownFacts(
		web.Fact{
			Term:  v.say("console.fact.customer"),
			Value: names[db.Text(n.AccountID)],
			Link:  v.pageOfThing(db.Text(n.AccountID), ""),
		},
		web.Fact{
			Term:  v.say("console.mails.order"),
			Value: names[db.Text(n.OrderID)],
			Link:  v.pageOfThing(db.Text(n.OrderID), ""),
		},
		web.Fact{
			Term:  v.say("console.fact.about"),
			Value: names[n.SubjectID],
			Link:  v.pageOfThing(n.SubjectID, db.Text(n.AccountID)),
		},
		web.Fact{Term: v.say("console.mails.column.language"), Value: languageName(n.Locale)},
		web.Fact{Term: v.say("console.mails.column.queued"), Value: v.moment(n.CreatedAt, "")},
	)
	if n.SentAt != nil {
		facts = append(facts, web.Fact{
			Term:  v.say("console.mails.sent"),
			Value: v.moment(*n.SentAt, ""),
		})
	}
	facts = append(facts, knownFacts(
		web.Fact{
			Term:  v.say("console.mails.column.attempts"),
			Value: v.language.Number(int64(n.Attempts)),
		},
		web.Fact{Term: v.say("console.mails.server"), Value: n.ProviderID, Mono: true},
		web.Fact{Term: v.say("console.mails.lasterror"), Value: n.LastError, Mono: true},
	)...)
	p.Parts = append(p.Parts, sheetPart{
		Title: v.say("console.mails.delivery"),
		Note:  v.language.Say("console.mails.state." + string(n.State) + ".says"),
		Facts: facts,
	})

	if len(attempts) > 0 {
		p.Parts = append(p.Parts, v.mailAttempts(attempts))
	}
	a := sheet(v.templateName(n.Template), v.withLetter(p, n))
	a.live, a.shared = true, true
	return a, nil
}

func (v *visit) mailAttempts(attempts []notification.NotificationAttempt) sheetPart {
	part := sheetPart{
		Title: v.say("console.mails.tries"),
		Count: v.language.Number(int64(len(attempts))),
	}
	for _, a := range attempts {
		part.Timeline = append(part.Timeline, web.Moment{
			Who:  v.mailState(rules.NotificationState(a.Outcome)).Text,
			What: a.Error,
			When: v.moment(a.At, ""),
		})
	}
	return part
}

// withLetter adds the mail itself. Its links and codes are left out: only its reader has them.
func (v *visit) withLetter(p sheetPage, n notification.Notification) sheetPage {
	part := sheetPart{Title: v.say("console.mails.letter")}
	m, err := letter.Render(v.program, n, v.public, letter.Hidden)
	if err != nil {
		part.Empty = v.say("console.mails.noletter")
		p.Parts = append(p.Parts, part)
		return p
	}

	part.Note = v.say("console.mails.letter.note")
	part.Facts = []web.Fact{
		{Term: v.say("console.mails.from"), Value: m.FromName + " <" + m.FromAddress + ">"},
		{Term: v.say("console.mails.column.to"), Value: m.To},
		{Term: v.say("console.mails.subject"), Value: m.Subject},
	}
	part.Text = m.Text
	part.TextLanguage = m.Locale
	p.Parts = append(p.Parts, part, sheetPart{
		Title: v.say("console.mails.looks"),
		Frame: mailsPath + "/" + n.ID + "/letter",
	})
	return p
}

// showLetter is a mail's page as mail programs show it: in a sandbox of its own, which runs
// nothing and reads nothing.
func showLetter(v *visit) (answer, error) {
	n, err := v.notifications.GetNotification(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	m, err := letter.Render(v.program, n, v.public, letter.Hidden)
	if err != nil {
		return answer{}, errNoPage
	}
	return answer{letter: []byte(m.HTML)}, nil
}

// mailActs are what the operator may do about a mail now.
func (v *visit) mailActs(n notification.Notification) []web.ListAct {
	if !v.mayDo(rules.WorkTasks) {
		return nil
	}
	var acts []web.ListAct
	add := func(act, icon string, main bool) {
		acts = append(acts, web.ListAct{
			Link:  mailsPath + "/" + n.ID + "/do/" + act,
			Label: v.language.Say("console.mails.do." + act),
			Icon:  icon,
			Main:  main,
		})
	}

	failed := n.State == rules.NotificationHardBounced || n.State == rules.NotificationUnknown
	reissue := v.mayReissue(n)
	if reissue {
		add(mailReissue, "user-plus", n.State == rules.NotificationHardBounced)
	}
	if n.State == rules.NotificationUnknown || n.State == rules.NotificationSent {
		add(mailDelivered, "check", false)
	}
	if failed {
		add(mailResend, "send", !reissue || n.State == rules.NotificationUnknown)
	}
	return acts
}

// mayReissue reports whether the remedy may be an invitation to another address, and the
// operator may send one.
func (v *visit) mayReissue(n notification.Notification) bool {
	invites := n.Template == rules.TemplateInvitation ||
		n.Template == rules.TemplateInvitationReminder
	return invites && v.mayDo(rules.ManageUsers)
}

// mailSeen names the state of a mail that a confirmation showed.
func mailSeen(n notification.Notification) string {
	return string(n.State) + "/" + strconv.Itoa(n.Attempts)
}

// changeMail sends a mail again, marks it as delivered, or invites its reader anew, after saying
// what follows.
func changeMail(v *visit) (answer, error) {
	n, err := v.notifications.GetNotification(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	act := v.param("act")
	if act == mailReissue {
		return v.reissueFor(n)
	}
	if act != mailResend && act != mailDelivered {
		return answer{}, errNoPage
	}

	back := mailsPath + "/" + n.ID
	if !v.confirmed() {
		return v.ask(confirmation{
			Title:  v.language.Say("console.mails.do."+act) + " · " + v.templateName(n.Template),
			Says:   []string{v.say("console.mails.do."+act+".says", "address", n.Recipient)},
			Hidden: []web.Hidden{{Name: fieldSeen, Value: mailSeen(n)}},
			Action: v.request.URL.Path,
			Submit: v.language.Say("console.mails.do." + act),
			Back:   back,
		})
	}
	if v.form(fieldSeen) != mailSeen(n) {
		return answer{}, db.TaskMoved()
	}

	acting := v.acting(db.Text(n.AccountID))
	if act == mailResend {
		if err := v.notifications.ResendMailSoon(acting, n.ID); err != nil {
			return answer{}, err
		}
		return v.doneUndoable(back, "console.flash.mailresent", undoAddress(n.ID)), nil
	}
	if err := v.notifications.MailDelivered(acting, n.ID); err != nil {
		return answer{}, err
	}
	return v.done(back, "console.flash.maildelivered"), nil
}

// reissueFor invites the reader of an invitation anew, or somebody else instead.
func (v *visit) reissueFor(n notification.Notification) (answer, error) {
	if !v.mayReissue(n) {
		return answer{}, errForbidden
	}
	v.resume(v.request.URL.Path)
	email := web.Field{
		Name:     "email",
		Label:    v.say("console.field.email"),
		Kind:     "email",
		Value:    v.typed("email", n.Recipient),
		Required: true,
	}
	was, _ := n.Params["contact_name"].(string)
	name := web.Field{
		Name:  "contact_name",
		Label: v.say("console.field.contact_name"),
		Kind:  "text",
		Value: v.typed("contact_name", was),
	}

	return v.runEdit(edit{
		Title:  v.say("console.mails.do.reissue"),
		Says:   []string{v.say("console.mails.do.reissue.says")},
		Fields: []web.Field{email, name, v.reasonField()},
		Seen:   mailSeen(n),
		Submit: v.say("console.mails.do.reissue"),
		Back:   mailsPath + "/" + n.ID,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			var k rules.Checker
			k.Email("/email", email.Value)
			if err := rules.Invalid(k.Fields); err != nil {
				return nil, err
			}
			says := []string{v.say("console.mails.reissue.sends", "address", email.Value)}
			if rules.NormaliseEmail(email.Value) != rules.NormaliseEmail(n.Recipient) {
				says = append(says, v.say("console.mails.reissue.other", "address", n.Recipient))
			}
			return says, nil
		},
		Make: func() (string, string, error) {
			if err := v.needFresh(); err != nil {
				return "", "", err
			}
			address, person := email.Value, name.Value
			if rules.NormaliseEmail(address) == rules.NormaliseEmail(n.Recipient) {
				address, person = "", ""
			}
			_, err := v.people.Reissue(v.acting(db.Text(n.AccountID)), n.SubjectID,
				address, person, v.form("reason"))
			return mailsPath, "console.flash.reissued", err
		},
	})
}

// languageName is how a language calls itself.
func languageName(locale string) string {
	if locale == "" {
		return ""
	}
	return messages.In(locale).Say("language.name")
}

// letterPolicy lets a mail show its own styles and nothing else: it runs nothing, reads nothing,
// and stands on no other site's page.
const letterPolicy = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
