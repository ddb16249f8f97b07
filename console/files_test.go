package console

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web/uploadtest"
)

// upload sends a form with a file.
func (b *browser) upload(path, name string, content []byte, pairs ...string) reply {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		require.NoError(b.t, w.WriteField(pairs[i], pairs[i+1]))
	}
	part, err := w.CreateFormFile("files", name)
	require.NoError(b.t, err)
	_, err = part.Write(content)
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	req, err := http.NewRequest(http.MethodPost, b.url+path, &body)
	require.NoError(b.t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

var fileLink = regexp.MustCompile(`href="(/console/files/fil_[0-9a-z]+)">`)

// An agent attaches files to replies and notes; those of a note never reach a customer (S42).
func TestS43_S42_AgentsAttachFilesToRepliesAndNotes(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		tk := w.OpenedTicket(t, c)
		b := w.agent()
		path := ticketPath(tk.Number)

		page := b.get(path)
		wrong := b.upload(path+"/reply", "x.html", []byte("<html></html>"),
			replyForm(page, "text", "See the guide.")...)
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
		require.Contains(t, wrong.body, "x.html is of a kind that is not taken")
		require.Contains(t, wrong.body, "See the guide.</textarea>")
		big := b.upload(path+"/notes", "big.txt", bytes.Repeat([]byte("x"), checks.MaxFile+1),
			"once", hiddenIn(page.body, "once"), "text", "Look at this.")
		require.Equal(t, http.StatusUnprocessableEntity, big.status)
		require.Contains(t, big.body, "big.txt is larger than 10 MB")
		require.Contains(t, big.body, "Look at this.</textarea>")

		sent := b.upload(path+"/reply", "guide.txt", []byte("turn it on"),
			replyForm(page, "text", "See the guide.")...)
		require.Contains(t, sent.body, "guide.txt")
		noted := b.upload(path+"/notes", "canary.txt", []byte("canary7731"),
			"once", hiddenIn(sent.body, "once"), "text", "Look at this.")
		require.Contains(t, noted.body, "canary.txt")

		links := fileLink.FindAllStringSubmatch(noted.body, -1)
		require.Len(t, links, 2)
		for _, link := range links {
			got := b.get(link[1])
			require.Equal(t, http.StatusOK, got.status)
			require.Contains(t, []string{"turn it on", "canary7731"}, got.body)
		}
		require.NoError(t, w.Exec("UPDATE ticket_messages SET undo_until = NULL"))
		files, err := w.Domains.Attachments.OfGroup(storetest.Customer(c.Account), tk.ID)
		require.NoError(t, err)
		require.Len(t, files, 1)
		require.Equal(t, "guide.txt", files[0].Name)
	})
}

func TestS40_AnAgentTakesAReplyBack(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.Covered(t)
		tk := w.OpenedTicket(t, c)
		ari, lena := w.signedIn(byRole[rules.OperatorAgent]), w.signedIn(byRole[rules.OperatorLead])
		path := ticketPath(tk.Number)
		send := func() reply {
			return ari.post(path+"/reply", replyForm(ari.get(path), "text", "Wrong customer.")...)
		}

		sent := send()
		require.Contains(t, sent.body, `action="`+path+`/undo"`)
		require.Contains(t, lena.post(path+"/undo").body, "Too late", "only who sent it takes it back")
		back := ari.post(path + "/undo")
		require.Contains(t, back.body, "Taken back.")
		require.Contains(t, back.body, "Wrong customer.</textarea>", "the words are there again")
		require.Contains(t, back.body, "taken back before it left")
		require.Equal(t, rule.New, w.atDesk(tk.Number).State)
		require.Contains(t, w.verbs(tk.ID), "ticket.answer_taken_back")
		require.Contains(t, ari.post(path+"/undo").body, "Too late", "pressed twice")
		shown, err := w.Domains.Tickets.Show(storetest.Customer(c.Account), tk.ID)
		require.NoError(t, err)
		for _, e := range shown.Entries {
			require.False(t, e.Message != nil && e.Message.Text == "Wrong customer.")
		}

		send()
		require.NoError(t, w.Exec("UPDATE ticket_messages SET undo_until = '2020-01-01 00:00:00+00:00' "+
			"WHERE undo_until IS NOT NULL"))
		require.Contains(t, ari.post(path+"/undo").body, "Too late")
		require.Equal(t, http.StatusNotFound, ari.post(ticketsPath+"/TK-00000/undo").status)
	})
}

func TestCannedRepliesAreWrittenByLeadsAndFilledInByAgents(t *testing.T) {
	w := issuerWorld(t)
	c := w.Covered(t)
	tk := w.OpenedTicket(t, c)
	lead, ari := w.signedIn(byRole[rules.OperatorLead]), w.signedIn(byRole[rules.OperatorAgent])
	form := []string{
		"name", "Restart", "english", "Please restart {room} of {customer}.",
		"portuguese", "Reinicie {room} de {customer}.", "reason", "The desk asks for it",
	}
	wrong := append([]string{}, form...)
	wrong[3] = "Please restart {rooom}."
	refused, _ := lead.shown(settingsPath+"/new-reply", wrong...)
	require.Contains(t, refused.body, "is no variable that is filled in")
	lead.made(settingsPath+"/new-reply", form...)
	all, err := w.Domains.Tickets.CannedReplies(w.system(), true)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Contains(t, lead.get(repliesPath).body, "Restart")

	page := ari.get(ticketPath(tk.Number))
	filled := ari.post(ticketPath(tk.Number)+"/canned",
		replyForm(page, "text", "Hello,", "canned", all[0].ID)...)
	require.Equal(t, http.StatusOK, filled.status)
	require.Contains(t, filled.body, "Hello,\n\n")
	require.Contains(t, filled.body, c.Room.Name)
	require.NotContains(t, filled.body, "{room}")
	_, err = w.Domains.Tickets.Do(storetest.Operator(), tk.ID, ticket.Command{Name: rule.DoCancel})
	require.NoError(t, err)
}

// A form that says that it is too large is refused before it is read, beside the field and with
// the remedy; what was typed in front of the file stays.
func TestS43_AnAgentsFormThatIsTooLargeIsRefusedBeforeItIsRead(t *testing.T) {
	w := issuerWorld(t)
	tk := w.OpenedTicket(t, w.Covered(t))
	b := w.agent()
	path := ticketPath(tk.Number)
	page := b.get(path)
	for door, fields := range map[string][]string{
		path + "/reply": replyForm(page, "text", "See the guide."),
		path + "/notes": {"once", hiddenIn(page.body, "once"), "text", "See the guide."},
	} {
		r, err := http.NewRequest(http.MethodPost, b.url+door, nil)
		require.NoError(t, err)
		r.Header.Set("Content-Type", uploadtest.FormType)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Accept-Language", "en")
		for _, c := range b.client.Jar.Cookies(r.URL) {
			r.AddCookie(c)
		}
		status, body := uploadtest.Begin(t, r, uploadtest.Form("files", "video.mp4", "", fields...))
		require.Equal(t, http.StatusUnprocessableEntity, status, door)
		require.Contains(t, body, "too large to be read at all", door)
		require.Contains(t, body, "Choose smaller ones.", door)
		require.Contains(t, body, "See the guide.</textarea>", door)
	}
	require.Zero(t, w.Count(t, "SELECT count(*) FROM attachments"))
}
