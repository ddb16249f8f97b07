package program_test

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
)

// Most countries ship without holidays: a manager sees those in which there are customers,
// and no others.
func TestC3_CountriesOfCustomersWithoutHolidaysAreListed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		gaps := func() []program.HolidayGap {
			out, err := env.HolidayGaps(storetest.Operator())
			require.NoError(t, err)
			return out
		}
		require.Empty(t, gaps(), "nobody is anywhere yet")

		_, account := storetest.AcmeForm(t, env)
		env.Room(t, account, "São Paulo")
		require.Empty(t, gaps(), "Brazil has its holidays")

		env.RoomIn(t, account, "Pune", "IN")
		env.RoomIn(t, account, "Mumbai", "IN")
		env.Site(t, account, "Depot", "IN", "MH")
		env.Site(t, account, "Office", "CN", "")
		require.Equal(t, []program.HolidayGap{
			{Code: "CN", Country: "CN", Accounts: 1, Sites: 1},
			{Code: "IN", Country: "IN", Accounts: 1, Rooms: 2, Sites: 1},
		}, gaps())

		c, err := env.GetCalendar(env.Context, "CN")
		require.NoError(t, err)
		_, err = env.AddHoliday(storetest.Operator(),
			program.CalendarChange{Code: "CN", Version: c.Version, Reason: "entered"},
			civil.DateOf(env.Calendar.Now()).AddDays(30), "春节")
		require.NoError(t, err)
		require.Len(t, gaps(), 1, "its holidays are entered")

		_, err = env.HolidayGaps(t.Context())
		require.Error(t, err, "operators only")
	})
}
