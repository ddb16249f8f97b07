package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
)

const meetingLink = "https://teams.microsoft.com/l/meetup-join/19%3ameeting"

// sessionsOf are the sessions of a ticket.
func (w *world) sessionsOf(id string) []session.Session {
	w.t.Helper()
	out, err := w.Domains.Tickets.SessionsOf(w.system(), id)
	require.NoError(w.t, err)
	return out
}

func TestS46_R57a_ASessionIsProposedAgreedAndScheduledAtTheDesk(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		tk := w.OpenedTicket(t, c)
		b := w.agent()
		page := ticketPath(tk.Number)
		require.Contains(t, b.get(page).body, page+"/sessions/propose")

		zone := w.atDesk(tk.Number).Zone()
		at := func(hours int) string {
			return w.Calendar.Now().Add(time.Duration(hours) * time.Hour).In(zone).Format(localMoment)
		}
		form := []string{"confirmed", "yes", "minutes", "60", "first", at(24), "second", at(48)}
		late := b.post(page+"/sessions/propose", "confirmed", "yes", "minutes", "60", "first", at(-24))
		require.Equal(t, http.StatusUnprocessableEntity, late.status)
		require.Contains(t, late.body, at(-24), "what was typed stays")
		for range 2 {
			sent := b.post(page+"/sessions/propose", form...)
			require.Equal(t, page, sent.path)
		}
		all := w.sessionsOf(tk.ID)
		require.Len(t, all, 1)
		s := all[0]

		act := page + "/sessions/" + s.ID + "/do/"
		schedule := []string{"confirmed", "yes", "slot", "0", "link", meetingLink}
		require.Equal(t, http.StatusBadRequest, b.post(act+"schedule", schedule...).status,
			"there is nothing to choose from yet")
		customer := storetest.Customer(c.Account)
		_, err := w.Domains.Tickets.AgreeToSession(customer, tk.ID, s.ID, s.Slots,
			rulesession.TextVersion)
		require.NoError(t, err)
		asked := b.get(act + "schedule")
		require.Contains(t, asked.body, "*.zoom.us")
		refused := b.post(act+"schedule", "confirmed", "yes", "slot", "0", "link", "https://evil.example/")
		require.Equal(t, http.StatusUnprocessableEntity, refused.status)
		require.Contains(t, refused.body, "https://evil.example/", "what was typed stays")
		for range 2 {
			require.Equal(t, page, b.post(act+"schedule", schedule...).path)
		}
		require.Contains(t, b.get(page).body, meetingLink)
		require.Len(t, w.Mails(t, rules.TemplateSession), 3,
			"proposed to the customer, and both sides invited, each once")

		question := b.get(act + "cancel")
		require.Contains(t, question.body, "Everybody who was invited is told at once")
		require.Equal(t, rulesession.Scheduled, w.sessionsOf(tk.ID)[0].State)
		require.Equal(t, page, b.post(act+"cancel", "confirmed", "yes").path)
		require.Equal(t, rulesession.Cancelled, w.sessionsOf(tk.ID)[0].State)
		shown := b.get(page).body
		require.NotContains(t, shown, meetingLink)
		before := 0
		for _, text := range []string{
			"proposed a session at", "agreed to a session at", "scheduled the session for",
			"called the session off",
		} { // in the one conversation, in their order
			at := strings.Index(shown, text)
			require.Greater(t, at, before, text)
			before = at
		}
		start := w.sessionsOf(tk.ID)[0].StartsAt.In(zone).Format("15:04")
		require.Regexp(t, `scheduled the session for(?s:.){0,900}<li>[^<]*`+start, shown)
		require.NotContains(t, w.log.String(), "level=ERROR")
	})
}

func TestS47_GuestsAreLetInAndRemovedAtTheDesk(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		tk := w.OpenedTicket(t, c)
		b := w.agent()
		page := ticketPath(tk.Number)
		wrong := b.post(page+"/guests/new", "confirmed", "yes", "name", "Teo", "email", "no address")
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
		form := []string{
			"confirmed", "yes", "name", "Teo Guest", "email", "teo@service.example", "company", "Service",
		}
		for range 2 {
			require.Equal(t, page, b.post(page+"/guests/new", form...).path)
		}
		guests, err := w.Domains.Tickets.ParticipantsOf(w.system(), tk.ID)
		require.NoError(t, err)
		require.Len(t, guests, 1)
		require.Len(t, w.Mails(t, rules.TemplateParticipant), 1)
		require.Contains(t, b.get(page).body, "Teo Guest")

		remove := page + "/guests/" + guests[0].ID + "/remove"
		require.Contains(t, b.get(remove).body, "at once")
		for range 2 {
			require.Equal(t, page, b.post(remove, "confirmed", "yes").path)
		}
		require.NotContains(t, b.get(page).body, "Teo Guest")

		_, err = w.Domains.Tickets.Do(storetest.Operator(), tk.ID, ticket.Command{Name: rule.DoCancel})
		require.NoError(t, err)
		require.NotContains(t, b.get(page).body, "/guests/new")
	})
}
