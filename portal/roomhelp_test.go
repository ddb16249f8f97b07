package portal

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/health"
)

// A reader sees a room that is down in Sync, reads what goes with the ticket and when the first
// answer is due, and asks for help with one press; whoever presses again gets the same ticket.
func TestR43c_R55c_HelpInOneClick(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		room := w.Synced(t, w.Covered)
		page := func() string { return html.UnescapeString(w.bruno.get(roomPath(w.Room.ID)).body) }
		require.Contains(t, page(), "Sync says that this room is healthy.")
		require.Regexp(t, `<button class="btn quiet end" type="button" disabled>.*Ask for help`, page())
		refused := w.bruno.post(roomHelpPath(w.Room.ID), "once", "h1")
		require.Equal(t, http.StatusConflict, refused.status, w.log.String())
		require.Contains(t, refused.body, "Open a ticket in your own words")

		room.Goes(t, health.DeviceOffline)
		require.Regexp(t, `<a class="btn main end" href="`+roomHelpPath(w.Room.ID)+`"`, page())
		asks := html.UnescapeString(w.bruno.get(roomHelpPath(w.Room.ID)).body)
		for _, text := range []string{
			"Sync says that this room is offline.", "We answer first by", "What goes with it", "Rally Bar",
			*w.Device.Serial, "offline · no issues", "never changes",
		} {
			require.Contains(t, asks, text)
		}
		require.NotContains(t, asks, "A link for Sync", "an administrator hands it out")
		require.Zero(t, w.Count(t, "SELECT count(*) FROM tickets"), "a GET makes nothing")

		link := regexp.MustCompile(`http://localhost:8080(/sync/help\?link=[^<\s]+)`).
			FindStringSubmatch(html.UnescapeString(w.eva.get(roomHelpPath(w.Room.ID)).body))
		require.NotNil(t, link)
		require.Equal(t, roomHelpPath(w.Room.ID), w.bruno.get(link[1]).path)
		outside := w.guest().get(link[1])
		require.Equal(t, "/sign-in", outside.path)
		require.Contains(t, outside.body, url.QueryEscape("/sync/help?link="), "and back after it")
		gil, _ := w.site("gil@globex.example")
		require.Equal(t, http.StatusNotFound, gil.get(link[1]).status)
		require.Equal(t, http.StatusNotFound, gil.get(roomHelpPath(w.Room.ID)).status)
		require.Equal(t, http.StatusNotFound, gil.post(roomHelpPath(w.Room.ID), "once", "x").status)
		require.Equal(t, http.StatusNotFound, w.bruno.get(link[1]+"0").status)
		require.Zero(t, w.Count(t, "SELECT count(*) FROM tickets"))

		opened := w.bruno.post(roomHelpPath(w.Room.ID), "once", "h2")
		number := w.onlyTicket().Number
		require.Equal(t, ticketPath(number), opened.path)
		for _, again := range []reply{
			w.bruno.post(roomHelpPath(w.Room.ID), "once", "h2"),
			w.eva.post(roomHelpPath(w.Room.ID), "once", "h3", "text", "Nobody can meet."),
		} {
			require.Equal(t, ticketPath(number), again.path)
		}
		require.Equal(t, number, w.onlyTicket().Number)
		require.Contains(t, page(), "Ticket "+number+" from Sync is open for this room.")
		require.Contains(t, w.eva.get(roomHelpPath(w.Room.ID)).body, "Go to the ticket")

		// Then stays, now is read anew, and the ticket offers to be resolved.
		room.Goes(t, health.DeviceOnline)
		room.Polls(t, 14)
		noted, err := w.Tickets.NoteRecoveries(w.Context)
		require.NoError(t, err)
		require.Equal(t, 1, noted)
		seen := html.UnescapeString(w.eva.get(ticketPath(number)).body)
		for _, text := range []string{
			"The room in Sync", "When help was asked for", "offline · no issues", "online · no issues",
			"What changed in the last seven days", "Healthy, then Offline", "Offline, then Healthy",
			"came into the room", "If all is well, the ticket can be resolved",
			"noted that Sync says the room is healthy since",
		} {
			require.Contains(t, seen, text)
		}
		require.True(t, strings.Contains(seen, "SHA-256"))

		// Nothing covers it: the page says what to do, as for any other ticket.
		require.NoError(t, w.Exec("UPDATE tickets SET closed_at = opened_at, state = 'CANCELLED', turn = 'NOBODY'"))
		room.Polls(t, 60)
		room.Goes(t, health.DeviceOffline)
		w.Calendar.Set(w.Calendar.Now().AddDate(7, 0, 0))
		uncovered := w.bruno.get(roomHelpPath(w.Room.ID))
		require.Equal(t, http.StatusOK, uncovered.status)
		require.NotContains(t, uncovered.body, `name="once"`)
		require.Equal(t, http.StatusForbidden, w.bruno.post(roomHelpPath(w.Room.ID), "once", "h9").status)
	})
}
