// Package meeting makes, moves and calls off the video meetings of sessions (S46): by a link that
// somebody pasted, by Microsoft Teams, or by Zoom. It knows nothing of tickets. Whoever calls
// it repeats what failed for now, with pauses of its own; the key sees that one session stays
// one meeting.
package meeting

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Meeting is what is to be held.
type Meeting struct {
	Key     string // ours, the same for the session's life
	Subject string
	Start   time.Time
	End     time.Time
	Link    string // pasted by an agent; the other ways make their own
}

// Made is a meeting that is there.
type Made struct {
	ID      string // the service's, for Update and Cancel
	JoinURL string
}

// Meetings is a way to make meetings.
type Meetings interface {
	// Create makes the meeting of a key. Again it returns the one that is there, also where the
	// first answer was lost.
	Create(ctx context.Context, m Meeting) (Made, error)
	// Update moves a meeting and gives it another subject. Again it changes nothing. One that is
	// gone is GONE.
	Update(ctx context.Context, id string, m Meeting) (Made, error)
	// Cancel calls a meeting off. One that is gone is a success.
	Cancel(ctx context.Context, id string) error
}

// Code says why a meeting service did not do what was asked.
type Code string

// The codes of an Error.
const (
	Unavailable Code = "UNAVAILABLE"  // for now: no answer, too many requests, or its own fault
	NotAllowed  Code = "NOT_ALLOWED"  // our credentials, or their rights, are not right
	Refused     Code = "REFUSED"      // it will never do this
	Gone        Code = "GONE"         // there is no such meeting
	BadAnswer   Code = "BAD_ANSWER"   // it answers what is no answer
	LinkRefused Code = "LINK_REFUSED" // the link leads to no host of a meeting service
)

// Error is why a meeting was not made. It holds nothing that the service said in words: that
// may name people.
type Error struct {
	Code       Code
	Status     int           // of the answer; 0: there was none
	RetryAfter time.Duration // how long the service asks to wait; 0: it does not say
	cause      error
}

// Error says what happened.
func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("the meeting service answers %s (%d)", e.Code, e.Status)
	}
	return fmt.Sprintf("the meeting service answers %s", e.Code)
}

// Unwrap returns what caused it, such as a deadline.
func (e *Error) Unwrap() error { return e.cause }

// CodeOf returns the code of the first *Error in the chain; empty for any other error.
func CodeOf(err error) Code {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Code
	}
	return ""
}

// Temporary reports whether the same may succeed later.
func Temporary(err error) bool { return CodeOf(err) == Unavailable }

// CheckLink says whether a link leads to a meeting service that is taken, and how it is sent.
type CheckLink func(link string) (string, error)

// Pasted are meetings that somebody has made elsewhere and whose link was pasted. It needs no
// network.
type Pasted struct{ Check CheckLink }

var _ Meetings = Pasted{}

// Create takes the link.
func (p Pasted) Create(_ context.Context, m Meeting) (Made, error) {
	link, err := p.Check(m.Link)
	if err != nil {
		return Made{}, &Error{Code: LinkRefused, cause: err}
	}
	return Made{ID: m.Key, JoinURL: link}, nil
}

// Update takes the link that is pasted now.
func (p Pasted) Update(ctx context.Context, _ string, m Meeting) (Made, error) {
	return p.Create(ctx, m)
}

// Cancel has nothing to do.
func (Pasted) Cancel(context.Context, string) error { return nil }

// checkMade holds what a service answers to its own hosts: what it made is sent to people.
func checkMade(made Made, check CheckLink, status int) (Made, error) {
	link, err := check(made.JoinURL)
	if err != nil || made.ID == "" {
		return Made{}, &Error{Code: BadAnswer, Status: status, cause: err}
	}
	made.JoinURL = link
	return made, nil
}
