package portal

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web/uploadtest"
)

var fileLink = regexp.MustCompile(`href="(/files/fil_[0-9a-z]+)">`)

// replied is the form of a reply to the account's only ticket.
func (w ticketWorld) replied(once string, more ...string) (string, []string) {
	t := w.onlyTicket()
	return ticketPath(t.Number) + "/reply", append([]string{
		"text", "Here is the log.", "act", "send", "once", once, "version", fmt.Sprint(t.Version),
	}, more...)
}

func TestS43_FilesComeWithAReplyAndWithANewTicket(t *testing.T) {
	eachTicketWorld(t, func(t *testing.T, w ticketWorld) {
		form := w.bruno.post(newTicketPath, aTicket(w.Room.ID)...)
		require.Contains(t, form.body, `type="file"`, "once it is known what is promised")
		require.NotContains(t, w.bruno.get(newTicketPath+"?room="+w.Room.ID).body, `type="file"`)

		wrong := w.bruno.upload(newTicketPath, "page.html", []byte("<html></html>"), sentTicket(w.Room.ID)...)
		require.Equal(t, http.StatusUnprocessableEntity, wrong.status)
		require.Contains(t, wrong.body, "page.html is of a kind that is not taken")
		require.Contains(t, wrong.body, "choose your files again")
		require.Contains(t, wrong.body, "The left screen stays dark.", "what was typed stays")
		require.Zero(t, w.Count(t, "SELECT count(*) FROM tickets"))
		opened := w.bruno.upload(newTicketPath, "sala.log", []byte("no signal"), sentTicket(w.Room.ID)...)
		require.Contains(t, opened.body, "sala.log")

		path, reply := w.replied("once_2")
		sent := w.bruno.upload(path, "two.csv", []byte("1,2"), reply...)
		require.Contains(t, sent.body, "two.csv")
		require.Contains(t, sent.body, "1 KB")

		links := fileLink.FindAllStringSubmatch(w.eva.get(ticketPath(w.onlyTicket().Number)).body, -1)
		require.Len(t, links, 2, "the whole team opens them")
		got := w.eva.get(links[0][1])
		require.Equal(t, "no signal", got.body)
		require.Equal(t, "default-src 'none'; sandbox", got.header.Get("Content-Security-Policy"))
		require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
		require.Contains(t, got.header.Get("Content-Disposition"), "attachment")
		require.Equal(t, http.StatusNotFound, w.eva.get(links[0][1]+"/picture").status, "it is none")

		gil, _ := w.site("gil@globex.example")
		require.Equal(t, http.StatusNotFound, gil.get(links[0][1]).status)
		require.Equal(t, "/sign-in", w.guest().get(links[0][1]).path)
	})
}

// A file that is refused is named with what is wrong with it; the words, and the others' files,
// stay.
func TestS43_ARefusedFileLosesNothingThatWasTyped(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	w.bruno.post(newTicketPath, sentTicket(w.Room.ID)...)
	path, form := w.replied("once_2")
	for name, content := range map[string]struct {
		bytes []byte
		says  string
	}{
		"a.svg":  {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "a.svg is of a kind that is not taken"},
		"b.txt":  {bytes.Repeat([]byte("x"), checks.MaxFile+1), "b.txt is larger than 10 MB"},
		"c.log":  {nil, "c.log is empty"},
		"d.png":  {[]byte("<html><script>x</script></html>"), "d.png is of a kind that is not taken"},
		"../e.x": {[]byte("text"), "e.x is of a kind that is not taken"},
	} {
		r := w.bruno.upload(path, name, content.bytes, form...)
		require.Equal(t, http.StatusUnprocessableEntity, r.status, name)
		require.Contains(t, r.body, content.says)
		require.Contains(t, r.body, "Here is the log.</textarea>")
	}
	require.Zero(t, w.Count(t, "SELECT count(*) FROM attachments"))
	require.Contains(t, w.bruno.get(ticketPath(w.onlyTicket().Number)).body, "Here is the log.</textarea>",
		"it is kept as a draft, too")

	// The ticket is full.
	sent := w.bruno.upload(path, "ok.txt", []byte("fine"), form...)
	require.Equal(t, http.StatusOK, sent.status)
	require.NoError(t, w.Exec(fmt.Sprintf("UPDATE attachment_quotas SET bytes = %d WHERE owner_id = '%s'",
		checks.MaxGroup, w.onlyTicket().ID)))
	path, form = w.replied("once_3")
	full := w.bruno.upload(path, "more.txt", []byte("more"), form...)
	require.Equal(t, http.StatusUnprocessableEntity, full.status)
	require.Contains(t, full.body, "There is no room for more.txt")
	require.Contains(t, full.body, "Here is the log.</textarea>")
}

// What was typed with a file comes back after signing in again; the file has to be chosen again.
func TestS43_AFormWithFilesComesBackAfterSigningIn(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	w.bruno.post(newTicketPath, sentTicket(w.Room.ID)...)
	path, form := w.replied("once_2")
	require.NoError(t, w.Exec("DELETE FROM sessions"))
	out := w.bruno.upload(path, "sala.log", []byte(strings.Repeat("no signal\n", 20_000)), form...)
	require.Equal(t, "/sign-in", out.path)
	require.Zero(t, w.Count(t, "SELECT count(*) FROM attachments"))
	require.Contains(t, out.body, "with what you typed")
}

// Nothing is handed out before the scanner's verdict, and the page says how each file stands; a
// note's file is no customer's (S42).
func TestS43_S42_ThePageSaysHowAFileStands(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	w.Attachments.Scanned = true
	w.bruno.upload(newTicketPath, "sala.log", []byte("no signal"), sentTicket(w.Room.ID)...)
	tk := w.onlyTicket()
	_, err := w.Notes.Add(storetest.Operator(), tk.ID, "Difficult.", "", 0,
		attachment.Upload{Name: "canary.txt", Content: strings.NewReader("canary")})
	require.NoError(t, err)
	files, err := w.Attachments.OfGroup(storetest.Operator(), tk.ID)
	require.NoError(t, err)
	require.Len(t, files, 2)

	page := w.eva.get(ticketPath(tk.Number)).body
	require.Contains(t, page, "being scanned")
	require.NotContains(t, page, "canary")
	require.Empty(t, fileLink.FindAllString(page, -1))
	require.Equal(t, http.StatusConflict, w.eva.get("/files/"+files[0].ID).status)
	require.Equal(t, http.StatusNotFound, w.eva.get("/files/"+files[1].ID).status)
	require.NoError(t, w.Attachments.RecordVerdict(w.Context, files[0].ID,
		checks.Verdict{Outcome: checks.OutcomeInfected, Finding: "Eicar"}))
	page = w.eva.get(ticketPath(tk.Number)).body
	require.Contains(t, page, "refused by the scanner")
	require.Contains(t, w.eva.get("/files/"+files[0].ID).body, "The scanner refused this file")
}

// A reply that can still be taken back is shown to no customer.
func TestS40_AHeldReplyIsNotShownYet(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	w.bruno.post(newTicketPath, sentTicket(w.Room.ID)...)
	tk := w.did(w.onlyTicket().ID, ticket.Command{
		Name:     rule.DoAnswer,
		Text:     "We look into it.",
		Undoable: true,
	})
	require.NotContains(t, w.eva.get(ticketPath(tk.Number)).body, "We look into it.")
	require.NoError(t, w.Exec("UPDATE ticket_messages SET undo_until = '2020-01-01 00:00:00+00:00' "+
		"WHERE undo_until IS NOT NULL"))
	require.Contains(t, w.eva.get(ticketPath(tk.Number)).body, "We look into it.")
}

// begin sends the beginning of a form that says that it is very large.
func (g *guest) begin(path, begin string) (status int, body string) {
	g.t.Helper()
	r, err := http.NewRequest(http.MethodPost, g.url+path, nil)
	require.NoError(g.t, err)
	r.Header.Set("Content-Type", uploadtest.FormType)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept-Language", g.lang)
	for _, c := range g.client.Jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	status, body = uploadtest.Begin(g.t, r, begin)
	return status, strings.ReplaceAll(body, noBreak, " ")
}

// A form that says that it is too large is refused before it is read, beside the field and with
// the remedy; what was typed in front of the file stays.
func TestS43_S35_AFormThatIsTooLargeIsRefusedBeforeItIsRead(t *testing.T) {
	w := newTicketWorld(newWorld(t))
	status, body := w.bruno.begin(newTicketPath,
		uploadtest.Form("files", "video.mp4", "", sentTicket(w.Room.ID)...))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "too large to be read at all: a message takes 25 MB. Choose smaller ones.")
	require.Contains(t, body, `id="files-problem"`, "beside the field")
	require.Contains(t, body, "The left screen stays dark.")
	require.Zero(t, w.Count(t, "SELECT count(*) FROM tickets"))

	w.bruno.post(newTicketPath, sentTicket(w.Room.ID)...)
	path, form := w.replied("once_2")
	w.bruno.lang = "pt-BR"
	status, body = w.bruno.begin(path, uploadtest.Form("files", "video.mp4", "", form...))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `id="files-problem"`)
	require.Contains(t, body, "Here is the log.</textarea>")
	require.Zero(t, w.Count(t, "SELECT count(*) FROM attachments"))

	status, body = w.eva.begin(importPath, uploadtest.Form("file", "rooms.csv", "room,country\n"))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "larger than 32 MiB")
	require.Contains(t, body, `id="file" name="file"`)
	require.Contains(t, body, `aria-invalid="true"`)
	require.Zero(t, w.Count(t, "SELECT count(*) FROM import_jobs"))

	// Who may not send a file, or is not signed in, is told that, and nothing is read either.
	status, _ = w.bruno.begin(importPath, uploadtest.Form("file", "rooms.csv", ""))
	require.Equal(t, http.StatusForbidden, status)
	status, _ = w.guest().begin(importPath, uploadtest.Form("file", "rooms.csv", ""))
	require.Equal(t, http.StatusSeeOther, status)
}
