package warranty

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/cover"
)

// A device bought on 2026-10-01 has two years of its model; all cover ends after five.
func TestR125b_TheEndThatIsToldOfAnExtensionIsWithinTheCap(t *testing.T) {
	bought := civil.Date{Year: 2026, Month: time.October, Day: 1}
	stored := civil.Date{Year: 2033, Month: time.May, Day: 1}
	device := cover.Warranty{PurchasedOn: &bought, StandardYears: 2}

	for _, c := range []struct {
		why      string
		warranty cover.Warranty
		years    int
		end      string
	}{
		{"before the cap it ends after its own years", device, 1, "2029-10-01"},
		{"on the day of the cap", device, 3, "2031-10-01"},
		{"the cap cuts it", device, 4, "2031-10-01"},
		{
			"the cap cuts a stored end, too (S32)",
			cover.Warranty{PurchasedOn: &bought, ExtendedEnd: &stored},
			1,
			"2031-10-01",
		},
	} {
		end, ok := extensionEnd(c.warranty, c.years, 5)
		require.True(t, ok, c.why)
		require.Equal(t, c.end, end.String(), c.why)
	}

	_, ok := extensionEnd(cover.Warranty{ExtendedEnd: &stored}, 1, 5)
	require.False(t, ok, "nobody knows the cap without a day of purchase")
}
