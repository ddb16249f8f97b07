package program_test

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

func calendarNamed(t *testing.T, env storetest.Env, code string) program.CalendarDetail {
	t.Helper()
	c, err := env.GetCalendar(env.Context, code)
	require.NoError(t, err)
	return c
}

// holidayNames are the holidays of a calendar that count, by day.
func holidayNames(c program.CalendarDetail) map[string]string {
	out := map[string]string{}
	for _, h := range c.Holidays {
		if !h.Removed {
			out[h.OnDay] = h.Name
		}
	}
	return out
}

func TestC3_CalendarsOfTheWorldAreThereFromTheStart(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		var all []program.CalendarDetail
		for page := (db.Page{Limit: 100}); ; {
			some, next, err := env.ListCalendars(env.Context, program.CalendarFilter{Page: page})
			require.NoError(t, err)
			all, page.After = append(all, some...), next
			if next == "" {
				break
			}
		}
		require.Len(t, all, env.Count(t, "SELECT count(*) FROM calendars"))
		countries := map[string]bool{}
		for _, c := range all {
			countries[c.Country] = true
			require.NoError(t, calendar.Calendar{Weekend: c.Weekend, Hours: c.Hours}.Validate(), c.Code)
			require.Equal(t, []any{2028, int64(1)}, []any{c.LoadedThrough, c.Version}, c.Code)
		}
		require.Len(t, countries, len(rules.Countries()))
		sp := holidayNames(calendarNamed(t, env, "BR-SP"))
		for _, year := range []string{"2026", "2027", "2028"} {
			require.Equal(t, "Revolução Constitucionalista", sp[year+"-07-09"])
			require.Equal(t, "Independência do Brasil", sp[year+"-09-07"])
		}
		require.NotContains(t, holidayNames(calendarNamed(t, env, "BR")), "2026-07-09")
		require.Contains(t, holidayNames(calendarNamed(t, env, "DE-BY")), "2027-01-06")
		require.Equal(t, []calendar.Weekday{calendar.Friday, calendar.Saturday}, calendarNamed(t, env, "IL").Weekend)
		for _, code := range []string{"CN", "IN", "SG", "KR", "HK", "AE"} {
			require.Equal(t, []calendar.CalendarAlert{calendar.AlertNoHolidays}, calendarNamed(t, env, code).Lacks,
				code)
		}
		require.Empty(t, calendarNamed(t, env, "BR").Lacks)
		brazil, _, err := env.ListCalendars(env.Context, program.CalendarFilter{Country: "BR"})
		require.NoError(t, err)
		require.Len(t, brazil, 6)
	})
}

func TestC3_LoadingAgainChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		days := env.Count(t, "SELECT count(*) FROM calendar_holidays")
		env.Statements.Reset()
		n, err := env.LoadCalendars(env.Context)
		require.NoError(t, err)
		require.Zero(t, n)
		require.Len(t, env.Statements.List(), 1)
		_, err = env.WatchCalendars(env.Context)
		require.NoError(t, err)
		require.LessOrEqual(t, len(env.Statements.List()), 4, "a sweep with nothing to do")
		require.Equal(t, days, env.Count(t, "SELECT count(*) FROM calendar_holidays"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM audit_events WHERE chain_id = 'calendars'"))
	})
}

func TestC3_LoadingTheNextYearKeepsWhatOperatorsDecided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		operator := storetest.Operator()
		_, err := env.AddHoliday(operator, storetest.CalendarChange("BR"), storetest.DateOf(t, "2028-03-15"),
			"Luto nacional")
		require.NoError(t, err)
		// the source has it too
		_, err = env.AddHoliday(operator, storetest.CalendarChange("BR"), storetest.DateOf(t, "2029-11-20"),
			"Feriado da cidade")
		require.NoError(t, err)
		_, err = env.RemoveHoliday(operator, storetest.CalendarChange("BR"), storetest.DateOf(t, "2028-10-12"))
		require.NoError(t, err)
		_, err = env.AddHoliday(operator, storetest.CalendarChange("BR"), storetest.DateOf(t, "2029-09-07"), "x")
		require.NoError(t, err)
		before, err := env.RemoveHoliday(operator, storetest.CalendarChange("BR"), storetest.DateOf(t, "2029-09-07"))
		require.NoError(t, err)
		env.Calendar.Set(time.Date(2027, 1, 1, 3, 0, 0, 0, time.UTC))
		storetest.RequireAll(
			t, storetest.AtOnce(4, func(int) error { return storetest.SecondOf(env.LoadCalendars(env.Context)) }),
		)
		br := calendarNamed(t, env, "BR")
		names := holidayNames(br)
		require.Equal(t, "Luto nacional", names["2028-03-15"])
		require.Equal(t, "Feriado da cidade", names["2029-11-20"])
		require.Equal(t, "Natal", names["2029-12-25"])
		require.NotContains(t, names, "2028-10-12")
		require.NotContains(t, names, "2029-09-07")
		require.Equal(t, []any{2029, before.Version + 1}, []any{br.LoadedThrough, br.Version},
			"once, however many load")
		require.Equal(t, []any{2029, int64(1)},
			[]any{calendarNamed(t, env, "IN").LoadedThrough, calendarNamed(t, env, "IN").Version}, "nothing was added")
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM audit_events WHERE verb = 'calendar.loaded'"))
		env.AuditHolds(t)
	})
}

func TestC3_AMissingCalendarIsAddedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		require.NoError(t, env.Exec("DELETE FROM calendar_holidays WHERE calendar IN ('DE-BY', 'IN')"))
		require.NoError(t, env.Exec("DELETE FROM calendars WHERE code IN ('DE-BY', 'IN')"))
		require.NoError(t, env.Exec("UPDATE calendars SET source = 'an older one' WHERE code = 'PT'"))
		n, err := env.LoadCalendars(env.Context)
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Contains(t, holidayNames(calendarNamed(t, env, "DE-BY")), "2027-01-06")
		require.Equal(t, int64(1), calendarNamed(t, env, "PT").Version, "its days are the same")
	})
}

func TestC3_OperatorsChangeCalendarsWithAReason(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ctx := storetest.Operator()
		friSat := []calendar.Weekday{calendar.Friday, calendar.Saturday}
		split := []calendar.WorkingTime{
			{Day: calendar.Sunday, From: "08:00", To: "12:00"},
			{Day: calendar.Sunday, From: "13:00", To: "18:00"},
		}
		q := program.CalendarChange{Code: "AE", Version: 1, Reason: "new week"}
		c, err := env.PutCalendar(ctx, q, friSat, split)
		require.NoError(t, err)
		require.Equal(t, []any{int64(2), friSat, split}, []any{c.Version, c.Weekend, c.Hours})
		require.Equal(t, c, calendarNamed(t, env, "AE"))
		_, err = env.PutCalendar(ctx, q, friSat, split)
		storetest.RequireCode(t, rules.StateConflict, err)
		q.Version = 2
		_, err = env.PutCalendar(ctx, q, calendar.Weekdays(), nil)
		storetest.RequireCode(t, rules.ValidationFailed, err)
		require.Equal(t, []string{"/hours"}, storetest.Pointers(err), "a calendar without working time is refused")
		q.Reason = " "
		_, err = env.PutCalendar(ctx, q, friSat, split)
		storetest.RequireCode(t, rules.ReasonRequired, err)
		for _, tenant := range []context.Context{
			storetest.Customer("acc_x"), storetest.Seller(account.Org{ID: "org_x"}),
		} {
			_, err = env.PutCalendar(tenant, storetest.CalendarChange("AE"), friSat, split)
			storetest.RequireCode(t, rules.NotFound, err)
			_, err = env.GetCalendar(tenant, "AE")
			storetest.RequireCode(t, rules.NotFound, err)
			_, _, err = env.ListCalendars(tenant, program.CalendarFilter{})
			storetest.RequireCode(t, rules.NotFound, err)
			_, err = env.LoadCalendars(tenant)
			storetest.RequireCode(t, rules.NotFound, err)
			_, err = env.WatchCalendars(tenant)
			storetest.RequireCode(t, rules.NotFound, err)
			_, err = env.AddCalendar(tenant, "US", "CA", "r")
			storetest.RequireCode(t, rules.NotFound, err)
		}
		_, err = env.GetCalendar(ctx, "XX")
		storetest.RequireCode(t, rules.NotFound, err)
		require.Equal(t, 1, env.Count(
			t,
			"SELECT count(*) FROM audit_events WHERE chain_id = 'calendars' AND verb = 'calendar.changed' AND actor_id = 'tok_operator'",
		))
	})
}

func TestC3_HolidaysAreAddedAndRemovedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ctx, day := storetest.Operator(), storetest.DateOf(t, "2026-12-24")
		_, err := env.AddHoliday(ctx, storetest.CalendarChange("IN"), day, "")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.AddHoliday(ctx, storetest.CalendarChange("IN"), civil.Date{}, "x")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.RemoveHoliday(ctx, storetest.CalendarChange("IN"), day)
		storetest.RequireCode(t, rules.NotFound, err)
		c, err := env.AddHoliday(ctx, storetest.CalendarChange("IN"), day, "Eve")
		require.NoError(t, err)
		require.Empty(t, c.Lacks)
		_, err = env.AddHoliday(ctx, storetest.CalendarChange("IN"), day, "Eve")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.RemoveHoliday(ctx, storetest.CalendarChange("IN"), day)
		require.NoError(t, err)
		_, err = env.RemoveHoliday(ctx, storetest.CalendarChange("IN"), day)
		storetest.RequireCode(t, rules.NotFound, err)
		c, err = env.AddHoliday(ctx, storetest.CalendarChange("IN"), day, "Eve again")
		require.NoError(t, err)
		require.Equal(t, []any{
			int64(4), map[string]string{"2026-12-24": "Eve again"},
		}, []any{c.Version, holidayNames(c)})
		one, failed := 0, 0 // of ten who read version 4
		for _, err := range storetest.AtOnce(10, func(i int) error {
			q := program.CalendarChange{Code: "IN", Version: 4, Reason: "r"}
			return storetest.SecondOf(env.AddHoliday(ctx, q, day.AddDays(1+i), "x"))
		}) {
			if err == nil {
				one++
			} else {
				storetest.RequireCode(t, rules.StateConflict, err)
				failed++
			}
		}
		require.Equal(t, []int{1, 9}, []int{one, failed})
		env.AuditHolds(t)
	})
}

func TestC3_ARegionGetsACalendarOfItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ctx := storetest.Operator()
		_, err := env.RemoveHoliday(ctx, storetest.CalendarChange("US"), storetest.DateOf(t, "2027-10-11"))
		require.NoError(t, err)
		c, err := env.AddCalendar(ctx, "US", "us-ma", "Patriots' Day")
		require.NoError(t, err)
		require.Equal(t, []any{"US-MA", int64(1)}, []any{c.Code, c.Version})
		require.Equal(t, holidayNames(calendarNamed(t, env, "US")), holidayNames(c))
		_, err = env.AddCalendar(ctx, "US", "MA", "again")
		storetest.RequireCode(t, rules.StateConflict, err)
		_, err = env.AddCalendar(ctx, "US", "", "r")
		storetest.RequireCode(t, rules.ValidationFailed, err)
		_, err = env.AddCalendar(ctx, "US", "TX", "")
		storetest.RequireCode(t, rules.ReasonRequired, err)
		env.Calendar.Set(time.Date(2027, 1, 1, 3, 0, 0, 0, time.UTC))
		_, err = env.LoadCalendars(env.Context)
		require.NoError(t, err)
		names := holidayNames(calendarNamed(t, env, "US-MA"))
		require.Contains(t, names, "2029-07-04", "later years come from the country's list")
		require.NotContains(t, names, "2027-10-11", "what was removed before the copy stays out")
	})
}
