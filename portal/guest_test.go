package portal

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
)

const meetingLink = "https://teams.microsoft.com/l/meetup-join/19%3ameeting"

// proposed is a session on a ticket with two times, of which the customer has not heard.
func (w ticketWorld) proposed(id string) session.Session {
	w.t.Helper()
	start := w.Calendar.Now().UTC().Truncate(time.Minute).Add(24 * time.Hour)
	s, err := w.Tickets.ProposeSession(storetest.Operator(), id, []rulesession.Slot{
		{Start: start, End: start.Add(time.Hour)},
		{Start: start.Add(24 * time.Hour), End: start.Add(25 * time.Hour)},
	})
	require.NoError(w.t, err)
	return s
}

// letIn lets a person of a service provider see a ticket.
func (w ticketWorld) letIn(id, email string) session.Participant {
	w.t.Helper()
	p, err := w.Tickets.AddParticipant(storetest.Operator(), id, session.Participant{
		Email: email, Name: "Teo Guest", Company: "Service Ltd",
	})
	require.NoError(w.t, err)
	return p
}

// asGuest is a browser in which a guest has signed in.
func (w ticketWorld) asGuest(p session.Participant) *guest {
	w.t.Helper()
	g := w.guest()
	door := g.get("/guest/" + p.ID)
	require.Equal(w.t, http.StatusOK, door.status)
	require.NotContains(w.t, door.body, p.Email, "who has the link has not proved the mailbox")
	require.Equal(w.t, "/guest/"+p.ID+"/code", g.post("/guest/"+p.ID).path)
	in := g.post("/guest/"+p.ID+"/code", "code", w.code())
	require.Equal(w.t, "/guest/"+p.ID+"/ticket", in.path)
	return g
}

func TestS46_R57a_TheCustomerAgreesOnTheTicketsPage(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		tk := w.OpenedTicket(t, w.Covered)
		s := w.proposed(tk.ID)
		path := ticketPath(tk.Number)
		page := w.bruno.get(path).body
		require.Contains(t, page, "Which times suit you?")
		require.Contains(t, page, "nobody is invited before that")

		form := []string{"session", s.ID, "text", rulesession.TextVersion, "act", "agree"}
		none := w.bruno.post(path+"/session", form...)
		require.Equal(t, http.StatusUnprocessableEntity, none.status)
		require.Contains(t, none.body, "Choose one time at least")

		form = append(form, "slot", slotValue(s.Slots[1]))
		for range 2 {
			agreed := w.bruno.post(path+"/session", form...)
			require.Equal(t, path, agreed.path)
			require.Contains(t, agreed.body, "agreed to these times")
			require.NotContains(t, agreed.body, "Which times suit you?")
		}
		all, err := w.Tickets.SessionsOf(storetest.Operator(), tk.ID)
		require.NoError(t, err)
		require.Equal(t, rulesession.Agreed, all[0].State)
		require.Equal(t, rulesession.TextVersion, all[0].AgreedText)
		require.True(t, all[0].AgreedSlots[0].Is(s.Slots[1]))

		_, err = w.Tickets.ScheduleSession(storetest.Operator(), tk.ID, s.ID, s.Slots[1],
			session.Way{Provider: rulesession.Pasted, Link: meetingLink})
		require.NoError(t, err)
		require.Contains(t, w.eva.get(path).body, meetingLink)
		over := w.bruno.post(path+"/session", form...)
		require.Equal(t, http.StatusConflict, over.status)

		gil, _ := w.site("gil@globex.example")
		require.Equal(t, http.StatusNotFound, gil.post(path+"/session", form...).status)
	})
}

func TestS46_AnotherTimeIsAskedForInTheConversation(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		tk := w.OpenedTicket(t, w.Covered)
		s := w.proposed(tk.ID)
		path := ticketPath(tk.Number)
		for range 2 {
			asked := w.bruno.post(path+"/session",
				"session", s.ID, "act", "other", "wish", "Fridays after lunch")
			require.Equal(t, path, asked.path)
			require.Contains(t, asked.body, "Fridays after lunch")
		}
		shown, err := w.Tickets.Show(storetest.Operator(), tk.ID)
		require.NoError(t, err)
		said := 0
		for _, e := range shown.Entries {
			if e.Message != nil {
				said++
			}
		}
		require.Equal(t, 2, said, "sent twice, said once")
	})
}

func TestS47_AGuestSeesOneTicketUntilItCloses(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		tk := w.OpenedTicket(t, w.Covered)
		other := w.OpenedTicket(t, w.Covered)
		_, err := w.Notes.Add(storetest.Operator(), tk.ID, "canary7731", "", 0)
		require.NoError(t, err)
		w.did(tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "Is the cable plugged in?"})
		p := w.letIn(tk.ID, "teo@service.example")
		foreign := w.letIn(other.ID, "lia@service.example")

		stranger := w.guest()
		require.Equal(t, "/guest/"+p.ID, stranger.get("/guest/"+p.ID+"/ticket").path)
		stranger.post("/guest/" + p.ID)
		for range 5 {
			r := stranger.post("/guest/"+p.ID+"/code", "code", w.wrong())
			require.Equal(t, http.StatusUnprocessableEntity, r.status)
		}
		r := stranger.post("/guest/"+p.ID+"/code", "code", w.code())
		require.Contains(t, r.body, "Too many wrong attempts")

		g := w.asGuest(p)
		page := g.get("/guest/" + p.ID + "/ticket").body
		require.Contains(t, page, "Is the cable plugged in?")
		require.Contains(t, page, tk.Number)
		for _, hidden := range []string{
			"canary7731", "Acme Ltda", w.Admin.Email, w.Admin.Name, other.Number, w.Account,
		} {
			require.NotContains(t, page, hidden)
		}
		for _, path := range []string{"/", "/tickets", ticketPath(tk.Number), "/rooms"} {
			require.Contains(t, g.get(path).path, "/sign-in", "a guest is nobody's member")
		}
		require.Equal(t, "/guest/"+foreign.ID, g.get("/guest/"+foreign.ID+"/ticket").path)

		require.Equal(t, "/guest/"+p.ID, g.post("/guest/"+p.ID+"/leave").path)
		require.Equal(t, "/guest/"+p.ID, g.get("/guest/"+p.ID+"/ticket").path)

		g = w.asGuest(foreign)
		w.eva.post(ticketPath(tk.Number)+"/session", "guest", p.ID, "act", "uninvite")
		w.did(other.ID, ticket.Command{Name: rule.DoCancel, Reason: "A mistake"})
		for _, path := range []string{
			"/guest/" + p.ID, "/guest/" + p.ID + "/ticket", "/guest/" + p.ID + "/code",
			"/guest/" + foreign.ID, "/guest/" + foreign.ID + "/ticket", "/guest/tsp_nobody",
		} {
			gone := g.get(path)
			require.Equal(t, http.StatusNotFound, gone.status, path)
			require.Contains(t, gone.body, "There is nothing to see here")
		}
	})
}

// Codes are bounded by the hour, whoever asks for them.
func TestS47_AGuestsCodesAreBounded(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		tk := w.OpenedTicket(t, w.Covered)
		p := w.letIn(tk.ID, "teo@service.example")
		for i := range codesAnHour {
			g := w.guest() // another browser each time
			require.Equal(t, "/guest/"+p.ID+"/code", g.post("/guest/"+p.ID).path, i)
		}
		require.Equal(t, http.StatusTooManyRequests, w.guest().post("/guest/"+p.ID).status)
		require.Equal(t, codesAnHour, w.Count(t,
			"SELECT count(*) FROM notifications WHERE template = 'one_time_code' "+
				"AND recipient = 'teo@service.example'"))
	})
}

// An administrator lets somebody see one ticket, after reading what they will see of it.
func TestS47_AnAdministratorAddsAGuest(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		tk := w.OpenedTicket(t, w.Covered)
		path := ticketPath(tk.Number)
		require.Contains(t, w.eva.get(path).body, path+"/guests")
		require.NotContains(t, w.bruno.get(path).body, path+"/guests", "a reader lets nobody in")
		require.Equal(t, http.StatusForbidden, w.bruno.get(path+"/guests").status)
		form := []string{"name", "Teo Guest", "email", "teo@service.example", "company", "Service Ltd"}
		require.Equal(t, http.StatusForbidden,
			w.bruno.post(path+"/guests", append(form, "confirmed", "yes")...).status)
		gil, _ := w.site("gil@globex.example")
		require.Equal(t, http.StatusNotFound,
			gil.post(path+"/guests", append(form, "confirmed", "yes")...).status)

		wrong := w.eva.post(path+"/guests", "name", "https://evil.example", "email", "x",
			"company", "www.evil.example")
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
		for _, id := range []string{"name-problem", "email-problem"} {
			require.Contains(t, wrong.body, id)
		}
		require.Contains(t, wrong.body, `value="https://evil.example"`, "what was typed stays")

		asked := w.eva.post(path+"/guests", form...)
		require.Equal(t, http.StatusOK, asked.status)
		for _, text := range []string{
			"Let Teo Guest see ticket " + tk.Number, "teo@service.example · Service Ltd",
			"They see no files, no other ticket", tk.Summary, "1 message so far", w.Room.Name,
		} {
			require.Contains(t, asked.body, text)
		}
		require.Empty(t, w.mails("participant"), "nobody was let in yet")

		action, fields := confirmationOf(asked.body)
		for range 2 { // the button is pressed twice
			added := w.eva.post(action, fields...)
			require.Equal(t, path, added.path)
			require.Contains(t, added.body, "They see this ticket now")
			require.Contains(t, added.body, "Teo Guest · Service Ltd")
		}
		require.Len(t, w.mails("participant"), 1)
		live, err := w.Tickets.ParticipantsOf(storetest.Operator(), tk.ID)
		require.NoError(t, err)
		require.Len(t, live, 1)

		// What they said by mail stays under their name, also once they were removed.
		require.NoError(t, w.DB.Write(db.WithScope(t.Context(), db.Scope{
			AccountIDs: []string{w.Account},
			Actor:      db.Actor{ID: live[0].ID, Role: ticket.GuestRole},
		}), func(tx *db.Tx) error {
			_, err := w.Tickets.ReplyByMail(tx, tk.ID, ticket.MailReply{
				Once: "1", Text: "The part comes tomorrow.",
			})
			return err
		}))
		w.eva.post(path+"/session", "guest", live[0].ID, "act", "uninvite")
		page := w.eva.get(path).body
		require.Regexp(t, `<b>Teo Guest · Service Ltd[^<]*</b>(?s:.)*The part comes tomorrow`, page)
		require.Contains(t, page, "can see this ticket alone", "nobody is a guest any more")

		w.did(tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "Thanks."})
		w.did(tk.ID, ticket.Command{Name: rule.DoResolve, Text: "Done."})
		storetest.RunTicketUntil(t, w.Env, tk.ID, w.Calendar.Now().Add(9*24*time.Hour))
		w.eva = w.member(w.Account, "nina@acme.example", identity.RoleAdmin)
		require.NotContains(t, w.eva.get(path).body, path+"/guests", "it is closed")
		require.Equal(t, http.StatusConflict,
			w.eva.post(path+"/guests", append(form, "confirmed", "yes")...).status)
	})
}

// What becomes of a session stands in the conversation, by the reader's own clock.
func TestS46_TheConversationTellsOfSessionsByTheReadersClock(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		tk := w.OpenedTicket(t, w.Covered)
		s := w.proposed(tk.ID)
		path := ticketPath(tk.Number)
		w.eva.post(myZonePath, "zone", "Asia/Tokyo")
		w.bruno.post(path+"/session", "session", s.ID, "text", rulesession.TextVersion,
			"act", "agree", "slot", slotValue(s.Slots[0]))
		pasted := session.Way{Provider: rulesession.Pasted, Link: meetingLink}
		_, err := w.Tickets.ScheduleSession(storetest.Operator(), tk.ID, s.ID, s.Slots[0], pasted)
		require.NoError(t, err)
		_, err = w.Tickets.CancelSession(storetest.Operator(), tk.ID, s.ID)
		require.NoError(t, err)

		for lang, texts := range map[string][]string{
			"en": {
				"proposed times for an online session:", "agreed to an online session at these times:",
				"scheduled the online session:", "called the online session off",
				s.Slots[0].Start.In(location("Asia/Tokyo")).Format("15:04") + " to ",
			},
			"pt-BR": {
				"propôs horários para uma sessão on-line:",
				"aceitou uma sessão on-line nestes horários:",
				"marcou a sessão on-line:", "cancelou a sessão on-line",
			},
		} {
			_, talk, _ := strings.Cut(w.eva.get(path+"?lang="+lang).body, `<ol class="talk">`)
			talk, _, _ = strings.Cut(talk, "</ol>")
			before := -1
			for _, text := range texts[:4] {
				at := strings.Index(talk, text)
				require.Greater(t, at, before, text)
				before = at
			}
			for _, text := range texts[4:] {
				require.Contains(t, talk, text)
			}
		}
	})
}
