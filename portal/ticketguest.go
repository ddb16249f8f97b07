package portal

import (
	"net/http"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// guestForm is the form with which an administrator lets somebody see one ticket (S47), with
// what was typed and what is wrong with it, as messages' keys.
type guestForm struct {
	Number, Summary, Path, Back                            string
	Name, Email, Company                                   string
	NameProblem, EmailProblem, CompanyProblem, FormProblem string
	NameMostLength                                         int
}

func guestFormPath(number string) string { return ticketPath(number) + "/guests" }

func showGuestForm(v *visit) (answer, error) {
	t, err := v.ticketForGuests()
	if err != nil {
		return answer{}, err
	}
	if v.resumes(v.request.URL.Path) {
		return v.guestFormPage(t, v.typedGuest()), nil
	}
	return v.guestFormPage(t, guestForm{}), nil
}

// ticketForGuests is the ticket of the address, where this person may let others see it.
func (v *visit) ticketForGuests() (ticket.Reading, error) {
	r, err := v.tickets.Read(v.acting(), v.param("id"))
	if err != nil {
		return r, err
	}
	return r, ofClosed(rule.May(rule.DoComment, v.who.role(), r.Ticket.FactsAt(v.tickets.Now())))
}

// ofClosed is a refusal as this page shows it: that a ticket is closed is a conflict here, for
// nothing that follows it is opened.
func ofClosed(err error) error {
	if rules.CodeOf(err) != rule.TicketClosed {
		return err
	}
	return rules.Refuse(rules.StateConflict, "The ticket is closed.",
		"Open another one; guests see no ticket that is closed.")
}

func (v *visit) typedGuest() guestForm {
	return guestForm{
		Name:    strings.TrimSpace(v.form("name")),
		Email:   strings.TrimSpace(v.form("email")),
		Company: strings.TrimSpace(v.form("company")),
	}
}

func (v *visit) guestFormPage(r ticket.Reading, f guestForm) answer {
	f.Number = r.Ticket.Number
	f.Summary = r.Ticket.Summary
	f.Path = guestFormPath(f.Number)
	f.Back = ticketPath(f.Number)
	f.NameMostLength = session.MaxName
	return answer{
		page:  "ticketguest",
		title: "guests.add",
		data:  f,
		here:  v.pageOfTicket(f.Path),
	}
}

// addGuest lets somebody see this one ticket, after showing what they will see of it. The same
// address again is the same guest.
func addGuest(v *visit) (answer, error) {
	r, err := v.ticketForGuests()
	if err != nil {
		return answer{}, err
	}
	f := v.typedGuest()
	guest := session.Participant{Name: f.Name, Email: f.Email, Company: f.Company}
	if f.wrong() {
		a := v.guestFormPage(r, f)
		a.status = http.StatusUnprocessableEntity
		return a, nil
	}
	if !v.confirmed() {
		return v.askAboutGuest(r, f)
	}

	_, err = v.tickets.AddParticipant(v.acting(), r.Ticket.ID, guest)
	status := http.StatusConflict
	switch rules.CodeOf(err) {
	case rules.StateConflict:
		f.FormProblem = "guests.wrong.full"
	case rules.ValidationFailed:
		f.FormProblem = "guests.wrong.unusable"
		status = http.StatusUnprocessableEntity
	default:
		if err != nil {
			return answer{}, ofClosed(err)
		}
		return v.done(ticketPath(r.Ticket.Number), "flash.guest.added"), nil
	}
	a := v.guestFormPage(r, f)
	a.status = status
	return a, nil
}

// wrong writes what is wrong with the form beside its fields, and reports whether anything is.
func (f *guestForm) wrong() bool {
	f.NameProblem = nameProblem(f.Name)
	if !rules.ValidEmail(f.Email) {
		f.EmailProblem = "email.invalid"
	}
	if len(rules.CheckCompanyName("/company", f.Company, session.MaxName)) > 0 {
		f.CompanyProblem = "guests.wrong.company"
	}
	return f.NameProblem != "" || f.EmailProblem != "" || f.CompanyProblem != ""
}

// askAboutGuest shows what the person will see of the ticket before anybody lets them.
func (v *visit) askAboutGuest(r ticket.Reading, f guestForm) (answer, error) {
	words, err := v.tickets.CountMessages(v.acting(), r.Ticket.ID)
	if err != nil {
		return answer{}, err
	}
	sees := []string{
		r.Ticket.Number + ": " + r.Ticket.Summary,
		v.language.Count("guests.sees.words", words),
	}
	add := func(key, what string) {
		if what != "" {
			sees = append(sees, v.language.Say(key, messages.Args{"what": what}))
		}
	}
	add("guests.sees.room", web.Joined(r.RoomName, r.RoomSite))
	if r.DeviceModel != "" || r.DeviceSerial != "" {
		ref, err := v.programs.Reference(v.ctx)
		if err != nil {
			return answer{}, err
		}
		name := nameOn(ref, r.DeviceModel, r.Ticket.OpenedAt)
		add("guests.sees.device", web.Joined(name, r.DeviceSerial))
	}
	sessions, err := v.tickets.SessionsOf(v.acting(), r.Ticket.ID)
	if err != nil {
		return answer{}, err
	}
	for _, s := range sessions {
		if s.State == rulesession.Scheduled {
			add("guests.sees.session", v.span(s.ScheduledSlot()[0], r.Ticket.TimeZone))
		}
	}

	person := v.say("guests.ask.person", "name", f.Name, "email", f.Email)
	return v.ask(confirmation{
		Title: v.say("guests.ask.title", "name", f.Name, "number", r.Ticket.Number),
		Says: []string{
			web.Joined(person, f.Company),
			v.say("guests.ask.how"),
			v.say("guests.ask.hidden"),
			v.say("guests.ask.sees"),
		},
		Lists:  sees,
		Action: guestFormPath(r.Ticket.Number),
		Fields: []hidden{
			{"name", f.Name},
			{"email", f.Email},
			{"company", f.Company},
		},
		Submit: v.say("guests.ask.do"),
		Keep:   v.say("guests.ask.keep"),
		Back:   ticketPath(r.Ticket.Number),
	})
}
