package console

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
)

// busyAccount is a customer with everything: a covered device with a replacement under way,
// people, mails and tasks; and a hundred rooms with devices.
func (w *world) busyAccount() storetest.Covered {
	w.t.Helper()
	c := w.Covered(w.t)
	w.Shipped(w.t, c)
	for n := range 60 {
		room := w.Room(w.t, c.Account, fmt.Sprintf("Sala %d", n))
		w.Device(w.t, room, fmt.Sprintf("SER%05d", n), "RALLY-BAR", "2026-06-01")
		require.NoError(w.t, w.Domains.DB.RaiseTask(w.system(), db.OperatorTask{
			Kind: db.TaskSerialClaimed, SubjectID: room.ID, AccountID: &c.Account,
			What: "Find out whose it is.", Why: "SERIAL_CLAIMED",
		}))
	}
	return c
}

// ruleNumber is the number of a rule as people of the program write it: no page has one.
var ruleNumber = regexp.MustCompile(`\b[RSC][0-9]{1,3}[a-z]?\)`)

func TestR55b_ACustomersPagesShowAllThereIs(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.busyAccount()
		manager := w.signedIn(staff[3])
		for _, name := range accountTabs {
			r := w.withinBudget(manager, accountTab(c.Account, name))
			require.Contains(t, r.body, "Acme Ltda", name)
			require.NotContains(t, r.body, "‹", name)
		}

		first := manager.get(accountPath(c.Account)).body
		require.Contains(t, first, "Needs somebody first")
		require.Contains(t, first, "Two customers have the same device")
		rooms := manager.get(accountTab(c.Account, "rooms")).body
		require.Contains(t, rooms, "No license is assigned to the room")
		require.NotRegexp(t, ruleNumber, rooms)
		require.Contains(t, manager.get(accountTab(c.Account, "contracts")).body, "PO-")
		require.Equal(t, http.StatusNotFound, manager.get(accountPath("acc_none")).status)
		require.NotContains(t, w.log.String(), "level=ERROR")
	})
}

func TestR119_TheCustomersPeopleShowWhereTheInvitationIs(t *testing.T) {
	w := issuerWorld(t)
	o, inv := storetest.FulfilledWithInvitation(t, w.Env)
	agent := w.signedIn(staff[1])
	people := accountTab(db.Text(o.AccountID), "people")
	require.Contains(t, agent.get(people).body, "Being sent")

	mails, err := w.Domains.Notifications.LastMails(w.system(), "invitation", []string{inv.ID})
	require.NoError(t, err)
	require.NoError(t, w.Exec("UPDATE notifications SET state = 'HARD_BOUNCED', last_error = '550 unknown' WHERE id = '"+
		mails[inv.ID].ID+"'"))
	body := agent.get(people).body
	require.Contains(t, body, "Bounced")
	require.Contains(t, body, "550 unknown")
	require.Contains(t, body, inv.Email)
}

func TestATimelineRunsFromThePurchaseOrderToTheParcelWithWhoDidWhat(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.busyAccount()
		agent := w.signedIn(staff[1])
		path := accountTab(c.Account, "timeline")
		var all strings.Builder
		pages := 0
		for path != "" {
			r := agent.get(path)
			require.Equal(t, http.StatusOK, r.status)
			all.WriteString(r.body)
			path = nextPage(r.body)
			pages++
			require.Less(t, pages, 20)
		}
		require.Greater(t, pages, 1)
		body := all.String()
		for _, text := range []string{
			"sent the order", "accepted the order", "made a contract", "added a room", "assigned a license",
			"requested a replacement", "approved the replacement", "shipped the replacement",
		} {
			require.Contains(t, body, text)
		}
		require.Equal(t, 60+1, strings.Count(body, "added a room"), "each once")
		require.Greater(t, indexOf(t, body, "sent the order"), indexOf(t, body, "shipped the replacement"))
		require.Contains(t, body, `<li class="us">`)
		require.Contains(t, body, `<li>`, "what others did is hollow")
	})
}

// nextPage is the address of what follows on a page; empty: nothing does.
func nextPage(body string) string {
	_, rest, found := strings.Cut(body, `<p class="more"><a class="btn" href="`)
	if !found {
		return ""
	}
	address, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(address, "&amp;", "&")
}
