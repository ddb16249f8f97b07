package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rulesession "roomcover.dev/roomcover/rules/session"
)

// sessionHandlers answer what is asked about the sessions of tickets (S46) and about who sees a
// ticket beside its account (S47).
type sessionHandlers struct {
	tickets *ticket.Tickets
}

func (h sessionHandlers) routes(api huma.API) {
	read := route{
		Tag:        "Tickets",
		Scope:      TicketsRead,
		Capability: rules.UseTickets,
		NoSellers:  true,
	}
	write := route{
		Tag:        "Tickets",
		Scope:      TicketsWrite,
		Capability: rules.UseTickets,
		NoSellers:  true,
	}
	desk := route{
		Tag:          "Tickets",
		Scope:        TicketsWrite,
		Capability:   rules.UseTickets,
		OperatorOnly: true,
	}
	const sessions, participants = "/v1/tickets/{id}/sessions", "/v1/tickets/{id}/participants"

	mount(api, read.get("list-sessions", sessions,
		"List the online sessions of a ticket, oldest first").refuses(404), h.list)
	mountJSON(api, desk.post("propose-session", sessions,
		"Propose the times of an online session to the customer").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.propose)
	mountJSON(api, write.post("act-on-session", sessions+"/{session_id}/commands/{command}",
		"Agree to an online session, schedule it, move it or call it off").
		idempotent().refuses(404, 409), h.act)
	mount(api, read.get("list-participants", participants,
		"List who sees a ticket beside its account").refuses(404), h.listParticipants)
	mountJSON(api, write.post("add-participant", participants,
		"Let a person of another company see one ticket until it is closed").
		answers(http.StatusCreated).idempotent().refuses(404, 409), h.addParticipant)
	mount(api, write.delete("remove-participant", participants+"/{participant_id}",
		"End at once what a participant sees of a ticket").
		answers(http.StatusNoContent).refuses(404, 409), h.removeParticipant)
}

// SessionSlot is a time of a session.
type SessionSlot struct {
	Start time.Time `json:"start" doc:"When it begins; an instant in UTC, to the minute"`
	End   time.Time `json:"end" doc:"When it ends, 15 minutes to 4 hours later; an instant in UTC"`
}

func slotsOf(slots []SessionSlot) []rulesession.Slot {
	return viewed(slots, func(s SessionSlot) rulesession.Slot {
		return rulesession.Slot{Start: s.Start, End: s.End}
	})
}

func slotViews(slots []rulesession.Slot) []SessionSlot {
	return viewed(slots, func(s rulesession.Slot) SessionSlot {
		return SessionSlot{Start: s.Start.UTC(), End: s.End.UTC()}
	})
}

// SessionView is an online session of a ticket.
type SessionView struct {
	ID        string               `json:"id" doc:"Id of the session, such as tse_01kb…"`
	State     rulesession.State    `json:"state" enum:"PROPOSED,AGREED,SCHEDULED,HELD,NO_SHOW,CANCELLED" doc:"How far it has come"`
	Slots     []SessionSlot        `json:"slots" nullable:"false" doc:"The times that were proposed"`
	Agreement *SessionAgreement    `json:"agreement,omitempty" doc:"What the customer agreed to; missing: nothing yet"`
	Scheduled *SessionSlot         `json:"scheduled,omitempty" doc:"When it is held; missing: it is not scheduled"`
	Provider  rulesession.Provider `json:"provider" enum:"LINK,TEAMS,ZOOM" doc:"What makes the link: LINK was pasted"`
	JoinURL   string               `json:"join_url,omitempty" doc:"Link to the meeting; missing: there is none yet, and nobody is invited"`
	Sequence  int                  `json:"sequence" doc:"Of the last calendar message; it rises with each change"`
	CreatedAt time.Time            `json:"created_at" doc:"When it was proposed first; an instant in UTC"`
	Version   int64                `json:"version" doc:"Rises with each change"`
}

// SessionAgreement is what somebody of the customer said yes to.
type SessionAgreement struct {
	By    string        `json:"by" doc:"Id of who agreed"`
	At    time.Time     `json:"at" doc:"When; an instant in UTC"`
	Text  string        `json:"text" doc:"Version of the text that was agreed to"`
	Slots []SessionSlot `json:"slots" nullable:"false" doc:"The times that suit"`
}

func sessionView(s session.Session) SessionView {
	v := SessionView{
		ID:        s.ID,
		State:     s.State,
		Slots:     slotViews(s.Slots),
		Provider:  s.Provider,
		JoinURL:   s.JoinURL,
		Sequence:  s.Sequence,
		CreatedAt: s.CreatedAt,
		Version:   s.Version,
	}
	if s.AgreedBy != nil {
		v.Agreement = &SessionAgreement{
			By:    *s.AgreedBy,
			At:    *s.AgreedAt,
			Text:  s.AgreedText,
			Slots: slotViews(s.AgreedSlots),
		}
	}
	for _, slot := range slotViews(s.ScheduledSlot()) {
		v.Scheduled = &slot
	}
	return v
}

func (h sessionHandlers) list(
	ctx context.Context, in *IDInput,
) (*pageOf[SessionView], error) {
	rows, err := h.tickets.SessionsOf(ctx, in.ID)
	return listed(rows, "", err, sessionView)
}

// SessionRequest proposes times.
type SessionRequest struct {
	Slots []SessionSlot `json:"slots" nullable:"false" doc:"One to three times, each of 15 minutes to 4 hours within the next 60 days"`
}

func (h sessionHandlers) propose(
	ctx context.Context, in *IDInput, r SessionRequest,
) (*one[SessionView], error) {
	s, err := h.tickets.ProposeSession(ctx, in.ID, slotsOf(r.Slots))
	return single(s, err, sessionView)
}

// SessionCommandRequest is what the commands need; each takes its own fields.
type SessionCommandRequest struct {
	Slots    []SessionSlot        `json:"slots,omitempty" nullable:"false" doc:"propose: the new times; agree: those of the proposed ones that suit"`
	Text     string               `json:"text,omitempty" doc:"agree: version of the text that the person has read, such as 2026-12"`
	Slot     *SessionSlot         `json:"slot,omitempty" doc:"schedule: a time to which the customer agreed"`
	Provider rulesession.Provider `json:"provider,omitempty" enum:"LINK,TEAMS,ZOOM" doc:"schedule: what makes the link; missing: LINK"`
	Link     string               `json:"link,omitempty" doc:"schedule with LINK: the https link of the meeting"`
}

type sessionCommandInput struct {
	IDInput
	SessionID string `path:"session_id" maxLength:"64" doc:"Id of the session"`
	Command   string `path:"command" maxLength:"32" doc:"What to do: propose, agree, schedule, held, no_show or cancel"`
}

func (h sessionHandlers) act(
	ctx context.Context, in *sessionCommandInput, r SessionCommandRequest,
) (*one[SessionView], error) {
	var out session.Session
	var err error
	switch in.Command {
	case "propose":
		out, err = h.tickets.ProposeSessionAgain(ctx, in.ID, in.SessionID, slotsOf(r.Slots))
	case "agree":
		out, err = h.tickets.AgreeToSession(ctx, in.ID, in.SessionID, slotsOf(r.Slots), r.Text)
	case "schedule":
		if r.Slot == nil {
			return nil, rules.Invalid([]rules.FieldError{{
				Pointer: "/slot",
				Code:    rules.Required,
				Message: "It is not said when the session is held.",
				Remedy:  "Name one of the times to which the customer agreed.",
			}})
		}
		way := session.Way{Provider: r.Provider, Link: r.Link}
		if way.Provider == "" {
			way.Provider = rulesession.Pasted
		}
		out, err = h.tickets.ScheduleSession(
			ctx, in.ID, in.SessionID, slotsOf([]SessionSlot{*r.Slot})[0], way)
	case "held":
		out, err = h.tickets.EndSession(ctx, in.ID, in.SessionID, rulesession.Held)
	case "no_show":
		out, err = h.tickets.EndSession(ctx, in.ID, in.SessionID, rulesession.NoShow)
	case "cancel":
		out, err = h.tickets.CancelSession(ctx, in.ID, in.SessionID)
	default:
		err = rules.Refuse(rules.ActionNotAvailable, "There is no such command here.",
			"Send propose, agree, schedule, held, no_show or cancel.")
	}
	return single(out, err, sessionView)
}

// ParticipantRequest names a person.
type ParticipantRequest struct {
	Name    string `json:"name" doc:"The person's name; at most 120 characters"`
	Email   string `json:"email" doc:"The person's address, to which codes for signing in are sent"`
	Company string `json:"company,omitempty" doc:"For whom the person works; at most 120 characters"`
}

// ParticipantView is a person who sees one ticket and nothing else.
type ParticipantView struct {
	ID      string    `json:"id" doc:"Id of the participant, such as tsp_01kb…"`
	Name    string    `json:"name" doc:"The person's name"`
	Email   string    `json:"email" doc:"The person's address"`
	Company string    `json:"company,omitempty" doc:"For whom the person works"`
	AddedAt time.Time `json:"added_at" doc:"Since when the person sees the ticket; an instant in UTC"`
}

func participantView(p session.Participant) ParticipantView {
	return ParticipantView{
		ID:      p.ID,
		Name:    p.Name,
		Email:   p.Email,
		Company: p.Company,
		AddedAt: p.AddedAt,
	}
}

func (h sessionHandlers) listParticipants(
	ctx context.Context, in *IDInput,
) (*pageOf[ParticipantView], error) {
	rows, err := h.tickets.ParticipantsOf(ctx, in.ID)
	return listed(rows, "", err, participantView)
}

func (h sessionHandlers) addParticipant(
	ctx context.Context, in *IDInput, r ParticipantRequest,
) (*one[ParticipantView], error) {
	p, err := h.tickets.AddParticipant(ctx, in.ID, session.Participant{
		Name:    r.Name,
		Email:   r.Email,
		Company: r.Company,
	})
	return single(p, err, participantView)
}

type participantInput struct {
	IDInput
	ParticipantID string `path:"participant_id" maxLength:"64" doc:"Id of the participant"`
}

func (h sessionHandlers) removeParticipant(
	ctx context.Context, in *participantInput,
) (*struct{}, error) {
	return nil, h.tickets.RemoveParticipant(ctx, in.ID, in.ParticipantID)
}
