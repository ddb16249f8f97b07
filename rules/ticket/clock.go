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
	AlwaysOn        bool // it counts around the clock, unless the target is in business days
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
	From   time.Time   `json:"from" doc:"When it begins, in UTC (RFC 3339)"`
	To     time.Time   `json:"to" doc:"When it ends, in UTC (RFC 3339)"`
	Kind   StretchKind `json:"kind" doc:"Whether it is counted, and why not"`
	Reason string      `json:"reason,omitempty" doc:"The holiday's name, or the state that pauses"`
}

// Clocks computes the clocks of a ticket from what happened to it, as they stand at now
// (S40): nothing is ever patched. Terms of nil mean that nothing was promised, and there are
// no clocks. A clock that is not among them any more, because a reopening was undone (S45),
// never was.
func Clocks(terms *Terms, events []Event, now time.Time) []Clock {
	if terms == nil {
		return nil
	}
	c, ok := courseOf(events)
	if !ok {
		return nil
	}

	t := *terms
	if t.Zone == nil {
		t.Zone = time.UTC
	}
	if now.Before(c.latest) {
		now = c.latest // the clock of the machine that asks is slow
	}

	clocks := []Clock{t.read(&c, c.firstResponse(), now), t.read(&c, c.restore(), now)}
	for i := range c.restarts {
		if task, ok := c.update(i); ok {
			clocks = append(clocks, t.read(&c, task, now))
		}
	}
	return clocks
}

// task is what a clock is to measure: from when on, until what was promised was done or
// owed no more, and what it leaves out.
type task struct {
	kind   ClockKind
	start  moment
	end    *moment
	state  ClockState // that the end leads to, unless it was breached before
	target func(cover.SLAPromise) cover.SLATarget
	stops  func(cover.SLAPolicy) func(phase) bool
}

// firstResponse runs from the ticket's creation to the first public text of a person on
// our side, and stands still only where nobody works on the ticket any more.
func (c *course) firstResponse() task {
	k := task{
		kind:   FirstResponse,
		start:  c.opened,
		target: func(p cover.SLAPromise) cover.SLATarget { return p.FirstResponse },
		stops:  func(cover.SLAPolicy) func(phase) bool { return frozen },
	}

	if len(c.texts) > 0 {
		k.end, k.state = &c.texts[0], Met
		return k
	}
	k.end, _ = c.done()
	k.state = ClockCancelled
	return k
}

// restore runs from the ticket's creation until it is resolved.
func (c *course) restore() task {
	end, s := c.done()
	k := task{
		kind:   Restore,
		start:  c.opened,
		end:    end,
		state:  Met,
		target: func(p cover.SLAPromise) cover.SLATarget { return p.Restore },
		stops:  waits,
	}
	if s == Cancelled {
		k.state = ClockCancelled
	}
	return k
}

// update runs from a restart to the next text of ours; ok is false where the ticket was
// resolved in the same command, so that no other update was ever owed.
func (c *course) update(i int) (k task, ok bool) {
	k = task{
		kind:   Update,
		start:  c.restarts[i],
		end:    c.doneAfter(c.restarts[i].seq),
		state:  ClockCancelled,
		target: func(p cover.SLAPromise) cover.SLATarget { return p.Updates },
		stops:  waits,
	}

	if i+1 < len(c.restarts) && (k.end == nil || c.restarts[i+1].seq < k.end.seq) {
		k.end, k.state = &c.restarts[i+1], Met
	}
	return k, k.end == nil || k.state == Met || k.end.at.After(k.start.at)
}

// read computes a clock.
func (t Terms) read(c *course, k task, now time.Time) Clock {
	clock := Clock{
		Kind:            k.kind,
		Seq:             k.start.seq,
		StartedAt:       k.start.at.UTC(),
		State:           Running,
		Calendar:        t.Calendar.Code,
		CalendarVersion: t.Calendar.Version,
	}

	until := now
	if k.end != nil {
		until = k.end.at
		clock.EndedAt = instant(until)
	}
	paused := t.walk(c, k, &clock, until)

	switch {
	case clock.BreachedAt != nil:
		clock.State = Breached
	case k.end != nil:
		clock.State = k.state
	case paused:
		clock.State, clock.DueAt, clock.WarnAt = Paused, nil, nil
	}
	return clock
}

// measured is a reckoning by one policy.
type measured struct {
	reckoning
	policy   cover.SLAPolicy
	target   cover.SLATarget
	severity cover.Severity
	pauses   []pause
}

// paused reports whether the clock stands still and nobody knows until when.
func (m measured) paused() bool {
	return len(m.pauses) > 0 && m.pauses[len(m.pauses)-1].to == nil
}

// walk goes through the severities that a ticket had while a clock ran, each from the
// start on (V16), and notes in the clock when it warned and was breached. A breach stays as
// it was; else the last severity counts. It reports whether the clock stands still.
func (t Terms) walk(c *course, k task, clock *Clock, until time.Time) (paused bool) {
	var counts []change
	for _, s := range c.severities {
		switch {
		case k.end != nil && s.seq > k.end.seq:
		case s.seq <= k.start.seq:
			counts = []change{s}
		default:
			counts = append(counts, s)
		}
	}

	var last measured
	for i, s := range counts {
		last = t.first(c, k, s.severity, until)
		final := i+1 == len(counts)
		to := until
		if !final {
			to = counts[i+1].at
		}

		last.note(clock, s.at, to, final)
		if clock.BreachedAt != nil {
			break
		}
	}

	clock.Severity = last.severity
	clock.Policy, clock.PolicyVersion = last.policy.Code, last.policy.Version
	clock.AlwaysOn = last.policy.AlwaysOn
	clock.Target = last.target
	clock.Elapsed, clock.Explanation = last.elapsed, last.steps
	if last.due != nil {
		clock.DueAt, clock.WarnAt = last.due, last.warn
	}
	return last.paused()
}

// note records a warning and a breach that fall into the time in which a severity was in
// force. What became late by a severity that was raised is late from then on, and while
// the clock stands still not before it goes on.
func (m measured) note(clock *Clock, from, to time.Time, final bool) {
	happened := func(at *time.Time) *time.Time {
		if at == nil {
			return nil
		}

		when := *at
		if when.Before(from) {
			when = from
			for _, p := range m.pauses {
				if p.contains(when) {
					if p.to == nil {
						return nil
					}
					when = *p.to
				}
			}
		}
		if when.Before(to) || final && !when.After(to) {
			return instant(when)
		}
		return nil
	}

	clock.BreachedAt = happened(m.due)
	warned := happened(m.warn)
	if clock.WarnedAt == nil && warned != nil &&
		(clock.BreachedAt == nil || warned.Before(*clock.BreachedAt)) {
		clock.WarnedAt = warned
	}
}

// first returns what is due first of all policies that apply (R32a), by a severity.
func (t Terms) first(c *course, k task, s cover.Severity, until time.Time) measured {
	var best measured
	for i, p := range append([]cover.SLAPolicy{t.Policy}, t.Also...) {
		m := measured{
			policy:   p,
			target:   k.target(p.Promises[s]),
			severity: s,
			pauses:   c.pauses(k.start.at, k.end, k.stops(p)),
		}
		m.reckoning = t.reckon(p, m.target, k.start.at, until, m.pauses)

		sooner := m.due != nil && (best.due == nil || m.due.Before(*best.due))
		if i == 0 || sooner || !best.target.Promised() && m.target.Promised() {
			best = m
		}
	}
	return best
}
