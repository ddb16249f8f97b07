package ticket_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// joined is a member who may only read.
func joined(t *testing.T, env storetest.Env, c storetest.Covered, email string) identity.User {
	t.Helper()
	inv, err := env.Invite(member(c), identity.NewInvite{
		AccountID:   c.Account,
		Email:       email,
		ContactName: "Colleague",
		Role:        identity.RoleReadOnly,
		Kind:        identity.InvitationForColleague,
	})
	require.NoError(t, err)
	u, _ := env.Join(t, inv)
	return u
}

// sentTo delivers what is held, and returns to whom, in the order of their addresses.
func sentTo(t *testing.T, env storetest.Env, id string) (to []string, mails []notification.Notification) {
	t.Helper()
	require.NoError(t, env.Exec("UPDATE notifications SET held_until = NULL WHERE subject_id = '"+id+"'"))
	mails = env.Deliver(t, id)
	for _, m := range mails {
		to = append(to, m.Recipient)
	}
	slices.Sort(to)
	return to, mails
}

// Who is told is decided when the mail is sent: whoever was removed within the two minutes gets
// none, whoever was added gets what the others get.
func TestS44_WhoIsToldIsDecidedWhenTheMailIsSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		rui := joined(t, env, c, "rui@acme.example")
		cai := joined(t, env, c, "cai@acme.example")
		bia := joined(t, env, c, "bia@acme.example")
		watch := func(id string, u identity.User, unwatch bool) {
			done(t, env, member(c), id, ticket.Command{Name: rule.DoWatch, User: u.ID, Unwatch: unwatch})
		}
		tk := opened(t, env, member(c), aboutRoom(c))
		watch(tk.ID, rui, false)
		watch(tk.ID, cai, false)
		to, _ := sentTo(t, env, tk.ID)
		require.Equal(t, []string{c.Admin.Email, cai.Email, rui.Email}, to, "added within the two minutes")

		done(t, env, agent, tk.ID, answer("First"))
		watch(tk.ID, bia, false)
		watch(tk.ID, rui, true)
		done(t, env, agent, tk.ID, answer("Second"))
		require.NoError(t, env.Exec("UPDATE memberships SET state = 'REMOVED' WHERE user_id = '"+cai.ID+"'"))
		to, mails := sentTo(t, env, tk.ID)
		require.Equal(t, []string{c.Admin.Email, bia.Email}, to)
		for _, m := range mails {
			require.Len(t, m.Params["parts"], 2, m.Recipient)
		}
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM notifications WHERE state = 'SUPPRESSED' "+
			"AND subject_id = '"+tk.ID+"'"))
		to, _ = sentTo(t, env, tk.ID)
		require.Empty(t, to)

		// Where nobody comes or goes it takes one statement.
		done(t, env, agent, tk.ID, answer("Third"))
		env.Statements.Reset()
		require.NoError(t, storetest.SecondOf(env.Tickets.Correspond(env.Context, tk.ID)))
		require.Len(t, env.Statements.List(), 1)
		to, _ = sentTo(t, env, tk.ID)
		require.Equal(t, []string{c.Admin.Email, bia.Email}, to)
	})
}

// Where a program opened the ticket, the administrators are told for as long as nobody watches it.
func TestS44_AWatcherTakesThePlaceOfTheAdministrators(t *testing.T) {
	env := storetest.SQLite(t)
	c := env.Covered(t)
	bia := joined(t, env, c, "bia@acme.example")
	tk := opened(t, env, storetest.ReadOnly(c.Account), aboutRoom(c))
	done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoWatch, User: bia.ID})
	to, _ := sentTo(t, env, tk.ID)
	require.Equal(t, []string{bia.Email}, to)
	mails, _, err := env.ListNotifications(env.Context, notification.NotificationFilter{SubjectID: tk.ID})
	require.NoError(t, err)
	require.Len(t, mails, 2)
	states := []rules.NotificationState{mails[0].State, mails[1].State}
	require.ElementsMatch(t,
		[]rules.NotificationState{rules.NotificationSuppressed, rules.NotificationSent}, states)
}
