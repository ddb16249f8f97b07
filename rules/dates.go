package rules

import (
	"time"

	"cloud.google.com/go/civil"
)

// StartOfDay returns the first instant, in UTC, at which the wall clock in loc
// shows day d. It walks the zone's offsets instead of asking for 00:00, because
// some days have no midnight (America/Sao_Paulo 2018-11-04 begins at 01:00) and
// some have two (Atlantic/Azores in autumn); the first one counts. A day that
// the zone left out (Pacific/Apia 2011-12-30) starts where the next one does.
func StartOfDay(d civil.Date, loc *time.Location) time.Time { return WallInstant(d, 0, loc) }

// WallInstant returns the first instant, in UTC, at which the wall clock in loc shows
// that many minutes after 00:00 of day d, or more where it leaps over them. It walks
// like StartOfDay.
func WallInstant(d civil.Date, minutes int, loc *time.Location) time.Time {
	wall := d.In(time.UTC).Add(time.Duration(minutes) * time.Minute)
	// Two days earlier every zone still shows a day before d.
	for at := wall.AddDate(0, 0, -2); ; {
		_, offset := at.In(loc).Zone()
		end, last := offsetEnd(at, loc)
		start := wall.Add(-time.Duration(offset) * time.Second)
		if last || start.Before(end) {
			if start.Before(at) {
				start = at // the change of offset leaps over it
			}
			return start.UTC()
		}

		at = end
	}
}

// offsetEnd returns a moment after at up to which the zone keeps its offset; last
// reports that it keeps it for ever. Where a zone follows a rule, Go 1.26 ends the
// period of 31 December of a leap year before that day; no rule changes an offset then,
// so the walk goes on by the hour instead of standing still.
func offsetEnd(at time.Time, loc *time.Location) (end time.Time, last bool) {
	_, end = at.In(loc).ZoneBounds()
	if end.IsZero() {
		return end, true
	}

	if !end.After(at) {
		return at.Add(time.Hour), false
	}
	return end, false
}

// DateIn returns the calendar day that loc shows at instant t.
func DateIn(t time.Time, loc *time.Location) civil.Date { return civil.DateOf(t.In(loc)) }

// AllowedUntil returns the exclusive end of "days days after d": something is
// allowed through the end of local day d+days, so up to and not including the
// start of day d+days+1 (C1). It never counts hours.
func AllowedUntil(d civil.Date, days int, loc *time.Location) time.Time {
	return StartOfDay(d.AddDays(days+1), loc)
}

// AddYears adds calendar years as Go's AddDate does: 29 February plus one year
// is 1 March (C2).
func AddYears(d civil.Date, n int) civil.Date {
	return civil.DateOf(d.In(time.UTC).AddDate(n, 0, 0))
}
