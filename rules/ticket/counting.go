package ticket

import (
	"iter"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
)

// counting is which time a target counts.
type counting string

// The kinds of counting. Whole days are those of business days after the first local day:
// they end at midnight, like all else that is promised in days.
const (
	allTime     counting = "ALL"
	workingTime counting = "WORKING_TIME"
	wholeDays   counting = "WHOLE_DAYS"
)

func countingOf(p cover.SLAPolicy, t cover.SLATarget) counting {
	switch {
	case t.BusinessDays > 0:
		return wholeDays
	case p.AlwaysOn:
		return allTime
	}
	return workingTime
}

// furthest bounds every walk through the days of a calendar (C3), in days: what was not
// counted ten years after the start never will be.
const furthest = 3653

// promised returns how much time a target promises that starts at an instant; ok is false
// where it promises nothing, or days that the calendar does not have.
func (t Terms) promised(target cover.SLATarget, start time.Time) (span time.Duration, ok bool) {
	if target.BusinessDays == 0 {
		return target.Within, target.Within > 0
	}

	day := rules.DateIn(start, t.Zone)
	for range target.BusinessDays {
		next, err := t.Calendar.NextBusinessDay(day)
		if err != nil {
			return 0, false
		}
		day = next
		span += t.wholeDay(day)
	}
	return span, true
}

// wholeDay returns how long a local day is: 23 or 25 hours where the clocks are changed.
func (t Terms) wholeDay(d civil.Date) time.Duration {
	return rules.StartOfDay(d.AddDays(1), t.Zone).Sub(rules.StartOfDay(d, t.Zone))
}

// stretches goes through the time from start on, pauses apart: each stretch begins where
// the one before it ends. It ends by itself after the furthest day.
func (t Terms) stretches(how counting, start time.Time) iter.Seq[Stretch] {
	return func(yield func(Stretch) bool) {
		if how == allTime {
			yield(Stretch{From: start, To: start.AddDate(0, 0, furthest), Kind: Counted})
			return
		}

		first := rules.DateIn(start, t.Zone)
		for n := range furthest {
			for _, s := range t.stretchesOfDay(how, first.AddDays(n), n == 0) {
				if s.From.Before(start) {
					s.From = start
				}
				if s.From.Before(s.To) && !yield(s) {
					return
				}
			}
		}
	}
}

// stretchesOfDay cuts a local day into stretches that count and others; isFirst is the day
// on which the clock starts.
func (t Terms) stretchesOfDay(how counting, d civil.Date, isFirst bool) []Stretch {
	begin, end := rules.StartOfDay(d, t.Zone), rules.StartOfDay(d.AddDays(1), t.Zone)
	idle := Stretch{From: begin, To: end, Kind: Off}
	if name, ok := t.Calendar.HolidayOn(d); ok {
		idle.Kind, idle.Reason = Holiday, name
	}

	var open []calendar.WorkingSpan
	switch {
	case how == workingTime:
		open = t.Calendar.WorkingSpans(d, t.Zone)
	case !isFirst && t.Calendar.IsBusinessDay(d):
		open = []calendar.WorkingSpan{{From: begin, To: end}}
	}

	var all []Stretch
	at := begin
	for _, s := range open {
		if at.Before(s.From) {
			all = append(all, Stretch{From: at, To: s.From, Kind: idle.Kind, Reason: idle.Reason})
		}
		all = append(all, Stretch{From: s.From, To: s.To, Kind: Counted})
		at = s.To
	}
	if at.Before(end) {
		all = append(all, Stretch{From: at, To: end, Kind: idle.Kind, Reason: idle.Reason})
	}
	return all
}

// pause is a time in which a clock stands still; to is nil while it lasts.
type pause struct {
	from   time.Time
	to     *time.Time
	reason State
}

func (p pause) contains(at time.Time) bool {
	return !at.Before(p.from) && (p.to == nil || at.Before(*p.to))
}

// withPauses lays pauses, in order and apart from each other, over stretches. A pause that
// lasts is one stretch to the end of them all.
func withPauses(base iter.Seq[Stretch], pauses []pause) iter.Seq[Stretch] {
	return func(yield func(Stretch) bool) {
		left := pauses
		for s := range base {
			for s.From.Before(s.To) {
				for len(left) > 0 && left[0].to != nil && !s.From.Before(*left[0].to) {
					left = left[1:]
				}

				piece := s
				switch {
				case len(left) == 0 || !left[0].from.Before(s.To):
				case s.From.Before(left[0].from):
					piece.To = left[0].from
				default:
					piece.Kind, piece.Reason = Pause, string(left[0].reason)
					if left[0].to != nil && left[0].to.Before(piece.To) {
						piece.To = *left[0].to
					}
				}

				if !yield(piece) {
					return
				}
				s.From = piece.To
			}
		}
	}
}

// reckoning is what a walk from a start finds.
type reckoning struct {
	due      *time.Time // when the promised time is used up
	warn     *time.Time // when so much of it is left that a warning is due
	elapsed  time.Duration
	promised time.Duration
	steps    []Stretch
}

// reckon walks from start until the target is used up; without a target, or where a pause
// lasts, until the instant given. elapsed is what counts until then.
func (t Terms) reckon(
	p cover.SLAPolicy, target cover.SLATarget, start, until time.Time, pauses []pause,
) reckoning {
	promised, ok := t.promised(target, start)
	r := reckoning{promised: promised}
	warnAt := promised - warnBefore(target, promised)

	var used time.Duration
	how := countingOf(p, target)
	for s := range withPauses(t.stretches(how, start), pauses) {
		beyond := !s.From.Before(until)
		if beyond && (!ok || r.due != nil || lasts(pauses, s)) {
			break
		}

		counts := s.Kind == Counted
		if counts && !beyond {
			r.elapsed += min(s.To.Sub(s.From), until.Sub(s.From))
		}
		if r.due != nil {
			continue
		}

		if counts && ok {
			length := s.To.Sub(s.From)
			if r.warn == nil && used+length >= warnAt {
				r.warn = instant(s.From.Add(warnAt - used))
			}
			if used+length >= promised {
				s.To = s.From.Add(promised - used)
				r.due = instant(s.To)
			}
			used += length
		}
		r.steps = appendStretch(r.steps, s)
	}

	if r.due == nil {
		r.steps = cutAt(r.steps, until)
	}
	r.steps = r.steps[:min(len(r.steps), MaxStretches)]
	return r
}

// MaxStretches bounds an explanation: what a clock measured for a year has no use for more.
const MaxStretches = 200

// cutAt leaves out of stretches what comes after an instant.
func cutAt(all []Stretch, until time.Time) []Stretch {
	for i, s := range all {
		if !s.From.Before(until) {
			return all[:i]
		}
		all[i].To = earlier(s.To, until.UTC())
	}
	return all
}

// warnBefore returns how much of a promised time is left when a warning is due: a quarter,
// unless the target says otherwise (S41, V11).
func warnBefore(target cover.SLATarget, promised time.Duration) time.Duration {
	if target.WarnBefore > 0 {
		return min(target.WarnBefore, promised)
	}
	return promised / 4
}

// lasts reports whether a stretch is of a pause whose end nobody knows.
func lasts(pauses []pause, s Stretch) bool {
	if s.Kind != Pause {
		return false
	}
	last := pauses[len(pauses)-1]
	return last.to == nil && !s.From.Before(last.from)
}

// appendStretch adds a stretch, as a part of the last one where nothing changed between
// them: a night is one stretch, though it is of two days.
func appendStretch(all []Stretch, s Stretch) []Stretch {
	if !s.From.Before(s.To) {
		return all
	}

	s.From, s.To = s.From.UTC(), s.To.UTC()
	if n := len(all); n > 0 && all[n-1].Kind == s.Kind && all[n-1].Reason == s.Reason {
		all[n-1].To = s.To
		return all
	}
	return append(all, s)
}

func instant(t time.Time) *time.Time {
	t = t.UTC()
	return &t
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
