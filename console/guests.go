package console

import (
	"cmp"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/web"
)

// guestShown is a person who sees one ticket and nothing else (S47).
type guestShown struct {
	Name, About, Since string
	Remove             string // address that asks; empty: not offered
}

func (v *visit) guestShown(
	d ticket.Desk, p session.Participant, names map[string]string, open bool,
) guestShown {
	out := guestShown{
		Name:  p.Name,
		About: web.Joined(p.Company, p.Email),
		Since: v.say("console.guest.since",
			"name", cmp.Or(names[p.AddedBy], v.program.Name),
			"when", v.moment(p.AddedAt, "")),
	}
	if open {
		out.Remove = ticketPath(d.Number) + "/guests/" + p.ID + "/remove"
	}
	return out
}

func askGuest(v *visit) (answer, error) {
	d, err := v.tickets.AtDesk(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askAboutGuest(d, nil)
}

// guestFields are what is asked for of a participant.
var guestFields = []string{"name", "email", "company"}

func (v *visit) askAboutGuest(d ticket.Desk, refused *commandRefused) (answer, error) {
	ask := confirmation{
		Title: v.say("console.guest.add") + " · " + d.Number,
		Says: []string{
			web.Joined(d.Summary, d.RoomName, d.AccountName),
			v.say("console.guest.add.says"),
		},
		Action: v.request.URL.Path,
		Submit: v.say("console.guest.add.submit"),
		Back:   ticketPath(d.Number),
	}
	for _, name := range guestFields {
		kind := "text"
		if name == "email" {
			kind = "email"
		}
		ask.Fields = append(ask.Fields, web.Field{
			Name:     name,
			Label:    v.language.Say("console.guest.field." + name),
			Kind:     kind,
			Value:    v.form(name),
			Required: name != "company",
		})
	}
	return v.askWith(ask, refused)
}

func addGuest(v *visit) (answer, error) {
	d, err := v.tickets.AtDesk(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAboutGuest(d, nil)
	}
	_, err = v.tickets.AddParticipant(v.acting(d.AccountID), d.ID, session.Participant{
		Email:   v.form("email"),
		Name:    strings.TrimSpace(v.form("name")),
		Company: strings.TrimSpace(v.form("company")),
	})
	if err == nil {
		return v.done(ticketPath(d.Number), "console.flash.guest"), nil
	}
	if refused := v.commandRefusal(err); refused != nil {
		return v.askAboutGuest(d, refused)
	}
	return answer{}, err
}

// removeGuest ends what a person sees at once, after saying what that means.
func removeGuest(v *visit) (answer, error) {
	d, err := v.tickets.AtDesk(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		guests, err := v.tickets.ParticipantsOf(v.scope(), d.ID)
		if err != nil {
			return answer{}, err
		}
		for _, p := range guests {
			if p.ID != v.param("guest") {
				continue
			}
			return v.ask(confirmation{
				Title:  v.say("console.guest.remove") + " · " + d.Number,
				Says:   []string{web.Joined(p.Name, p.Company), v.say("console.guest.remove.says")},
				Action: v.request.URL.Path,
				Submit: v.say("console.guest.remove"),
				Danger: true,
				Back:   ticketPath(d.Number),
			})
		}
		return answer{}, db.NotFound()
	}

	err = v.tickets.RemoveParticipant(v.acting(d.AccountID), d.ID, v.param("guest"))
	if err == nil {
		return v.done(ticketPath(d.Number), "console.flash.guestgone"), nil
	}
	return answer{}, err
}
