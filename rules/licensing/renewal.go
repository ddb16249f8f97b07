package licensing

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// RenewalCatchUpDays is how long after expiry the reminder of the last day is
// still worth sending. Without it, importing old contracts would mail people
// about terms that ended years ago.
const RenewalCatchUpDays = 7

// DueReminder gives the one renewal reminder that belongs to today, a local day
// in loc, for a contract with the exclusive end. reminders are the days before the
// end on which one is due, the earliest first; 0 is the local date of end_at (by
// default 90, 60, 30, 7 and 0). The answer names a reminder, not
// an event: it stays the same from its day until the day of the next one, so a
// sweep that missed days still sends it, and one that missed several reminders
// sends only the latest. The caller makes it happen once by using daysBefore in
// the mail's dedupe key (C7, S5). Nothing is due before the first of
// them or later than RenewalCatchUpDays after it.
func DueReminder(
	end time.Time, today civil.Date, reminders []int, loc *time.Location,
) (daysBefore int, due bool) {
	left := rules.DateIn(end, loc).DaysSince(today)
	if left < -RenewalCatchUpDays {
		return 0, false
	}

	for _, day := range reminders {
		if left <= day {
			daysBefore, due = day, true
		}
	}

	return daysBefore, due
}

// ExpiringDays is how many days before its end a contract counts as expiring: a
// derived state, never stored (RULES 2).
const ExpiringDays = 90

// ExpiringBefore gives the instant before which a contract that runs must end to be
// expiring within days of today, a local day in loc: an end on the local day
// today+days still counts (C1).
func ExpiringBefore(today civil.Date, days int, loc *time.Location) time.Time {
	return rules.AllowedUntil(today, days, loc)
}
