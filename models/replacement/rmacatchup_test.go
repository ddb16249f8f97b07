package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// told lists the steps about the return that the administrator got mails of, in order.
func toldOfReturn(t *testing.T, env storetest.Env, id string) (steps []string) {
	t.Helper()
	mails := env.Mails(t, rules.TemplateRMA)
	for i := len(mails) - 1; i >= 0; i-- {
		step, _ := mails[i].Params["step"].(string)
		ours := mails[i].SubjectID == id && mails[i].Recipient == "ana.souza@acme.example"
		if ours && (step == "REMINDER" || step == "OVERDUE") {
			steps = append(steps, step)
		}
	}
	return steps
}

// A workflow that stood still, and is tried again: what was due is done in its order, and
// the fee waits for the days that people are owed after the reminder, and after the word
// that the unit is overdue, whatever day it goes on.
func TestS22_AfterAStandstillPeopleHaveTheirDays(t *testing.T) {
	for name, c := range map[string]struct {
		stood, again time.Time // when it stopped, and when it went on
		steps        []string  // told until the end of the year, in order
		overdue, fee string    // by the clock of the site
	}{
		// Delivered on Wed 25 Nov: reminders on 30 Nov, 4 and 9 Dec, due by the end of 9 Dec,
		// the fee from the end of 16 Dec on.
		"never": {
			steps:   []string{"REMINDER", "REMINDER", "REMINDER", "OVERDUE"},
			overdue: "2026-12-10", fee: "2026-12-17",
		},
		"before the first, and on in time": {
			stood: dec(-3), again: dec(2),
			steps:   []string{"REMINDER", "REMINDER", "REMINDER", "OVERDUE"},
			overdue: "2026-12-10", fee: "2026-12-17",
		},
		"over all of it": {
			stood: dec(-3), again: dec(24), // Thursday; Christmas does not count
			steps:   []string{"REMINDER", "OVERDUE"},
			overdue: "2026-12-29", fee: "2027-01-06",
		},
		"over the last reminder": {
			stood: dec(5), again: dec(11), // Friday
			steps:   []string{"REMINDER", "REMINDER", "REMINDER", "OVERDUE"},
			overdue: "2026-12-15", fee: "2026-12-22",
		},
		"over the word that it is overdue": {
			stood: dec(9).Add(6 * time.Hour), again: dec(21), // Monday
			steps:   []string{"REMINDER", "REMINDER", "REMINDER", "OVERDUE"},
			overdue: "2026-12-21", fee: "2026-12-29",
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				r := env.DeliveredRMA(t, env.Covered(t))
				if !c.stood.IsZero() {
					storetest.RunRMAUntil(t, env, r.ID, c.stood)
					env.Calendar.Set(c.again)
				}
				storetest.RunRMAUntil(t, env, r.ID, dec(60))

				r = storetest.GetRMA(t, env, r.ID)
				zone := db.ZoneOf("America/Sao_Paulo")
				require.Equal(t, c.steps, toldOfReturn(t, env, r.ID))
				require.Equal(t, c.overdue, rules.DateIn(*r.OverdueAt, zone).String())
				require.Equal(t, c.fee, rules.DateIn(*r.FeeAskedAt, zone).String())
				require.Equal(t, rma.FeeAsked, r.Fee())
			})
		})
	}
}

// Nobody may confirm the fee before those days are over, either.
func TestS22_TheFeeWaitsForThoseDaysToo(t *testing.T) {
	env := storetest.SQLite(t)
	r := env.DeliveredRMA(t, env.Covered(t))
	env.Calendar.Set(dec(24))
	_, err := env.RunRMATimers(env.Context, r.ID)
	require.NoError(t, err)
	_, err = env.BillRMA(storetest.AgentContext, r.ID, "")
	storetest.RequireCode(t, rules.StateConflict, err)
	r = storetest.GetRMA(t, env, r.ID)
	require.Equal(t, rma.RMAAwaitingReturn, r.StoredState, "it is not overdue for who was not reminded")
	require.Equal(t, "2026-12-28", r.ReturnOn().String(), "what pages and lists show")

	mail := lastMail(t, env, r.ID)
	require.Equal(t, "REMINDER", mail.Params["step"])
	require.Equal(t, "2026-12-28", mail.Params["return_on"], "the day that they have")

	env.Calendar.Set(dec(60))
	for range 2 { // first that it is overdue, then days later the fee
		_, err = env.RunRMATimers(env.Context, r.ID)
		require.NoError(t, err)
		_, err = env.BillRMA(storetest.AgentContext, r.ID, "")
		storetest.RequireCode(t, rma.FeeNotDue, err)
	}
	var late replacement.RMA
	storetest.RunRMAUntil(t, env, r.ID, dec(90))
	late, err = env.BillRMA(storetest.AgentContext, r.ID, "")
	require.NoError(t, err)
	require.Equal(t, rma.FeeBilled, late.Fee())
}

// dec is noon in São Paulo on a day counted from the last of November.
func dec(day int) time.Time { return time.Date(2026, 11, 30+day, 15, 0, 0, 0, time.UTC) }
