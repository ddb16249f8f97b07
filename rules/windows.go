package rules

import (
	"time"

	"cloud.google.com/go/civil"
)

// CancellationClosesAt gives the exclusive end of the window in which an order
// may be cancelled: the end of local day purchased+days (R90a, C1).
func CancellationClosesAt(purchased civil.Date, days int, loc *time.Location) time.Time {
	return AllowedUntil(purchased, days, loc)
}

// CancellationOpen tells whether now is still inside the window (R90a, R90c).
func CancellationOpen(closesAt, now time.Time) bool { return now.Before(closesAt) }
