package mailbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// The limits of what mails do to a ticket by themselves; beyond, an operator looks.
const (
	messagesAnHour = 10 // of one sender, to one ticket
	automaticADay  = 5  // to one ticket, whoever sends them
	reopensADay    = 3  // of one ticket
)

// sortAttempts is how often reading a mail is tried before an operator gets it unread.
const sortAttempts = 5

// Sort decides what becomes of a received mail, in one transaction. One that is decided already,
// or that somebody else decides at the moment, is left alone. The attempt is counted before: a mail
// that ends the process which reads it is not read for ever.
func (s *Mailbox) Sort(ctx context.Context, id string) error {
	ctx = db.WithSystem(ctx)
	attempt, err := s.beginSorting(ctx, id)
	switch {
	case err != nil || attempt == 0:
		return err
	case attempt > sortAttempts:
		return s.giveUp(ctx, id)
	}

	failure := s.db.Write(ctx, func(tx *db.Tx) error {
		m, ok, err := lockReceived(tx, id)
		if err != nil || !ok {
			return err
		}

		read, err := s.read(m, &storedMail{tx: tx, id: m.ID, left: m.Size})
		if err != nil {
			return err
		}
		return s.decide(tx, m, read)
	})
	switch {
	case ctx.Err() == nil && db.Unavailable(failure):
		return errors.Join(failure, s.takeBack(ctx, id, attempt))
	case failure != nil && attempt == sortAttempts:
		return errors.Join(failure, s.giveUp(ctx, id))
	}
	return failure
}

// takeBack does not count an attempt that failed because of the database, not of the mail.
func (s *Mailbox) takeBack(ctx context.Context, id string, attempt int) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		return tx.Model(&InboundMail{}).
			Where("id = ? AND state = ? AND attempts = ?", id, MailReceived, attempt).
			Update("attempts", attempt-1).Error
	})
}

// beginSorting counts an attempt to read a mail, and returns its number; 0 where there is nothing
// to decide.
func (s *Mailbox) beginSorting(ctx context.Context, id string) (attempt int, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		m, ok, err := lockReceived(tx, id)
		if err != nil || !ok {
			attempt = 0
			return err
		}
		attempt = m.Attempts + 1
		return tx.Model(&InboundMail{}).Where("id = ?", id).Update("attempts", attempt).Error
	})
	return attempt, err
}

// lockReceived locks a mail that nobody has decided; ok is false for any other.
func lockReceived(tx *db.Tx, id string) (m InboundMail, ok bool, err error) {
	var found []InboundMail
	passing := clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}
	err = db.LockWith(tx.DB, passing).
		Where("id = ? AND state = ?", id, MailReceived).Find(&found).Error
	if err != nil || len(found) == 0 {
		return m, false, err
	}
	return found[0], true, nil
}

// read reads the mail. What breaks the reader is an error like any other: the mail is not lost.
func (s *Mailbox) read(m InboundMail, raw io.Reader) (read inbound.Mail, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("reading mail %s: panic", m.ID)
		}
	}()
	envelope := inbound.Envelope{From: m.EnvelopeFrom, To: m.EnvelopeTo, Known: m.Envelope}
	return inbound.Read(raw, envelope, s.options.Options)
}

// giveUp gives an operator a mail as it came, which was tried to be read too often.
func (s *Mailbox) giveUp(ctx context.Context, id string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		m, ok, err := lockReceived(tx, id)
		if err != nil || !ok {
			return err
		}
		m.State = MailFailed
		m.Outcome, m.Reason = inbound.BecomesItem, inbound.ReasonBroken
		if err := s.addItem(tx, m, inbound.Mail{}, Matches{}, ""); err != nil {
			return err
		}
		return saveDecided(tx, m)
	})
}

// decide does what follows from a mail.
func (s *Mailbox) decide(tx *db.Tx, m InboundMail, read inbound.Mail) error {
	m.State = MailDecided
	m.Sender = storableText(cut(read.From.Email, 320))
	m.SenderHash = tx.Secrets().Fingerprint("mail sender", senderOf(m, read))

	ticket, from, err := s.ticketOf(tx, &m, &read)
	if err != nil {
		return err
	}
	m.Outcome, m.Reason = inbound.Decide(read, from != nil)
	if m.Outcome == inbound.BecomesMessage && !proved(read) {
		needs, err := s.needsProof(tx, *ticket, *from)
		if err != nil {
			return err
		}
		if needs {
			m.Outcome, m.Reason = inbound.BecomesItem, inbound.ReasonUnproved
		}
	}
	if m.Outcome == inbound.BecomesAutomaticReply {
		if err := s.limitAutomatic(tx, &m, *ticket, *from, read); err != nil {
			return err
		}
	}
	if read.Ticket != nil && ticket == nil && m.Reason == inbound.ReasonStranger {
		m.Reason = inbound.ReasonNoSuch
	}
	if m.Outcome == inbound.BecomesMessage {
		if err := s.limit(tx, &m, *ticket, *from); err != nil {
			return err
		}
	}

	switch m.Outcome {
	case inbound.BecomesMessage, inbound.BecomesAutomaticReply:
		err = s.accept(tx, &m, read, *ticket, *from)
	case inbound.BecomesDelivery:
		err = s.noteDelivery(tx, read.Report)
	default:
		err = s.intoInbox(tx, &m, read)
	}
	if err != nil {
		return err
	}
	return saveDecided(tx, m)
}

// needsProof reports whether a sender's domain has to say that a mail is theirs. Whoever gets the
// mails of a ticket has its signed address: with it, a customer might write in an operator's name,
// and a guest, for whom the address does not end either, in a customer's.
func (s *Mailbox) needsProof(tx *db.Tx, t Ticket, from Participant) (bool, error) {
	switch {
	case speaksForUs(&from):
		return true, nil
	case from.Kind == string(rule.FromTSP):
		return false, nil
	}
	return s.tickets.HadGuests(tx, t)
}

func speaksForUs(from *Participant) bool { return from != nil && !from.OfCustomer }

func proved(read inbound.Mail) bool { return read.Authentication.Verdict == inbound.Pass }

// senderOf is by whom mails are counted: who wrote it, else who sent it.
func senderOf(m InboundMail, read inbound.Mail) string {
	if read.From.Email != "" {
		return read.From.Email
	}
	return rules.NormaliseEmail(m.EnvelopeFrom)
}

// ticketOf finds the ticket that a mail answers, and who its sender is there. A mail that answers
// one which somebody else sent us names the ticket as our own would: people in copy answer each
// other.
func (s *Mailbox) ticketOf(
	tx *db.Tx, m *InboundMail, read *inbound.Mail,
) (*Ticket, *Participant, error) {
	if read.Ticket == nil {
		number, err := ticketOfAnswered(tx, *read)
		if err != nil {
			return nil, nil, err
		}
		if number != "" {
			read.Ticket = &inbound.Ticket{Number: number, By: inbound.ByHeader}
		}
	}
	if read.Ticket == nil {
		return nil, nil, nil
	}

	ticket, err := s.tickets.FindTicket(tx, read.Ticket.Number)
	if err != nil || ticket == nil {
		return nil, nil, err
	}
	m.Ticket = ticket.Number
	if ticket.AccountID != "" {
		m.AccountID = &ticket.AccountID
	}
	if read.From.Email == "" {
		return ticket, nil, nil
	}
	from, err := s.tickets.Participant(tx, *ticket, read.From.Email)
	return ticket, from, err
}

// ticketOfAnswered is the ticket of a mail that this one answers and that became its message.
func ticketOfAnswered(tx *db.Tx, read inbound.Mail) (number string, err error) {
	var hashes []string
	for _, id := range append(read.References, read.InReplyTo...) {
		hashes = append(hashes, messageHash(tx, id))
	}
	if len(hashes) == 0 {
		return "", nil
	}
	var tickets []string
	err = tx.Model(&InboundMail{}).
		Where("message_hash IN ? AND ticket <> ''", hashes).
		Where("outcome = ?", inbound.BecomesMessage).
		Order("decided_at DESC, id DESC").Limit(1).
		Pluck("ticket", &tickets).Error
	return strings.Join(tickets, ""), err
}

func messageHash(tx *db.Tx, messageID string) string {
	return tx.Secrets().Fingerprint("message id", messageID)
}

// limitAutomatic files an automatic mail instead of folding it into its ticket where the ticket has
// had enough of them today, or where it names one of ours without proof: whoever has a signed
// address could push the conversation out of sight.
func (s *Mailbox) limitAutomatic(
	tx *db.Tx, m *InboundMail, t Ticket, from Participant, read inbound.Mail,
) error {
	var today int64
	err := tx.Model(&InboundMail{}).
		Where("ticket = ? AND outcome = ?", t.Number, inbound.BecomesAutomaticReply).
		Where("decided_at > ?", tx.Now().Add(-24*time.Hour)).
		Count(&today).Error
	if err != nil {
		return err
	}
	if today >= automaticADay || speaksForUs(&from) && !proved(read) {
		m.Outcome = inbound.BecomesFiled
	}
	return nil
}

// limit hands a message to an operator instead of the ticket where its sender has written too
// often, or the ticket was reopened by mails too often. The ticket is locked.
func (s *Mailbox) limit(tx *db.Tx, m *InboundMail, t Ticket, from Participant) error {
	count := func(since time.Duration, more ...any) (n int64, err error) {
		q := tx.Model(&InboundMail{}).
			Where("ticket = ? AND outcome = ?", t.Number, inbound.BecomesMessage).
			Where("decided_at > ?", tx.Now().Add(-since))
		err = q.Where(more[0], more[1:]...).Count(&n).Error
		return n, err
	}

	wrote, err := count(time.Hour, "sender_hash = ?", m.SenderHash)
	if err != nil {
		return err
	}
	if wrote >= messagesAnHour {
		m.Outcome, m.Reason = inbound.BecomesItem, inbound.ReasonTooMany
		return nil
	}

	if !t.Reopens || !from.OfCustomer {
		return nil
	}
	reopened, err := count(24*time.Hour, "reopened = ?", true)
	if err != nil {
		return err
	}
	if reopened >= reopensADay {
		m.Outcome, m.Reason = inbound.BecomesItem, inbound.ReasonReopens
		return nil
	}
	m.Reopened = true
	return nil
}

// accept hands the mail to its ticket. What the ticket refuses, such as a reply to one that was
// canceled, an operator looks at.
func (s *Mailbox) accept(
	tx *db.Tx, m *InboundMail, read inbound.Mail, t Ticket, from Participant,
) error {
	if read.MessageID != "" {
		m.MessageHash = messageHash(tx, read.MessageID)
	}
	err := s.tickets.AcceptMail(tx, t, from, replyOf(*m, read))
	var refusal *rules.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refusal):
		return err
	}

	if m.Outcome == inbound.BecomesAutomaticReply {
		m.Outcome = inbound.BecomesFiled
	} else {
		m.Outcome, m.Reason = inbound.BecomesItem, inbound.ReasonNoSuch
	}
	switch {
	case refusal.Code == rule.ReopenLimit:
		m.Reason = inbound.ReasonReopens
	case m.Outcome == inbound.BecomesItem && cover.ReasonFor(refusal.Code).Rule != "":
		m.Reason = inbound.ReasonNotCovered
	}
	m.Reopened, m.MessageHash = false, ""
	return s.intoInbox(tx, m, read)
}

func replyOf(m InboundMail, read inbound.Mail) Reply {
	return Reply{
		MailID:      m.ID,
		Text:        read.Text,
		Quoted:      read.Quoted,
		Automatic:   m.Outcome == inbound.BecomesAutomaticReply,
		Attachments: read.Attachments,
		Files:       filesOf(read),
		Sender:      m.Sender,
		ReceivedAt:  m.ReceivedAt,
		MessageID:   read.MessageID,
		References:  read.References,
		ThreadIndex: read.ThreadIndex,
		ThreadTopic: read.ThreadTopic,
	}
}

// noteDelivery moves the state of the mail that a report is about: only a report that it will not
// arrive does.
func (s *Mailbox) noteDelivery(tx *db.Tx, r *inbound.Report) error {
	if r.About == nil || !r.Failed() || db.KindOf(r.About.Message) != db.PrefixNotification {
		return nil
	}
	return s.notifications.ReportBounce(tx, r.About.Message, r.Status)
}

// intoInbox makes an item of a mail, with a task where somebody has to decide, and answers its
// sender once a day.
func (s *Mailbox) intoInbox(tx *db.Tx, m *InboundMail, read inbound.Mail) error {
	return s.intoInboxAs(tx, m, read, asked{})
}

// asked is what somebody says beside their words, on the form on the web; of a mail it is empty,
// and both are guessed from the words.
type asked struct {
	Kind   inbound.Kind
	Locale string
}

func (s *Mailbox) intoInboxAs(
	tx *db.Tx, m *InboundMail, read inbound.Mail, a asked,
) error {
	matches, err := matchesOf(tx, read.From.Email)
	if err != nil {
		return err
	}
	counted, err := countFurther(tx, m, read)
	if err != nil || counted {
		return err
	}
	if err := s.addItem(tx, *m, read, matches, a.Kind); err != nil {
		return err
	}
	if m.Outcome != inbound.BecomesItem || read.Unanswerable ||
		read.Authentication.Verdict == inbound.Fail || read.From.Email == "" {
		return nil
	}
	locale := cmp.Or(a.Locale, localeOf(read.Subject+" "+read.Text))
	return answerOnce(tx, *m, read, locale)
}

// itemsADay is how many items one sender gets within 24 hours. What comes beyond is counted on
// the open one and not kept: a stranger fills neither the desk nor the disk.
const itemsADay = 10

// countFurther counts a mail on the newest item of its sender that still waits, where a day had
// enough of them, and forgets what it says. Mails that a domain vouches for are counted apart from
// those that it does not: who only pretends to be somebody uses up nothing of theirs.
func countFurther(tx *db.Tx, m *InboundMail, read inbound.Mail) (counted bool, err error) {
	ofSender := tx.Model(&InboundMail{}).Select("id").Where("sender_hash = ?", m.SenderHash)
	passed := "verdict <> ?"
	if proved(read) {
		passed = "verdict = ?"
	}
	var today []InboxItem
	err = tx.Select("id", "state").
		Where("mail_id IN (?) AND created_at > ?", ofSender, tx.Now().Add(-24*time.Hour)).
		Where(passed, inbound.Pass).
		Order("created_at DESC, id DESC").Limit(itemsADay).Find(&today).Error
	if err != nil || len(today) < itemsADay {
		return false, err
	}

	state := ItemOpen
	if m.Outcome == inbound.BecomesFiled {
		state = ItemFiled
	}
	waiting := slices.IndexFunc(today, func(i InboxItem) bool { return i.State == state })
	if waiting < 0 {
		return false, nil // all of them are decided: the next one is read, too
	}
	err = tx.Model(&InboxItem{}).Where("id = ?", today[waiting].ID).
		Updates(map[string]any{
			"further":    gorm.Expr("further + 1"),
			"further_at": tx.Now(),
		}).Error
	if err != nil {
		return false, err
	}

	m.Reason = inbound.ReasonTooMany
	m.Sender = ""
	if err := emptyMails(tx, []string{m.ID}); err != nil {
		return false, err
	}
	return true, tx.Delete(&InboundMailChunk{}, "mail_id = ?", m.ID).Error
}

// maxMessageID bounds the Message-ID that an item keeps, in bytes.
const maxMessageID = 500

// addItem makes an item of a mail. kind is what the sender says that it is about; empty: the
// words are guessed at.
func (s *Mailbox) addItem(
	tx *db.Tx, m InboundMail, read inbound.Mail, matches Matches, kind inbound.Kind,
) error {
	item := InboxItem{
		ID:          db.NewID(db.PrefixInboxItem),
		MailID:      m.ID,
		Kind:        inbound.Guess(read.Subject, read.Text),
		State:       ItemOpen,
		Reason:      m.Reason,
		Sender:      m.Sender,
		SenderName:  cut(read.From.Name, 200),
		Subject:     cut(read.Subject, 500),
		Body:        storableText(read.Text),
		Quoted:      storableText(read.Quoted),
		Attachments: filesOf(read),
		Verdict:     read.Authentication.Verdict,
		Method:      read.Authentication.Method,
		Automatic:   len(read.Automatic) > 0,
		Ticket:      m.Ticket,
		Hinted:      read.HintedTicket,
		MessageID:   storableText(cut(read.MessageID, maxMessageID)),
		Matches:     matches,
		AccountID:   m.AccountID,
		Version:     1,
		CreatedAt:   tx.Now(),
		Channel:     ByMail,
	}
	if kind != "" {
		item.Kind = kind
		item.Channel = ByForm
	}
	if item.Verdict == "" {
		item.Verdict = inbound.None
	}
	if m.Ticket != "" {
		item.Kind = inbound.ReplyByStranger
	}
	if m.Outcome == inbound.BecomesFiled {
		item.State = ItemFiled
	}
	item.SenderName = storableText(item.SenderName)
	item.Subject = storableText(item.Subject)

	if err := tx.Create(&item).Error; err != nil {
		return err
	}
	if item.State == ItemFiled {
		return nil
	}
	return tx.Raise(db.OperatorTask{
		Kind:      db.TaskMailboxRequest,
		SubjectID: item.ID,
		AccountID: item.AccountID,
		What:      "Look at what a mail asks for, decide, and answer.",
		Why:       "A mail came in: " + string(item.Kind) + ", " + string(item.Reason) + ".",
	})
}

// storableText is a text as PostgreSQL takes it.
func storableText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

func filesOf(read inbound.Mail) []ItemFile {
	files := []ItemFile{}
	for _, a := range read.Attachments {
		files = append(files, ItemFile{
			Name:        storableText(a.Name),
			ContentType: storableText(a.ContentType),
			Size:        a.Size(),
			Digest:      digestOf(a),
		})
	}
	return files
}

func digestOf(a inbound.Attachment) string {
	hash := sha256.New()
	_, _ = io.Copy(hash, a.Content.Reader()) // it is in memory
	return hex.EncodeToString(hash.Sum(nil))
}

// matchesOf finds what is known of an address. Whether the mail is from there is another
// question.
func matchesOf(tx *db.Tx, email string) (m Matches, err error) {
	if email == "" {
		return m, nil
	}
	err = tx.Model(&identity.Invitation{}).Where("email = ?", email).
		Order("id DESC").Limit(20).Pluck("id", &m.Invitations).Error
	if err != nil {
		return m, err
	}
	err = tx.Table("memberships m").Joins("JOIN users u ON u.id = m.user_id").
		Where("u.email = ? AND m.state = ? AND m.blocked_at IS NULL",
			email, rules.MembershipActive).
		Select("m.account_id, m.user_id, m.role").
		Order("m.id").Limit(20).Scan(&m.Members).Error
	return m, err
}

// answerOnce has the mailbox answer a sender, once a day, with the same words to everybody.
func answerOnce(tx *db.Tx, m InboundMail, read inbound.Mail, locale string) error {
	res := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&MailboxAnswer{
		SenderHash: m.SenderHash,
		Day:        tx.Now().UTC().Format(time.DateOnly),
		MailID:     m.ID,
		CreatedAt:  tx.Now(),
	})
	if res.Error != nil || res.RowsAffected == 0 || !rules.ValidEmail(read.From.Email) {
		return res.Error
	}
	return notification.QueueSingle(tx, notification.Notification{
		Template:  rules.TemplateMailboxReceived,
		SubjectID: m.ID,
		Recipient: read.From.Email,
		Epoch:     "1",
		Locale:    locale,
		Params:    map[string]any{"in_reply_to": answerable(read.MessageID)},
	})
}

func saveDecided(tx *db.Tx, m InboundMail) error {
	now := tx.Now()
	m.DecidedAt = &now
	return tx.Model(&InboundMail{}).Where("id = ?", m.ID).
		Select("state", "outcome", "reason", "sender", "sender_hash", "message_hash", "ticket",
			"account_id", "reopened", "attempts", "decided_at").
		Updates(&m).Error
}

// SortBatch is how many mails that wait are looked for at once.
const SortBatch = 50

// SortWaiting sorts the mails that nobody has sorted, the oldest first: their receiver died, or
// the database was away, or mails came faster than they are sorted. It returns how many; after
// SortBatch there may be others.
func (s *Mailbox) SortWaiting(ctx context.Context) (n int, err error) {
	var ids []string
	err = s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Model(&InboundMail{}).
			Where("state = ?", MailReceived).
			Order("received_at, id").Limit(SortBatch).Pluck("id", &ids).Error
	})
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if failure := s.Sort(ctx, id); failure != nil {
			err = failure
			continue
		}
		n++
	}
	return n, err
}
