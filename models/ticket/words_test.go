package ticket_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// textsOf are the public texts of a ticket, the oldest first.
func textsOf(t *testing.T, env storetest.Env, id string) (texts []string) {
	t.Helper()
	for _, e := range shown(t, env, env.Context, id).Entries {
		if e.Message != nil {
			texts = append(texts, e.Message.Text)
		}
	}
	return texts
}

// stepsOf are the steps of which the mails of a ticket tell.
func stepsOf(t *testing.T, env storetest.Env, id string) (steps []string) {
	t.Helper()
	mails, _, err := env.ListNotifications(env.Context,
		notification.NotificationFilter{SubjectID: id, Page: db.Page{Limit: 200}})
	require.NoError(t, err)
	for i := len(mails) - 1; i >= 0; i-- {
		for _, part := range mails[i].Params["parts"].([]any) {
			steps = append(steps, part.(map[string]any)["step"].(string))
		}
	}
	return steps
}

// requireField holds that a refusal names a field.
func requireField(t *testing.T, err error, pointer, code string) {
	t.Helper()
	var refusal *rules.Error
	require.True(t, errors.As(err, &refusal), "%v", err)
	require.NotEmpty(t, refusal.Fields)
	require.Equal(t, pointer, refusal.Fields[0].Pointer)
	require.Equal(t, code, refusal.Fields[0].Code)
}

// What somebody types with a command is kept as what they said or as their reason, or the command
// is refused with the field's name: nothing vanishes.
func TestNoWordsOfACommandAreLost(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		other := opened(t, env, member(c), aboutRoom(c))
		nobody, me := "", db.NewID(db.PrefixOperator)
		require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
			return tx.Create(&identity.Operator{
				ID:        me,
				Source:    "PASSWORD",
				Email:     "lena@desk.example",
				Name:      "Lena",
				Role:      rules.OperatorAgent,
				Locale:    "en",
				CreatedAt: tx.Now(),
			}).Error
		}))
		for _, command := range []ticket.Command{
			{Name: rule.DoAssign, Assignee: &me},
			{Name: rule.DoLink, Ticket: other.ID},
			{Name: rule.DoWatch, User: c.Admin.ID},
			{Name: rule.DoWatch, User: c.Admin.ID, Unwatch: true},
		} {
			silent := command
			silent.Text = "This would be said to nobody."
			_, err := env.Tickets.Do(agent, tk.ID, silent)
			requireField(t, err, "/text", "NOT_TAKEN")
			command.Reason = "It is theirs"
			done(t, env, agent, tk.ID, command)
			again := done(t, env, agent, tk.ID, command)
			require.Equal(t, storetest.GetTicket(t, env, tk.ID).Version, again.Version)
			command.Reason = "Another one"
			_, err = env.Tickets.Do(agent, tk.ID, command)
			requireField(t, err, "/reason", "NOTHING_CHANGES")
		}
		done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoAssign, Assignee: &nobody})
		require.Len(t, textsOf(t, env, tk.ID), 1)

		// A severity that stays the same: said and decided where the customer asked, else refused.
		same := ticket.Command{
			Name:     rule.DoSetSeverity,
			Severity: tk.Severity,
			Text:     "It stays: one screen still works.",
			Reason:   "One of two",
		}
		_, err := env.Tickets.Do(agent, tk.ID, same)
		require.Equal(t, rule.SameSeverity, rules.CodeOf(err))
		requireField(t, err, "/severity", rule.SameSeverity)
		wordless := same
		wordless.Text = ""
		_, err = env.Tickets.Do(agent, tk.ID, wordless)
		requireField(t, err, "/reason", "NOTHING_CHANGES")
		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoAskSeverity, Text: "Worse now."})
		decided := done(t, env, agent, tk.ID, same)
		require.Nil(t, decided.WorseAskedAt)
		require.Equal(t, []string{"Worse now.", same.Text}, textsOf(t, env, tk.ID)[1:])
		require.Equal(t, decided.Version, done(t, env, agent, tk.ID, wordless).Version, "once more")

		// A reason for what somebody else has done already.
		done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoResolve, Text: "Done.", Reason: "Cable"})
		done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoResolve, Reason: "Cable"})
		_, err = env.Tickets.Do(agent, tk.ID, ticket.Command{Name: rule.DoResolve, Reason: "Screen"})
		requireField(t, err, "/reason", "NOTHING_CHANGES")

		// What is said with an undone reopening stands in the conversation, before it.
		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "Thank you!"})
		undone := done(t, env, agent, tk.ID, ticket.Command{
			Name:   rule.DoUndoReopen,
			Text:   "You are welcome.",
			Reason: "They only said thanks",
		})
		require.Equal(t, rule.Resolved, undone.State)
		entries := shown(t, env, env.Context, tk.ID).Entries
		require.Equal(t, "You are welcome.", entries[len(entries)-2].Message.Text)
		require.Equal(t, ticket.ReopeningUndone, entries[len(entries)-1].Event.Kind)
		env.AuditHolds(t)
	})
}

// Whoever wrote reads that the ticket is resolved, and has the days of a resolved ticket from then
// on, however long the reopening lasted.
func TestS45_AnUndoneReopeningIsToldAndWaitsAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		resolved := done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoResolve, Text: "x"}).ResolvedAt
		storetest.RunTicketUntil(t, env, tk.ID, resolved.AddDate(0, 0, 6))
		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "Is it on?"})
		storetest.RunTicketUntil(t, env, tk.ID, resolved.AddDate(0, 0, 9))
		before := len(stepsOf(t, env, tk.ID))
		undone := done(t, env, agent, tk.ID,
			ticket.Command{Name: rule.DoUndoReopen, Reason: "It was about another room"})
		require.Equal(t, []string{"RESOLVED"}, stepsOf(t, env, tk.ID)[before:])
		require.Equal(t, *resolved, undone.ResolvedAt.UTC(), "its clocks stand as they stood")
		require.Equal(t, ticket.TimerClose, undone.NextTimer)
		require.True(t, undone.NextAt.After(env.Calendar.Now().AddDate(0, 0, 7)))

		storetest.RunTicketUntil(t, env, tk.ID, env.Calendar.Now().AddDate(0, 0, 6))
		reopened := done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "No."})
		require.Equal(t, tk.ID, reopened.ID)
		require.Equal(t, rule.InProgress, reopened.State)
		env.AuditHolds(t)
	})
}

// A mail about a ticket that was taken back says so, and not that it is closed: nobody worked on it.
func TestACancellationIsToldAsOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoCancel, Reason: "Opened twice"})
		require.Equal(t, []string{"OPENED", "CANCELLED"}, stepsOf(t, env, tk.ID))
	})
}

// C1: once its days are over a resolved ticket takes no reply more, even if nobody has closed it
// yet: what is said opens one that follows it, once.
func TestC1_AResolvedTicketThatNobodyClosedInTimeIsClosed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		tk = done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoResolve, Text: "x"})
		env.Calendar.Set(tk.NextAt.Add(-time.Second))
		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoReopen})
		tk = done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoResolve, Text: "y"})

		env.Calendar.Set(*tk.NextAt)
		for _, command := range []rule.Command{rule.DoReopen, rule.DoAnswer} {
			_, err := env.Tickets.Do(agent, tk.ID, ticket.Command{Name: command, Text: "z"})
			storetest.RequireCode(t, rule.TicketClosed, err)
		}
		said := ticket.Command{Name: rule.DoComment, Text: "Dark again", Once: "key"}
		next := done(t, env, member(c), tk.ID, said)
		require.Equal(t, tk.ID, db.Text(next.FollowsID))
		require.Equal(t, rule.Resolved, storetest.GetTicket(t, env, tk.ID).State)
		require.Equal(t, next.ID, done(t, env, member(c), tk.ID, said).ID)
		require.Equal(t, []string{"Dark again"}, textsOf(t, env, next.ID), "the same request again")

		_, err := env.Tickets.RunTicketTimers(env.Context, tk.ID)
		require.NoError(t, err)
		require.Equal(t, rule.Closed, storetest.GetTicket(t, env, tk.ID).State)
		require.Equal(t, next.ID, done(t, env, member(c), tk.ID, said).ID)
		require.Len(t, textsOf(t, env, next.ID), 1)
		env.AuditHolds(t)
	})
}

// A reply and the end of its draft are one: killed after any statement, a draft of what was said
// is never left, nor is what was begun lost.
func TestC6_ADraftEndsWithItsReply(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		require.NoError(t, env.Tickets.KeepDraft(agent, tk.ID, false, "We look at it."))
		require.NoError(t, env.Tickets.KeepDraft(agent, tk.ID, true, "Difficult."))
		drafts := func() int { return env.Count(t, "SELECT count(*) FROM ticket_drafts") }
		killed := func(n int, do func(context.Context) error) error {
			ctx, cancel := context.WithCancel(agent)
			defer cancel()
			env.Statements.Reset()
			env.Statements.After(func(count int) {
				if count == n {
					cancel()
				}
			})
			defer env.Statements.After(nil)
			return do(ctx)
		}

		reply := ticket.Command{Name: rule.DoAnswer, Text: "We look at it.", EndsDraft: true}
		for n := 1; n < 60; n++ {
			err := killed(n, func(ctx context.Context) error {
				return storetest.SecondOf(env.Tickets.Do(ctx, tk.ID, reply))
			})
			if err == nil {
				break
			}
			require.Equal(t, 2, drafts(), "killed after statement %d", n)
			require.Len(t, textsOf(t, env, tk.ID), 1)
		}
		require.Len(t, textsOf(t, env, tk.ID), 2)
		require.Equal(t, 1, drafts())
		for n := 1; n < 60; n++ {
			err := killed(n, func(ctx context.Context) error {
				return storetest.SecondOf(env.Notes.Add(ctx, tk.ID, "Difficult.", "", 0))
			})
			if err == nil {
				break
			}
			require.Equal(t, 1, drafts(), "killed after statement %d", n)
		}
		require.Zero(t, drafts())

		// A text that comes another way is not what was begun.
		require.NoError(t, env.Tickets.KeepDraft(agent, tk.ID, false, "Something else"))
		done(t, env, agent, tk.ID, answer("By mail"))
		require.Equal(t, 1, drafts())
	})
}
