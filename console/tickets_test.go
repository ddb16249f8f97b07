package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// atDesk is a ticket as the desk sees it.
func (w *world) atDesk(number string) ticket.Desk {
	w.t.Helper()
	d, err := w.Domains.Tickets.AtDesk(w.system(), number)
	require.NoError(w.t, err)
	return d
}

// wrote has somebody of the account write into a ticket.
func (w *world) wrote(c storetest.Covered, number, text string) {
	w.t.Helper()
	_, err := w.Domains.Tickets.Do(storetest.Customer(c.Account), number, ticket.Command{
		Name: rule.DoComment, Text: text,
	})
	require.NoError(w.t, err)
}

// talkedAbout is a ticket with a conversation, a note and another ticket of its room.
func (w *world) talkedAbout(t *testing.T, c storetest.Covered) ticket.Ticket {
	t.Helper()
	w.OpenedTicket(t, c)
	tk := w.OpenedTicket(t, c)
	_, err := w.Domains.Tickets.Do(storetest.Operator(), tk.ID, ticket.Command{
		Name: rule.DoAnswer,
		Text: "Please restart the console of the table.\nThen tell us whether the picture is there.",
	})
	require.NoError(t, err)
	w.wrote(c, tk.ID, "Restarted it twice, and it is still dark.")
	_, err = w.Domains.Notes.Add(storetest.Operator(), tk.ID, "The third of this room: look at the cable.", "", 0)
	require.NoError(t, err)
	return tk
}

// reply is the form of a reply as the page has it.
func replyForm(page reply, pairs ...string) []string {
	return append([]string{
		"version", hiddenIn(page.body, "version"), "seen", hiddenIn(page.body, "seen"),
		"once", hiddenIn(page.body, "once"),
	}, pairs...)
}

func TestS40_AReplyComesBeforeTheState(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		tk := w.OpenedTicket(t, c)
		w.Calendar.Set(w.Calendar.Now().Add(time.Hour))
		b := w.agent()
		page := b.get(ticketPath(tk.Number))
		require.Equal(t, http.StatusOK, page.status)
		require.Contains(t, page.body, "The screen stays dark.")

		form := replyForm(page, "text", "Is the cable plugged in?", "then", "wait_for_customer")
		refused := b.post(ticketPath(tk.Number)+"/reply", form...)
		require.Equal(t, http.StatusUnprocessableEntity, refused.status, "what is waited for is not said")
		require.Contains(t, refused.body, "Is the cable plugged in?</textarea>", "what was typed stays")
		require.Equal(t, rule.New, w.atDesk(tk.Number).State)

		form = append(form, "reason", "A look at the cable")
		sent := b.post(ticketPath(tk.Number)+"/reply", form...)
		require.Equal(t, ticketPath(tk.Number), sent.path)
		require.Contains(t, sent.body, "The reply was sent.")
		again := b.post(ticketPath(tk.Number)+"/reply", form...)
		require.Equal(t, ticketPath(tk.Number), again.path)

		d := w.atDesk(tk.Number)
		require.Equal(t, rule.PendingCustomer, d.State)
		ours := 0
		for _, e := range d.Entries {
			if e.Message != nil && e.Message.AuthorKind.IsOurs() {
				ours++
			}
		}
		require.Equal(t, 1, ours, "sent twice, said once")
		for _, k := range d.Clocks {
			if k.Kind == rule.FirstResponse {
				require.Equal(t, rule.Met, k.State, "the reply met it before the wait began")
				require.Equal(t, time.Hour, k.Elapsed)
			}
		}
		require.NotContains(t, w.log.String(), "level=ERROR")
	})
}

// Nothing that operators note is anywhere but on the ticket's own page, and there it is another
// thing than what the customer reads.
func TestS42_ANoteIsNowhereElse(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		tk := w.OpenedTicket(t, c)
		b := w.agent()
		const canary = "canary7731"
		page := b.get(ticketPath(tk.Number))
		for range 2 {
			b.post(ticketPath(tk.Number)+"/notes", "once", hiddenIn(page.body, "once"), "text", canary)
		}
		page = b.get(ticketPath(tk.Number))
		require.Equal(t, 1, strings.Count(page.body, canary), "sent twice, noted once")
		_, behind, _ := strings.Cut(page.body, `<li class="noted">`)
		noted, _, _ := strings.Cut(behind, "</li>")
		require.Contains(t, noted, canary)
		require.Contains(t, noted, "Internal note")
		require.Equal(t, rule.New, w.atDesk(tk.Number).State)

		task := w.Tasks(t, db.TaskTicket)[0]
		for _, path := range []string{
			ticketsPath, ticketsPath + "?q=" + canary, ticketsPath + "?format=csv&columns=summary,words",
			searchPath + "?q=" + canary, queuePath + "?who=all&open=" + task.ID, taskPath(task.ID),
			accountPath(c.Account), accountPath(c.Account) + "/timeline", accountPath(c.Account) + "/tickets",
			roomPath(c.Room.ID), mailsPath, Root,
		} {
			body := strings.ReplaceAll(b.get(path).body, "q="+canary, "")
			body = strings.ReplaceAll(body, `value="`+canary+`"`, "")
			body = strings.ReplaceAll(body, "“"+canary+"”", "")
			require.NotContains(t, body, canary, path)
		}
		lead := w.signedIn(byRole[rules.OperatorLead])
		require.NotContains(t, lead.get(auditPath).body, canary)

		shown, err := w.Domains.Tickets.Show(storetest.Customer(c.Account), tk.ID)
		require.NoError(t, err)
		require.NotContains(t, fmt.Sprintf("%+v", shown.Entries), canary)
		mails, _, err := w.ListNotifications(w.system(), notification.NotificationFilter{})
		require.NoError(t, err)
		require.NotContains(t, fmt.Sprintf("%+v", mails), canary)
		require.NotContains(t, w.log.String(), canary)
	})
}

// All times on a ticket's page are by the clock of its place, which they name, as its promises are.
func TestTheConversationHasItsTimesByTheClockOfThePlace(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		tk := w.OpenedTicket(t, w.Covered(t))
		w.Calendar.Set(w.Calendar.Now().AddDate(0, 0, 2))
		there := tk.OpenedAt.In(web.Zone(tk.TimeZone)).Format("15:04")
		require.Contains(t, w.agent().get(ticketPath(tk.Number)).body,
			"<small>"+there+" <span>in São Paulo</span></small>")
	})
}

// Who lets a ticket wait for the customer is asked what for, in the words of the field.
func TestS40_AReplyThatWaitsSaysWhatFor(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		tk := w.OpenedTicket(t, w.Covered(t))
		b := w.agent()
		path := ticketPath(tk.Number)
		page := b.get(path)
		refused := b.post(path+"/reply",
			replyForm(page, "text", "Is it plugged in?", "then", "wait_for_customer")...)
		require.Equal(t, http.StatusUnprocessableEntity, refused.status)
		require.Contains(t, refused.body, "Say what is waited for.")
		require.NotContains(t, refused.body, "Say why.")
	})
}

func TestS45_AReopeningIsUndoneWithAReason(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		tk := w.OpenedTicket(t, c)
		b := w.agent()
		path := ticketPath(tk.Number)
		page := b.get(path)
		require.Equal(t, path, b.post(path+"/reply",
			replyForm(page, "text", "The cable was loose.", "then", "resolve")...).path)
		resolved := w.atDesk(tk.Number)
		require.Equal(t, rule.Resolved, resolved.State)
		require.NotContains(t, b.get(path).body, "undo_reopening")

		w.Calendar.Set(w.Calendar.Now().Add(time.Hour))
		w.wrote(c, tk.ID, "Thank you all so much")
		require.Equal(t, rule.InProgress, w.atDesk(tk.Number).State)
		require.Contains(t, b.get(path).body, path+"/do/undo_reopening")
		ask := b.get(path + "/do/undo_reopening")
		version := hiddenIn(ask.body, "version")
		none := b.post(path+"/do/undo_reopening", "confirmed", "yes", "version", version)
		require.Equal(t, http.StatusUnprocessableEntity, none.status)
		done := b.post(path+"/do/undo_reopening", "confirmed", "yes", "version", version,
			"reason", "They only said thanks")
		require.Equal(t, path, done.path, done.body)
		require.Contains(t, done.body, "They only said thanks")

		undone := w.atDesk(tk.Number)
		require.Equal(t, rule.Resolved, undone.State)
		require.Equal(t, len(resolved.Clocks), len(undone.Clocks))
		for i, k := range resolved.Clocks {
			require.Equal(t, k.State, undone.Clocks[i].State)
			require.Equal(t, k.Elapsed, undone.Clocks[i].Elapsed)
			require.Equal(t, k.DueAt, undone.Clocks[i].DueAt)
		}
	})
}

// Who replies to what others have gone on with reads that first, and loses nothing.
func TestC4_AReplyToAnotherStateShowsWhatWasWrittenAboveTheDraft(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	tk := w.OpenedTicket(t, c)
	b := w.agent()
	path := ticketPath(tk.Number)
	page := b.get(path)
	w.wrote(c, tk.ID, "It works again, never mind.")

	form := replyForm(page, "text", "We send a technician.")
	r := b.post(path+"/reply", form...)
	require.Equal(t, http.StatusPreconditionFailed, r.status)
	_, below, found := strings.Cut(r.body, `id="meanwhile"`)
	require.True(t, found)
	theirs := strings.Index(below, "It works again, never mind.")
	draft := strings.Index(below, "We send a technician.</textarea>")
	require.Positive(t, theirs)
	require.Greater(t, draft, theirs)
	require.Contains(t, b.get(path).body, "We send a technician.</textarea>", "the draft is kept")
	require.NotContains(t, w.signedIn(byRole[rules.OperatorLead]).get(path).body, "We send a technician.",
		"for whoever wrote it alone")

	sent := b.post(path+"/reply", replyForm(r, "text", "Glad to hear it.")...)
	require.Equal(t, path, sent.path)
	require.NotContains(t, sent.body, "We send a technician.", "what is sent is no draft any more")
	require.Equal(t, rule.Open, w.atDesk(tk.Number).State)
}

func TestS53_AManagerLooksAndAnAgentTakesTheTicketWithItsTask(t *testing.T) {
	w := issuerWorld(t)
	tk := w.OpenedTicket(t, w.Covered(t))
	path := ticketPath(tk.Number)
	manager := w.signedIn(byRole[rules.OperatorManager])
	page := manager.get(path)
	require.Equal(t, http.StatusOK, page.status)
	require.NotContains(t, page.body, "<textarea")
	require.NotContains(t, page.body, path+"/give")
	require.Equal(t, http.StatusForbidden, manager.post(path+"/reply", "text", "x").status)

	b := w.agent()
	me := w.operatorOf(byRole[rules.OperatorAgent].Email)
	require.Contains(t, b.post(path+"/give", "operator", me.ID).body, "Ari Prado")
	task := w.Tasks(t, db.TaskTicket)[0]
	require.Equal(t, me.ID, db.Text(task.AssigneeID))
	late := w.signedIn(byRole[rules.OperatorLead]).post(path+"/give",
		"operator", w.operatorOf(byRole[rules.OperatorLead].Email).ID, "held", "")
	require.Equal(t, http.StatusPreconditionFailed, late.status, "of two who take it one is told")
	require.Contains(t, late.body, "Ari Prado has the ticket by now.")
	require.Equal(t, me.ID, db.Text(w.atDesk(tk.Number).AssigneeID))
	require.Equal(t, path, b.post(path+"/give", "operator", "", "held", me.ID).path)
	require.Nil(t, w.atDesk(tk.Number).AssigneeID)
	b.post(queuePath + "/pull")
	require.Equal(t, http.StatusBadRequest, b.post(path+"/give", "operator", "opr_nobody").status)
}

// A task about a ticket says what was said last and what is waited for, in both languages.
func TestS55_TheQueueShowsTheLastWordsOfATicket(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	tk := w.OpenedTicket(t, c)
	w.wrote(c, tk.ID, "And now it smells.")
	task := w.Tasks(t, db.TaskTicket)[0]
	for lang, says := range map[string]string{
		"en":    "Nobody of ours has answered it yet.",
		"pt-BR": "Ninguém de nós respondeu ainda.",
	} {
		b := w.browser()
		b.lang = lang
		b.get(StartPath + "?as=" + byRole[rules.OperatorAgent].Email)
		r := b.get(queuePath + "?who=all&open=" + task.ID)
		require.Contains(t, r.body, "And now it smells.", lang)
		require.Contains(t, r.body, says, lang)
		require.Contains(t, r.body, ticketsPath+"/"+tk.ID, lang)
	}
	found := w.agent().get(searchPath + "?q=" + strings.ToLower(strings.ReplaceAll(tk.Number, "-", "+")))
	require.Contains(t, found.body, "And now it smells.", "its number leads to its page")
}

func TestR55a_AnAgentOpensATicketForSomebodyOnThePhone(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		b := w.agent()
		require.Contains(t, b.get(newTicketPath+"?find=sala").body, newTicketPath+"?room="+c.Room.ID)
		page := b.get(newTicketPath + "?room=" + c.Room.ID)
		require.Contains(t, page.body, "A license in force is assigned to the room")
		require.NotRegexp(t, ruleNumber, page.body)
		typed := []string{
			"room", c.Room.ID, "for", c.Admin.ID, "category", "HARDWARE", "usable", "NO",
			"summary", "No picture", "text", "It is dark in there.", "once", hiddenIn(page.body, "once"),
			"step", "open",
		}

		// the preview was of another choice: it is shown first, with what was typed
		looked := b.post(newTicketPath, append(typed, "looked", hiddenIn(page.body, "looked"))...)
		require.Equal(t, newTicketPath, looked.path)
		require.Contains(t, looked.body, "Severity 1: the room is down")
		require.Contains(t, looked.body, "First answer by")
		require.Contains(t, looked.body, "It is dark in there.</textarea>")

		typed = append(typed, "looked", hiddenIn(looked.body, "looked"))
		first := b.post(newTicketPath, typed...)
		require.True(t, strings.HasPrefix(first.path, ticketsPath+"/TK-"), first.body)
		require.Equal(t, first.path, b.post(newTicketPath, typed...).path, "sent twice, opened once")
		d := w.atDesk(strings.TrimPrefix(first.path, ticketsPath+"/"))
		require.Equal(t, rule.ByPhone, d.Channel)
		require.Equal(t, c.Admin.ID, db.Text(d.OpenedFor))
		require.Nil(t, d.FirstAnswerAt, "what was said on the phone meets no clock")
		require.Contains(t, b.get(ticketsPath).body, d.Number)
		require.Contains(t, b.get(roomPath(c.Room.ID)).body, d.Number)
		require.Contains(t, b.get(accountPath(c.Account)+"/tickets").body, d.Number)
		require.NotRegexp(t, ruleNumber, b.get(first.path).body)
	})
}

// S43: what somebody on the phone sent the agent hangs on the first message of their ticket.
func TestS43_AnAgentOpensATicketWithFiles(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		b := w.agent()
		page := b.get(newTicketPath + "?room=" + c.Room.ID)
		require.Contains(t, page.body, `name="files"`)
		typed := []string{
			"room", c.Room.ID, "for", c.Admin.ID, "category", "HARDWARE", "usable", "PARTLY",
			"summary", "No picture", "text", "See the log.", "once", hiddenIn(page.body, "once"),
			"looked", hiddenIn(page.body, "looked"), "step", "open",
		}
		wrong := b.upload(newTicketPath, "x.html", []byte("<html></html>"), typed...)
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
		require.Contains(t, wrong.body, "x.html is of a kind that is not taken")
		require.Contains(t, wrong.body, "See the log.</textarea>")

		for range 2 { // sent twice, opened once
			opened := b.upload(newTicketPath, "sala.log", []byte("no signal"), typed...)
			require.True(t, strings.HasPrefix(opened.path, ticketsPath+"/TK-"), opened.body)
			require.Contains(t, opened.body, "sala.log")
			d := w.atDesk(strings.TrimPrefix(opened.path, ticketsPath+"/"))
			files, err := w.Domains.Attachments.OfGroup(storetest.Customer(c.Account), d.ID)
			require.NoError(t, err)
			require.Len(t, files, 1)
			require.Equal(t, "sala.log", files[0].Name)
		}
	})
}

// A replacement that was denied is not told as one that is done, in either language.
func TestTheEndOfAReplacementIsToldAsItWas(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	tk := w.OpenedTicket(t, c)
	_, err := w.Domains.Tickets.Do(storetest.Operator(), tk.ID, ticket.Command{
		Name: rule.DoWaitRMA,
		Text: "We look for another one.",
		RMA:  &replacement.NewRMA{Serial: db.Text(c.Device.Serial)},
	})
	require.NoError(t, err)
	_, err = w.Domains.Replacements.RejectRMA(storetest.Operator(), w.atDesk(tk.Number).RMAs[0].ID,
		replacement.RMARejection{Code: "NO_DEFECT", Reason: "it works here"})
	require.NoError(t, err)
	for lang, says := range map[string]string{
		"en":    "denied the replacement of RALLY-BAR",
		"pt-BR": "negou a substituição de RALLY-BAR",
	} {
		b := w.browser()
		b.lang = lang
		b.get(StartPath + "?as=" + byRole[rules.OperatorAgent].Email)
		body := b.get(ticketPath(tk.Number)).body
		require.Contains(t, body, says, lang)
		require.NotContains(t, body, "concluiu", lang)
	}
}

// From the ticket to its replacement in one step, with what covers it and the day said before.
func TestS20_AReplacementIsRequestedFromItsTicket(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		storetest.Stocked(t, w.Env, "BR-1", "BR", "RALLY-BAR", 2)
		tk := w.OpenedTicket(t, c)
		b := w.agent()
		path := ticketPath(tk.Number) + "/do/wait_for_replacement"
		ask := b.get(path)
		require.Equal(t, http.StatusOK, ask.status)
		require.Contains(t, ask.body, "A license in force is assigned to the room")
		require.Contains(t, ask.body, "Approved until")
		require.Contains(t, ask.body, "No picture</textarea>", "the fault is filled in")

		form := []string{
			"confirmed", "yes", "version", hiddenIn(ask.body, "version"), "device", c.Device.ID,
			"site", c.Site.ID, "fault", "No picture", "text", "We send you another one.",
		}
		first := b.post(path, form...)
		require.Equal(t, ticketPath(tk.Number), first.path, first.body)
		b.post(path, form...)
		d := w.atDesk(tk.Number)
		require.Equal(t, rule.PendingRMA, d.State)
		require.Len(t, d.RMAs, 1, "sent twice, requested once")
		require.Equal(t, c.Site.ID, d.RMAs[0].SiteID)
		require.Contains(t, first.body, replacementPath(d.RMAs[0].Name()))
	})
}

// A device has its replacement already, such as one that the customer asked for: the ticket waits
// for that one, and none is requested.
func TestS20_ATicketWaitsForAReplacementThatThereIs(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	r := w.Requested(t, c)
	tk := w.OpenedTicket(t, c)
	b := w.agent()
	path := ticketPath(tk.Number) + "/do/wait_for_replacement"
	ask := b.get(path)
	require.Contains(t, ask.body, r.Name())
	require.Equal(t, r.ID, hiddenIn(ask.body, "rma"))
	done := b.post(path, "confirmed", "yes", "version", hiddenIn(ask.body, "version"),
		"rma", r.ID, "device", db.Text(r.DeviceID), "text", "It comes.")
	require.Equal(t, ticketPath(tk.Number), done.path, done.body)
	d := w.atDesk(tk.Number)
	require.Equal(t, rule.PendingRMA, d.State)
	require.Len(t, d.RMAs, 1)
	require.Equal(t, r.ID, d.RMAs[0].ID)
}

func TestBudget_Tickets(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	tk := w.talkedAbout(t, c)
	b := w.agent()
	task := w.Tasks(t, db.TaskTicket)[0]
	for _, path := range []string{
		ticketsPath, ticketPath(tk.Number), newTicketPath + "?room=" + c.Room.ID,
		accountPath(c.Account) + "/tickets", queuePath + "?who=all&open=" + task.ID,
	} {
		w.withinBudget(b, path)
	}
	// as many tickets as a page has, and a file of them
	for range 20 {
		w.OpenedTicket(t, c)
	}
	w.withinBudget(b, ticketsPath)
	file := b.get(ticketsPath + "?format=csv&open=yes&severity=2")
	require.Equal(t, 22+1, strings.Count(strings.TrimSpace(file.body), "\n")+1)
}
