package program_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/spare"
)

// changed changes the program's configuration.
func changed(t *testing.T, env storetest.Env, change func(*catalogue.Program)) {
	t.Helper()
	ref, err := env.Reference(env.Context)
	require.NoError(t, err)
	p := ref.Program
	change(&p)
	_, err = env.ChangeProgram(env.Context, p, ref.Version)
	require.NoError(t, err)
}

// The windows of a replacement are the program's: what was computed before a change
// stays as it is.
func TestC8_WindowsOfReplacementsAreConfiguration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		site := program.Site{Country: "BR", Region: "SP", TimeZone: "America/Sao_Paulo"}
		at := time.Date(2026, 9, 2, 19, 0, 0, 0, time.UTC) // 16:00 there
		before, err := env.PromiseAt(env.Context, site, calendar.SpeedNBD, at)
		require.NoError(t, err)
		require.Equal(t, "2026-09-04", before.On.String())
		changed(t, env, func(p *catalogue.Program) {
			p.Replacement.CutOff = "17:00"
			p.Replacement.ReturnDays = 2
			p.Replacement.ReturnReminderDays = []int{1}
		})
		after, err := env.PromiseAt(env.Context, site, calendar.SpeedNBD, at)
		require.NoError(t, err)
		require.Equal(t, "2026-09-03", after.On.String())
		due, err := env.ReturnDueAt(env.Context, site, at)
		require.NoError(t, err)
		require.Equal(t, "2026-09-04", due.On.String())
		require.Len(t, due.Reminders, 1)
	})
}

func TestC8_ReminderDaysOfInvitationsAreConfiguration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		changed(t, env, func(p *catalogue.Program) { p.InviteReminderDays = []int{2, 5} })
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		all, _, err := env.ListInvitations(env.Context, "", o.ID, db.Page{Limit: 10})
		require.NoError(t, err)
		plan, err := env.PlanInvitation(env.Context, all[0].ID)
		require.NoError(t, err)
		require.Len(t, plan.Reminders, 2)
		require.Equal(t, []int{2, 5}, []int{plan.Reminders[0].Day, plan.Reminders[1].Day})
	})
}

// The audit tells what was changed, before and after.
func TestC6_ChangingTheProgramIsAudited(t *testing.T) {
	env := storetest.SQLite(t)
	changed(t, env, func(p *catalogue.Program) {
		p.CancelDays = 14
		p.Replacement.CutOff = "16:00"
	})
	ref, err := env.Reference(env.Context)
	require.NoError(t, err)
	events, err := env.Timeline(env.Context, ref.Program.ID)
	require.NoError(t, err)
	last := events[len(events)-1]
	require.Equal(t, "program.changed", last.Verb)
	changes := last.Details["changed"].(map[string]any)
	require.Len(t, changes, 2)
	require.Equal(t, map[string]any{"before": 30.0, "after": 14.0}, changes["cancel_days"])
	require.Equal(t, "16:00", changes["replacement"].(map[string]any)["after"].(map[string]any)["cut_off"])
}

// A recall has the days that the program says; a reminder that would come after its
// end is none.
func TestC8_DaysOfARecallAreConfiguration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		changed(t, env, func(p *catalogue.Program) { p.Replacement.SpareRecallDays = 10 })
		c, u := env.SpareOnSite(t)
		storetest.LoseLicences(t, env, c)
		u = storetest.UnitOf(t, env, u.ID)
		require.Equal(t, spare.SpareRecallDue(env.Calendar.Now(), 10, time.FixedZone("", -3*3600)), u.RecallDueAt.UTC())
		require.Equal(t, spare.TimerRecallDue, u.NextTimer)
	})
}
