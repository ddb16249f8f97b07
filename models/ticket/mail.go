package ticket

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// MailReply is a mail that answers a ticket, as its conversation takes it (S44). Who wrote it
// acts in the transaction.
type MailReply struct {
	Once      string // names the mail: the same one again changes nothing
	Text      string
	Files     []attachment.Upload // one that is not taken is named beside the text
	Automatic bool                // no person wrote it: its files stay in the mail
	// The mail's own Message-ID and Thread-Index, which our answers name; empty: it has none.
	MessageID   string
	ThreadIndex string
}

// mailOrigin is what a mail brought that our answers to it name.
type mailOrigin struct{ messageID, threadIndex string }

// mark notes it of the message that the mail became. What is no Message-ID, or no index, cannot
// be named.
func (o mailOrigin) mark(m *Message) {
	if rules.ValidMessageID(o.messageID) {
		m.MailMessageID = o.messageID
	}
	if threadIndex.MatchString(o.threadIndex) {
		m.MailThreadIndex = o.threadIndex
	}
}

var threadIndex = regexp.MustCompile(`^[A-Za-z0-9+/=]{1,200}$`)

// LockForMail locks the ticket that a mail names by its number or its id. found is false where
// there is none.
func (s *Tickets) LockForMail(tx *db.Tx, name string) (t Ticket, found bool, err error) {
	ref, err := s.programs.ReferenceIn(tx)
	if err != nil {
		return t, false, err
	}
	if _, isNumber := db.ReadNumber(db.NumberOfTicket, name); !isNumber {
		name = strings.ToLower(name) // mail programs and addresses change the case
	}

	w, err := s.lock(tx, ref, name)
	if rules.CodeOf(err) == rules.NotFound {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	return w.Ticket, true, nil
}

// ReplyByMail adds a mail to the ticket in the caller's transaction, as the command that its
// writer would give in the portal or the console, with all that follows from it. An automatic
// one is folded, and moves nothing. What the command refuses is refused here.
func (s *Tickets) ReplyByMail(tx *db.Tx, id string, r MailReply) (Ticket, error) {
	ref, err := s.programs.ReferenceIn(tx)
	if err != nil {
		return Ticket{}, err
	}
	c := r.command(tx.Scope.Actor.Role)
	if !r.Automatic {
		return s.doIn(tx, ref, id, c)
	}

	w, err := s.lock(tx, ref, id)
	if err != nil {
		return Ticket{}, err
	}
	said, _, err := w.done(c)
	if err != nil || said || c.Text == "" {
		return w.Ticket, err
	}
	w.fold(c)
	err = w.save()
	return w.Ticket, err
}

// AddMail adds the mail of somebody whom the operator who acts takes at their word. It is the
// text of the customer's side; author is the member or the participant who wrote it, or empty. It
// reopens nothing.
func (s *Tickets) AddMail(tx *db.Tx, id, author string, r MailReply) (Ticket, error) {
	ref, err := s.programs.ReferenceIn(tx)
	if err != nil {
		return Ticket{}, err
	}
	w, err := s.lock(tx, ref, id)
	if err != nil {
		return Ticket{}, err
	}
	if err := rule.May(rule.DoAnswer, tx.Scope.Actor.Role, w.factsNow()); err != nil {
		return Ticket{}, err
	}

	c := r.command(tx.Scope.Actor.Role)
	if err := c.check(); err != nil {
		return Ticket{}, err
	}
	if said, _, err := w.done(c); err != nil || said {
		return w.Ticket, err
	}
	m := Message{
		AuthorKind: AuthorOf(db.Actor{ID: author, Role: rules.CustomerReadOnly}),
		AuthorID:   author,
		Channel:    rule.ByMail,
		Text:       c.Text,
		DedupeKey:  c.onceKey(w.actor()),
	}
	c.mail.mark(&m)
	w.say(m)
	w.note("ticket.mail_added", map[string]any{"message": w.lastMessage()})
	if next, reopened := rule.AfterComment(w.State, true); !reopened {
		w.move(next, "")
	}
	if err := w.save(); err != nil {
		return Ticket{}, err
	}
	return w.Ticket, w.attach(c)
}

// command is what the writer of the mail would do.
func (r MailReply) command(role rules.Role) Command {
	c := Command{
		Name:    rule.DoComment,
		Text:    mailText(r.Text),
		Channel: rule.ByMail,
		Once:    "mail/" + r.Once,
		Files:   r.Files,
		byMail:  true,
		mail:    mailOrigin{r.MessageID, r.ThreadIndex},
	}
	if c.Text == "" && len(r.Files) > 0 && !r.Automatic {
		c.Text = namesOf(r.Files)
	}
	if rule.AuthorOf(role).IsOurs() {
		c.Name = rule.DoAnswer
	}
	return c
}

// fold adds a text that no person wrote. Whoever writes does not have to know of it.
func (w *change) fold(c Command) {
	said := w.said
	w.say(Message{
		AuthorKind: rule.FromSystem,
		AuthorID:   w.actor().ID,
		Channel:    rule.ByMail,
		Text:       c.Text,
		Automatic:  true,
		DedupeKey:  c.onceKey(w.actor()),
	})
	w.said = said
	w.note("ticket.automatic_mail", map[string]any{"message": w.lastMessage()})
}

// cutMark ends a text of which only the beginning is shown; the mail keeps the rest.
const cutMark = "\n[…]"

// mailText is a mail's text as the conversation takes it: mails carry characters that nobody
// sees, and there is nobody to ask for another text.
func mailText(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r\n", "\n")
	text = strings.ReplaceAll(text, string(utf8.RuneError), "")

	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(strings.ReplaceAll(line, "\t", " "), " ")
		for unseen, found := rules.UnseenRune(line); found; unseen, found = rules.UnseenRune(line) {
			line = strings.ReplaceAll(line, string(unseen), "")
		}
		lines = append(lines, line)
	}
	text = strings.TrimSpace(strings.Join(lines, "\n"))

	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText-utf8.RuneCountInString(cutMark)]) + cutMark
	}
	return text
}
