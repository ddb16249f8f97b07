package program_test

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
)

// A calendar that people fill by hand ends some day: it is listed in the year before, as long as
// customers count on it.
func TestC3_CalendarsWhoseHolidaysEndWithinAYearAreListed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		today := civil.DateOf(env.Calendar.Now())
		enter := func(day civil.Date) {
			t.Helper()
			c, err := env.GetCalendar(env.Context, "CN")
			require.NoError(t, err)
			_, err = env.AddHoliday(storetest.Operator(),
				program.CalendarChange{Code: "CN", Version: c.Version, Reason: "entered"}, day, "春节")
			require.NoError(t, err)
		}
		ends := func() []program.HolidayEnd {
			t.Helper()
			out, err := env.HolidayEnds(storetest.Operator())
			require.NoError(t, err)
			return out
		}

		enter(today.AddDays(30))
		require.Empty(t, ends(), "nobody is there")

		_, account := storetest.AcmeForm(t, env)
		env.Room(t, account, "São Paulo")
		require.Empty(t, ends(), "Brazil is loaded for years")
		env.Site(t, account, "Pune", "IN", "")
		env.Site(t, account, "Office", "CN", "")
		require.Equal(t, []program.HolidayEnd{{Code: "CN", Last: today.AddDays(30)}}, ends(),
			"India has none at all, which is a gap")

		enter(today.AddDays(367))
		require.Empty(t, ends())

		_, err := env.HolidayEnds(t.Context())
		require.Error(t, err, "operators only")
	})
}
