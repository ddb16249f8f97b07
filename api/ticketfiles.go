package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/note"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
)

// maxFileBody is how large the request of a file is: 10 MiB as base64, and what is around it.
const maxFileBody = checks.MaxFile/3*4 + 64<<10

// mediaFile is the media type by which any file is described.
const mediaFile = "application/octet-stream"

// ticketFileHandlers answer what is asked about the files of tickets (S43). Those of notes are
// operators' alone (S42).
type ticketFileHandlers struct {
	tickets     *ticket.Tickets
	notes       *note.Notes
	attachments *attachment.Attachments
}

func (h ticketFileHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Tickets",
		Scope:      TicketsRead,
		Capability: rules.UseTickets,
		NoSellers:  true,
	}
	write := read
	write.Scope = TicketsWrite

	mountJSON(api, write.post("attach-to-ticket", "/v1/tickets/{id}/files",
		"Attach a file to a message or a note that you wrote").
		answers(http.StatusCreated).idempotent().upTo(maxFileBody).refuses(404, 409), h.attach)
	mount(api, read.get("get-ticket-file", "/v1/ticket-files/{id}", "Download a file of a ticket").
		refuses(404, 409, 410).produces(mediaFile), h.download)
}

// TicketFile is a file that hangs on a message or a note.
type TicketFile struct {
	ID        string              `json:"id" doc:"Id of the file"`
	Name      string              `json:"name" doc:"What it is called; display text alone"`
	MediaType string              `json:"media_type,omitempty" doc:"What it is, by its content; missing: it was not taken"`
	Size      int64               `json:"size" doc:"In bytes"`
	State     attachment.Standing `json:"state" enum:"READY,CHECKING,BLOCKED,GONE,REFUSED" doc:"READY can be downloaded; CHECKING waits for the scanner; BLOCKED holds something harmful; the content of GONE was deleted; REFUSED came by mail and was not taken"`
	Refusal   string              `json:"refusal,omitempty" enum:"ATTACHMENT_REFUSED,ATTACHMENT_TOO_LARGE" doc:"REFUSED: the code that says why"`
}

func (h ticketFileHandlers) fileView(f attachment.Hanging) TicketFile {
	return TicketFile{
		ID:        f.ID,
		Name:      f.Name,
		MediaType: f.MediaType,
		Size:      f.Size,
		State:     h.attachments.StandingOf(f),
		Refusal:   f.Code,
	}
}

// filesOf lists the files of a ticket by what they hang on.
func (h ticketFileHandlers) filesOf(
	ctx context.Context, ticketID string,
) (map[string][]TicketFile, error) {
	files, err := h.attachments.OfGroup(ctx, ticketID)
	out := map[string][]TicketFile{}
	for _, f := range files {
		out[f.OwnerID] = append(out[f.OwnerID], h.fileView(f))
	}
	return out, err
}

// TicketFileRequest is a file.
type TicketFileRequest struct {
	MessageID string `json:"message_id" doc:"Id of the message that you wrote, or of the first one of a ticket that you opened for somebody; of operators also of their note"`
	Name      string `json:"name" doc:"What the file is called, with its ending"`
	Content   string `json:"content" doc:"The file in base64 (RFC 4648, with padding); at most 10 MiB of content"`
}

func (h ticketFileHandlers) attach(
	ctx context.Context, in *IDInput, r TicketFileRequest,
) (*one[TicketFile], error) {
	content, err := base64.StdEncoding.DecodeString(r.Content)
	if err != nil {
		return nil, rules.Invalid([]rules.FieldError{{
			Pointer: "/content",
			Code:    "INVALID_BASE64",
			Message: "The content is no base64.",
			Remedy:  "Send it in base64 with padding, on one line.",
		}})
	}
	hang := h.tickets.Attach
	if db.KindOf(r.MessageID) == db.PrefixTicketNote {
		hang = h.notes.Attach
	}
	a, err := hang(ctx, in.ID, r.MessageID, attachment.Upload{
		Name:    r.Name,
		Content: bytes.NewReader(content),
	})
	return single(a, err, func(a attachment.Attachment) TicketFile {
		return h.fileView(attachment.Hanging{
			ID:        a.ID,
			Name:      a.Name,
			MediaType: a.MediaType,
			Size:      a.Size,
			ScanState: a.ScanState,
			Gone:      a.GoneAt != nil,
		})
	})
}

// sentFile is a file of somebody's, which may hold anything: a browser keeps it, and does not
// open it.
type sentFile struct {
	ContentType string `header:"Content-Type" doc:"What it is, by its content"`
	Disposition string `header:"Content-Disposition" doc:"Name under which a browser saves the file"`
	Policy      string `header:"Content-Security-Policy" doc:"Always a sandbox in which nothing runs"`
	NoSniff     string `header:"X-Content-Type-Options" doc:"Always nosniff"`
	Sharing     string `header:"Cross-Origin-Resource-Policy" doc:"Always same-origin"`
	Cache       string `header:"Cache-Control" doc:"How long the answer may be kept"`
	Body        []byte
}

func (h ticketFileHandlers) download(ctx context.Context, in *IDInput) (*sentFile, error) {
	a, content, err := h.tickets.OpenFile(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(content) // at most 10 MiB
	if err != nil {
		return nil, err
	}
	return &sentFile{
		ContentType: a.MediaType,
		Disposition: checks.Disposition(a.Name),
		Policy:      "default-src 'none'; sandbox",
		NoSniff:     "nosniff",
		Sharing:     "same-origin",
		Cache:       "private, no-store",
		Body:        body,
	}, nil
}
