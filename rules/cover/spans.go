package cover

import (
	"slices"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// spans are periods in order that neither overlap nor touch. Only newSpans may build
// them. Two covers that follow each other without a gap are one span.
type spans []rules.Period

// The beginning and the end of time stand for "no bound".
var (
	beginning = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)
	forever   = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

func newSpans(periods ...rules.Period) spans {
	sorted := slices.Clone(periods)
	slices.SortFunc(sorted, func(a, b rules.Period) int { return a.Start.Compare(b.Start) })
	var out spans
	for _, p := range sorted {
		last := len(out) - 1
		switch {
		case !p.Start.Before(p.End):
		case last >= 0 && !p.Start.After(out[last].End):
			if p.End.After(out[last].End) {
				out[last].End = p.End
			}
		default:
			out = append(out, p)
		}
	}

	return out
}

// and returns what lies in both.
func (s spans) and(other spans) spans {
	var out spans
	for i, j := 0, 0; i < len(s) && j < len(other); {
		p := rules.Period{
			Start: later(s[i].Start, other[j].Start),
			End:   earlier(s[i].End, other[j].End),
		}
		if p.Start.Before(p.End) {
			out = append(out, p)
		}

		if s[i].End.Before(other[j].End) {
			i++
		} else {
			j++
		}
	}

	return out
}

// or returns what lies in either.
func (s spans) or(other spans) spans { return newSpans(append(slices.Clone(s), other...)...) }

// without returns what lies in s and not in other.
func (s spans) without(other spans) spans {
	var gaps spans
	at := beginning
	for _, p := range other {
		if at.Before(p.Start) {
			gaps = append(gaps, rules.Period{Start: at, End: p.Start})
		}
		at = p.End
	}

	if at.Before(forever) {
		gaps = append(gaps, rules.Period{Start: at, End: forever})
	}
	return s.and(gaps)
}

func (s spans) contains(t time.Time) bool {
	return slices.ContainsFunc(s, func(p rules.Period) bool { return p.Contains(t) })
}

// until returns the end of the span that holds t.
func (s spans) until(t time.Time) (time.Time, bool) {
	for _, p := range s {
		if p.Contains(t) {
			return p.End, true
		}
	}
	return time.Time{}, false
}

// between makes a span of two instants; nil means no end.
func between(from time.Time, to *time.Time) spans {
	if to == nil {
		return newSpans(rules.Period{Start: from, End: forever})
	}
	return newSpans(rules.Period{Start: from, End: *to})
}

// before is all time up to the instant; nil means all time.
func before(end *time.Time) spans { return between(beginning, end) }

// daysBetween makes a period of the local days [from, to); nil means no bound.
func daysBetween(from, to *civil.Date, loc *time.Location) rules.Period {
	p := rules.Period{Start: beginning, End: forever}
	if from != nil {
		p.Start = rules.StartOfDay(*from, loc)
	}
	if to != nil {
		p.End = rules.StartOfDay(*to, loc)
	}
	return p
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
