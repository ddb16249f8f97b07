package rma

import (
	"time"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

// RMATimerKind says what is to be done for an RMA at an instant.
type RMATimerKind string

// The timers of an RMA (RULES 3).
const (
	TimerBreach     RMATimerKind = "PROMISE_BREACH" // the first promise was missed (S21)
	TimerSilence    RMATimerKind = "CARRIER_SILENCE"
	TimerReminder   RMATimerKind = "RETURN_REMINDER"
	TimerOverdue    RMATimerKind = "RETURN_OVERDUE"
	TimerFeeConfirm RMATimerKind = "FEE_CONFIRMATION"
)

// RMATimer is something to do at an instant.
type RMATimer struct {
	Kind RMATimerKind
	At   time.Time
	Day  int // of a reminder: business days after delivery
}

// Timers lists what is still to be done for an RMA and when, in no order. plan is that
// of the return, nil before it begins.
func (f RMAFacts) Timers(plan *calendar.ReturnDue) []RMATimer {
	var timers []RMATimer
	add := func(due bool, at *time.Time, kind RMATimerKind) {
		if due && at != nil {
			timers = append(timers, RMATimer{Kind: kind, At: *at})
		}
	}

	out, outstanding := f.Outbound(), f.outstanding()
	add(out.waiting() && f.BreachedAt == nil, f.PromiseDueAt, TimerBreach)
	add(out == OutboundShipped && f.SilenceAskedAt == nil, f.SilenceDueAt, TimerSilence)
	add(outstanding && f.OverdueAt == nil, f.overdueFrom(), TimerOverdue)
	add(outstanding && f.FeeAskedAt == nil, f.FeeConfirmAt, TimerFeeConfirm)

	if outstanding && plan != nil {
		for _, r := range plan.Reminders[min(f.RemindersSent, len(plan.Reminders)):] {
			timers = append(timers, RMATimer{Kind: TimerReminder, At: r.At, Day: r.BusinessDay})
		}
	}

	return timers
}

// overdueFrom returns when the customer is told that the return is overdue.
func (f RMAFacts) overdueFrom() *time.Time {
	if After(f.OverdueFrom, f.ReturnDueAt) {
		return f.OverdueFrom
	}
	return f.ReturnDueAt
}

// RemindersDue returns the last of the reminders that are to be sent at an instant, and how
// many were to be sent until then; ok is false where there is none. Of several that were
// missed only the last is sent.
func (f RMAFacts) RemindersDue(
	plan *calendar.ReturnDue, now time.Time,
) (last calendar.ReturnReminder, sent int, ok bool) {
	if plan == nil {
		return last, f.RemindersSent, false
	}

	at := func(i int) time.Time { return plan.Reminders[i].At }
	sent = rules.RemindersDue(len(plan.Reminders), f.RemindersSent, at, now)
	if sent == f.RemindersSent {
		return last, sent, false
	}
	return plan.Reminders[sent-1], sent, true
}

// NextTimer returns the earliest of the timers; ok is false where there is none.
func (f RMAFacts) NextTimer(plan *calendar.ReturnDue) (next RMATimer, ok bool) {
	for _, t := range f.Timers(plan) {
		if !ok || t.At.Before(next.At) {
			next, ok = t, true
		}
	}
	return next, ok
}
