package operations_test

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// A person is erased by hand: what is told of one anywhere is overwritten or deleted, and what
// is left of contracts, replacements and mails keeps its shape.
var erasure = []string{
	"UPDATE users SET email = 'erased-' || id, name = ''",
	"UPDATE invitations SET email = 'erased-' || id, contact_name = ''",
	"UPDATE notifications SET recipient = 'erased-' || id, params = '{}'",
	"UPDATE orders SET payload = '{}', customer_hash = 'erased-' || id",
	"UPDATE sites SET contact_name = '', contact_email = ''",
	"UPDATE rmas SET requested_by = 'erased', fault = '', ship_to = NULL",
	"UPDATE operator_tasks SET resolved_by = '', resolution = ''",
	"UPDATE operator_task_notes SET note = ''",
	"UPDATE tickets SET summary = '', waiting_reason = '', opened_by = 'erased', opened_for = NULL",
	"UPDATE ticket_messages SET text = '', author_id = 'erased'",
	"DELETE FROM ticket_watchers",
	"DELETE FROM ticket_drafts",
	"DELETE FROM sessions",
	"DELETE FROM identities",
}

func TestS58_ErasingAPersonChangesNoNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		c, unit := env.Spare(t)
		env.OnSite(t, env.Agreed(t, c, unit), "SPARE-1")
		env.DeliveredRMA(t, c)
		second := env.CoveredFor(t, "Beta Ltda", "bia@beta.example", "SN-200")
		r := env.Shipped(t, second)
		asked := env.OpenedTicket(t, second)
		env.Calendar.Set(env.Calendar.Now().Add(40 * 24 * time.Hour))
		from := civil.Date{Year: 2026, Month: time.November, Day: 1}
		storetest.RunTicketUntil(t, env, asked.ID, env.Calendar.Now())
		q := operations.NumbersQuery{From: &from, Zone: "America/Sao_Paulo"}
		before, err := env.Numbers(storetest.Operator(), q)
		require.NoError(t, err)
		require.NotZero(t, figureOf(t, before, operations.ClaimedByDay7).Total.Count)
		require.NotZero(t, figureOf(t, before, operations.OrdersEnded).Total.Count)
		require.NotZero(t, figureOf(t, before, operations.RMAsPromiseKept).Total.Of)
		require.NotZero(t, figureOf(t, before, operations.SparesPlaced).Total.Count)
		require.NotZero(t, figureOf(t, before, operations.RMAsPromiseKept).Open, r.Number)
		require.NotZero(t, figureOf(t, before, operations.TicketsBreached).Total.Count)
		require.NotZero(t, figureOf(t, before, operations.WaitForUs).Open)

		for _, statement := range erasure {
			require.NoError(t, env.Exec(statement), statement)
		}
		after, err := env.Numbers(storetest.Operator(), q)
		require.NoError(t, err)
		require.Equal(t, before, after)
	})
}

// The period is of whole weeks where the question comes from, and today's by itself.
func TestS58_ThePeriodIsOfWholeWeeks(t *testing.T) {
	env := storetest.SQLite(t)
	day := func(d int) *civil.Date { return &civil.Date{Year: 2026, Month: time.November, Day: d} }
	// Wednesday, 25 November, in São Paulo; a Sunday's evening there is Monday in UTC.
	env.SetLocal(t, "America/Sao_Paulo", "2026-11-22 22:30")
	asked := func(q operations.NumbersQuery) operations.Numbers {
		n, err := env.Numbers(storetest.Operator(), q)
		require.NoError(t, err)
		return n
	}

	here := asked(operations.NumbersQuery{Zone: "America/Sao_Paulo"})
	require.Len(t, here.Weeks, 12)
	require.Equal(t, *day(22), here.Weeks[11].Sunday)
	require.Equal(t, *day(29), asked(operations.NumbersQuery{}).Weeks[11].Sunday)
	two := asked(operations.NumbersQuery{From: day(15), To: day(16)})
	require.Equal(t, []civil.Date{*day(9), *day(16)},
		[]civil.Date{two.Weeks[0].Monday, two.Weeks[1].Monday})

	far := civil.Date{Year: 1700, Month: 1, Day: 1}
	for _, q := range []operations.NumbersQuery{
		{From: day(16), To: day(15)},
		{To: day(30)},
		{From: &far},
		{From: &far, To: &far, Zone: "Mars"},
		{Zone: "Local"},
	} {
		_, err := env.Numbers(storetest.Operator(), q)
		storetest.RequireCode(t, rules.ValidationFailed, err)
	}
	_, err := env.Numbers(storetest.Customer("acc_1"), operations.NumbersQuery{})
	storetest.RequireCode(t, rules.NotFound, err)
}

func TestS58_NumbersTakeFewStatements(t *testing.T) {
	env := storetest.SQLite(t)
	env.Spare(t)
	env.Statements.Reset()
	_, err := env.Numbers(storetest.Operator(), operations.NumbersQuery{})
	require.NoError(t, err)
	require.Len(t, env.Statements.List(), 9)
}
