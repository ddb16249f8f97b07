package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
)

// However many attempts fall into it, an outage of seconds costs a mail
// seconds; one of days is asked about once an hour.
func TestC7_PausesGrowWithTheOutage(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, 8 * time.Second: 5 * time.Second, 20 * time.Second: 10 * time.Second,
		time.Hour: 30 * time.Minute, 3 * time.Hour: time.Hour, 71 * time.Hour: time.Hour, -time.Second: 5 * time.Second,
	} {
		require.Equal(t, want, activities.MailPause(age), age)
	}
}
