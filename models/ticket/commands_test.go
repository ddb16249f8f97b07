package ticket_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/rma"
	rule "roomcover.dev/roomcover/rules/ticket"
)

var agent = storetest.Operator()

func answer(text string) ticket.Command { return ticket.Command{Name: rule.DoAnswer, Text: text} }

func clockOf(t *testing.T, env storetest.Env, id string, kind rule.ClockKind) rule.Clock {
	t.Helper()
	var found rule.Clock
	for _, c := range shown(t, env, env.Context, id).Clocks {
		if c.Kind == kind {
			found = c // the last of its kind
		}
	}
	return found
}

// Sunday 03:00 on a holiday: around the clock means around the clock.
func TestR35a_ARoomThatIsDownAtNightIsAnsweredWithinTheHour(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		night := time.Date(2026, 12, 25, 6, 0, 0, 0, time.UTC) // 03:00 in São Paulo, Christmas
		env.Calendar.Set(night)
		n := aboutRoom(c)
		n.Usable = rule.UsableNo

		p, err := env.Tickets.Preview(member(c), n)
		require.NoError(t, err)
		require.True(t, p.Covered)
		require.Equal(t, cover.Sev1, p.Severity)
		require.Equal(t, night.Add(time.Hour), *p.FirstDue)
		require.Contains(t, p.Answer.Languages, "pt-BR")
		require.NotEmpty(t, p.Clocks[0].Explanation)

		tk := opened(t, env, member(c), n)
		require.Equal(t, night.Add(time.Hour), *tk.EffectiveDue)
		require.Equal(t, rule.FirstResponse, tk.EffectiveClock)

		// S41: the warning and the breach are there once each, however often somebody looks
		storetest.RunTicketUntil(t, env, tk.ID, night.Add(2*time.Hour))
		for range 3 {
			_, err := env.Tickets.RunTicketTimers(env.Context, tk.ID)
			require.NoError(t, err)
		}
		marks, err := env.Tickets.MarksOf(env.Context, tk.ID)
		require.NoError(t, err)
		require.Len(t, marks, 2)
		require.Equal(t, ticket.MarkWarning, marks[0].Kind)
		require.Equal(t, night.Add(45*time.Minute), marks[0].At)
		require.Equal(t, ticket.MarkBreach, marks[1].Kind)
		require.Equal(t, night.Add(time.Hour), marks[1].At)
		tasks := env.Tasks(t, db.TaskTicket)
		require.Len(t, tasks, 1)
		require.Equal(t, "A promised time is over.", tasks[0].Why)

		done(t, env, agent, tk.ID, answer("We look at it."))
		first := clockOf(t, env, tk.ID, rule.FirstResponse)
		require.Equal(t, rule.Breached, first.State)
		require.NotNil(t, first.EndedAt)
		env.AuditHolds(t)
	})
}

func TestR39c_R75_S3_R31_WhatNothingCoversIsRefusedWithItsReasons(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		bare := env.Room(t, c.Account, "Sala 2")
		n := aboutRoom(c)
		n.RoomID = bare.ID
		_, err := env.Tickets.Open(member(c), n)
		require.Equal(t, rules.NotCovered, rules.CodeOf(err))
		var refusal *rules.Error
		require.ErrorAs(t, err, &refusal)
		require.NotEmpty(t, refusal.Fields, "R39c: why it is so")
		p, err := env.Tickets.Preview(member(c), n)
		require.NoError(t, err)
		require.False(t, p.Covered)
		require.True(t, p.Answer.Has(cover.ReasonNoAssignment))

		n = aboutRoom(c)
		n.Category = rule.Software // R75: tickets yes
		require.Equal(t, rule.New, opened(t, env, member(c), n).State)

		contract := storetest.OneContract(t, env, c.Order.ID)
		env.Calendar.Set(contract.EndAt.Add(-time.Hour)) // S3: the last day; R31: any day in the term
		n.Category = rule.Setup
		last := opened(t, env, member(c), n)
		env.Calendar.Set(*contract.EndAt)
		_, err = env.Tickets.Open(member(c), n)
		require.Equal(t, rules.NotCovered, rules.CodeOf(err))

		// what was opened in time is served
		done(t, env, agent, last.ID, answer("Here is how."))
		_, err = env.Tickets.Open(storetest.Seller(env.Distributor(t, "Distribuidora")), n)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
	})
}

// Of Select and JumpStart the promise that is due first counts, whichever that is.
func TestR32a_R30a_WhatIsDueFirstOfTwoEntitlementsCounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		bundle := storetest.Form("PO-BUNDLE")
		bundle.Lines = []ordering.OrderLine{{SKU: "TAP-BUNDLE-TEAMS", Quantity: 1}}
		env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), bundle)
		n := aboutRoom(c)
		n.Category = rule.Setup

		first := opened(t, env, member(c), n)
		require.Equal(t, "SELECT", first.PolicyCode)
		require.Len(t, first.Terms.Also, 1)
		require.Equal(t, "JUMPSTART", first.Terms.Also[0].Code)
		require.Equal(t, first.OpenedAt.Add(4*time.Hour), *first.EffectiveDue)

		// Select promises less from the next day on; JumpStart the end of the next business day.
		slow := cover.SLAPromise{FirstResponse: cover.SLATarget{Within: 72 * time.Hour}}
		tomorrow := civil.DateOf(env.Calendar.Now()).AddDays(1)
		_, err := env.PublishSLAPolicy(env.Context, program.PolicyChange{
			Policy: cover.SLAPolicy{
				Service:       catalogue.ServiceSelect,
				AlwaysOn:      true,
				EffectiveFrom: &tomorrow,
				Promises: map[cover.Severity]cover.SLAPromise{
					cover.Sev1: slow,
					cover.Sev2: slow,
					cover.Sev3: slow,
					cover.Sev4: slow,
				},
			},
			Reason: "fewer people",
		})
		require.NoError(t, err)
		env.Calendar.Set(env.Calendar.Now().Add(24 * time.Hour))
		n.Summary = "Another one"
		second := opened(t, env, member(c), n)
		due := time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC) // Friday is over in São Paulo
		require.Equal(t, due, second.EffectiveDue.UTC(), "opened at %s", second.OpenedAt)
		require.Equal(t, "JUMPSTART", clockOf(t, env, second.ID, rule.FirstResponse).Policy)
		again := storetest.GetTicket(t, env, first.ID)
		require.Equal(t, first.EffectiveDue.UTC(), again.EffectiveDue.UTC(), "R28d")
	})
}

func TestR28d_AnOpenTicketKeepsWhatCoveredIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		require.NoError(t, storetest.SecondOf(env.ReleaseRoom(env.Context, c.Room.ID, 0, "x")))
		_, err := env.Tickets.Open(member(c), aboutRoom(c))
		require.Equal(t, rules.NotCovered, rules.CodeOf(err))

		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "Still dark"})
		tk = done(t, env, agent, tk.ID, answer("We look at it."))
		require.Equal(t, cover.BySelect, tk.Frozen.Entitlement.Kind)
		require.Equal(t, "SELECT", tk.PolicyCode)
		require.NotNil(t, tk.EffectiveDue, "its clocks run as they were promised")
	})
}

func TestS45_ThanksReopensNothingAndAReopeningCanBeUndone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		tk = done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoResolve, Text: "x"})
		require.Equal(t, rule.Resolved, tk.State)
		resolved := *tk.ResolvedAt
		before := clockOf(t, env, tk.ID, rule.Restore)

		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		tk = done(t, env, member(c), tk.ID,
			ticket.Command{Name: rule.DoComment, Text: "Thanks, it works!", Thanks: true})
		require.Equal(t, rule.Resolved, tk.State)
		require.Nil(t, tk.ReopenedAt)

		tk = done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "Thanks!"})
		require.Equal(t, rule.InProgress, tk.State)
		require.NotNil(t, tk.ReopenedAt)
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		_, err := env.Tickets.Do(agent, tk.ID, ticket.Command{Name: rule.DoUndoReopen})
		require.Equal(t, rules.ReasonRequired, rules.CodeOf(err))
		tk = done(t, env, agent, tk.ID,
			ticket.Command{Name: rule.DoUndoReopen, Reason: "They only said thanks"})
		require.Equal(t, rule.Resolved, tk.State)
		require.Equal(t, resolved, tk.ResolvedAt.UTC())
		after := clockOf(t, env, tk.ID, rule.Restore)
		require.Equal(t, before.Elapsed, after.Elapsed)
		require.Equal(t, before.State, after.State)

		// and it closes as a ticket that was resolved then
		storetest.RunTicketUntil(t, env, tk.ID, env.Calendar.Now().AddDate(0, 0, 9))
		tk = storetest.GetTicket(t, env, tk.ID)
		require.Equal(t, rule.Closed, tk.State)

		next := done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "Dark again"})
		require.NotEqual(t, tk.ID, next.ID, "a reply to a closed ticket opens another")
		require.Equal(t, tk.ID, *next.FollowsID)
		again := done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "Dark again"})
		require.Equal(t, next.ID, again.ID)
		env.AuditHolds(t)
	})
}

// What a reopening brought that is undone never was: the next one warns and is late anew.
func TestS45_AnUndoneReopeningLeavesNoClockAndNoMark(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		n := aboutRoom(c)
		n.Usable = rule.UsableNo // its clocks run at night too
		tk := opened(t, env, member(c), n)
		done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoResolve, Text: "x"})
		stored := func() (clocks []ticket.Clock, marks []ticket.ClockMark) {
			clocks, err := env.Tickets.ClocksOf(env.Context, tk.ID)
			require.NoError(t, err)
			marks, err = env.Tickets.MarksOf(env.Context, tk.ID)
			require.NoError(t, err)
			return clocks, marks
		}
		before, marks := stored()
		require.Empty(t, marks)

		late := func() {
			t.Helper()
			env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
			done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: "Thanks!"})
			storetest.RunTicketUntil(t, env, tk.ID, env.Calendar.Now().Add(24*time.Hour))
			clocks, marks := stored()
			require.Len(t, clocks, len(before)+1, "an update is owed")
			require.Len(t, marks, 2)
		}
		late()
		undo := ticket.Command{Name: rule.DoUndoReopen, Reason: "They only said thanks"}
		done(t, env, agent, tk.ID, undo)
		after, marks := stored()
		require.Equal(t, before, after)
		require.Empty(t, marks)
		require.Equal(t, db.TaskDone, env.Tasks(t, db.TaskTicket)[0].State)

		late()
		env.AuditHolds(t)
	})
}

func TestR40b_RemindersAndEndsComeByThemselves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		done(t, env, agent, tk.ID, ticket.Command{
			Name: rule.DoWaitCustomer, Text: "Is the cable in?", Reason: "the cable",
		})
		storetest.RunTicketUntil(t, env, tk.ID, env.Calendar.Now().AddDate(0, 0, 9))
		require.Equal(t, 2, storetest.GetTicket(t, env, tk.ID).RemindersSent)
		storetest.RunTicketUntil(t, env, tk.ID, env.Calendar.Now().AddDate(0, 0, 10))
		require.Equal(t, rule.Resolved, storetest.GetTicket(t, env, tk.ID).State)
		storetest.RunTicketUntil(t, env, tk.ID, env.Calendar.Now().AddDate(0, 0, 10))
		closed := storetest.GetTicket(t, env, tk.ID)
		require.Equal(t, rule.Closed, closed.State)
		require.Nil(t, closed.NextAt)

		mails, _, err := env.ListNotifications(env.Context, notification.NotificationFilter{SubjectID: tk.ID})
		require.NoError(t, err)
		var steps []string
		for _, m := range mails {
			require.Equal(t, "ana.souza@acme.example", m.Recipient)
			for _, part := range m.Params["parts"].([]any) {
				steps = append(steps, part.(map[string]any)["step"].(string))
			}
		}
		require.ElementsMatch(t,
			[]string{"OPENED", "ANSWERED", "REMINDER", "REMINDER", "RESOLVED", "CLOSED"}, steps)
		env.AuditHolds(t)
	})
}

func TestC4_TwoAgentsAtOnceAreOneAnswerAndOneRefusal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		errs := storetest.AtOnce(2, func(i int) error {
			return storetest.SecondOf(env.Tickets.Do(agent, tk.ID, ticket.Command{
				Name: rule.DoAnswer, Text: fmt.Sprint("answer ", i), Version: tk.Version,
			}))
		})
		refused := 0
		for _, err := range errs {
			if err != nil {
				refused++
				require.Equal(t, rules.VersionMismatch, rules.CodeOf(err))
				var refusal *rules.Error
				require.ErrorAs(t, err, &refusal)
				require.NotEmpty(t, refusal.Fields, "it says what was said meanwhile")
			}
		}
		require.Equal(t, 1, refused)

		// the same answer sent again is none
		same := ticket.Command{Name: rule.DoAnswer, Text: "x", Once: "key"}
		done(t, env, agent, tk.ID, same)
		done(t, env, agent, tk.ID, same)
		require.Equal(t, 3, env.Count(t, "SELECT count(*) FROM ticket_messages"))
		env.AuditHolds(t)
	})
}

func TestR28d_AReplacementIsRequestedFromTheTicketAndLeadsBackToIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		n := aboutRoom(c)
		n.RoomID, n.DeviceID = "", c.Device.ID
		tk := opened(t, env, member(c), n)
		done(t, env, agent, tk.ID, answer("We replace it."))
		tk = done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoWaitRMA, RMA: &replacement.NewRMA{}})
		require.Equal(t, rule.PendingRMA, tk.State)
		ids := shown(t, env, member(c), tk.ID).RMAIDs
		require.Len(t, ids, 1)
		r := storetest.GetRMA(t, env, ids[0])
		require.Equal(t, tk.ID, *r.TicketID)
		require.Equal(t, *c.Device.Serial, r.FaultySerial)

		storetest.ApproveRMA(t, env, r.ID)
		require.Equal(t, rule.Paused, clockOf(t, env, tk.ID, rule.Restore).State)
		_, err := env.AllocateRMA(agent, r.ID, "")
		require.NoError(t, err)
		_, err = env.ShipRMA(agent, r.ID, replacement.RMAShipment{Serial: "NEW1"})
		require.NoError(t, err)
		for _, f := range []rma.RMAFact{rma.FactPickedUp, rma.FactDelivered} {
			_, err := env.RecordRMAFact(env.Context, r.ID, f, time.Time{})
			require.NoError(t, err)
		}
		tk = storetest.GetTicket(t, env, tk.ID)
		require.Equal(t, rule.InProgress, tk.State)
		require.Equal(t, rule.Running, clockOf(t, env, tk.ID, rule.Restore).State)
		env.AuditHolds(t)
	})
}

func TestR40b_MailsTellWhoseTicketItIsAndTheWatchersOnceEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, storetest.ReadOnly(c.Account), aboutRoom(c))
		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoWatch})
		done(t, env, member(c), tk.ID, ticket.Command{Name: rule.DoWatch})
		done(t, env, agent, tk.ID, answer("First"))
		done(t, env, agent, tk.ID, answer("Second"))

		mails, _, err := env.ListNotifications(env.Context, notification.NotificationFilter{SubjectID: tk.ID})
		require.NoError(t, err)
		require.Len(t, mails, 1, "what happens within two minutes is one mail")
		require.NotNil(t, mails[0].HeldUntil)
		require.Len(t, mails[0].Params["parts"], 3)
		require.Empty(t, env.Deliver(t, tk.ID), "it is held")

		_, err = env.Tickets.Do(agent, tk.ID, ticket.Command{Name: rule.DoWatch, User: "usr_nobody"})
		require.Equal(t, rules.ValidationFailed, rules.CodeOf(err))

		n := aboutRoom(c)
		n.Usable = rule.UsableNo
		down := opened(t, env, member(c), n)
		require.Len(t, env.Deliver(t, down.ID), 1, "at severity 1 it leaves at once")
	})
}

func TestS33_DraftsAreTheirAuthorsAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		for _, text := range []string{"We lo", "We look at it"} {
			require.NoError(t, env.Tickets.KeepDraft(agent, tk.ID, false, text))
		}
		require.NoError(t, env.Tickets.KeepDraft(agent, tk.ID, true, "difficult"))
		text, err := env.Tickets.DraftOf(agent, tk.ID, false)
		require.NoError(t, err)
		require.Equal(t, "We look at it", text)
		text, err = env.Tickets.DraftOf(member(c), tk.ID, false)
		require.NoError(t, err)
		require.Empty(t, text)
		require.Equal(t, rules.NotFound,
			rules.CodeOf(env.Tickets.KeepDraft(member(c), tk.ID, true, "x")))
		require.NoError(t, env.Tickets.KeepDraft(agent, tk.ID, false, ""))
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM ticket_drafts"))
	})
}

// A command is killed after every single statement in turn: it is done whole, or not at all.
func TestC6_ACommandKilledAnywhereIsWholeOrNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		counted := func() string {
			return fmt.Sprint(
				env.Count(t, "SELECT count(*) FROM ticket_messages"),
				env.Count(t, "SELECT count(*) FROM ticket_events"),
				env.Count(t, "SELECT count(*) FROM ticket_clocks"),
				env.Count(t, "SELECT count(*) FROM audit_events WHERE verb LIKE 'ticket.%'"),
				env.Count(t, "SELECT count(*) FROM notifications"),
				env.Count(t, "SELECT version FROM tickets"))
		}
		before := counted()
		command := ticket.Command{
			Name: rule.DoWaitCustomer, Text: "Is it in?", Reason: "the cable", Once: "key",
		}
		for n := 1; n < 60; n++ {
			ctx, cancel := context.WithCancel(agent)
			env.Statements.Reset()
			env.Statements.After(func(count int) {
				if count == n {
					cancel()
				}
			})
			_, err := env.Tickets.Do(ctx, tk.ID, command)
			env.Statements.After(nil)
			cancel()
			if err == nil {
				break
			}
			require.Equal(t, before, counted(), "killed after statement %d", n)
		}
		require.NotEqual(t, before, counted())
		require.Equal(t, rule.PendingCustomer, storetest.GetTicket(t, env, tk.ID).State)
		env.AuditHolds(t)
	})
}

// A resolved ticket whose time is over offers what a closed one does, before its timer has fired
// and after: nothing is offered that is refused.
func TestS45_C1_NothingIsOfferedThatIsRefusedOnceTheTimeIsOver(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		tk := opened(t, env, member(c), aboutRoom(c))
		done(t, env, agent, tk.ID, answer("Fixed."))
		out := done(t, env, agent, tk.ID, ticket.Command{Name: rule.DoResolve})
		over := out.NextAt.Add(time.Second)
		resolved := storetest.GetTicket(t, env, tk.ID)
		env.Calendar.Set(over)
		_, err := env.Tickets.RunTicketTimers(env.Context, tk.ID)
		require.NoError(t, err)
		closed := storetest.GetTicket(t, env, tk.ID)
		require.Equal(t, rule.Resolved, resolved.State)
		require.Equal(t, rule.Closed, closed.State)
		for _, role := range []rules.Role{
			rules.CustomerAdmin, rules.CustomerReadOnly, rules.OperatorAgent, rules.OperatorLead,
		} {
			if role != rules.CustomerReadOnly { // they comment, whatever follows from it
				require.NotEqual(t,
					closed.Commands(role, over), resolved.Commands(role, out.StateSince), role)
			}
			require.Equal(t, closed.Commands(role, over), resolved.Commands(role, over), role)
		}
	})
}

// A conversation is counted to its end, however much of it a page shows; what no person wrote is
// no word of it.
func TestS47_AWholeConversationIsCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		other := env.CoveredFor(t, "Outra Ltda", "rui@outra.example", "SN-200")
		tk := opened(t, env, member(c), aboutRoom(c))
		var first *ticket.Message
		for _, e := range shown(t, env, member(c), tk.ID).Entries {
			if e.Message != nil {
				first = e.Message
			}
		}
		require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error {
			rows := make([]ticket.Message, 600)
			for i := range rows {
				rows[i] = *first
				rows[i].ID = db.NewID(db.PrefixTicketMessage)
				rows[i].Seq = int64(100 + i)
				rows[i].DedupeKey = strconv.Itoa(i)
				rows[i].Automatic = i%2 == 1
			}
			return tx.CreateInBatches(&rows, 100).Error
		}))
		n, err := env.Tickets.CountMessages(member(c), tk.ID)
		require.NoError(t, err)
		require.EqualValues(t, 301, n)
		n, err = env.Tickets.CountMessages(member(other), tk.ID)
		require.NoError(t, err)
		require.Zero(t, n)
	})
}
