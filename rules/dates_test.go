package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/rules/testday"
)

func TestC1_StartOfDay(t *testing.T) {
	for _, c := range []struct{ zone, day, want, why string }{
		{"UTC", "2026-03-01", "2026-03-01T00:00:00Z", "plain"},
		{"America/Sao_Paulo", "2026-03-01", "2026-03-01T03:00:00Z", "west of UTC"},
		{"Asia/Tokyo", "2026-03-01", "2026-02-28T15:00:00Z", "east of UTC"},
		{"Pacific/Kiritimati", "2026-03-01", "2026-02-28T10:00:00Z", "UTC+14"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "begins at 01:00"},
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z", "the hour before midnight came twice"},
		{"Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z", "begins at 01:00"},
		{"Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00Z", "begins at 01:00"},
		{"Atlantic/Azores", "2024-10-27", "2024-10-27T00:00:00Z", "00:00 comes twice, the first counts"},
		{"America/Havana", "2024-11-03", "2024-11-03T04:00:00Z", "00:00 comes twice, the first counts"},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "a day that never was"},
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "the day after it"},
		{"America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z", "back at 00:01: the first minute counts"},
		{"Africa/Cairo", "2041-01-01", "2040-12-31T22:00:00Z", "after a leap year, where ZoneBounds is wrong"},
		{"Europe/Berlin", "2060-03-28", "2060-03-27T23:00:00Z", "far future, from the zone's rule"},
	} {
		t.Run(c.zone+" "+c.day, func(t *testing.T) {
			got := StartOfDay(testday.Day(t, c.day), testday.Zone(t, c.zone))
			require.Equal(t, c.want, got.Format(time.RFC3339), c.why)
			require.Equal(t, time.UTC, got.Location())
		})
	}
}

func TestC1_StartOfDayIsItsFirstInstantInEveryZone(t *testing.T) {
	zones := allZones()
	rapid.Check(t, func(t *rapid.T) {
		loc := testday.Zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		d := civil.Date{Year: 1975, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 80*365).Draw(t, "day"))
		start := StartOfDay(d, loc)
		require.True(t, DateIn(start.Add(-time.Nanosecond), loc).Before(d), "just before")
		require.False(t, DateIn(start, loc).Before(d), "at the start")
		require.False(t, start.After(StartOfDay(d.AddDays(1), loc)), "days follow each other")
	})
}

func TestC1_EveryDayOfZonesThatFollowARule(t *testing.T) {
	for _, rule := range []string{"CET-1CEST,M3.5.0,M10.5.0/3", "<-03>3", "AEST-10AEDT,M10.1.0,M4.1.0/3",
		"EET-2EEST,M4.5.5/0,M10.5.4/24", "<-04>4<-03>,M9.1.6/24,M4.1.6/24"} {
		loc := ruleZone(t, rule)
		last := civil.Date{Year: 2060, Month: 1, Day: 1}
		for d := (civil.Date{Year: 2024, Month: 1, Day: 1}); d.Before(last); d = d.AddDays(1) {
			start := StartOfDay(d, loc)
			require.Equal(t, d, DateIn(start, loc), "%s %s", rule, d)
			require.Equal(t, d.AddDays(-1), DateIn(start.Add(-1), loc), "%s %s", rule, d)
		}
	}
}

// ruleZone makes a zone that has nothing but a POSIX rule, as the compact zone
// files of small machines do for the years that they do not list.
func ruleZone(t *testing.T, rule string) *time.Location {
	header := "TZif2" + strings.Repeat("\x00", 15) + strings.Repeat("\x00", 16) + "\x00\x00\x00\x01" +
		"\x00\x00\x00\x04"
	body := "\x00\x00\x00\x00" + "\x00\x00" + "UTC\x00"
	loc, err := time.LoadLocationFromTZData(rule, []byte(header+body+header+body+"\n"+rule+"\n"))
	require.NoError(t, err)
	return loc
}

func TestC1_AllowedUntilIsAStartOfDayNotAnHourCount(t *testing.T) {
	zones := allZones()
	rapid.Check(t, func(t *rapid.T) {
		loc := testday.Zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		d := civil.Date{Year: 2020, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 30*365).Draw(t, "day"))
		n := rapid.IntRange(0, 400).Draw(t, "n")
		end := AllowedUntil(d, n, loc)
		require.Equal(t, d.AddDays(n), DateIn(end.Add(-time.Second), loc), "still allowed at the end of day D+N")
		require.Equal(t, d.AddDays(n+1), DateIn(end, loc), "refused when the next day begins")
	})
}

func TestC1_AllowedUntilAcrossTimeChange(t *testing.T) {
	berlin := testday.Zone(t, "Europe/Berlin")
	end := AllowedUntil(testday.Day(t, "2026-03-28"), 1, berlin)
	require.Equal(t, 47*time.Hour, end.Sub(StartOfDay(testday.Day(t, "2026-03-28"), berlin)))
}

func TestC2_AddYears(t *testing.T) {
	for _, c := range []struct {
		from  string
		years int
		want  string
	}{
		{"2026-03-15", 1, "2027-03-15"},
		{"2024-02-29", 1, "2025-03-01"},
		{"2024-02-29", 4, "2028-02-29"},
		{"2026-12-31", 5, "2031-12-31"},
		{"2026-06-01", 0, "2026-06-01"},
	} {
		require.Equal(t, c.want, AddYears(testday.Day(t, c.from), c.years).String())
	}
}

func TestDateIn(t *testing.T) {
	at := testday.Instant(t, "2026-03-01T02:30:00Z")
	require.Equal(t, "2026-02-28", DateIn(at, testday.Zone(t, "America/Sao_Paulo")).String())
	require.Equal(t, "2026-03-01", DateIn(at, testday.Zone(t, "Europe/Berlin")).String())
}

// allZones gives every zone that an account can be in.
func allZones() []string {
	seen := map[string]bool{}
	var zones []string
	for country := range countryZones {
		seen[countryZones[country]] = true
	}
	for _, byName := range regions {
		for _, r := range byName {
			seen[r.zone] = true
		}
	}
	for name := range seen {
		zones = append(zones, name)
	}
	slices.Sort(zones) // so that a failing draw can be repeated
	return zones
}
