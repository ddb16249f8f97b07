package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/ticket"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// OpenedTicket is a ticket of severity 2 that the administrator has opened about the room.
func (e Env) OpenedTicket(t testing.TB, c Covered) ticket.Ticket {
	t.Helper()
	tk, err := e.Tickets.Open(Customer(c.Account), RoomTicket(c.Room.ID))
	require.NoError(t, err)
	return tk
}

// RoomTicket asks for support with a room that works in part.
func RoomTicket(roomID string) ticket.NewTicket {
	return ticket.NewTicket{
		RoomID:   roomID,
		Category: rule.Hardware,
		Usable:   rule.UsablePartly,
		Summary:  "No picture",
		Text:     "The screen stays dark.",
	}
}

// GetTicket reads a ticket.
func GetTicket(t testing.TB, env Env, id string) ticket.Ticket {
	t.Helper()
	tk, err := env.Tickets.Get(env.Context, id)
	require.NoError(t, err)
	return tk
}

// RunTicketUntil goes from one timer of a ticket to the next, up to an instant.
func RunTicketUntil(t *testing.T, env Env, id string, until time.Time) {
	t.Helper()
	env.runUntil(t, until,
		func() *time.Time { return GetTicket(t, env, id).NextAt },
		func() (db.ProcessStatus, error) { return env.Tickets.RunTicketTimers(env.Context, id) })
}

// TicketOf is a ticket about a covered room, with everything that hangs on one.
func TicketOf(t testing.TB, env Env, room entitlement.Room) ticket.Ticket {
	t.Helper()
	tk, err := env.Tickets.Open(Operator(), ticket.NewTicket{
		RoomID:   room.ID,
		Category: rule.Question,
		Usable:   rule.UsableYes,
		Summary:  "How to begin",
		Text:     "Where is the manual?",
	})
	require.NoError(t, err)
	_, err = env.Notes.Add(Operator(), tk.ID, "Send the link.", "", 0)
	require.NoError(t, err)
	require.NoError(t, env.Tickets.KeepDraft(Operator(), tk.ID, false, "Here is"))
	for _, insert := range []string{
		"INSERT INTO ticket_clock_marks SELECT id, 'WARNING', account_id, started_at, started_at " +
			"FROM ticket_clocks WHERE ticket_id = '" + tk.ID + "'",
		"INSERT INTO ticket_watchers SELECT '" + tk.ID + "', user_id, account_id, '', created_at " +
			"FROM memberships WHERE account_id = '" + tk.AccountID + "'",
	} {
		require.NoError(t, env.Exec(insert))
	}
	return tk
}
