//go:build record

package workflows_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/workflows"
)

// TestRecordTicketHistories records the golden histories of tickets: one that is ordinary, one
// that takes every detour, and one whose workflow its mails began.
func TestRecordTicketHistories(t *testing.T) {
	address := os.Getenv(recordAddress)
	require.NotEmpty(t, address, "%s must name a Temporal server", recordAddress)
	t.Run("ordinary", func(t *testing.T) {
		// Everything is said at one instant of the calendar.
		recordOrdinaryTicket(t, newStudioFrom(t, address, time.Now().Add(20*time.Second), 2*time.Second))
	})
	t.Run("longest", func(t *testing.T) { recordLongestTicket(t, newStudio(t, address)) })
	t.Run("begun by mails", func(t *testing.T) {
		recordTicketBegunByMails(t, newStudio(t, address), "ticket_begun_by_mails")
	})
}

// recordOrdinaryTicket records a ticket with ten messages, which are said one after another: the
// description, five words of the customer and four of ours, the last of which resolves it. The
// mails of the conversation are one, and it closes by itself.
func recordOrdinaryTicket(t *testing.T, s *studio) {
	c := s.covered("Acme Ltda", "SN-400")
	tk := s.db.OpenedTicket(t, c)
	// Two minutes of this calendar are over before the next command is given.
	extended := s.db.Exec("UPDATE tickets SET mail_until = '2099-01-01 00:00:00+00:00' " +
		"WHERE id = '" + tk.ID + "'")
	require.NoError(t, extended)

	for _, text := range []string{"1", "2", "3"} {
		s.answers(tk, ticket.Command{Name: rule.DoAnswer, Text: text})
		s.says(tk, text)
	}
	s.says(tk, "4")
	s.says(tk, "5")
	s.answers(tk, resolve)
	require.Equal(t, 10, s.db.Count(t,
		"SELECT count(*) FROM ticket_messages WHERE ticket_id = '"+tk.ID+"'"))
	s.save("ticket_ordinary", "ticket/"+tk.ID, closed)
}

// recordLongestTicket takes a ticket by every detour: its first answer is late, its severity
// rises, it waits for the customer until it is resolved by itself, is reopened, undone, reopened
// again, waits for somebody else, and closes in the end.
func recordLongestTicket(t *testing.T, s *studio) {
	c := s.covered("Gama SA", "SN-500")
	tk := s.db.OpenedTicket(t, c)
	after := func(what string, done func(ticket.Ticket) bool) {
		t.Helper()
		require.Eventually(t, func() bool {
			return done(storetest.GetTicket(t, s.db, tk.ID))
		}, 3*time.Minute, 20*time.Millisecond, what)
	}
	after("late", func(tk ticket.Ticket) bool { return tk.Alarm == ticket.MarkBreach })
	s.answers(tk, ticket.Command{Name: rule.DoAnswer, Text: "1"})
	s.answers(tk, ticket.Command{Name: rule.DoSetSeverity, Severity: 1, Reason: "down"})
	s.answers(tk, ticket.Command{Name: rule.DoWaitCustomer, Text: "2", Reason: "the cable"})
	after("reminded", func(tk ticket.Ticket) bool { return tk.RemindersSent == 2 })
	after("resolved by itself", func(tk ticket.Ticket) bool { return tk.State == rule.Resolved })
	s.says(tk, "thanks")
	s.answers(tk, ticket.Command{Name: rule.DoUndoReopen, Reason: "only thanks"})
	s.says(tk, "It is dark again.")
	s.answers(tk, ticket.Command{Name: rule.DoWaitOther, Reason: "the builder"})
	s.answers(tk, ticket.Command{Name: rule.DoResume})
	s.answers(tk, resolve)
	s.save("ticket_longest", "ticket/"+tk.ID, closed)
}

// recordTicketBegunByMails has the mails of a ticket begin its workflow, as a relay does that was
// killed before it told of the ticket itself, and resolves the ticket until it closes. The file
// with _before at the end of its name is of the last release whose workflow asked no rows then.
func recordTicketBegunByMails(t *testing.T, s *studio, name string) {
	c := s.covered("Delta SA", "SN-600")
	tk := s.db.OpenedTicket(t, c)
	id := "ticket/" + tk.ID
	s.history(id, func(events []*historypb.HistoryEvent) bool { return len(events) > 0 })
	time.Sleep(15 * time.Second) // a worker takes no new step before it has seen who else polls

	ctx := context.Background()
	require.NoError(t, s.client.TerminateWorkflow(ctx, id, "", "begun anew by its mails"))
	_, err := s.client.SignalWithStartWorkflow(ctx, id, workflows.SignalChanged,
		activities.Status{Mails: true},
		client.StartWorkflowOptions{
			ID:                    id,
			TaskQueue:             workflows.QueueMain,
			WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		},
		workflows.TicketName, workflows.TicketInput{TicketID: tk.ID})
	require.NoError(t, err)

	s.history(id, sentMails)
	s.answers(tk, resolve)
	s.save(name, id, closed)
}

// sentMails: a step that sends mails is done.
func sentMails(events []*historypb.HistoryEvent) bool {
	mails := map[int64]bool{}
	for _, e := range events {
		scheduled := e.GetActivityTaskScheduledEventAttributes()
		mails[e.EventId] = scheduled.GetActivityType().GetName() == activities.NameSendMails
		if done := e.GetActivityTaskCompletedEventAttributes(); mails[done.GetScheduledEventId()] {
			return true
		}
	}
	return false
}

// answers gives a command of an operator.
func (s *studio) answers(tk ticket.Ticket, c ticket.Command) {
	s.t.Helper()
	require.NoError(s.t, storetest.SecondOf(s.db.Tickets.Do(storetest.Operator(), tk.ID, c)))
}

// says has the customer write to the ticket.
func (s *studio) says(tk ticket.Ticket, text string) {
	s.t.Helper()
	_, err := s.db.Tickets.Do(storetest.Customer(tk.AccountID), tk.ID,
		ticket.Command{Name: rule.DoComment, Text: text})
	require.NoError(s.t, err)
}
