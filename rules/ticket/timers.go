package ticket

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// TimerKind says what comes by itself for a ticket at an instant.
type TimerKind string

// The timers of a ticket, its clocks apart (RULES 2).
const (
	TimerReminder TimerKind = "CUSTOMER_REMINDER" // it waits for the customer
	TimerResolve  TimerKind = "AUTO_RESOLVE"      // the customer never answered
	TimerClose    TimerKind = "CLOSE"             // resolved, and nobody came back
)

// Timer is something to do at an instant.
type Timer struct {
	Kind TimerKind
	At   time.Time
	Day  int // of a reminder: business days since it waits
}

// Days of the timers: business days of the room's calendar of a ticket that waits for the
// customer, days of one that is resolved.
const (
	resolveAfter = 10
	closeAfter   = 7
)

// ReminderDays lists on which business days a customer is reminded.
func ReminderDays() []int { return []int{2, 5} }

// reminderHour is when, by the wall clock of the room, people are reminded.
const reminderHour = 9

// Waiting is what the timers of a ticket depend on.
type Waiting struct {
	State         State
	Since         time.Time // when it came into the state, also by an undone reopening
	RemindersSent int       // of those of this wait
	Calendar      calendar.Calendar
	Zone          *time.Location
}

// Timers lists what comes by itself for a ticket and when, the earliest first: what is due
// already stands among them. A calendar without working time counts every day, so that no
// ticket waits for ever.
func (w Waiting) Timers() []Timer {
	since := rules.DateIn(w.Since, w.Zone)
	switch w.State {
	case PendingCustomer:
		var timers []Timer
		days := ReminderDays()
		for _, n := range days[min(w.RemindersSent, len(days)):] {
			on := w.businessDay(since, n)
			at := rules.WallInstant(on, reminderHour*60, w.Zone)
			timers = append(timers, Timer{Kind: TimerReminder, At: at, Day: n})
		}

		end := rules.AllowedUntil(w.businessDay(since, resolveAfter), 0, w.Zone)
		return append(timers, Timer{Kind: TimerResolve, At: end})
	case Resolved:
		return []Timer{{Kind: TimerClose, At: ClosesAt(w.Since, w.Zone)}}
	}

	return nil
}

// ClosesAt returns from when on a ticket that was resolved at an instant is closed, whether
// or not its timer has fired: until the end of the seventh day a reply reopens it (C1).
func ClosesAt(resolved time.Time, zone *time.Location) time.Time {
	return rules.AllowedUntil(rules.DateIn(resolved, zone), closeAfter, zone)
}

func (w Waiting) businessDay(d civil.Date, n int) civil.Date {
	on, err := w.Calendar.AddBusinessDays(d, n)
	if err != nil {
		return d.AddDays(n)
	}
	return on
}

// RemindersDue returns how many of the reminders were to be sent until an instant; of
// several that were missed only the last is sent.
func (w Waiting) RemindersDue(now time.Time) int {
	if w.State != PendingCustomer {
		return w.RemindersSent
	}

	sent := w.RemindersSent
	for _, t := range w.Timers() {
		if t.Kind == TimerReminder && !now.Before(t.At) {
			sent++
		}
	}
	return sent
}

// NextInstant returns the earliest instant after now at which a clock warns or is
// breached, or at which a timer is due; a timer that is due already gives its instant. nil
// where nothing comes by itself.
func NextInstant(clocks []Clock, timers []Timer, now time.Time) *time.Time {
	var next *time.Time
	add := func(at *time.Time) {
		if at != nil && (next == nil || at.Before(*next)) {
			next = at
		}
	}

	for _, c := range clocks {
		if c.State != Running {
			continue
		}
		for _, at := range []*time.Time{c.WarnAt, c.DueAt} {
			if at != nil && at.After(now) {
				add(at)
			}
		}
	}
	for _, t := range timers {
		add(&t.At)
	}

	return next
}

// EffectiveDue returns the instant by which a ticket stands in the queue (S54): the
// earliest that a clock of it is or was due without having been done; nil where nothing is
// due.
func EffectiveDue(clocks []Clock) *time.Time {
	var due *time.Time
	for _, c := range clocks {
		late := c.State == Breached && c.EndedAt == nil
		if c.State != Running && !late || c.DueAt == nil {
			continue
		}
		if due == nil || c.DueAt.Before(*due) {
			due = c.DueAt
		}
	}
	return due
}
