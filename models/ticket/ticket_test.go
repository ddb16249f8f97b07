package ticket_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// member is a context of the account's administrator, who can be told by mail.
func member(c storetest.Covered) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{c.Account},
		Actor:      db.Actor{ID: c.Admin.ID, Role: rules.CustomerAdmin},
	})
}

func aboutRoom(c storetest.Covered) ticket.NewTicket {
	return ticket.NewTicket{
		RoomID:   c.Room.ID,
		Category: rule.Hardware,
		Usable:   rule.UsablePartly,
		Summary:  "No picture",
		Text:     "The screen stays dark.\nWe restarted it twice.",
	}
}

func opened(t *testing.T, env storetest.Env, ctx context.Context, n ticket.NewTicket) ticket.Ticket {
	t.Helper()
	out, err := env.Tickets.Open(ctx, n)
	require.NoError(t, err)
	return out
}

func done(
	t *testing.T, env storetest.Env, ctx context.Context, id string, c ticket.Command,
) ticket.Ticket {
	t.Helper()
	out, err := env.Tickets.Do(ctx, id, c)
	require.NoError(t, err)
	return out
}

func shown(t *testing.T, env storetest.Env, ctx context.Context, id string) ticket.Conversation {
	t.Helper()
	out, err := env.Tickets.Show(ctx, id)
	require.NoError(t, err)
	return out
}

func TestR55a_ReadersOpenAndCommentWhileOthersLook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		reader := storetest.ReadOnly(c.Account)
		tk := opened(t, env, reader, aboutRoom(c))
		require.Equal(t, rule.New, tk.State)
		require.Equal(t, cover.Sev2, tk.Severity)
		require.Regexp(t, `^TK-[0-9A-Z]{5}$`, tk.Number)

		// the whole team sees it (R40b)
		conversation := shown(t, env, member(c), tk.Number)
		require.Len(t, conversation.Entries, 2)
		require.Equal(t, ticket.Opened, conversation.Entries[0].Event.Kind)
		require.Equal(t, rule.FromCustomer, conversation.Entries[1].Message.AuthorKind)
		require.NotEmpty(t, conversation.Clocks)
		lines, _, err := env.Tickets.List(member(c), ticket.Filter{Open: true})
		require.NoError(t, err)
		require.Len(t, lines, 1)
		require.Equal(t, "Sala 1", lines[0].RoomName)

		done(t, env, reader, tk.ID, ticket.Command{Name: rule.DoComment, Text: "Still dark"})
		_, err = env.Tickets.Do(reader, tk.ID, ticket.Command{
			Name: rule.DoSetSeverity, Severity: cover.Sev1, Reason: "x",
		})
		require.Equal(t, rules.Forbidden, rules.CodeOf(err))

		for _, name := range rule.Commands() {
			want := rules.Forbidden
			if name == rule.DoComment {
				want = rules.NotFound // it may be given, and there is no such ticket
			}
			_, err := env.Tickets.Do(reader, "tkt_nothing", ticket.Command{Name: name, Text: "x"})
			if name == rule.DoOpen || name == rule.DoNote { // no commands of a ticket that there is
				continue
			}
			require.Equal(t, want, rules.CodeOf(err), name)
		}

		partner := db.WithScope(context.Background(), db.Scope{
			AccountIDs: []string{c.Account},
			Actor:      db.Actor{ID: "usr_partner", Role: rules.PartnerReadOnly},
		})
		require.Len(t, shown(t, env, partner, tk.ID).Entries, 3)
		_, err = env.Tickets.Do(partner, tk.ID, ticket.Command{Name: rule.DoComment, Text: "x"})
		require.Equal(t, rules.Forbidden, rules.CodeOf(err))
		_, err = env.Tickets.Open(partner, aboutRoom(c))
		require.Equal(t, rules.Forbidden, rules.CodeOf(err))

		stranger := storetest.Customer("acc_of_nobody")
		_, err = env.Tickets.Show(stranger, tk.ID)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		_, err = env.Tickets.Do(stranger, tk.ID, ticket.Command{Name: rule.DoComment, Text: "x"})
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		env.AuditHolds(t)
	})
}

func TestS42_NotesAreOperatorsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		notes := env.Notes
		const canary = "canary: the customer is difficult"
		n, err := notes.Add(storetest.Operator(), tk.Number, canary, "once", 0)
		require.NoError(t, err)
		again, err := notes.Add(storetest.Operator(), tk.ID, canary, "once", 0)
		require.NoError(t, err)
		require.Equal(t, n.ID, again.ID)

		all, err := notes.Of(storetest.Operator(), tk.ID)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Equal(t, canary, all[0].Text)

		_, err = notes.Of(member(c), tk.ID)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		_, err = notes.Add(member(c), tk.ID, "x", "", 0)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		for _, e := range shown(t, env, member(c), tk.ID).Entries {
			if e.Message != nil {
				require.NotContains(t, e.Message.Text, "canary")
			}
		}
		require.Equal(t, rule.New, shown(t, env, member(c), tk.ID).Ticket.State, "S40: nothing moves")
		if env.DSN == "" {
			return
		}
		require.NoError(t, env.Read(member(c), func(tx *db.Tx) error {
			var n int64
			require.NoError(t, tx.Table("ticket_notes").Count(&n).Error)
			require.Zero(t, n, "no tenant's transaction sees a row")
			return nil
		}))
	})
}

func TestS40_AnAnswerMeetsTheFirstClockAndAReplyComesBeforeTheState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		require.NotNil(t, tk.EffectiveDue)
		require.Equal(t, tk.OpenedAt.Add(4*time.Hour), *tk.EffectiveDue, "Sev2: 4 h")
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))

		tk = done(t, env, storetest.Operator(), tk.ID, ticket.Command{
			Name:   rule.DoWaitCustomer,
			Text:   "Is the cable plugged in?",
			Reason: "Needs a look at the cable",
		})
		require.Equal(t, rule.PendingCustomer, tk.State)
		require.Equal(t, rule.TurnCustomer, tk.Turn)
		require.NotNil(t, tk.FirstAnswerAt)
		require.Nil(t, tk.EffectiveDue)

		clocks, err := env.Tickets.ClocksOf(member(c), tk.ID)
		require.NoError(t, err)
		by := map[rule.ClockKind]ticket.Clock{}
		for _, k := range clocks {
			by[k.Kind] = k
		}
		require.Equal(t, rule.Met, by[rule.FirstResponse].State)
		require.EqualValues(t, 3600, by[rule.FirstResponse].ElapsedSeconds)
		require.Equal(t, rule.Paused, by[rule.Update].State)
		require.Equal(t, rule.Paused, by[rule.Restore].State)

		tk = done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "It is."})
		require.Equal(t, rule.InProgress, tk.State)
		require.NotNil(t, tk.EffectiveDue)
		env.AuditHolds(t)
	})
}
