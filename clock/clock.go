// Package clock maps real time to calendar time.
//
// In production the two are the same. In dev the calendar may run fast, so
// that a 30-day window closes in a minute on the real engine. Business times
// (issue dates, windows, promises) are calendar times; what a human or a
// machine waits for at its own pace (one-time codes, sessions, leases, retry
// pauses) stays in real time.
package clock

import (
	"math"
	"math/bits"
	"time"
)

// Clock is one mapping from real to calendar time. The zero value is real
// time. A Clock is immutable and safe for concurrent use.
type Clock struct {
	anchorReal     time.Time
	anchorCalendar time.Time
	day            time.Duration // real length of a calendar day; 0 for real time
	now            func() time.Time
}

const calendarDay = 24 * time.Hour

// Fast returns a clock on which one calendar day passes in the real duration
// day, which is more than zero. At the real instant anchorReal the calendar
// shows anchorCalendar; before it, the same.
func Fast(anchorReal, anchorCalendar time.Time, day time.Duration) Clock {
	return Clock{anchorReal: anchorReal, anchorCalendar: anchorCalendar, day: day}
}

// At returns a clock whose calendar is read from now; for tests.
func At(now func() time.Time) Clock { return Clock{now: now} }

// Now is the present calendar instant, UTC, in whole microseconds (the
// resolution that both databases keep).
func (c Clock) Now() time.Time {
	if c.now != nil {
		return c.now().UTC().Truncate(time.Microsecond)
	}
	return c.Calendar(time.Now())
}

// Calendar maps a real instant to the calendar, UTC, in whole microseconds.
func (c Clock) Calendar(real time.Time) time.Time {
	if c.day == 0 {
		return real.UTC().Truncate(time.Microsecond)
	}
	elapsed := scale(real.Sub(c.anchorReal), calendarDay, c.day, false)
	return c.anchorCalendar.Add(elapsed).UTC().Truncate(time.Microsecond)
}

// RealUntil is the real duration from the real instant now to the calendar
// instant until; zero when it has passed. It is rounded up: when it is over,
// the calendar has reached the instant.
func (c Clock) RealUntil(now, until time.Time) time.Duration {
	wait := time.Duration(0)
	if c.day != 0 && now.Before(c.anchorReal) { // the calendar stands still until then
		wait, now = c.anchorReal.Sub(now), c.anchorReal
	}

	d := until.Sub(c.Calendar(now))
	if d <= 0 {
		return 0
	}

	if r := d % time.Microsecond; r > 0 { // the calendar shows whole microseconds
		d += time.Microsecond - r
	}
	return wait + c.real(d, true)
}

// RealDuration is how long the calendar duration d takes in real time.
func (c Clock) RealDuration(d time.Duration) time.Duration { return c.real(d, false) }

func (c Clock) real(d time.Duration, up bool) time.Duration {
	if c.day == 0 {
		return d
	}
	return scale(d, c.day, calendarDay, up)
}

// scale is d times num over den, exact, rounded down or up; a negative d gives
// zero, and what does not fit the longest Duration.
func scale(d, num, den time.Duration, up bool) time.Duration {
	if d <= 0 {
		return 0
	}

	high, low := bits.Mul64(uint64(d), uint64(num))
	if high >= uint64(den) {
		return math.MaxInt64
	}

	q, r := bits.Div64(high, low, uint64(den))
	if up && r > 0 {
		q++
	}

	return time.Duration(min(q, math.MaxInt64))
}
