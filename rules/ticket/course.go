package ticket

import (
	"time"

	"roomcover.dev/roomcover/rules/cover"
)

// phase is a time in which a ticket is in one state, with the number of the event that
// began it. replacing says that a replacement of it is approved and not there yet.
type phase struct {
	seq       int
	from      time.Time
	to        *time.Time
	state     State
	replacing bool
}

// moment is when an event happened, and its number: of two at one instant it says which
// was first.
type moment struct {
	seq int
	at  time.Time
}

// change is a severity from a moment on.
type change struct {
	moment
	severity cover.Severity
}

// course is what the clocks need of a ticket's events.
type course struct {
	opened     moment
	latest     time.Time // of the last event
	phases     []phase   // without a break; the last one lasts
	texts      []moment  // public ones of ours
	restarts   []moment  // of updates: texts of ours, and reopenings
	severities []change
}

// courseOf reads the events of a ticket. An event never lies before the one that came
// before it; ok is false where there is none.
func courseOf(events []Event) (c course, ok bool) {
	open := map[string]bool{} // replacements that are approved and not there
	var at time.Time

	for i, e := range withoutUndone(events) {
		if e.At.Before(at) {
			e.At = at
		}
		at = e.At
		c.latest = at

		if i == 0 {
			c.opened = moment{e.Seq, at}
			c.severities = []change{{c.opened, e.Severity}}
			c.phases = []phase{{seq: e.Seq, from: at, state: New}}
			continue
		}
		c.add(e, open)
	}

	return c, len(c.phases) > 0
}

func (c *course) add(e Event, open map[string]bool) {
	now, at := c.phases[len(c.phases)-1].state, moment{e.Seq, e.At}
	switch e.Kind {
	case EventOurText:
		c.texts = append(c.texts, at)
		if !now.Done() {
			c.restarts = append(c.restarts, at)
		}
	case EventSeverity:
		c.severities = append(c.severities, change{at, e.Severity})
	case EventMoved:
		c.enter(at, e.State, len(open) > 0)
	case EventReopened:
		c.enter(at, InProgress, len(open) > 0)
		if len(c.texts) > 0 {
			c.restarts = append(c.restarts, at)
		}
	case EventRMAApproved:
		open[e.RMA] = true
		c.enter(at, now, true)
	case EventRMAEnded:
		delete(open, e.RMA)
		c.enter(at, now, len(open) > 0)
	}
}

// enter ends the phase that lasts and begins another one.
func (c *course) enter(m moment, s State, replacing bool) {
	last := &c.phases[len(c.phases)-1]
	if last.state == s && last.replacing == replacing {
		return
	}

	last.to = &m.at
	c.phases = append(c.phases, phase{seq: m.seq, from: m.at, state: s, replacing: replacing})
}

// withoutUndone leaves out the reopenings that were undone (S45), and where the ticket
// went from there: as if it had stayed resolved. What was said meanwhile, and how severe
// it became, stays.
func withoutUndone(events []Event) []Event {
	dropped := make([]bool, len(events))
	for i, e := range events {
		if e.Kind != EventUndone {
			continue
		}

		dropped[i] = true
		reopened := i
		for j := range i {
			if events[j].Kind == EventReopened && !dropped[j] {
				reopened = j
			}
		}
		for j := reopened; j < i; j++ {
			kind := events[j].Kind
			dropped[j] = dropped[j] || kind == EventReopened || kind == EventMoved
		}
	}

	var kept []Event
	for i, e := range events {
		if e.Seq == 0 {
			e.Seq = i + 1
		}
		if !dropped[i] {
			kept = append(kept, e)
		}
	}
	return kept
}

// done returns since when the ticket is resolved, closed or cancelled, and how it came to
// that; nil while it is not.
func (c *course) done() (since *moment, s State) {
	for i := len(c.phases) - 1; i >= 0 && c.phases[i].state.Done(); i-- {
		since, s = c.phases[i].begin(), c.phases[i].state
	}
	return since, s
}

// doneAfter returns when the ticket was next resolved, or ended, after an event; nil where
// it was not.
func (c *course) doneAfter(seq int) *moment {
	for _, p := range c.phases {
		if p.state.Done() && p.seq > seq {
			return p.begin()
		}
	}
	return nil
}

func (p phase) begin() *moment { return &moment{p.seq, p.from} }

// pauses lists the phases that a clock leaves out from its start on, joined where one
// follows another for the same reason. A clock that ended knows none after its end: when it
// was due is told as if it had gone on.
func (c *course) pauses(start time.Time, end *moment, stops func(phase) bool) []pause {
	var all []pause
	for _, p := range c.phases {
		if !stops(p) || p.to != nil && !p.to.After(start) ||
			end != nil && !p.from.Before(end.at) {
			continue
		}

		next := pause{from: p.from, to: p.to, reason: p.state}
		if next.from.Before(start) {
			next.from = start
		}
		if end != nil && (next.to == nil || next.to.After(end.at)) {
			next.to = &end.at
		}

		if n := len(all); n > 0 && all[n-1].reason == next.reason &&
			all[n-1].to.Equal(next.from) {
			all[n-1].to = next.to
			continue
		}
		all = append(all, next)
	}
	return all
}

// frozen reports whether every clock stands still in a phase.
func frozen(p phase) bool { return p.state.Done() }

// waits reports whether what we do for a room stands still in a phase: the ticket waits for
// the customer, or for a replacement that is approved (S40).
func waits(policy cover.SLAPolicy) func(phase) bool {
	return func(p phase) bool {
		switch p.state {
		case PendingCustomer:
			return true
		case PendingThirdParty:
			return policy.ThirdPartyPauses
		case PendingRMA:
			return p.replacing
		}
		return frozen(p)
	}
}
