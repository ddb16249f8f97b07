package health_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/health"
)

// A record is split at the midnights of the reader's zone, also where a day has 23 hours; what is
// not known counts for nothing.
func TestS57_ARecordIsSplitIntoDaysOfTheReadersZone(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 3, day, hour, minute, 0, 0, zone)
	}
	days := health.DaysOf(health.Record{
		Known: at(27, 12, 0),
		Turns: []health.Turn{
			{At: at(30, 1, 0), State: health.Healthy},
			{At: at(27, 12, 0), State: health.Healthy},
			{At: at(28, 23, 0), State: health.Offline},
			{At: at(29, 4, 0), State: health.NeedsAttention},
			{At: at(29, 5, 0), State: health.Unknown},
		},
	}, at(26, 0, 0), at(30, 2, 0))
	require.Equal(t, []health.Day{
		{From: at(26, 0, 0)},
		{From: at(27, 0, 0), Healthy: 12 * time.Hour},
		{From: at(28, 0, 0), Healthy: 23 * time.Hour, Offline: time.Hour},
		// The clocks go forward at two.
		{From: at(29, 0, 0), Offline: 3 * time.Hour, NeedsAttention: time.Hour},
		{From: at(30, 0, 0), Healthy: time.Hour},
	}, days)
}
