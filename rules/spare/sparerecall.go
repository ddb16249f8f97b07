package spare

import (
	"time"

	"roomcover.dev/roomcover/rules"
)

// spareReminderDays are the days of a recall on which the customer is reminded,
// unless it is due before them.
var spareReminderDays = []int{20, 27}

// SpareRecallDue gives the exclusive end of the time in which a recalled unit may
// come back: the end of local day requested+days, by default 30 (C1, RULES 3).
func SpareRecallDue(requested time.Time, days int, zone *time.Location) time.Time {
	return rules.AllowedUntil(rules.DateIn(requested, zone), days, zone)
}

// SpareTimerKind is what a spare unit waits for a time to do.
type SpareTimerKind string

// The timers of a spare unit.
const (
	TimerRecallReminder SpareTimerKind = "RECALL_REMINDER"
	TimerRecallDue      SpareTimerKind = "RECALL_DUE"
)

// SpareTimer is something to do at an instant.
type SpareTimer struct {
	Kind SpareTimerKind
	At   time.Time
	Day  int // of a reminder
}

// Timers lists what is still to be done and when, the earliest first; zone is the
// account's. Only a recall that the carrier knows nothing of has timers.
func (f SpareFacts) Timers(zone *time.Location) []SpareTimer {
	if f.State != SpareRecallRequested || f.RecallRequestedAt == nil || f.RecallDueAt == nil ||
		f.RecallScannedAt != nil {
		return nil
	}

	var timers []SpareTimer
	day := rules.DateIn(*f.RecallRequestedAt, zone)
	for _, n := range spareReminderDays[min(f.RemindersSent, len(spareReminderDays)):] {
		if at := rules.StartOfDay(day.AddDays(n), zone); at.Before(*f.RecallDueAt) {
			timers = append(timers, SpareTimer{TimerRecallReminder, at, n})
		}
	}

	if f.FeeAskedAt == nil {
		timers = append(timers, SpareTimer{Kind: TimerRecallDue, At: *f.RecallDueAt})
	}
	return timers
}
