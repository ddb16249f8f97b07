package letter

import (
	"errors"
	"strings"
	"time"

	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/meeting/ics"
	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// errNoInvite says that the parameters of a session's mail make no calendar message.
var errNoInvite = errors.New("letter: the parameters make no calendar message")

// inviteOf is the calendar message of a session's mail (S46); nil of every other, and of one
// that proposes times or reminds of one. The organiser is who sends the mail: calendars show no
// buttons otherwise.
func inviteOf(
	p catalogue.Program, n notification.Notification, locale string,
) (*mail.Invite, error) {
	text := func(name string) string {
		value, _ := n.Params[name].(string)
		return value
	}
	when := text("when")
	if n.Template != rules.TemplateSession || when == "" || text("step") == "REMINDED" {
		return nil, nil
	}

	from, until, ok := mail.ReadInterval(when)
	stamp, err := time.Parse(time.RFC3339, text("stamp"))
	if !ok || err != nil {
		return nil, errNoInvite
	}

	l := messages.In(locale)
	says := []string{
		l.Say("mail.session." + text("step") + ".text"),
		l.Say("mail.session.when") + ": " + l.SpanAt(from, until, text("time_zone")),
	}
	if link := text("link"); link != "" {
		says = append(says, l.Say("mail.session.join")+": "+link)
	}
	i := ics.Invitation{
		UID:       text("uid"),
		Sequence:  sequenceOf(n.Params["sequence"]),
		Stamp:     stamp,
		Start:     from,
		End:       until,
		Cancelled: text("step") == "CANCELLED",
		Summary: l.Say("mail.session.event", messages.Args{
			"number":  text("number"),
			"summary": text("summary"),
		}),
		Description:      strings.Join(says, "\n"),
		Link:             text("link"),
		OrganiserName:    p.Sender(locale),
		OrganiserAddress: p.SenderAddress,
		AttendeeName:     text("name"),
		AttendeeAddress:  n.Recipient,
	}
	content, err := ics.Write(i)
	if err != nil {
		return nil, errNoInvite
	}
	return &mail.Invite{Method: i.Method(), Content: content}, nil
}

// sequenceOf reads a whole number of a row's parameters; -1, which no calendar message has, for
// what is none.
func sequenceOf(value any) int {
	switch n := value.(type) {
	case float64:
		return int(n)
	case int:
		return n
	}
	return -1
}
