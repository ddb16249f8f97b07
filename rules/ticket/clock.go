package ticket

import (
	"time"

	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
)

// EventKind is what happened to a ticket.
type EventKind string

// The events from which the clocks follow (S40). Every other kind, such as an internal
// note or an automatic reply, changes no clock and may be left out or not.
const (
	EventOpened      EventKind = "OPENED"       // Severity; the first
	EventOurText     EventKind = "OUR_TEXT"     // public, of a person on our side
	EventTheirText   EventKind = "THEIR_TEXT"   // public, of the customer's side
	EventNote        EventKind = "NOTE"         // internal
	EventAutomatic   EventKind = "AUTOMATIC"    // a text that no person wrote
	EventMoved       EventKind = "MOVED"        // State: where it is from now on
	EventSeverity    EventKind = "SEVERITY"     // Severity: the new one
	EventRMAApproved EventKind = "RMA_APPROVED" // RMA: its id
	// the customer has a working unit, or there will be none: delivered, swapped, withdrawn
	EventRMAEnded EventKind = "RMA_ENDED"
	EventReopened EventKind = "REOPENED" // it is IN_PROGRESS again
	EventUndone   EventKind = "REOPENING_UNDONE"
)

// Event is one thing that happened to a ticket. Seq is its number in the ticket, rising;
// of several events of one command the reply comes first (S40).
type Event struct {
	Seq      int
	Kind     EventKind
	At       time.Time
	Severity cover.Severity // of OPENED and SEVERITY
	State    State          // of MOVED
	RMA      string         // id, of RMA_APPROVED and RMA_ENDED
}

// Terms are what a ticket was promised, frozen when it was opened (R28d). Also are the
// policies of its other entitlements: what is due first of all of them counts (R32a).
type Terms struct {
	Policy   cover.SLAPolicy
	Also     []cover.SLAPolicy
	Calendar calendar.Calendar // of the room; asked only by what counts business time
	Zone     *time.Location    // of the room
}

// ClockKind is what a clock measures.
type ClockKind string

// The clocks of a ticket (S40).
const (
	FirstResponse ClockKind = "FIRST_RESPONSE"
	Update        ClockKind = "UPDATE"
	Restore       ClockKind = "RESTORE"
)

// ClockState is how a clock stands.
type ClockState string

// The states of a clock. What was breached stays so, whatever comes later.
const (
	Running        ClockState = "RUNNING"
	Paused         ClockState = "PAUSED"
	Met            ClockState = "MET"
	Breached       ClockState = "BREACHED"
	ClockCancelled ClockState = "CANCELLED" // nothing is owed any more
)

// Clock is one promise of time at work. Kind and Seq name it for the life of its ticket.
type Clock struct {
	Kind ClockKind
	// Seq is the number of the event that started it.
	Seq       int
	StartedAt time.Time
	State     ClockState

	// DueAt is from when on it is late; nil where nothing is promised, and while a pause
	// lasts, since nobody knows how long.
	DueAt *time.Time
	// WarnAt is when a warning is due; nil where DueAt is.
	WarnAt *time.Time
	// WarnedAt and BreachedAt are when the warning and the breach happened, nil where they
	// did not. Once they are there they stay; each is told once.
	WarnedAt   *time.Time
	BreachedAt *time.Time
	// EndedAt is when what was promised was done, or was owed no more. A clock that is
	// breached may go on without it: it is late and still not done.
	EndedAt *time.Time
	// Elapsed is the time counted so far.
	Elapsed time.Duration
	// Target is what was promised; zero where nothing was.
	Target cover.SLATarget

	// Explanation are the stretches from the start to the due instant, or as far as is
	// known; those that are COUNTED make up the promised time.
	Explanation     []Stretch
	Severity        cover.Severity
	Policy          string // code of the policy that is due first
	PolicyVersion   int
	Calendar        string
	CalendarVersion int64
}

// StretchKind is what a stretch of time is to a clock.
type StretchKind string

// The kinds of stretches.
const (
	Counted StretchKind = "COUNTED"
	Off     StretchKind = "CLOSED"  // no working time
	Holiday StretchKind = "HOLIDAY" // Reason is its name
	Pause   StretchKind = "PAUSED"  // Reason is the state of the ticket
)

// Stretch is a time without a break that a clock counted or left out, half-open.
type Stretch struct {
	From   time.Time   `json:"from"`
	To     time.Time   `json:"to"`
	Kind   StretchKind `json:"kind"`
	Reason string      `json:"reason,omitempty"`
}

// Clocks computes the clocks of a ticket from what happened to it, as they stand at now
// (S40): nothing is ever patched. Terms of nil mean that nothing was promised, and there are
// no clocks. A clock that is not among them any more, because a reopening was undone (S45),
// never was.
func Clocks(terms *Terms, events []Event, now time.Time) []Clock {
	return nil
}
