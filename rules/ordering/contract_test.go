package ordering

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/testday"
)

func TestS6_PurchaseDate(t *testing.T) {
	for _, c := range []struct {
		name, po, received, zone, want string
		future                         bool
	}{
		{"same day", "2026-11-20", "2026-11-20T12:00:00Z", "America/Sao_Paulo", "2026-11-20", false},
		{"earlier", "2026-11-01", "2026-11-20T12:00:00Z", "America/Sao_Paulo", "2026-11-01", false},
		{"exactly 60 days", "2026-09-21", "2026-11-20T12:00:00Z", "America/Sao_Paulo", "2026-09-21", false},
		{"61 days", "2026-09-20", "2026-11-20T12:00:00Z", "America/Sao_Paulo", "2026-11-20", false},
		{"tomorrow", "2026-11-21", "2026-11-20T12:00:00Z", "America/Sao_Paulo", "2026-11-20", true},
		{"tomorrow in UTC, today here", "2026-11-21", "2026-11-20T23:00:00Z", "Asia/Tokyo", "2026-11-21", false},
		{"today in UTC, tomorrow here", "2026-11-21", "2026-11-21T01:00:00Z", "America/Sao_Paulo", "2026-11-20", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, future := PurchaseDate(testday.Day(t, c.po), testday.Instant(t, c.received), 60, testday.Zone(t, c.zone))
			require.Equal(t, c.want, d.String())
			require.Equal(t, c.future, future)
		})
	}
	// The seller wrote the order by the seller's calendar.
	tokyo, saoPaulo := testday.Zone(t, "Asia/Tokyo"), testday.Zone(t, "America/Sao_Paulo")
	morning := testday.Instant(t, "2026-11-20T23:00:00Z")
	for day, want := range map[string]bool{"2026-11-21": false, "2026-11-22": true} {
		_, future := PurchaseDate(testday.Day(t, day), morning, 60, saoPaulo, saoPaulo, tokyo)
		require.Equal(t, want, future, day)
	}
	today, _ := PurchaseDate(testday.Day(t, "2026-11-21"), morning, 60, saoPaulo, tokyo)
	require.Equal(t, "2026-11-21", today.String(), "the seller's day counts")

	d, future := PurchaseDate(civil.Date{}, testday.Instant(t, "2026-11-20T12:00:00Z"), 60, time.UTC)
	require.Equal(t, "2026-11-20", d.String(), "no date on the order")
	require.False(t, future)
}
