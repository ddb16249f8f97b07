package licensing

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/testday"
)

func TestS2_ContractPeriod(t *testing.T) {
	for _, c := range []struct {
		name, start string
		years       int
		end, last   string
	}{
		{"V1", "2026-03-15", 1, "2027-03-15", "2027-03-14"},
		{"V2", "2024-02-29", 1, "2025-03-01", "2025-02-28"},
		{"V3", "2020-02-29", 5, "2025-03-01", "2025-02-28"},
		{"two years", "2026-03-15", 2, "2028-03-15", "2028-03-14"},
		{"three years", "2026-03-15", 3, "2029-03-15", "2029-03-14"},
		{"four years", "2026-03-15", 4, "2030-03-15", "2030-03-14"},
	} {
		for _, zoneName := range []string{"UTC", "America/Sao_Paulo", "Asia/Tokyo"} {
			t.Run(c.name+" "+zoneName, func(t *testing.T) {
				loc := testday.Zone(t, zoneName)
				p := rules.ContractPeriod(testday.Day(t, c.start), c.years, loc)
				require.Equal(t, c.start, rules.DateIn(p.Start, loc).String())
				require.Equal(t, c.end, rules.DateIn(p.End, loc).String())
				require.Equal(t, c.last, rules.LastCoveredDay(p.End, loc).String())
				require.Equal(t, "00:00:00", p.End.In(loc).Format(time.TimeOnly))
			})
		}
	}
}

func TestC2_PeriodIsHalfOpen(t *testing.T) {
	p := rules.ContractPeriod(testday.Day(t, "2026-03-15"), 1, testday.Zone(t, "America/Sao_Paulo"))
	require.True(t, p.Contains(p.Start))
	require.False(t, p.Contains(p.Start.Add(-1)))
	require.True(t, p.Contains(p.End.Add(-1)))
	require.False(t, p.Contains(p.End))
}

func TestS1_V4_FallbackStart(t *testing.T) {
	for _, c := range []struct{ zone, created, want string }{
		{"UTC", "2026-05-10T12:00:00Z", "2026-07-09T00:00:00Z"},
		{"America/Sao_Paulo", "2026-05-10T12:00:00Z", "2026-07-09T03:00:00Z"},
		{"America/Sao_Paulo", "2026-05-11T02:59:59Z", "2026-07-09T03:00:00Z"}, // still the 10th there
		{"America/Sao_Paulo", "2026-05-11T03:00:00Z", "2026-07-10T03:00:00Z"},
		{"Europe/Berlin", "2026-02-10T12:00:00Z", "2026-04-10T22:00:00Z"}, // across the time change
	} {
		got := rules.FallbackStart(testday.Instant(t, c.created), 60, testday.Zone(t, c.zone))
		require.Equal(t, c.want, got.Format(time.RFC3339), c.zone)
	}
}

func TestR29_JumpStartRunsThroughLocalDay90(t *testing.T) {
	loc := testday.Zone(t, "America/Sao_Paulo")
	p := rules.JumpStartPeriod(testday.Day(t, "2026-01-01"), loc)
	require.True(t, p.Contains(time.Date(2026, 1, 1, 0, 0, 0, 0, loc)))
	require.True(t, p.Contains(time.Date(2026, 4, 1, 23, 59, 59, 0, loc)))
	require.False(t, p.Contains(time.Date(2026, 4, 2, 0, 0, 0, 0, loc)))
	require.Equal(t, "2026-04-01", rules.LastCoveredDay(p.End, loc).String())
}

func TestS5_DueReminder(t *testing.T) {
	loc := testday.Zone(t, "America/Sao_Paulo")
	end := rules.StartOfDay(testday.Day(t, "2027-03-15"), loc)
	for _, c := range []struct {
		left, want int
		due        bool
	}{
		{400, 0, false}, {91, 0, false}, {90, 90, true}, {89, 90, true}, {61, 90, true}, {60, 60, true},
		{31, 60, true}, {30, 30, true}, {8, 30, true}, {7, 7, true}, {1, 7, true}, {0, 0, true},
		{-1, 0, true}, {-7, 0, true}, {-8, 0, false}, {-500, 0, false},
	} {
		got, due := DueReminder(end, testday.Day(t, "2027-03-15").AddDays(-c.left),
			catalogue.DefaultProgram().RenewalDays, loc)
		require.Equal(t, c.due, due, "%d days left", c.left)
		require.Equal(t, c.want, got, "%d days left", c.left)
	}
}

// sweep runs the reminder sweep on the given days and counts what a dedupe key
// by daysBefore lets through.
func sweep(t *testing.T, end civil.Date, days []int) []int {
	loc := testday.Zone(t, "Europe/Berlin")
	sent := map[int]bool{}
	var order []int
	for _, left := range days {
		n, due := DueReminder(rules.StartOfDay(end, loc), end.AddDays(-left), catalogue.DefaultProgram().RenewalDays,
			loc)
		if due && !sent[n] {
			sent[n] = true
			order = append(order, n)
		}
	}
	return order
}

func TestS5_FiveMailsIn120Days(t *testing.T) {
	var days []int
	for left := 110; left >= -10; left-- {
		days = append(days, left, left) // twice a day: a repeated sweep sends nothing more
	}
	require.Equal(t, []int{90, 60, 30, 7, 0}, sweep(t, testday.Day(t, "2027-04-10"), days))
}

func TestS5_MissedSweepsCatchUpWithTheLatestOnly(t *testing.T) {
	end := testday.Day(t, "2027-04-10")
	require.Equal(t, []int{60}, sweep(t, end, []int{58}), "missed on the day, sent two days later")
	require.Equal(t, []int{90, 7}, sweep(t, end, []int{90, 5}), "60 and 30 are out of date")
	require.Equal(t, []int{0}, sweep(t, end, []int{-3}), "after expiry the last one")
	require.Empty(t, sweep(t, end, []int{-30}), "long expired")
}

func TestR90_CancellationWindow(t *testing.T) {
	for _, zoneName := range []string{"America/Sao_Paulo", "Europe/Berlin", "Asia/Tokyo"} {
		loc := testday.Zone(t, zoneName)
		closes := rules.CancellationClosesAt(testday.Day(t, "2026-01-31"), 30, loc)
		require.True(t, rules.CancellationOpen(closes, time.Date(2026, 3, 2, 23, 59, 59, 999, loc)), zoneName)
		require.False(t, rules.CancellationOpen(closes, time.Date(2026, 3, 3, 0, 0, 0, 0, loc)), zoneName)
	}
}
