package program_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/calendar"
)

// The days that the library alone had wrong: a replacement was promised for a rest day,
// or a working day was passed over.
func TestC3_S20_R78c_NoReplacementIsPromisedForARestDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		for _, c := range []struct {
			country, zone  string
			speed          calendar.RMASpeed
			approved, want string
		}{
			{"MX", "America/Mexico_City", calendar.SpeedNBD, "2027-01-29 10:00", "2027-02-02"},
			{"MX", "America/Mexico_City", calendar.SpeedNBD, "2027-03-12 10:00", "2027-03-16"},
			{"MX", "America/Mexico_City", calendar.SpeedNBD, "2027-02-04 10:00", "2027-02-05"},
			{"MX", "America/Mexico_City", "3BD", "2027-01-28 10:00", "2027-02-03"},
			{"LU", "Europe/Luxembourg", calendar.SpeedNBD, "2027-06-22 10:00", "2027-06-24"},
			{"LU", "Europe/Luxembourg", calendar.SpeedNBD, "2027-07-22 10:00", "2027-07-23"},
			{"AR", "America/Argentina/Buenos_Aires", calendar.SpeedNBD, "2027-03-25 10:00", "2027-03-29"},
			{"CL", "America/Santiago", calendar.SpeedNBD, "2027-09-16 10:00", "2027-09-20"},
			{"CO", "America/Bogota", "3BD", "2028-01-07 10:00", "2028-01-13"},
			{"NZ", "Pacific/Auckland", calendar.SpeedNBD, "2027-06-24 10:00", "2027-06-28"},
		} {
			site := program.Site{Country: c.country, TimeZone: c.zone}
			p := promised(t, env, site, c.speed, c.approved)
			require.Equal(t, c.want, p.On.String(), "%s %s", c.country, c.approved)
		}
	})
}

// fromTheLibrary makes a calendar one that was loaded before there was a table of laws,
// with one wrong day a year for a right one.
func fromTheLibrary(t *testing.T, env storetest.Env, code, right, wrong string) {
	t.Helper()
	require.NoError(t, env.Exec(fmt.Sprintf(
		"UPDATE calendars SET source = 'rickar/cal v2.1.26' WHERE code = '%s'", code)))
	for year := 2026; year <= 2028; year++ {
		require.NoError(t, env.Exec(fmt.Sprintf(
			"UPDATE calendar_holidays SET on_day = '%d-%s' WHERE calendar = '%s' AND on_day = '%d-%s'",
			year, wrong, code, year, right)))
	}
}

func TestC3_TheNextStartCorrectsDaysThatNobodyEdited(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		fromTheLibrary(t, env, "LU", "06-23", "07-23")
		require.NoError(t, env.Exec("UPDATE calendar_holidays SET name = 'Christmas' "+
			"WHERE calendar = 'LU' AND on_day = '2026-12-25'"))
		operator := storetest.Operator()
		add := func(on, name string) {
			_, err := env.AddHoliday(operator, storetest.CalendarChange("LU"), storetest.DateOf(t, on), name)
			require.NoError(t, err)
		}
		remove := func(on string) {
			_, err := env.RemoveHoliday(operator, storetest.CalendarChange("LU"), storetest.DateOf(t, on))
			require.NoError(t, err)
		}
		remove("2027-07-23") // an operator saw it
		add("2027-06-23", "Fête nationale")
		add("2028-08-03", "Fermeture")
		remove("2028-05-09")
		remove("2028-07-23")
		add("2028-07-23", "Kermesse")
		before := calendarNamed(t, env, "LU")

		storetest.RequireAll(t, storetest.AtOnce(4, func(int) error { return env.SeedReference(env.Context) }))

		after := calendarNamed(t, env, "LU")
		names := holidayNames(after)
		require.Equal(t, "Nationalfeierdag", names["2026-06-23"])
		require.NotContains(t, names, "2026-07-23")
		require.Equal(t, "Fête nationale", names["2027-06-23"], "an operator's day")
		require.NotContains(t, names, "2027-07-23", "removed by an operator")
		require.Equal(t, "Nationalfeierdag", names["2028-06-23"])
		require.Equal(t, "Kermesse", names["2028-07-23"])
		require.Equal(t, "Fermeture", names["2028-08-03"])
		require.NotContains(t, names, "2028-05-09", "removed by an operator")
		require.Equal(t, "Chrëschtdag", names["2026-12-25"])
		require.Equal(t, before.Version+1, after.Version, "once, however many start")

		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events "+
			"WHERE chain_id = 'calendars' AND verb = 'calendar.corrected' AND object_id = 'LU'"))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'calendar.corrected'"))
		for _, part := range []string{"2026-06-23", "2028-06-23", "2026-07-23", "2026-12-25"} {
			require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events "+
				"WHERE verb = 'calendar.corrected' AND CAST(details AS text) LIKE '%"+part+"%'"), part)
		}
		env.AuditHolds(t)

		n, err := env.LoadCalendars(env.Context)
		require.NoError(t, err)
		require.Zero(t, n, "and only once")
	})
}

func TestC3_ACorrectionLeavesTheVersionOfACalendarThatWasRight(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		require.NoError(t, env.Exec("UPDATE calendars SET source = 'rickar/cal v2.1.26'"))
		require.NoError(t, env.Exec("UPDATE calendars SET source = 'laws 99, another' WHERE code = 'LU'"))
		require.NoError(t, env.Exec("DELETE FROM calendar_holidays WHERE calendar = 'LU' AND on_day LIKE '2028%'"))
		_, err := env.LoadCalendars(env.Context)
		require.NoError(t, err)
		require.Zero(t, env.Count(t, "SELECT count(*) FROM calendars WHERE version > 1"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'calendar.corrected'"))
		require.NotContains(t, holidayNames(calendarNamed(t, env, "LU")), "2028-06-23",
			"a later release knows better")
	})
}

// A region that an operator gave a calendar of its own has its country's days, and is
// corrected with them.
func TestC3_ACopiedCalendarIsCorrectedToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		fromTheLibrary(t, env, "MX", "09-16", "09-17")
		copied, err := env.AddCalendar(storetest.Operator(), "MX", "JAL", "days of Jalisco")
		require.NoError(t, err)
		_, err = env.AddHoliday(storetest.Operator(), storetest.CalendarChange("MX-JAL"),
			storetest.DateOf(t, "2027-09-28"), "San Miguel")
		require.NoError(t, err)
		_, err = env.LoadCalendars(env.Context)
		require.NoError(t, err)
		names := holidayNames(calendarNamed(t, env, copied.Code))
		require.Contains(t, names, "2027-09-16")
		require.NotContains(t, names, "2027-09-17")
		require.Contains(t, names, "2027-09-28")
	})
}

// What was promised by wrong days stays; the next promise counts by the right ones.
func TestS20_R78c_ACorrectionMovesNoPromise(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		first := env.Requested(t, env.Covered(t))
		second := env.Requested(t, env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200"))
		require.NoError(t, env.Exec("UPDATE calendars SET source = 'rickar/cal v2.1.26' WHERE code = 'BR-SP'"))
		for day := 1; day <= 18; day++ {
			require.NoError(t, env.Exec(fmt.Sprintf(`
				INSERT INTO calendar_holidays
					(calendar, on_day, name, origin, removed, reason, changed_by, changed_at)
				SELECT calendar, '2026-12-%02d', 'wrong', origin, removed, reason, changed_by, changed_at
				FROM calendar_holidays WHERE calendar = 'BR-SP' AND on_day = '2026-12-25'`, day)))
		}
		env.Calendar.Set(localTime(t, paulista.TimeZone, "2026-12-04 10:00"))
		first = storetest.ApproveRMA(t, env, first.ID)
		require.Equal(t, "2026-12-22", first.Promise.On.String(), "by the wrong days")

		require.NoError(t, env.SeedReference(env.Context))

		require.Equal(t, first.Promise, storetest.GetRMA(t, env, first.ID).Promise, "what was promised stays")
		second = storetest.ApproveRMA(t, env, second.ID)
		require.Equal(t, "2026-12-07", second.Promise.On.String())
		require.Equal(t, first.Promise.CalendarVersion+1, second.Promise.CalendarVersion)
	})
}
