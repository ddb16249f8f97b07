package calendar

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/testday"
)

// office is a calendar of nine to five with the weekend and holidays.
func office(t require.TestingT, weekend []Weekday, holidays ...string) Calendar {
	c := Calendar{
		Code:     "XX",
		Version:  3,
		Weekend:  weekend,
		Hours:    DefaultHours(weekend),
		Holidays: map[civil.Date]string{},
	}
	for _, h := range holidays {
		c.Holidays[testday.Day(t, h)] = "Holiday of " + h
	}
	return c
}

var satSun, friSat = []Weekday{Saturday, Sunday}, []Weekday{Friday, Saturday}

func TestWeekdayOf(t *testing.T) {
	for i, want := range Weekdays() {
		require.Equal(t, want, WeekdayOf(civil.Date{Year: 2026, Month: time.September, Day: 7 + i}))
	}
}

func TestC3_CalendarIsChecked(t *testing.T) {
	good := office(t, satSun)
	require.NoError(t, good.Validate())
	split := Calendar{
		Hours: []WorkingTime{{Monday, "09:00", "12:00"}, {Monday, "13:00", "24:00"}, {Monday, "12:00", "13:00"}},
	}
	require.NoError(t, split.Validate(), "several intervals a day, end to end")
	for name, c := range map[string]struct {
		calendar Calendar
		want     string
	}{
		"no such day of the weekend": {
			Calendar{Weekend: []Weekday{"Sat"}, Hours: good.Hours}, "/weekend/0 " + InvalidWeekday,
		},
		"weekend named twice": {
			Calendar{Weekend: []Weekday{Saturday, Saturday}, Hours: good.Hours}, "/weekend/1 " + rules.Duplicate,
		},
		"no such working day": {
			Calendar{Hours: []WorkingTime{{"XXX", "09:00", "17:00"}}}, "/hours/0/day " + InvalidWeekday,
		},
		"hours on the weekend": {
			Calendar{Weekend: satSun, Hours: []WorkingTime{{Saturday, "09:00", "17:00"}}},
			"/hours/0/day " + InvalidWorkingTime,
		},
		"no time": {
			Calendar{Hours: []WorkingTime{{Monday, "9:00", "17:00"}}}, "/hours/0/from " + InvalidWorkingTime,
		},
		"no such minute": {
			Calendar{Hours: []WorkingTime{{Monday, "09:00", "17:60"}}}, "/hours/0/to " + InvalidWorkingTime,
		},
		"after the day's end": {
			Calendar{Hours: []WorkingTime{{Monday, "09:00", "24:01"}}}, "/hours/0/to " + InvalidWorkingTime,
		},
		"over midnight": {
			Calendar{Hours: []WorkingTime{{Monday, "22:00", "06:00"}}}, "/hours/0/to " + InvalidWorkingTime,
		},
		"empty interval": {
			Calendar{Hours: []WorkingTime{{Monday, "09:00", "09:00"}}}, "/hours/0/to " + InvalidWorkingTime,
		},
		"overlap": {
			Calendar{Hours: []WorkingTime{{Monday, "09:00", "12:00"}, {Monday, "11:59", "17:00"}}},
			"/hours/1 " + InvalidWorkingTime,
		},
		"no hours at all":   {Calendar{Weekend: satSun}, "/hours " + NoWorkingTime},
		"no day that works": {Calendar{Weekend: Weekdays()}, "/hours " + NoWorkingTime},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.calendar.Validate()
			require.Equal(t, rules.ValidationFailed, rules.CodeOf(err))
			f := err.(*rules.Error).Fields
			require.Equal(t, []string{c.want}, []string{f[0].Pointer + " " + f[0].Code})
			require.Len(t, f, 1)
		})
	}
}

func TestC3_BusinessDays(t *testing.T) {
	c := office(t, satSun, "2026-09-07", "2026-09-12")
	c.Hours = c.Hours[:4] // nobody works on Fridays
	for d, want := range map[string]bool{
		"2026-09-03": true,
		"2026-09-04": false,
		"2026-09-05": false,
		"2026-09-07": false,
		"2026-09-08": true,
		"2026-09-12": false,
	} {
		require.Equal(t, want, c.IsBusinessDay(testday.Day(t, d)), d)
	}
	next, err := c.NextBusinessDay(testday.Day(t, "2026-09-03"))
	require.NoError(t, err)
	require.Equal(t, testday.Day(t, "2026-09-08"), next)
	same, err := c.AddBusinessDays(testday.Day(t, "2026-09-05"), 0)
	require.NoError(t, err)
	require.Equal(t, testday.Day(t, "2026-09-05"), same)
}

func TestC3_CalendarWithoutWorkingTimeIsRefusedAndNeverSearchedForEver(t *testing.T) {
	for name, c := range map[string]Calendar{
		"no hours":         {Weekend: satSun},
		"weekend all week": {Weekend: Weekdays(), Hours: DefaultHours(nil)},
	} {
		require.Equal(t, rules.ValidationFailed, rules.CodeOf(c.Validate()), name)
		_, err := c.AddBusinessDays(testday.Day(t, "2026-01-01"), 2)
		require.Equal(t, NoWorkingTime, rules.CodeOf(err), name)
		_, err = DueReturn(time.Now(), time.UTC, c, tenDays)
		require.Equal(t, NoWorkingTime, rules.CodeOf(err), name)
		for _, at := range []string{"2026-01-01T10:00:00Z", "2026-01-01T16:00:00Z"} {
			approved, _ := time.Parse(time.RFC3339, at)
			_, err = PromiseReplacement(PromiseRequest{approved, time.UTC, SpeedNBD, c, "15:00"})
			require.Equal(t, NoWorkingTime, rules.CodeOf(err), name)
		}
	}
}

func TestC3_Alerts(t *testing.T) {
	today := testday.Day(t, "2026-09-01")
	var fortnight []string
	for i := range 14 {
		fortnight = append(fortnight, today.AddDays(i).String())
	}
	for name, c := range map[string]struct {
		holidays []string
		want     []CalendarAlert
	}{
		"as it should be":           {[]string{"2026-12-25"}, nil},
		"no holidays":               {nil, []CalendarAlert{AlertNoHolidays}},
		"holidays of the past only": {[]string{"2026-08-31"}, []CalendarAlert{AlertNoHolidays}},
		"today is one":              {[]string{"2026-09-01"}, nil},
		"the last day of the year":  {[]string{"2027-08-31"}, nil},
		"only after twelve months":  {[]string{"2027-09-01"}, []CalendarAlert{AlertNoHolidays}},
		"closed for 14 days":        {fortnight, []CalendarAlert{AlertNoWorkingTime}},
		"closed for 13 days only":   {fortnight[:13], nil}, // 14 September is a Monday
	} {
		require.Equal(t, c.want, office(t, satSun, c.holidays...).Alerts(today), name)
	}
	require.Equal(t, []CalendarAlert{AlertNoWorkingTime, AlertNoHolidays}, Calendar{Weekend: Weekdays()}.Alerts(today))
}

func TestTheMinuteOfTheDayIsReadFromATimeOfTwoDigitsEach(t *testing.T) {
	for text, want := range map[string]int{
		"00:00": 0,
		"08:30": 510,
		"13:05": 785,
		"23:59": 1439,
		"24:00": 1440,
	} {
		got, ok := MinuteOfDay(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}

	for _, text := range []string{"", "8:30", "24:01", "12:60", "12:5", "noon"} {
		_, ok := MinuteOfDay(text)
		require.False(t, ok, text)
	}
}
