package ticket_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// deskOf is the scope of somebody at the desk.
func deskOf(id string) db.Scope {
	return db.Scope{System: true, Actor: db.Actor{ID: id, Role: rules.OperatorAgent}}
}

// A reply that is taken back was never given: the customer is shown none of it, its mail does not
// leave, and the clocks are computed from what is left (S40).
func TestS40_AReplyThatIsTakenBackWasNeverGiven(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		before := shown(t, env, member(c), tk.ID)
		ari := db.WithScope(t.Context(), deskOf("opr_ari"))
		lena := db.WithScope(t.Context(), deskOf("opr_lena"))
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))

		answered := done(t, env, ari, tk.ID, ticket.Command{
			Name:     rule.DoWaitCustomer,
			Text:     "Meant for somebody else.",
			Reason:   "The cable",
			Undoable: true,
		})
		require.Equal(t, rule.PendingCustomer, answered.State)
		require.NotNil(t, answered.FirstAnswerAt)
		for _, e := range shown(t, env, member(c), tk.ID).Entries {
			require.False(t, e.Message != nil && e.Message.Text == "Meant for somebody else.")
		}

		err := env.Tickets.TakeBack(member(c), tk.ID)
		storetest.RequireCode(t, rules.NotFound, err)
		err = env.Tickets.TakeBack(lena, tk.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
		require.NoError(t, env.Tickets.TakeBack(ari, tk.ID))
		text, err := env.Tickets.DraftOf(ari, tk.ID, false)
		require.NoError(t, err)
		require.Equal(t, "Meant for somebody else.", text)
		err = env.Tickets.TakeBack(ari, tk.ID)
		storetest.RequireCode(t, rules.StateConflict, err)

		after := shown(t, env, member(c), tk.ID)
		require.Equal(t, before.Entries, after.Entries)
		require.Equal(t, rule.New, after.Ticket.State)
		require.Nil(t, after.Ticket.FirstAnswerAt)
		require.Equal(t, before.Ticket.EffectiveDue.UTC(), after.Ticket.EffectiveDue.UTC())
		require.Equal(t, before.Ticket.CustomerWaitingSince.UTC(), after.Ticket.CustomerWaitingSince.UTC())
		require.Empty(t, after.Ticket.WaitingReason)
		for _, clock := range after.Clocks {
			if clock.Kind == rule.FirstResponse {
				require.Equal(t, rule.Running, clock.State)
			}
			require.NotEqual(t, rule.Update, clock.Kind, "it began with an answer that was none")
		}
		require.Equal(t, 1, env.Count(t,
			"SELECT count(*) FROM ticket_clocks WHERE kind = 'FIRST_RESPONSE' AND state = 'RUNNING'"))
		require.Zero(t, env.Count(t, "SELECT count(*) FROM ticket_clocks WHERE kind = 'UPDATE'"))
		for _, m := range env.Mails(t, rules.TemplateTicket) {
			require.NotContains(t, fmt.Sprint(m.Params), "somebody else")
		}

		// The desk sees what was taken back; the next answer is the first one.
		desk, err := env.Tickets.AtDesk(ari, tk.ID)
		require.NoError(t, err)
		taken := 0
		for _, e := range desk.Entries {
			if e.Message != nil && e.Message.TakenBackAt != nil {
				taken++
			}
		}
		require.Equal(t, 1, taken)
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		next := done(t, env, ari, tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "We look.", Undoable: true})
		require.Equal(t, env.Calendar.Now().UTC(), next.FirstAnswerAt.UTC())

		// After its seconds, or after anything else, it is too late.
		require.NoError(t, env.Exec("UPDATE ticket_messages SET undo_until = '2020-01-01 00:00:00+00:00' "+
			"WHERE undo_until IS NOT NULL"))
		err = env.Tickets.TakeBack(ari, tk.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
		texts := ""
		for _, e := range shown(t, env, member(c), tk.ID).Entries {
			if e.Message != nil {
				texts += e.Message.Text
			}
		}
		require.Contains(t, texts, "We look.")
		require.NotContains(t, texts, "somebody else")
		done(t, env, ari, tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "Again.", Undoable: true})
		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "Thank you."})
		err = env.Tickets.TakeBack(ari, tk.ID)
		storetest.RequireCode(t, rules.StateConflict, err)
		env.AuditHolds(t)
	})
}
