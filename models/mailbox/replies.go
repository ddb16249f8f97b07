package mailbox

import (
	"cmp"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// replies hands mails to the support tickets that they answer.
type replies struct{ tickets *ticket.Tickets }

// RepliesTo returns the support tickets as those whom mails are handed to.
func RepliesTo(tickets *ticket.Tickets) TicketReplies { return replies{tickets} }

// FindTicket finds and locks a ticket.
func (r replies) FindTicket(tx *db.Tx, number string) (*Ticket, error) {
	if number == "" {
		return nil, nil
	}
	t, found, err := r.tickets.LockForMail(tx, number)
	if err != nil || !found {
		return nil, err
	}
	_, reopens := rule.AfterComment(t.FactsAt(tx.Now()).State, false)
	return &Ticket{
		ID:        t.ID,
		Number:    t.Number,
		AccountID: t.AccountID,
		Reopens:   reopens,
	}, nil
}

// Participant is who an address is in the ticket: somebody who may write to it. Who may only
// look has no part in it. A guest has one for as long as they see the ticket (S47).
func (r replies) Participant(tx *db.Tx, t Ticket, email string) (*Participant, error) {
	var members []identity.Membership
	err := tx.Table("memberships AS m").Select("m.*").
		Joins("JOIN users u ON u.id = m.user_id").
		Where("u.email = ? AND m.account_id = ? AND m.state = ? AND m.blocked_at IS NULL",
			email, t.AccountID, rules.MembershipActive).
		Limit(1).
		Scan(&members).Error
	if err != nil {
		return nil, err
	}
	if len(members) > 0 {
		role := rules.CustomerReadOnly
		if members[0].Role == identity.RoleAdmin {
			role = rules.CustomerAdmin
		}
		return participant(rule.DoComment, members[0].UserID, role), nil
	}

	var operators []identity.Operator
	err = tx.Where("email = ? AND role <> '' AND disabled_at IS NULL", email).
		Order("signed_in_at IS NULL, signed_in_at DESC, id").
		Limit(1).
		Find(&operators).Error
	if err != nil {
		return nil, err
	}
	if len(operators) > 0 {
		return participant(rule.DoAnswer, operators[0].ID, operators[0].Role), nil
	}

	guest, found, err := session.ParticipantAt(tx, t.ID, email)
	if err != nil || !found || guest.AccountID != t.AccountID {
		return nil, err
	}
	return participant(rule.DoComment, guest.ID, ticket.GuestRole), nil
}

// HadGuests reports whether somebody outside its account sees the ticket, or has seen it.
func (r replies) HadGuests(tx *db.Tx, t Ticket) (bool, error) {
	guests, err := session.EverParticipants(tx, t.ID)
	return len(guests) > 0, err
}

// participant is somebody whose mail is a command; nil where their role may not give it.
func participant(command rule.Command, id string, role rules.Role) *Participant {
	if rule.MayGive(command, role) != nil {
		return nil
	}
	kind := ticket.AuthorOf(db.Actor{ID: id, Role: role})
	return &Participant{
		Kind:       string(kind),
		ID:         id,
		Role:       role,
		OfCustomer: !kind.IsOurs(),
	}
}

// AcceptMail does in the name of who wrote the mail what they would do in the portal, or adds
// it in the name of the operator who says that it belongs there.
func (r replies) AcceptMail(tx *db.Tx, t Ticket, from Participant, mail Reply) error {
	reply := ticket.MailReply{
		Once:      mail.once(),
		Text:      cmp.Or(mail.Text, mail.Quoted), // some people answer below the line
		Files:     mail.files(),
		Automatic: mail.Automatic,

		MessageID:   mail.MessageID,
		ThreadIndex: mail.ThreadIndex,
	}
	if mail.Added {
		_, err := r.tickets.AddMail(tx, t.ID, from.ID, reply)
		return err
	}

	scope := tx.Scope
	scope.Actor.ID, scope.Actor.Role = from.ID, from.Role
	if from.OfCustomer {
		scope.System = false
		scope.AccountIDs = []string{t.AccountID}
	}
	_, err := r.tickets.ReplyByMail(tx.As(scope), t.ID, reply)
	return err
}

// OpenTicket opens a ticket about what a member wrote.
func (r replies) OpenTicket(tx *db.Tx, n ticket.NewTicket) (string, error) {
	t, err := r.tickets.OpenFromMail(tx, n)
	return t.ID, err
}

// files are the files of a mail, as a message takes them. Those of one that no person wrote stay
// in the mail.
func (r Reply) files() (out []attachment.Upload) {
	if r.Automatic {
		return nil
	}
	for _, a := range r.Attachments {
		out = append(out, attachment.Upload{Name: a.Name, Content: a.Content.Reader()})
	}
	return out
}

// once names the message: one mail that came to two of our addresses is one. Some programs name
// all their mails alike, so who wrote it and what came with it is part of the name: nothing is
// lost that somebody sent. It is made of what an item keeps, which stands for a mail whose bytes
// have gone.
func (r Reply) once() string {
	if r.MessageID == "" {
		return r.MailID
	}
	parts := []string{
		storableText(cut(r.MessageID, maxMessageID)),
		r.Sender,
		storableText(cmp.Or(r.Text, r.Quoted)),
	}
	for _, f := range r.Files {
		parts = append(parts, f.Name, strconv.FormatInt(f.Size, 10), f.Digest)
	}
	return strings.Join(parts, "\n")
}
