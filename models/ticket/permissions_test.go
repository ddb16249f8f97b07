package ticket_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// as is a context of somebody with a role, who reaches the account; a partner reaches it by a
// delegation, which says no more than that.
func as(role rules.Role, accountID string) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		AccountIDs: []string{accountID},
		Actor:      db.Actor{ID: "usr_of_the_test", Role: role},
	})
}

// RULES 4: a partner with ADMIN opens and writes, one who may only read sees and follows, and a
// seller is told of no ticket at all, whatever it asks for.
func TestR42_R41c_S36_PartnersSeeWhatTheyMayAndSellersNothing(t *testing.T) {
	const (
		no     = rules.Forbidden
		hidden = rules.NotFound
	)
	table := []struct {
		role                                   rules.Role
		see, open, comment, addWatcher, cancel string
	}{
		{rules.CustomerAdmin, "", "", "", "", ""},
		{rules.CustomerReadOnly, "", "", "", no, no},
		{rules.PartnerAdmin, "", "", "", "", ""},
		{rules.PartnerReadOnly, "", no, no, no, no},
		{rules.Reseller, hidden, hidden, hidden, hidden, hidden},
		{rules.Distributor, hidden, hidden, hidden, hidden, hidden},
		{"", hidden, hidden, hidden, hidden, hidden},
	}

	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		other := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		for _, row := range table {
			ctx := as(row.role, c.Account)
			mine := opened(t, env, member(c), aboutRoom(c))
			theirs := opened(t, env, member(other), aboutRoom(other))
			requireCode := func(want string, err error, what string) {
				t.Helper()
				require.Equal(t, want, rules.CodeOf(err), "%s: %s", row.role, what)
			}

			_, err := env.Tickets.Show(ctx, mine.Number)
			requireCode(row.see, err, "show")
			_, err = env.Tickets.Get(ctx, mine.ID)
			requireCode(row.see, err, "get")
			_, err = env.Tickets.ClocksOf(ctx, mine.ID)
			requireCode(row.see, err, "clocks")
			listed, _, err := env.Tickets.List(ctx, ticket.Filter{})
			requireCode(row.see, err, "list")
			for _, l := range listed {
				require.Equal(t, c.Account, l.AccountID, row.role)
			}
			_, err = env.Tickets.Count(ctx, ticket.Filter{})
			requireCode(row.see, err, "count")
			inRooms, err := env.Tickets.OpenInRooms(ctx, c.Room.ID, other.Room.ID)
			require.NoError(t, err)
			require.Equal(t, row.see == "", inRooms[c.Room.ID] > 0, row.role)
			require.Zero(t, inRooms[other.Room.ID], row.role)

			_, err = env.Tickets.Preview(ctx, aboutRoom(c))
			requireCode(row.open, err, "preview")
			_, err = env.Tickets.Open(ctx, aboutRoom(c))
			requireCode(row.open, err, "open")
			_, err = env.Tickets.Do(ctx, mine.ID, ticket.Command{Name: rule.DoComment, Text: "Hello?"})
			requireCode(row.comment, err, "comment")
			_, err = env.Tickets.Do(ctx, mine.ID, ticket.Command{
				Name: rule.DoWatch,
				User: c.Admin.ID,
			})
			requireCode(row.addWatcher, err, "add a watcher")
			_, err = env.Tickets.Do(ctx, mine.ID, ticket.Command{Name: rule.DoCancel})
			requireCode(row.cancel, err, "cancel")

			// What is ours alone is nobody else's, whosever ticket it is.
			for _, command := range []rule.Command{
				rule.DoAnswer, rule.DoAssign, rule.DoSetSeverity, rule.DoWaitCustomer, rule.DoWaitRMA,
				rule.DoUndoReopen, rule.DoLink,
			} {
				give := ticket.Command{Name: command, Text: "x", Reason: "x"}
				_, err = env.Tickets.Do(ctx, mine.ID, give)
				want := no
				if row.see != "" {
					want = hidden
				}
				requireCode(want, err, string(command))
				_, err = env.Tickets.Do(ctx, theirs.ID, give)
				requireCode(want, err, string(command))
			}
			_, err = env.Tickets.Show(ctx, theirs.Number)
			requireCode(hidden, err, "another account's ticket")
			_, err = env.Tickets.Open(ctx, aboutRoom(other))
			requireCode(map[bool]string{true: no, false: hidden}[row.open == no], err, "another's room")
		}
		env.AuditHolds(t)
	})
}

// A replacement brings one ticket on: another one is not to take it away, since the first would
// then wait for ever, with its clocks stopped.
func TestS40_AReplacementIsWaitedForByOneTicket(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		first := opened(t, env, member(c), aboutDevice(c))
		done(t, env, agent, first.ID, answer("We look at it."))
		done(t, env, agent, first.ID, ticket.Command{
			Name: rule.DoWaitRMA,
			RMA:  &replacement.NewRMA{},
		})
		rmaID := shown(t, env, agent, first.ID).RMAIDs[0]

		second := opened(t, env, member(c), aboutDevice(c))
		done(t, env, agent, second.ID, answer("We look at it."))
		wait := ticket.Command{Name: rule.DoWaitRMA, RMAID: rmaID}
		_, err := env.Tickets.Do(agent, second.ID, wait)
		require.Equal(t, rules.StateConflict, rules.CodeOf(err))
		require.Contains(t, err.Error(), first.Number)
		require.Equal(t, rule.Open, storetest.GetTicket(t, env, second.ID).State)
		done(t, env, agent, first.ID, wait) // its own: nothing to do

		// One that is over waits for nothing any more.
		done(t, env, agent, first.ID, ticket.Command{Name: rule.DoResolve, Text: "See the other one."})
		resolved := storetest.GetTicket(t, env, first.ID)
		storetest.RunTicketUntil(t, env, first.ID, resolved.ResolvedAt.AddDate(0, 0, 9))
		require.Equal(t, rule.PendingRMA, done(t, env, agent, second.ID, wait).State)
		env.AuditHolds(t)
	})
}

// aboutDevice asks for support with the device of the room.
func aboutDevice(c storetest.Covered) ticket.NewTicket {
	n := aboutRoom(c)
	n.RoomID, n.DeviceID = "", c.Device.ID
	return n
}
