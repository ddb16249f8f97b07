package program_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// A calendar that was read for one RMA is not read again for the next one, unless
// somebody changed it meanwhile.
func TestS20_AnEditedCalendarCountsFromTheNextApprovalOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := env.Approved(t, env.Covered(t))
		require.Equal(t, "2026-11-26", first.Promise.On.String())
		second := env.Approved(t, env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))
		third := env.Requested(t, env.CoveredFor(t, "Gama Ltda", "gil@gama.example", "SN-300"))
		fourth := env.Requested(t, env.CoveredFor(t, "Delta Ltda", "dora@delta.example", "SN-400"))

		env.Statements.Reset()
		third = storetest.ApproveRMA(t, env, third.ID)
		for _, sql := range env.Statements.List() {
			require.NotContains(t, sql, "calendar_holidays", "the version is known")
		}
		changed, err := env.AddHoliday(storetest.Operator(), storetest.CalendarChange("BR-SP"), third.Promise.On,
			"decreed late")
		require.NoError(t, err)
		fourth = storetest.ApproveRMA(t, env, fourth.ID)

		require.Equal(t, second.Promise.CalendarVersion, third.Promise.CalendarVersion)
		require.Equal(t, changed.Version, fourth.Promise.CalendarVersion)
		require.True(t, fourth.Promise.On.After(third.Promise.On), "%s and %s", third.Promise.On, fourth.Promise.On)
		require.Equal(t, third.Promise.On, storetest.GetRMA(t, env, third.ID).Promise.On, "what was promised stays")
	})
}
