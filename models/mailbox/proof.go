package mailbox

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// The bounds of the codes that prove a sender. A seller reads mails on the next business day, so
// that a code lasts over a weekend.
const (
	CodeDays  = 3
	codeLife  = CodeDays * 24 * time.Hour
	codeTries = 5
	codesSent = 3                // for one item
	codeAgain = 30 * time.Second // a second click is the same click
)

// NoteCall records that an operator called the sender back, at a number that was known before,
// and is sure who it is: the second proof that a link to another address needs.
func (s *Mailbox) NoteCall(
	ctx context.Context, id string, version int64, note string,
) (InboxItem, error) {
	if err := rules.CheckReason(note); err != nil {
		return InboxItem{}, err
	}
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		item.ProofNote = note
		return item.prove(tx, CallProof, "")
	})
}

// prove keeps a proof of who the sender is, and ends the code that was mailed.
func (i *InboxItem) prove(tx *db.Tx, proof ProofKind, invitationID string) error {
	now := tx.Now()
	i.Proof, i.ProofFor = proof, invitationID
	i.ProvedBy, i.ProvedAt = tx.Scope.Actor.ID, &now
	i.CodeHash, i.CodeUntil = "", nil
	i.Version++
	err := tx.Model(&InboxItem{}).Where("id = ?", i.ID).
		Select("proof", "proof_for", "proof_note", "proved_by", "proved_at", "code_hash",
			"code_until", "version").
		Updates(i).Error
	if err != nil {
		return err
	}
	return audit(tx, *i, "inbox.proved", map[string]any{
		"proof":      proof,
		"invitation": invitationID,
	})
}

// Seller is who sold what an invitation came with, as its order says.
type Seller struct {
	Email    string
	Company  string
	PONumber string
	Country  string // the end customer's
}

// sellersOf returns who sold what invitations came with, by the orders' ids.
func sellersOf(tx *db.Tx, orderIDs []string) (map[string]Seller, error) {
	var orders []struct {
		ID       string
		PONumber string
		Payload  ordering.OrderForm `gorm:"serializer:json"`
	}
	err := tx.Table("orders").Select("id", "po_number", "payload").
		Where("id IN ?", orderIDs).Find(&orders).Error
	sellers := map[string]Seller{}
	for _, o := range orders {
		sellers[o.ID] = Seller{
			Email:    rules.NormaliseEmail(o.Payload.Reseller.Email),
			Company:  o.Payload.Reseller.Company,
			PONumber: o.PONumber,
			Country:  o.Payload.EndCustomer.Address.Country,
		}
	}
	return sellers, err
}

// sellerOf returns the seller whom a code about an invitation goes to: at the address that the
// order had before anybody wrote. STATE_CONFLICT: it came with no order, or to the seller.
func sellerOf(tx *db.Tx, inv identity.Invitation) (Seller, error) {
	sellers, err := sellersOf(tx, []string{db.Text(inv.OrderID)})
	if err != nil {
		return Seller{}, err
	}
	seller := sellers[db.Text(inv.OrderID)]
	switch {
	case !rules.ValidEmail(seller.Email):
		return Seller{}, rules.Refuse(rules.StateConflict,
			"The invitation came with no order whose seller could be asked.",
			"Call the sender back at a number that was known before, and note the call.")
	case seller.Email == inv.Email:
		return Seller{}, rules.Refuse(rules.StateConflict,
			"The seller on the order is the person who was invited.",
			"Call the sender back at a number that was known before, and note the call.")
	}
	return seller, nil
}

// SendCode mails a one-time code to the seller on the order of an invitation. Who asks for the
// invitation has to get it from the seller, who knows the customer, and tells it to the operator.
// A second click sends no second mail. STATE_CONFLICT: there is no seller to ask, or three codes
// have been sent for the item.
func (s *Mailbox) SendCode(
	ctx context.Context, id string, version int64, invitationID string,
) (InboxItem, error) {
	return s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		if err := rules.MayManageUsers(tx.Scope.Actor.Role,
			rules.ActRedirectInvitation); err != nil {
			return err
		}
		var inv identity.Invitation
		if err := db.Found(tx.First(&inv, "id = ?", invitationID).Error); err != nil {
			return err
		}
		seller, err := sellerOf(tx, inv)
		if err != nil {
			return err
		}

		now := db.RealNow()
		if item.CodeFor == inv.ID && item.CodeUntil != nil && item.CodeTries == 0 &&
			now.Before(item.CodeSentAt.Add(codeAgain)) {
			return nil
		}
		if item.CodesSent >= codesSent {
			return rules.Refuse(rules.StateConflict,
				"Three codes have been sent for this request.",
				"Call the sender back at a number that was known before, and note the call.")
		}

		until := now.Add(codeLife)
		item.CodeID = db.NewID(db.PrefixChallenge)
		item.CodeHash = tx.Secrets().HashCode(item.CodeID, tx.Secrets().OneTimeCode(item.CodeID))
		item.CodeFor = inv.ID
		item.CodeTries = 0
		item.CodesSent++
		item.CodeSentAt, item.CodeUntil = &now, &until
		item.Version++
		err = tx.Model(&InboxItem{}).Where("id = ?", item.ID).
			Select("code_id", "code_hash", "code_for", "code_tries", "codes_sent", "code_sent_at",
				"code_until", "version").
			Updates(item).Error
		if err != nil {
			return err
		}
		if err := queueCode(tx, *item, inv, seller); err != nil {
			return err
		}
		return audit(tx, *item, "inbox.code_sent", map[string]any{"invitation": inv.ID})
	})
}

func queueCode(tx *db.Tx, item InboxItem, inv identity.Invitation, seller Seller) error {
	var company string
	err := tx.Table("accounts").Select("legal_name").Where("id = ?", inv.AccountID).
		Take(&company).Error
	if err != nil {
		return err
	}
	return notification.QueueSingle(tx, notification.Notification{
		Template:  rules.TemplateMailboxCode,
		SubjectID: item.CodeID,
		Recipient: seller.Email,
		Epoch:     "1",
		AccountID: &inv.AccountID,
		OrderID:   inv.OrderID,
		Locale:    rules.LocaleFor(seller.Country),
		Params: map[string]any{
			"company":   company,
			"po_number": seller.PONumber,
			"days":      CodeDays,
		},
	})
}

// ProveByCode holds the code that the sender told against the one that was mailed to the seller.
// A wrong one costs one of five tries (CODE_WRONG); one that is over answers CODE_EXPIRED or
// CODE_TRIED_TOO_OFTEN. The right one works once, and proves the sender for the invitation that
// it was sent about.
func (s *Mailbox) ProveByCode(
	ctx context.Context, id string, version int64, code string,
) (InboxItem, error) {
	var refused error
	item, err := s.onItem(ctx, id, version, func(tx *db.Tx, item *InboxItem) error {
		refused = nil
		typed := tx.Secrets().HashCode(item.CodeID, rules.NormaliseDigits(code))
		switch {
		case item.CodeTries >= codeTries:
			refused = rules.Refuse(identity.CodeTried, "The code was told wrong too often.",
				"Send another code.")
			return nil
		case item.CodeUntil == nil || item.CodeHash == "" ||
			!db.RealNow().Before(*item.CodeUntil):
			refused = rules.Refuse(identity.CodeExpired, "No code is open, or its time is over.",
				"Send another code.")
			return nil
		case subtle.ConstantTimeCompare([]byte(item.CodeHash), []byte(typed)) != 1:
			refused = rules.Refuse(identity.CodeWrong, "The code is not right.",
				"Ask the sender for the six digits that the seller got last.")
			item.CodeTries++
			return tx.Model(&InboxItem{}).Where("id = ?", item.ID).
				Update("code_tries", item.CodeTries).Error
		}
		return item.prove(tx, CodeProof, item.CodeFor)
	})
	if err == nil {
		err = refused
	}
	return item, err
}

// unproved is the refusal of an action that sends a link for a mail whose sender is not proved
// enough.
func unproved() error {
	return rules.Refuse(rules.StateConflict,
		"The sender is not proved enough for this: the link would go to somebody unknown.",
		"Call the sender back at a number that was known before, and note the call; or send a "+
			"code to the seller on the order.")
}

// provedFor reports whether a second proof covers an invitation: a call covers whatever is asked,
// a code the invitation whose seller got it. A seller vouches for nothing that others sold.
func (i InboxItem) provedFor(invitationID string) bool {
	return i.Proof == CallProof ||
		i.Proof == CodeProof && i.ProofFor == invitationID && invitationID != ""
}

// MayReissue reports whether an invitation may be sent again, to the address that it has, for
// this item: not for a mail that its domain disowns, unless a second proof covers it.
func (i InboxItem) MayReissue(invitationID string) bool {
	return i.Verdict != inbound.Fail || i.provedFor(invitationID)
}

// MayChangeRecipient reports whether an invitation's link may go to another address for this
// item: only after a second proof, whatever the mail's own.
func (i InboxItem) MayChangeRecipient(invitationID string) bool {
	return i.provedFor(invitationID)
}

// MayAddPerson reports whether one more person may be invited to an account for this item: an
// administrator of the account asks from an address that is proved, or a call proves the sender.
func (i InboxItem) MayAddPerson(accountID string) bool {
	admin := slices.ContainsFunc(i.Matches.Members, func(m Member) bool {
		return m.AccountID == accountID && m.Role == identity.RoleAdmin
	})
	return i.Proof == CallProof || admin && i.Verdict == inbound.Pass
}
