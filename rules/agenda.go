package rules

import (
	"fmt"
	"time"

	"cloud.google.com/go/civil"
)

// AgendaDay returns the bounds of an agenda in a zone: what waited until late or
// before is late, what waits until due, and no longer than late, is due on the day.
// Both are instants by the calendar. on is that day in the zone, nil for today
// there; of a day to come, late is its beginning.
func AgendaDay(on *civil.Date, now time.Time, zone *time.Location) (late, due time.Time) {
	day := DateIn(now, zone)
	if on != nil {
		day = *on
	}

	start := StartOfDay(day, zone)
	if late = now; start.After(now) {
		late = start
	}
	return late.UTC(), StartOfDay(day.AddDays(1), zone).UTC()
}

// DueText says in English until when something waits, seen at now: by local days,
// since an end at midnight belongs to the day before it.
func DueText(until, now time.Time, zone *time.Location) string {
	last, today := DateIn(until.Add(-time.Nanosecond), zone), DateIn(now, zone)
	wall := until.In(zone).Format("15:04")
	by := ""
	if wall != "00:00" {
		by = " by " + wall
	}

	switch days := today.DaysSince(last); {
	case days > 1:
		return fmt.Sprintf("%d days late", days)
	case days == 1:
		return "1 day late"
	case days == 0 && !now.Before(until):
		return "late since " + wall + " today"
	case days == 0:
		return "due today" + by
	case days == -1:
		return "due tomorrow" + by
	}

	return "due on " + last.String() + by
}
