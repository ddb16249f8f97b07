package ticket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// behindAnAnswer runs a change that waits for an answer which is about to be stored. What it
// reads beside the ticket that it locks was, on PostgreSQL, read before the wait; and changes
// without an entry in the audit are not refused by the end of its chain.
func behindAnAnswer(t *testing.T, env storetest.Env, id string, change func() error) {
	t.Helper()
	answered, changed := env.Behind(t, `INSERT INTO "ticket_messages"`,
		func() error {
			return storetest.SecondOf(env.Tickets.Do(agent, id, answer("We look at it.")))
		},
		change)
	require.NoError(t, answered)
	require.NoError(t, changed)
}

func TestS40_AnAgreementThatWaitedForAnAnswerCountsIt(t *testing.T) {
	env := storetest.Postgres(t)
	c := env.Covered(t)
	tk := opened(t, env, member(c), aboutRoom(c))
	slots := []rulesession.Slot{slotIn(env, 24)}
	s, err := env.Tickets.ProposeSession(agent, tk.ID, slots)
	require.NoError(t, err)
	require.Equal(t, rule.FirstResponse, storetest.GetTicket(t, env, tk.ID).EffectiveClock)

	env.Calendar.Set(tk.OpenedAt.Add(time.Hour))
	behindAnAnswer(t, env, tk.ID, func() error {
		return storetest.SecondOf(env.Tickets.AgreeToSession(
			member(c), tk.ID, s.ID, slots, rulesession.TextVersion))
	})

	tk = storetest.GetTicket(t, env, tk.ID)
	require.NotNil(t, tk.FirstAnswerAt)
	require.Equal(t, rule.Update, tk.EffectiveClock, "the first answer was given")
	require.Equal(t, *clockOf(t, env, tk.ID, rule.Update).DueAt, *tk.EffectiveDue)
	env.AuditHolds(t)
}

func TestS41_ATimerThatWaitedForAnAnswerInTimeNotesNoBreachOfIt(t *testing.T) {
	env := storetest.Postgres(t)
	c := env.Covered(t)
	tk := opened(t, env, member(c), aboutRoom(c))
	first := *tk.EffectiveDue

	env.Calendar.Set(tk.OpenedAt.Add(time.Hour))
	behindAnAnswer(t, env, tk.ID, func() error {
		env.Calendar.Set(first.AddDate(0, 0, 2)) // the next word is late by then, and the first is not
		return storetest.SecondOf(env.Tickets.RunTicketTimers(env.Context, tk.ID))
	})

	require.Equal(t, []string{"FIRST_RESPONSE MET", "RESTORE RUNNING", "UPDATE BREACHED"},
		env.Strings(t, "SELECT kind || ' ' || state FROM ticket_clocks ORDER BY kind"))
	require.Equal(t, []string{"UPDATE BREACH", "UPDATE WARNING"}, env.Strings(t,
		`SELECT c.kind || ' ' || m.kind FROM ticket_clock_marks m
			JOIN ticket_clocks c ON c.id = m.clock_id ORDER BY c.kind, m.kind`))
	env.AuditHolds(t)
}
