package console

import (
	"html"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules/health"
)

// The desk sees which rooms of whom are down, now and lately, and a ticket from Sync with the room
// as it was beside as it is.
func TestR55d_RoomsDownByCustomerAndATicketThenAndNow(t *testing.T) {
	w := issuerWorld(t)
	acme := w.Covered(t)
	room := w.Synced(t, acme)
	b := w.signedIn(staff[0])
	list := func(query string) string {
		t.Helper()
		return html.UnescapeString(w.withinBudget(b, roomsDownPath+query).body)
	}
	require.Contains(t, list(""), "No room is down")

	room.Goes(t, health.DeviceOffline)
	for _, query := range []string{"", "?state=OFFLINE", "?account=" + acme.Account, "?when=lately"} {
		page := list(query)
		for _, text := range []string{"Acme Ltda", acme.Room.Name, "Offline"} {
			require.Contains(t, page, text, query)
		}
	}
	require.NotContains(t, list("?state=NEEDS_ATTENTION"), acme.Room.Name)

	tk, _, err := w.Tickets.AskForHelp(storetest.ReadOnly(acme.Account),
		ticket.Help{RoomID: acme.Room.ID})
	require.NoError(t, err)
	require.Contains(t, list(""), ticketPath(tk.Number))

	room.Goes(t, health.DeviceOnline)
	require.NotContains(t, list(""), acme.Room.Name)
	require.Contains(t, list("?when=lately"), acme.Room.Name)
	seen := html.UnescapeString(b.get(ticketPath(tk.Number)).body)
	for _, text := range []string{
		"The room in Sync", "When help was asked for", "offline · no issues", "online · no issues",
		"Healthy, then Offline",
	} {
		require.Contains(t, seen, text)
	}

	room.Trouble = health.Refused
	room.Polls(t, 10)
	require.Contains(t, list("?when=lately"), "Unknown", "nothing is known: no mass outage (S29)")
}
