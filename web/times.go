package web

import (
	"time"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/messages"
)

// Distance says how far off an instant is in less than a day, "in 38 min", or how late it is,
// "12 min late", "2 days late"; empty where it is a day off or more.
func Distance(l *messages.Language, at, now time.Time) string {
	const day = 24 * time.Hour
	ahead := at.Sub(now)
	late := ahead <= 0
	switch d := ahead.Abs(); {
	case !late && d < time.Hour:
		return l.Count("time.ahead.minutes", int64(d/time.Minute))
	case !late && d < day:
		return l.Count("time.ahead.hours", int64(d/time.Hour))
	case !late:
		return ""
	case d < time.Hour:
		return l.Count("time.late.minutes", int64(d/time.Minute))
	case d < day:
		return l.Count("time.late.hours", int64(d/time.Hour))
	default:
		return l.Count("time.late.days", int64(d/day))
	}
}

// Ago says how long an instant has passed, under a day: "just now", "12 min ago"; empty where it is
// a day or more, or still to come.
func Ago(l *messages.Language, at, now time.Time) string {
	switch passed := now.Sub(at); {
	case passed < 0 || passed >= 24*time.Hour:
		return ""
	case passed < time.Minute:
		return l.Say("time.ago.now")
	case passed < time.Hour:
		return l.Count("time.ago.minutes", int64(passed/time.Minute))
	default:
		return l.Count("time.ago.hours", int64(passed/time.Hour))
	}
}

// Day says on which day an instant is, by the clock of the zone: "today", "tomorrow", and
// else as lists give dates.
func Day(l *messages.Language, at, now time.Time, zone *time.Location) string {
	there, here := at.In(zone), now.In(zone)
	switch days(there) - days(here) {
	case 0:
		return l.Say("time.today")
	case 1:
		return l.Say("time.tomorrow")
	}
	return l.NearDate(there, here)
}

// days counts the days of a zone's calendar up to a time in it.
func days(at time.Time) int64 {
	y, m, d := at.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 3600)
}

// Zone returns the zone of an IANA name, UTC for none.
func Zone(name string) *time.Location {
	return clock.ZoneOf(name)
}
