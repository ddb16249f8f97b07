package rules

import (
	"time"

	"cloud.google.com/go/civil"
)

// ClockSlack is how far the clock of somebody else may be off from ours: a carrier that
// notes whole minutes, a depot's computer that nobody sets.
const ClockSlack = 15 * time.Minute

// Codes of days and instants that cannot be true (S62).
const (
	InTheFuture = "IN_THE_FUTURE" // it lies ahead
	TooEarly    = "TOO_EARLY"     // before it was possible
)

// Believable reports whether something can have happened at an instant, as somebody told
// us at now: not before it was possible, and not ahead (S62). A zero from bounds nothing.
func Believable(at, from, now time.Time) bool {
	early := !from.IsZero() && at.Before(from.Add(-ClockSlack))
	return !early && !at.After(now.Add(ClockSlack))
}

// InstantProblem returns what is wrong with an instant that a person typed, in the field
// at the pointer, and nil where it can be true (S62): IN_THE_FUTURE or TOO_EARLY.
func InstantProblem(pointer string, at, from, now time.Time) *FieldError {
	switch {
	case Believable(at, from, now):
		return nil
	case at.After(now):
		return &FieldError{
			Pointer: pointer,
			Code:    InTheFuture,
			Message: "The instant is in the future.",
			Remedy:  "Send when it happened, or leave the field out for now.",
		}
	}

	return &FieldError{
		Pointer: pointer,
		Code:    TooEarly,
		Message: "It cannot have happened that early: nothing had been decided or sent by then.",
		Remedy:  "Look at the year and the time zone, and send when it happened.",
	}
}

// DayReached checks that a day, YYYY-MM-DD, does not lie behind today: nothing was bought
// tomorrow (S62). What is no date is for Date to refuse.
func (k *Checker) DayReached(pointer, value string, today civil.Date) {
	day, err := civil.ParseDate(value)
	if err != nil || !day.After(today) {
		return
	}

	k.Fail(pointer, InTheFuture, "The day lies ahead.",
		"Send the day as it stands on the invoice; look at the year.")
}
