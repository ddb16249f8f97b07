package cover

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR35a_SelectsClockRunsAlways(t *testing.T) {
	sel, ok := PolicyOn(DefaultPolicies(), catalogue.ServiceSelect, testday.Day(t, "2026-11-15"))
	require.True(t, ok)
	for _, c := range []struct {
		name, zone, opened string
		severity           Severity
		due                string
	}{
		{"a Sunday at three that is a holiday too", testday.SaoPaulo, "2026-11-15 03:00", Sev1, "2026-11-15 04:00"},
		{"on Christmas Eve, over midnight", "Europe/London", "2026-12-24 23:30", Sev1, "2026-12-25 00:30"},
		{"on New Year's Day", testday.SaoPaulo, "2027-01-01 02:00", Sev2, "2027-01-01 06:00"},
		{"on the night that Berlin skips an hour", "Europe/Berlin", "2026-03-29 01:30", Sev1, "2026-03-29 03:30"},
		{"on the day that has 25 hours", "Europe/Berlin", "2026-10-25 00:30", Sev4, "2026-10-25 23:30"},
		{"on a Friday in Jerusalem", "Asia/Jerusalem", "2026-08-07 20:00", Sev3, "2026-08-08 04:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			opened, _ := testday.Wall(t, c.zone, c.opened)
			want, _ := testday.Wall(t, c.zone, c.due)
			due, ok := sel.FirstResponseDue(c.severity, opened)
			require.True(t, ok)
			require.True(t, want.Equal(due), "%s", due)
		})
	}
	js, ok := PolicyOn(DefaultPolicies(), catalogue.ServiceJumpStart, testday.Day(t, "2026-11-15"))
	require.True(t, ok)
	_, ok = js.FirstResponseDue(Sev1, time.Now())
	require.False(t, ok, "JumpStart's is counted in business days")
	_, ok = sel.FirstResponseDue(Severity(9), time.Now())
	require.False(t, ok)
}

func TestR35a_PoliciesAreData(t *testing.T) {
	text, err := json.Marshal(DefaultPolicies())
	require.NoError(t, err)
	var read []SLAPolicy
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, DefaultPolicies(), read)
	require.True(t, read[0].AlwaysOn)
}
