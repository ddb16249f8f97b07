package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/workflows"
)

// ticketBench is a ticket's workflow with the relay played by hand.
type ticketBench struct {
	*bench
	covered storetest.Covered
	id      string
}

// newTicketBench has an administrator open a ticket about a room that is down: its clocks run
// at night too, and its mails wait for nothing.
func newTicketBench(t *testing.T) *ticketBench {
	t.Helper()
	env := storetest.SQLite(t)
	c := env.Covered(t)
	b := &ticketBench{bench: benchOn(t, env, storetest.Now.Add(48*time.Hour)), covered: c}
	n := storetest.RoomTicket(c.Room.ID)
	n.Usable = rule.UsableNo
	tk, err := env.Tickets.Open(storetest.Customer(c.Account), n)
	require.NoError(t, err)
	b.id = tk.ID
	return b
}

// told are the statuses that the outbox holds and nobody was told yet.
func (b *ticketBench) told() (out []activities.Status) {
	b.t.Helper()
	for {
		events, err := b.db.LeaseOutbox(b.db.Context, 50, time.Minute)
		require.NoError(b.t, err)
		if len(events) == 0 {
			return out
		}
		ids := make([]string, len(events))
		for i, e := range events {
			if ids[i] = e.ID; e.SubjectID == b.id &&
				(e.Kind == db.OutboxTicketOpened || e.Kind == db.OutboxTicketChanged) {
				st, err := db.ProcessStatusOf(e)
				require.NoError(b.t, err)
				out = append(out, activities.StatusOf(st))
			}
		}
		require.NoError(b.t, b.db.OutboxDelivered(b.db.Context, ids))
	}
}

// do gives a command of an operator at an instant and tells the workflow, as the relay does,
// twice.
func (b *ticketBench) do(at time.Time, c ticket.Command) {
	b.at(at, func() {
		require.NoError(b.t, storetest.SecondOf(b.db.Tickets.Do(storetest.Operator(), b.id, c)))
		for _, st := range b.told() {
			b.SignalWorkflow(workflows.SignalChanged, st)
			b.SignalWorkflow(workflows.SignalChanged, st)
		}
	})
}

func (b *ticketBench) run() {
	b.t.Helper()
	first := b.told()
	require.Len(b.t, first, 1)
	b.ExecuteWorkflow(workflows.TicketName, workflows.TicketInput{
		TicketID: b.id,
		Status:   &first[0],
	})
	b.ended()
}

func (b *ticketBench) ticket() ticket.Ticket { return storetest.GetTicket(b.t, b.db, b.id) }

var resolve = ticket.Command{Name: rule.DoResolve, Text: "It works."}

// The worker is killed after each step's commit: the warning and the breach are there once.
func TestS41_TicketWorkflowNotesTheWarningAndTheBreachOnceAndCloses(t *testing.T) {
	b := newTicketBench(t)
	start := b.Now()
	b.hooks.after = func(activity string, nth int) error {
		if activity == activities.NameRunTicketTimers && nth <= 3 && nth != 2 {
			return errKilled
		}
		return nil
	}
	b.at(start.Add(90*time.Minute), func() {
		marks, err := b.db.Tickets.MarksOf(b.db.Context, b.id)
		require.NoError(t, err)
		require.Len(t, marks, 2)
		require.Equal(t, start.Add(45*time.Minute).UTC(), marks[0].At.UTC())
		require.Equal(t, start.Add(time.Hour).UTC(), marks[1].At.UTC())
	})
	b.do(start.Add(2*hour), resolve)
	b.run()

	require.Equal(t, rule.Closed, b.ticket().State)
	require.Len(t, b.sender.of(rules.TemplateTicket), 3, "opened, resolved, closed")
	require.Equal(t, 5, b.hooks.count(activities.NameRunTicketTimers),
		"warning and breach twice each, and the end")
}

func TestR40b_TicketWorkflowRemindsResolvesAndCloses(t *testing.T) {
	b := newTicketBench(t)
	b.do(b.Now().Add(10*time.Minute), ticket.Command{
		Name:   rule.DoWaitCustomer,
		Text:   "Is the cable in?",
		Reason: "the cable",
	})
	b.run()

	require.Equal(t, rule.Closed, b.ticket().State)
	require.Len(t, b.sender.of(rules.TemplateTicket), 6,
		"opened, asked, two reminders, resolved, closed")
	require.Equal(t, 4, b.hooks.count(activities.NameRunTicketTimers))
}

// A workflow that Temporal has lost is started again with no more than the id.
func TestTicketWorkflowStartsAgainFromTheRow(t *testing.T) {
	b := newTicketBench(t)
	require.NoError(t,
		storetest.SecondOf(b.db.Tickets.Do(storetest.Operator(), b.id, resolve)))
	b.told()
	b.ExecuteWorkflow(workflows.TicketName, workflows.TicketInput{TicketID: b.id})
	b.ended()
	require.Equal(t, rule.Closed, b.ticket().State)
	require.Equal(t, 2, b.hooks.count(activities.NameRunTicketTimers), "it looks, and the end")
}

// The mails of a ticket were told before the ticket itself was, of which a killed relay still had
// the event: the workflow that they began runs when that comes, and nobody tells it what to wait
// for. It asks the rows.
func TestS41_TicketWorkflowThatMailsBeganAsksWhatToWaitFor(t *testing.T) {
	b := newTicketBench(t)
	start := b.Now()
	b.told()
	b.RegisterDelayedCallback(func() {
		b.SignalWorkflow(workflows.SignalChanged, activities.Status{Mails: true})
	}, 0)
	b.at(start.Add(90*time.Minute), func() {
		marks, err := b.db.Tickets.MarksOf(b.db.Context, b.id)
		require.NoError(t, err)
		require.Len(t, marks, 2, "the warning and the breach")
	})
	b.do(start.Add(2*hour), resolve)
	b.ExecuteWorkflow(workflows.TicketName, workflows.TicketInput{TicketID: b.id})
	b.ended()
	require.Equal(t, rule.Closed, b.ticket().State)
	require.Len(t, b.sender.of(rules.TemplateTicket), 3, "opened, resolved, closed")
}
