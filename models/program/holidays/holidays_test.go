package holidays

import (
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/rickar/cal/v2"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

func nameOn(t *testing.T, country, region, on string) string {
	t.Helper()
	d, err := civil.ParseDate(on)
	require.NoError(t, err)
	days, ok := Of(country, region, d.Year, d.Year)
	require.True(t, ok, country)
	for _, h := range days {
		if h.On == d {
			return h.Name
		}
	}
	return ""
}

func TestC3_KnownHolidays(t *testing.T) {
	for _, c := range []struct{ country, region, on, want string }{
		{
			"BR", "", "2026-09-07", "Independência do Brasil",
		}, {"BR", "", "2026-07-09", ""}, {"BR", "SP", "2026-07-09", "Revolução Constitucionalista"},
		{"BR", "SP", "2026-09-07", "Independência do Brasil"}, {"BR", "XX", "2026-09-07", "Independência do Brasil"},
		{"DE", "", "2026-01-06", ""}, {
			"DE", "BY", "2026-01-06", "Heilige Drei Könige",
		}, {"DE", "HE", "2026-01-06", ""}, {"DE", "HE", "2026-10-03", "Tag der Deutschen Einheit"},
		{"US", "", "2026-07-03", "Independence Day"}, {"US", "", "2026-07-04", ""}, // a Saturday, observed before it
		{"US", "", "2027-12-31", "New Year's Day"}, // of 2028, a Saturday
		{"GB", "", "2026-12-28", "Boxing Day"}, {
			"AU", "", "2026-04-03", "Good Friday",
		}, {"AU", "ACT", "2026-03-09", "Canberra Day"}, {"AU", "", "2026-03-09", ""},
		{
			"CH", "", "2026-08-01", "Bundesfeiertag",
		}, {"CH", "", "2026-05-01", ""}, {"CH", "ZH", "2026-05-01", "Tag der Arbeit"},
	} {
		require.Equal(t, c.want, nameOn(t, c.country, c.region, c.on), "%s-%s %s", c.country, c.region, c.on)
	}
}

func TestC3_CountriesWithoutHolidays(t *testing.T) {
	for _, country := range []string{"CN", "IN", "SG", "KR", "HK", "AE", "IL", "EG"} {
		days, ok := Of(country, "", 2026, 2028)
		require.False(t, ok, country)
		require.Empty(t, days, country)
	}
}

// Where no law is stated, the library's own business calendar is asked day by day.
func TestC3_HolidaysAreTheLibrarysBusinessDays(t *testing.T) {
	require.Greater(t, len(lists), 20)
	for country, list := range lists {
		require.True(t, rules.ValidCountry(country), country)
		days, ok := Of(country, "", 2026, 2029)
		require.True(t, ok, country)
		require.Greater(t, len(days), 4*4, country)
		library := cal.NewBusinessCalendar()
		for weekday := time.Sunday; weekday <= time.Saturday; weekday++ {
			library.SetWorkday(weekday, true)
		}
		library.AddHoliday(list...)
		for at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC); at.Year() < 2030; at = at.AddDate(0, 0, 1) {
			ours := slices.ContainsFunc(days, func(h Holiday) bool { return h.On == civil.DateOf(at) && h.Name != "" })
			require.Equal(t, !library.IsWorkday(at), ours, "%s %s", country, at)
		}
	}
}

func TestC3_Weekends(t *testing.T) {
	for country, want := range map[string][]calendar.Weekday{
		"BR": {"SAT", "SUN"},
		"AE": {"SAT", "SUN"},
		"IL": {"FRI", "SAT"},
		"EG": {"FRI", "SAT"},
		"NP": {"SAT"},
		"IR": {"FRI"},
	} {
		require.Equal(t, want, Weekend(country), country)
	}
	for country, weekend := range weekends {
		require.True(t, rules.ValidCountry(country), country)
		require.NoError(t, calendar.Calendar{Weekend: weekend, Hours: calendar.DefaultHours(weekend)}.Validate(),
			country)
	}
}
