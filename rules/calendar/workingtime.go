package calendar

import (
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// WorkingSpan is a stretch of working time as instants in UTC, half-open.
type WorkingSpan struct {
	From time.Time
	To   time.Time
}

// WorkingSpans returns the working time of a local day, the earliest first; none on a day
// that is no business day (C3). By the wall clock's leaps an interval may be longer or
// shorter than it says, and one that they leave out is none.
func (c Calendar) WorkingSpans(d civil.Date, zone *time.Location) []WorkingSpan {
	if !c.IsBusinessDay(d) {
		return nil
	}

	var spans []WorkingSpan
	for _, h := range c.hoursOf(WeekdayOf(d)) {
		from, _ := MinuteOfDay(h.From)
		to, _ := MinuteOfDay(h.To)
		s := WorkingSpan{
			From: rules.WallInstant(d, from, zone),
			To:   rules.WallInstant(d, to, zone),
		}
		if s.From.Before(s.To) {
			spans = append(spans, s)
		}
	}

	return spans
}

// hoursOf returns the intervals of a day of the week, the earliest first.
func (c Calendar) hoursOf(d Weekday) []WorkingTime {
	var hours []WorkingTime
	for _, h := range c.Hours {
		if h.Day == d {
			hours = append(hours, h)
		}
	}

	// Times of two digits compare like the minutes that they stand for.
	slices.SortFunc(hours, func(a, b WorkingTime) int { return strings.Compare(a.From, b.From) })
	return hours
}

// HolidayOn returns the name of the holiday by which a local day has no working time though
// its day of the week has; ok is false where there is none.
func (c Calendar) HolidayOn(d civil.Date) (name string, ok bool) {
	name, ok = c.Holidays[d]
	return name, ok && c.works(WeekdayOf(d))
}
