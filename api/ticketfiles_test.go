package api_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web/uploadtest"
)

// fileOf attaches a file to a ticket in somebody's name, with a comment of theirs.
func (h *house) fileOf(t *testing.T, ticketID string, who context.Context) (file, message string) {
	t.Helper()
	_, err := h.Tickets.Do(who, ticketID, ticket.Command{
		Name:  rule.DoComment,
		Text:  "See the file.",
		Files: []attachment.Upload{{Name: "sala.log", Content: strings.NewReader("no signal")}},
	})
	require.NoError(t, err)
	files, err := h.Attachments.OfGroup(who, ticketID)
	require.NoError(t, err)
	last := files[len(files)-1]
	return last.ID, last.OwnerID
}

// lastMessage is the id of what was said last in a ticket.
func lastMessage(d api.TicketDetail) (id string) {
	for _, e := range d.Entries {
		if e.Message != nil {
			id = e.Message.ID
		}
	}
	return id
}

func TestS43_FilesOfTicketsByTheAPI(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	path := "/v1/tickets/" + h.OpenedTicket(t, c).ID
	reader := h.customer(c.Account, rules.CustomerReadOnly)
	said := as[api.TicketDetail](t, reader.post(path+"/messages", map[string]any{"text": "A log."}), 200)
	body := func(name, content string) map[string]any {
		return map[string]any{
			"message_id": lastMessage(said),
			"name":       name,
			"content":    base64.StdEncoding.EncodeToString([]byte(content)),
		}
	}

	file := as[api.TicketFile](t, reader.post(path+"/files", body("sala \"1\".log", "no signal")), 201)
	again := as[api.TicketFile](t, reader.post(path+"/files", body("sala \"1\".log", "no signal")), 201)
	require.Equal(t, file, again)
	for _, who := range []client{reader, h.Lead} {
		read := as[api.TicketDetail](t, who.get(path), 200)
		last := read.Entries[len(read.Entries)-1]
		require.Equal(t, []api.TicketFile{file}, last.Message.Attachments)
		got := who.get("/v1/ticket-files/" + file.ID)
		require.Equal(t, 200, got.Status)
		require.Equal(t, "no signal", string(got.Body))
		require.Equal(t, "text/plain", got.Header.Get("Content-Type"))
		require.Equal(t, "nosniff", got.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "default-src 'none'; sandbox", got.Header.Get("Content-Security-Policy"))
		require.Contains(t, got.Header.Get("Content-Disposition"), "attachment; filename=")
	}

	problem(t, reader.post(path+"/files", body("x.html", "<html></html>")), 415, checks.Refused)
	problem(t, reader.post(path+"/files", body("x.txt", strings.Repeat("x", checks.MaxFile+1))), 413,
		checks.TooLarge)
	wrong := body("x.txt", "")
	wrong["content"] = "no base64"
	problem(t, reader.post(path+"/files", wrong), 422, rules.ValidationFailed)
	problem(t, h.Lead.post(path+"/files", body("x.txt", "two")), 404, rules.NotFound)

	// Another account has neither the ticket nor its files.
	form := storetest.Form("PO-STRANGER")
	form.EndCustomer.Company = "Globex Ltda."
	other := h.Env.Fulfilled(t, h.Env.Reseller(t, "Revenda Norte"), form)
	stranger := h.customer(*other.AccountID, rules.CustomerAdmin)
	problem(t, stranger.get("/v1/ticket-files/"+file.ID), 404, rules.NotFound)
	problem(t, stranger.post(path+"/files", body("x.txt", "two")), 404, rules.NotFound)
	problem(t, reader.get("/v1/ticket-files/fil_none"), 404, rules.NotFound)

	// What hangs on a note is in the operators' answers alone (S42).
	_, err := h.Notes.Add(storetest.Operator(), said.ID, "Difficult.", "", 0,
		attachment.Upload{Name: "canary.txt", Content: strings.NewReader("canary")})
	require.NoError(t, err)
	notes := as[api.TicketDetail](t, h.Lead.get(path), 200).Notes
	require.Len(t, notes[0].Attachments, 1)
	require.Equal(t, 200, h.Lead.get("/v1/ticket-files/"+notes[0].Attachments[0].ID).Status)
	problem(t, reader.get("/v1/ticket-files/"+notes[0].Attachments[0].ID), 404, rules.NotFound)
	require.NotContains(t, string(reader.get(path).Body), "canary")

	// An agent hangs files on their note, and on the message of a ticket that they opened.
	noted := as[api.TicketNote](t, h.Lead.post(path+"/notes", map[string]any{"text": "A trace."}), 201)
	trace := body("trace.txt", "canary")
	trace["message_id"] = noted.ID
	own := as[api.TicketFile](t, h.Lead.post(path+"/files", trace), 201)
	require.Equal(t, own, as[api.TicketFile](t, h.Lead.post(path+"/files", trace), 201))
	notes = as[api.TicketDetail](t, h.Lead.get(path), 200).Notes
	require.Equal(t, []api.TicketFile{own}, notes[1].Attachments)
	problem(t, reader.post(path+"/files", trace), 404, rules.NotFound)
	problem(t, reader.get("/v1/ticket-files/"+own.ID), 404, rules.NotFound)
	require.NotContains(t, string(reader.get(path).Body), "canary")
	trace["message_id"] = notes[0].ID
	problem(t, h.Lead.post(path+"/files", trace), 404, rules.NotFound)
	called := as[api.TicketDetail](t, h.Lead.post("/v1/tickets", map[string]any{
		"room_id":  c.Room.ID,
		"category": "HARDWARE",
		"usable":   "PARTLY",
		"summary":  "No picture",
		"text":     "It stays dark.",
		"for":      c.Admin.ID,
	}), 201)
	trace["message_id"] = called.Entries[1].Message.ID
	problem(t, h.Lead.post(path+"/files", trace), 404, rules.NotFound)
	as[api.TicketFile](t, h.Lead.post("/v1/tickets/"+called.ID+"/files", trace), 201)
	require.Contains(t, string(reader.get("/v1/tickets/"+called.ID).Body), "trace.txt")

	// Nothing is handed out before the scanner's verdict.
	h.Attachments.Scanned = true
	problem(t, reader.get("/v1/ticket-files/"+file.ID), 409, checks.NotChecked)
	waiting := as[api.TicketDetail](t, reader.get(path), 200)
	require.Equal(t, attachment.StandsChecking,
		waiting.Entries[len(waiting.Entries)-1].Message.Attachments[0].State)
}

// A body that says that it is larger than its operation takes is refused before it is read, with
// how much the operation takes.
func TestS43_S35_ABodyThatIsTooLargeIsRefusedBeforeItIsRead(t *testing.T) {
	h := sqlite(t)
	c := h.Covered(t)
	admin := h.customer(c.Account, rules.CustomerAdmin)
	for path, door := range map[string]struct {
		who                client
		media, begin, says string
	}{
		"/v1/tickets/" + h.OpenedTicket(t, c).ID + "/files": {
			admin, "application/json", `{"message_id":"m","name":"a.log","content":"`, "13 MiB",
		},
		"/v1/orders/import": {h.Seller, "text/csv", "po_number;", "32 MiB"},
		"/v1/rooms/import":  {admin, "text/csv", "room,country\n", "32 MiB"},
		"/v1/orders":        {h.Seller, "application/json", `{"po_number":"`, "1 MiB"},
	} {
		r, err := http.NewRequest(http.MethodPost, h.URL+path, nil)
		require.NoError(t, err)
		r.Header.Set("Content-Type", door.media)
		r.Header.Set("Authorization", "Bearer "+door.who.token)
		status, body := uploadtest.Begin(t, r, door.begin)
		require.Equal(t, http.StatusRequestEntityTooLarge, status, path+body)
		require.Contains(t, body, `"BODY_TOO_LARGE"`, path)
		require.Contains(t, body, "at most "+door.says+".", path)
		require.Contains(t, body, "Send less at a time, or a smaller file.", path)
	}
}
