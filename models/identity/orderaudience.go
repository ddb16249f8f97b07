package identity

import (
	"slices"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// OrderInAccount is an order as its mails see it, with the account that it is fulfilled in.
type OrderInAccount struct {
	AccountID string // empty: the order opens it, and nobody else is known there
	Form      ordering.OrderForm
	InviteAs  rules.InviteAs // what an operator decided about the contact; empty for nothing
}

// OrderReader is somebody who is told of an order; one address may have several parts in it.
type OrderReader struct {
	Email string // normalised
	Name  string // a person's, or the company's that the order gives

	Contact       bool // the person whom the order names
	Administrator bool // of the account, in place of a contact who is told nothing
	Reseller      bool
	Distributor   bool

	// Joined is when an administrator came to the account; zero: somebody else, who knows
	// the order.
	Joined time.Time
}

// WasThere reports whether a reader was one already when something happened.
func (r OrderReader) WasThere(at time.Time) bool { return !r.Joined.After(at) }

// IsSeller reports whether somebody reads of the order as its seller alone: the portal is not
// theirs.
func (r OrderReader) IsSeller() bool {
	return (r.Reseller || r.Distributor) && !r.Contact && !r.Administrator
}

// AudienceOfOrder returns who is told of an order by mail: its contact, the reseller and the
// distributor, each address once. The contact is at the address to which the account's last
// invitation of that person went. Not told is a contact who was refused (S15), by whatever
// part in the order; whose last invitation bounced or was revoked; or who was a member and is
// none any more. The account's administrators, if any, then stand in.
func AudienceOfOrder(tx *db.Tx, o OrderInAccount) ([]OrderReader, error) {
	typed := rules.NormaliseEmail(o.Form.EndCustomer.Email)
	contact := contactReach{Email: typed, Name: o.Form.EndCustomer.ContactName}
	if o.AccountID != "" {
		var err error
		contact, err = reachContact(tx, o.AccountID, contact)
		if err != nil {
			return nil, err
		}
	}
	if o.InviteAs == rules.InviteAsNobody {
		contact = contactReach{Refused: true}
	}

	var readers []OrderReader
	if contact.Email != "" {
		readers = append(readers, OrderReader{
			Email:   contact.Email,
			Name:    contact.Name,
			Contact: true,
		})
	}

	for _, seller := range []OrderReader{
		{Email: o.Form.Reseller.Email, Name: o.Form.Reseller.Company, Reseller: true},
		{Email: o.Form.Distributor.Email, Name: o.Form.Distributor.Company, Distributor: true},
	} {
		seller.Email = rules.NormaliseEmail(seller.Email)
		if !contact.Refused || seller.Email != typed {
			readers = addReader(readers, seller)
		}
	}

	if contact.Email != "" || o.AccountID == "" {
		return readers, nil
	}

	var admins []struct {
		Email, Name string
		CreatedAt   time.Time
	}
	err := tx.Table("memberships AS m").
		Select("u.email, u.name, m.created_at").
		Joins("JOIN users u ON u.id = m.user_id").
		Where("m.account_id = ? AND m.role = ? AND m.state = ? AND m.blocked_at IS NULL",
			o.AccountID, RoleAdmin, rules.MembershipActive).
		Order("m.id").
		Scan(&admins).Error
	for _, a := range admins {
		readers = addReader(readers, OrderReader{
			Email:         a.Email,
			Name:          a.Name,
			Administrator: true,
			Joined:        a.CreatedAt,
		})
	}
	return readers, err
}

// addReader adds one more reader, or another part of one who is there already.
func addReader(readers []OrderReader, r OrderReader) []OrderReader {
	at := slices.IndexFunc(readers, func(other OrderReader) bool { return other.Email == r.Email })
	if at < 0 {
		return append(readers, r)
	}

	readers[at].Administrator = readers[at].Administrator || r.Administrator
	readers[at].Reseller = readers[at].Reseller || r.Reseller
	readers[at].Distributor = readers[at].Distributor || r.Distributor
	return readers
}

// contactReach is where the person whom an order names is written to.
type contactReach struct {
	Email string // empty: nowhere
	Name  string
	// Refused: the account's administrators, or an operator for them, refused the person,
	// and nobody has invited the person since.
	Refused bool
}

const contactSQL = `
	SELECT 'INVITATION' AS what, id, email, contact_name AS name, state, supersedes_id
	FROM invitations
	WHERE account_id = @account
	UNION ALL
	SELECT 'MEMBER', m.id, u.email, u.name, m.state, NULL
	FROM memberships m
	JOIN users u ON u.id = m.user_id
	WHERE m.account_id = @account
	UNION ALL
	SELECT 'REFUSED', q.id, q.email, q.contact_name, q.state, NULL
	FROM contact_questions q
	WHERE q.account_id = @account AND q.email = @email
		AND q.state = 'REFUSED' AND q.withdrawn_at IS NULL
		AND NOT EXISTS (
			SELECT 1 FROM invitations i
			WHERE i.account_id = q.account_id AND i.email = q.email
				AND i.issued_at >= q.answered_at)
	ORDER BY 2`

// reachContact judges the person whom an order names by the account's members, and by its
// invitations of that person.
func reachContact(tx *db.Tx, accountID string, named contactReach) (contactReach, error) {
	var rows []struct {
		What, ID, Email, Name, State string
		SupersedesID                 *string
	}
	err := tx.Raw(contactSQL, map[string]any{
		"account": accountID,
		"email":   named.Email,
	}).Scan(&rows).Error
	if err != nil {
		return contactReach{}, err
	}

	var invitations []Invitation // by id: a later one has a later id
	members := map[string]bool{} // by address: whether active
	refused := false
	for _, r := range rows {
		switch r.What {
		case "REFUSED":
			refused = true
		case "MEMBER":
			active := r.State == string(rules.MembershipActive)
			members[r.Email] = members[r.Email] || active
		default:
			invitations = append(invitations, Invitation{
				ID:           r.ID,
				Email:        r.Email,
				ContactName:  r.Name,
				State:        rules.InvitationState(r.State),
				SupersedesID: r.SupersedesID,
			})
		}
	}

	last := lastInvitation(invitations, named.Email)
	_, wasMember := members[named.Email]
	switch {
	case members[named.Email]:
		return named, nil
	case refused:
		return contactReach{Refused: true}, nil
	case last.ID == "" && wasMember:
		return contactReach{}, nil
	case last.ID == "":
		return named, nil
	}

	at := contactReach{Email: last.Email, Name: last.ContactName}
	if last.Email == named.Email {
		at = named
	}

	switch {
	case members[last.Email]:
		return at, nil
	case last.State == rules.InvitationAccepted, last.State == rules.InvitationBounced:
		return contactReach{}, nil
	case last.State == rules.InvitationWasWithdrawn:
		ended, err := withdrawnByCancellation(tx, last)
		if err != nil || !ended {
			return contactReach{}, err
		}
	}
	return at, nil
}

// lastInvitation returns the last invitation to an address, or the one that took its place,
// whatever address that went to; a zero one for none.
func lastInvitation(invitations []Invitation, email string) Invitation {
	var last Invitation
	for _, inv := range invitations {
		if inv.Email == email || last.ID != "" && db.Text(inv.SupersedesID) == last.ID {
			last = inv
		}
	}
	return last
}
