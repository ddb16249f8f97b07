package ticket_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// ticketStatements is the budget of a ticket, opened, answered, resolved and closed, with ten
// messages.
const ticketStatements = 70

// The SQL statements of an ordinary ticket with its mails: the description, five words of the
// customer and four of ours, the last of which resolves it, and the end that comes by itself. The
// program and the calendar are known from the ticket before it. What the relay needs is shared
// by all that is told together.
func TestBudgetOfAnOrdinaryTicketsStatements(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c := env.Covered(t)
		ordinaryTicket(t, env, c)
		count := ordinaryTicket(t, env, c)
		total := 0
		for _, n := range count {
			total += n
		}
		t.Logf("%d statements: %v", total, count)
		require.LessOrEqual(t, total, ticketStatements)
	})
}

func ordinaryTicket(t *testing.T, env storetest.Env, c storetest.Covered) map[string]int {
	t.Helper()
	count := map[string]int{}
	var tk ticket.Ticket
	step := func(name string, run func() (ticket.Ticket, error)) {
		t.Helper()
		env.Statements.Reset()
		var err error
		tk, err = run()
		require.NoError(t, err)
		for _, sql := range env.Statements.List() {
			if !strings.Contains(sql, "roomcover.accounts") { // it belongs to BEGIN
				count[name]++
			}
		}
	}
	says := func(text string) {
		step("comment", func() (ticket.Ticket, error) {
			return env.Tickets.Do(member(c), tk.ID, ticket.Command{Name: rule.DoComment, Text: text})
		})
	}
	answers := func(name string, command ticket.Command) {
		step(name, func() (ticket.Ticket, error) { return env.Tickets.Do(agent, tk.ID, command) })
	}

	step("open", func() (ticket.Ticket, error) { return env.Tickets.Open(member(c), aboutRoom(c)) })
	for _, text := range []string{"1", "2", "3"} {
		answers("answer", answer(text))
		says(text)
	}
	says("4")
	says("5")
	answers("resolve", ticket.Command{Name: rule.DoResolve, Text: "It works."})
	require.Equal(t, 10, env.Count(t,
		"SELECT count(*) FROM ticket_messages WHERE ticket_id = '"+tk.ID+"'"))

	env.Calendar.Set(tk.NextAt.Add(time.Second))
	env.Statements.Reset()
	_, err := env.Tickets.RunTicketTimers(env.Context, tk.ID)
	require.NoError(t, err)
	count["close"] = len(env.Statements.List())
	env.Statements.Reset()
	require.NotEmpty(t, env.Deliver(t, tk.ID))
	count["mails"] = len(env.Statements.List())
	require.Equal(t, rule.Closed, storetest.GetTicket(t, env, tk.ID).State)
	return count
}
