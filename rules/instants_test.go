package rules

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
)

// A time told by others is believed only where it can be true.
func TestS62_WhatIsBelieved(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	booked := now.Add(-48 * time.Hour)
	for name, c := range map[string]struct {
		at   time.Time
		from time.Time
		code string // "": it can be true
	}{
		"between":                      {at: now.Add(-time.Hour), from: booked},
		"as it was booked":             {at: booked, from: booked},
		"a clock that is a little off": {at: booked.Add(-10 * time.Minute), from: booked},
		"a little ahead":               {at: now.Add(10 * time.Minute), from: booked},
		"before it was booked":         {at: booked.Add(-time.Hour), from: booked, code: TooEarly},
		"a year ago":                   {at: now.AddDate(-1, 0, 0), from: booked, code: TooEarly},
		"tomorrow":                     {at: now.Add(24 * time.Hour), from: booked, code: InTheFuture},
		"long ago, and nothing known":  {at: now.AddDate(-1, 0, 0)},
	} {
		require.Equal(t, c.code == "", Believable(c.at, c.from, now), name)
		problem := InstantProblem("/at", c.at, c.from, now)
		if c.code == "" {
			require.Nil(t, problem, name)
			continue
		}
		require.Equal(t, "/at", problem.Pointer, name)
		require.Equal(t, c.code, problem.Code, name)
		require.NotEmpty(t, problem.Remedy, name)
	}
}

func TestS62_NothingIsBoughtTomorrow(t *testing.T) {
	today := civil.Date{Year: 2026, Month: 11, Day: 29}
	for day, code := range map[string]string{
		"2026-11-29": "",
		"2020-02-29": "",
		"soon":       "", // Date refuses it
		"2026-11-30": InTheFuture,
		"2062-11-29": InTheFuture,
	} {
		var k Checker
		k.DayReached("/purchased_on", day, today)
		if code == "" {
			require.Empty(t, k.Fields, day)
			continue
		}
		require.Equal(t, code, k.Fields[0].Code, day)
	}
}
