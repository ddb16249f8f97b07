package mailbox

import (
	"context"
	"slices"

	"roomcover.dev/roomcover/mail/inbound"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/warranty"
	"roomcover.dev/roomcover/rules"
)

// Action is what an operator can do with an item.
type Action string

// The actions. Those of the second group prepare, all others close the item.
const (
	ActReissue     Action = "reissue"
	ActRedirect    Action = "redirect"
	ActAddPerson   Action = "add_person"
	ActWarranty    Action = "decide_warranty"
	ActOpenTicket  Action = "open_ticket"
	ActAddToTicket Action = "add_to_ticket"
	ActAnswer      Action = "answer"
	ActSpam        Action = "spam"

	ActNoteCall Action = "note_call"
	ActSendCode Action = "send_code"
	ActProve    Action = "prove"
	ActSetKind  Action = "set_kind"
)

// The actions on an item that take no text, and those that take no reason.
var (
	textless = []Action{
		ActReissue, ActRedirect, ActAddPerson, ActWarranty, ActAddToTicket, ActSpam, ActSendCode,
		ActProve, ActSetKind,
	}
	reasonless = []Action{
		ActOpenTicket, ActAddToTicket, ActAnswer, ActSpam, ActNoteCall, ActSendCode, ActProve,
		ActSetKind,
	}
)

// CheckWords refuses, with VALIDATION_FAILED, words that an action would keep nowhere: whoever
// wrote them is to know. Each door that takes both asks before it acts.
func (a Action) CheckWords(text, reason string) error {
	var k rules.Checker
	if text != "" && slices.Contains(textless, a) {
		k.Fail("/text", rules.NotTaken, "Nothing is said with this command.", "Leave it out.")
	}
	if reason != "" && slices.Contains(reasonless, a) {
		k.Fail("/reason", rules.NotTaken, "No reason is kept with this command.", "Leave it out.")
	}
	return rules.Invalid(k.Fields)
}

// Hindrance is why an action is not offered; empty: it is.
type Hindrance string

// The hindrances.
const (
	Disowned    Hindrance = "DISOWNED"     // the sender's domain says that the mail is not theirs
	NotProved   Hindrance = "NOT_PROVED"   // a second proof is missing
	NotAdmin    Hindrance = "NOT_ADMIN"    // no administrator of the account asks
	NoSender    Hindrance = "NO_SENDER"    // there is no address to answer to
	NoSeller    Hindrance = "NO_SELLER"    // no order names whom a code could go to
	Inside      Hindrance = "ACCEPTED"     // the invited person is in already
	Role        Hindrance = "ROLE"         // the operator's role may not
	Decided     Hindrance = "DECIDED"      // the item is closed
	MailGone    Hindrance = "TEXT_GONE"    // what was written is kept no more
	EnoughCodes Hindrance = "ENOUGH_CODES" // three codes have been sent
)

// Offer is an action with what it is about, where its link or mail would go, and what stands in
// its way.
type Offer struct {
	Action  Action
	About   string // id of the invitation, the account or the warranty; a ticket's number
	Account string // id
	// To is the address that would get a link, a code or the answer; empty: one that the operator
	// types, or nobody.
	To  string
	Why Hindrance
}

// FoundInvitation is an invitation that an item may be about.
type FoundInvitation struct {
	identity.Invitation
	AccountName string
	Seller      Seller `gorm:"-"` // empty: it came with no order
}

// FoundMember is a place of the sender in an account.
type FoundMember struct {
	Member
	AccountName string
	Name        string
}

// Look is what an operator has to know of an item to decide.
type Look struct {
	InboxItem
	Invitations []FoundInvitation
	Members     []FoundMember
	Warranties  []warranty.EarlierWarranty // undecided ones of the sender's accounts
	Account     FoundAccount               // that the operator looks at; empty: none
	Offers      []Offer
}

// FoundAccount is an account with its name.
type FoundAccount struct{ ID, Name string }

// NameOf is the name of an account that was found; empty: it was not.
func (l Look) NameOf(accountID string) string {
	for _, m := range l.Members {
		if m.AccountID == accountID {
			return m.AccountName
		}
	}
	for _, inv := range l.Invitations {
		if inv.AccountID == accountID {
			return inv.AccountName
		}
	}
	if l.Account.ID == accountID {
		return l.Account.Name
	}
	return ""
}

// LookAt names what an operator looks for beside what the sender's address finds.
type LookAt struct {
	Email        string // of an invited person
	OrderID      string
	AccountID    string
	InvitationID string
}

// mostFound bounds what is found of each kind, the newest first.
const mostFound = 20

// Look reads an item with what is known of its sender now, and previews each action (S56). What it
// offers is what the action itself then holds against the rules once more.
func (s *Mailbox) Look(ctx context.Context, id string, at LookAt) (out Look, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = Look{}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if err := db.Found(tx.First(&out.InboxItem, "id = ?", id).Error); err != nil {
			return err
		}
		if err := out.matchAgain(tx); err != nil {
			return err
		}
		if out.Invitations, err = invitationsFor(tx, out.InboxItem, at); err != nil {
			return err
		}
		if out.Members, err = membersOf(tx, out.Matches.Members); err != nil {
			return err
		}
		if out.Warranties, err = warrantiesFor(tx, out.InboxItem, at); err != nil {
			return err
		}
		err = tx.Table("accounts").Select("id, legal_name AS name").
			Where("id = ?", at.AccountID).Limit(1).Scan(&out.Account).Error
		if err != nil {
			return err
		}
		out.Offers = out.offers(tx.Scope.Actor.Role)
		return nil
	})
	return out, err
}

// invitationsFor finds those to the sender, and those that the operator looks for.
func invitationsFor(
	tx *db.Tx, item InboxItem, at LookAt,
) (out []FoundInvitation, err error) {
	wanted := tx.Where("i.id IN ?", append([]string{""}, item.Matches.Invitations...))
	if at.Email != "" {
		wanted = wanted.Or("i.email = ?", rules.NormaliseEmail(at.Email))
	}
	if at.OrderID != "" {
		wanted = wanted.Or("i.order_id = ?", at.OrderID)
	}
	if at.AccountID != "" {
		wanted = wanted.Or("i.account_id = ?", at.AccountID)
	}
	if at.InvitationID != "" {
		wanted = wanted.Or("i.id = ?", at.InvitationID)
	}
	err = tx.Table("invitations i").Joins("JOIN accounts a ON a.id = i.account_id").
		Select("i.*, a.legal_name AS account_name").Where(wanted).
		Order("i.id DESC").Limit(mostFound).Scan(&out).Error
	if err != nil || len(out) == 0 {
		return out, err
	}

	var orders []string
	for _, inv := range out {
		if inv.OrderID != nil {
			orders = append(orders, *inv.OrderID)
		}
	}
	sellers, err := sellersOf(tx, orders)
	for i, inv := range out {
		out[i].Seller = sellers[db.Text(inv.OrderID)]
	}
	return out, err
}

func membersOf(tx *db.Tx, members []Member) (out []FoundMember, err error) {
	for _, m := range members {
		found := FoundMember{Member: m}
		var names struct{ AccountName, Name string }
		err := tx.Table("accounts a").Joins("JOIN users u ON u.id = ?", m.UserID).
			Select("a.legal_name AS account_name, u.name").Where("a.id = ?", m.AccountID).
			Take(&names).Error
		if err != nil {
			return nil, err
		}
		found.AccountName, found.Name = names.AccountName, names.Name
		out = append(out, found)
	}
	return out, nil
}

// warrantiesFor finds what waits for a decision of the accounts that the sender is in, or that
// the operator looks at.
func warrantiesFor(
	tx *db.Tx, item InboxItem, at LookAt,
) (out []warranty.EarlierWarranty, err error) {
	accounts := []string{at.AccountID}
	for _, m := range item.Matches.Members {
		accounts = append(accounts, m.AccountID)
	}
	err = tx.Where("account_id IN ? AND state = ?", accounts, warranty.WarrantyUnmatched).
		Order("id DESC").Limit(mostFound).Find(&out).Error
	return out, err
}

// offers previews each action for a role.
func (l Look) offers(role rules.Role) []Offer {
	var out []Offer
	add := func(o Offer, hindrances ...Hindrance) {
		if i := slices.IndexFunc(hindrances, func(h Hindrance) bool { return h != "" }); i >= 0 {
			o.Why = hindrances[i]
		}
		out = append(out, o)
	}
	when := func(is bool, h Hindrance) Hindrance {
		if is {
			return h
		}
		return ""
	}
	may := func(c rules.Capability) Hindrance {
		return when(!rules.Allows(role, c).Allowed(), Role)
	}
	over := when(!l.IsOpen(), Decided)
	users := may(rules.ManageUsers)

	for _, inv := range l.Invitations {
		inside := when(inv.State == rules.InvitationAccepted, Inside)
		about := Offer{About: inv.ID, Account: inv.AccountID}
		again := about
		again.Action, again.To = ActReissue, inv.Email
		add(again, over, users, inside, when(!l.MayReissue(inv.ID), Disowned))

		other := about
		other.Action = ActRedirect
		add(other, over, users, inside, when(!l.MayChangeRecipient(inv.ID), NotProved))

		code := about
		code.Action, code.To = ActSendCode, inv.Seller.Email
		add(code, over, users, inside,
			when(!rules.ValidEmail(code.To) || code.To == inv.Email, NoSeller),
			when(l.CodesSent >= codesSent, EnoughCodes))
	}

	for _, account := range l.accounts() {
		add(Offer{Action: ActAddPerson, About: account, Account: account},
			over, users, when(!l.MayAddPerson(account), NotAdmin))
	}
	for _, m := range l.Members {
		add(Offer{Action: ActOpenTicket, About: m.AccountID, Account: m.AccountID},
			over, may(rules.UseTickets), when(role == rules.OperatorManager, Role),
			when(l.Proof != CallProof && !l.isOf(m.UserID), Disowned))
	}
	for _, w := range l.Warranties {
		add(Offer{Action: ActWarranty, About: w.ID, Account: db.Text(w.AccountID)},
			over, may(rules.ReviewOrders))
	}
	if l.Ticket != "" {
		add(Offer{Action: ActAddToTicket, About: l.Ticket, Account: db.Text(l.AccountID)},
			over, may(rules.UseTickets), when(role == rules.OperatorManager, Role),
			when(l.Body == "" && l.Quoted == "" && len(l.Attachments) == 0, MailGone))
	}
	work := may(rules.WorkTasks)
	add(Offer{Action: ActAnswer, To: l.Sender},
		over, work, when(!rules.ValidEmail(l.Sender), NoSender))
	add(Offer{Action: ActNoteCall}, over, work)
	add(Offer{Action: ActSpam}, over, work)
	return out
}

// accounts are those that the item may be about, each once.
func (l Look) accounts() (out []string) {
	for _, m := range l.Members {
		out = append(out, m.AccountID)
	}
	for _, inv := range l.Invitations {
		out = append(out, inv.AccountID)
	}
	if l.Account.ID != "" {
		out = append(out, l.Account.ID)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Locale is the language in which the sender is answered, as their words seem.
func (i InboxItem) Locale() string { return localeOf(i.Subject + " " + i.Body) }

// Suggested is the action that usually settles what an item asks for.
func (i InboxItem) Suggested() Action {
	switch i.Kind {
	case inbound.LostInvitation, inbound.ExpiredLink:
		return ActReissue
	case inbound.WrongPerson:
		return ActRedirect
	case inbound.ExtraPerson:
		return ActAddPerson
	case inbound.MissingWarranty:
		return ActWarranty
	case inbound.ReplyByStranger:
		return ActAddToTicket
	}
	return ActAnswer
}
