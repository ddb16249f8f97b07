package identity

import (
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
)

// Invitee is the person whom an order names as the customer's contact.
type Invitee struct {
	OrderID     string
	OrderNumber string // the vendor's, as mails show it
	Email       string
	ContactName string
	SenderID    string         // the organisation that sent the order
	Seller      string         // the reseller's registered name
	SentBy      string         // the name of who sent the order, where it is not the seller
	Decided     rules.InviteAs // what an operator decided about the person; empty for nothing
}

// Contact is an order's Invitee as the account knows the person (S15).
type Contact struct {
	Invitee
	Standing rules.ContactStanding

	// live is the invitation of the person that still counts as live, its expiry aside;
	// there is at most one.
	live Invitation
}

// Unknown reports whether nobody may fulfil the order before an operator has decided about
// its contact.
func (c Contact) Unknown() bool {
	return c.Standing == rules.ContactIsUnknown && c.Decided == ""
}

// JudgeContact reads how an account knows the person whom an order names; fresh says that
// the order opened it.
func JudgeContact(tx *db.Tx, acc account.Account, who Invitee, fresh bool) (Contact, error) {
	who.Email = rules.NormaliseEmail(who.Email)
	c := Contact{Invitee: who}
	facts := rules.ContactFacts{NewAccount: fresh, Domain: rules.EmailDomain(who.Email)}

	if !fresh {
		if err := readMembers(tx, acc.ID, who.Email, &facts); err != nil {
			return c, err
		}
		if err := readDomains(tx, acc.ID, &facts); err != nil {
			return c, err
		}

		var invitations []Invitation
		err := tx.Order("id").Find(&invitations, "account_id = ?", acc.ID).Error
		if err != nil {
			return c, err
		}

		c.live = liveOf(invitations, who.Email)
		facts.Invited = c.live.ID != "" && tx.Now().Before(c.live.ExpiresAt)
		if acc.MatchKey != nil { // an order opened it
			facts.OpenedAccount, err = openedAccount(tx, invitations, who.Email)
			if err != nil {
				return c, err
			}
		}
	}

	c.Standing = rules.StandingOf(facts)
	return c, nil
}

// readMembers reads whether the address is an active member's, and the mail domains of the
// administrators.
func readMembers(tx *db.Tx, accountID, email string, f *rules.ContactFacts) error {
	var members []struct {
		Email string
		Role  MemberRole
	}

	err := tx.Table("memberships m").
		Select("u.email, m.role").
		Joins("JOIN users u ON u.id = m.user_id").
		Where("m.account_id = ? AND m.state = ?", accountID, rules.MembershipActive).
		Scan(&members).Error
	if err != nil {
		return err
	}

	for _, m := range members {
		f.Member = f.Member || m.Email == email
		if m.Role == RoleAdmin {
			f.AdminDomains = append(f.AdminDomains, rules.EmailDomain(m.Email))
		}
	}

	return nil
}

func readDomains(tx *db.Tx, accountID string, f *rules.ContactFacts) error {
	return tx.Model(&accountDomain{}).
		Where("account_id = ?", accountID).
		Pluck("domain", &f.KnownDomains).Error
}

// liveOf returns the person's invitation that is live, its expiry aside; a zero one for
// none.
func liveOf(invitations []Invitation, email string) Invitation {
	for _, inv := range invitations {
		if inv.Email == email && inv.State.Live() {
			return inv
		}
	}
	return Invitation{}
}

// openedAccount reports whether the address is that of the person whom the order that
// opened the account named, and who never came in. The first invitation of the account is
// that person's; where a person had it sent to another address, or withdrew it, the
// address is not known by it any more (R51b).
func openedAccount(tx *db.Tx, invitations []Invitation, email string) (bool, error) {
	first := slices.IndexFunc(invitations, func(inv Invitation) bool {
		return inv.Kind == InvitationForOrder
	})
	if first < 0 {
		return false, nil
	}

	last := invitations[first]
	for _, inv := range invitations[first+1:] { // a later one has a later id
		if db.Text(inv.SupersedesID) == last.ID {
			last = inv
		}
	}

	switch {
	case last.Email != email, last.State == rules.InvitationAccepted, last.Role != RoleAdmin:
		return false, nil
	case last.State == rules.InvitationWasWithdrawn:
		return withdrawnByCancellation(tx, last)
	default:
		return true, nil
	}
}

// withdrawnByCancellation reports whether the invitation ended with the account's last
// order (S11), in the one instant of that transaction, and not because a person withdrew
// it.
func withdrawnByCancellation(tx *db.Tx, inv Invitation) (bool, error) {
	var n int64
	err := tx.Table("order_cancellations c").
		Joins("JOIN orders o ON o.id = c.order_id").
		Joins("JOIN invitations i ON i.account_id = o.account_id").
		Where("i.id = ? AND c.completed_at = i.state_since", inv.ID).
		Count(&n).Error
	return n > 0, err
}

// Plan returns what happens about the person when an order is fulfilled in the account (S15).
func (c Contact) Plan(
	ref program.Reference, acc account.Account, now time.Time,
) rules.InvitationAction {
	facts := rules.InvitationFacts{
		Standing:       c.Standing,
		Decided:        c.Decided,
		PendingRole:    rules.InviteAs(c.live.Role),
		PendingExpires: c.live.ExpiresAt,
	}
	// The seven days of S15 are calendar days.
	return rules.DecideInvitation(facts, now.In(db.ZoneOf(acc.TimeZone)),
		ref.Program.InviteKeepDays)
}

// InviteForOrder does by S15 what follows from the person whom an order names, in the
// transaction that fulfils the order: it writes an invitation with its outbox row, or asks
// the administrators, or neither. It returns a zero Invitation where it wrote none. A
// contact that is Unknown is an error: such an order is not fulfilled.
func InviteForOrder(
	tx *db.Tx, ref program.Reference, acc account.Account, c Contact,
) (Invitation, error) {
	plan := c.Plan(ref, acc, tx.Now())
	switch plan {
	case rules.InviteNone, rules.InviteKeep:
		return Invitation{}, nil
	case rules.InviteAsk:
		return Invitation{}, askAdmins(tx, acc, c)
	case rules.InviteReview:
		return Invitation{}, rules.Refuse(
			rules.StateConflict,
			"Nobody has decided yet about the person whom the order names.",
			"Review the order.",
		)
	}

	inv := newInvitation(tx, ref, acc, c.Email, c.ContactName, c.roleFor(plan))
	inv.OrderID = &c.OrderID
	inv.Kind = InvitationForOrder
	inv.InvitedBy = "system"

	if c.live.ID != "" {
		if err := supersede(tx, &inv, c.live); err != nil {
			return Invitation{}, err
		}
	}
	if plan == rules.InviteIssueWithNotice {
		if err := tellAdmins(tx, acc, inv, c); err != nil {
			return Invitation{}, err
		}
	}
	if err := insertInvitation(tx, ref, acc, inv); err != nil {
		return Invitation{}, err
	}

	if plan == rules.InviteIssueWithNotice { // the administrators may still be asked
		err := answerByInvitation(tx, inv)
		return inv, err
	}

	return inv, nil
}

// roleFor is the role that the contact is invited with: the one that an operator decided,
// else that of the pending invitation. An order by itself makes nobody an administrator
// but the first.
func (c Contact) roleFor(plan rules.InvitationAction) MemberRole {
	switch {
	case c.Decided != "":
		return MemberRole(c.Decided)
	case plan == rules.InviteSupersede:
		return c.live.Role
	default:
		return RoleAdmin
	}
}

// tellAdmins queues the notice to the administrators that an operator invited another
// person (S15): who it is, by which order, by which seller.
func tellAdmins(tx *db.Tx, acc account.Account, inv Invitation, c Contact) error {
	admins, err := AdminsOfAccount(tx, acc.ID)
	if err != nil {
		return err
	}

	params := c.params(acc)
	params["role"] = string(inv.Role)

	for _, a := range admins {
		n := notification.Notification{
			Template:  rules.TemplateAdminNotice,
			SubjectID: inv.ID + "/notice",
			Recipient: a.Email,
			Epoch:     "1",
			AccountID: &acc.ID,
			OrderID:   inv.OrderID,
			Locale:    a.Locale,
			Params:    params,
		}

		if err := notification.QueueSingle(tx, n); err != nil {
			return err
		}
	}

	return nil
}

// params say in a mail who the contact is, by which order, by which seller.
func (c Contact) params(acc account.Account) map[string]any {
	return map[string]any{
		"company":         acc.LegalName,
		"invitee":         c.ContactName,
		"email":           c.Email,
		"vendor_order_no": c.OrderNumber,
		"seller":          c.Seller,
		"sent_by":         c.SentBy,
	}
}

// AccountsOfDomain returns the accounts that have the mail domain of an address: recorded as
// their own, or that of an administrator's address. A free-mail provider's is nobody's.
func AccountsOfDomain(tx *db.Tx, email string, limit int) (ids []string, err error) {
	domain := rules.EmailDomain(email)
	if domain == "" || rules.IsFreeMail(domain) {
		return nil, nil
	}

	err = tx.Raw(`SELECT account_id FROM account_domains WHERE domain = @domain
		UNION
		SELECT m.account_id FROM memberships m JOIN users u ON u.id = m.user_id
		WHERE m.state = @active AND m.role = @admin AND u.email LIKE @at ESCAPE '!'
		LIMIT @limit`, map[string]any{
		"domain": domain,
		"active": rules.MembershipActive,
		"admin":  RoleAdmin,
		"at":     strings.TrimSuffix(db.Part("@"+domain), "%"),
		"limit":  limit,
	}).Scan(&ids).Error
	return ids, err
}
