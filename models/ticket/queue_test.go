package ticket_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// agentCalled is a context of an agent with that id.
func agentCalled(id string) context.Context {
	return db.WithScope(context.Background(), db.Scope{
		System: true,
		Actor:  db.Actor{ID: id, Role: rules.OperatorAgent},
	})
}

func queueOf(t *testing.T, env storetest.Env) []operations.QueueItem {
	t.Helper()
	q, err := env.Queue(storetest.Operator(), operations.QueueQuery{Kind: db.TaskTicket, Limit: 200})
	require.NoError(t, err)
	return q.Items
}

// standing is a ticket with by when the first of its clocks that run, or are late, runs out.
type standing struct {
	id       string
	due      time.Time
	severity cover.Severity
	assignee string
}

// unpromised is by when a ticket stands in the queue by which no clock runs: a day after whichever
// came last, the word that has no answer or the state; where there is none, a year. A replacement
// that is waited for answers what was said before.
func unpromised(t ticket.Ticket) time.Time {
	since, owed := t.StateSince, t.CustomerWaitingSince != nil
	if owed && t.CustomerWaitingSince.After(since) {
		since = *t.CustomerWaitingSince
	} else if t.State == rule.PendingRMA {
		owed = false
	}
	if owed {
		return since.Add(24 * time.Hour)
	}
	return since.Add(365 * 24 * time.Hour)
}

// byTheirClocks computes the order of the queue from the clocks of each ticket, the oldest first.
func byTheirClocks(t *testing.T, env storetest.Env, ids []string) []standing {
	t.Helper()
	var out []standing
	for _, id := range ids {
		c := shown(t, env, storetest.Operator(), id)
		if c.Ticket.Turn != rule.TurnUs {
			continue
		}
		s := standing{
			id:       id,
			due:      unpromised(c.Ticket),
			severity: c.Ticket.Severity,
			assignee: db.Text(c.Ticket.AssigneeID),
		}
		found := false
		for _, k := range c.Clocks {
			runs := k.State == rule.Running || k.State == rule.Breached && k.EndedAt == nil
			if runs && k.DueAt != nil && (!found || k.DueAt.Before(s.due)) {
				s.due, found = *k.DueAt, true
			}
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b standing) int {
		if n := a.due.Compare(b.due); n != 0 {
			return n
		}
		return int(a.severity - b.severity)
	})
	return out
}

// Whatever is done with tickets, those that wait for us stand in the queue in the order in which
// their clocks run out, each once, with who has them; the others do not stand there.
func TestS54_WhateverIsDoneTheQueueFollowsTheClocks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		seed := uint64(time.Now().UnixNano())
		random := rand.New(rand.NewPCG(seed, 54))
		var ids []string
		for i := range 5 {
			n := aboutRoom(c)
			n.Usable = rule.Usables()[i%3]
			ids = append(ids, opened(t, env, member(c), n).ID)
		}

		commands := []rule.Command{
			rule.DoAnswer, rule.DoComment, rule.DoSetSeverity, rule.DoWaitCustomer, rule.DoWaitOther,
			rule.DoResume, rule.DoResolve, rule.DoReopen, rule.DoUndoReopen, rule.DoAssign,
		}
		said := []string{}
		for range 60 {
			id := ids[random.IntN(len(ids))]
			switch random.IntN(6) {
			case 0:
				ahead := time.Duration(1+random.IntN(9)) * time.Hour
				env.Calendar.Set(env.Calendar.Now().Add(ahead))
				for _, each := range ids {
					_, err := env.Tickets.RunTicketTimers(storetest.Operator(), each)
					require.NoError(t, err)
				}
				said = append(said, "later by "+ahead.String())
			default:
				name := commands[random.IntN(len(commands))]
				who := storetest.Operator()
				if name == rule.DoComment {
					who = member(c)
				}
				to := []string{"", "opr_one"}[random.IntN(2)]
				do := ticket.Command{
					Name:     name,
					Reason:   "It is so",
					Severity: cover.Severity(1 + random.IntN(4)),
				}
				switch {
				case name == rule.DoAnswer, name == rule.DoComment, random.IntN(3) == 0:
					do.Text = "Something new"
				case name == rule.DoAssign:
					who = agentCalled("opr_one")
					do.Assignee = &to
				}
				_, err := env.Tickets.Do(who, id, do)
				if err != nil {
					require.NotEmpty(t, rules.CodeOf(err), "%s: %v", name, err)
				}
				said = append(said, string(name)+" "+id)
			}

			want := byTheirClocks(t, env, ids)
			queue := queueOf(t, env)
			require.Len(t, queue, len(want), "seed %d: %v", seed, said)
			for i, task := range queue {
				require.Equal(t, want[i].id, task.SubjectID, "seed %d, place %d: %v", seed, i, said)
				require.WithinDuration(t, want[i].due, task.DueAt, 0, "seed %d: %v", seed, said)
				require.Equal(t, int(want[i].severity), task.Severity, "seed %d: %v", seed, said)
				require.Equal(t, want[i].assignee, db.Text(task.AssigneeID), "seed %d: %v", seed, said)
			}
		}
		env.AuditHolds(t)
	})
}

// Whoever takes the task has the ticket, and the other way round; and of several who pull at once,
// while others change the tickets, each gets another one.
func TestS54_ATicketAndItsTaskHaveOneAssignee(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		var ids []string
		for range 6 {
			ids = append(ids, opened(t, env, member(c), aboutRoom(c)).ID)
		}
		assignees := func() map[string]string {
			of := map[string]string{}
			for _, task := range queueOf(t, env) {
				of[task.SubjectID] = db.Text(task.AssigneeID)
				tk := shown(t, env, storetest.Operator(), task.SubjectID).Ticket
				require.Equal(t, db.Text(tk.AssigneeID), db.Text(task.AssigneeID))
			}
			return of
		}

		first := queueOf(t, env)[0]
		_, err := env.TakeTask(agentCalled("opr_one"), first.ID, "")
		require.NoError(t, err)
		require.Equal(t, "opr_one", assignees()[first.SubjectID])
		nobody := ""
		done(t, env, agentCalled("opr_one"), first.SubjectID,
			ticket.Command{Name: rule.DoAssign, Assignee: &nobody})
		require.Empty(t, assignees()[first.SubjectID])
		me := "opr_two"
		done(t, env, agentCalled(me), first.SubjectID,
			ticket.Command{Name: rule.DoAssign, Assignee: &me})
		require.Equal(t, me, assignees()[first.SubjectID])
		_, err = env.HandBackTask(agentCalled("opr_one"), first.ID, "")
		require.NoError(t, err)
		require.Empty(t, assignees()[first.SubjectID])

		// it stays theirs while it waits for somebody else
		done(t, env, agentCalled(me), ids[5], ticket.Command{Name: rule.DoAssign, Assignee: &me})
		done(t, env, agentCalled(me), ids[5], ticket.Command{Name: rule.DoAnswer, Text: "A moment"})
		done(t, env, agentCalled(me), ids[5],
			ticket.Command{Name: rule.DoWaitCustomer, Reason: "A photo"})
		require.Len(t, queueOf(t, env), 5)
		done(t, env, member(c), ids[5], ticket.Command{Name: rule.DoComment, Text: "Here it is"})
		require.Equal(t, me, assignees()[ids[5]])

		var together sync.WaitGroup
		got := make([]string, 6) // one of them is about the account
		for i := range got {
			together.Go(func() {
				for got[i] == "" { // one that is just being changed is passed over
					task, err := env.PullTask(agentCalled(fmt.Sprint("opr_", i)))
					if rules.CodeOf(err) == rules.NotFound {
						continue
					}
					if err != nil {
						got[i] = err.Error()
						return
					}
					got[i] = task.SubjectID
				}
			})
			together.Go(func() {
				_, _ = env.Tickets.Do(member(c), ids[min(i, 4)], ticket.Command{
					Name: rule.DoComment, Text: "And another thing",
				})
			})
		}
		together.Wait()
		slices.Sort(got)
		want := append([]string{c.Account}, ids[:5]...)
		slices.Sort(want)
		require.Equal(t, want, got)
		for id, who := range assignees() {
			require.NotEmpty(t, who, id)
		}
		_, err = env.PullTask(agentCalled("opr_late"))
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
	})
}
