// Package mail renders the program's mails and hands them to an SMTP server.
//
// It knows nothing of orders, accounts or databases: callers pass a Content
// (template, locale, brand, parameters) and get subject, text and HTML back;
// then they pass a Message to a Sender. Whether a mail may be sent again is
// answered by SendError.Kind.
package mail

// Message is one rendered mail, ready to send to one recipient.
type Message struct {
	// ID is the deterministic local part of the Message-ID, for example the
	// notification's id. The same ID always gives the same Message-ID, so a
	// receiver can recognise a repeated mail (C7).
	ID string
	// Thread names what the message is about, such as a replacement's id: readers
	// show all messages of a thread together, whatever their subjects say. Empty:
	// the message stands alone.
	Thread string
	// MessageID is the part of the Message-ID before the @, where it is not ID: of a
	// ticket's mail, see thread.Keys.MessageID.
	MessageID string
	// InReplyTo and References are the Message-IDs that the message answers, with their
	// domains and without angle brackets; see thread.ReferencesAfter. They take the place of
	// Thread.
	InReplyTo  string
	References []string
	// ThreadIndex and ThreadTopic are Outlook's, echoed from the mail that is answered.
	ThreadIndex, ThreadTopic string
	// Origin says who wrote the message.
	Origin Origin
	// NullSender sends it with the envelope sender <>: nothing answers it, not even a
	// report that it did not arrive.
	NullSender bool
	// FromName is the display name shown to the reader (R96, R119).
	FromName string
	// FromAddress is the sender's address, header and envelope.
	FromAddress string
	// ReplyTo is the address answers go to; empty means FromAddress.
	ReplyTo string
	// To is the one recipient: copies are separate messages, so that no
	// address is disclosed to another recipient (R100, A6).
	To string
	// Subject is the decoded subject line in UTF-8.
	Subject string
	// Text is the plain-text twin of HTML; it is required.
	Text string
	// HTML is optional; a message without it is sent as text/plain.
	HTML string
	// Invite is a calendar invitation that the mail carries; nil: none.
	Invite *Invite
	// Locale is a BCP 47 tag, written to Content-Language.
	Locale string
	// Template is the template's name; it is for logs and traces only and is
	// never written into the mail.
	Template string
}

// Invite is a calendar message (RFC 6047). It goes twice: as the last of the alternatives, where
// mail programs look for it, and as a file, for those that do not.
type Invite struct {
	// Method is what the content says that it is: REQUEST or CANCEL.
	Method string
	// Content is the calendar message.
	Content []byte
}

// Origin says who wrote a message, and so what its header says of it (RFC 3834).
type Origin int

const (
	// Generated is what the service tells by itself.
	Generated Origin = iota
	// AutoReplied is an automatic answer to a mail.
	AutoReplied
	// Written is what a person wrote: nothing in its header calls it automatic.
	Written
)

// Brand is what a template shows of the program (R1).
type Brand struct {
	// Name is the program's name, for example "Logitech Select".
	Name string
	// SenderName is the display name of the sender, also the signature.
	SenderName string
	// SenderAddress is the address mails are sent from.
	SenderAddress string
	// Mailbox is the address a reader can write to.
	Mailbox string
	// PortalURL is the absolute address of the portal.
	PortalURL string
	// MenuServiceOrders is the portal's menu label of service orders (R98).
	MenuServiceOrders string
}

// Content is what Render turns into a mail.
type Content struct {
	// Template is one of Templates.
	Template string
	// Locale is "pt-BR" or "en".
	Locale string
	// Brand is the program's identity.
	Brand Brand
	// Subject is the program's subject for this template (C8); templates
	// never bring their own.
	Subject string
	// Written says that a person wrote it to its reader.
	Written bool
	// ReplyMarker is the line above which its reader is asked to answer; empty: answers are
	// not read by a program.
	ReplyMarker string
	// OwnSubject says that the program has words of its own for it, and not the usual ones.
	OwnSubject bool
	// Params are the template's parameters as decoded from JSON: dates are
	// "2006-01-02" strings, numbers are float64, int or json.Number.
	Params map[string]any
}
