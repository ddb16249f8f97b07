package console

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// askedOnTheWeb is the item that somebody makes on the web, about the wrong person.
func (w *world) askedOnTheWeb(email, text string) mailbox.InboxItem {
	w.t.Helper()
	require.NoError(w.t, w.Domains.Mailbox.AskByForm(w.Context, mailbox.FormRequest{
		Email: email, Kind: inbound.WrongPerson, Text: text, Locale: "en",
	}))
	items, _, err := w.Domains.Mailbox.ListItems(w.system(), mailbox.ItemFilter{Page: db.Page{Limit: 1}})
	require.NoError(w.t, err)
	return items[0]
}

// acted types into the page of an action, reads what follows, and presses the last button.
func (b *browser) acted(page string, typed ...string) (shown, done reply) {
	opened := b.get(page)
	path := opened.path
	about := []string{"about", hiddenIn(opened.body, "about")}
	seen := []string{"seen", hiddenIn(opened.body, "seen")}
	typed = append(append(typed, about...), seen...)
	shown = b.post(path, append(typed, "shown", "no")...)
	done = b.post(path, append(typed, "shown", hiddenIn(shown.body, "shown"), "confirmed", "yes")...)
	return shown, done
}

// S56: what somebody wrote is shown as text, what is not proved leads nowhere and says why, and an
// invitation goes to another address after a noted call and a preview alone.
func TestS56_AnOperatorDecidesAboutARequest(t *testing.T) {
	w := issuerWorld(t)
	_, inv := storetest.FulfilledWithInvitation(t, w.Env)
	item := w.askedOnTheWeb("novo@acme.example", `Send it to <b>me</b> <script>alert(1)</script>`)
	b := w.signedIn(byRole[rules.OperatorAgent])
	task := w.Tasks(t, db.TaskMailboxRequest)[0]
	require.Contains(t, b.get(taskPath(task.ID)).body, inboxItemPath(item.ID), "the task leads to the item")
	require.Contains(t, b.get(queuePath).body, "novo@acme.example")
	require.Contains(t, b.get(inboxPath).body, "Wrong person invited")

	page := b.get(inboxItemPath(item.ID)).body
	require.Contains(t, page, "&lt;b&gt;me&lt;/b&gt;")
	require.NotContains(t, page, "<script>alert")
	require.Contains(t, page, "anybody can type any address")
	require.NotContains(t, page, "/do/redirect")

	page = b.get(inboxItemPath(item.ID) + "?find=" + inv.Email).body
	require.Contains(t, page, "A link to another address needs a second proof")
	require.NotContains(t, page, "/do/redirect")
	redirectTo := inboxItemPath(item.ID) + "/do/redirect?about=" + inv.ID
	person := []string{"email", "novo@acme.example", "contact_name", "Ana Nova", "reason", "asked on the web"}
	_, refused := b.acted(redirectTo, person...)
	require.Equal(t, http.StatusConflict, refused.status)
	require.Contains(t, refused.body, "not proved enough")

	_, done := b.acted(inboxItemPath(item.ID)+"/do/note_call", "text", "Ana, at the number on the order")
	require.Contains(t, done.body, "called back")
	require.Contains(t, b.get(inboxItemPath(item.ID)+"?find="+inv.Email).body, "/do/redirect")
	shown, done := b.acted(redirectTo, person...)
	require.Contains(t, shown.body, "stops working at once")
	require.Contains(t, shown.body, "goes to Ana Nova, novo@acme.example")
	require.Equal(t, queuePath, done.path)
	old, err := w.GetInvitation(w.system(), inv.ID)
	require.NoError(t, err)
	require.Equal(t, rules.InvitationWasReplaced, old.State)
	require.Contains(t, b.get(inboxItemPath(item.ID)).body, "Another person invited instead")
}

// S56: a code goes to the seller, and what the sender tells is held against it.
func TestS56_ACodeIsSentAndEnteredInTheConsole(t *testing.T) {
	w := issuerWorld(t)
	_, inv := storetest.FulfilledWithInvitation(t, w.Env)
	item := w.askedOnTheWeb("novo@acme.example", "Wrong person")
	b := w.signedIn(byRole[rules.OperatorAgent])
	shown, done := b.acted(inboxItemPath(item.ID) + "/do/send_code?about=" + inv.ID)
	require.Contains(t, shown.body, "pedidos@revendasul.example")
	require.Contains(t, done.body, "Enter the code")
	n := w.Mails(t, rules.TemplateMailboxCode)[0]
	code := w.DB.Secrets().OneTimeCode(n.SubjectID)
	require.NotContains(t, b.get(mailsPath+"/"+n.ID+"/letter").body, code, "the operator never sees it")

	_, done = b.acted(inboxItemPath(item.ID)+"/do/prove", "code", "12")
	require.Equal(t, http.StatusUnprocessableEntity, done.status)
	_, done = b.acted(inboxItemPath(item.ID)+"/do/prove", "code", code)
	require.Contains(t, done.body, "Told the code")
}

// Each action has a page, and what closes an item does it by a second button.
func TestS56_EachActionOfAnItemHasAPage(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	item := w.askedOnTheWeb(c.Admin.Email, "The screen is black")
	b := w.signedIn(byRole[rules.OperatorAgent])
	page := b.get(inboxItemPath(item.ID)).body
	for _, a := range []string{"answer", "spam", "note_call", "set_kind", "find", "open_ticket?about=" + c.Account} {
		require.Contains(t, page, "/do/"+a)
		require.Equal(t, http.StatusOK, b.get(inboxItemPath(item.ID)+"/do/"+a).status, a)
	}
	require.Equal(t, http.StatusNotFound, b.get(inboxItemPath(item.ID)+"/do/nothing").status)
	require.Equal(t, inboxItemPath(item.ID), b.post(inboxItemPath(item.ID)+"/do/find", "find", "x@y.example").path)

	_, done := b.acted(inboxItemPath(item.ID)+"/do/set_kind", "kind", string(inbound.Other))
	require.Contains(t, done.body, "Something else")
	shown, done := b.acted(inboxItemPath(item.ID)+"/do/open_ticket?about="+c.Account, "room", c.Room.ID,
		"category", "HARDWARE", "usable", "NO", "summary", "Black screen", "text", "The screen is black")
	require.Contains(t, shown.body, "A ticket of")
	require.Contains(t, done.path, ticketsPath+"/")
	require.Contains(t, done.body, "Black screen")

	item = w.askedOnTheWeb("eva@fremd.example", "Hello")
	shown, done = b.acted(inboxItemPath(item.ID)+"/do/answer", "language", "en", "text", "Write to your reseller.")
	require.Contains(t, shown.body, "eva@fremd.example")
	require.Equal(t, queuePath, done.path)
	require.Len(t, w.Mails(t, rules.TemplateMailboxAnswer), 1)
}
