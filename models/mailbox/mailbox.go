// Package mailbox takes the mails that come in (S44, S56): it keeps each as it came before
// anything is read of it, hands what answers a ticket to that ticket, moves the state of our own
// mails by the reports about them, and makes of everything else an item that an operator decides.
// Nothing is ever done because a mail says so.
package mailbox

import (
	"strings"
	"time"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/mail/thread"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
)

// Mailbox receives mails and keeps the items that operators decide.
// It is safe for concurrent use.
type Mailbox struct {
	db       *db.DB
	programs *program.Programs
	people   *identity.People

	notifications *notification.Notifications
	tickets       TicketReplies
	options       Options
}

// Options are the settings of the mailbox.
type Options struct {
	inbound.Options
	// Addresses are the mailboxes whose mail is taken, and with each the addresses that
	// add "+" and something to it. None: the program's own.
	Addresses []string
}

// New returns the domain on a database, with the domains below that it uses.
func New(
	database *db.DB,
	programs *program.Programs,
	notifications *notification.Notifications,
	people *identity.People,
) *Mailbox {
	return &Mailbox{
		db:            database,
		programs:      programs,
		people:        people,
		notifications: notifications,
		tickets:       noTickets{},
	}
}

// Configure sets whose mails are read. It is called once, when the domains are opened.
func (s *Mailbox) Configure(o Options) { s.options = o }

// Keys returns the keys that sign the mails of tickets: those whose answers are read.
func (s *Mailbox) Keys() thread.Keys { return s.options.Keys }

// RegisterTickets sets whom mails that answer a ticket are handed to. It is called once, when
// the domains are opened.
func (s *Mailbox) RegisterTickets(t TicketReplies) { s.tickets = t }

// TicketReplies is how a mail reaches the ticket that it answers. Its methods work in the
// caller's transaction, which is the service's.
type TicketReplies interface {
	// FindTicket returns the ticket of a number or id; nil where there is none. It locks the
	// ticket, because the limits of what mails may do are counted under the lock.
	FindTicket(tx *db.Tx, number string) (*Ticket, error)
	// Participant returns who an address is in a ticket: an active member of its account, a
	// delegated partner's user, its TSP, or an operator; nil for everybody else.
	Participant(tx *db.Tx, t Ticket, email string) (*Participant, error)
	// HadGuests reports whether somebody outside its account sees the ticket, or has seen it.
	HadGuests(tx *db.Tx, t Ticket) (bool, error)
	// AcceptMail adds the mail to the ticket. An automatic one is noted and folded: it reopens,
	// resumes and counts nothing. Called again with the same mail it changes nothing. What it
	// refuses, as a rules.Error and before it changes anything, an operator gets.
	AcceptMail(tx *db.Tx, t Ticket, from Participant, r Reply) error
	// OpenTicket opens a ticket for a member who wrote, in the name of the operator who acts.
	// What nothing covers it refuses (R39c). It returns the ticket's id.
	OpenTicket(tx *db.Tx, n NewTicket) (id string, err error)
}

// Ticket is what the mailbox has to know of a ticket.
type Ticket struct {
	ID        string
	Number    string
	AccountID string
	// Reopens says that a message of the customer reopens it.
	Reopens bool
}

// Participant is somebody with a part in a ticket.
type Participant struct {
	Kind string // CUSTOMER, PARTNER, TSP or AGENT, as of the ticket's messages
	ID   string // the user's, the operator's or the guest's
	Role rules.Role
	// OfCustomer says that a message of theirs is the customer's, and may reopen the ticket.
	OfCustomer bool
}

// Reply is a mail as a ticket takes it.
type Reply struct {
	MailID      string // the same for the same mail: the key of the message
	Text        string
	Quoted      string
	Automatic   bool
	Added       bool // by an operator, who acts in the transaction: it reopens nothing
	Attachments []inbound.Attachment
	Files       []ItemFile // what came with it, also once its bytes have gone
	Sender      string     // whom its From names, normalised
	ReceivedAt  time.Time
	// MessageID and ThreadIndex are the mail's own, for the header of what answers it.
	MessageID   string
	References  []string
	ThreadIndex string
	ThreadTopic string
}

// NewTicket is the ticket that an item becomes. For is the member who wrote.
type NewTicket = ticket.NewTicket

// noTickets stands for the tickets of an installation that has none.
type noTickets struct{}

func (noTickets) FindTicket(*db.Tx, string) (*Ticket, error)               { return nil, nil }
func (noTickets) HadGuests(*db.Tx, Ticket) (bool, error)                   { return false, nil }
func (noTickets) Participant(*db.Tx, Ticket, string) (*Participant, error) { return nil, nil }
func (noTickets) AcceptMail(*db.Tx, Ticket, Participant, Reply) error      { return nil }
func (noTickets) OpenTicket(*db.Tx, NewTicket) (string, error) {
	return "", db.NotFound()
}

// InboundMail is a mail that came in, and what became of it.
type InboundMail struct {
	ID           string
	DedupeKey    string
	EnvelopeFrom string
	EnvelopeTo   string
	Envelope     bool // SMTP told the sender
	Size         int64
	State        MailState
	Outcome      inbound.Outcome // empty: nothing yet
	Reason       inbound.Reason
	Sender       string // whom its From names, normalised
	SenderHash   string
	MessageHash  string // of its Message-ID, where it belongs to a ticket
	Ticket       string // number
	AccountID    *string
	Reopened     bool
	Attempts     int
	ReceivedAt   time.Time
	DecidedAt    *time.Time
}

// MailState says how far a mail has come.
type MailState string

// The states of an InboundMail.
const (
	MailReceived MailState = "RECEIVED"
	MailDecided  MailState = "DECIDED"
	MailFailed   MailState = "FAILED" // it cannot be read; an operator has it
)

// InboundMailChunk is a piece of a mail's bytes.
type InboundMailChunk struct {
	MailID     string
	Seq        int
	Content    []byte
	ReceivedAt time.Time
}

// InboxItem is what an operator has to look at.
type InboxItem struct {
	ID          string
	MailID      string
	Kind        inbound.Kind // as it seems
	State       ItemState
	Reason      inbound.Reason
	Sender      string
	SenderName  string
	Subject     string
	Body        string
	Quoted      string
	Attachments []ItemFile `gorm:"serializer:json"`
	Verdict     inbound.Verdict
	Method      string
	Automatic   bool
	Ticket      string // that it answers, by a proof; empty: none
	Hinted      string // the number in its subject, which anybody can type
	MessageID   string
	Matches     Matches `gorm:"serializer:json"`
	AccountID   *string
	Proof       ProofKind
	ProofNote   string
	ProvedBy    string
	ProvedAt    *time.Time
	Decision    Decision
	DecisionRef string
	DecidedBy   string
	DecidedAt   *time.Time
	Version     int64
	CreatedAt   time.Time

	Channel   Channel
	Further   int64 // mails of the sender that came after it and were not kept: see itemsADay
	FurtherAt *time.Time

	// ProofFor is the invitation whose seller a code has proved the sender to; a call proves
	// the sender for all that is asked.
	ProofFor string
	// The code that was mailed last. Its times are real time.
	CodeID     string
	CodeHash   string
	CodeFor    string // the invitation whose seller got it
	CodeTries  int
	CodesSent  int
	CodeSentAt *time.Time
	CodeUntil  *time.Time // exclusive; nil: no code is open
}

// Channel is the way on which an item came.
type Channel string

// The channels.
const (
	ByMail Channel = "MAIL"
	ByForm Channel = "FORM" // on the web, where anybody may type any address
)

// ItemFile is a file of a mail; its bytes are in the mail.
type ItemFile struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	Digest      string `json:"digest,omitempty"` // SHA-256, in lower-case hex
}

// Matches are what was found of a sender, by ids alone.
type Matches struct {
	Invitations []string `json:"invitations,omitempty"` // to the sender's address, newest first
	Members     []Member `json:"members,omitempty"`
}

// Member is a place of the sender in an account.
type Member struct {
	AccountID string              `json:"account_id"`
	UserID    string              `json:"user_id"`
	Role      identity.MemberRole `json:"role"`
}

// ItemState says whether an item still waits for an operator.
type ItemState string

// The states of an InboxItem.
const (
	ItemOpen  ItemState = "OPEN"
	ItemFiled ItemState = "FILED" // to be read; nobody has to do anything
	ItemDone  ItemState = "DONE"
	ItemSpam  ItemState = "SPAM"
)

// IsOpen reports whether an operator can still decide.
func (i InboxItem) IsOpen() bool { return i.State == ItemOpen || i.State == ItemFiled }

// ProofKind is what proves a sender beside the mail.
type ProofKind string

// The proofs.
const (
	NoProof   ProofKind = ""
	CallProof ProofKind = "CALL" // an operator called and noted it
	// CodeProof: the sender told a code that went to the seller on the order.
	CodeProof ProofKind = "CODE"
)

// Decision is what an operator decided about an item.
type Decision string

// The decisions.
const (
	Undecided        Decision = ""
	Answered         Decision = "ANSWERED"
	Spam             Decision = "SPAM"
	Reissued         Decision = "REISSUED"
	RecipientChanged Decision = "RECIPIENT_CHANGED"
	PersonAdded      Decision = "PERSON_ADDED"
	WarrantyDecided  Decision = "WARRANTY_DECIDED"
	AddedToTicket    Decision = "ADDED_TO_TICKET"
	TicketOpened     Decision = "TICKET_OPENED"
)

// MailboxAnswer is a day on which a sender was answered by the mailbox itself.
type MailboxAnswer struct {
	SenderHash string
	Day        string
	MailID     string
	CreatedAt  time.Time
}

// Entities lists the entities of the mailbox: one for each table.
func Entities() []any {
	return []any{
		InboundMail{},
		InboundMailChunk{},
		InboxItem{},
		MailboxAnswer{},
	}
}

// takes reports whether a recipient is one of the mailbox's own addresses.
func takes(addresses []string, recipient string) bool {
	local, domain, ok := strings.Cut(strings.ToLower(strings.TrimSpace(recipient)), "@")
	if !ok {
		return false
	}
	local, _, _ = strings.Cut(local, "+")
	for _, own := range addresses {
		if strings.EqualFold(own, local+"@"+domain) {
			return true
		}
	}
	return false
}
