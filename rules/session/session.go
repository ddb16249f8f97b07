// Package session holds the rules of a video session on a ticket (S46): which command is
// allowed in which state, what the customer has agreed to, and which links are taken. It does
// no I/O.
package session

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/rules"
)

// Codes of refusals. They are part of the API and never change their meaning.
const (
	NotAgreed   = "SESSION_NOT_AGREED"      // R57a: nobody of the customer has agreed to this time
	LinkRefused = "MEETING_LINK_REFUSED"    // the link leads to no meeting service that is taken
	NoService   = "MEETING_SERVICE_MISSING" // nobody has set the meeting service up
)

// State says how far a session has come.
type State string

// The states of a session.
const (
	Proposed  State = "PROPOSED"
	Agreed    State = "AGREED"
	Scheduled State = "SCHEDULED"
	Held      State = "HELD"
	NoShow    State = "NO_SHOW"
	Cancelled State = "CANCELLED"
)

// Over reports whether nothing can change any more.
func (s State) Over() bool { return s == Held || s == NoShow || s == Cancelled }

// Provider is what makes the link of a session.
type Provider string

// The providers of a link.
const (
	Pasted Provider = "LINK" // an agent pastes it
	Teams  Provider = "TEAMS"
	Zoom   Provider = "ZOOM"
)

// Slot is a time at which a session may be held: instants, the end exclusive.
type Slot struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Is reports whether two slots are the same time.
func (s Slot) Is(other Slot) bool { return s.Start.Equal(other.Start) && s.End.Equal(other.End) }

// Agreement is what a person of the customer said yes to.
type Agreement struct {
	By    string    `json:"by"` // a user's id
	At    time.Time `json:"at"`
	Text  string    `json:"text"` // version of the text that was agreed to
	Slots []Slot    `json:"slots"`
}

// Facts are what is known of a session.
type Facts struct {
	State     State
	Slots     []Slot // proposed
	Agreement *Agreement
	Slot      *Slot // scheduled
	Sequence  int   // of the last invitation; it rises with each
}

// TextVersion names the words to which a customer agrees; a text that changes gets another.
const TextVersion = "2026-12"

// The bounds of what is proposed.
const (
	MostSlots   = 3
	shortest    = 15 * time.Minute
	longest     = 4 * time.Hour
	farthest    = 60 * 24 * time.Hour
	ReminderOff = time.Hour // before the start
)

// Propose offers times to the customer; times that were offered before, and what was agreed to
// of them, are gone. It refuses with VALIDATION_FAILED times that are none, and with
// STATE_CONFLICT a session that is scheduled or over.
func Propose(f Facts, slots []Slot, now time.Time) (Facts, error) {
	if f.State != "" && f.State != Proposed && f.State != Agreed {
		return f, conflict(f.State)
	}
	if err := checkSlots(slots, now); err != nil {
		return f, err
	}
	f.State = Proposed
	f.Slots = slices.Clone(slots)
	f.Agreement = nil
	return f, nil
}

func checkSlots(slots []Slot, now time.Time) error {
	var fields []rules.FieldError
	wrong := func(i int, code, message, remedy string) {
		pointer := "/slots"
		if i >= 0 {
			pointer = fmt.Sprintf("/slots/%d", i)
		}
		fields = append(fields, rules.FieldError{
			Pointer: pointer,
			Code:    code,
			Message: message,
			Remedy:  remedy,
		})
	}

	if len(slots) == 0 {
		wrong(-1, rules.Required, "No time is proposed.", "Propose one to three times.")
	}
	if len(slots) > MostSlots {
		wrong(-1, rules.TooManyNamed, "More than three times are proposed.",
			"Propose one to three times.")
	}
	for i, s := range slots {
		length := s.End.Sub(s.Start)
		switch {
		case length < shortest || length > longest:
			wrong(i, rules.OutOfRange, "The time is not 15 minutes to 4 hours long.",
				"Correct its end.")
		case !s.Start.After(now) || s.Start.After(now.Add(farthest)):
			wrong(i, rules.OutOfRange, "The time does not begin within the next 60 days.",
				"Correct its start.")
		case slices.ContainsFunc(slots[:i], s.Is):
			wrong(i, rules.Duplicate, "The time is proposed twice.", "Take one of them out.")
		}
	}
	return rules.Invalid(fields)
}

// Agree records which of the proposed times suit the customer, who has read the text of a
// version. Agreeing again to the same changes nothing. Times that are not proposed, or are
// over, are VALIDATION_FAILED; a session that is scheduled or over STATE_CONFLICT.
func Agree(f Facts, a Agreement) (Facts, error) {
	if f.State == Agreed && sameSlots(f.Agreement.Slots, a.Slots) && f.Agreement.Text == a.Text {
		return f, nil
	}
	if f.State != Proposed && f.State != Agreed {
		return f, conflict(f.State)
	}

	var fields []rules.FieldError
	if len(a.Slots) == 0 {
		fields = append(fields, rules.FieldError{
			Pointer: "/slots",
			Code:    rules.Required,
			Message: "No time is chosen.",
			Remedy:  "Choose one of the proposed times at least.",
		})
	}
	for i, s := range a.Slots {
		if !slices.ContainsFunc(f.Slots, s.Is) || !s.Start.After(a.At) {
			fields = append(fields, rules.FieldError{
				Pointer: fmt.Sprintf("/slots/%d", i),
				Code:    rules.OutOfRange,
				Message: "This time is not proposed, or is over.",
				Remedy:  "Choose among the proposed times.",
			})
		}
	}
	if a.Text != TextVersion || a.By == "" {
		fields = append(fields, rules.FieldError{
			Pointer: "/text",
			Code:    rules.Required,
			Message: "It is not said that the text of today was agreed to.",
			Remedy:  "Read the text of version " + TextVersion + ", and name that version.",
		})
	}
	if err := rules.Invalid(fields); err != nil {
		return f, err
	}

	f.State = Agreed
	a.Slots = slices.Clone(a.Slots)
	f.Agreement = &a
	return f, nil
}

func sameSlots(a, b []Slot) bool { return slices.EqualFunc(a, b, Slot.Is) }

// Schedule fixes the time, or moves it to another one that the customer agreed to: an
// invitation follows, with a higher sequence where there was one before. At the same time again
// it changes nothing. Without agreement to exactly this time it is SESSION_NOT_AGREED (R57a); a
// time that has begun is VALIDATION_FAILED; a session that is over STATE_CONFLICT.
func Schedule(f Facts, slot Slot, now time.Time) (Facts, error) {
	if f.State.Over() {
		return f, conflict(f.State)
	}
	if f.Agreement == nil || !slices.ContainsFunc(f.Agreement.Slots, slot.Is) {
		return f, rules.Refuse(NotAgreed, "The customer has not agreed to a session at this time.",
			"Propose the time in the ticket, and schedule the session once somebody has agreed.")
	}
	if !slot.Start.After(now) {
		return f, rules.Invalid([]rules.FieldError{{
			Pointer: "/slot",
			Code:    rules.OutOfRange,
			Message: "This time has begun.",
			Remedy:  "Choose another one, or propose new times.",
		}})
	}

	switch {
	case f.State == Scheduled && f.Slot.Is(slot):
		return f, nil
	case f.State == Scheduled:
		f.Sequence++
	}
	f.State = Scheduled
	f.Slot = &slot
	return f, nil
}

// ChangeLink has another invitation follow for a session that stays when it is.
func ChangeLink(f Facts) (Facts, error) {
	if f.State != Scheduled {
		return f, conflict(f.State)
	}
	f.Sequence++
	return f, nil
}

// Cancel ends a session before it was held. One that was scheduled is called off with a higher
// sequence: told is true then. Again it changes nothing.
func Cancel(f Facts) (out Facts, told bool, err error) {
	switch f.State {
	case Cancelled:
		return f, false, nil
	case Held, NoShow:
		return f, false, conflict(f.State)
	case Scheduled:
		f.Sequence++
		told = true
	}
	f.State = Cancelled
	return f, told, nil
}

// End says how a session ended whose time has begun: HELD or NO_SHOW. Again with the same
// outcome it changes nothing.
func End(f Facts, outcome State, now time.Time) (Facts, error) {
	if f.State == outcome && (outcome == Held || outcome == NoShow) {
		return f, nil
	}
	if f.State != Scheduled || f.Slot.Start.After(now) || outcome != Held && outcome != NoShow {
		return f, conflict(f.State)
	}
	f.State = outcome
	return f, nil
}

// Reminder returns when the attendees are reminded; nil: never, or not any more.
func (f Facts) Reminder(now time.Time) *time.Time {
	if f.State != Scheduled {
		return nil
	}
	at := f.Slot.Start.Add(-ReminderOff)
	if !at.After(now) {
		return nil
	}
	return &at
}

func conflict(s State) error {
	said := strings.ToLower(strings.ReplaceAll(string(s), "_", " "))
	return rules.Refuse(rules.StateConflict, "This is not possible while the session is "+said+".",
		"Read the session again; make a new one where it is over.")
}
