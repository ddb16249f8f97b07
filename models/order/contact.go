package order

import (
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// contactStanding judges the person whom an order names where it matches one account
// (S15); empty otherwise. It is judged again, under the account's lock, when the order is
// fulfilled.
func contactStanding(
	tx *db.Tx, accounts []string, customer rules.Party,
) (rules.ContactStanding, error) {
	if len(accounts) != 1 {
		return "", nil
	}

	var acc account.Account
	if err := tx.First(&acc, "id = ?", accounts[0]).Error; err != nil {
		return "", err
	}

	c, err := identity.JudgeContact(tx, acc, identity.Invitee{Email: customer.Email}, false)
	return c.Standing, err
}

// contact is the person whom the order names.
func (o *Order) contact() identity.Invitee {
	return identity.Invitee{
		OrderID:     o.ID,
		SenderID:    o.SubmittedBy,
		OrderNumber: db.Text(o.VendorOrderNo),
		Email:       o.Payload.EndCustomer.Email,
		ContactName: o.Payload.EndCustomer.ContactName,
		Decided:     o.InviteAs,
	}
}

// contactAt judges the person whom the order names in the account that it is fulfilled in,
// which is locked.
func contactAt(
	tx *db.Tx, o *Order, opened account.OpenedAccount,
) (identity.Contact, error) {
	who := o.contact()
	if o.AccountID == nil && !opened.Fresh {
		// What was decided was about an account that this order would open; another one
		// opened it meanwhile.
		who.Decided = ""
	}

	c, err := identity.JudgeContact(tx, opened.Account, who, opened.Fresh)
	if err != nil || opened.Fresh {
		return c, err
	}
	return c, nameSellers(tx, o, &c)
}

// nameSellers adds what administrators are told of the order: the sellers' registered
// names, whatever the order itself says.
func nameSellers(tx *db.Tx, o *Order, c *identity.Contact) error {
	var sellers []account.Org
	err := tx.Select("id", "name").
		Where("id IN ?", []string{o.ResellerID, o.SubmittedBy}).
		Find(&sellers).Error
	for _, s := range sellers {
		if s.ID == o.ResellerID {
			c.Seller = s.Name
		} else {
			c.SentBy = s.Name
		}
	}

	return err
}

// returnToReview sends an accepted order back before anything of it is fulfilled: the
// account that it belongs to was opened after it came, and does not know the person whom
// the order names.
func returnToReview(tx *db.Tx, ref program.Reference, o *Order, acc account.Account) error {
	o.AccountID = &acc.ID
	beginReview(tx, ref, o)
	o.ReviewReasons = []string{ordering.ReasonContactUnknown}

	changed := []string{"account_id", "review_until", "next_at", "review_reasons"}
	if err := moveOrder(tx, o, rules.OrderNeedsReview, changed...); err != nil {
		return err
	}
	if err := tx.Raise(reviewTask(o)); err != nil {
		return err
	}

	return tx.Audit(o.ID, o.AccountID, false, db.Entry{
		Verb:     "order.needs_review",
		ObjectID: o.ID,
		Details: map[string]any{
			"reasons": o.ReviewReasons,
		},
	})
}

// decideContact stores what an operator decided about the person whom the order names: as
// what the person is invited, if at all, and whether the mail domain is the account's own.
// It demands a decision about somebody whom the account does not know.
func decideContact(tx *db.Tx, o *Order, d Decision) error {
	if d.InviteAs != "" && !d.InviteAs.Known() {
		return refuseInviteAs("INVALID_ROLE", "There is no such way to invite the person.")
	}

	if err := d.isAbout(o.Payload.EndCustomer.Email); err != nil {
		return err
	}

	o.InviteAs = d.InviteAs
	if o.AccountID == nil {
		return decideFirstContact(d)
	}

	acc, err := account.Lock(tx, *o.AccountID)
	if err != nil {
		return err
	}

	if d.RecordDomain {
		if err := identity.RecordDomain(tx, acc.ID, o.Payload.EndCustomer.Email); err != nil {
			return err
		}
	}

	contact, err := identity.JudgeContact(tx, acc, o.contact(), false)
	if err != nil {
		return err
	}
	if contact.Unknown() {
		return refuseInviteAs(
			rules.Required,
			"The account does not know the person whom the order names "+
				"("+ordering.ReasonContactUnknown+").",
		)
	}

	if d.InviteAs != rules.InviteAsReadOnly && d.InviteAs != rules.InviteAsAdmin {
		return nil
	}

	admins, err := identity.AdminsOfAccount(tx, acc.ID)
	switch {
	case err != nil:
		return err
	case d.InviteAs == rules.InviteAsAdmin:
		return rules.MayMakeAdmin(tx.Scope.Actor.Role, len(admins))
	case len(admins) == 0:
		return refuseInviteAs(
			"NO_ADMINISTRATOR",
			"The account has no administrator: the first person who accepts becomes one.",
		)
	}

	return nil
}

// isAbout refuses a decision that lets somebody in, or records a domain, and was taken
// about another person than the one whom the order names by now.
func (d Decision) isAbout(email string) error {
	letsIn := d.InviteAs != "" && d.InviteAs != rules.InviteAsNobody
	if !letsIn && !d.RecordDomain ||
		rules.NormaliseEmail(d.Email) == rules.NormaliseEmail(email) {
		return nil
	}

	wrong := rules.FieldError{
		Pointer: "/email",
		Code:    "NOT_THE_CONTACT",
		Message: "The order names another person: it may have been amended.",
		Remedy:  "Read the order again, and send the address of the person that you decide about.",
	}
	if d.Email == "" {
		wrong.Code = rules.Required
		wrong.Message = "It is not said about whom this is decided."
	}

	return rules.Invalid([]rules.FieldError{wrong})
}

// decideFirstContact holds the decision on an order that opens an account: its contact
// becomes the first administrator, or is not invited, and no account can have a domain yet.
func decideFirstContact(d Decision) error {
	switch {
	case d.InviteAs == rules.InviteAsReadOnly:
		return refuseInviteAs(
			"NO_ADMINISTRATOR",
			"The order opens the account: the first person who accepts becomes its "+
				"administrator.",
		)
	case d.RecordDomain:
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/record_domain",
			Code:    "NO_ACCOUNT",
			Message: "The order opens the account: there is none yet to record a domain for.",
			Remedy:  "Leave record_domain out.",
		}})
	}

	return nil
}

func refuseInviteAs(code, message string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: "/invite_as",
		Code:    code,
		Message: message,
		Remedy: "Give ADMIN, READ_ONLY or NONE. With record_domain and no role, the account's " +
			"administrators are asked; reject the order if the account is not its customer's.",
	}})
}
