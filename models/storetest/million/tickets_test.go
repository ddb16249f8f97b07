package million_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/million"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// ticketTables are the tables that grow with the tickets.
var ticketTables = []string{
	"tickets", "ticket_messages", "ticket_events", "ticket_clocks", "operator_tasks", "rooms",
}

// ticketQuestion is what people ask of tickets and of the queue all the time, and the indexes by
// which it has to be answered: the first of the queue without reading past those that others have.
type ticketQuestion struct {
	name    string
	indexes []string
	ask     func(env storetest.Env) error
}

func ticketQuestions(c storetest.Covered) []ticketQuestion {
	taker := million.ID("opr", 7)
	agent := db.WithScope(context.Background(), db.Scope{
		System: true,
		Actor:  db.Actor{ID: taker, Role: rules.OperatorAgent},
	})
	member := storetest.Customer(c.Account)
	queue := func(q operations.QueueQuery) func(storetest.Env) error {
		return func(env storetest.Env) error {
			found, err := env.Queue(agent, q)
			if err != nil || found.Next == (operations.QueueCursor{}) {
				return err
			}
			next := q
			next.After = found.Next
			return storetest.SecondOf(env.Queue(agent, next))
		}
	}
	list := func(f ticket.Filter) func(storetest.Env) error {
		return func(env storetest.Env) error {
			_, after, err := env.Tickets.List(agent, f)
			if err != nil || after == "" {
				return err
			}
			next := f
			next.Page.After = after
			return storetest.Third(env.Tickets.List(agent, next))
		}
	}
	find := func(f ticket.Find) func(storetest.Env) error {
		f.AccountID = c.Account
		return func(env storetest.Env) error {
			_, after, err := env.Tickets.Find(member, f)
			if err != nil || after == "" {
				return err
			}
			next := f
			next.Page.After = after
			return storetest.Third(env.Tickets.Find(member, next))
		}
	}

	return []ticketQuestion{
		{"the queue as it opens", []string{"operator_tasks_nobodys", "operator_tasks_assignee_due"},
			queue(operations.QueueQuery{Assignee: taker, OrNobody: true})},
		{"the queue of all", []string{"operator_tasks_due"}, queue(operations.QueueQuery{})},
		{"the queue, mine", []string{"operator_tasks_assignee_due"},
			queue(operations.QueueQuery{Assignee: taker})},
		{"the queue, nobody's", []string{"operator_tasks_nobodys"},
			queue(operations.QueueQuery{Assignee: operations.QueueNobodys})},
		{"the queue, late", []string{"operator_tasks_due"},
			queue(operations.QueueQuery{Due: operations.DueLate})},
		{"the queue, this week", []string{"operator_tasks_due"},
			queue(operations.QueueQuery{Due: operations.DueThisWeek})},
		{"the queue of an account", []string{"operator_tasks_account_due"},
			queue(operations.QueueQuery{AccountID: million.ID("acc", 7)})},
		{"what the navigation counts", []string{"operator_tasks_nobodys", "operator_tasks_assignee_due"},
			func(env storetest.Env) error {
				return storetest.SecondOf(env.OpenTasks(agent, taker))
			}},
		{"pull", []string{"operator_tasks_nobodys"}, func(env storetest.Env) error {
			return storetest.SecondOf(env.PullTask(agent))
		}},
		{"tickets, newest", nil, list(ticket.Filter{})},
		{"tickets, open", nil, list(ticket.Filter{Open: true})},
		{"tickets, nobody's", nil, list(ticket.Filter{Open: true, Assignee: ticket.Nobodys})},
		{"tickets, mine", []string{"tickets_assignee_open"},
			list(ticket.Filter{Open: true, Assignee: taker})},
		{"tickets, mine, open or not", []string{"tickets_assignee"},
			list(ticket.Filter{Assignee: taker})},
		{"tickets, the most severe", []string{"tickets_severity_open"},
			list(ticket.Filter{Open: true, Severity: cover.Sev1})},
		{"tickets of a state that none has", []string{"tickets_state"},
			list(ticket.Filter{State: rule.PendingRMA})},
		{"tickets that wait for a carrier", []string{"tickets_turn"},
			list(ticket.Filter{Turn: rule.TurnCarrier})},
		{"tickets of an account", nil, list(ticket.Filter{AccountID: million.ID("acc", 7)})},
		{"tickets of a room", []string{"tickets_room"}, list(ticket.Filter{RoomID: c.Room.ID})},
		{"a customer's, newest", nil, find(ticket.Find{Descending: true})},
		{"a customer's, open", nil, find(ticket.Find{Standing: ticket.StandingOpen, Descending: true})},
		{"a customer's, open and the most severe", []string{"tickets_account_severity_open"},
			find(ticket.Find{
				Filter:     ticket.Filter{Severity: cover.Sev1},
				Standing:   ticket.StandingOpen,
				Descending: true,
			})},
		{"a customer's, by what is due", []string{"tickets_account_due"},
			find(ticket.Find{By: ticket.ByDue})},
		{"a customer's, by severity", []string{"tickets_account_severity"},
			find(ticket.Find{By: ticket.BySeverity, Descending: true})},
		{"a customer's, by the last word", []string{"tickets_account_last_word"},
			find(ticket.Find{By: ticket.ByLastWord, Descending: true})},
		{"a customer's, counted", []string{"tickets_account_counts"}, func(env storetest.Env) error {
			return storetest.SecondOf(env.Tickets.CountsOf(member, c.Account))
		}},
	}
}

// What people ask of the tickets and of the queue has an index to answer it, also where the tasks
// that are due first are taken.
func TestS54_QuestionsAboutTicketsAreAnsweredByIndexes(t *testing.T) {
	env := storetest.Postgres(t)
	c := env.Covered(t)
	million.Tickets(t, env, c, 2000)
	// Few that are open are as severe as that: reading the newest would not find them soon.
	require.NoError(t, env.Exec(
		"UPDATE tickets SET severity = 2 WHERE severity = 1 AND closed_at IS NULL"))
	require.NoError(t, env.Exec("ANALYZE tickets"))
	for _, q := range ticketQuestions(c) {
		t.Run(q.name, func(t *testing.T) {
			env.Statements.Reset()
			require.NoError(t, q.ask(env))
			var all strings.Builder
			for _, statement := range env.Statements.List() {
				if !strings.HasPrefix(statement, "SELECT") && !strings.HasPrefix(statement, "WITH") {
					continue
				}
				scans := million.Scans(t, env, statement, "enable_seqscan")
				all.WriteString(scans)
				all.WriteString(million.Scans(t, env, statement,
					"enable_seqscan", "enable_sort", "enable_bitmapscan"))
				for _, table := range ticketTables {
					if strings.Contains(scans, "Seq Scan on "+table+"\n") {
						t.Errorf("%s is read whole by\n%.300s\n%s", table, statement, scans)
					}
				}
			}
			for _, index := range q.indexes {
				if !strings.Contains(all.String(), " "+index+"\n") {
					t.Errorf("%s does not answer it:\n%s", index, all.String())
				}
			}
		})
	}
}
