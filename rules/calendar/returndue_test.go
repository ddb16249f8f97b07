package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/testday"
)

// tenDays is the window of RULES 3.
var tenDays = ReturnWindow{Days: 10, Reminders: []int{3, 7, 10}, FeeConfirm: 5}

func TestV9_S22_ReturnIsDueAtTheEndOfTheTenthBusinessDay(t *testing.T) {
	delivered, loc := testday.Wall(t, testday.SaoPaulo, "2026-09-08 11:20")
	r, err := DueReturn(delivered, loc, office(t, satSun), tenDays)
	require.NoError(t, err)
	require.Equal(t, testday.Day(t, "2026-09-22"), r.On)
	require.Equal(t, "2026-09-23T03:00:00Z", r.Until.Format(time.RFC3339))
	require.Equal(t, testday.Day(t, "2026-09-29"), r.FeeConfirmOn)
	require.Equal(t, "2026-09-30T03:00:00Z", r.FeeConfirmFrom.Format(time.RFC3339))
	require.Equal(t, []ReturnReminder{
		{3, testday.Day(t, "2026-09-11"), time.Date(2026, 9, 11, 12, 0, 0, 0, time.UTC)},
		{7, testday.Day(t, "2026-09-17"), time.Date(2026, 9, 17, 12, 0, 0, 0, time.UTC)},
		{10, testday.Day(t, "2026-09-22"), time.Date(2026, 9, 22, 12, 0, 0, 0, time.UTC)},
	}, r.Reminders)
	require.Equal(t, []any{"XX", int64(3)}, []any{r.Calendar, r.CalendarVersion})
}

func TestS22_ReturnsOverHolidaysWeekendsAndZones(t *testing.T) {
	for _, c := range []struct {
		name, zone, delivered string
		calendar              Calendar
		due, fee              string
		until                 string // UTC
	}{
		{
			"a holiday takes a day", testday.SaoPaulo, "2026-09-04 10:00", brazil(t), "2026-09-21", "2026-09-28",
			"2026-09-22T03:00:00Z",
		},
		{
			"delivered on a Saturday", testday.SaoPaulo, "2026-09-12 10:00", office(t, satSun), "2026-09-25",
			"2026-10-02", "2026-09-26T03:00:00Z",
		},
		{
			"the clock goes back within it", "Europe/Berlin", "2026-10-16 23:59", office(t, satSun), "2026-10-30",
			"2026-11-06", "2026-10-30T23:00:00Z",
		},
		{
			"a half-hour zone", "Asia/Kolkata", "2026-08-03 00:05", office(t, satSun), "2026-08-17", "2026-08-24",
			"2026-08-17T18:30:00Z",
		},
		{
			"Adelaide springs forward", "Australia/Adelaide", "2026-09-25 12:00", office(t, satSun), "2026-10-09",
			"2026-10-16", "2026-10-09T13:30:00Z",
		},
		{
			"Friday and Saturday are off", "Asia/Jerusalem", "2026-08-06 12:00", office(t, friSat), "2026-08-20",
			"2026-08-27", "2026-08-20T21:00:00Z",
		},
		{"over the year's end", "Europe/London", "2026-12-18 12:00", office(t, satSun, "2026-12-25",
			"2026-12-28", "2027-01-01"), "2027-01-06", "2027-01-13", "2027-01-07T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, loc := testday.Wall(t, c.zone, c.delivered)
			r, err := DueReturn(at, loc, c.calendar, tenDays)
			require.NoError(t, err)
			require.Equal(t, []any{
				testday.Day(t, c.due), testday.Day(t, c.fee), c.until,
			}, []any{r.On, r.FeeConfirmOn, r.Until.Format(time.RFC3339)})
			for _, m := range r.Reminders {
				require.Equal(t, 9, m.At.In(loc).Hour())
				require.Equal(t, m.On, rules.DateIn(m.At, loc))
			}
		})
	}
}
