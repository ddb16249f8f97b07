package replacement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// toldOfRecall lists the steps about the recall that the administrator got mails of, in
// order.
func toldOfRecall(t *testing.T, env storetest.Env, id string) (steps []string) {
	t.Helper()
	mails := env.Mails(t, rules.TemplateSpare)
	for i := len(mails) - 1; i >= 0; i-- {
		step, _ := mails[i].Params["step"].(string)
		ours := mails[i].SubjectID == id && mails[i].Recipient == "ana.souza@acme.example"
		if ours && (step == "RECALL_REMINDER" || step == "RECALL_OVERDUE") {
			steps = append(steps, step)
		}
	}
	return steps
}

// recalledOn is a spare that was recalled at noon in São Paulo on Mon 30 November: reminders
// on 20 and 27 December, due by the end of 30 December.
func recalledOn(t *testing.T, env storetest.Env) (storetest.Covered, replacement.SpareUnit) {
	t.Helper()
	c, u := env.SpareOnSite(t)
	env.Calendar.Set(dec(0))
	storetest.LoseLicences(t, env, c)
	return c, storetest.UnitOf(t, env, u.ID)
}

// A recall whose workflow stood still, and is tried again: what was due is done in its
// order, and the fee waits for the days that people are owed after the reminder, whatever day
// it goes on.
func TestS22_AfterAStandstillARecallHasItsDays(t *testing.T) {
	for name, c := range map[string]struct {
		stood, again time.Time // when it stopped, and when it went on
		steps        []string  // told until spring, in order
		overdue      string    // by the clock of the account, with the fee
	}{
		"never": {
			steps:   []string{"RECALL_REMINDER", "RECALL_REMINDER", "RECALL_OVERDUE"},
			overdue: "2026-12-31",
		},
		"before the first, and on in time": {
			stood: dec(1), again: dec(19),
			steps:   []string{"RECALL_REMINDER", "RECALL_REMINDER", "RECALL_OVERDUE"},
			overdue: "2026-12-31",
		},
		"over the first reminder": {
			stood: dec(1), again: dec(24),
			steps:   []string{"RECALL_REMINDER", "RECALL_REMINDER", "RECALL_OVERDUE"},
			overdue: "2026-12-31",
		},
		"over the last reminder": {
			stood: dec(21), again: dec(29),
			steps:   []string{"RECALL_REMINDER", "RECALL_REMINDER", "RECALL_OVERDUE"},
			overdue: "2027-01-02", // three days after the reminder, as on 27 December
		},
		"over both": {
			stood: dec(1), again: dec(28),
			steps:   []string{"RECALL_REMINDER", "RECALL_OVERDUE"},
			overdue: "2027-01-01",
		},
		"over all of it": {
			stood: dec(1), again: dec(60), // 29 January
			steps:   []string{"RECALL_REMINDER", "RECALL_OVERDUE"},
			overdue: "2027-02-02",
		},
		"over the end alone": {
			stood: dec(28), again: dec(40),
			steps:   []string{"RECALL_REMINDER", "RECALL_REMINDER", "RECALL_OVERDUE"},
			overdue: "2027-01-09",
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				_, u := recalledOn(t, env)
				if !c.stood.IsZero() {
					storetest.RunSpareUntil(t, env, u.ID, c.stood)
					env.Calendar.Set(c.again)
				}
				storetest.RunSpareUntil(t, env, u.ID, dec(120))

				u = storetest.UnitOf(t, env, u.ID)
				zone := db.ZoneOf("America/Sao_Paulo")
				require.Equal(t, c.steps, toldOfRecall(t, env, u.ID))
				require.Equal(t, c.overdue, rules.DateIn(*u.FeeAskedAt, zone).String())
				require.Equal(t, 1, unitTasks(t, env, db.TaskSpareFee, u.ID))
				env.AuditHolds(t)
			})
		})
	}
}

// Nobody may confirm the fee before those days are over, the mail says which they are, and
// the recall is still withdrawn where the entitlement comes back in them.
func TestS22_TheFeeOfARecallWaitsForThoseDaysToo(t *testing.T) {
	env := storetest.SQLite(t)
	_, u := recalledOn(t, env)
	env.Calendar.Set(dec(60))
	for range 2 { // once is enough
		runSpareTimers(t, env, u.ID)
		_, err := env.BillSpare(storetest.AgentContext, u.ID, "")
		storetest.RequireCode(t, rma.FeeNotDue, err)
	}

	require.Equal(t, []string{"RECALL_REMINDER"}, toldOfRecall(t, env, u.ID))
	mail := env.Mails(t, rules.TemplateSpare)[0]
	require.Equal(t, "2027-02-01", mail.Params["return_on"], "the day that they have")
	agenda, err := env.Agenda(storetest.AgentContext, operations.AgendaQuery{})
	require.NoError(t, err)
	for _, late := range agenda.Late.Items {
		require.NotEqual(t, u.ID, late.ID, "nobody is late before")
	}

	storetest.RunSpareUntil(t, env, u.ID, dec(70))
	u, err = env.BillSpare(storetest.AgentContext, u.ID, "")
	require.NoError(t, err)
	require.NotNil(t, u.BilledAt)
}
