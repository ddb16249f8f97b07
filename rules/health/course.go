package health

import (
	"slices"
	"time"
)

// How long things take until they are believed. Real time.
const (
	// Stale is from when on nothing is known any more: readings that are further apart do not
	// confirm each other, and a room of which nothing new was read is shown as UNKNOWN.
	Stale = 5 * time.Minute

	// FlapWindow with more than FlapChanges changes in it makes a room flap, until as long is
	// quiet (S57).
	FlapWindow  = time.Hour
	FlapChanges = 4

	// WellFor is how long a room has been healthy before its people are told so: a recovery
	// that does not last is none.
	WellFor = 15 * time.Minute
)

// Course is how a room has been, as far as the next reading needs it. Its zero value is that of
// a room of which nothing was read. A reading that says nothing new leaves it as it is.
type Course struct {
	State   State     `json:"state"`   // as it is believed
	Since   time.Time `json:"since"`   // of the state
	Reading State     `json:"reading"` // as it was read last; empty: the place was not there

	// Changes are those of the state that may still count, at most FlapChanges+1.
	Changes  []time.Time `json:"changes,omitempty"`
	Flapping bool        `json:"flapping,omitempty"`

	// Told is how the room was when people were told last; empty: they never were, and believe
	// that it is healthy.
	Told State `json:"told,omitempty"`

	// Unseen counts the answers in a row in which the place was missing; MissingSince is when
	// that was believed. The place stays.
	Unseen       int        `json:"unseen,omitempty"`
	MissingSince *time.Time `json:"missing_since,omitempty"`
}

// Poll is one answer that was read to its end. A poll that failed is none, and moves nothing.
type Poll struct {
	At      time.Time
	Before  time.Time // when the answer before this one was; zero: there was none
	Missing bool      // the place is not in the answer
	Reading State     // as Read says
}

// Notice is what people are to be told of a room.
type Notice string

// The notices; NoNotice is the usual one.
const (
	NoNotice Notice = ""
	Down     Notice = "DOWN" // or worse than they know
	Well     Notice = "WELL" // after they were told that it is down
)

// Step says how a room goes on after an answer: two readings in a row are believed (S29), and
// what is told follows from how it is, and from what was told last (S57).
func Step(c Course, p Poll) (Course, Notice) {
	if c.State == "" {
		c.State = Unknown
		c.Since = p.At
	}
	inRow := !p.Before.IsZero() && p.At.Sub(p.Before) <= Stale

	if p.Missing {
		return missing(c, p, inRow), NoNotice
	}
	c.Unseen = 0
	c.MissingSince = nil

	// Quiet is looked for before what is read now: an hour that was quiet is over with it.
	if c.Flapping && p.At.Sub(c.lastChange()) >= FlapWindow {
		c.Flapping = false
		c.Changes = nil
	}

	if next := believed(c, p.Reading, inRow); next != c.State {
		c.State = next
		c.Since = p.At
		c.noteChange(p.At)
	}
	c.Reading = p.Reading

	return c.tell(p.At)
}

// missing goes on without a place. A second answer without it is believed; what was read before
// confirms nothing any more. How the room was stays, as what is known last.
func missing(c Course, p Poll, inRow bool) Course {
	c.Reading = ""
	if c.MissingSince != nil {
		return c
	}
	if !inRow {
		c.Unseen = 0
	}
	c.Unseen++
	if c.Unseen > 1 {
		at := p.At
		c.MissingSince = &at
	}
	return c
}

// believed is how a room is after a reading. Two alike in a row count; of two bad ones that
// differ, the milder holds for a room that was not bad.
func believed(c Course, now State, inRow bool) State {
	switch {
	case !inRow:
		return c.State
	case now == c.Reading:
		return now
	case now.Bad() && c.Reading.Bad() && !c.State.Bad():
		return NeedsAttention
	}
	return c.State
}

// noteChange remembers a change of the state; one too many within the window, and it flaps.
func (c *Course) noteChange(at time.Time) {
	c.Changes = slices.Clone(c.Changes)
	c.Changes = append(c.Changes, at)
	if over := len(c.Changes) - (FlapChanges + 1); over > 0 {
		c.Changes = c.Changes[over:]
	}
	if len(c.Changes) > FlapChanges && at.Sub(c.Changes[0]) < FlapWindow {
		c.Flapping = true
	}
}

func (c Course) lastChange() time.Time {
	if len(c.Changes) == 0 {
		return time.Time{}
	}
	return c.Changes[len(c.Changes)-1]
}

// tell compares how the room is with what was told last.
func (c Course) tell(at time.Time) (Course, Notice) {
	switch {
	case c.Flapping || c.State == Unknown:
		return c, NoNotice
	case c.State.rank() > c.Told.rank():
		c.Told = c.State
		return c, Down
	case c.State == Healthy && c.Reading == Healthy && c.Told.Bad() && at.Sub(c.Since) >= WellFor:
		c.Told = Healthy
		return c, Well
	}
	return c, NoNotice
}

// Shown is how a room is shown at an instant: as it is believed, and UNKNOWN where its place has
// vanished, where Sync gives no answers to the connection, or where the last one is stale. That
// an outage is no news of rooms is why it changes none of them.
func (c Course) Shown(at, answered time.Time, connected bool) State {
	if c.State == "" || c.MissingSince != nil || !connected || answered.IsZero() ||
		at.Sub(answered) > Stale {
		return Unknown
	}
	return c.State
}
