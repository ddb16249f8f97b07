package million_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/storetest/million"
	"roomcover.dev/roomcover/models/ticket"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// indexes are those by which a question has to be answered: reading a whole index of the ids
// would not be reading the table either.
var indexes = map[string][]string{
	"watch over what is overdue": {"rmas_next", "spare_units_next"},
	"numbers of twelve weeks": {
		"orders_created", "service_contracts_created", "orders_state", "order_refusals_created",
		"invitations_unclaimed", "rmas_created", "rmas_closed", "notifications_sent",
		"notifications_state", "operator_tasks_kind", "tickets_opened", "tickets_resolved",
	},
	"processes: first page":                   {"service_contracts_select", "rmas_open"},
	"coverage of a serial, operator":          {"devices_serial_any", "service_contracts_jumpstart"},
	"coverage of a serial, giant":             {"devices_serial_any", "service_contracts_jumpstart"},
	"coverage of a room, giant":               {"service_contracts_jumpstart"},
	"contracts, newest, operator":             {"service_contracts_created"},
	"contracts, newest, giant":                {"service_contracts_account_created"},
	"contracts, oldest, operator":             {"service_contracts_created"},
	"contracts by end, operator":              {"service_contracts_end"},
	"contracts by end, giant":                 {"service_contracts_account_end"},
	"active contracts by end, operator":       {"service_contracts_state_end"},
	"contracts that end in 30 days, operator": {"service_contracts_zone"},
	"devices by serial, giant":                {"devices_account_name"},
	"devices by serial, operator":             {"devices_name"},
	"devices of a model that none has, giant": {"devices_account_model"},
	"rooms by name, operator":                 {"rooms_by_name"},
	"notifications that bounced":              {"notifications_state"},
	"RMAs of a state that none has":           {"rmas_state"},
	"RMAs of a serial":                        {"rmas_faulty_serial", "rmas_replacement_serial"},
	"carrier events by tracking":              {"carrier_events_tracking"},
	"orders by number, operator":              {"orders_po_prefix"},
	"timeline of an order, giant":             {"audit_events_object"},
	"ask for an invitation":                   {"invitations_email"},
	"refusals of a reseller":                  {"order_refusals_org"},
	"tasks of a kind that none has":           {"operator_tasks_kind"},
	"rooms by part of a name, operator":       {"rooms_search_part"},
	"rooms by part of a serial, operator":     {"devices_serial_part"},
	"rooms by a part that none has, operator": {"rooms_search_part"},
	"devices by part of a serial, operator":   {"devices_serial_part", "devices_model_part"},
	"search: a company":                       {"orgs_company_part"},
	"search: a serial":                        {"devices_serial_any", "rmas_faulty_serial", "devices_serial_part"},
	"search: the beginning of a number":       {"orders_po_prefix"},
	"search: an address":                      {"invitations_email"},
	"search: what many rooms are called":      {"rooms_by_name"},
}

// Whatever people and the program ask all the time has an index to answer it. Small tables
// are cheaper to read, and few rows to sort, so the planner is told to do that only where
// nothing else is left.
func TestQuestionsAreAnsweredByIndexes(t *testing.T) {
	const n = 2000
	env := storetest.Postgres(t)
	million.Fill(t, env, n)
	for _, q := range questions(n) {
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
				all.WriteString(million.Scans(t, env, statement, "enable_seqscan", "enable_sort", "enable_bitmapscan"))
				for _, table := range million.Large {
					if strings.Contains(scans, "Seq Scan on "+table+"\n") {
						t.Errorf("%s is read whole by\n%.200s\n%s", table, statement, scans)
					}
				}
			}
			for _, index := range indexes[q.name] {
				if !strings.Contains(all.String(), " "+index+"\n") {
					t.Errorf("%s does not answer it:\n%s", index, all.String())
				}
			}
		})
	}
}

// What waits after an outage is taken subject by subject, however much it is: the next batch is
// found by the instants at which events are due, and the first of a subject by its index.
func TestC6_ABacklogIsReadOneEventAfterTheOther(t *testing.T) {
	env := storetest.Postgres(t)
	million.Fill(t, env, 1000)
	million.Wait(t, env, 20_000)
	env.Statements.Reset()
	events, err := env.LeaseOutbox(env.Context, 50, 0)
	require.NoError(t, err)
	require.Len(t, events, 50)
	statement := env.Statements.List()[0]
	plan := strings.Join(env.Strings(t, "EXPLAIN (COSTS OFF) "+statement), "\n")
	require.Contains(t, plan, "Index Scan using outbox_events_due", plan)
	require.Regexp(t, `Index (Only )?Scan using outbox_events_subject`, plan)
	require.NotContains(t, plan, "Seq Scan on outbox_events", plan)
	require.NotContains(t, plan, "Sort Key: e.due_at", plan)
	require.NotContains(t, plan, "Anti Join", "it may read all that waits: a hash of it is often cheaper")
}

// Mails of one subject are found by their subject, however many wait: PostgreSQL has taken its
// statistics when none did, and in an outage of the mail server thousands do.
func TestMailsThatWaitAreFoundByTheirSubject(t *testing.T) {
	env := storetest.Postgres(t)
	c := million.Fill(t, env, 1000)
	require.NoError(t, env.Exec("UPDATE notifications SET state = 'SENT' WHERE state = 'QUEUED'"))
	require.NoError(t, env.Exec("ANALYZE notifications"))
	tk := env.OpenedTicket(t, c)

	env.Statements.Reset()
	_, err := env.Tickets.Do(storetest.Operator(), tk.ID,
		ticket.Command{Name: rule.DoAnswer, Text: "Is the cable in?"})
	require.NoError(t, err)
	require.NoError(t, storetest.SecondOf(env.NextMails(env.Context, tk.ID, 4, nil, nil)))
	require.NoError(t, env.GiveUpMails(env.Context, tk.ID, "the server refuses", time.Time{}))

	looked := 0
	for _, statement := range env.Statements.List() {
		if !strings.Contains(statement, "QUEUED") || strings.HasPrefix(statement, "INSERT") {
			continue
		}
		looked++
		plan := strings.Join(env.Strings(t, "EXPLAIN (COSTS OFF) "+statement), "\n")
		require.NotRegexp(t, `Index Cond: \(state = 'QUEUED'`, plan, statement)
	}
	require.GreaterOrEqual(t, looked, 3)
}
