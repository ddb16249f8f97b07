package health

import (
	"slices"
	"time"
)

// Turn is an instant from which on a room was shown in a state.
type Turn struct {
	At    time.Time
	State State
}

// Record is what is known of a room: since when, and each turn, in any order. Before the first
// one nothing is known.
type Record struct {
	Known time.Time
	Turns []Turn
}

// Day is how long a room was how on a day of the calendar, which begins at From. What is left of
// the day nothing is known of.
type Day struct {
	From           time.Time
	Healthy        time.Duration
	NeedsAttention time.Duration
	Offline        time.Duration
}

// Known is how much of the day something is known of.
func (d Day) Known() time.Duration { return d.Healthy + d.NeedsAttention + d.Offline }

// DaysOf splits a record into days of the calendar, from the midnight of the first to an instant
// of the last.
func DaysOf(r Record, from, until time.Time) []Day {
	turns := slices.Clone(r.Turns)
	slices.SortStableFunc(turns, func(a, b Turn) int { return a.At.Compare(b.At) })

	var days []Day
	y, m, d := from.Date()
	for i := 0; ; i++ {
		begin := time.Date(y, m, d+i, 0, 0, 0, 0, from.Location())
		if !begin.Before(until) {
			return days
		}
		end := time.Date(y, m, d+i+1, 0, 0, 0, 0, from.Location())
		days = append(days, dayOf(turns, begin, earlier(end, until), r.Known))
	}
}

func dayOf(turns []Turn, from, until, known time.Time) Day {
	day := Day{From: from}
	for i, turn := range turns {
		end := until
		if i+1 < len(turns) {
			end = earlier(until, turns[i+1].At)
		}
		begin := later(later(from, turn.At), known)
		took := end.Sub(begin)
		if took <= 0 {
			continue
		}
		switch turn.State {
		case Healthy:
			day.Healthy += took
		case NeedsAttention:
			day.NeedsAttention += took
		case Offline:
			day.Offline += took
		}
	}
	return day
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
