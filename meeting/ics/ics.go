// Package ics writes calendar invitations (RFC 5545, 5546 and 6047): one event for one attendee,
// which a change updates and a cancellation takes back.
package ics

import (
	"bytes"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	ical "github.com/arran4/golang-ical"
)

// Invitation is what one attendee is told of a session.
type Invitation struct {
	UID       string // the same for the session's life
	Sequence  int    // it rises with each invitation
	Stamp     time.Time
	Start     time.Time
	End       time.Time
	Cancelled bool

	Summary     string
	Description string // with the local time in words: the event itself is in UTC
	Link        string

	// The organiser's address has to be the sender's, or mail programs do not show buttons. One
	// attendee alone is named: an address is disclosed to nobody else.
	OrganiserName    string
	OrganiserAddress string
	AttendeeName     string
	AttendeeAddress  string
}

// The methods of a calendar message.
const (
	Request = "REQUEST"
	Cancel  = "CANCEL"
)

// Method returns what the message asks for; the MIME part says the same.
func (i Invitation) Method() string {
	if i.Cancelled {
		return Cancel
	}
	return Request
}

// errIncomplete says that an invitation lacks what each has.
var errIncomplete = errors.New("the invitation is not complete")

// Write returns the invitation as it is sent.
func Write(i Invitation) ([]byte, error) {
	if i.UID == "" || i.Start.IsZero() || !i.End.After(i.Start) || i.Stamp.IsZero() ||
		!bare(i.OrganiserAddress) || !bare(i.AttendeeAddress) || i.Sequence < 0 {
		return nil, errIncomplete
	}

	calendar := ical.NewCalendarFor("Roomcover")
	calendar.SetProductId("-//Roomcover//Sessions//EN")
	calendar.SetMethod(ical.Method(i.Method()))
	event := calendar.AddEvent(i.UID)
	event.SetDtStampTime(i.Stamp.UTC())
	event.SetSequence(i.Sequence)
	event.SetStartAt(i.Start.UTC())
	event.SetEndAt(i.End.UTC())
	event.SetSummary(oneLine(i.Summary))
	event.SetDescription(visible(i.Description))
	if i.Link != "" {
		event.SetLocation(oneLine(i.Link))
		event.SetURL(oneLine(i.Link))
	}

	event.SetOrganizer("mailto:"+i.OrganiserAddress, named(i.OrganiserName)...)
	attendee := append(named(i.AttendeeName),
		ical.CalendarUserTypeIndividual,
		ical.ParticipationRoleReqParticipant,
		ical.ParticipationStatusNeedsAction,
		ical.WithRSVP(!i.Cancelled),
	)
	event.AddAttendee("mailto:"+i.AttendeeAddress, attendee...)

	status := ical.ObjectStatusConfirmed
	if i.Cancelled {
		status = ical.ObjectStatusCancelled
	}
	event.SetStatus(status)

	var out bytes.Buffer
	if err := calendar.SerializeTo(&out, ical.WithNewLineWindows); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// named is the parameter with a name; none for an empty one. The library puts no quotes around
// a parameter, and escapes in it what RFC 5545 does not: what would need either is left out.
func named(name string) []ical.PropertyParameter {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"':;,\\^", r) {
			return ' '
		}
		return r
	}, name)
	name = oneLine(name)
	if name == "" {
		return nil
	}
	return []ical.PropertyParameter{ical.WithCN(name)}
}

// bare reports whether a text can stand behind mailto: as one address.
func bare(address string) bool {
	return strings.Count(address, "@") == 1 && len(address) > 2 &&
		!strings.ContainsFunc(address, func(r rune) bool {
			return r <= ' ' || r > '~' || strings.ContainsRune(`,;:<>"?\`, r)
		})
}

// oneLine is a text without breaks of lines and other control characters.
func oneLine(text string) string {
	return strings.Join(strings.Fields(visible(text)), " ")
}

// visible is a text without control characters but the breaks of lines.
func visible(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "")
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r != '\n' && unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
}
