package testday

import (
	"strings"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
)

// TestZone is the zone of the account in the tests of cover. Their times are local
// days; an instant is noon of its day unless it bounds a period.
const TestZone = SaoPaulo

// SaoPaulo is the IANA name of a zone west of UTC, without summer time today.
const SaoPaulo = "America/Sao_Paulo"

// Zone loads a zone by its IANA name.
func Zone(t require.TestingT, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

// Day reads a day such as "2026-09-04".
func Day(t require.TestingT, s string) civil.Date {
	d, err := civil.ParseDate(s)
	require.NoError(t, err)
	return d
}

// DatePtr is Day for a field that may be nil.
func DatePtr(t require.TestingT, s string) *civil.Date {
	d := Day(t, s)
	return &d
}

// Instant reads an instant of RFC 3339 and returns it in UTC.
func Instant(t require.TestingT, s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return at.UTC()
}

// Wall reads "2026-09-04 14:00" by the zone's clock, with seconds if there are any.
func Wall(t require.TestingT, zone, text string) (time.Time, *time.Location) {
	loc := Zone(t, zone)
	at, err := time.ParseInLocation("2006-01-02 15:04:05", (text + ":00")[:19], loc)
	require.NoError(t, err)
	return at, loc
}

// LongText returns a text of n characters, two bytes each.
func LongText(n int) string { return strings.Repeat("é", n) }
