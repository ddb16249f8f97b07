package rulestest

import (
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/testday"
)

// The facts that the tests of cover start from: one account in São Paulo, one
// room of it, one device, one Select contract. Times are local days; something
// happens at noon of its day unless it is a period.

func Noon(t require.TestingT, d string) time.Time {
	return rules.StartOfDay(testday.Day(t, d), testday.Zone(t, testday.TestZone)).
		Add(12 * time.Hour)
}

func Midnight(t require.TestingT, d string) time.Time {
	return rules.StartOfDay(testday.Day(t, d), testday.Zone(t, testday.TestZone))
}

func NoonPtr(t require.TestingT, d string) *time.Time {
	at := Noon(t, d)
	return &at
}

func Period(t require.TestingT, from, to string) *rules.Period {
	return &rules.Period{Start: Midnight(t, from), End: Midnight(t, to)}
}
