package order

import (
	"context"
	"maps"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// Fulfilment is what an order's workflow needs to know once its contracts
// stand: dates and ids only.
type Fulfilment struct {
	AccountID        string
	CancellableUntil time.Time // exclusive, calendar
	Closed           bool      // nothing is left to wait for: it was rejected or cancelled
	InReview         bool      // an operator has to decide first
	Cancelled        bool      // a part or the whole was cancelled
}

func (o Order) fulfilment() Fulfilment {
	return Fulfilment{
		AccountID:        db.Text(o.AccountID),
		CancellableUntil: o.CancellableUntil,
		Closed:           o.State == rules.OrderRejected || o.State == rules.OrderCancelled,
		InReview:         o.State == rules.OrderNeedsReview,
		Cancelled: o.State == rules.OrderCancelled ||
			o.State == rules.OrderPartiallyCancelled,
	}
}

// FulfilOrder turns an accepted order into its account, contracts, licences, the spares
// that they earn (R81b), confirmations and invitation, in one transaction (RULES 2). The
// order's state decides, under its lock: an order in another state stays as it is, so
// that the same call again changes nothing. NOT_FOUND for an order that is not in scope.
func (s *Orders) FulfilOrder(ctx context.Context, id string) (Fulfilment, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Fulfilment{}, err
	}

	var f Fulfilment
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		o, err := lockOrder(tx, id)
		if err != nil {
			return err
		}

		if o.State == rules.OrderAccepted {
			if err := s.fulfil(tx, ref, &o); err != nil {
				return err
			}
		}

		f = o.fulfilment()
		return nil
	})

	return f, err
}

// fulfil writes everything that an accepted order leads to. It locks the account, then
// its parent, as every command does that locks both.
func (s *Orders) fulfil(tx *db.Tx, ref program.Reference, o *Order) error {
	customer := o.Payload.EndCustomer
	opened, err := s.accounts.OpenAccount(tx, o.AccountID, customer, ref.Program.UserLimit)
	if err != nil {
		return err
	}

	contact, err := contactAt(tx, o, opened)
	if err != nil {
		return err
	}
	if contact.Unknown() {
		return returnToReview(tx, ref, o, opened.Account)
	}

	o.AccountID = &opened.ID
	if err := askOfNearAccounts(tx, o, opened); err != nil {
		return err
	}

	contracts, err := entitlement.CreateContracts(tx, ref, opened.Account, o.purchase())
	if err != nil {
		return err
	}

	bought := replacement.FulfilledOrder{
		ID:        o.ID,
		ParentID:  opened.ParentOrgID,
		NewParent: opened.NewParent,
	}

	err = s.replacements.RecountOrder(tx, ref, bought, contracts)
	if err != nil {
		return err
	}

	if entitlement.CountsForSpares(contracts) {
		if err := account.AskForFirstCSM(tx, opened.Account); err != nil {
			return err
		}
	}

	invitation, err := identity.InviteForOrder(tx, ref, opened.Account, contact)
	if err != nil {
		return err
	}

	mails, err := confirmations(tx, o, opened, contracts)
	if err != nil {
		return err
	}
	if invitation.ID != "" {
		mails = append(
			mails, identity.InvitationMail(invitation, opened.Account, "invitation", "1"),
		)
	}

	if err := notification.Queue(tx, mails...); err != nil {
		return err
	}

	if err := moveOrder(tx, o, rules.OrderFulfilled, "account_id"); err != nil {
		return err
	}

	return auditFulfilment(tx, o, opened, contracts, invitation)
}

// auditFulfilment notes in the account's chain what the order led to.
func auditFulfilment(
	tx *db.Tx, o *Order, opened account.OpenedAccount, contracts []entitlement.ServiceContract,
	invitation identity.Invitation,
) error {
	var entries []db.Entry
	if opened.Fresh {
		entries = append(entries, db.Entry{
			Verb:     "account.created",
			ObjectID: opened.ID,
			Details: map[string]any{
				"order": o.ID,
			},
		})
	}

	entries = append(entries, db.Entry{
		Verb:     "order.fulfilled",
		ObjectID: o.ID,
		Details: map[string]any{
			"contracts": len(contracts),
		},
	})

	for _, c := range contracts {
		entries = append(entries, db.Entry{
			Verb:     "contract.created",
			ObjectID: c.ID,
			Details:  creationOf(c, o),
		})
	}

	if invitation.ID != "" {
		entries = append(entries, db.Entry{
			Verb:     "invitation.issued",
			ObjectID: invitation.ID,
			Details: map[string]any{
				"kind":       invitation.Kind,
				"role":       invitation.Role,
				"order":      o.ID,
				"supersedes": db.Text(invitation.SupersedesID),
			},
		})
	}

	return tx.Audit(opened.ID, &opened.ID, opened.Fresh, entries...)
}

// creationOf is what the audit notes of a new contract.
func creationOf(c entitlement.ServiceContract, o *Order) map[string]any {
	details := map[string]any{
		"type":     c.Type,
		"quantity": c.Quantity,
		"state":    c.State,
		"order":    o.ID,
	}

	for _, l := range o.Lines {
		if l.ID == c.OrderLineID && l.RenewsContractID != nil {
			details["renews"] = *l.RenewsContractID
			details["start_at"] = c.StartAt
			details["end_at"] = c.EndAt
			details["reason"] = c.StartReason
		}
	}

	return details
}

// confirmations are the confirmation to the customer (R96) and its copies to reseller
// and distributor (R100), one per address.
func confirmations(
	tx *db.Tx, o *Order, opened account.OpenedAccount, contracts []entitlement.ServiceContract,
) ([]notification.Notification, error) {
	acc := opened.Account
	known := acc.ID
	if opened.Fresh {
		known = ""
	}

	readers, err := o.audience(tx, known)
	if err != nil {
		return nil, err
	}

	params := confirmationParams(o, acc, contracts)
	var mails []notification.Notification
	for _, to := range readers {
		shown := maps.Clone(params)
		shown["seller"] = to.IsSeller()
		m := orderMail(o, "order_confirmation", to.Email, shown)
		m.AccountID = &acc.ID
		m.Locale = acc.Locale
		mails = append(mails, m)
	}

	return mails, nil
}

func confirmationParams(
	o *Order, acc account.Account, contracts []entitlement.ServiceContract,
) map[string]any {
	total := int64(0)
	lines := make([]any, len(contracts))
	for i, c := range contracts {
		if c.Type != catalogue.ServiceJumpStart { // grants no licences (R30a)
			total += c.Quantity
		}

		lines[i] = map[string]any{
			"sku":          o.Lines[i].SKU,
			"service_type": string(c.Type),
			"quantity":     c.Quantity,
			"term_years":   c.TermYears,
		}
	}

	params := map[string]any{
		"vendor_order_no": *o.VendorOrderNo,
		"po_number":       o.PONumber,
		"company":         acc.LegalName,
		"lines":           lines,
		"total_licences":  total,
	}

	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil || len(contracts) == 0 {
		return params
	}

	if c := contracts[0]; c.StartAt != nil {
		params["start_on"] = rules.DateIn(*c.StartAt, loc).String()
		params["end_on"] = rules.LastCoveredDay(*c.EndAt, loc).String()
	} else {
		params["latest_start_on"] = rules.DateIn(c.FallbackStartAt, loc).String()
	}

	return params
}
