package ticket

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rulesession "roomcover.dev/roomcover/rules/session"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// Message is a public text: everybody who sees the ticket reads it.
type Message struct {
	ID         string
	TicketID   string
	AccountID  string
	Seq        int64 // its place in the conversation
	AuthorKind rule.AuthorKind
	AuthorID   string
	Channel    rule.Channel
	Text       string
	Automatic  bool   // no person wrote it: it moves nothing
	DedupeKey  string // the same message again is none
	Fact       string // what the clocks are computed from, as JSON; empty: nothing
	CreatedAt  time.Time

	UndoUntil   *time.Time // real time; until then its writer can take it back
	UndoTo      string     // what the ticket was before it, see standing
	TakenBackAt *time.Time
	// Of a message by mail, what the mails name that answer it; empty: nothing.
	MailMessageID   string
	MailThreadIndex string
}

// TableName is the table of messages.
func (Message) TableName() string { return "ticket_messages" }

// Event is what happened to a ticket beside its words.
type Event struct {
	ID        string
	TicketID  string
	AccountID string
	Seq       int64
	Kind      EventKind
	Internal  bool // for operators alone
	At        time.Time
	ActorID   string
	ActorRole rules.Role
	Details   EventDetails `gorm:"serializer:json"`
	Fact      string       // see Message
}

// TableName is the table of events.
func (Event) TableName() string { return "ticket_events" }

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	Opened          EventKind = "OPENED"
	Moved           EventKind = "MOVED"    // into State
	SeveritySet     EventKind = "SEVERITY" // to Severity
	Worse           EventKind = "WORSE"    // the customer says so
	Thanks          EventKind = "THANKS"   // said after it was resolved, without reopening it
	Assigned        EventKind = "ASSIGNED" // to Operator and Team; without both to nobody
	WatcherAdded    EventKind = "WATCHER_ADDED"
	WatcherRemoved  EventKind = "WATCHER_REMOVED"
	Duplicate       EventKind = "DUPLICATE"  // of Ticket
	Followed        EventKind = "FOLLOWED"   // by Ticket, or it follows that
	RMALinked       EventKind = "RMA_LINKED" // RMA
	RMAApproved     EventKind = "RMA_APPROVED"
	RMAShipped      EventKind = "RMA_SHIPPED"
	RMAEnded        EventKind = "RMA_ENDED"
	Reminded        EventKind = "REMINDED" // of the answer that is waited for
	Reopened        EventKind = "REOPENED"
	ReopeningUndone EventKind = "REOPENING_UNDONE"

	// Of a session: Session, at Slots.
	SessionProposed  EventKind = "SESSION_PROPOSED"
	SessionAgreed    EventKind = "SESSION_AGREED"
	SessionScheduled EventKind = "SESSION_SCHEDULED"
	SessionMoved     EventKind = "SESSION_MOVED"    // to another time
	SessionRelinked  EventKind = "SESSION_RELINKED" // it has another link
	SessionCancelled EventKind = "SESSION_CANCELLED"
	SessionHeld      EventKind = "SESSION_HELD"
	SessionNoShow    EventKind = "SESSION_NO_SHOW"

	// Sync tells that the room is well, since Since; nothing is closed by it (S57).
	RoomWell EventKind = "ROOM_WELL"
)

// EventDetails are what an event tells, by ids; a reason is in the words of who gave it.
type EventDetails struct {
	Before   rule.State     `json:"before,omitempty"`
	State    rule.State     `json:"state,omitempty"`
	Severity cover.Severity `json:"severity,omitempty"`
	Reason   string         `json:"reason,omitempty"`
	Operator string         `json:"operator,omitempty"`
	Team     string         `json:"team,omitempty"`
	User     string         `json:"user,omitempty"`
	Ticket   string         `json:"ticket,omitempty"`
	RMA      string         `json:"rma,omitempty"`
	Ending   string         `json:"ending,omitempty"` // of an RMA: its outbound state
	Day      int            `json:"day,omitempty"`    // of a reminder
	ByMail   bool           `json:"by_mail,omitempty"`

	Session string             `json:"session,omitempty"`
	Slots   []rulesession.Slot `json:"slots,omitempty"`

	Since *time.Time `json:"since,omitempty"` // real time
}

// fact is an event of the clocks as it is stored.
type fact struct {
	Seq      int64          `json:"seq"`
	Kind     rule.EventKind `json:"kind"`
	At       time.Time      `json:"at"`
	Severity cover.Severity `json:"severity,omitempty"`
	State    rule.State     `json:"state,omitempty"`
	RMA      string         `json:"rma,omitempty"`
}

func (f fact) text() string {
	text, _ := json.Marshal(f) // it has nothing that JSON lacks
	return string(text)
}

func (f fact) event() rule.Event {
	return rule.Event{
		Seq:      int(f.Seq),
		Kind:     f.Kind,
		At:       f.At,
		Severity: f.Severity,
		State:    f.State,
		RMA:      f.RMA,
	}
}

// factsSQL selects what the clocks of a ticket are computed from, in its order, as the
// members of a JSON list; ticket is the SQL expression of its id.
func factsSQL(ticket string) string {
	return `(SELECT string_agg(f.fact, ',' ORDER BY f.seq) FROM (
			SELECT seq, fact FROM ticket_events WHERE ticket_id = ` + ticket + ` AND fact <> ''
			UNION ALL
			SELECT seq, fact FROM ticket_messages WHERE ticket_id = ` + ticket + ` AND fact <> ''
		) f)`
}

// readFacts reads what factsSQL selected.
func readFacts(text *string) ([]rule.Event, error) {
	var facts []fact
	if err := json.Unmarshal([]byte("["+db.Text(text)+"]"), &facts); err != nil {
		return nil, err
	}

	events := make([]rule.Event, len(facts))
	for i, f := range facts {
		events[i] = f.event()
	}
	return events, nil
}

// Entry is one entry of a ticket's conversation that everybody sees who sees the ticket: a
// message or an event.
type Entry struct {
	Seq     int64
	At      time.Time
	Message *Message
	Event   *Event
}

// Conversation is a ticket as its customer sees it: what was said and what happened, the
// oldest first, with its clocks as they stand now.
type Conversation struct {
	Ticket  Ticket
	Entries []Entry
	Clocks  []rule.Clock
	RMAIDs  []string
	// Watchers are the ids of the members who are told beside the one whose ticket it is.
	Watchers []string
	// OthersOpen is how many other tickets of the same room are open.
	OthersOpen int64
	// More says that the conversation has earlier entries than those.
	More bool
}

// entriesShown is how many messages, and how many events, are read at once.
const entriesShown = 500

// Show returns a ticket with its conversation; of a very long one the last 500 messages and
// events. What is for operators alone is left out for everybody else.
func (s *Tickets) Show(ctx context.Context, name string) (Conversation, error) {
	return s.ShowAfter(ctx, name, 0)
}

// ShowAfter is Show with the entries behind a number alone: what the others wrote since.
func (s *Tickets) ShowAfter(
	ctx context.Context, name string, after int64,
) (Conversation, error) {
	var out Conversation
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = Conversation{}
		t, err := get(tx, name)
		if err != nil {
			return err
		}
		out.Ticket = t

		if err := out.readEntries(tx, after); err != nil {
			return err
		}
		if err := out.readAround(tx); err != nil {
			return err
		}
		return out.readClocks(tx)
	})
	return out, err
}

func (c *Conversation) readEntries(tx *db.Tx, after int64) error {
	last := func(q *gorm.DB) *gorm.DB {
		return q.Where("ticket_id = ? AND seq > ?", c.Ticket.ID, after).
			Order("seq DESC").
			Limit(entriesShown + 1)
	}

	var messages []Message
	if err := last(shown(tx)).Find(&messages).Error; err != nil {
		return err
	}
	var events []Event
	q := last(tx.DB)
	if !tx.Scope.System {
		q = q.Where("NOT internal")
	}
	if err := q.Find(&events).Error; err != nil {
		return err
	}

	if len(messages) > entriesShown {
		messages, c.More = messages[:entriesShown], true
	}
	if len(events) > entriesShown {
		events, c.More = events[:entriesShown], true
	}
	for i := range messages {
		m := &messages[i]
		c.Entries = append(c.Entries, Entry{Seq: m.Seq, At: m.CreatedAt, Message: m})
	}
	for i := range events {
		e := &events[i]
		c.Entries = append(c.Entries, Entry{Seq: e.Seq, At: e.At, Event: e})
	}
	slices.SortFunc(c.Entries, func(a, b Entry) int { return int(a.Seq - b.Seq) })
	return nil
}

// readAround reads the replacements, the watchers and how many others are open, in one
// statement each.
func (c *Conversation) readAround(tx *db.Tx) error {
	err := tx.Table("rmas").Where("ticket_id = ?", c.Ticket.ID).
		Order("id").
		Pluck("id", &c.RMAIDs).Error
	if err != nil {
		return err
	}

	err = tx.Model(&Watcher{}).Where("ticket_id = ?", c.Ticket.ID).
		Order("added_at, user_id").
		Pluck("user_id", &c.Watchers).Error
	if err != nil || c.Ticket.RoomID == nil {
		return err
	}

	c.OthersOpen, err = othersOpen(tx, *c.Ticket.RoomID, c.Ticket.ID)
	return err
}

// othersOpen counts the other tickets of a room that are not over.
func othersOpen(tx *db.Tx, roomID, but string) (n int64, err error) {
	err = openIn(tx, roomID, but).Count(&n).Error
	return n, err
}

func (c *Conversation) readClocks(tx *db.Tx) error {
	var text *string
	id := c.Ticket.ID
	if err := tx.Raw("SELECT "+factsSQL("?"), id, id).Scan(&text).Error; err != nil {
		return err
	}
	events, err := readFacts(text)
	if err != nil {
		return err
	}
	c.Clocks = rule.Clocks(c.Ticket.Terms.rule(c.Ticket.Zone()), events, tx.Now())
	return nil
}

// MessagesOf returns messages of a ticket in scope by their ids, for those who make mails and
// files of them.
func MessagesOf(tx *db.Tx, ids ...string) (out []Message, err error) {
	err = shown(tx).Order("id").Find(&out, "id IN ?", ids).Error
	return out, err
}

// seqText is a place in the conversation as a text.
func seqText(seq int64) string { return strconv.FormatInt(seq, 10) }
