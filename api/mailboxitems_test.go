package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

const mailboxPath = "/v1/mailbox-items"

// written has somebody write to the mailbox, and returns the item's id.
func (h *house) written(t *testing.T, from, text string) string {
	t.Helper()
	letter := fmt.Sprintf("From: <%s>\r\nTo: <help@support.example>\r\nSubject: Convite\r\n"+
		"Message-ID: <%s>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", from, db.NewID("m"), text)
	raw, err := mailbox.ReadRaw(strings.NewReader(letter), mailbox.MaxMail)
	require.NoError(t, err)
	id, _, err := h.Domains.Mailbox.Receive(t.Context(),
		inbound.Envelope{From: from, To: "help@support.example", Known: true}, raw)
	require.NoError(t, err)
	require.NoError(t, h.Domains.Mailbox.Sort(t.Context(), id))
	items, _, err := h.Domains.Mailbox.ListItems(storetest.Operator(),
		mailbox.ItemFilter{Page: db.Page{Limit: 1}})
	require.NoError(t, err)
	return items[0].ID
}

// mailboxWorld is what the examples of the mailbox's items are about.
func (h *house) mailboxWorld(t *testing.T) map[string]func() (client, string) {
	n := 0
	item := func() string {
		n++
		return h.written(t, fmt.Sprintf("ana%d@acme.example", n), "Perdi o convite. Podem enviar de novo?")
	}
	return map[string]func() (client, string){
		"list-mailbox-items": func() (client, string) { item(); return h.Lead, mailboxPath + "?state=OPEN&limit=1" },
		"get-mailbox-item":   func() (client, string) { return h.Lead, mailboxPath + "/" + item() },
		"get-mailbox-mail":   func() (client, string) { return h.Lead, mailboxPath + "/" + item() + "/mail" },
		"act-on-mailbox-item": func() (client, string) {
			return h.Lead, mailboxPath + "/" + item() + "/commands/answer"
		},
	}
}

// S56 over the API: an item is read with its text and what can be done; a command says which
// version it is about; what sends a link elsewhere waits for a second proof.
func TestS56_ItemsAreDecidedOverTheAPI(t *testing.T) {
	h := sqlite(t)
	o := h.Seller.accepted(storetest.Form("PO-1"))
	h.fulfil(o.ID)
	inv := h.InvitationOf(t, o.ID)
	id := h.written(t, "novo@alfa.example", "O convite foi para a pessoa errada")
	path := mailboxPath + "/" + id

	list := as[items[api.MailboxItemView]](t, h.Lead.get(mailboxPath+"?state=OPEN&kind=WRONG_PERSON"), 200)
	require.Len(t, list.Items, 1)
	a := h.Lead.get(path + "?order_id=" + o.ID)
	i := as[api.MailboxItemDetail](t, a, 200)
	require.Equal(t, "O convite foi para a pessoa errada", i.Text)
	require.Equal(t, inv.ID, i.Invitations[0].ID)
	require.Equal(t, "redirect", i.Suggested)
	raw := h.Lead.get(path + "/mail")
	require.Equal(t, "message/rfc822", raw.Header.Get("Content-Type"))
	require.Contains(t, string(raw.Body), "Subject: Convite")

	act := func(command, tag string, body map[string]any) answer {
		return h.Lead.send("POST", path+"/commands/"+command, body, "If-Match", tag)
	}
	redirect := map[string]any{
		"invitation_id": inv.ID, "email": "novo@alfa.example", "contact_name": "Ana Nova", "reason": "asked by mail",
	}
	problem(t, act("redirect", "", redirect), 428, rules.VersionMissing)
	problem(t, act("redirect", a.Header.Get("ETag"), redirect), 409, rules.StateConflict)
	problem(t, act("nothing", a.Header.Get("ETag"), map[string]any{}), 404, rules.NotFound)

	for field, command := range map[string]string{"text": "spam", "reason": "answer"} {
		lost := act(command, a.Header.Get("ETag"), map[string]any{field: "Kept nowhere."})
		problem(t, lost, 422, rules.ValidationFailed)
		require.Contains(t, string(lost.Body), `"/`+field+`"`)
	}

	sent := act("send_code", a.Header.Get("ETag"), map[string]any{"invitation_id": inv.ID})
	require.NotContains(t, string(sent.Body), "hash")
	tag := sent.Header.Get("ETag")
	problem(t, act("spam", `"1"`, map[string]any{}), 412, rules.VersionMismatch)
	code := h.DB.Secrets().OneTimeCode(h.Mails(t, rules.TemplateMailboxCode)[0].SubjectID)
	proved := act("prove", tag, map[string]any{"code": code})
	require.Equal(t, mailbox.CodeProof, as[api.MailboxItemDetail](t, proved, 200).Proof)
	done := as[api.MailboxItemDetail](t, act("redirect", proved.Header.Get("ETag"), redirect), 200)
	require.Equal(t, mailbox.RecipientChanged, done.Decision)
	problem(t, act("spam", fmt.Sprintf(`"%d"`, done.Version), map[string]any{}), 409, rules.StateConflict)
	problem(t, h.Lead.get(mailboxPath+"/inb_none"), 404, rules.NotFound)
}
