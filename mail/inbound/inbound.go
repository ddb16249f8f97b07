// Package inbound reads mails that came in: what a person wrote, whether a person wrote it at
// all, which ticket it answers, and how far its sender is proved (S44). It is pure: bytes in,
// facts out; it decides nothing and stores nothing.
//
// Real mail is broken mail. Whatever is wrong with a mail, Read returns what could be read of
// it, and names the rest in Problems.
package inbound

import (
	"io"
	"time"

	"roomcover.dev/roomcover/mail/thread"
)

// Options say whose mails are read.
type Options struct {
	// Keys verify our reply addresses and Message-IDs.
	Keys thread.Keys
	// AuthServIDs are the names under which our own mail server writes
	// Authentication-Results; those of others are not read. None: no mail is proved.
	AuthServIDs []string
	// Hops is how many Received lines our own servers add on top of a mail. Results
	// further down are the sender's own words.
	Hops int
}

// Envelope is what SMTP said about a mail, apart from what stands in it.
type Envelope struct {
	From string // empty: the null sender <>
	To   string
	// Known says that From was told; a mail from elsewhere may come without an envelope.
	Known bool
}

// Mail is what could be read of a mail.
type Mail struct {
	MessageID string // without angle brackets; empty: it has none
	From      Address
	Subject   string
	Date      time.Time // as its sender says; zero: not said

	InReplyTo   []string // Message-IDs without angle brackets
	References  []string
	ThreadIndex string // Outlook's, to be echoed
	ThreadTopic string

	// Automatic are the marks of a mail that no person wrote; empty: a person did.
	Automatic []Mark
	// Unanswerable says that its sender asks for no automatic answer.
	Unanswerable bool
	// Report is what a delivery report says; nil: it is none.
	Report *Report

	Ticket         *Ticket // that it answers; nil: none is proved
	HintedTicket   string  // the number in its subject, which anybody can type
	Authentication Authentication

	Text      string // what its writer wrote now
	Quoted    string // what was quoted below
	Truncated bool   // the text is longer than is kept

	Attachments []Attachment

	Problems []Problem
}

// Address is who a mail says it is from.
type Address struct {
	Name  string
	Email string // normalised; empty where there is not exactly one that can be read
}

// Ticket is the ticket that a mail answers.
type Ticket struct {
	Number string // or the id, in upper case: what our address or Message-ID was made for
	By     TicketProof
}

// TicketProof says by what a mail names its ticket.
type TicketProof string

// The ways in which a mail names its ticket. A number in the subject is none.
const (
	ByAddress TicketProof = "ADDRESS" // our signed reply address
	ByHeader  TicketProof = "HEADER"  // one of our Message-IDs
)

// Attachment is a part of a mail that is no text of its writer.
type Attachment struct {
	Name        string // as the sender named it; may be empty
	ContentType string // as the sender says; look at the bytes
	ContentID   string
	Inline      bool
	Content     Content
}

// Size is the number of bytes of the attachment.
func (a Attachment) Size() int64 { return a.Content.Size() }

// Problem is something about a mail that could not be read.
type Problem string

// The problems of a mail.
const (
	BrokenHeader     Problem = "BROKEN_HEADER"     // a line of the header is no field
	BrokenParts      Problem = "BROKEN_PARTS"      // parts of the body are malformed
	UnreadableBody   Problem = "UNREADABLE_BODY"   // the body is shown as it came
	TooManyParts     Problem = "TOO_MANY_PARTS"    // some parts were left out
	SeveralSenders   Problem = "SEVERAL_SENDERS"   // From names no one, or more than one
	HeaderTooLong    Problem = "HEADER_TOO_LONG"   // the header was cut
	UnknownCharset   Problem = "UNKNOWN_CHARSET"   // some letters may be wrong
	UnreadableReport Problem = "UNREADABLE_REPORT" // a report without a status
)

// The limits of what is read of a mail.
const (
	maxHeader      = 256 << 10
	maxText        = 200_000 // bytes of text that are kept
	maxHTML        = 4 << 20 // of all texts that are read, and of all pages
	maxAttachments = 50
	maxReadIDs     = 100 // of References
	maxNested      = 10  // multiparts within each other
	maxParts       = 500
)

// Read reads a mail. The error is that of r; a broken mail is none.
func Read(r io.Reader, e Envelope, o Options) (Mail, error) {
	header, body, err := readHeader(r)
	if err != nil {
		return Mail{}, err
	}

	var m Mail
	m.readIdentity(header)
	tree, err := readBody(header, body)
	if err != nil {
		return Mail{}, err
	}

	m.Problems = append(m.Problems, header.problems...)
	m.Problems = append(m.Problems, tree.problems...)
	m.Attachments = tree.attachments
	m.Report = readReport(header, tree, o.Keys)
	m.Automatic = marks(header, e, o.Keys)
	m.Unanswerable = asksForNoAnswer(header)
	m.Ticket = ticketOf(header, e, o.Keys)
	m.HintedTicket = hintedTicket(m.Subject)
	m.Authentication = authenticate(header, m.From.Email, o)
	m.Text, m.Quoted = CutQuoted(tree.text(), thread.ReplyMarkers())
	m.Text, m.Truncated = shortened(m.Text)
	m.Truncated = m.Truncated || tree.cut
	m.Quoted, _ = shortened(m.Quoted)
	if m.Report != nil && m.Report.Action == "" {
		m.Problems = append(m.Problems, UnreadableReport)
	}
	m.Problems = unique(m.Problems)
	return m, nil
}
