package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
)

// syncHelpHandlers answer programs beside a customer's Sync that ask for help with a room, with a
// token or a signature.
type syncHelpHandlers struct {
	tickets ticketHandlers
}

func (h syncHelpHandlers) routes(api huma.API) {
	write := route{
		Tag:        "Tickets",
		Scope:      TicketsWrite,
		Capability: rules.UseTickets,
		NoSellers:  true,
	}
	mountJSON(api, write.post("ask-for-sync-help", "/v1/integrations/sync/help-requests",
		"Ask for help with a room that Sync says is down").
		answers(http.StatusCreated).idempotent().orSigned().refuses(404, 409).upTo(maxHelp), h.ask)
}

// SyncHelpRequest names a room that Sync says is down.
type SyncHelpRequest struct {
	AccountID string `json:"account_id,omitempty" doc:"Id of the account; the room tells whose it is"`
	RoomID    string `json:"room_id,omitempty" doc:"Id of the room; or leave it out and send link"`
	Link      string `json:"link,omitempty" doc:"The signed part of the room's link for Sync, as the portal shows it, instead of room_id"`
	Text      string `json:"text,omitempty" doc:"What you add in your words; missing: that Sync says so. At most 20,000 characters"`
}

type syncHelpOutput struct {
	Status int
	Body   TicketDetail
}

func (h syncHelpHandlers) ask(
	ctx context.Context, in *SignedInput, r SyncHelpRequest,
) (*syncHelpOutput, error) {
	roomID := r.RoomID
	if (roomID == "") == (r.Link == "") {
		return nil, rules.Invalid([]rules.FieldError{{
			Pointer: "/room_id",
			Code:    rules.Required,
			Message: "Neither or both of room_id and link are named.",
			Remedy:  "Send either room_id, or the signed part of the room's link.",
		}})
	}
	if roomID == "" {
		named, err := h.tickets.tickets.RoomOfHelpLink(ctx, r.Link)
		if err != nil {
			return nil, err
		}
		roomID = named
	}

	t, made, err := h.tickets.tickets.AskForHelp(ctx, ticket.Help{
		AccountID: accountOf(ctx, r.AccountID),
		RoomID:    roomID,
		Text:      r.Text,
		Once:      onceName(ctx),
	})
	if err != nil {
		return nil, refusedCover(ctx, err)
	}
	detail, err := h.tickets.detail(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	if in.Connection != "" {
		withoutPeople(&detail.Body)
	}
	out := &syncHelpOutput{Status: http.StatusOK, Body: detail.Body}
	if made {
		out.Status = http.StatusCreated
	}
	return out, nil
}

// withoutPeople leaves out what people said to each other about a ticket that was there already:
// who has a connection's secret may ask for help, and is no member of the account.
func withoutPeople(t *TicketDetail) {
	t.Entries = []TicketEntry{}
	t.Watchers = []string{}
}

// TicketSnapshot is how a room was when help was asked for; it never changes.
type TicketSnapshot struct {
	CapturedAt time.Time `json:"captured_at" doc:"When it was taken; an instant in UTC"`
	SHA256     string    `json:"sha256" doc:"SHA-256 of content, in hex"`
	Content    string    `json:"content" doc:"JSON, octet for octet as it was hashed: room, site, state and, of each device, name, serial, version, status, health and when it was last seen"`
}

// snapshotOf is the snapshot of a ticket from Sync; nil: it has none.
func (h ticketHandlers) snapshotOf(
	ctx context.Context, t ticket.Ticket,
) (*TicketSnapshot, error) {
	s, err := h.tickets.SnapshotOf(ctx, t)
	if err != nil || s == nil {
		return nil, err
	}
	return &TicketSnapshot{
		CapturedAt: s.CapturedAt,
		SHA256:     s.SHA256,
		Content:    s.Content,
	}, nil
}
