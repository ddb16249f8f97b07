package portal

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// keyGuest is the session's value with the secret of a guest who has signed in.
const keyGuest = "guest"

// guestPath is the address of a page of a guest.
func guestPath(id, page string) string {
	return strings.TrimSuffix(ticket.GuestPath+id+"/"+page, "/")
}

// guestDoor is the page on which a guest asks for a code. The address is masked: who has the
// link has not proved to be its reader, and the ticket is not named.
type guestDoor struct {
	Path, Mailbox string
	Minutes       int
	Problem       string // message key
}

// errGuestGone says that nobody sees a ticket under this address: whether it was ever so is not
// said.
var errGuestGone = rules.Refuse(guestGone, "This access has ended.", "Ask support for another one.")

const guestGone = "GUEST_GONE"

// invitedGuest is the guest whom the address names; of whom has left, or whose ticket is closed,
// there is no page (S47).
func (v *visit) invitedGuest() (session.Participant, error) {
	if err := v.throttleNetwork("guest-link", 300, time.Hour); err != nil {
		return session.Participant{}, err
	}
	p, err := v.guests.Invited(v.ctx, v.param("id"))
	if rules.CodeOf(err) == rules.NotFound {
		return p, errGuestGone
	}
	return p, err
}

// signedGuest is the guest of the address, where this browser has signed in as them.
func (v *visit) signedGuest() (session.Participant, bool, error) {
	p, err := v.guests.Signed(v.ctx, v.value(keyGuest))
	if rules.CodeOf(err) == rules.NotFound {
		return p, false, nil
	}
	return p, err == nil && p.ID == v.param("id"), err
}

func showGuestDoor(v *visit) (answer, error) {
	p, err := v.invitedGuest()
	if err != nil {
		return answer{}, err
	}
	if _, in, err := v.signedGuest(); err != nil || in {
		return redirect(guestPath(p.ID, "ticket")), err
	}
	return answer{
		page:  "guest",
		title: "guest.title",
		data:  guestDoor{Path: guestPath(p.ID, ""), Mailbox: masked(p.Email)},
	}, nil
}

// sendGuestCode mails a one-time code to the guest's mailbox. Only this browser can answer it.
func sendGuestCode(v *visit) (answer, error) {
	p, err := v.invitedGuest()
	if err != nil {
		return answer{}, err
	}
	if err := v.mayAskCode(p.ID); err != nil {
		return answer{}, err
	}
	if v.value(keyBrowser) == "" {
		v.setValue(keyBrowser, rand.Text())
	}
	err = v.guests.SendCode(v.ctx, p.ID, v.value(keyBrowser), v.language.Locale())
	if rules.CodeOf(err) == rules.NotFound {
		return answer{}, errGuestGone
	}
	return redirect(guestPath(p.ID, "code")), err
}

func askGuestCode(v *visit) (answer, error) {
	p, err := v.invitedGuest()
	if err != nil {
		return answer{}, err
	}
	if v.value(keyBrowser) == "" {
		return redirect(guestPath(p.ID, "")), nil
	}
	return v.guestCodePage(p, ""), nil
}

func (v *visit) guestCodePage(p session.Participant, problem string) answer {
	a := answer{
		page:  "guestcode",
		title: "code.title",
		data: guestDoor{
			Path:    guestPath(p.ID, ""),
			Mailbox: masked(p.Email),
			Minutes: int(session.CodeLife.Minutes()),
			Problem: problem,
		},
	}
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a
}

// checkGuestCode holds the typed code against the one that was mailed, and signs the guest in.
func checkGuestCode(v *visit) (answer, error) {
	p, err := v.invitedGuest()
	if err != nil {
		return answer{}, err
	}
	if _, in, err := v.signedGuest(); err != nil || in { // a second click
		return redirect(guestPath(p.ID, "ticket")), err
	}
	if err := v.throttleNetwork("code-try-ip", triesAnHourIP, time.Hour); err != nil {
		return answer{}, err
	}

	code := strings.Map(onlyDigits, rules.NormaliseDigits(v.form("code")))
	token, err := v.guests.SignIn(v.ctx, p.ID, v.value(keyBrowser), code)
	switch rules.CodeOf(err) {
	case session.CodeWrong:
		return v.guestCodePage(p, "code.wrong"), nil
	case session.CodeTried:
		return v.guestCodePage(p, "code.tried"), nil
	case session.CodeExpired:
		return v.guestCodePage(p, "code.expired"), nil
	case rules.NotFound:
		return answer{}, errGuestGone
	}
	if err != nil {
		return answer{}, err
	}

	if err := v.sessions.RenewToken(v.ctx); err != nil {
		return answer{}, err
	}
	v.setValue(keyGuest, token)
	return redirect(guestPath(p.ID, "ticket")), nil
}

// guestTicket is the one ticket of a guest: what was said, what it is about, and its sessions.
type guestTicket struct {
	Number, Summary string
	State           string
	Facts           []web.Fact
	Talk            []said
	Earlier         bool
	Sessions        []sessionPart
	Leave           string
}

func showGuestTicket(v *visit) (answer, error) {
	p, in, err := v.signedGuest()
	if err != nil {
		return answer{}, err
	}
	if !in {
		if p, err = v.invitedGuest(); err != nil {
			return answer{}, err
		}
		return redirect(guestPath(p.ID, "")), nil
	}

	t, err := v.tickets.VisitOf(v.ctx, p)
	if rules.CodeOf(err) == rules.NotFound {
		return answer{}, errGuestGone
	}
	if err != nil {
		return answer{}, err
	}
	model, err := v.guestModel(t)
	if err != nil {
		return answer{}, err
	}

	out := guestTicket{
		Number:  t.Number,
		Summary: t.Summary,
		State:   v.language.Say("guest.state." + string(t.State)),
		Earlier: t.More,
		Leave:   guestPath(p.ID, "leave"),
	}
	for _, f := range []web.Fact{
		{Term: v.say("ticket.fact.room"), Value: t.RoomName},
		{Term: v.say("ticket.fact.site"), Value: t.RoomSite},
		{Term: v.say("ticket.fact.time"), Value: v.language.DateTimeAt(t.At, t.TimeZone)},
		{Term: v.say("ticket.fact.device"), Value: web.Joined(model, t.DeviceSerial)},
	} {
		if f.Value != "" {
			out.Facts = append(out.Facts, f)
		}
	}
	clock := web.Reader{Language: v.language, Now: t.At, Zone: t.TimeZone}
	for _, e := range t.Entries {
		if e.Message != nil && !e.Message.Automatic {
			s := v.saidToGuest(*e.Message, p)
			s.When = clock.PastAt(e.At, t.TimeZone)
			out.Talk = append(out.Talk, s)
		}
	}
	for _, s := range slices.Backward(t.Sessions) {
		if s.State == rulesession.Scheduled {
			out.Sessions = append(out.Sessions, v.guestSession(s, t.TimeZone))
		}
	}
	return answer{page: "guestticket", label: t.Summary, data: out}, nil
}

// guestModel is how the ticket's device is called.
func (v *visit) guestModel(t ticket.Visit) (string, error) {
	if t.DeviceModel == "" {
		return "", nil
	}
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return "", err
	}
	return nameOn(ref, t.DeviceModel, t.At), nil
}

// saidToGuest are words of the conversation. Who of the customer wrote them is not a guest's to
// know.
func (v *visit) saidToGuest(m ticket.Message, reader session.Participant) said {
	s := said{Text: m.Text, Ours: m.AuthorKind.IsOurs()}
	if m.AuthorID == reader.ID {
		s.Who = v.say("ticket.by.you")
		return s
	}
	switch m.AuthorKind {
	case rule.FromAgent, rule.FromSystem:
		s.Who = v.say("ticket.by.us", "program", v.program.Name)
	case rule.FromPartner:
		s.Who = v.say("ticket.by.partner")
	case rule.FromTSP:
		s.Who = v.say("ticket.by.tsp")
	default:
		s.Who = v.say("guest.by.customer")
	}
	return s
}

// guestSession is a session that a guest may join, by the clock of the ticket's place.
func (v *visit) guestSession(s session.Session, zone string) sessionPart {
	p := sessionPart{
		State: web.Badge{
			Text:  v.language.Say("session.state." + string(s.State)),
			Color: sessionStateColors[s.State],
		},
		Join: s.JoinURL,
	}
	for _, slot := range s.ScheduledSlot() {
		p.Times = append(p.Times, v.language.SpanAt(slot.Start, slot.End, zone))
	}
	return p
}

// leaveAsGuest signs the guest out of this browser.
func leaveAsGuest(v *visit) (answer, error) {
	if err := v.guests.SignOut(v.ctx, v.value(keyGuest)); err != nil {
		return answer{}, err
	}
	v.removeValues(keyGuest)
	return redirect(guestPath(v.param("id"), "")), nil
}
