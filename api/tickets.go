package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/note"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// ticketHandlers answer what is asked about tickets. Notes are operators' alone (S42).
type ticketHandlers struct {
	db      *db.DB
	tickets *ticket.Tickets
	notes   *note.Notes

	files      ticketFileHandlers
	operations *operations.Operations
}

func (h ticketHandlers) routes(api huma.API) {
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

	mount(api, read.get("list-tickets", "/v1/tickets", "List tickets, newest first"), h.list)
	mount(api, read.get("get-ticket", "/v1/tickets/{id}",
		"Read a ticket with its conversation and its clocks").refuses(404), h.get)
	mountJSON(api, read.post("preview-ticket", "/v1/tickets/preview",
		"Ask what covers a ticket and when it would be answered").refuses(404), h.preview)
	mountJSON(api, write.post("open-ticket", "/v1/tickets", "Open a ticket").
		answers(http.StatusCreated).idempotent().refuses(404), h.open)
	mountJSON(api, write.post("write-to-ticket", "/v1/tickets/{id}/messages",
		"Write to a ticket; everybody who sees it reads it").
		idempotent().refuses(404, 409, 412), h.write)
	mountJSON(api, desk.post("note-ticket", "/v1/tickets/{id}/notes",
		"Note something about a ticket, for operators alone").
		answers(http.StatusCreated).idempotent().refuses(404, 412), h.note)
	mountJSON(api, write.post("act-on-ticket", "/v1/tickets/{id}/commands/{command}",
		"Do one of a ticket's commands").
		idempotent().refuses(404, 409, 412), h.act)
}

// TicketRequest asks for support.
type TicketRequest struct {
	AccountID  string        `json:"account_id,omitempty" doc:"Id of the account; what is named tells whose it is"`
	RoomID     string        `json:"room_id,omitempty" doc:"Id of the room that it is about"`
	DeviceID   string        `json:"device_id,omitempty" doc:"Id of the device that it is about; its room follows"`
	ContractID string        `json:"contract_id,omitempty" doc:"Id of the contract that it is about, where neither room nor device is named"`
	Category   rule.Category `json:"category" enum:"SETUP,HARDWARE,SOFTWARE,QUESTION" doc:"What kind of help is needed"`
	Usable     rule.Usable   `json:"usable,omitempty" enum:"NO,PARTLY,YES" doc:"Whether the room can be used, from which the severity follows: NO 1, PARTLY 2, YES 3, a question 4"`
	Severity   int           `json:"severity,omitempty" doc:"Of operators: the severity itself, 1 to 4"`
	Summary    string        `json:"summary" doc:"What it is about, on one line of at most 120 characters"`
	Text       string        `json:"text" doc:"What is wrong, in your words; at most 20,000 characters"`
	For        string        `json:"for,omitempty" doc:"Of operators: id of the member who called, whose ticket it is"`
	Follows    string        `json:"follows,omitempty" doc:"Id of the closed ticket that it goes on with"`
}

func (r TicketRequest) asked(ctx context.Context) ticket.NewTicket {
	channel := rule.ByAPI
	if r.For != "" {
		channel = rule.ByPhone
	}
	return ticket.NewTicket{
		AccountID:  accountOf(ctx, r.AccountID),
		RoomID:     r.RoomID,
		DeviceID:   r.DeviceID,
		ContractID: r.ContractID,
		Category:   r.Category,
		Usable:     r.Usable,
		Severity:   cover.Severity(r.Severity),
		Summary:    r.Summary,
		Text:       r.Text,
		Channel:    channel,
		For:        r.For,
		Follows:    r.Follows,
		Once:       onceName(ctx),
	}
}

// refusedCover answers 403 where nothing covers what a ticket would be about (R39c).
func refusedCover(ctx context.Context, err error) error {
	var refusal *rules.Error
	if !errors.As(err, &refusal) || cover.ReasonFor(refusal.Code).Rule == "" {
		return err
	}
	p := problemFor(ctx, err)
	p.Status = http.StatusForbidden
	p.Title = http.StatusText(p.Status)
	return p
}

func (h ticketHandlers) open(
	ctx context.Context, _ *struct{}, r TicketRequest,
) (*one[TicketDetail], error) {
	t, err := h.tickets.Open(ctx, r.asked(ctx))
	if err != nil {
		return nil, refusedCover(ctx, err)
	}
	return h.detail(ctx, t.ID)
}

// TicketPreview is what a ticket would be if it were opened now.
type TicketPreview struct {
	Covered    bool          `json:"covered" doc:"Whether it would be taken; cover says why not"`
	Cover      cover.Answer  `json:"cover" doc:"What covers it, and why"`
	Hardware   *cover.Answer `json:"hardware,omitempty" doc:"Of a device: whether it would be replaced; support goes on where that has ended"`
	Severity   int           `json:"severity" doc:"Its severity, 1 to 4"`
	Policy     string        `json:"policy,omitempty" doc:"Code of the policy by which it would be answered"`
	Version    int           `json:"policy_version,omitempty" doc:"Version of that policy"`
	FirstDue   *time.Time    `json:"first_due,omitempty" doc:"When its first answer would be due; an instant in UTC. Missing: none is promised"`
	Clocks     []TicketClock `json:"clocks" nullable:"false" doc:"The clocks that would run, each explained"`
	TimeZone   string        `json:"time_zone" doc:"IANA name of the room's time zone"`
	Rerouted   bool          `json:"rerouted" doc:"Whether JumpStart was asked and Select answers, which is faster: better ask about the room itself"`
	Languages  []string      `json:"languages" nullable:"false" doc:"Languages of support, as BCP 47"`
	OthersOpen int64         `json:"others_open" doc:"How many tickets of the room are open"`
}

func (h ticketHandlers) preview(
	ctx context.Context, _ *struct{}, r TicketRequest,
) (*one[TicketPreview], error) {
	p, err := h.tickets.Preview(ctx, r.asked(ctx))
	return single(p, err, func(p ticket.Preview) TicketPreview {
		v := TicketPreview{
			Covered:    p.Covered,
			Cover:      p.Answer,
			Hardware:   p.Hardware,
			Severity:   int(p.Severity),
			FirstDue:   p.FirstDue,
			Clocks:     viewed(p.Clocks, clockView),
			TimeZone:   p.TimeZone,
			Rerouted:   p.Rerouted,
			Languages:  append([]string{}, p.Answer.Languages...),
			OthersOpen: p.OthersOpen,
		}
		if p.Terms != nil {
			v.Policy = p.Terms.Policy.Code
			v.Version = p.Terms.Policy.Version
		}
		return v
	})
}

// TicketMessageRequest is a public text.
type TicketMessageRequest struct {
	Text    string `json:"text" doc:"What you say; at most 20,000 characters"`
	Thanks  bool   `json:"thanks,omitempty" doc:"Of customers: it only says thanks, and reopens nothing"`
	Version int64  `json:"version,omitempty" doc:"Of the ticket that you looked at; where somebody has said something since it answers 412. Missing: any"`
}

func (h ticketHandlers) write(
	ctx context.Context, in *IDInput, r TicketMessageRequest,
) (*one[TicketDetail], error) {
	name := rule.DoComment
	if callOf(ctx).token.Role.IsOperator() {
		name = rule.DoAnswer
	}
	return h.done(ctx, in.ID, ticket.Command{
		Name:    name,
		Text:    r.Text,
		Thanks:  r.Thanks,
		Version: r.Version,
	})
}

// TicketNoteRequest is a note of an operator.
type TicketNoteRequest struct {
	Text    string `json:"text" doc:"What you note; it never leaves the operators"`
	Version int64  `json:"version,omitempty" doc:"Of the ticket that you looked at; missing: any"`
}

// TicketNote is what an operator noted.
type TicketNote struct {
	ID     string    `json:"id" doc:"Id of the note"`
	Seq    int64     `json:"seq" doc:"Number of the last entry of the conversation before it"`
	At     time.Time `json:"at" doc:"When it was noted; an instant in UTC"`
	Author string    `json:"author" doc:"Id of who noted it"`
	Text   string    `json:"text" doc:"What was noted"`

	Attachments []TicketFile `json:"attachments,omitempty" nullable:"false" doc:"The files that belong to it"`
}

func ticketNoteView(n note.Note) TicketNote {
	return TicketNote{ID: n.ID, Seq: n.Seq, At: n.CreatedAt, Author: n.AuthorID, Text: n.Text}
}

func (h ticketHandlers) note(
	ctx context.Context, in *IDInput, r TicketNoteRequest,
) (*one[TicketNote], error) {
	n, err := h.notes.Add(ctx, in.ID, r.Text, onceName(ctx), r.Version)
	return single(n, err, ticketNoteView)
}

// TicketCommandRequest is what the commands need; each takes its own fields.
type TicketCommandRequest struct {
	Version     int64       `json:"version,omitempty" doc:"Of the ticket that you looked at; where somebody has said or decided something since it answers 412. Missing: any"`
	Text        string      `json:"text,omitempty" doc:"What is said with the command, before what it does; comment, answer: required; assign, link_duplicate, watch: refused"`
	Reason      string      `json:"reason,omitempty" doc:"set_severity, undo_reopening, wait_for_customer: required; goes into the audit"`
	Severity    int         `json:"severity,omitempty" doc:"set_severity: 1 to 4"`
	AssigneeID  *string     `json:"assignee_id,omitempty" doc:"assign: id of an operator, or me; empty: nobody; missing: as it is"`
	Team        *string     `json:"team,omitempty" doc:"assign: name of a team; empty: none; missing: as it is"`
	DuplicateOf string      `json:"duplicate_of,omitempty" doc:"link_duplicate: id or number of the ticket that it repeats; missing: of none any more"`
	UserID      string      `json:"user_id,omitempty" doc:"watch: id of a member of the account; missing: you"`
	Unwatch     bool        `json:"unwatch,omitempty" doc:"watch: not any more"`
	RMAID       string      `json:"rma_id,omitempty" doc:"wait_for_replacement: id or number of one that is under way"`
	RMA         *RMARequest `json:"rma,omitempty" doc:"wait_for_replacement: the one to request; what it leaves out is the ticket's"`
}

type ticketCommandInput struct {
	IDInput
	Command string `path:"command" maxLength:"32" doc:"What to do"`
}

func (h ticketHandlers) act(
	ctx context.Context, in *ticketCommandInput, q TicketCommandRequest,
) (*one[TicketDetail], error) {
	c := ticket.Command{
		Name:     rule.Command(in.Command),
		Text:     q.Text,
		Reason:   q.Reason,
		Severity: cover.Severity(q.Severity),
		Assignee: q.AssigneeID,
		Team:     q.Team,
		Ticket:   q.DuplicateOf,
		User:     q.UserID,
		Unwatch:  q.Unwatch,
		RMAID:    q.RMAID,
		Version:  q.Version,
	}
	if q.AssigneeID != nil && *q.AssigneeID == itself {
		me, err := h.operations.WhoAsks(ctx)
		if err != nil {
			return nil, err
		}
		c.Assignee = &me
	}
	if q.RMA != nil {
		c.RMA = &replacement.NewRMA{
			Serial:          q.RMA.Serial,
			RoomID:          q.RMA.RoomID,
			ModelCode:       q.RMA.Model,
			Quantity:        q.RMA.Quantity,
			SiteID:          q.RMA.SiteID,
			ShipTo:          q.RMA.ShipTo.form(),
			ShipToAccount:   q.RMA.ShipToAccount,
			Fault:           q.RMA.Fault,
			SerialProof:     q.RMA.SerialProof,
			DefectConfirmed: q.RMA.DefectConfirmed,
		}
	}
	return h.done(ctx, in.ID, c)
}

func (h ticketHandlers) done(
	ctx context.Context, id string, c ticket.Command,
) (*one[TicketDetail], error) {
	c.Channel = rule.ByAPI
	c.Once = onceName(ctx)
	t, err := h.tickets.Do(ctx, id, c)
	if err != nil {
		return nil, refusedCover(ctx, err)
	}
	return h.detail(ctx, t.ID)
}

type listTicketsInput struct {
	ListInput
	AccountID  string `query:"account_id" maxLength:"64" doc:"Only those of this account"`
	State      string `query:"state" enum:"NEW,OPEN,IN_PROGRESS,PENDING_CUSTOMER,PENDING_THIRD_PARTY,PENDING_RMA,RESOLVED,CLOSED,CANCELLED" doc:"Only those in this state"`
	Severity   int    `query:"severity" minimum:"0" maximum:"4" doc:"Only those of this severity; 0: any"`
	Category   string `query:"category" enum:"SETUP,HARDWARE,SOFTWARE,QUESTION" doc:"Only those of this category"`
	RoomID     string `query:"room_id" maxLength:"64" doc:"Only those of this room"`
	DeviceID   string `query:"device_id" maxLength:"64" doc:"Only those of this device"`
	Turn       string `query:"turn" enum:"US,CUSTOMER,THIRD_PARTY,CARRIER,NOBODY" doc:"Only those that wait for this side: US is support"`
	AssigneeID string `query:"assignee_id" maxLength:"64" doc:"Of operators: only those that this operator has taken; nobody: that nobody has"`
	Open       bool   `query:"open" doc:"Only those that are neither resolved nor over"`
}

func (h ticketHandlers) list(
	ctx context.Context, in *listTicketsInput,
) (*pageOf[TicketView], error) {
	role := callOf(ctx).token.Role
	f := ticket.Filter{
		AccountID: in.AccountID,
		State:     rule.State(in.State),
		Severity:  cover.Severity(in.Severity),
		Category:  rule.Category(in.Category),
		RoomID:    in.RoomID,
		DeviceID:  in.DeviceID,
		Turn:      rule.Turn(in.Turn),
		Open:      in.Open,
		Page:      in.page(),
	}
	if role.IsOperator() {
		f.Assignee = in.AssigneeID
	}
	lines, next, err := h.tickets.List(ctx, f)
	now := h.tickets.Now()
	return listed(lines, next, err, func(l ticket.Line) TicketView {
		return ticketView(l.Ticket, role, now)
	})
}

func (h ticketHandlers) get(ctx context.Context, in *IDInput) (*one[TicketDetail], error) {
	return h.detail(ctx, in.ID)
}

// TicketView is a ticket as everybody sees it who sees it at all.
type TicketView struct {
	ID            string         `json:"id" doc:"Id of the ticket, such as tkt_01kb…"`
	Number        string         `json:"number" doc:"For people, such as TK-7F3K2; paths take it as well as the id"`
	AccountID     string         `json:"account_id" doc:"Id of the customer's account"`
	RoomID        string         `json:"room_id,omitempty" doc:"Id of the room that it is about"`
	DeviceID      string         `json:"device_id,omitempty" doc:"Id of the device that it is about"`
	ContractID    string         `json:"contract_id,omitempty" doc:"Id of the contract that it is about"`
	Category      rule.Category  `json:"category" enum:"SETUP,HARDWARE,SOFTWARE,QUESTION" doc:"What kind of help is needed"`
	Severity      int            `json:"severity" doc:"1: the room is down, to 4: a question"`
	Summary       string         `json:"summary" doc:"What it is about"`
	State         rule.State     `json:"state" enum:"NEW,OPEN,IN_PROGRESS,PENDING_CUSTOMER,PENDING_THIRD_PARTY,PENDING_RMA,RESOLVED,CLOSED,CANCELLED" doc:"Where the ticket stands"`
	StateSince    time.Time      `json:"state_since" doc:"When it came into this state; an instant in UTC"`
	WaitingReason string         `json:"waiting_reason,omitempty" doc:"What the customer, or somebody else, is asked for"`
	Turn          rule.Turn      `json:"turn" enum:"US,CUSTOMER,THIRD_PARTY,CARRIER,NOBODY" doc:"For whom it waits: US is support"`
	Commands      []rule.Command `json:"commands" nullable:"false" doc:"What the caller may do now: words for {command}"`
	Policy        string         `json:"policy,omitempty" doc:"Code of the policy by which it is answered"`
	PolicyVersion int            `json:"policy_version,omitempty" doc:"Version of that policy; later ones do not move the ticket"`
	Rerouted      bool           `json:"rerouted" doc:"Whether JumpStart was asked and Select answers, which is faster"`
	DueAt         *time.Time     `json:"due_at,omitempty" doc:"When the clock that runs out first does; an instant in UTC. Missing: nothing is due"`
	DueClock      rule.ClockKind `json:"due_clock,omitempty" enum:"FIRST_RESPONSE,UPDATE,RESTORE" doc:"Which clock that is"`
	OpenedFor     string         `json:"opened_for,omitempty" doc:"Id of the member whose ticket it is; missing: a program's"`
	DuplicateOf   string         `json:"duplicate_of,omitempty" doc:"Id of the ticket that it repeats"`
	Follows       string         `json:"follows,omitempty" doc:"Id of the closed ticket that it goes on with"`
	OpenedAt      time.Time      `json:"opened_at" doc:"When it was opened; an instant in UTC"`
	LastWordAt    time.Time      `json:"last_word_at" doc:"When somebody last wrote to it; an instant in UTC"`
	ResolvedAt    *time.Time     `json:"resolved_at,omitempty" doc:"When it was resolved; an instant in UTC"`
	ClosedAt      *time.Time     `json:"closed_at,omitempty" doc:"When it was over; an instant in UTC"`
	Version       int64          `json:"version" doc:"Grows by one with each change; it is the ETag of the object"`
	Desk          *TicketDesk    `json:"desk,omitempty" doc:"Operators only: how the desk sees it"`
}

// TicketDesk is what operators alone see of a ticket.
type TicketDesk struct {
	AssigneeID string          `json:"assignee_id,omitempty" doc:"Id of the operator who has taken it; missing: nobody has"`
	Team       string          `json:"team,omitempty" doc:"Name of the team that works on it"`
	Alarm      ticket.MarkKind `json:"alarm,omitempty" enum:"WARNING,BREACH" doc:"The worst that one of its clocks has come to and that is not over"`
	Worse      bool            `json:"worse" doc:"Whether the customer says that it is worse, and nobody has decided"`
	Reopenings int             `json:"reopenings" doc:"How often it was reopened"`
	WaitsFor   string          `json:"waits_for,omitempty" doc:"Name of the timer that runs; missing: none"`
	WaitsUntil *time.Time      `json:"waits_until,omitempty" doc:"When that timer fires next; an instant in UTC"`
}

// ticketView is a ticket as a role sees it at an instant.
func ticketView(t ticket.Ticket, role rules.Role, now time.Time) TicketView {
	v := TicketView{
		ID:            t.ID,
		Number:        t.Number,
		AccountID:     t.AccountID,
		RoomID:        text(t.RoomID),
		DeviceID:      text(t.DeviceID),
		ContractID:    text(t.ContractID),
		Category:      t.Category,
		Severity:      int(t.Severity),
		Summary:       t.Summary,
		State:         t.State,
		StateSince:    t.StateSince,
		WaitingReason: t.WaitingReason,
		Turn:          t.Turn,
		Commands:      t.Commands(role, now),
		Policy:        t.PolicyCode,
		PolicyVersion: t.PolicyVersion,
		Rerouted:      t.Rerouted(),
		DueAt:         t.EffectiveDue,
		DueClock:      t.EffectiveClock,
		OpenedFor:     text(t.OpenedFor),
		DuplicateOf:   text(t.DuplicateOf),
		Follows:       text(t.FollowsID),
		OpenedAt:      t.OpenedAt,
		LastWordAt:    t.LastWordAt,
		ResolvedAt:    t.ResolvedAt,
		ClosedAt:      t.ClosedAt,
		Version:       t.Version,
	}
	if role.IsOperator() {
		v.Desk = &TicketDesk{
			AssigneeID: text(t.AssigneeID),
			Team:       t.Team,
			Alarm:      t.Alarm,
			Worse:      t.WorseAskedAt != nil,
			Reopenings: t.Reopenings,
			WaitsFor:   string(t.NextTimer),
			WaitsUntil: t.NextAt,
		}
	}
	return v
}

// TicketDetail is a ticket with what was said and what happened.
type TicketDetail struct {
	TicketView
	Entries    []TicketEntry `json:"entries" nullable:"false" doc:"The conversation, oldest first; of a long one the last 500 messages and events"`
	Clocks     []TicketClock `json:"clocks" nullable:"false" doc:"Its clocks as they stand now"`
	RMAs       []string      `json:"rmas" nullable:"false" doc:"Ids of its replacements"`
	Watchers   []string      `json:"watchers" nullable:"false" doc:"Ids of the members who are told of it beside the one whose it is"`
	OthersOpen int64         `json:"others_open" doc:"How many other tickets of the room are open"`
	Notes      []TicketNote  `json:"notes,omitempty" nullable:"false" doc:"Operators only: what they noted"`

	Snapshot *TicketSnapshot `json:"snapshot,omitempty" doc:"How the room was in Sync when help was asked for last; missing: not by Sync"`
}

// TicketEntry is one entry of a conversation: a message, or an event.
type TicketEntry struct {
	Seq     int64          `json:"seq" doc:"Its place in the conversation"`
	At      time.Time      `json:"at" doc:"When it was; an instant in UTC"`
	Message *TicketMessage `json:"message,omitempty" doc:"What was said"`
	Event   *TicketEvent   `json:"event,omitempty" doc:"What happened"`
}

// TicketMessage is a public text.
type TicketMessage struct {
	ID        string          `json:"id" doc:"Id of the message"`
	From      rule.AuthorKind `json:"from" enum:"CUSTOMER,PARTNER,TSP,AGENT,SYSTEM_AUTO" doc:"Whose side wrote it"`
	Author    string          `json:"author,omitempty" doc:"Id of who wrote it; of support to operators alone"`
	Channel   rule.Channel    `json:"channel" enum:"PORTAL,API,MAIL,PHONE,SYNC" doc:"The way on which it came"`
	Text      string          `json:"text" doc:"What was said"`
	Automatic bool            `json:"automatic,omitempty" doc:"No person wrote it"`
	TakenBack bool            `json:"taken_back,omitempty" doc:"Operators only: its writer took it back before it left"`

	Attachments []TicketFile `json:"attachments,omitempty" nullable:"false" doc:"The files that came with it"`
}

// TicketEvent is what happened to a ticket beside its words.
type TicketEvent struct {
	Kind     ticket.EventKind `json:"kind" doc:"What happened, such as MOVED or SEVERITY"`
	State    rule.State       `json:"state,omitempty" doc:"The state that it came into"`
	Severity int              `json:"severity,omitempty" doc:"The severity that it has since"`
	Reason   string           `json:"reason,omitempty" doc:"Operators only: why, in the words of who did it"`
	RMA      string           `json:"rma,omitempty" doc:"Id of the replacement that it is about"`
	Ticket   string           `json:"ticket,omitempty" doc:"Id of another ticket that it is about"`
	User     string           `json:"user,omitempty" doc:"Id of the member that it is about"`
	Actor    string           `json:"actor,omitempty" doc:"Operators only: id of who did it"`
	Session  string           `json:"session,omitempty" doc:"Id of the session that it is about"`
	Slots    []SessionSlot    `json:"slots,omitempty" nullable:"false" doc:"The times of the session that it is about"`
	Since    *time.Time       `json:"since,omitempty" doc:"ROOM_WELL: since when Sync says that the room is well; an instant in UTC"`
}

// TicketClock is a promise of time at work.
type TicketClock struct {
	Kind           rule.ClockKind  `json:"kind" enum:"FIRST_RESPONSE,UPDATE,RESTORE" doc:"What it measures"`
	State          rule.ClockState `json:"state" enum:"RUNNING,PAUSED,MET,BREACHED,CANCELLED" doc:"How it stands"`
	StartedAt      time.Time       `json:"started_at" doc:"Since when it counts; an instant in UTC"`
	DueAt          *time.Time      `json:"due_at,omitempty" doc:"When its time is over; an instant in UTC. Missing: nothing is promised, or it is paused"`
	EndedAt        *time.Time      `json:"ended_at,omitempty" doc:"When what was promised was done; an instant in UTC"`
	ElapsedSeconds int64           `json:"elapsed_seconds" doc:"The time counted so far"`
	Policy         string          `json:"policy,omitempty" doc:"Code of the policy that promises it"`
	PolicyVersion  int             `json:"policy_version,omitempty" doc:"Version of that policy"`
	Calendar       string          `json:"calendar,omitempty" doc:"Code of the calendar by which it counts"`
	CalendarVer    int64           `json:"calendar_version,omitempty" doc:"Version of that calendar"`
	Explanation    []rule.Stretch  `json:"explanation" nullable:"false" doc:"The stretches that make it: counted, closed, holiday and paused"`
}

func clockView(c rule.Clock) TicketClock {
	return TicketClock{
		Kind:           c.Kind,
		State:          c.State,
		StartedAt:      c.StartedAt,
		DueAt:          c.DueAt,
		EndedAt:        c.EndedAt,
		ElapsedSeconds: int64(c.Elapsed / time.Second),
		Policy:         c.Policy,
		PolicyVersion:  c.PolicyVersion,
		Calendar:       c.Calendar,
		CalendarVer:    c.CalendarVersion,
		Explanation:    append([]rule.Stretch{}, c.Explanation...),
	}
}

// entryView is an entry as a role sees it. Who of support wrote, who did something and why
// are for operators alone: reasons were given to the audit, and not to the customer.
func entryView(e ticket.Entry, operator bool) TicketEntry {
	v := TicketEntry{Seq: e.Seq, At: e.At}
	if m := e.Message; m != nil {
		v.Message = &TicketMessage{
			ID:        m.ID,
			From:      m.AuthorKind,
			Channel:   m.Channel,
			Text:      m.Text,
			Automatic: m.Automatic,
			TakenBack: m.TakenBackAt != nil,
		}
		ours := m.AuthorKind == rule.FromAgent || m.AuthorKind == rule.FromSystem ||
			db.KindOf(m.AuthorID) == db.PrefixOperator
		if operator || !ours {
			v.Message.Author = m.AuthorID
		}
		return v
	}

	d := e.Event.Details
	v.Event = &TicketEvent{
		Kind:     e.Event.Kind,
		State:    d.State,
		Severity: int(d.Severity),
		RMA:      d.RMA,
		Ticket:   d.Ticket,
		User:     d.User,
		Session:  d.Session,
		Slots:    slotViews(d.Slots),
		Since:    d.Since,
	}
	if operator {
		v.Event.Actor = e.Event.ActorID
		v.Event.Reason = d.Reason
	}
	return v
}

func (h ticketHandlers) detail(ctx context.Context, id string) (*one[TicketDetail], error) {
	role := callOf(ctx).token.Role
	c, err := h.tickets.Show(ctx, id)
	if err != nil {
		return nil, err
	}

	files, err := h.files.filesOf(ctx, c.Ticket.ID)
	if err != nil {
		return nil, err
	}

	snapshot, err := h.snapshotOf(ctx, c.Ticket)
	if err != nil {
		return nil, err
	}

	v := TicketDetail{
		Snapshot:   snapshot,
		TicketView: ticketView(c.Ticket, role, h.tickets.Now()),
		Entries: viewed(c.Entries, func(e ticket.Entry) TicketEntry {
			out := entryView(e, role.IsOperator())
			if out.Message != nil {
				out.Message.Attachments = files[out.Message.ID]
			}
			return out
		}),
		Clocks:     viewed(c.Clocks, clockView),
		RMAs:       append([]string{}, c.RMAIDs...),
		Watchers:   append([]string{}, c.Watchers...),
		OthersOpen: c.OthersOpen,
	}
	if role.IsOperator() {
		notes, err := h.notes.Of(ctx, c.Ticket.ID)
		if err != nil {
			return nil, err
		}
		v.Notes = viewed(notes, func(n note.Note) TicketNote {
			out := ticketNoteView(n)
			out.Attachments = files[n.ID]
			return out
		})
	}
	return &one[TicketDetail]{Body: v}, nil
}
