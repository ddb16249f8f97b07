package models

import (
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// text is the text of a column that may be NULL; empty for none.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// realNow is real time in the databases' resolution, for leases and pauses
// that do not follow the calendar.
func realNow() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// todayUTC is the UTC day of the instant.
func todayUTC(t time.Time) civil.Date { return civil.DateOf(t.UTC()) }

// dateOf reads a stored day, YYYY-MM-DD; nil where there is none.
func dateOf(text string) *civil.Date {
	d, err := civil.ParseDate(text)
	if err != nil || !d.IsValid() {
		return nil
	}
	return &d
}

// dateText is what dateOf reads.
func dateText(d *civil.Date) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// wrongDate reports whether a text is neither empty nor a date.
func wrongDate(text string) bool { return text != "" && dateOf(text) == nil }

// zoneOf reads a stored IANA name; one that this machine does not know is UTC.
func zoneOf(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}

// sameInstant reports whether two instants are the same, or both missing.
func sameInstant(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// versioned refuses with STATE_CONFLICT a change of a row that has another version than
// the caller read; 0 stands for any version.
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

// idsOf returns the id of each row.
func idsOf[T any](rows []T, id func(T) string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = id(r)
	}
	return out
}

// keysOf returns the keys of a map in order.
func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// batches yields ids in slices of at most size.
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

// anySlice is ids as gorm's clauses take them.
func anySlice(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

func joinCodes(codes []string) string { return strings.Join(codes, ", ") }
