package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

// C2: a deadline was counted in one zone and is read in another, since an operator has
// changed the account's: nobody is told a day on whose evening it is over already.
func TestC2_ADeadlineInAnotherZoneIsNeverADayTooLate(t *testing.T) {
	load := func(name string) *time.Location {
		loc, err := time.LoadLocation(name)
		require.NoError(t, err)
		return loc
	}

	for _, x := range []struct{ counted, read, want string }{
		{"America/Sao_Paulo", "America/Sao_Paulo", "2026-12-10"},
		{"America/Sao_Paulo", "Europe/Berlin", "2026-12-10"},
		{"America/Sao_Paulo", "Asia/Tokyo", "2026-12-10"},
		{"Europe/Berlin", "America/Sao_Paulo", "2026-12-09"},
		{"Pacific/Auckland", "America/Los_Angeles", "2026-12-09"},
	} {
		end := time.Date(2026, 12, 11, 0, 0, 0, 0, load(x.counted))
		got := rules.LastCoveredDay(end, load(x.read))
		require.Equal(t, x.want, got.String(), "%s read in %s", x.counted, x.read)
		moment := rules.LastCoveredMoment(end, load(x.read))
		require.Equal(t, x.want, moment.Format(time.DateOnly), "%s read in %s", x.counted, x.read)
		require.True(t, moment.Before(end))
	}
}
