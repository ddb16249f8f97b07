package rules

import (
	"time"

	"cloud.google.com/go/civil"
)

// JumpStartDays is how long JumpStart lasts after the day of purchase (R29).
const JumpStartDays = 90

// Period is half-open: Start belongs to it, End does not (C2). Both are UTC
// instants of local midnight.
type Period struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Contains reports whether t lies in the period.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.Start) && t.Before(p.End) }

// ContractPeriod returns the term of a contract that starts on local day start and
// lasts the given years (S2, V1 to V3).
func ContractPeriod(start civil.Date, years int, loc *time.Location) Period {
	return Period{Start: StartOfDay(start, loc), End: StartOfDay(AddYears(start, years), loc)}
}

// LastCoveredDay returns the last local day that lies wholly before an exclusive end: the
// day to show to people (C2). An end is a midnight of the zone in which it was counted; in
// another one, as after an account's zone was changed, nobody is told a day too many.
func LastCoveredDay(end time.Time, loc *time.Location) civil.Date {
	return DateIn(end, loc).AddDays(-1)
}

// LastCoveredMoment returns the last moment of LastCoveredDay, by the clock of the zone.
func LastCoveredMoment(end time.Time, loc *time.Location) time.Time {
	return StartOfDay(DateIn(end, loc), loc).In(loc).Add(-time.Nanosecond)
}

// FallbackStart returns the latest possible start of an order's contracts: local
// midnight of the day of creation plus days, when nothing was assigned (S1, V4).
func FallbackStart(created time.Time, days int, loc *time.Location) time.Time {
	return StartOfDay(DateIn(created, loc).AddDays(days), loc)
}

// JumpStartPeriod runs from the day of purchase through local day purchase+90
// (R29).
func JumpStartPeriod(purchased civil.Date, loc *time.Location) Period {
	return Period{
		Start: StartOfDay(purchased, loc),
		End:   AllowedUntil(purchased, JumpStartDays, loc),
	}
}

// CancellationClosesAt returns the exclusive end of the window in which an order
// may be cancelled: the end of local day purchased+days (R90a, C1).
func CancellationClosesAt(purchased civil.Date, days int, loc *time.Location) time.Time {
	return AllowedUntil(purchased, days, loc)
}

// CancellationOpen reports whether now is still inside the window (R90a, R90c).
func CancellationOpen(closesAt, now time.Time) bool { return now.Before(closesAt) }
