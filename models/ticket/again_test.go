package ticket_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Another question begins the wait again: who was reminded of the first one is not taken as
// silent by the second.
func TestR40b_AnotherQuestionBeginsTheWaitAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		done(t, env, agent, tk.ID, ticket.Command{
			Name: rule.DoWaitCustomer, Text: "Is the cable in?", Reason: "the cable",
		})
		storetest.RunTicketUntil(t, env, tk.ID, env.Calendar.Now().AddDate(0, 0, 9))
		before := storetest.GetTicket(t, env, tk.ID)
		require.Equal(t, 2, before.RemindersSent)
		paused := clockOf(t, env, tk.ID, rule.Restore)

		asked := done(t, env, agent, tk.ID, ticket.Command{
			Name: rule.DoWaitCustomer, Text: "And the lamp?", Reason: "the lamp",
		})
		require.Equal(t, rule.PendingCustomer, asked.State)
		require.Equal(t, "the lamp", asked.WaitingReason)
		require.Zero(t, asked.RemindersSent)
		require.True(t, asked.StateSince.After(before.StateSince))
		require.Equal(t, ticket.TimerResolve, before.NextTimer)
		require.Equal(t, ticket.TimerReminder, asked.NextTimer)
		again := clockOf(t, env, tk.ID, rule.Restore)
		require.Equal(t, rule.Paused, again.State)
		require.Equal(t, paused.Elapsed, again.Elapsed)

		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 4))
		said := done(t, env, agent, tk.ID, answer("The lamp is on its back."))
		require.True(t, said.StateSince.After(asked.StateSince), "a plain answer, too")
		require.Equal(t, "the lamp", said.WaitingReason)

		_, err := env.Tickets.Do(agent, tk.ID,
			ticket.Command{Name: rule.DoWaitCustomer, Reason: "nothing new"})
		requireField(t, err, "/reason", "NOTHING_CHANGES")
		same := storetest.GetTicket(t, env, tk.ID)
		require.Equal(t, said.Version, same.Version, "without a question nothing begins")
		env.AuditHolds(t)
	})
}

// A worker is killed after it did what was due and before it said so: who asks next learns that
// there are mails.
func TestC6_MailsOfATimerAreSentAlthoughItsWorkerDied(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		done(t, env, agent, tk.ID, ticket.Command{
			Name: rule.DoWaitCustomer, Text: "Is the cable in?", Reason: "the cable",
		})
		st, err := env.Tickets.RunTicketTimers(env.Context, tk.ID)
		require.NoError(t, err)
		require.False(t, st.Mails, "it is held")

		storetest.RunTicketUntil(t, env, tk.ID, env.Calendar.Now().AddDate(0, 0, 20))
		require.Equal(t, rule.Resolved, storetest.GetTicket(t, env, tk.ID).State)
		st, err = env.Tickets.RunTicketTimers(env.Context, tk.ID)
		require.NoError(t, err)
		require.True(t, st.Mails)
		require.NotEmpty(t, env.Deliver(t, tk.ID))
		st, err = env.Tickets.RunTicketTimers(env.Context, tk.ID)
		require.NoError(t, err)
		require.False(t, st.Mails)
	})
}

// Of two agents who take the same ticket one reads that it is the other's.
func TestS54_WhoTakesATicketThatSomebodyElseTookIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		nobody := ""
		take := func(who string) error {
			_, err := env.Tickets.Do(agentCalled(who), tk.ID, ticket.Command{
				Name: rule.DoAssign, Assignee: &who, Held: &nobody,
			})
			return err
		}
		require.NoError(t, take("opr_one"))
		err := take("opr_two")
		require.Equal(t, rules.VersionMismatch, rules.CodeOf(err))
		var refusal *rules.Error
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, "/assignee_id", refusal.Fields[0].Pointer)
		require.NoError(t, take("opr_one"), "again it is the same")
		require.Equal(t, "opr_one", db.Text(storetest.GetTicket(t, env, tk.ID).AssigneeID))
	})
}

// Who waits for nothing that is promised stands behind what is: an answered question of the day
// before does not come before a room that is down.
func TestS54_WhatOwesNothingIsNotPulledBeforeWhatIsPromised(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		n := aboutRoom(c)
		n.Category, n.Usable = rule.Question, rule.UsableYes
		question := opened(t, env, member(c), n)
		done(t, env, agent, question.ID, answer("We look for the manual."))
		waits := opened(t, env, member(c), n)
		done(t, env, agent, waits.ID, answer("We look."))
		env.Calendar.Set(env.Calendar.Now().AddDate(0, 0, 3))
		done(t, env, member(c), waits.ID, ticket.Command{Name: rule.DoComment, Text: "And?"})

		n = aboutRoom(c)
		n.Usable = rule.UsableNo
		down := opened(t, env, member(c), n)
		var ids []string
		for _, task := range queueOf(t, env) {
			ids = append(ids, task.SubjectID)
		}
		require.Equal(t, []string{down.ID, waits.ID, question.ID}, ids)
		for {
			task, err := env.PullTask(agentCalled("opr_one"))
			require.NoError(t, err)
			if task.Kind == db.TaskTicket {
				require.Equal(t, down.ID, task.SubjectID)
				break
			}
		}
		require.True(t, queueOf(t, env)[2].DueAt.After(env.Calendar.Now().Add(24*time.Hour)))
	})
}

// A replacement belongs to the ticket that waits for it: another one does not take it away. One
// that is requested beside a ticket of the account belongs to that, and to no other account's.
func TestS20_AReplacementIsWaitedForByOneTicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		first := opened(t, env, member(c), aboutRoom(c))
		second := opened(t, env, member(c), aboutRoom(c))
		request := replacement.NewRMA{
			AccountID: c.Account, Serial: *c.Device.Serial, Fault: "dark", TicketID: "tkt_foreign",
		}
		_, err := env.RequestRMA(member(c), request)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		request.TicketID = first.ID
		r, err := env.RequestRMA(member(c), request)
		require.NoError(t, err)
		require.Equal(t, []string{r.ID}, shown(t, env, member(c), first.ID).RMAIDs)

		wait := ticket.Command{Name: rule.DoWaitRMA, RMAID: r.ID, Text: "We replace it."}
		done(t, env, agent, first.ID, wait)
		_, err = env.Tickets.Do(agent, second.ID, wait)
		require.Equal(t, rules.StateConflict, rules.CodeOf(err))
		require.ErrorContains(t, err, first.Number)
		require.Equal(t, first.ID, *storetest.GetRMA(t, env, r.ID).TicketID)

		done(t, env, agent, first.ID, ticket.Command{Name: rule.DoResolve, Text: "See the other."})
		require.Equal(t, rule.PendingRMA, done(t, env, agent, second.ID, wait).State)
		require.Equal(t, second.ID, *storetest.GetRMA(t, env, r.ID).TicketID)
		env.AuditHolds(t)
	})
}

// What somebody whom nobody named said on the telephone is nobody's, and not the operator's.
func TestR40a_AWordOnTheTelephoneOfNobodyHasNoAuthor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		n := aboutRoom(c)
		n.Channel = rule.ByPhone
		tk := opened(t, env, agent, n)
		for _, e := range shown(t, env, member(c), tk.ID).Entries {
			if e.Message != nil {
				require.Equal(t, rule.FromCustomer, e.Message.AuthorKind)
				require.Empty(t, e.Message.AuthorID)
			}
		}
	})
}
