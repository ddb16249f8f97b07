package rules

import (
	"time"

	"cloud.google.com/go/civil"
)

// Week is a calendar week in a zone, from Monday to Sunday. It lasts from Start until End,
// which is the Start of the next one: 167 or 169 hours where the clock is changed.
type Week struct {
	Monday, Sunday civil.Date
	Start, End     time.Time
}

// MondayOf returns the first day of the week that a day is in.
func MondayOf(d civil.Date) civil.Date {
	sinceMonday := (int(d.In(time.UTC).Weekday()) + 6) % 7
	return d.AddDays(-sinceMonday)
}

// WholeWeeks returns the weeks from the one that the first day is in to the one that the last
// day is in, in order and without gaps; none where the last day is before the first.
func WholeWeeks(first, last civil.Date, zone *time.Location) []Week {
	if last.Before(first) {
		return nil
	}

	var weeks []Week
	for monday := MondayOf(first); !monday.After(last); monday = monday.AddDays(7) {
		weeks = append(weeks, Week{
			Monday: monday,
			Sunday: monday.AddDays(6),
			Start:  StartOfDay(monday, zone),
			End:    StartOfDay(monday.AddDays(7), zone),
		})
	}

	return weeks
}

// PercentileRank returns which of n values in ascending order, from 1, is the percentile: the
// smallest that at least so many percent of them do not exceed. It is always one of the values,
// so that a percentile is never an average. 0 values have none.
func PercentileRank(n, percent int64) int64 { return (n*percent + 99) / 100 }
