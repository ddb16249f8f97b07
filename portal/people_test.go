package portal

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// The page of people says of each member how they sign in and when they last did, and of each
// invitation what became of its mail, with the way out.
func TestR119_ThePageSaysWhatBecameOfEachInvitation(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		before := time.Now()
		ana, inv := w.admin()
		leo := w.member(inv.AccountID, "leo@acme.example", identity.RoleReadOnly)
		page := ana.get("/colleagues").body
		require.Contains(t, page, "People with access")
		require.Contains(t, page, "by password")
		// On the day that it is at the account, which may end meanwhile.
		require.Regexp(t, "Last sign-in ("+dayAtTheAccount(before)+"|"+dayAtTheAccount(time.Now())+")", page)

		for state, said := range map[string]string{
			"QUEUED":       "About to be sent",
			"UNKNOWN":      "Perhaps not sent",
			"SENT":         "Sent ",
			"DELIVERED":    "Delivered",
			"HARD_BOUNCED": "Not delivered",
		} {
			one := w.pending(inv.AccountID, strings.ToLower(strings.ReplaceAll(state, "_", "-"))+"@acme.example")
			require.NoError(t, w.Exec("UPDATE notifications SET state = '"+state+
				"', sent_at = '2026-11-20 10:00:00+00:00' WHERE subject_id = '"+one.ID+"'"))
			for _, g := range []*guest{ana, leo} {
				_, row, found := strings.Cut(g.get("/colleagues").body, one.Email)
				require.True(t, found, state)
				row, _, _ = strings.Cut(row, "</li>")
				require.Contains(t, row, said, state)
				require.Contains(t, row, "Valid until", state)
				resend := "/colleagues/invitations/" + one.ID + "/resend"
				require.Equal(t, g == ana, strings.Contains(row, resend), "a reader sees it and may not act")
			}
		}
	})
}

func dayAtTheAccount(at time.Time) string {
	return at.In(location("America/Sao_Paulo")).Format("2 January 2006")
}

// Whoever removes a person reads first what that person has in hand, and is asked once.
func TestR42_ARemovalSaysWhatThePersonHolds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		bia := w.member(inv.AccountID, "bia@acme.example", identity.RoleAdmin)
		id := w.memberIDs(inv.AccountID)["bia@acme.example"]
		remove := "/colleagues/" + id + "/remove"
		require.Contains(t, ana.get(remove).body, "nothing in hand here")

		require.Equal(t, 200, bia.post("/tokens", "label", "Booking panel", "role", "CUSTOMER_READ_ONLY").status)
		bia.post("/colleagues", "name", "Caio Reis", "email", "caio@acme.example", "role", "READ_ONLY")
		site := w.Site(t, inv.AccountID, "Berrini", "BR", "SP")
		require.NoError(t, w.Exec("UPDATE sites SET contact_email = 'bia@acme.example' WHERE id = '"+site.ID+"'"))
		asked := ana.get(remove).body
		for _, held := range []string{
			"API keys that end at once, with what uses them: Booking panel.",
			"need another contact: Berrini.", "stay valid: Caio Reis.",
		} {
			require.Contains(t, asked, held)
		}
		require.NotContains(t, asked, "Open replacements")
		require.Contains(t, ana.get("/colleagues").body, "bia@acme.example", "asking removes nobody")

		require.Equal(t, "/colleagues", ana.post(remove, "confirmed", "yes").path)
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM api_tokens WHERE revoked_at IS NOT NULL"))
		gil, acc := w.site("gil@globex.example")
		require.Equal(t, 404, gil.get(remove).status, "another account's")
		_, err := w.HoldingsOf(storetest.Customer(acc.ID), id)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		_, err = w.AccessOf(storetest.Customer(acc.ID), inv.AccountID)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
	})
}
