package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/messages/sla"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// ticketPage is one ticket: what happens next, what was said, what is known, and what this
// person may do.
type ticketPage struct {
	Number, Summary string
	Severity, Turn  web.Badge
	Next            string // one sentence (S55)
	Rerouted        string // how it came that Select answers (R32b); empty: nothing to say
	Asked           string // what whoever is waited for is asked for; empty: nothing
	Due             string // by when, by the reader's clock and the room's; empty: nothing is due
	Late            bool
	Links           []web.Fact // to other tickets of the same matter
	Talk            []said
	Earlier         string // address of what was said before; empty: everything is shown
	Clocks          []clockView
	Facts           []web.Fact
	Cover           []web.Fact
	RMAs            []web.Fact
	Replace         string // address of the request of a replacement; empty: not offered
	Cancel          string // address that asks whether to take the ticket back; empty: not offered
	Watch           watchView
	Reply           replyView

	Room *web.RoomThenAndNow // in Sync, of a ticket from there; nil: it is none

	Visits *visitsView // nil: no sessions and no guests; see session.go
}

// said is an entry of a conversation: words, or what happened.
type said struct {
	Anchor, Who string
	What        string // of what happened
	Times       []string
	Text        string
	Files       []web.FileLine
	Rest        string // address at which the whole of a long text is read; empty: it is whole
	When        web.Due
	Ours        bool
	Automatic   bool // no person wrote it: it is folded
	About, Link string
}

// clockView is a promise of time, and how it stands.
type clockView struct {
	Name, Says string
	Why        string // how the time came about (S41)
	State      web.Badge
}

// replyView is the form in which this person writes to the ticket.
type replyView struct {
	Action      string
	Text, Once  string
	Version     int64
	Seq         int64  // of the last entry that the page shows
	Meanwhile   []said // what others wrote since the reader looked
	Kept        bool   // the text is a draft that was kept
	Problem     string // message key
	Acts        []replyAct
	Draft       bool // it can be kept
	Most        int
	Label, Help string // message keys
	Files       *web.FileField
}

// replyAct is a button of the form.
type replyAct struct {
	Value, Label string
	Main         bool
}

// watchView are the members who are told of the ticket, and who else could be.
type watchView struct {
	Action string
	People []watcher
	Others []choice
	Me     bool // the reader is not told yet
	Open   bool // it may be changed
}

type watcher struct {
	ID, Name string
	Fixed    bool // it is their ticket
}

// What a page of a ticket holds at most: the rest is behind a link.
const (
	talkEntries = 80
	talkOctets  = 20 << 10
	longText    = 6000 // characters of one text
)

func showTicket(v *visit) (answer, error) { return v.ticketPage(typedReply{}, 0) }

// typedReply is what was typed into the form, and what is wrong with it.
type typedReply struct {
	sent       bool
	text, once string
	seq        int64 // of the last entry that the page showed
	problem    string
}

// typedReply reads the form. Lines end as the store has them.
func (v *visit) typedReply() typedReply {
	seq, _ := strconv.ParseInt(v.form("seq"), 10, 64)
	return typedReply{
		sent: true,
		text: strings.ReplaceAll(v.form("text"), "\r\n", "\n"),
		once: v.form("once"),
		seq:  seq,
	}
}

// ticketPage shows a ticket of the account at hand, with what was typed into its form; a
// foreign one does not exist (C5).
func (v *visit) ticketPage(typed typedReply, status int) (answer, error) {
	r, err := v.tickets.Read(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	path := ticketPath(r.Ticket.Number)
	if v.resumes(v.request.URL.Path + "/reply") {
		typed = v.typedReply()
	}

	members, err := v.people.MembersOf(v.acting(), r.Ticket.AccountID)
	if err != nil {
		return answer{}, err
	}
	rmas, err := v.replacementsOf(r)
	if err != nil {
		return answer{}, err
	}

	t := r.Ticket
	files, err := v.fileLines(t.ID)
	if err != nil {
		return answer{}, err
	}
	sessions, guests, err := v.tickets.VisitsTo(v.acting(), t.ID)
	if err != nil {
		return answer{}, err
	}
	v.ticketGuests = guests
	talk := v.talk(r, members, rmas, files)
	p := ticketPage{
		Number:   t.Number,
		Summary:  t.Summary,
		Severity: v.severityBadge(t),
		Turn:     v.turnBadge(t),
		Next:     v.ticketSentence(r),
		Rerouted: v.rerouted(t.Rerouted()),
		Links:    v.ticketLinks(r),
		Clocks:   v.clockViews(r),
		Cover:    v.frozenCover(t),
		Watch:    v.watchView(r, members),
		Reply:    v.replyView(r, typed, talk),
	}
	if t.EffectiveDue != nil {
		p.Due = v.momentHereAndThere(*t.EffectiveDue, t.TimeZone)
		p.Late = !t.EffectiveDue.After(r.At)
	}
	if t.State == rule.PendingCustomer || t.State == rule.PendingThirdParty {
		p.Asked = t.WaitingReason
	}
	if p.Facts, err = v.ticketFacts(r, members); err != nil {
		return answer{}, err
	}
	if t.Channel == rule.BySync {
		inSync, err := v.tickets.ThenAndNowOf(v.acting(), t)
		if err != nil {
			return answer{}, err
		}
		p.Room = v.reader().ThenAndNow(inSync)
	}
	p.Talk, p.Earlier = v.shownTalk(talk, path)
	for _, m := range rmas {
		p.RMAs = append(p.RMAs, web.Fact{
			Term:  m.Name(),
			Value: v.replacementView(m, r.At).State,
			Link:  replacementsPath + "/" + m.Name(),
		})
	}
	p.Visits = v.visitsView(t, sessions, members)
	p.Replace = v.replaceLink(r)
	if v.may(t, rule.DoCancel) {
		p.Cancel = path + "/cancel"
	}

	return answer{
		status: status,
		page:   "ticket",
		label:  t.Summary,
		data:   p,
		here:   v.pageOfTicket(path),
	}, nil
}

// rerouted says, where JumpStart was asked and Select answers, that it does, and how to ask for
// that at once (R32b).
func (v *visit) rerouted(is bool) string {
	if !is {
		return ""
	}
	return v.say("ticket.rerouted", "program", v.program.Name)
}

// pageOfTicket is the address of the page at hand, where it is one of a ticket.
func (v *visit) pageOfTicket(path string) string {
	if pagePath(v.request.URL.Path) {
		return v.request.URL.Path
	}
	return path
}

// may reports whether this person may give a command to the ticket now; who only looks at the
// account as an operator may give none.
func (v *visit) may(t ticket.Ticket, c rule.Command) bool {
	return !v.looking() && slices.Contains(t.Commands(v.who.role(), v.tickets.Now()), c)
}

// isOver reports whether a ticket is closed: also one whose time is over and that stands as
// resolved until its timer fires.
func (v *visit) isOver(t ticket.Ticket) bool {
	return t.FactsAt(v.tickets.Now()).State.Over()
}

// replacementsOf are the replacements for which the ticket waits, or waited.
func (v *visit) replacementsOf(r ticket.Reading) ([]replacement.RMA, error) {
	if len(r.RMAIDs) == 0 {
		return nil, nil
	}
	rmas, _, err := v.replacements.ListRMAs(v.acting(), replacement.RMAFilter{
		TicketID: r.Ticket.ID,
		Page:     db.Page{Limit: 10},
	})
	return rmas, err
}

// replaceLink leads to the request of a replacement for the ticket's device.
func (v *visit) replaceLink(r ticket.Reading) string {
	if r.DeviceSerial == "" || r.Ticket.State.Over() || !v.offers(requestPath) {
		return ""
	}
	return web.ListAddress(requestPath, "q", r.DeviceSerial, "ticket", r.Ticket.Number)
}

// ticketSentence says in one sentence what the ticket waits for, until when, and what happens
// then (S55).
func (v *visit) ticketSentence(r ticket.Reading) string {
	t := r.Ticket
	key := string(t.State)
	args := messages.Args{
		"mailbox": v.program.Mailbox,
		"number":  r.FollowedBy,
	}
	switch t.State {
	case rule.New, rule.Open, rule.InProgress:
		switch {
		case t.EffectiveDue == nil:
			key += ".undated"
		case !t.EffectiveDue.After(r.At):
			key += ".late"
		default:
			args["when"] = v.momentHereAndThere(*t.EffectiveDue, t.TimeZone)
		}
	case rule.PendingCustomer:
		if t.NextAt == nil || t.NextTimer == ticket.TimerClock {
			key += ".undated"
			break
		}
		key += "." + string(t.NextTimer)
		args["day"] = v.nearDay(*t.NextAt, t.TimeZone)
	case rule.PendingRMA:
		if t.RMAShipped {
			key += ".shipped"
		}
	case rule.Resolved:
		if t.NextAt == nil {
			key += ".undated"
			break
		}
		args["day"] = v.nearDay(t.NextAt.Add(-time.Nanosecond), t.TimeZone)
	case rule.Closed:
		if r.FollowedBy != "" {
			key += ".followed"
		}
	}
	return v.language.Say("ticket.next."+key, args)
}

// nearDay is the day of an instant by the clock of a place.
func (v *visit) nearDay(at time.Time, zone string) string {
	return v.language.NearDate(at.In(location(zone)), v.db.Clock().Now())
}

// ticketLinks lead to other tickets of the same matter.
func (v *visit) ticketLinks(r ticket.Reading) []web.Fact {
	var out []web.Fact
	add := func(key, number string) {
		if number != "" {
			out = append(out, web.Fact{
				Value: v.language.Say("ticket.link."+key, messages.Args{"number": number}),
				Link:  ticketPath(number),
			})
		}
	}
	add("follows", r.FollowsNumber)
	add("followed", r.FollowedBy)
	add("duplicate", r.DuplicateNumber)
	if r.OthersOpen > 0 && r.Ticket.RoomID != nil {
		out = append(out, web.Fact{
			Value: v.language.Count("ticket.link.others", r.OthersOpen),
			Link: web.ListAddress(ticketsPath, "room", *r.Ticket.RoomID,
				ticketFacet, string(ticket.StandingOpen)),
		})
	}
	return out
}

// ticketFacts are what the ticket is about, and whose it is.
func (v *visit) ticketFacts(r ticket.Reading, members []identity.Member) ([]web.Fact, error) {
	t := r.Ticket
	var out []web.Fact
	add := func(name, value, link string) {
		if value != "" {
			if link != "" && !v.offers(link) {
				link = ""
			}
			out = append(out, web.Fact{
				Term:  v.language.Say("ticket.fact." + name),
				Value: value,
				Link:  link,
			})
		}
	}

	if t.RoomID != nil {
		add("room", r.RoomName, roomPath(*t.RoomID))
		add("site", r.RoomSite, "")
		add("time", v.language.DateTimeAt(r.At, t.TimeZone), "")
	}
	if t.DeviceID != nil {
		ref, err := v.programs.Reference(v.ctx)
		if err != nil {
			return nil, err
		}
		name := nameOn(ref, r.DeviceModel, t.OpenedAt)
		add("device", web.Joined(name, r.DeviceSerial), devicePath(*t.DeviceID))
	}
	add("category", v.categoryName(t.Category), "")
	add("opened", v.language.DateTimeAt(t.OpenedAt, v.zone()), "")
	add("by", v.ownerOf(t, members), "")
	return out, nil
}

// ownerOf is the name of the member whose ticket it is, or that a program opened it.
func (v *visit) ownerOf(t ticket.Ticket, members []identity.Member) string {
	if t.OpenedFor != nil {
		return v.memberName(*t.OpenedFor, members)
	}
	if t.OpenedRole.IsOperator() {
		return v.say("ticket.by.us", "program", v.program.Name)
	}
	if rule.AuthorOf(t.OpenedRole) == rule.FromPartner {
		return v.say("ticket.by.partner")
	}
	return v.say("ticket.by.program")
}

// memberName is how the page calls a member of the account, now or once.
func (v *visit) memberName(id string, members []identity.Member) string {
	if id == v.who.user.ID {
		return v.say("ticket.by.you")
	}
	for _, m := range members {
		if m.UserID == id {
			return m.Name
		}
	}
	switch db.KindOf(id) {
	case db.PrefixToken, db.PrefixSync:
		return v.say("ticket.by.program")
	case db.PrefixParticipant:
		return v.guestName(id)
	}
	return v.say("ticket.by.former")
}

// guestName is how the page calls a guest of the ticket, now or once.
func (v *visit) guestName(id string) string {
	for _, p := range v.ticketGuests {
		if p.ID == id {
			return web.Joined(p.Name, p.Company)
		}
	}
	return v.say("ticket.by.tsp")
}

// frozenCover is what covered the ticket when it was opened, which stays (R28d, S3).
func (v *visit) frozenCover(t ticket.Ticket) []web.Fact {
	var out []web.Fact
	add := func(name, value string) {
		if value != "" {
			out = append(out, web.Fact{
				Term:  v.language.Say("ticket.cover." + name),
				Value: value,
			})
		}
	}
	z := t.Frozen
	add("by", v.language.Say("ticket.cover.kind."+string(z.Entitlement.Kind),
		messages.Args{"program": v.program.Name}))
	if !z.Entitlement.Until.IsZero() {
		add("until", v.lastDayCell(z.Entitlement.Until).Text)
	}
	if t.Terms != nil && t.Terms.Policy.Code != "" {
		add("policy", v.policyName(t.Terms.Policy))
	}
	add("languages", v.spokenLanguages(z.Languages))
	add("speed", v.speedWords(string(z.RMASpeed)))
	return out
}

// clockKinds are the clocks in the order in which people ask for them.
var clockKinds = []rule.ClockKind{rule.FirstResponse, rule.Update, rule.Restore}

var clockColors = map[rule.ClockState]string{
	rule.Running:  "blue",
	rule.Paused:   "",
	rule.Met:      "green",
	rule.Breached: "red",
}

// clockViews are the last clock of each kind for which something is promised.
func (v *visit) clockViews(r ticket.Reading) []clockView {
	var out []clockView
	for _, kind := range clockKinds {
		var last *rule.Clock
		for i, c := range r.Clocks {
			if c.Kind == kind && c.Target.Promised() && c.State != rule.ClockCancelled {
				last = &r.Clocks[i]
			}
		}
		if last == nil {
			continue
		}
		says := ""
		if last.DueAt != nil {
			says = v.say("ticket.clock.due",
				"when", v.momentHereAndThere(*last.DueAt, r.Ticket.TimeZone))
		}
		out = append(out, clockView{
			Name: v.language.Say("ticket.clock." + string(kind)),
			Says: says,
			Why:  sla.Explain(*last, r.Ticket.Zone(), v.language.Locale()),
			State: web.Badge{
				Text:  v.language.Say("ticket.clockstate." + string(last.State)),
				Color: clockColors[last.State],
			},
		})
	}
	return out
}

// talk is the whole conversation, the oldest first.
func (v *visit) talk(
	r ticket.Reading, members []identity.Member, rmas []replacement.RMA,
	files map[string][]web.FileLine,
) []talkEntry {
	var out []talkEntry
	for _, e := range r.Entries {
		var s said
		switch {
		case e.Message != nil:
			s = v.saidBy(*e.Message, members)
			s.Files = files[e.Message.ID]
		case e.Event != nil:
			var shown bool
			if s, shown = v.happened(*e.Event, members, rmas); !shown {
				continue
			}
			for _, slot := range e.Event.Details.Slots {
				s.Times = append(s.Times, v.span(slot, r.Ticket.TimeZone))
			}
		}
		s.Anchor = "e" + strconv.FormatInt(e.Seq, 10)
		s.When = v.reader().PastAt(e.At, v.zone())
		out = append(out, talkEntry{e.Seq, s})
	}
	return out
}

// talkEntry is an entry with its place in the conversation.
type talkEntry struct {
	seq int64
	said
}

// saidBy are the words of a person, or of the service itself.
func (v *visit) saidBy(m ticket.Message, members []identity.Member) said {
	s := said{
		Text:      m.Text,
		Ours:      m.AuthorKind == rule.FromAgent || m.Automatic,
		Automatic: m.Automatic,
	}
	switch {
	case m.Automatic:
		s.Who = v.program.Name
	case m.AuthorKind == rule.FromAgent:
		s.Who = v.say("ticket.by.us", "program", v.program.Name)
	case m.AuthorKind == rule.FromTSP:
		s.Who = v.guestName(m.AuthorID)
	case m.AuthorKind == rule.FromPartner:
		s.Who = v.say("ticket.by.partner")
	case m.AuthorID == "" || db.KindOf(m.AuthorID) == db.PrefixOperator:
		s.Who = v.say("ticket.by.somebody") // nobody knows who said it
	default:
		s.Who = v.memberName(m.AuthorID, members)
	}
	if m.Channel == rule.ByMail || m.Channel == rule.ByPhone {
		s.Who = web.Joined(s.Who, v.language.Say("ticket.channel."+string(m.Channel)))
	}
	return s
}

// shownEvents are the events of which the customer reads. Reasons are for whom they were
// given, and stay out.
var shownEvents = []ticket.EventKind{
	ticket.Opened, ticket.Moved, ticket.SeveritySet, ticket.Worse, ticket.Thanks,
	ticket.WatcherAdded, ticket.WatcherRemoved, ticket.Duplicate, ticket.Followed,
	ticket.RMALinked, ticket.RMAApproved, ticket.RMAShipped, ticket.RMAEnded,
	ticket.Reminded, ticket.Reopened, ticket.ReopeningUndone,
	ticket.SessionProposed, ticket.SessionAgreed, ticket.SessionScheduled, ticket.SessionMoved,
	ticket.SessionRelinked, ticket.SessionCancelled, ticket.SessionHeld, ticket.SessionNoShow,
	ticket.RoomWell,
}

// happened says what happened, and by whom.
func (v *visit) happened(
	e ticket.Event, members []identity.Member, rmas []replacement.RMA,
) (said, bool) {
	if e.Internal || !slices.Contains(shownEvents, e.Kind) {
		return said{}, false
	}

	ours := e.ActorRole == "SYSTEM" || e.ActorRole.IsOperator()
	s := said{Who: v.eventActor(e, members), Ours: ours}
	args := messages.Args{}
	key := string(e.Kind)
	switch e.Kind {
	case ticket.Moved:
		key += "." + string(e.Details.State)
	case ticket.Opened, ticket.SeveritySet:
		args["severity"] = v.severityName(e.Details.Severity)
	case ticket.RoomWell:
		args["when"] = v.reader().Since(e.Details.Since)
	case ticket.WatcherAdded, ticket.WatcherRemoved:
		args["person"] = v.memberName(e.Details.User, members)
	case ticket.RMAEnded:
		if v.language.Has("ticket.event." + key + "." + e.Details.Ending) {
			key += "." + e.Details.Ending
		}
	}
	s.What = v.language.Say("ticket.event."+key, args)

	for _, m := range rmas {
		if m.ID == e.Details.RMA {
			s.About = m.Name()
			s.Link = replacementsPath + "/" + m.Name()
		}
	}
	return s, true
}

func (v *visit) eventActor(e ticket.Event, members []identity.Member) string {
	switch {
	case e.ActorRole == "SYSTEM":
		return v.program.Name
	case e.ActorRole.IsOperator():
		return v.say("ticket.by.us", "program", v.program.Name)
	case e.ActorRole == rules.PartnerAdmin || e.ActorRole == rules.PartnerReadOnly:
		return v.say("ticket.by.partner")
	}
	return v.memberName(e.ActorID, members)
}

// shownTalk is as much of a conversation as one page holds, the newest part of it or that
// before the entry which the address names, and the address of what came before.
func (v *visit) shownTalk(talk []talkEntry, path string) (out []said, earlier string) {
	before, err := strconv.ParseInt(v.query("before"), 10, 64)
	if err != nil || before < 1 {
		before = 1 << 62
	}
	whole, _ := strconv.ParseInt(v.query("whole"), 10, 64)

	octets := 0
	for _, e := range slices.Backward(talk) {
		if e.seq >= before {
			continue
		}
		s := e.said
		if letters := []rune(s.Text); len(letters) > longText && e.seq != whole {
			s.Text = string(letters[:longText]) + "…"
			s.Rest = path + "?whole=" + strconv.FormatInt(e.seq, 10) + "#" + s.Anchor
		}
		full := len(out) == talkEntries || octets+len(s.Text) > talkOctets && len(out) > 0
		if full && e.seq != whole {
			return out, path + "?before=" + strconv.FormatInt(e.seq+1, 10)
		}
		octets += len(s.Text)
		out = slices.Insert(out, 0, s)
	}
	return out, ""
}

// replyView is the form for what this person may say and do now.
func (v *visit) replyView(r ticket.Reading, typed typedReply, talk []talkEntry) replyView {
	t := r.Ticket
	p := replyView{
		Action:  ticketPath(t.Number) + "/reply",
		Text:    typed.text,
		Once:    typed.once,
		Version: t.Version,
		Seq:     t.Seq,
		Problem: typed.problem,
		Acts:    v.replyActs(t),
		Most:    mostSaid,
		Label:   "ticket.reply.label",
		Help:    "ticket.reply.help",
		Files:   v.fileField(),
	}
	switch t.State {
	case rule.Resolved:
		p.Help = "ticket.reply.help.resolved"
	case rule.Closed:
		p.Help = "ticket.reply.help.closed"
	}
	p.Draft = len(p.Acts) > 0 && t.State != rule.Closed

	if !typed.sent {
		p.Text = r.Draft
		p.Kept = r.Draft != ""
		p.Once = db.NewID("once")
		return p
	}
	if typed.problem != "ticket.wrong.meanwhile" {
		return p
	}
	for _, e := range talk {
		if e.seq > typed.seq {
			p.Meanwhile = append(p.Meanwhile, e.said)
		}
	}
	return p
}

// The buttons of the form.
const (
	actSend   = "send"
	actWorse  = "worse"
	actSolve  = "solve"
	actThanks = "thanks"
	actReopen = "reopen"
	actDraft  = "draft"
	actMe     = "me" // of the form of those who are told
)

// replyActs are what this person may do with what they write. In a ticket that is solved they
// can say thanks without reopening it (S45).
func (v *visit) replyActs(t ticket.Ticket) []replyAct {
	var out []replyAct
	add := func(command rule.Command, act string, main bool) {
		if v.may(t, command) {
			out = append(out, replyAct{
				Value: act,
				Label: v.language.Say("ticket.act." + act),
				Main:  main,
			})
		}
	}

	switch t.FactsAt(v.tickets.Now()).State {
	case rule.Resolved:
		add(rule.DoReopen, actReopen, true)
		if len(out) == 0 && v.may(t, rule.DoComment) {
			// a reader gives no command; what they write reopens it all the same
			out = append(out, replyAct{actSend, v.say("ticket.act.again"), true})
		}
		add(rule.DoComment, actThanks, false)
		return out
	case rule.Closed:
		if v.may(t, rule.DoComment) {
			out = append(out, replyAct{actSend, v.say("ticket.act.follow"), true})
		}
		return out
	}
	add(rule.DoComment, actSend, true)
	add(rule.DoResolve, actSolve, false)
	add(rule.DoAskSeverity, actWorse, false)
	return out
}

// replyCommand is what a button asks for.
func (v *visit) replyCommand(act string, typed typedReply) ticket.Command {
	version, _ := strconv.ParseInt(v.form("version"), 10, 64)
	c := ticket.Command{
		Name:    rule.DoComment,
		Text:    typed.text,
		Channel: rule.ByPortal,
		Once:    typed.once,
		Version: version,

		EndsDraft: true,
	}
	switch act {
	case actWorse:
		c.Name = rule.DoAskSeverity
	case actSolve:
		c.Name = rule.DoResolve
	case actReopen:
		c.Name = rule.DoReopen
	case actThanks:
		c.Thanks = true
		if strings.TrimSpace(c.Text) == "" {
			c.Text = v.say("ticket.thanks.text")
		}
	}
	return c
}

// replyToTicket adds what somebody says to a ticket, and does with it what the button says.
// Where others wrote meanwhile, their words are shown above what was typed, which stays (S42).
func replyToTicket(v *visit) (answer, error) {
	typed := v.typedReply()
	act := v.form("act")
	if act == actDraft {
		return v.keepDraft(typed)
	}

	c := v.replyCommand(act, typed)
	needsText := act != actSolve && act != actReopen || len(v.files) > 0
	if problem := textProblem(c.Text); problem != "" &&
		(needsText || problem != "ticket.wrong.text") {
		typed.problem = problem
		return v.ticketPage(typed, http.StatusUnprocessableEntity)
	}

	if web.WrongFiles(v.files) {
		return v.replyAgain(typed, http.StatusUnprocessableEntity)
	}
	c.Files = v.attached()
	t, err := v.tickets.Do(v.acting(), v.param("id"), c)
	if v.blameFiles(err) {
		return v.replyAgain(typed, http.StatusUnprocessableEntity)
	}
	switch rules.CodeOf(err) {
	case rules.VersionMismatch:
		typed.problem = "ticket.wrong.meanwhile"
		return v.replyAgain(typed, http.StatusPreconditionFailed)
	case rules.StateConflict, rule.TicketClosed:
		typed.problem = "ticket.wrong.state"
		return v.replyAgain(typed, http.StatusConflict)
	case rules.ValidationFailed:
		typed.problem = "ticket.wrong.unusable"
		return v.replyAgain(typed, http.StatusUnprocessableEntity)
	}
	if typed.problem = notFollowed(err); typed.problem != "" {
		return v.replyAgain(typed, http.StatusConflict)
	}
	if err != nil {
		return answer{}, err
	}

	if t.ID != v.param("id") && t.Number != readTicketNumber(v.param("id")) {
		return v.done(ticketPath(t.Number), "flash.ticket.followed"), nil
	}
	return v.done(ticketPath(t.Number), replyFlash(act)), nil
}

// notFollowed says why no ticket follows the closed one that somebody writes to: what it was
// about is gone, or nothing covers it any more; empty for anything else. A ticket that does not
// exist at all is refused again when it is shown.
func notFollowed(err error) string {
	switch rules.CodeOf(err) {
	case rules.NotFound:
		return "ticket.wrong.gone"
	case rules.NotCovered, rules.WarrantyCap, rules.ModelNotSupported, rules.NotHardware,
		rules.CountryNotSupported, rules.Unplaced:
		return "ticket.wrong.uncovered"
	}
	return ""
}

// readTicketNumber is a ticket's number as it is stored, however an address writes it.
func readTicketNumber(name string) string {
	number, _ := db.ReadNumber(db.NumberOfTicket, name)
	return number
}

// replyFlash says what was done.
func replyFlash(act string) string {
	switch act {
	case actWorse:
		return "flash.ticket.worse"
	case actSolve:
		return "flash.ticket.solved"
	case actThanks:
		return "flash.ticket.thanks"
	case actReopen:
		return "flash.ticket.reopened"
	}
	return "flash.ticket.replied"
}

// replyAgain shows the ticket again with what was typed, which is kept as a draft too: it is
// there whatever becomes of this page.
func (v *visit) replyAgain(typed typedReply, status int) (answer, error) {
	if strings.TrimSpace(typed.text) != "" {
		err := v.tickets.KeepDraft(v.acting(), v.param("id"), false, typed.text)
		if err != nil && rules.CodeOf(err) != rules.ValidationFailed {
			return answer{}, err
		}
	}
	return v.ticketPage(typed, status)
}

// keepDraft keeps what was typed for this person, and for nobody else; without a text it is
// forgotten.
func (v *visit) keepDraft(typed typedReply) (answer, error) {
	err := v.tickets.KeepDraft(v.acting(), v.param("id"), false, typed.text)
	if rules.CodeOf(err) == rules.ValidationFailed {
		typed.problem = "ticket.wrong.unusable"
		return v.ticketPage(typed, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ticketPath(v.param("id")), "flash.ticket.draft"), nil
}

// watchView are the members who are told, first the one whose ticket it is.
func (v *visit) watchView(r ticket.Reading, members []identity.Member) watchView {
	w := watchView{
		Action: ticketPath(r.Ticket.Number) + "/watchers",
		Open:   v.base == "" && v.may(r.Ticket, rule.DoWatch),
	}
	told := slices.Clone(r.Watchers)
	if owner := db.Text(r.Ticket.OpenedFor); owner != "" {
		w.People = append(w.People, watcher{owner, v.memberName(owner, members), true})
		told = append(told, owner)
	}
	for _, id := range r.Watchers {
		if id != db.Text(r.Ticket.OpenedFor) {
			w.People = append(w.People, watcher{id, v.memberName(id, members), false})
		}
	}

	for _, m := range members {
		switch {
		case slices.Contains(told, m.UserID) || m.State != rules.MembershipActive:
		case m.UserID == v.who.user.ID:
			w.Me = true
		default:
			w.Others = append(w.Others, choice{m.UserID, m.Name, false})
		}
	}
	sortChoices(w.Others)
	return w
}

// changeWatchers adds a member of the account to those who are told, or removes one.
func changeWatchers(v *visit) (answer, error) {
	user := v.form("user")
	if v.form("act") == actMe {
		user = v.who.user.ID
	}
	if user == "" {
		return answer{}, errBadForm
	}
	removes := v.form("act") == "remove"
	t, err := v.tickets.Do(v.acting(), v.param("id"), ticket.Command{
		Name:    rule.DoWatch,
		User:    user,
		Unwatch: removes,
	})
	if rules.CodeOf(err) == rules.ValidationFailed {
		return answer{}, errBadForm
	}
	if err != nil {
		return answer{}, err
	}
	if removes {
		return v.done(ticketPath(t.Number), "flash.ticket.unwatched"), nil
	}
	return v.done(ticketPath(t.Number), "flash.ticket.watched"), nil
}

// cancelTicket takes a ticket back that nobody has answered, after saying what that means.
func cancelTicket(v *visit) (answer, error) {
	t, err := v.tickets.Get(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		if err := rule.May(rule.DoCancel, v.who.role(), t.FactsAt(v.tickets.Now())); err != nil {
			return answer{}, err
		}
		return v.ask(confirmation{
			Title:  v.say("ticket.cancel.title", "number", t.Number),
			Says:   []string{v.say("ticket.cancel.says"), v.say("ticket.cancel.after")},
			Final:  true,
			Action: ticketPath(v.param("id")) + "/cancel",
			Submit: v.say("ticket.cancel.do"),
			Keep:   v.say("ticket.cancel.keep"),
			Back:   ticketPath(t.Number),
		})
	}

	_, err = v.tickets.Do(v.acting(), t.ID, ticket.Command{Name: rule.DoCancel})
	if err != nil {
		return answer{}, err
	}
	return v.done(ticketPath(t.Number), "flash.ticket.canceled"), nil
}
