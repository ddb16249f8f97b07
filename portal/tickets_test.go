package portal

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/ordering"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// ticketWorld is an account with a covered room and device, an administrator and a reader.
type ticketWorld struct {
	*world
	storetest.Covered
	eva, bruno *guest
}

func eachTicketWorld(t *testing.T, test func(*testing.T, ticketWorld)) {
	eachWorld(t, func(t *testing.T, w *world) { test(t, newTicketWorld(w)) })
}

func newTicketWorld(w *world) ticketWorld {
	w.t.Helper()
	c, eva, bruno := w.covered()
	return ticketWorld{w, c, eva, bruno}
}

// aTicket are the fields of a good form about a room.
func aTicket(room string) []string {
	return []string{
		"room", room, "usable", "PARTLY", "category", "HARDWARE", "summary", "No picture",
		"text", "The left screen stays dark.\r\nWe restarted it.", "once", "once_1",
	}
}

// sentTicket is the form of aTicket with the promise seen and the button that sends it.
func sentTicket(room string) []string {
	return append(aTicket(room), "shown", room+"///HARDWARE/PARTLY", "act", "send")
}

// onlyTicket is the account's only ticket.
func (w *world) onlyTicket() ticket.Ticket {
	w.t.Helper()
	all, _, err := w.Tickets.List(storetest.Operator(), ticket.Filter{})
	require.NoError(w.t, err)
	require.Len(w.t, all, 1)
	return all[0].Ticket
}

// did does a command on a ticket as an agent.
func (w *world) did(id string, c ticket.Command) ticket.Ticket {
	w.t.Helper()
	out, err := w.Tickets.Do(storetest.Operator(), id, c)
	require.NoError(w.t, err)
	return out
}

// ticketForms adds the forms of tickets, which the whole team may send: each works once.
func (w *world) ticketForms(accountID string, forms map[string][]string) {
	w.t.Helper()
	room := w.Room(w.t, accountID, "Sala R55a")
	licences := w.Licences(w.t, w.Fulfilled(w.t, w.Reseller(w.t, "Revenda Sul"), storetest.Form("PO-R55")))
	w.Assigned(w.t, licences[0], room)
	open := func(name string) ticket.Ticket {
		t, err := w.Tickets.Open(storetest.Customer(accountID), ticket.NewTicket{
			RoomID:   room.ID,
			Category: rule.Hardware,
			Usable:   rule.UsablePartly,
			Summary:  name,
			Text:     "It does not work.",
			Once:     name,
		})
		require.NoError(w.t, err)
		return t
	}
	members, err := w.MembersOf(w.Context, accountID)
	require.NoError(w.t, err)

	forms[newTicketPath] = append([]string{newTicketPath}, sentTicket(room.ID)...)
	w.Assigned(w.t, licences[1], w.Room(w.t, accountID, roomThatIsDown))
	forms["/tickets/:id/reply"] = []string{
		ticketPath(open("replied to").Number) + "/reply", "text", "Still dark.", "act", "send",
	}
	forms["/tickets/:id/watchers"] = []string{
		ticketPath(open("watched").Number) + "/watchers", "user", members[0].UserID, "act", "add",
	}
	asked := open("looked at together")
	start := w.Calendar.Now().UTC().Truncate(time.Minute).Add(24 * time.Hour)
	slot := rulesession.Slot{Start: start, End: start.Add(time.Hour)}
	s, err := w.Tickets.ProposeSession(storetest.Operator(), asked.ID, []rulesession.Slot{slot})
	require.NoError(w.t, err)
	forms["/tickets/:id/session"] = []string{
		ticketPath(asked.Number) + "/session", "session", s.ID, "text", rulesession.TextVersion,
		"slot", slotValue(slot), "act", "agree",
	}
	forms["/tickets/:id/guests"] = []string{
		guestFormPath(open("shown to a guest").Number), "name", "Teo Guest",
		"email", "teo@service.example", "company", "Service Ltd", "confirmed", "yes",
	}
	forms["/tickets/:id/cancel"] = []string{
		ticketPath(open("not needed").Number) + "/cancel", "confirmed", "yes",
	}
}

func TestR55a_R40b_AReaderOpensATicketAndTheWholeTeamSeesIt(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		form := w.bruno.get("/tickets/new?room=" + w.Room.ID)
		require.Equal(t, http.StatusOK, form.status)
		require.Contains(t, form.body, `<option value="`+w.Room.ID+`" selected>`)

		asked := w.bruno.post(newTicketPath, aTicket(w.Room.ID)...)
		require.Equal(t, http.StatusOK, asked.status)
		for _, text := range []string{
			"We answer first by", "Around the clock", "A license in force is assigned to the room",
			"We speak", "Not covered", `value="send"`, "Works in part",
		} {
			require.Contains(t, asked.body, text, "said before it is sent (S32)")
		}
		require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM tickets"), "nothing is sent yet")
		sent := formOn(t, asked.body, newTicketPath)
		require.Equal(t, []string{"The left screen stays dark.\nWe restarted it."}, sent["text"])

		for range 2 { // the second is a double press
			done := w.bruno.post(newTicketPath, sentTicket(w.Room.ID)...)
			require.Equal(t, ticketPath(w.onlyTicket().Number), done.path)
			require.Contains(t, done.body, "Your ticket is open")
			require.Contains(t, done.body, "We answer first by")
			require.Contains(t, done.body, "Waits for us")
		}

		list := w.eva.get("/tickets").body
		for _, text := range []string{"No picture", w.onlyTicket().Number, "Sala 1", "1 open ticket", "Waits for us"} {
			require.Contains(t, list, text)
		}
		page := w.eva.get(ticketPath(w.onlyTicket().ID)).body
		require.Contains(t, page, "The left screen stays dark.")
		require.Contains(t, page, "Colleague", "who wrote it")

		replied := w.bruno.post(ticketPath(w.onlyTicket().Number)+"/reply",
			"text", "Still dark", "act", "send", "once", "once_2", "version", fmt.Sprint(w.onlyTicket().Version))
		require.Contains(t, replied.body, "Still dark")

		gil, acc := w.site("gil@globex.example")
		require.NotContains(t, gil.get("/tickets").body, "No picture")
		require.Equal(t, http.StatusNotFound, gil.get(ticketPath(w.onlyTicket().Number)).status)
		require.Equal(t, http.StatusNotFound, gil.get("/tickets/new?device="+w.Device.ID).status)
		for _, form := range [][]string{
			{"/reply", "text", "x", "act", "send"}, {"/cancel", "confirmed", "yes"},
			{"/watchers", "user", w.memberIDs(acc.ID)["gil@globex.example"], "act", "add"},
		} {
			path := ticketPath(w.onlyTicket().Number) + form[0]
			require.Equal(t, http.StatusNotFound, gil.post(path, form[1:]...).status, path)
		}
		require.Equal(t, "/sign-in", w.guest().get("/tickets").path)
		require.Equal(t, "/sign-in", w.guest().post(newTicketPath, sentTicket(w.Room.ID)...).path)
	})
}

// What it is about decides what is promised: with anything else the promise is shown first.
func TestS32_ATicketIsSentWithThePromiseThatWasSeen(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	changed := append(aTicket(w.Room.ID), "shown", w.Room.ID+"///QUESTION/YES", "act", "send")
	r := w.eva.post(newTicketPath, changed...)
	require.Equal(t, http.StatusOK, r.status)
	require.Contains(t, r.body, "has changed")
	require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM tickets"))

	for field, says := range map[string]string{
		"usable": "usable-problem", "category": "category-problem", "summary": "summary-problem",
		"text": "text-problem", "room": "room-problem",
	} {
		form := sentTicket(w.Room.ID)
		for i := 0; i < len(form); i += 2 {
			if form[i] == field {
				form[i+1] = " "
			}
		}
		r := w.eva.post(newTicketPath, form...)
		require.Equal(t, http.StatusUnprocessableEntity, r.status, field)
		require.Contains(t, r.body, says)
		if field != "summary" {
			require.Contains(t, r.body, `value="No picture"`, "what was typed stays")
		}
	}
	require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM tickets"))
}

func TestR39c_WhatNothingCoversIsToldWhatToDo(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		bare := w.world.Room(t, w.Account, "Sala nua")
		asked := w.eva.post(newTicketPath, aTicket(bare.ID)...)
		require.Equal(t, http.StatusOK, asked.status, "the question is no refusal")
		for _, text := range []string{
			"Nothing covers this now", "No license is assigned to the room", "What you can do",
			`href="/rooms/assign?id=` + bare.ID + `"`, `value="No picture"`,
		} {
			require.Contains(t, asked.body, text)
		}
		require.NotContains(t, asked.body, `value="send"`)
		reader := w.bruno.post(newTicketPath, aTicket(bare.ID)...)
		require.Contains(t, reader.body, "Ask an administrator of your account")
		require.NotContains(t, reader.body, "/rooms/assign")

		refused := w.eva.post(newTicketPath, sentTicket(bare.ID)...)
		require.Equal(t, http.StatusForbidden, refused.status)
		require.Contains(t, refused.body, "Nothing covers this now")
		require.Equal(t, 0, w.Count(t, "SELECT count(*) FROM tickets"))
	})
}

// Setup is a matter of the whole term (R31), and what covered a ticket stays (R28d, S3).
func TestR31_R28d_S3_SetupLaterInTheTermKeepsItsCover(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		w.Calendar.Set(w.Calendar.Now().Add(400 * 24 * time.Hour))
		form := append(aTicket(w.Room.ID), "shown", w.Room.ID+"///SETUP/PARTLY", "act", "send")
		form[5] = "SETUP"
		w.eva = w.member(w.Account, "lia@acme.example", identity.RoleAdmin)
		opened := w.eva.post(newTicketPath, form...)
		require.Equal(t, ticketPath(w.onlyTicket().Number), opened.path)

		before := w.eva.get(opened.path).body
		stays, _, err := w.ListAssignments(w.Context, entitlement.AssignmentFilter{RoomID: w.Room.ID})
		require.NoError(t, err)
		_, err = w.Release(storetest.Customer(w.Account), stays[0].ID, "")
		require.NoError(t, err)
		after := w.eva.get(opened.path).body
		for _, page := range []string{before, after} {
			require.Contains(t, page, "Covered by")
			require.Contains(t, page, "whatever becomes of the contract")
			require.Contains(t, page, "Around the clock · Logitech Select")
		}
		require.Equal(t, cover.BySelect, w.onlyTicket().Frozen.Entitlement.Kind)
	})
}

// Who asks on the page of JumpStart, and has a license too, is answered by that one, and told so.
func TestR32b_JumpStartAskedIsSelectThatAnswers(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	bundle := storetest.Form("PO-BUNDLE")
	bundle.Lines = []ordering.OrderLine{{SKU: "TAP-BUNDLE-TEAMS", Quantity: 1}}
	w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), bundle)
	jumpStart := w.Strings(t, "SELECT id FROM service_contracts WHERE type = 'JUMPSTART' "+
		"AND account_id = '"+w.Account+"'")[0]
	const banner = "You asked for support by JumpStart."

	require.Contains(t, w.bruno.get("/contracts/"+jumpStart).body, "/tickets/new?contract="+jumpStart)
	form := []string{
		"contract", jumpStart, "usable", "PARTLY", "category", "SETUP", "summary", "Setting up",
		"text", "How does it go on?", "once", "once_1",
	}
	require.Contains(t, w.bruno.post(newTicketPath, form...).body, banner, "before it is sent")
	sent := w.bruno.post(newTicketPath,
		append(form, "shown", "//"+jumpStart+"/SETUP/PARTLY", "act", "send")...)
	require.Contains(t, sent.body, banner)
	tk := w.onlyTicket()
	require.Equal(t, "SELECT", tk.PolicyCode)
	require.Equal(t, tk.OpenedAt.Add(4*time.Hour), *tk.EffectiveDue)
}

func TestS45_ThanksReopenNothing(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		w.eva.post(newTicketPath, sentTicket(w.Room.ID)...)
		tk := w.onlyTicket()
		path := ticketPath(tk.Number)
		tk = w.did(tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "Is the cable plugged in?"})
		tk = w.did(tk.ID, ticket.Command{Name: rule.DoResolve, Text: "It was the cable."})
		page := w.eva.get(path).body
		require.Contains(t, page, "It is resolved. If it is not, reopen it here until the end of")
		require.Contains(t, page, `value="thanks"`)

		version := fmt.Sprint(tk.Version)
		for range 2 {
			thanked := w.eva.post(path+"/reply", "text", "", "act", "thanks", "once", "once_3", "version", version)
			require.Equal(t, path, thanked.path)
			require.Contains(t, thanked.body, "The ticket stays resolved.")
		}
		require.Equal(t, rule.Resolved, w.onlyTicket().State)
		require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM ticket_events WHERE kind = 'THANKS'"))

		version = fmt.Sprint(w.onlyTicket().Version)
		reopened := w.eva.post(path+"/reply", "text", "Dark again", "act", "reopen", "once", "once_4", "version", version)
		require.Contains(t, reopened.body, "The ticket is open again.")
		require.Equal(t, rule.InProgress, w.onlyTicket().State)
	})
}

// What somebody else wrote meanwhile is shown above what was typed, which stays.
func TestS42_AReplyShowsWhatWasWrittenMeanwhile(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		w.eva.post(newTicketPath, sentTicket(w.Room.ID)...)
		tk := w.onlyTicket()
		path := ticketPath(tk.Number)
		before := formOn(t, w.eva.get(path).body, path+"/reply")
		w.did(tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "Which cable is it?"})

		form := []string{"text", "It is the HDMI cable", "act", "send"}
		for _, name := range []string{"once", "version", "seq"} {
			form = append(form, name, before.Get(name))
		}
		late := w.eva.post(path+"/reply", form...)
		require.Equal(t, http.StatusPreconditionFailed, late.status)
		_, card, _ := strings.Cut(late.body, `id="reply"`)
		require.Contains(t, card, "Which cable is it?")
		require.Less(t, strings.Index(card, "Which cable"), strings.Index(card, "It is the HDMI cable"))
		again := formOn(t, late.body, path+"/reply")
		require.Equal(t, "It is the HDMI cable", again.Get("text"))
		require.NotEqual(t, before.Get("version"), again.Get("version"))
		require.Equal(t, "It is the HDMI cable", formOn(t, w.eva.get(path).body, path+"/reply").Get("text"),
			"it is a draft, too")
		require.Empty(t, formOn(t, w.bruno.get(path).body, path+"/reply").Get("text"), "and nobody else's")

		sent := w.eva.post(path+"/reply", "text", again.Get("text"), "act", "send",
			"once", again.Get("once"), "version", again.Get("version"), "seq", again.Get("seq"))
		require.Equal(t, path, sent.path)
		require.Empty(t, formOn(t, w.eva.get(path).body, path+"/reply").Get("text"), "sent, it is no draft any more")
	})
}

// What operators note is found on no page of the portal.
func TestS42_ACanaryInANoteIsOnNoPage(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	w.eva.post(newTicketPath, sentTicket(w.Room.ID)...)
	tk := w.onlyTicket()
	const canary = "canary-of-the-desk"
	require.NoError(t, w.Exec(fmt.Sprintf(`INSERT INTO ticket_notes
		(id, ticket_id, account_id, seq, author_id, note, dedupe_key, created_at)
		VALUES ('tno_1', '%s', '%s', 99, 'opr_1', '%s', 'x', '2026-12-01 00:00:00')`,
		tk.ID, w.Account, canary)))
	w.did(tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "We look into it."})
	w.did(tk.ID, ticket.Command{
		Name: rule.DoWaitCustomer, Text: "Which one is it?", Reason: "The name of the cable",
	})
	w.did(tk.ID, ticket.Command{Name: rule.DoSetSeverity, Severity: cover.Sev1, Reason: canary})

	page := w.eva.get(ticketPath(tk.Number)).body
	require.Contains(t, page, "Which one is it?")
	require.Contains(t, page, "The name of the cable")
	for _, page := range []string{
		"/", "/tickets", "/tickets?q=" + canary, "/tickets?format=csv&columns=number,summary,by",
		ticketPath(tk.Number), ticketPath(tk.ID), "/tickets/new?room=" + w.Room.ID,
		"/rooms", "/rooms/" + w.Room.ID, "/devices/" + w.Device.ID, "/activity",
	} {
		body := strings.ReplaceAll(w.eva.get(page).body, "q="+canary, "")
		body = strings.ReplaceAll(body, `value="`+canary+`"`, "")
		require.NotContains(t, body, canary, page)
	}
}

var listedTicket = regexp.MustCompile(`<a class="row" href="/tickets/(TK-[0-9A-Z]{5})"><span class="whole">`)

// listedTickets are the summaries of a list's tickets, in its order.
func (w ticketWorld) listedTickets(g *guest, address string) (out []string) {
	w.t.Helper()
	r := g.get(address)
	require.Equal(w.t, http.StatusOK, r.status, address)
	for _, found := range listedTicket.FindAllStringSubmatch(r.body, -1) {
		t, err := w.Tickets.Get(storetest.Operator(), found[1])
		require.NoError(w.t, err)
		out = append(out, t.Summary)
	}
	return out
}

func TestR40b_TheListIsNarrowedSearchedAndSorted(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		open := func(summary string, usable rule.Usable) ticket.Ticket {
			w.Calendar.Set(w.Calendar.Now().Add(time.Minute))
			tk, err := w.Tickets.Open(storetest.Customer(w.Account), ticket.NewTicket{
				RoomID: w.Room.ID, Category: rule.Hardware, Usable: usable, Summary: summary,
				Text: "About the " + summary, Once: summary,
			})
			require.NoError(t, err)
			return tk
		}
		camera := open("camera", rule.UsableYes)
		screen := open("screen", rule.UsableNo)
		speaker := open("speaker", rule.UsablePartly)
		w.did(camera.ID, ticket.Command{Name: rule.DoAnswer, Text: "Which lens?"})
		w.did(camera.ID, ticket.Command{Name: rule.DoWaitCustomer, Reason: "lens"})
		w.did(speaker.ID, ticket.Command{Name: rule.DoAnswer, Text: "Plug it in."})
		w.did(speaker.ID, ticket.Command{Name: rule.DoResolve, Reason: "cable"})

		for address, want := range map[string][]string{
			"/tickets":                                         {"speaker", "screen", "camera"},
			"/tickets?sort=-age":                               {"camera", "screen", "speaker"},
			"/tickets?sort=severity":                           {"screen", "speaker", "camera"},
			"/tickets?sort=due":                                {"screen", "camera", "speaker"},
			"/tickets?show=open":                               {"screen", "camera"},
			"/tickets?show=waits":                              {"camera"},
			"/tickets?show=resolved":                           {"speaker"},
			"/tickets?show=closed":                             nil,
			"/tickets?severity=1":                              {"screen"},
			"/tickets?q=" + screen.Number:                      {"screen"},
			"/tickets?q=" + strings.ToLower(screen.Number[3:]): {"screen"},
			"/tickets?q=LENS":                                  {"camera"},
			"/tickets?q=about+sala":                            {"speaker", "screen", "camera"},
			"/tickets?q=nothing+like+it":                       nil,
			"/tickets?show=waits&q=sala&sort=-last":            {"camera"},
		} {
			require.Equal(t, want, w.listedTickets(w.bruno, address), address)
		}

		file := w.bruno.get("/tickets?format=csv&show=waits")
		require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
		require.Contains(t, file.body, camera.Number+",camera,Sala 1,Room can be used,Waits for you")
		require.NotContains(t, file.body, "screen")

		require.Contains(t, w.bruno.get("/").body, "Answer the ticket "+camera.Number)
		require.Regexp(t, `<span class="count">1<span class="unseen">`, w.bruno.get("/rooms").body)
		room := w.bruno.get("/rooms/" + w.Room.ID).body
		require.Contains(t, room, screen.Number)
		require.NotContains(t, room, speaker.Number, "it is solved")
		require.Contains(t, w.bruno.get("/rooms").body, "and 1 more")
	})
}

// The pages of tickets take no more than any page may, whatever the length of a conversation.
func TestTickets_APageStaysWithinItsBudget(t *testing.T) {
	w := newTicketWorld(worldOn(t, storetest.Postgres(t)))
	w.eva.post(newTicketPath, sentTicket(w.Room.ID)...)
	tk := w.onlyTicket()
	long := strings.Repeat("Nobody hears us. ", 1000)
	for i := range 30 {
		_, err := w.Tickets.Do(storetest.Customer(w.Account), tk.ID, ticket.Command{
			Name: rule.DoComment, Text: fmt.Sprint(i, " ", long),
		})
		require.NoError(t, err)
	}
	for _, path := range []string{
		"/", "/tickets", "/tickets?show=open&q=nobody", "/tickets/new?room=" + w.Room.ID,
		ticketPath(tk.Number), "/rooms", "/rooms/" + w.Room.ID, "/devices", "/contracts", "/account", "/me",
	} {
		w.withinBudget(w.eva, path)
	}

	// Everything that was said can be read, page by page.
	read, address := "", ticketPath(tk.Number)
	earlier := regexp.MustCompile(`<p class="more"><a class="btn" href="([^"]*)"`)
	for pages := 0; address != "" && pages < 60; pages++ {
		body := w.eva.get(address).body
		read += body
		address = ""
		if found := earlier.FindStringSubmatch(body); found != nil {
			address = html.UnescapeString(found[1])
		}
	}
	for i := range 30 {
		require.Contains(t, read, fmt.Sprint(`<div class="said">`, i, " Nobody"))
	}
}

func TestS28_ARoomWithAnOpenTicketIsNotArchived(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		tk := w.OpenedTicket(t, w.Covered)
		page := w.eva.get("/rooms/" + w.Room.ID + "/archive")
		require.Equal(t, http.StatusConflict, page.status)
		require.Contains(t, page.body, ticketPath(tk.Number))
		_, err := w.ArchiveRoom(storetest.Customer(w.Account), w.Room.ID, "")
		storetest.RequireCode(t, "ROOM_BUSY", err)

		w.did(tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "Done."})
		w.did(tk.ID, ticket.Command{Name: rule.DoResolve})
		_, err = w.ArchiveRoom(storetest.Customer(w.Account), w.Room.ID, "")
		require.NoError(t, err)
	})
}

// A replacement that was denied is told as denied, in both languages, and not as one that ended well.
func TestTheEndOfAReplacementIsToldTheCustomerAsItWas(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		w.eva.post(newTicketPath, sentTicket(w.Room.ID)...)
		tk := w.onlyTicket()
		w.did(tk.ID, ticket.Command{
			Name: rule.DoWaitRMA,
			Text: "We look for another one.",
			RMA:  &replacement.NewRMA{Serial: db.Text(w.Device.Serial)},
		})
		id := w.Strings(t, "SELECT id FROM rmas")[0]
		_, err := w.RejectRMA(storetest.Operator(), id,
			replacement.RMARejection{Code: "NO_DEFECT", Reason: "it works here"})
		require.NoError(t, err)
		path := ticketPath(tk.Number)
		require.Contains(t, w.eva.get(path+"?lang=en").body, "denied the replacement")
		require.Contains(t, w.eva.get(path+"?lang=pt-BR").body, "negou a substituição")
	})
}

func TestR42_WhatTheTeamDoesWithATicket(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		w.eva.post(newTicketPath, sentTicket(w.Room.ID)...)
		tk := w.onlyTicket()
		path := ticketPath(tk.Number)
		page := w.eva.get(path).body
		require.Contains(t, page, "Add a colleague")
		require.Contains(t, page, path+"/cancel")
		require.NotContains(t, page, "solve", "nobody has answered")

		version := fmt.Sprint(tk.Version)
		require.Equal(t, http.StatusUnprocessableEntity,
			w.eva.post(path+"/reply", "text", " ", "act", "worse", "version", version).status)
		worse := w.eva.post(path+"/reply", "text", "Now all is dark", "act", "worse", "once", "o1", "version", version)
		require.Contains(t, worse.body, "We know that it is worse")
		require.NotNil(t, w.onlyTicket().WorseAskedAt)

		w.bruno.post(path+"/reply", "text", "half a sentence", "act", "draft")
		require.Contains(t, w.bruno.get(path).body, "half a sentence")
		require.Contains(t, w.bruno.get(path).body, "This is the draft that you kept")

		user := w.Strings(t, "SELECT id FROM users WHERE email = 'bruno@acme.example'")[0]
		for _, act := range []string{"add", "add", "remove", "remove"} {
			require.Equal(t, path, w.eva.post(path+"/watchers", "user", user, "act", act).path)
		}
		require.Equal(t, http.StatusBadRequest,
			w.eva.post(path+"/watchers", "user", "usr_nobody", "act", "add").status)

		canceled := w.eva.post(path+"/cancel", "confirmed", "yes")
		require.Contains(t, canceled.body, "The ticket is canceled.")
		require.Equal(t, rule.Cancelled, w.onlyTicket().State)
		require.NotContains(t, w.bruno.get(path).body, path+"/reply")
	})
}

// A reader opens tickets and writes to them. Whatever else a member may do is neither shown to a
// reader nor done; what they write in a ticket that is solved reopens it as anybody's words do.
func TestR42_AReaderOnlyWritesToATicket(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		w.bruno.post(newTicketPath, sentTicket(w.Room.ID)...)
		tk := w.onlyTicket()
		path := ticketPath(tk.Number)
		user := w.Strings(t, "SELECT id FROM users WHERE email = 'bruno@acme.example'")[0]
		refuses := func(act string) {
			t.Helper()
			before := w.onlyTicket()
			button := `value="` + act + `"`
			require.Contains(t, w.eva.get(path).body, button)
			require.NotContains(t, w.bruno.get(path).body, button)
			r := w.bruno.post(path+"/reply", "text", "Now", "act", act, "once", "r"+act,
				"version", fmt.Sprint(before.Version))
			require.Equal(t, http.StatusForbidden, r.status, act)
			require.Equal(t, before, w.onlyTicket(), act)
		}
		writes := func(act, text string) {
			t.Helper()
			require.Contains(t, w.bruno.get(path).body, `value="`+act+`"`)
			r := w.bruno.post(path+"/reply", "text", text, "act", act, "once", "w"+text,
				"version", fmt.Sprint(w.onlyTicket().Version))
			require.Equal(t, path, r.path)
		}

		page := w.bruno.get(path).body
		require.NotContains(t, page, path+"/cancel")
		require.NotContains(t, page, path+"/watchers")
		for _, form := range [][]string{
			{"/cancel", "confirmed", "yes"}, {"/cancel"},
			{"/watchers", "user", user, "act", "add"}, {"/watchers", "act", "me"},
			{"/watchers", "user", user, "act", "remove"},
		} {
			require.Equal(t, http.StatusForbidden, w.bruno.post(path+form[0], form[1:]...).status, form)
		}
		require.Equal(t, http.StatusForbidden, w.bruno.get(path+"/cancel").status)
		require.Equal(t, tk, w.onlyTicket())
		refuses("worse")

		w.did(tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "Is the cable plugged in?"})
		refuses("solve")
		writes("send", "It is.")
		w.did(tk.ID, ticket.Command{Name: rule.DoResolve, Text: "Then restart it."})
		refuses("reopen")
		writes("thanks", "Thank you")
		require.Equal(t, rule.Resolved, w.onlyTicket().State)
		require.Contains(t, w.bruno.get(path).body, "Not resolved yet")
		writes("send", "It is dark again.")
		require.Equal(t, rule.InProgress, w.onlyTicket().State)
	})
}

// What is said in a closed ticket opens one that goes on with it.
func TestTickets_AClosedTicketIsFollowedByAnother(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	w.eva.post(newTicketPath, sentTicket(w.Room.ID)...)
	tk := w.onlyTicket()
	w.did(tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "Done."})
	tk = w.did(tk.ID, ticket.Command{Name: rule.DoResolve})
	require.NotNil(t, tk.NextAt)
	w.Calendar.Set(tk.NextAt.Add(time.Minute))
	_, err := w.Tickets.RunTicketTimers(context.WithoutCancel(w.Context), tk.ID)
	require.NoError(t, err)

	path := ticketPath(tk.Number)
	w.eva = w.member(w.Account, "lia@acme.example", identity.RoleAdmin)
	require.Contains(t, w.eva.get(path).body, "It is closed.")
	for range 2 {
		next := w.eva.post(path+"/reply", "text", "It is dark again", "act", "send", "once", "once_7")
		require.NotEqual(t, path, next.path)
		require.Contains(t, next.body, "Goes on with ticket "+tk.Number)
	}
	require.Equal(t, 2, w.Count(t, "SELECT count(*) FROM tickets"))
}

// Where nothing covers any more what a closed ticket is about, no ticket follows it: who writes
// there reads why, and keeps the text.
func TestR39c_WhatIsWrittenToAClosedTicketWithoutCoverIsKept(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	w.eva.post(newTicketPath, sentTicket(w.Room.ID)...)
	tk := w.onlyTicket()
	w.did(tk.ID, ticket.Command{Name: rule.DoAnswer, Text: "Done."})
	tk = w.did(tk.ID, ticket.Command{Name: rule.DoResolve})
	w.Calendar.Set(tk.NextAt.Add(time.Minute))
	_, err := w.Tickets.RunTicketTimers(context.WithoutCancel(w.Context), tk.ID)
	require.NoError(t, err)
	w.Calendar.Set(storetest.OneContract(t, w.Env, w.Covered.Order.ID).EndAt.Add(time.Hour))

	path := ticketPath(tk.Number)
	w.eva = w.member(w.Account, "lia@acme.example", identity.RoleAdmin)
	refused := w.eva.post(path+"/reply", "text", "It is dark again", "act", "send", "once", "once_7")
	require.Equal(t, http.StatusConflict, refused.status)
	require.Contains(t, refused.body, "no new ticket goes on with it")
	require.Contains(t, refused.body, "It is dark again</textarea>")
	require.Contains(t, w.eva.get(path).body, "It is dark again</textarea>", "the draft is kept")
	require.Equal(t, http.StatusNotFound,
		w.eva.post(ticketPath("TK-22222")+"/reply", "text", "x", "act", "send").status)
	require.Equal(t, 1, w.Count(t, "SELECT count(*) FROM tickets"))
}

// An account that has JumpStart alone asks on its page, is answered by it, and reads what it does
// not cover; once it is over, the page says so and what helps (R29, R30b).
func TestR32b_R30b_JumpStartAloneAnswersOnItsOwnPage(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		bundle := storetest.FormFor("PO-ALONE", "Beta SA", "bia@beta.example")
		bundle.Lines = []ordering.OrderLine{{SKU: "TAP-BUNDLE-TEAMS", Quantity: 1}}
		o := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), bundle)
		bia := w.member(*o.AccountID, "lia@beta.example", identity.RoleAdmin)
		jumpStart := w.Strings(t, "SELECT id FROM service_contracts WHERE type = 'JUMPSTART' "+
			"AND account_id = '"+*o.AccountID+"'")[0]
		link := "/tickets/new?contract=" + jumpStart
		require.Contains(t, bia.get("/contracts/"+jumpStart).body, link)
		require.Equal(t, http.StatusOK, bia.get(link).status)

		form := []string{
			"contract", jumpStart, "usable", "PARTLY", "category", "SETUP", "summary", "Setting up",
			"text", "How does it go on?", "once", "once_1",
		}
		asked := bia.post(newTicketPath, form...)
		require.Contains(t, asked.body, "JumpStart covers setting up alone")
		require.Contains(t, asked.body, "We answer first by")
		require.NotContains(t, asked.body, "You asked for support by JumpStart.")
		sent := bia.post(newTicketPath,
			append(form, "shown", "//"+jumpStart+"/SETUP/PARTLY", "act", "send")...)
		require.NotContains(t, sent.body, "You asked for support by JumpStart.")
		require.Equal(t, "JUMPSTART", w.onlyTicket().PolicyCode)

		other := append([]string{}, form...)
		other[5], other[11] = "HARDWARE", "once_2"
		refused := bia.post(newTicketPath, other...)
		require.Contains(t, refused.body, "Nothing covers this now")

		w.Calendar.Set(w.Calendar.Now().Add(100 * 24 * time.Hour))
		bia = w.member(*o.AccountID, "rita@beta.example", identity.RoleAdmin)
		require.NotContains(t, bia.get("/contracts/"+jumpStart).body, link, "it is over")
		late := append([]string{}, form...)
		late[11] = "once_3"
		over := bia.post(newTicketPath, late...)
		require.NotContains(t, over.body, "We answer first by")
		require.Contains(t, over.body, "JumpStart helps with setting up")
		require.Len(t, w.Strings(t, "SELECT id FROM tickets"), 1)
	})
}
