package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// visitsView is the part of a ticket's page with its online sessions and with who sees the
// ticket beside the account.
type visitsView struct {
	Action   string
	Sessions []sessionPart
	Guests   []watcher // who sees this ticket alone
	Remove   bool      // the reader may remove them
	AddGuest string    // address of the form; empty: not offered
}

// sessionPart is a session as the customer reads of it.
type sessionPart struct {
	ID      string
	State   web.Badge
	Says    string
	Times   []string
	Join    string // link to the meeting; empty: there is none
	Slots   []choice
	Text    string // version of the text to which somebody agrees
	Agrees  bool   // the reader may agree
	Problem string // message key
}

var sessionStateColors = map[rulesession.State]string{
	rulesession.Proposed:  "amber",
	rulesession.Agreed:    "blue",
	rulesession.Scheduled: "blue",
	rulesession.Held:      "green",
}

// visitsView are the sessions of a ticket and who sees it beside its account; nil where there are
// none and nobody can be added.
func (v *visit) visitsView(
	t ticket.Ticket, sessions []session.Session, members []identity.Member,
) *visitsView {
	guests := session.Live(v.ticketGuests)
	// Who else sees a ticket stays with the customer, whatever is delegated.
	changes := v.base == "" && v.isAdmin() && v.may(t, rule.DoComment) && !v.isOver(t)
	if len(sessions) == 0 && len(guests) == 0 && !changes {
		return nil
	}

	out := &visitsView{
		Action: ticketPath(t.Number) + "/session",
		Remove: changes,
	}
	if changes {
		out.AddGuest = guestFormPath(t.Number)
	}
	for _, s := range slices.Backward(sessions) {
		out.Sessions = append(out.Sessions, v.sessionPart(t, s, members, v.sessionProblem))
	}
	for _, p := range guests {
		out.Guests = append(out.Guests, watcher{ID: p.ID, Name: web.Joined(p.Name, p.Company)})
	}
	return out
}

func (v *visit) sessionPart(
	t ticket.Ticket, s session.Session, members []identity.Member, problem string,
) sessionPart {
	p := sessionPart{
		ID: s.ID,
		State: web.Badge{
			Text:  v.language.Say("session.state." + string(s.State)),
			Color: sessionStateColors[s.State],
		},
		Text: rulesession.TextVersion,
	}
	key := "session.says." + string(s.State)
	args := messages.Args{"name": "", "when": ""}
	switch s.State {
	case rulesession.Proposed:
		p.Agrees = v.may(t, rule.DoComment) && !v.isOver(t)
		for _, slot := range s.Slots {
			words := v.span(slot, t.TimeZone)
			if p.Agrees && slot.Start.After(v.db.Clock().Now()) {
				p.Slots = append(p.Slots, choice{slotValue(slot), words, false})
			} else {
				p.Times = append(p.Times, words)
			}
		}
		p.Agrees = len(p.Slots) > 0
		if v.form("session") == s.ID {
			p.Problem = problem
			for i, c := range p.Slots {
				p.Slots[i].Selected = slices.Contains(v.request.PostForm["slot"], c.Value)
			}
		}
	case rulesession.Agreed:
		for _, slot := range s.AgreedSlots {
			p.Times = append(p.Times, v.span(slot, t.TimeZone))
		}
		args["name"] = v.memberName(db.Text(s.AgreedBy), members)
		args["when"] = v.language.DateTimeAt(*s.AgreedAt, v.zone())
	default:
		for _, slot := range s.ScheduledSlot() {
			p.Times = append(p.Times, v.span(slot, t.TimeZone))
		}
	}
	if s.State == rulesession.Scheduled {
		p.Join = s.JoinURL
		if s.JoinURL == "" {
			key += ".waits"
		}
	}
	p.Says = v.language.Say(key, args)
	return p
}

// span is a time in words, by the reader's clock, and by that of the ticket's place where it is
// another one.
func (v *visit) span(s rulesession.Slot, zone string) string {
	here := v.language.SpanAt(s.Start, s.End, v.zone())
	if v.clockThere(s.Start, zone) == "" {
		return here
	}
	return v.say("tickets.hereandthere", "here", here,
		"there", v.language.SpanAt(s.Start, s.End, zone))
}

// slotValue is a time as a form sends it: two instants of Unix time.
func slotValue(s rulesession.Slot) string {
	return strconv.FormatInt(s.Start.Unix(), 10) + "-" + strconv.FormatInt(s.End.Unix(), 10)
}

// The buttons of the form of a session and of those who see the ticket.
const (
	actAgree     = "agree"
	actOtherTime = "other"
	actUninvite  = "uninvite"
)

// answerSession agrees to a session at the times that were chosen (R57a), asks for other ones in
// the conversation, or ends what a guest of the ticket sees.
func answerSession(v *visit) (answer, error) {
	switch v.form("act") {
	case actAgree:
		return agreeToSession(v)
	case actOtherTime:
		return askOtherTime(v)
	case actUninvite:
		if v.base != "" {
			return answer{}, errNoPage
		}
		return removeGuest(v)
	}
	return answer{}, errBadForm
}

func agreeToSession(v *visit) (answer, error) {
	t, err := v.tickets.Get(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	sessions, err := v.tickets.SessionsOf(v.acting(), t.ID)
	if err != nil {
		return answer{}, err
	}
	is := func(s session.Session) bool { return s.ID == v.form("session") }
	at := slices.IndexFunc(sessions, is)
	if at < 0 {
		return answer{}, db.NotFound()
	}

	var chosen []rulesession.Slot
	for _, slot := range sessions[at].Slots {
		if slices.Contains(v.request.PostForm["slot"], slotValue(slot)) {
			chosen = append(chosen, slot)
		}
	}
	if len(chosen) == 0 {
		return v.ticketPageWith("session.wrong.none", http.StatusUnprocessableEntity)
	}

	_, err = v.tickets.AgreeToSession(
		v.acting(), t.ID, v.form("session"), chosen, v.form("text"))
	switch rules.CodeOf(err) {
	case rules.ValidationFailed:
		return v.ticketPageWith("session.wrong.over", http.StatusUnprocessableEntity)
	case rules.StateConflict, rule.TicketClosed:
		return v.ticketPageWith("session.wrong.state", http.StatusConflict)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ticketPath(t.Number), "flash.session.agreed"), nil
}

// ticketPageWith shows the ticket again with what is wrong with the form of a session.
func (v *visit) ticketPageWith(problem string, status int) (answer, error) {
	v.sessionProblem = problem
	return v.ticketPage(typedReply{}, status)
}

// askOtherTime writes into the conversation that no time suits.
func askOtherTime(v *visit) (answer, error) {
	text := v.say("session.other.text")
	if wish := strings.TrimSpace(v.form("wish")); wish != "" {
		text += "\n" + strings.ReplaceAll(wish, "\r\n", "\n")
	}
	if textProblem(text) != "" {
		return v.ticketPageWith("session.wrong.wish", http.StatusUnprocessableEntity)
	}
	t, err := v.tickets.Get(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if t.State.Over() { // what is said there opens another ticket
		return v.ticketPageWith("session.wrong.state", http.StatusConflict)
	}
	_, err = v.tickets.Do(v.acting(), t.ID, ticket.Command{
		Name:    rule.DoComment,
		Text:    text,
		Thanks:  true, // it reopens nothing
		Channel: rule.ByPortal,
		Once:    "session/" + v.form("session") + "/" + db.HashSecret(text)[:12],
	})
	if rules.CodeOf(err) == rules.StateConflict {
		return v.ticketPageWith("session.wrong.state", http.StatusConflict)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(ticketPath(t.Number), "flash.session.other"), nil
}

// removeGuest ends what somebody who sees this ticket alone sees of it, at once.
func removeGuest(v *visit) (answer, error) {
	t, err := v.tickets.Get(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	err = v.tickets.RemoveParticipant(v.acting(), t.ID, v.form("guest"))
	if err != nil && rules.CodeOf(err) != rule.TicketClosed { // then it has ended already
		return answer{}, err
	}
	return v.done(ticketPath(t.Number), "flash.guest.removed"), nil
}
