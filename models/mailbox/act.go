package mailbox

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"gorm.io/gorm/clause"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
)

// ItemFilter narrows a list of items; empty fields do not narrow.
type ItemFilter struct {
	IDs   []string // nil: any
	State ItemState
	Kind  inbound.Kind
	Page  db.Page
}

// ListItems lists what came into the mailbox, newest first, to the service and its operators.
func (s *Mailbox) ListItems(ctx context.Context, f ItemFilter) ([]InboxItem, string, error) {
	var out []InboxItem
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		q := tx.DB
		if f.State != "" {
			q = q.Where(clause.Eq{Column: "state", Value: f.State})
		}
		if f.Kind != "" {
			q = q.Where(clause.Eq{Column: "kind", Value: f.Kind})
		}
		if f.IDs != nil {
			q = q.Where("id IN ?", f.IDs)
		}
		return f.Page.Apply(q).Find(&out).Error
	})
	out, next := db.Cut(f.Page, out, func(i InboxItem) string { return i.ID })
	return out, next, err
}

// GetItem reads one item, to the service and its operators.
func (s *Mailbox) GetItem(ctx context.Context, id string) (item InboxItem, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return db.Found(tx.First(&item, "id = ?", id).Error)
	})
	return item, err
}

// onItem runs fn on an open item that is locked. version is that of the item which the operator
// looked at: another answers VERSION_MISMATCH, and an item that is decided STATE_CONFLICT.
func (s *Mailbox) onItem(
	ctx context.Context, id string, version int64, fn func(*db.Tx, *InboxItem) error,
) (item InboxItem, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		item = InboxItem{}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if err := needs(tx, rules.WorkTasks); err != nil {
			return err
		}
		if err := db.Found(tx.ForUpdate().First(&item, "id = ?", id).Error); err != nil {
			return err
		}
		if err := db.AsSeen(item.Version, version); err != nil {
			return err
		}
		if !item.IsOpen() {
			return rules.Refuse(rules.StateConflict, "This mail is decided already.",
				"Read it again to see how.")
		}
		return fn(tx, &item)
	})
	return item, err
}

// needs refuses, with FORBIDDEN, what the operator's role may not do.
func needs(tx *db.Tx, capability rules.Capability) error {
	role := tx.Scope.Actor.Role
	if !role.IsOperator() || rules.Allows(role, capability).Allowed() {
		return nil
	}
	return rules.Refuse(rules.Forbidden, "Your role may not do this.", "Ask an agent.")
}

// settle keeps what was decided, closes the task and audits it.
func settle(tx *db.Tx, item *InboxItem, decision Decision, ref string) error {
	now := tx.Now()
	item.State = ItemDone
	if decision == Spam {
		item.State = ItemSpam
	}
	item.Decision, item.DecisionRef = decision, ref
	item.DecidedBy, item.DecidedAt = tx.Scope.Actor.ID, &now
	item.Version++
	err := tx.Model(&InboxItem{}).Where("id = ?", item.ID).
		Select("state", "decision", "decision_ref", "decided_by", "decided_at", "version").
		Updates(item).Error
	if err != nil {
		return err
	}
	resolution := strings.ToLower(string(decision))
	if err := tx.Settle(db.TaskMailboxRequest, item.ID, resolution); err != nil {
		return err
	}
	return audit(tx, *item, "inbox.decided", map[string]any{
		"kind":     item.Kind,
		"decision": decision,
		"ref":      ref,
		"verdict":  item.Verdict,
		"proof":    item.Proof,
	})
}

func audit(tx *db.Tx, item InboxItem, verb string, details map[string]any) error {
	return tx.Audit(item.ID, item.AccountID, false,
		db.Entry{Verb: verb, ObjectID: item.ID, Details: details})
}

// MarkSpam closes an item that nobody should answer.
func (s *Mailbox) MarkSpam(ctx context.Context, id string, version int64) (InboxItem, error) {
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		return settle(tx, item, Spam, "")
	})
}

// maxAnswer bounds what an operator answers.
const maxAnswer = 10_000

// Answer sends the sender what an operator wrote, and closes the item.
func (s *Mailbox) Answer(
	ctx context.Context, id string, version int64, text, locale string,
) (InboxItem, error) {
	paragraphs := paragraphsOf(text)
	if len(paragraphs) == 0 || len(text) > maxAnswer {
		return InboxItem{}, rules.Invalid([]rules.FieldError{{
			Pointer: "/text",
			Code:    rules.Required,
			Message: "The answer is missing, or longer than 10,000 characters.",
			Remedy:  "Write what the sender should read.",
		}})
	}

	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		if !rules.ValidEmail(item.Sender) {
			return rules.Refuse(rules.StateConflict, "The mail names no address to answer to.",
				"Decide without an answer.")
		}
		if locale == "" {
			locale = item.Locale()
		}
		err := notification.QueueSingle(tx, notification.Notification{
			Template:  rules.TemplateMailboxAnswer,
			SubjectID: item.ID,
			Recipient: item.Sender,
			Epoch:     "1",
			AccountID: item.AccountID,
			Locale:    locale,
			Params: map[string]any{
				"paragraphs":  paragraphs,
				"in_reply_to": answerable(item.MessageID),
			},
		})
		if err != nil {
			return err
		}
		return settle(tx, item, Answered, "")
	})
}

// answerable is a Message-ID that can stand in the header of an answer; empty for any other.
func answerable(messageID string) string {
	if !rules.ValidMessageID(messageID) {
		return ""
	}
	return messageID
}

func paragraphsOf(text string) (paragraphs []string) {
	for line := range strings.Lines(storableText(text)) {
		if line = strings.TrimSpace(line); line != "" {
			paragraphs = append(paragraphs, line)
		}
	}
	return paragraphs
}

// ReissueInvitation sends an invitation again to the address that it has (R51a, R123), and
// closes the item. The sender need not be that address: the link does not go to them.
func (s *Mailbox) ReissueInvitation(
	ctx context.Context, id string, version int64, invitationID, reason string,
) (InboxItem, error) {
	return s.reissue(ctx, id, version, identity.Reissue{ID: invitationID, Reason: reason})
}

// ChangeRecipient sends an invitation to another person; the link before is dead first (R51b).
func (s *Mailbox) ChangeRecipient(
	ctx context.Context, id string, version int64, r identity.Reissue,
) (InboxItem, error) {
	if strings.TrimSpace(r.Email) == "" {
		return InboxItem{}, rules.Invalid([]rules.FieldError{{
			Pointer: "/email",
			Code:    rules.Required,
			Message: "The other person's address is missing.",
			Remedy:  "Give the address along with the name.",
		}})
	}
	return s.reissue(ctx, id, version, r)
}

func (s *Mailbox) reissue(
	ctx context.Context, id string, version int64, r identity.Reissue,
) (InboxItem, error) {
	if err := rules.CheckReason(r.Reason); err != nil {
		return InboxItem{}, err
	}
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return InboxItem{}, err
	}
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		decision, allowed := Reissued, item.MayReissue(r.ID)
		if r.Email != "" {
			decision, allowed = RecipientChanged, item.MayChangeRecipient(r.ID)
		}
		if !allowed {
			return unproved()
		}
		inv, err := s.people.ReissueWithin(tx, ref, r)
		if err != nil {
			return err
		}
		item.AccountID = &inv.AccountID
		return settle(tx, item, decision, inv.ID)
	})
}

// AddPerson invites one more person to an account (R105), with a link of their own.
func (s *Mailbox) AddPerson(
	ctx context.Context, id string, version int64, n identity.NewInvite,
) (InboxItem, error) {
	if err := rules.CheckReason(n.Reason); err != nil {
		return InboxItem{}, err
	}
	n.Kind = identity.InvitationForExtra
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return InboxItem{}, err
	}
	if n.Locale != "" {
		if err := rules.Invalid(ref.Program.CheckLocale("/locale", n.Locale)); err != nil {
			return InboxItem{}, err
		}
	}
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		if err := item.matchAgain(tx); err != nil {
			return err
		}
		if !item.MayAddPerson(n.AccountID) {
			return unproved()
		}
		inv, err := s.people.InviteWithin(tx, ref, n)
		if err != nil {
			return err
		}
		return settle(tx, item, PersonAdded, inv.ID)
	})
}

// LinkWarranty decides on an earlier warranty that the mail is about (R111b).
func (s *Mailbox) LinkWarranty(
	ctx context.Context, id string, version int64, warrantyID string, d warranty.WarrantyDecision,
) (InboxItem, error) {
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		if err := needs(tx, rules.ReviewOrders); err != nil {
			return err
		}
		w, err := warranty.DecideWarrantyWithin(tx, warrantyID, d)
		if err != nil {
			return err
		}
		return settle(tx, item, WarrantyDecided, w.ID)
	})
}

// AddToTicket makes a message of a reply whose sender is not proved, because an operator has
// looked at it. It is the operator's word that it belongs there: it reopens nothing.
func (s *Mailbox) AddToTicket(ctx context.Context, id string, version int64) (InboxItem, error) {
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		ticket, err := s.tickets.FindTicket(tx, item.Ticket)
		if err != nil {
			return err
		}
		if item.Ticket == "" || ticket == nil {
			return rules.Refuse(rules.StateConflict, "The mail answers no ticket.",
				"Answer the mail instead.")
		}

		var m InboundMail
		if err := db.Found(tx.First(&m, "id = ?", item.MailID).Error); err != nil {
			return err
		}
		read, err := s.readAgain(tx, m, *item)
		if err != nil {
			return err
		}
		from, err := s.writerOf(tx, *ticket, *item)
		if err != nil {
			return err
		}
		reply := replyOf(m, read)
		reply.Files = item.Attachments
		reply.Sender = item.Sender
		reply.Added = from.OfCustomer
		if err := s.tickets.AcceptMail(tx, *ticket, from, reply); err != nil {
			return err
		}
		return settle(tx, item, AddedToTicket, ticket.ID)
	})
}

// readAgain reads the mail of an item once more. Once its bytes have gone with their time, what
// the item keeps of it stands for it.
func (s *Mailbox) readAgain(tx *db.Tx, m InboundMail, item InboxItem) (inbound.Mail, error) {
	var pieces int64
	err := tx.Model(&InboundMailChunk{}).Where("mail_id = ?", m.ID).Count(&pieces).Error
	if err != nil {
		return inbound.Mail{}, err
	}
	if pieces > 0 {
		return s.read(m, &storedMail{tx: tx, id: m.ID, left: m.Size})
	}
	return inbound.Mail{Text: item.Body, Quoted: item.Quoted, MessageID: item.MessageID}, nil
}

// filesAgain are the files that came with an item, while the bytes of its mail are kept.
func (s *Mailbox) filesAgain(tx *db.Tx, item InboxItem) ([]attachment.Upload, error) {
	if len(item.Attachments) == 0 {
		return nil, nil
	}
	var m InboundMail
	if err := db.Found(tx.First(&m, "id = ?", item.MailID).Error); err != nil {
		return nil, err
	}
	read, err := s.readAgain(tx, m, item)
	return Reply{Attachments: read.Attachments}.files(), err
}

// OpenTicket makes of an item a ticket of the member who wrote it: of an account whose contract
// covers what it is about, else it is refused as any ticket is (R39c, A10). The files of the mail
// come with it. Somebody else than the sender needs a noted call, and so does a sender whose domain
// disowns the mail.
func (s *Mailbox) OpenTicket(
	ctx context.Context, id string, version int64, n NewTicket,
) (InboxItem, error) {
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		if err := item.matchAgain(tx); err != nil {
			return err
		}
		if item.Proof != CallProof && !item.isOf(n.For) {
			return unproved()
		}
		n.Text = cmp.Or(strings.TrimSpace(n.Text), item.Words())
		n.Once = item.ID
		files, err := s.filesAgain(tx, *item)
		if err != nil {
			return err
		}
		n.Files = files
		ref, err := s.tickets.OpenTicket(tx, n)
		if err != nil {
			return err
		}
		return settle(tx, item, TicketOpened, ref)
	})
}

// Words are what the mail of an item says, in as many words as there are: its text, else what it
// quotes, its subject, or the names of its files. A picture alone is a report of something, too.
func (i InboxItem) Words() string {
	words := cmp.Or(strings.TrimSpace(i.Body), strings.TrimSpace(i.Quoted),
		strings.TrimSpace(i.Subject))
	if words != "" {
		return words
	}
	names := make([]string, len(i.Attachments))
	for n, f := range i.Attachments {
		names[n] = cmp.Or(checks.CleanName(f.Name), f.ContentType)
	}
	return strings.Join(names, "\n")
}

// matchAgain finds what is known of the sender now: who has left an account since the mail came
// asks for nothing there.
func (i *InboxItem) matchAgain(tx *db.Tx) (err error) {
	i.Matches, err = matchesOf(tx, i.Sender)
	return err
}

// isOf reports whether the mail seems to be a user's: from the address that they sign in with,
// and not disowned by its domain.
func (i InboxItem) isOf(userID string) bool {
	return i.Verdict != inbound.Fail &&
		slices.ContainsFunc(i.Matches.Members, func(m Member) bool { return m.UserID == userID })
}

// SetKind says what an item asks for, where the guess was wrong.
func (s *Mailbox) SetKind(
	ctx context.Context, id string, version int64, kind inbound.Kind,
) (InboxItem, error) {
	if !slices.Contains(inbound.Kinds, kind) || kind == inbound.ReplyByStranger {
		return InboxItem{}, rules.Invalid([]rules.FieldError{{
			Pointer: "/kind",
			Code:    "INVALID_KIND",
			Message: "There is no such kind of request.",
			Remedy: "Send LOST_INVITATION, WRONG_PERSON, EXPIRED_LINK, EXTRA_PERSON, " +
				"MISSING_WARRANTY or OTHER.",
		}})
	}
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		before := item.Kind
		if before == kind {
			return nil
		}
		item.Kind = kind
		item.Version++
		err := tx.Model(&InboxItem{}).Where("id = ?", id).Select("kind", "version").
			Updates(item).Error
		if err != nil {
			return err
		}
		return audit(tx, *item, "inbox.sorted", map[string]any{"before": before, "kind": kind})
	})
}

// writerOf is whose message an item becomes that an operator adds to a ticket: the sender's as
// the customer, whoever it is. What one of us seems to have written is of who adds it.
func (s *Mailbox) writerOf(tx *db.Tx, t Ticket, item InboxItem) (Participant, error) {
	from, err := s.tickets.Participant(tx, t, item.Sender)
	switch {
	case err != nil:
		return Participant{}, err
	case from == nil:
		return Participant{Kind: "CUSTOMER", OfCustomer: true}, nil
	case from.OfCustomer:
		return *from, nil
	}
	return Participant{Kind: from.Kind, ID: tx.Scope.Actor.ID, Role: tx.Scope.Actor.Role}, nil
}
