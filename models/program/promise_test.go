package program_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

var paulista = program.Site{Country: "BR", Region: "SP", TimeZone: "America/Sao_Paulo"}

func localTime(t *testing.T, zone, wall string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	at, err := time.ParseInLocation("2006-01-02 15:04", wall, loc)
	require.NoError(t, err)
	return at
}

func promised(
	t *testing.T, env storetest.Env, site program.Site, speed calendar.RMASpeed, approved string,
) calendar.Promise {
	t.Helper()
	p, err := env.PromiseAt(env.Context, site, speed, localTime(t, site.TimeZone, approved))
	require.NoError(t, err)
	return p
}

func TestV6_V7_V8_S20_PromisesFromTheCalendarsInTheDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		for approved, want := range map[string]string{
			"2026-09-04 14:00": "2026-09-08",
			"2026-09-04 15:01": "2026-09-09",
			"2026-12-31 10:00": "2027-01-04",
		} {
			p := promised(t, env, paulista, calendar.SpeedNBD, approved)
			require.Equal(t, want, p.On.String(), approved)
			require.Equal(t, []any{"BR-SP", int64(1)}, []any{p.Calendar, p.CalendarVersion})
		}
		require.Equal(t, "approved Friday at 15:01, after the 15:00 cutoff; Monday is a holiday; promised for Wednesday",
			promise.Text(promised(t, env, paulista, calendar.SpeedNBD, "2026-09-04 15:01"), "en"))
	})
}

func TestC3_ASiteWithoutARegionGoesByItsCountry(t *testing.T) {
	env := storetest.SQLite(t)
	for _, c := range []struct {
		site           program.Site
		approved, want string
		calendar       string
	}{
		{paulista, "2026-07-08 10:00", "2026-07-10", "BR-SP"},
		{program.Site{Country: "BR", TimeZone: "America/Sao_Paulo"}, "2026-07-08 10:00", "2026-07-09", "BR"},
		{program.Site{
			Country:  "BR",
			Region:   "MG",
			TimeZone: "America/Sao_Paulo",
		}, "2026-07-08 10:00", "2026-07-09", "BR"},
		{program.Site{
			Country:  "DE",
			Region:   "BY",
			TimeZone: "Europe/Berlin",
		}, "2027-01-05 10:00", "2027-01-07", "DE-BY"},
		{program.Site{
			Country:  "DE",
			Region:   "HE",
			TimeZone: "Europe/Berlin",
		}, "2027-01-05 10:00", "2027-01-06", "DE-HE"},
		{program.Site{Country: "IL", TimeZone: "Asia/Jerusalem"}, "2026-08-06 10:00", "2026-08-09", "IL"},
		{program.Site{Country: "IN", Region: "MH", TimeZone: "Asia/Kolkata"}, "2026-08-13 15:01", "2026-08-17", "IN"},
	} {
		p := promised(t, env, c.site, calendar.SpeedNBD, c.approved)
		require.Equal(t, []string{c.want, c.calendar}, []string{p.On.String(), p.Calendar}, c.site)
	}
	_, err := env.PromiseAt(env.Context, program.Site{Country: "XX", TimeZone: "UTC"}, calendar.SpeedNBD, storetest.Now)
	storetest.RequireCode(t, rules.NotFound, err)
}

func TestS20_AStoredPromiseNeverMoves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := promised(t, env, paulista, calendar.SpeedNBD, "2026-12-10 10:00")
		stored, err := json.Marshal(first)
		require.NoError(t, err)
		changed, err := env.AddHoliday(storetest.Operator(), storetest.CalendarChange("BR-SP"), first.On,
			"decreed late")
		require.NoError(t, err)
		var read calendar.Promise
		require.NoError(t, json.Unmarshal(stored, &read))
		require.Equal(t, first, read)
		require.Less(t, read.CalendarVersion, changed.Version, "it tells which calendar it was computed from")
		later := promised(t, env, paulista, calendar.SpeedNBD, "2026-12-10 10:00")
		require.Equal(t, []any{"2026-12-14", changed.Version}, []any{later.On.String(), later.CalendarVersion})
	})
}

func TestV9_S22_ReturnsFromTheCalendarsInTheDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		r, err := env.ReturnDueAt(env.Context, paulista, localTime(t, paulista.TimeZone, "2026-09-08 11:00"))
		require.NoError(t, err)
		require.Equal(t, []string{
			"2026-09-22", "2026-09-29", "BR-SP",
		}, []string{r.On.String(), r.FeeConfirmOn.String(), r.Calendar})
	})
}

// The country's terms give the speed, the assignment keeps it, and the site's
// calendar turns it into a day.
func TestR78c_ThreeBusinessDaysFromTheTermsOfTheRoomsCountry(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		_, err := env.PublishTerms(env.Context,
			storetest.TermsOf("DE", func(c *catalogue.CountryTerms) { c.RMASpeed = "3BD" }), "")
		require.NoError(t, err)
		f := storetest.RoomForm("München")
		f.Country, f.Region = "DE", "BY"
		room, err := env.CreateRoom(env.Context, entitlement.NewRoom{AccountID: accountID, Form: f})
		require.NoError(t, err)
		out, err := env.Assign(env.Context, entitlement.AssignRequest{
			LicenceID:    env.Licences(t, o)[0].ID,
			RoomID:       room.ID,
			Acknowledged: 2,
		})
		require.NoError(t, err)
		for approved, want := range map[string]string{
			"2026-12-22 10:00": "2026-12-28",
			"2027-01-04 16:00": "2027-01-11",
		} {
			// Christmas; Epiphany is Bavaria's
			require.Equal(t, want,
				promised(t, env, entitlement.SiteOf(room), out.Assignments[0].Terms.RMASpeed, approved).On.String())
		}
	})
}
