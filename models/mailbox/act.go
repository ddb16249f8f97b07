package mailbox

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
)

// ItemFilter narrows a list of items; empty fields do not narrow.
type ItemFilter struct {
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
		if err := db.Found(tx.ForUpdate().First(&item, "id = ?", id).Error); err != nil {
			return err
		}
		if err := db.AsSeen(item.Version, version); err != nil {
			return err
		}
		if item.State != ItemOpen && item.State != ItemFiled {
			return rules.Refuse(rules.StateConflict, "This mail is decided already.",
				"Read it again to see how.")
		}
		return fn(tx, &item)
	})
	return item, err
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
			locale = localeOf(item.Subject + " " + item.Body)
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

func paragraphsOf(text string) (paragraphs []string) {
	for line := range strings.Lines(storableText(text)) {
		if line = strings.TrimSpace(line); line != "" {
			paragraphs = append(paragraphs, line)
		}
	}
	return paragraphs
}

// NoteCall records that an operator called the sender back, at a number that was known before,
// and is sure who it is: the second proof that a link to another address needs.
func (s *Mailbox) NoteCall(
	ctx context.Context, id string, version int64, note string,
) (InboxItem, error) {
	if err := rules.CheckReason(note); err != nil {
		return InboxItem{}, err
	}
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		now := tx.Now()
		item.Proof, item.ProofNote = CallProof, note
		item.ProvedBy, item.ProvedAt = tx.Scope.Actor.ID, &now
		item.Version++
		err := tx.Model(&InboxItem{}).Where("id = ?", id).
			Select("proof", "proof_note", "proved_by", "proved_at", "version").
			Updates(item).Error
		if err != nil {
			return err
		}
		return audit(tx, *item, "inbox.proved", map[string]any{"proof": CallProof})
	})
}

// unproved is the refusal of an action that sends a link for a mail whose sender is not proved
// enough.
func unproved() error {
	return rules.Refuse(rules.StateConflict,
		"The sender is not proved enough for this: the link would go to somebody unknown.",
		"Call the sender back at a number that was known before, and note the call.")
}

// MayReissue reports whether an invitation may be sent again, to the address that it has, for
// this item: not for a mail that its domain disowns, unless a call proves the sender.
func (i InboxItem) MayReissue() bool { return i.Proof != NoProof || i.Verdict != inbound.Fail }

// MayChangeRecipient reports whether a link may go to another address for this item: only after
// a second proof, whatever the mail's own.
func (i InboxItem) MayChangeRecipient() bool { return i.Proof != NoProof }

// MayAddPerson reports whether one more person may be invited to an account for this item: an
// administrator of the account asks from an address that is proved, or a call proves the sender.
func (i InboxItem) MayAddPerson(accountID string) bool {
	admin := slices.ContainsFunc(i.Matches.Members, func(m Member) bool {
		return m.AccountID == accountID && m.Role == identity.RoleAdmin
	})
	return i.Proof != NoProof || admin && i.Verdict == inbound.Pass
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
		decision, allowed := Reissued, item.MayReissue()
		if r.Email != "" {
			decision, allowed = RecipientChanged, item.MayChangeRecipient()
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
		read, err := s.read(m, &storedMail{tx: tx, id: m.ID, left: m.Size})
		if err != nil {
			return err
		}
		from, err := s.writerOf(tx, *ticket, *item)
		if err != nil {
			return err
		}
		reply := replyOf(m, read)
		reply.Added = from.OfCustomer
		if err := s.tickets.AcceptMail(tx, *ticket, from, reply); err != nil {
			return err
		}
		return settle(tx, item, AddedToTicket, ticket.ID)
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
