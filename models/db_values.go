package models

import (
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// realNow is real time in the databases' resolution, for leases and pauses
// that do not follow the calendar.
func realNow() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func todayUTC(t time.Time) civil.Date { return civil.DateOf(t.UTC()) }

func dateOf(text string) *civil.Date {
	d, err := civil.ParseDate(text)
	if err != nil || !d.IsValid() {
		return nil
	}
	return &d
}

func dateText(d *civil.Date) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// wrongDate tells whether a text is neither empty nor a date.
func wrongDate(text string) bool { return text != "" && dateOf(text) == nil }

// zoneOf reads a stored IANA name; one that this machine does not know is UTC.
func zoneOf(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}

func sameInstant(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// versioned refuses a change of something that was changed since it was read.
func versioned(have, want int64) error {
	if want != 0 && have != want {
		return rules.Refuse(
			rules.StateConflict,
			"It was changed since you read it.",
			"Read it again and repeat the change.",
		)
	}
	return nil
}

func idsOf[T any](rows []T, id func(T) string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = id(r)
	}
	return out
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func batches(ids []string, size int) func(yield func([]string) bool) {
	return func(yield func([]string) bool) {
		for len(ids) > 0 {
			n := min(size, len(ids))
			if !yield(ids[:n]) {
				return
			}
			ids = ids[n:]
		}
	}
}

func anySlice(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

func joinCodes(codes []string) string { return strings.Join(codes, ", ") }
