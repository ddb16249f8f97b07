package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/note"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/processes"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

func ticketRoutes() []route {
	const one = ticketsPath + "/:id"
	see, work := may(rules.UseTickets), may(rules.WorkTasks)
	return slices.Concat(ticketsList.routes(), fileRoutes(), []route{
		{method: get, path: newTicketPath, access: work, do: askTicket},
		{method: post, path: newTicketPath, access: work, do: openTicket},
		{method: get, path: one, access: see, do: showTicket},
		{method: post, path: one + "/reply", access: work, do: replyToTicket},
		{method: post, path: one + "/notes", access: work, do: noteTicket},
		{method: post, path: one + "/drafts", access: work, do: keepTicketDraft},
		{method: post, path: one + "/give", access: work, do: giveTicket},
		{method: get, path: one + "/do/:action", access: work, do: askOfTicket},
		{method: post, path: one + "/do/:action", access: work, do: doToTicket},
	})
}

// ticketPage is a ticket with all that is known where it is worked on.
type ticketPage struct {
	Number, Summary  string
	Severity, State  web.Badge
	Turn, Stands     string
	Due              web.Due
	Owner            web.Face
	Work             bool // the operator may work on it
	Take, HandBack   bool
	Mine             string // the operator's id
	Give             []web.Choice
	Acts, More       []web.ListAct
	Notices          []notice
	Talk             []spoken
	Earlier          bool // there was more
	Meanwhile        []spoken
	Reply, Note      *ticketForm // nil: nothing can be said any more
	Facts            []web.Fact
	Cover            web.Badge
	Reasons          []string
	CoverFacts       []web.Fact
	Clocks           []clockShown
	Terms            string
	Devices          []web.Row
	Replacements     []web.Row
	Others           []web.Row
	Room             *web.RoomThenAndNow // in Sync, of a ticket from there; nil: it is none
	Visits           *visitsPart         // nil: no sessions and no participants; see session.go
	Once, Seq        string
	Version, Problem string
	Held             string // the id of who has it
}

// notice is something about the ticket that is said above it, with where it leads.
type notice struct{ Text, Link, LinkText string }

// ticketForm is where something is written.
type ticketForm struct {
	Text    string
	Problem string
	Then    []web.Choice // what the ticket is set to behind the words
	Reason  web.Field
	Kept    bool // the text is a draft that was kept
	Files   web.FileField
	Canned  []web.Choice // replies that can be filled in
}

// spoken is an entry of a ticket's conversation: a public text, what happened, or what operators
// noted for themselves, which is built as another thing on purpose (S42).
type spoken struct {
	seq       int64
	Kind      string // said, noted, happened
	Who, What string
	Face      web.Face
	Ours      bool
	Automatic bool
	Text      string
	Times     []string // of a session
	Reason    string
	Files     []web.FileLine
	When      web.Due
}

// clockShown is a clock of a ticket with how its due time came about.
type clockShown struct {
	Name, Text string
	State      web.Badge
	Due        web.Due
	Stretches  []web.Fact
	Terms      string
}

// ticketAsked is what an answer of the page says beside the ticket: what was refused of a form.
type ticketAsked struct {
	refused *commandRefused
	note    bool  // the note's form, not the reply's
	seen    int64 // the last entry that was seen, where others wrote meanwhile
	filled  bool  // nothing was refused: the text has a canned reply in it
	given   bool  // the ticket was given to somebody else meanwhile
}

// showTicket shows a ticket, with what was typed into one of its forms before a sign-in.
func showTicket(v *visit) (answer, error) {
	at := v.request.URL.Path
	switch {
	case v.resume(at + "/reply"):
		return v.ticketAnswer(&ticketAsked{filled: true})
	case v.resume(at + "/notes"):
		return v.ticketAnswer(&ticketAsked{filled: true, note: true})
	}
	return v.ticketAnswer(nil)
}

func (v *visit) ticketAnswer(asked *ticketAsked) (answer, error) {
	d, err := v.tickets.AtDesk(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if v.param("id") != d.Number && v.request.Method == get {
		return redirect(ticketPath(d.Number)), nil // who looks at it meets there, see presence.go
	}
	notes, err := v.notes.Of(v.scope(), d.ID)
	if err != nil {
		return answer{}, err
	}
	var devices []entitlement.Device
	if d.RoomID != nil {
		devices, _, err = v.entitlements.ListDevices(v.scope(), entitlement.DeviceFilter{
			RoomID: *d.RoomID,
			Page:   db.Page{Limit: mostFound},
		})
		if err != nil {
			return answer{}, err
		}
	}
	names, err := v.namesBy(namedIn(d, notes))
	if err != nil {
		return answer{}, err
	}

	files, err := v.fileLines(d.ID)
	if err != nil {
		return answer{}, err
	}

	p := ticketPage{
		Number:   d.Number,
		Summary:  d.Summary,
		Severity: v.severityBadge(d.Severity),
		State:    v.ticketState(d.Ticket),
		Turn:     v.waitsFor(d.Turn),
		Stands:   v.ticketStands(d.Ticket),
		Owner:    web.FaceOf(db.Text(d.AssigneeID), d.AssigneeName),
		Work:     v.mayDo(rules.WorkTasks),
		Mine:     v.who.ID,
		Notices:  v.ticketNotices(d),
		Talk:     v.talkOf(d, notes, names, files),
		Earlier:  d.More,
		Facts:    v.ticketFacts(d),
		Clocks:   v.clocksOf(d),
		Terms:    v.termsOf(d.Ticket),
		// Behind each word and each note the form is another one.
		Once:    strconv.FormatInt(d.Seq+int64(len(notes)), 10),
		Seq:     strconv.FormatInt(d.Seq, 10),
		Version: v.version(d.Version),
		Held:    db.Text(d.AssigneeID),
	}
	if d.EffectiveDue != nil {
		p.Due = v.dueAt(*d.EffectiveDue, d.TimeZone)
	}
	v.addCover(&p, d)
	v.addAround(&p, d, devices)
	if d.Channel == rule.BySync {
		inSync, err := v.tickets.ThenAndNowOf(v.scope(), d.Ticket)
		if err != nil {
			return answer{}, err
		}
		p.Room = v.reader().ThenAndNow(inSync)
	}
	if p.Visits, err = v.visitsOf(d); err != nil {
		return answer{}, err
	}
	if p.Work {
		if err := v.offerTicket(&p, d); err != nil {
			return answer{}, err
		}
	}

	a := answer{
		page:   "ticket",
		title:  d.Number + " · " + d.Summary,
		data:   &p,
		live:   true,
		shared: true,
		about:  d.ID,
	}
	if asked != nil {
		v.showAsked(&p, &a, *asked)
	}
	return a, nil
}

// showAsked shows what was refused of a form: with what was typed, and, where others wrote
// meanwhile, with that above it.
func (v *visit) showAsked(p *ticketPage, a *answer, asked ticketAsked) {
	a.live = false
	a.status = http.StatusUnprocessableEntity
	if asked.given {
		a.status = http.StatusPreconditionFailed
		p.Problem = v.say("console.ticket.given.nobody")
		if p.Owner.Name != "" {
			p.Problem = v.say("console.ticket.given", "person", p.Owner.Name)
		}
		return // the drafts stay as they are
	}
	if asked.filled {
		a.status = http.StatusOK
	}
	form := p.Reply
	if asked.note {
		form = p.Note
	}
	if asked.seen > 0 {
		a.status = http.StatusPreconditionFailed
		for _, s := range p.Talk {
			if s.seq > asked.seen {
				p.Meanwhile = append(p.Meanwhile, s)
			}
		}
		p.Problem = v.say("console.ticket.meanwhile")
	}
	if asked.refused != nil {
		p.Problem = asked.refused.message
	}
	if form == nil {
		return
	}
	form.Text = v.form("text")
	form.Files = web.FileFieldOf(v.language, form.Files.ID, v.files)
	if asked.refused != nil {
		form.Problem = asked.refused.fields["text"]
		form.Reason.Problem = asked.refused.fields["reason"]
		if form.Reason.Problem != "" && strings.TrimSpace(v.form("reason")) == "" {
			form.Reason.Problem = v.say("console.ticket.reply.reason.missing")
			p.Problem = form.Reason.Problem
		}
	}
	form.Reason.Value = v.form("reason")
	for i, c := range form.Then {
		form.Then[i].Chosen = c.Value == v.form("then")
	}
}

// namedIn are the ids whose names stand in a ticket's conversation.
func namedIn(d ticket.Desk, notes []note.Note) []string {
	ids := []string{d.OpenedBy}
	for _, e := range d.Entries {
		if e.Message != nil {
			ids = append(ids, e.Message.AuthorID)
		} else {
			of := e.Event.Details
			ids = append(ids, e.Event.ActorID, of.Operator, of.User, of.Ticket, of.RMA)
		}
	}
	for _, n := range notes {
		ids = append(ids, n.AuthorID)
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" })
}

// talkOf is the conversation, the oldest first, with the notes between the words.
func (v *visit) talkOf(
	d ticket.Desk, notes []note.Note, names map[string]string, files map[string][]web.FileLine,
) []spoken {
	var talk []spoken
	for _, e := range d.Entries {
		if e.Message != nil {
			s := v.saidIn(*e.Message, names, d.TimeZone)
			s.Files = files[e.Message.ID]
			talk = append(talk, s)
		} else {
			s := v.happenedIn(*e.Event, names, d.TimeZone)
			s.Times = v.spansHereAndThere(e.Event.Details.Slots, d.TimeZone)
			talk = append(talk, s)
		}
	}
	for _, n := range notes {
		talk = append(talk, spoken{
			seq:   n.Seq,
			Kind:  "noted",
			Who:   cmp.Or(names[n.AuthorID], v.program.Name),
			Face:  web.FaceOf(n.AuthorID, names[n.AuthorID]),
			What:  v.say("console.ticket.noted"),
			Ours:  true,
			Text:  n.Text,
			Files: files[n.ID],
			When:  v.pastAt(n.CreatedAt, d.TimeZone),
		})
	}
	slices.SortStableFunc(talk, func(a, b spoken) int { return cmp.Compare(a.seq, b.seq) })
	return talk
}

// channelName is by which way a message came. What a customer writes on a page of the portal, one
// of us writes here.
func (v *visit) channelName(m ticket.Message) string {
	if m.Channel == rule.ByPortal && m.AuthorKind.IsOurs() {
		return v.say("console.ticket.here")
	}
	return v.language.Say("console.channel." + string(m.Channel))
}

func (v *visit) saidIn(m ticket.Message, names map[string]string, zone string) spoken {
	who := names[m.AuthorID]
	if who == "" {
		who = v.language.Say("console.author." + string(m.AuthorKind))
	}
	s := spoken{
		seq:       m.Seq,
		Kind:      "said",
		Who:       who,
		Face:      web.FaceOf(m.AuthorID, names[m.AuthorID]),
		What:      v.channelName(m),
		Ours:      m.AuthorKind.IsOurs(),
		Automatic: m.Automatic,
		Text:      m.Text,
		When:      v.pastAt(m.CreatedAt, zone),
	}
	if m.TakenBackAt != nil {
		s.What = web.Joined(s.What, v.say("console.ticket.takenback"))
	}
	return s
}

func (v *visit) happenedIn(e ticket.Event, names map[string]string, zone string) spoken {
	of := e.Details
	args := messages.Args{
		"severity": "",
		"state":    "",
		"name":     cmp.Or(names[of.Operator], names[of.User], of.Team),
		"number":   cmp.Or(names[of.Ticket], names[of.RMA]),
		"n":        v.language.Number(int64(of.Day)),
		"when":     v.reader().Since(of.Since),
	}
	if of.Severity != 0 {
		args["severity"] = v.severityName(of.Severity)
	}
	if of.State != "" {
		args["state"] = v.ticketStateName(of.State)
	}
	key := string(e.Kind)
	switch {
	case e.Kind == ticket.Assigned && args["name"] == "":
		key += ".nobody"
	case e.Kind == ticket.Assigned && of.Operator != "" && of.Operator == e.ActorID:
		key += ".self"
	case e.Kind == ticket.Duplicate && of.Ticket == "":
		key += ".none"
	case e.Kind == ticket.RMAEnded && v.language.Has("console.ticketevent."+key+"."+of.Ending):
		key += "." + of.Ending
	}
	s := spoken{
		seq:    e.Seq,
		Kind:   "happened",
		Who:    names[e.ActorID],
		What:   v.language.Say("console.ticketevent."+key, args),
		Ours:   e.ActorRole.IsOperator(),
		Reason: of.Reason,
		When:   v.pastAt(e.At, zone),
	}
	if s.Who == "" {
		s.Who = v.program.Name
	}
	return s
}

// ticketStands says what the ticket waits for, until when, and what comes then (S55).
func (v *visit) ticketStands(t ticket.Ticket) string {
	st := process.Standing{
		Kind:  processes.Ticket,
		State: string(t.State),
		Until: t.EffectiveDue,
		Zone:  t.TimeZone,
	}
	if t.State == rule.PendingCustomer || t.State == rule.Resolved {
		st.Until = t.NextAt
	}
	return v.sentence(st)
}

// ticketNotices are what has to be known before anything is done with the ticket.
func (v *visit) ticketNotices(d ticket.Desk) []notice {
	var out []notice
	if d.WorseAskedAt != nil {
		out = append(out, notice{
			Text:     v.say("console.ticket.worse"),
			Link:     ticketPath(d.Number) + "/do/" + string(rule.DoSetSeverity),
			LinkText: v.say("console.ticket.worse.decide"),
		})
	}
	if d.Rerouted() {
		out = append(out, notice{Text: v.say("console.ticket.rerouted")})
	}
	if d.DuplicateNumber != "" {
		out = append(out, notice{
			Text:     v.say("console.ticket.duplicate"),
			Link:     ticketPath(d.DuplicateNumber),
			LinkText: d.DuplicateNumber,
		})
	}
	if d.FollowsNumber != "" {
		out = append(out, notice{
			Text:     v.say("console.ticket.follows"),
			Link:     ticketPath(d.FollowsNumber),
			LinkText: d.FollowsNumber,
		})
	}
	return out
}

// ticketFacts is whom and what the ticket is about.
func (v *visit) ticketFacts(d ticket.Desk) []web.Fact {
	device := ""
	if d.DeviceID != nil {
		device = web.Joined(v.modelName(d.DeviceModel, v.now), d.DeviceOf)
	}
	opener := web.Joined(d.OpenedByName, d.OpenedEmail)
	opened := d.OpenedAt
	facts := []web.Fact{
		{Term: v.say("console.ticket.fact.customer"), Value: d.AccountName,
			Link: accountPath(d.AccountID)},
		{Term: v.say("console.ticket.fact.room"), Value: web.Joined(d.RoomName, d.RoomSite),
			Link: v.pageOfThing(db.Text(d.RoomID), "")},
		{Term: v.say("console.ticket.fact.device"), Value: device,
			Link: v.pageOfThing(db.Text(d.DeviceID), "")},
		{Term: v.say("console.ticket.fact.clock"), Value: v.clockAt(d.TimeZone)},
		{Term: v.say("console.ticket.fact.person"), Value: opener},
		{Term: v.say("console.ticket.fact.watching"), Value: strings.Join(d.WatcherNames(), ", ")},
		{Term: v.say("console.ticket.fact.csm"),
			Value: web.Joined(d.CSMName, d.CSMEmail, d.CSMPhone)},
		{Term: v.say("console.ticket.fact.opened"), Value: v.moment(opened, d.TimeZone)},
		{Term: v.say("console.ticket.fact.category"), Value: v.categoryName(d.Category)},
		{Term: v.say("console.ticket.fact.team"), Value: d.Team},
	}
	return slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" })
}

// addCover says by what the ticket is covered, as it was frozen when it was opened (R28d, S3).
func (v *visit) addCover(p *ticketPage, d ticket.Desk) {
	a := d.Frozen.Answer(d.OpenedAt)
	p.Cover = v.coverBadge(a)
	by := cover.ReasonFor(reasonsOfKinds[d.Frozen.Entitlement.Kind])
	p.Reasons = []string{v.reasonText(by), v.say("console.ticket.frozen",
		"when", v.moment(d.OpenedAt, d.TimeZone))}
	if d.ContractID != nil {
		p.CoverFacts = append(p.CoverFacts, web.Fact{
			Term:  v.say("console.ticket.fact.contract"),
			Value: v.say("console.ticket.fact.contract.open"),
			Link:  v.pageOfThing(*d.ContractID, ""),
		})
	}
}

// termsOf says by which policy and calendar the clocks count.
func (v *visit) termsOf(t ticket.Ticket) string {
	if t.PolicyCode == "" {
		return v.say("console.ticket.noclocks")
	}
	if t.CalendarCode == "" {
		return v.say("console.ticket.terms.policy", "policy", t.PolicyCode,
			"version", v.language.Number(int64(t.PolicyVersion)))
	}
	return v.say("console.ticket.terms", "policy", t.PolicyCode,
		"version", v.language.Number(int64(t.PolicyVersion)),
		"calendar", t.CalendarCode,
		"edition", v.language.Number(t.CalendarVersion))
}

// clockColors are the states of clocks by what they mean.
var clockColors = map[rule.ClockState]string{
	rule.Running:  "blue",
	rule.Met:      "green",
	rule.Breached: "red",
	rule.Paused:   "amber",
}

// clocksOf are the clocks of a ticket, of the updates the last one, each explained (S41).
func (v *visit) clocksOf(d ticket.Desk) []clockShown {
	var out []clockShown
	for _, kind := range []rule.ClockKind{rule.FirstResponse, rule.Update, rule.Restore} {
		var last *rule.Clock
		for i, c := range d.Clocks {
			if c.Kind == kind {
				last = &d.Clocks[i]
			}
		}
		if last != nil && last.Target.Promised() {
			out = append(out, v.clockShown(*last, d.TimeZone))
		}
	}
	return out
}

func (v *visit) clockShown(c rule.Clock, zone string) clockShown {
	shown := clockShown{
		Name: v.language.Say("console.clock." + string(c.Kind)),
		State: web.Badge{
			Text:  v.language.Say("console.clockstate." + string(c.State)),
			Color: clockColors[c.State],
		},
	}
	switch {
	case c.EndedAt != nil:
		shown.Text = v.say("console.ticket.clock.ended", "when", v.moment(*c.EndedAt, zone))
	case c.State == rule.Paused:
		shown.Text = v.say("console.ticket.clock.paused")
	}
	if c.DueAt != nil && c.EndedAt == nil {
		shown.Due = v.dueAt(*c.DueAt, zone)
	} else if c.DueAt != nil {
		shown.Text = web.Joined(shown.Text,
			v.say("console.ticket.clock.due", "when", v.moment(*c.DueAt, zone)))
	}

	for _, s := range c.Explanation {
		what := v.language.Say("console.stretch." + string(s.Kind))
		switch {
		case s.Kind == rule.Holiday && s.Reason != "":
			what += ": " + s.Reason
		case s.Kind == rule.Pause && rule.State(s.Reason).Valid():
			what += ": " + v.ticketStateName(rule.State(s.Reason))
		}
		shown.Stretches = append(shown.Stretches, web.Fact{
			Term:  what,
			Value: v.moment(s.From, zone) + " – " + v.moment(s.To, zone),
		})
	}
	return shown
}

// addAround shows what else stands in the room and runs there.
func (v *visit) addAround(p *ticketPage, d ticket.Desk, devices []entitlement.Device) {
	for _, one := range devices {
		p.Devices = append(p.Devices, web.Row{
			Link:     devicePath(one.ID),
			Title:    v.modelName(one.ModelCode, v.now),
			Sub:      db.Text(one.Serial),
			Badge:    v.deviceState(one.State),
			Selected: one.ID == db.Text(d.DeviceID),
		})
	}
	for _, r := range d.RMAs {
		row := web.Row{
			Link:  replacementPath(r.Name()),
			Title: r.Name(),
			Sub:   web.Joined(v.pieces(r), r.FaultySerial),
			Badge: v.rmaState(r),
		}
		if r.PromisedUntil != nil && r.ClosedAt == nil {
			row.Due = v.dueAt(*r.PromisedUntil, d.TimeZone)
		}
		p.Replacements = append(p.Replacements, row)
	}
	for _, t := range d.Others {
		row := web.Row{
			Link:  ticketPath(t.Number),
			Title: t.Summary,
			Sub:   t.Number,
			Badge: v.ticketState(t),
		}
		if t.EffectiveDue != nil {
			row.Due = v.dueAt(*t.EffectiveDue, t.TimeZone)
		}
		p.Others = append(p.Others, row)
	}
}

// offerTicket offers what the operator may do with the ticket now.
func (v *visit) offerTicket(p *ticketPage, d ticket.Desk) error {
	mine := db.Text(d.AssigneeID) == v.who.ID
	if v.mayTicket(rule.DoAssign, d.Ticket) {
		p.Take, p.HandBack = !mine, mine
		colleagues, err := v.operations.Colleagues(v.scope())
		if err != nil {
			return err
		}
		for _, o := range colleagues {
			if o.ID != v.who.ID && o.ID != db.Text(d.AssigneeID) {
				p.Give = append(p.Give, web.Choice{Value: o.ID, Label: o.Name})
			}
		}
	}

	for _, c := range ticketActs {
		if !v.mayTicket(c, d.Ticket) {
			continue
		}
		act := web.ListAct{
			Link:  ticketPath(d.Number) + "/do/" + string(c),
			Label: v.language.Say("console.ticketact." + string(c)),
			Icon:  ticketIcons[c],
		}
		if slices.Contains(ticketBeside, c) {
			p.Acts = append(p.Acts, act)
		} else {
			p.More = append(p.More, act)
		}
	}

	if v.mayTicket(rule.DoAnswer, d.Ticket) {
		p.Reply = &ticketForm{
			Text:  db.Text(d.ReplyDraft),
			Kept:  d.ReplyDraft != nil,
			Files: web.FileFieldOf(v.language, "reply-files", nil),
			Reason: web.Field{
				Name:  "reason",
				Label: v.say("console.ticket.reply.reason"),
				Help:  v.say("console.ticket.reply.reason.help"),
				Kind:  "text",
			},
		}
		var err error
		if p.Reply.Canned, err = v.cannedChoices(); err != nil {
			return err
		}
		p.Reply.Then = append(p.Reply.Then, web.Choice{
			Label:  v.say("console.ticket.reply.nothing"),
			Chosen: true,
		})
		for _, c := range []rule.Command{rule.DoWaitCustomer, rule.DoWaitOther, rule.DoResolve} {
			if v.mayTicket(c, d.Ticket) {
				p.Reply.Then = append(p.Reply.Then, web.Choice{
					Value: string(c),
					Label: v.language.Say("console.ticket.then." + string(c)),
				})
			}
		}
	}
	if v.mayTicket(rule.DoNote, d.Ticket) {
		p.Note = &ticketForm{
			Text:  db.Text(d.NoteDraft),
			Kept:  d.NoteDraft != nil,
			Files: web.FileFieldOf(v.language, "note-files", nil),
		}
	}
	return nil
}

// mayTicket reports whether the operator may give a command: also one that a reply which comes
// before it makes possible (S40).
func (v *visit) mayTicket(c rule.Command, t ticket.Ticket) bool {
	facts := t.FactsAt(v.now)
	answered := facts
	answered.State = rule.AfterAnswer(facts.State)
	return rule.May(c, v.who.Role, facts) == nil ||
		saysFirst(c) && rule.May(c, v.who.Role, answered) == nil
}

// saysFirst reports whether the page of a command, or its form, has room for a reply.
func saysFirst(c rule.Command) bool {
	switch c {
	case rule.DoWaitCustomer, rule.DoWaitOther, rule.DoWaitRMA, rule.DoResolve:
		return true
	}
	return false
}
