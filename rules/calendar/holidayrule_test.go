package calendar

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
)

func TestC3_TheDaysOfAHolidaysRule(t *testing.T) {
	for _, c := range []struct {
		rule, moved string
		year        int
		want        string
	}{
		{"12-25", "", 2027, "2027-12-25"},
		{"02-29", "", 2028, "2028-02-29"},
		{"02-29", "", 2027, ""},
		{"12-25", "sat-1 sun+1", 2027, "2027-12-24"},
		{"01-01", "sat-1 sun+1", 2028, "2027-12-31"}, // in the year before
		{"12-25", "sat-1 sun+1", 2026, "2026-12-25"},
		{"09-17 if MON FRI", "", 2027, "2027-09-17"},
		{"09-17 if MON FRI", "", 2029, "2029-09-17"},
		{"09-17 if MON FRI", "", 2026, ""},
		{"1 MON 02", "", 2027, "2027-02-01"},
		{"3 MON 03", "", 2027, "2027-03-15"},
		{"4 THU 11", "", 2026, "2026-11-26"},
		{"5 MON 03", "", 2027, "2027-03-29"},
		{"5 MON 04", "", 2027, ""},
		{"-1 MON 05", "", 2026, "2026-05-25"},
		{"-1 FRI 12", "", 2027, "2027-12-31"},
		{"-1 MON 02", "", 2028, "2028-02-28"},
		{"-2 MON 05", "", 2026, "2026-05-18"},
		{"MON>=01-06", "", 2026, "2026-01-12"},
		{"MON>=06-29", "", 2026, "2026-06-29"},
		{"MON<=05-24", "", 2026, "2026-05-18"},
		{"MON<=05-24", "", 2027, "2027-05-24"},
		{"easter", "", 2026, "2026-04-05"},
		{"easter-2", "", 2027, "2027-03-26"},
		{"easter+60", "", 2026, "2026-06-04"},
		{"equinox 03", "", 2026, "2026-03-20"},
		{"equinox 03", "", 2027, "2027-03-21"},
		{"equinox 09", "", 2026, "2026-09-23"},
		{"equinox 09", "", 2028, "2028-09-22"},
		{"2026-07-10 2027-06-25", "", 2027, "2027-06-25"},
		{"2026-07-10 2027-06-25", "", 2028, ""},
	} {
		r, err := ParseHolidayRule(c.rule, c.moved)
		require.NoError(t, err, c.rule)
		var days []string
		for _, d := range r.Observed(c.year) {
			days = append(days, d.String())
		}
		require.Equal(t, c.want, strings.Join(days, " "), "%s %d", c.rule, c.year)
	}
}

func TestC3_WhatIsNoRuleOfAHoliday(t *testing.T) {
	for _, rule := range []string{
		"", "13-01", "02-30", "1-1", "01-01 if", "01-01 if MAY", "6 MON 02", "1 MAY 02", "1 MON 13",
		"MON>02-01", "MAY>=02-01", "MON>=02-31", "easter2", "easter-", "equinox 06", "2026-02-30",
		"2026-07-10, 2027-06-25",
	} {
		_, err := ParseHolidayRule(rule, "")
		require.Error(t, err, rule)
	}
	for _, moved := range []string{"sat", "sat+", "may+1", "SAT+1", "sat+10"} {
		_, err := ParseHolidayRule("01-01", moved)
		require.Error(t, err, moved)
	}
}

// Between 22 March and 25 April, the earliest and latest of these centuries included.
func TestC3_EasterSundays(t *testing.T) {
	for year, want := range map[int]string{
		1818: "1818-03-22",
		1943: "1943-04-25",
		2000: "2000-04-23",
		2024: "2024-03-31",
		2025: "2025-04-20",
		2028: "2028-04-16",
		2035: "2035-03-25",
		2038: "2038-04-25",
		2285: "2285-03-22",
	} {
		require.Equal(t, want, Easter(year).String())
	}
	for year := 1900; year < 2300; year++ {
		require.Equal(t, Sunday, WeekdayOf(Easter(year)), year)
		march1 := civil.Date{Year: year, Month: time.March, Day: 1}
		require.Equal(t, march1.AddDays(easterByGauss(year)-1), Easter(year), year)
	}
}

// easterByGauss is Easter Sunday by the rule of Gauss as Lichtenberg completed it, as a day of
// March; what is beyond the 31st is in April.
func easterByGauss(year int) int {
	century, golden := year/100, year%19
	leaps := (3*century + 3) / 4
	seed := (19*golden + 15 + leaps - (8*century+13)/25) % 30
	moon := 21 + seed - (seed+golden/11)/29
	sunday := 7 - (year+year/4+2-leaps)%7
	return moon + 7 - (moon-sunday)%7
}
