package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"roomcover.dev/roomcover/clock"
)

var (
	anchor   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	calendar = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
)

// draw makes a fast clock and a real instant, within ten years of its start.
func draw(t *rapid.T) (clock.Clock, time.Time) {
	day := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(48*time.Hour)).Draw(t, "day"))
	elapsed := time.Duration(rapid.Int64Range(0, int64(day)*3650).Draw(t, "elapsed"))
	return clock.Fast(anchor, calendar, day), anchor.Add(elapsed)
}

func TestC1_RealUntilNeverFiresEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := draw(t)
		until := c.Calendar(now).
			Add(time.Duration(rapid.Int64Range(1, int64(5*365*24*time.Hour)).Draw(t, "ahead"))).
			Truncate(time.Microsecond)
		wait := c.RealUntil(now, until)
		require.False(t, c.Calendar(now.Add(wait)).Before(until), "the timer fired early")
		if wait > time.Millisecond {
			require.True(t, c.Calendar(now.Add(wait-time.Millisecond)).Before(until) ||
				c.Calendar(now.Add(-time.Millisecond)).Before(until), "it does not fire far too late")
		}
	})
}

func TestC1_RealUntilInRealTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c clock.Clock
		now := anchor.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "now")))
		until := now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "ahead")))
		require.False(t, c.Calendar(now.Add(c.RealUntil(now, until))).Before(until.Truncate(time.Microsecond)))
	})
}

func TestC1_FastCalendarNeverRunsBackwards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, now := draw(t)
		later := now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "later")))
		require.False(t, c.Calendar(later).Before(c.Calendar(now)))
	})
}

func TestC1_FastDays(t *testing.T) {
	c := clock.Fast(anchor, calendar, 2*time.Second)
	require.Equal(t, calendar, c.Calendar(anchor))
	require.Equal(t, calendar.AddDate(0, 0, 30), c.Calendar(anchor.Add(time.Minute)))
	require.Equal(t, time.Minute, c.RealUntil(anchor, calendar.AddDate(0, 0, 30)))
	require.Equal(t, 2*time.Second, c.RealDuration(24*time.Hour))
	require.Zero(t, c.RealUntil(anchor.Add(time.Hour), calendar), "an instant that has passed")
	require.Equal(t, calendar, c.Calendar(anchor.Add(-time.Hour)), "the calendar stands before its start")
	require.Equal(t, time.Hour+time.Second, c.RealUntil(anchor.Add(-time.Hour), calendar.Add(12*time.Hour)))
}

// A fast calendar that runs for days shows centuries; it must not overflow.
func TestC1_FastCalendarForWeeks(t *testing.T) {
	c := clock.Fast(anchor, calendar, 2*time.Second)
	require.Equal(t, calendar.AddDate(0, 0, 2*43200), c.Calendar(anchor.AddDate(0, 0, 2)))
	far := c.Calendar(anchor.AddDate(0, 0, 30))
	require.True(t, far.After(calendar.AddDate(290, 0, 0)),
		"it stops at the longest duration instead of running backwards")
}

func TestC1_RealTimeInMicrosecondsUTC(t *testing.T) {
	var c clock.Clock
	at := time.Date(2026, 11, 23, 9, 0, 0, 1234567, time.FixedZone("", -3*3600))
	require.Equal(t, time.Date(2026, 11, 23, 12, 0, 0, 1234000, time.UTC), c.Calendar(at))
	require.Equal(t, time.Hour, c.RealUntil(anchor, anchor.Add(time.Hour)))
	require.Equal(t, time.Hour, c.RealDuration(time.Hour))
	require.WithinDuration(t, time.Now(), c.Now(), time.Minute)
}

func TestC1_ReadFrom(t *testing.T) {
	c := clock.At(func() time.Time { return anchor.Add(1234) })
	require.Equal(t, anchor.Add(1000), c.Now())
}
