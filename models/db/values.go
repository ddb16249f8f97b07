package db

import (
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/rules"
)

// Text returns the text of a column that may be NULL; empty for NULL.
func Text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// RealNow returns real time in the databases' resolution, for leases and pauses that do
// not follow the calendar.
func RealNow() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// TodayUTC returns the UTC day of the instant.
func TodayUTC(t time.Time) civil.Date { return civil.DateOf(t.UTC()) }

// DateOf reads a stored day, YYYY-MM-DD; nil where there is none.
func DateOf(text string) *civil.Date {
	d, err := civil.ParseDate(text)
	if err != nil || !d.IsValid() {
		return nil
	}
	return &d
}

// DateText returns a day as YYYY-MM-DD, as DateOf reads it; empty for nil.
func DateText(d *civil.Date) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// WrongDate reports whether a text is neither empty nor a date.
func WrongDate(text string) bool { return text != "" && DateOf(text) == nil }

// ZoneOf reads a stored IANA name; one that this machine does not know is UTC.
func ZoneOf(name string) *time.Location {
	return clock.ZoneOf(name)
}

// SameInstant reports whether two instants are the same, or both missing.
func SameInstant(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// Versioned refuses with STATE_CONFLICT a change of a row that has another version than
// the caller read; 0 stands for any version.
func Versioned(have, want int64) error {
	if want != 0 && have != want {
		return rules.Refuse(
			rules.StateConflict,
			"It was changed since you read it.",
			"Read it again and repeat the change.",
		)
	}

	return nil
}

// AsSeen refuses with VERSION_MISMATCH what is decided about a row that has another version than
// the one that was seen; none seen, or 0, stands for any version.
func AsSeen(have int64, seen ...int64) error {
	if len(seen) == 0 || seen[0] == 0 || seen[0] == have {
		return nil
	}
	return rules.Refuse(
		rules.VersionMismatch,
		"It was changed since you looked at it.",
		"Look at it again, and decide about what it is now.",
	)
}

// IdsOf returns the id of each row.
func IdsOf[T any](rows []T, id func(T) string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = id(r)
	}
	return out
}

// KeysOf returns the keys of a map in order.
func KeysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Batches yields ids in slices of at most size.
func Batches(ids []string, size int) func(yield func([]string) bool) {
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

// AnySlice returns ids as gorm's clauses take them.
func AnySlice(ids []string) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}

// JoinCodes returns codes as one text for people.
func JoinCodes(codes []string) string { return strings.Join(codes, ", ") }
