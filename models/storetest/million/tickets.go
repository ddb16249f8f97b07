package million

import (
	_ "embed"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

var (
	//go:embed ticketaccounts.sql
	ticketAccountsSQL string

	//go:embed ticketrooms.sql
	ticketRoomsSQL string

	//go:embed tickets.sql
	ticketsSQL string
)

// Tickets adds so many open tickets that wait for us, and as many that are closed, to a database
// with one customer, who gets a twentieth of them; the others are those of n/50 further accounts
// with ten rooms each. Every open one stands in the operators' queue. Forty operators have taken
// the fifth of them that is due first, as people do, and half of the others. n is 1000 or a
// multiple of it.
func Tickets(t testing.TB, env storetest.Env, c storetest.Covered, n int) {
	t.Helper()
	fillTickets(t, env, c, n, ticketAccountsSQL)
}

// fillTickets adds n open and n closed tickets; the text before says whose they are.
func fillTickets(t testing.TB, env storetest.Env, c storetest.Covered, n int, before string) {
	t.Helper()
	first := env.OpenedTicket(t, c)
	fill(t, env, before+";\n"+ticketsSQL,
		"{n}", strconv.Itoa(n),
		"{ticket}", first.ID,
		"{account}", c.Account,
		"{room}", c.Room.ID,
	)
	require.Equal(t, n+1, env.Count(t,
		"SELECT count(*) FROM operator_tasks WHERE kind = 'TICKET' AND state = 'OPEN'"))
}
