package console

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

func sessionRoutes() []route {
	const one = ticketsPath + "/:id"
	work := may(rules.WorkTasks)
	return []route{
		{method: get, path: one + "/sessions/propose", access: work, do: askProposal},
		{method: post, path: one + "/sessions/propose", access: work, do: proposeSession},
		{method: get, path: one + "/sessions/:session/do/:action", access: work, do: askOfSession},
		{method: post, path: one + "/sessions/:session/do/:action", access: work, do: doToSession},
		{method: get, path: one + "/guests/new", access: work, do: askGuest},
		{method: post, path: one + "/guests/new", access: work, do: addGuest},
		{method: get, path: one + "/guests/:guest/remove", access: work, do: removeGuest},
		{method: post, path: one + "/guests/:guest/remove", access: work, do: removeGuest},
	}
}

// visitsPart is the part of a ticket's page with its sessions and with who sees it beside the
// account.
type visitsPart struct {
	Sessions []sessionShown
	Propose  string // address of the form; empty: not offered
	Guests   []guestShown
	AddGuest string
}

// sessionShown is one session with what can be done about it.
type sessionShown struct {
	State web.Badge
	Says  string
	Times []string
	Link  string // to the meeting
	Acts  []web.ListAct
}

// The actions on a session, as addresses name them.
const (
	actPropose  = "propose"
	actSchedule = "schedule"
	actHeld     = "held"
	actNoShow   = "no_show"
	actCancel   = "cancel"
)

var sessionColors = map[rulesession.State]string{
	rulesession.Proposed:  "amber",
	rulesession.Agreed:    "blue",
	rulesession.Scheduled: "blue",
	rulesession.Held:      "green",
	rulesession.NoShow:    "amber",
}

// visitsOf are the sessions and the participants of a ticket; nil where there are none and none
// can be made.
func (v *visit) visitsOf(d ticket.Desk) (*visitsPart, error) {
	sessions, guests, err := v.tickets.VisitsTo(v.scope(), d.ID)
	if err != nil {
		return nil, err
	}
	guests = session.Live(guests)
	open := v.mayDo(rules.WorkTasks) && v.mayTicket(rule.DoAnswer, d.Ticket)
	if len(sessions) == 0 && len(guests) == 0 && !open {
		return nil, nil
	}

	var ids []string
	for _, s := range sessions {
		ids = append(ids, db.Text(s.AgreedBy))
	}
	for _, g := range guests {
		ids = append(ids, g.AddedBy)
	}
	ids = slices.DeleteFunc(ids, func(id string) bool { return id == "" })
	names := map[string]string{}
	if len(ids) > 0 {
		if names, err = v.namesBy(ids); err != nil {
			return nil, err
		}
	}

	p := &visitsPart{}
	for _, s := range slices.Backward(sessions) {
		p.Sessions = append(p.Sessions, v.sessionShown(d, s, names, open))
	}
	for _, g := range guests {
		p.Guests = append(p.Guests, v.guestShown(d, g, names, open))
	}
	if open {
		p.Propose = ticketPath(d.Number) + "/sessions/propose"
		p.AddGuest = ticketPath(d.Number) + "/guests/new"
	}
	return p, nil
}

func (v *visit) sessionShown(
	d ticket.Desk, s session.Session, names map[string]string, open bool,
) sessionShown {
	out := sessionShown{
		State: web.Badge{
			Text:  v.language.Say("console.session.state." + string(s.State)),
			Color: sessionColors[s.State],
		},
		Link: s.JoinURL,
	}
	key := "console.session.says." + string(s.State)
	switch s.State {
	case rulesession.Proposed:
		out.Times = v.spans(s.Slots, d.TimeZone)
	case rulesession.Agreed:
		out.Times = v.spans(s.AgreedSlots, d.TimeZone)
	default:
		out.Times = v.spans(s.ScheduledSlot(), d.TimeZone)
	}
	if s.State == rulesession.Scheduled && s.JoinURL == "" {
		key += ".waits"
	}
	if s.State.Over() {
		out.Link = ""
	}
	args := messages.Args{
		"name":    cmp.Or(names[db.Text(s.AgreedBy)], v.say("console.session.somebody")),
		"service": v.language.Say("console.session.provider." + string(s.Provider)),
		"when":    "",
	}
	if s.AgreedAt != nil {
		args["when"] = v.moment(*s.AgreedAt, "")
	}
	out.Says = v.language.Say(key, args)

	if !open {
		return out
	}
	for _, act := range v.sessionActs(s) {
		out.Acts = append(out.Acts, web.ListAct{
			Link:  ticketPath(d.Number) + "/sessions/" + s.ID + "/do/" + act,
			Label: v.language.Say("console.session.act." + act),
			Icon:  sessionIcons[act],
		})
	}
	return out
}

var sessionIcons = map[string]string{
	actPropose:  "calendar-clock",
	actSchedule: "calendar",
	actHeld:     "check",
	actNoShow:   "user-x",
	actCancel:   "ban",
}

// sessionActs are what can be done about a session now.
func (v *visit) sessionActs(s session.Session) []string {
	begun := s.StartsAt != nil && !s.StartsAt.After(v.now)
	switch {
	case s.State == rulesession.Proposed:
		return []string{actPropose, actCancel}
	case s.State == rulesession.Agreed:
		return []string{actSchedule, actPropose, actCancel}
	case s.State == rulesession.Scheduled && begun:
		return []string{actHeld, actNoShow}
	case s.State == rulesession.Scheduled:
		return []string{actSchedule, actCancel}
	}
	return nil
}

// spans are times in words, by the clock of the ticket's place.
func (v *visit) spans(slots []rulesession.Slot, zone string) []string {
	var out []string
	for _, s := range slots {
		out = append(out, v.language.SpanAt(s.Start, s.End, zone))
	}
	return out
}

// spansHereAndThere are times in words, by the reader's clock, and by that of the ticket's place
// where it is another one.
func (v *visit) spansHereAndThere(slots []rulesession.Slot, zone string) []string {
	out := v.spans(slots, zone)
	for i, s := range slots {
		here, there := s.Start.In(web.Zone(v.zone)), s.Start.In(web.Zone(zone))
		if v.zone != "" && here.Format(time.DateTime) != there.Format(time.DateTime) {
			out[i] = v.say("tickets.hereandthere",
				"here", v.language.SpanAt(s.Start, s.End, v.zone),
				"there", out[i])
		}
	}
	return out
}

func askProposal(v *visit) (answer, error) {
	d, err := v.tickets.AtDesk(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askTimes(d, nil, nil)
}

// slotFields are the fields of the times that are proposed.
var slotFields = []string{"first", "second", "third"}

// sessionLengths are how many minutes a session may be planned for.
var sessionLengths = []int{15, 30, 45, 60, 90, 120, 180, 240}

// askTimes asks for the times that are proposed to the customer; of is the session that gets
// other ones, or nil.
func (v *visit) askTimes(
	d ticket.Desk, of *session.Session, refused *commandRefused,
) (answer, error) {
	ask := confirmation{
		Title: v.say("console.session.act.propose") + " · " + d.Number,
		Says: []string{
			web.Joined(d.Summary, d.RoomName, d.AccountName),
			v.say("console.session.propose.says"),
		},
		Action: v.request.URL.Path,
		Submit: v.say("console.session.propose.submit"),
		Back:   ticketPath(d.Number),
	}
	if of != nil {
		ask.Says = append(ask.Says, v.say("console.session.propose.again"))
	}
	clock := v.say("console.session.clock", "place", v.language.Place(d.TimeZone))
	for i, name := range slotFields {
		f := web.Field{
			Name:     name,
			Label:    v.language.Say("console.session.field." + name),
			Kind:     "datetime-local",
			Value:    v.form(name),
			Required: i == 0,
		}
		if i == 0 {
			f.Help = clock
		}
		ask.Fields = append(ask.Fields, f)
	}
	length := web.Field{
		Name:  "minutes",
		Label: v.say("console.session.field.minutes"),
		Kind:  "choice",
	}
	chosen := cmp.Or(v.form("minutes"), "60")
	for _, n := range sessionLengths {
		value := strconv.Itoa(n)
		length.Offer(value, v.language.Count("count.minutes", int64(n)), value == chosen)
	}
	ask.Fields = append(ask.Fields, length)
	return v.askWith(ask, refused)
}

// askWith shows a form with what was refused of it beside its fields.
func (v *visit) askWith(ask confirmation, refused *commandRefused) (answer, error) {
	if refused != nil {
		ask.Problem = refused.message
		for i, f := range ask.Fields {
			ask.Fields[i].Problem = cmp.Or(refused.fields[f.Name], f.Problem)
		}
	}
	a, err := v.ask(ask)
	if refused != nil {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// typedSlots reads the times of the form, by the clock of the ticket's place, and of which field
// each is.
func (v *visit) typedSlots(zone string) (slots []rulesession.Slot, of []string, err error) {
	minutes, err := strconv.Atoi(v.form("minutes"))
	if err != nil || !slices.Contains(sessionLengths, minutes) {
		return nil, nil, errBadForm
	}
	for _, name := range slotFields {
		start, err := v.momentIn(name, zone)
		if err != nil {
			return nil, nil, err
		}
		if start.IsZero() {
			continue
		}
		slots = append(slots, rulesession.Slot{
			Start: start,
			End:   start.Add(time.Duration(minutes) * time.Minute),
		})
		of = append(of, name)
	}
	return slots, of, nil
}

// slotRefusal is a refusal of times with what is wrong beside the fields they were typed into.
func (v *visit) slotRefusal(err error, of []string) *commandRefused {
	refused := v.commandRefusal(err)
	if refused == nil {
		return nil
	}
	for i, name := range of {
		if text := refused.fields["slots/"+strconv.Itoa(i)]; text != "" {
			refused.fields[name] = text
		}
	}
	if text := refused.fields["slots"]; text != "" {
		refused.fields[slotFields[0]] = text
	}
	return refused
}

func proposeSession(v *visit) (answer, error) {
	d, err := v.tickets.AtDesk(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askTimes(d, nil, nil)
	}
	slots, of, err := v.typedSlots(d.TimeZone)
	if err == nil {
		_, err = v.tickets.ProposeSession(v.acting(d.AccountID), d.ID, slots)
	}
	if err == nil {
		return v.done(ticketPath(d.Number), "console.flash.proposed"), nil
	}
	if refused := v.slotRefusal(err, of); refused != nil {
		return v.askTimes(d, nil, refused)
	}
	return answer{}, err
}

// sessionAt returns the ticket and its session that the address names.
func (v *visit) sessionAt() (d ticket.Desk, s session.Session, err error) {
	if d, err = v.tickets.AtDesk(v.scope(), v.param("id")); err != nil {
		return d, s, err
	}
	all, err := v.tickets.SessionsOf(v.scope(), d.ID)
	if err != nil {
		return d, s, err
	}
	for _, s := range all {
		if s.ID == v.param("session") {
			return d, s, nil
		}
	}
	return d, s, db.NotFound()
}

func askOfSession(v *visit) (answer, error) {
	d, s, err := v.sessionAt()
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askAboutSession(d, s, nil)
}

// askAboutSession shows what an action will do, with the fields that it needs.
func (v *visit) askAboutSession(
	d ticket.Desk, s session.Session, refused *commandRefused,
) (answer, error) {
	act := v.param("action")
	ask := confirmation{
		Action: v.request.URL.Path,
		Back:   ticketPath(d.Number),
	}
	switch act {
	case actPropose:
		return v.askTimes(d, &s, refused)
	case actSchedule:
		ask.Fields = v.scheduleFields(d, s)
	case actHeld, actNoShow:
	case actCancel:
		ask.Danger = true
	default:
		return answer{}, errNoPage
	}

	ask.Title = v.language.Say("console.session.act."+act) + " · " + d.Number
	ask.Submit = v.language.Say("console.session.act." + act)
	says := "console.session.act." + act + ".says"
	if act == actCancel && s.State != rulesession.Scheduled {
		says += ".nobody" // nobody was invited
	}
	ask.Says = []string{
		web.Joined(d.Summary, d.RoomName, d.AccountName),
		v.language.Say(says),
	}
	if slot := s.ScheduledSlot(); len(slot) > 0 {
		ask.Says = append(ask.Says, strings.Join(v.spans(slot, d.TimeZone), ""))
	}
	return v.askWith(ask, refused)
}

// scheduleFields ask for the time, among those that the customer agreed to, and for what makes
// the link.
func (v *visit) scheduleFields(d ticket.Desk, s session.Session) []web.Field {
	when := web.Field{
		Name:  "slot",
		Label: v.say("console.session.field.slot"),
		Kind:  "choice",
		Help:  v.say("console.session.field.slot.help"),
	}
	chosen := v.given("slot")
	for i, slot := range s.AgreedSlots {
		if !slot.Start.After(v.now) {
			continue
		}
		value := strconv.Itoa(i)
		at := value == chosen
		if chosen == "" && s.StartsAt != nil {
			at = slot.Start.Equal(*s.StartsAt)
		}
		when.Offer(value, v.language.SpanAt(slot.Start, slot.End, d.TimeZone), at)
	}

	link := web.Field{
		Name:  "link",
		Label: v.say("console.session.field.link"),
		Kind:  "url",
		Value: v.given("link"),
		Help: v.say("console.session.field.link.help",
			"hosts", strings.Join(v.meetings.TakenHosts(), ", ")),
		Required: len(v.meetings.Services) == 0,
	}
	if v.request.Method == get && link.Value == "" && s.Provider == rulesession.Pasted {
		link.Value = s.JoinURL
	}
	if len(v.meetings.Services) == 0 {
		return []web.Field{when, link}
	}

	by := web.Field{
		Name:  "provider",
		Label: v.say("console.session.field.provider"),
		Kind:  "choice",
	}
	is := cmp.Or(v.given("provider"), string(s.Provider))
	for _, p := range append([]rulesession.Provider{rulesession.Pasted}, v.meetings.Services...) {
		by.Offer(string(p), v.language.Say("console.session.provider."+string(p)), string(p) == is)
	}
	return []web.Field{when, by, link}
}

// doToSession does what the confirmation asked about.
func doToSession(v *visit) (answer, error) {
	d, s, err := v.sessionAt()
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAboutSession(d, s, nil)
	}

	ctx := v.acting(d.AccountID)
	var of []string
	switch v.param("action") {
	case actPropose:
		var slots []rulesession.Slot
		if slots, of, err = v.typedSlots(d.TimeZone); err == nil {
			_, err = v.tickets.ProposeSessionAgain(ctx, d.ID, s.ID, slots)
		}
	case actSchedule:
		at, wrong := strconv.Atoi(v.form("slot"))
		if wrong != nil || at < 0 || at >= len(s.AgreedSlots) {
			return answer{}, errBadForm
		}
		way := session.Way{
			Provider: rulesession.Provider(cmp.Or(v.form("provider"), string(rulesession.Pasted))),
			Link:     v.form("link"),
		}
		_, err = v.tickets.ScheduleSession(ctx, d.ID, s.ID, s.AgreedSlots[at], way)
	case actHeld:
		_, err = v.tickets.EndSession(ctx, d.ID, s.ID, rulesession.Held)
	case actNoShow:
		_, err = v.tickets.EndSession(ctx, d.ID, s.ID, rulesession.NoShow)
	case actCancel:
		_, err = v.tickets.CancelSession(ctx, d.ID, s.ID)
	default:
		return answer{}, errNoPage
	}
	if err == nil {
		return v.done(ticketPath(d.Number), "console.flash.acted"), nil
	}

	refused := v.slotRefusal(err, of)
	if refused == nil {
		return answer{}, err
	}
	if rules.CodeOf(err) == rulesession.LinkRefused {
		refused.fields["link"] = refused.message
	}
	return v.askAboutSession(d, s, refused)
}
