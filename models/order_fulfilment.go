package models

import (
	"context"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
)

// Fulfilment is what an order's workflow needs to know once its contracts
// stand: dates and ids only.
type Fulfilment struct {
	AccountID        string
	CancellableUntil time.Time // exclusive, calendar
	// Closed tells that there is nothing left to wait for: the order was
	// rejected or cancelled.
	Closed bool
	// InReview tells that an operator has to decide first.
	InReview bool
	// Cancelled tells that a part or the whole was cancelled.
	Cancelled bool
}

// FulfilOrder turns an accepted order into its account, contracts, licences, the
// spares that they earn (R81b), confirmations and invitation, in one transaction (RULES 2). Again for the
// same order it changes nothing: the order's state decides, under its lock.
func (s *Store) FulfilOrder(ctx context.Context, id string) (Fulfilment, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return Fulfilment{}, err
	}

	var f Fulfilment
	err = s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		o, err := s.lockOrder(tx, scope, id)
		if err != nil {
			return err
		}

		if o.State == rules.OrderAccepted {
			if err := s.fulfil(tx, scope, ref, &o); err != nil {
				return err
			}
		}

		f = Fulfilment{
			CancellableUntil: o.CancellableUntil,
			Closed:           o.State == rules.OrderRejected || o.State == rules.OrderCancelled,
			InReview:         o.State == rules.OrderNeedsReview,
			Cancelled: o.State == rules.OrderCancelled ||
				o.State == rules.OrderPartiallyCancelled,
		}
		if o.AccountID != nil {
			f.AccountID = *o.AccountID
		}

		return nil
	})
	return f, err
}

func (s *Store) fulfil(tx *gorm.DB, scope Scope, ref Reference, o *Order) error {
	opened, err := s.openAccount(tx, o.AccountID, o.Payload.EndCustomer, ref.Program.UserLimit)
	if err != nil {
		return err
	}

	acc := opened.Account
	fresh := opened.fresh
	contracts, err := s.createContracts(tx, ref, acc, o.purchase())
	if err != nil {
		return err
	}
	if err := s.recountOrder(tx, scope, ref, o, opened, contracts); err != nil {
		return err
	}
	if countsForSpares(contracts) {
		if err := s.askForFirstCSM(tx, acc); err != nil {
			return err
		}
	}

	invitation, plan, err := s.inviteForOrder(tx, ref, invitee{
		OrderID:     o.ID,
		Email:       o.Payload.EndCustomer.Email,
		ContactName: o.Payload.EndCustomer.ContactName,
	}, acc, fresh)
	if err != nil {
		return err
	}

	o.AccountID = &acc.ID
	err = s.queueMail(
		tx,
		s.fulfilmentMails(o, acc, contracts, invitation, plan)...,
	)
	if err != nil {
		return err
	}

	o.State = rules.OrderProvisioning
	if err := s.moveOrder(tx, o, rules.OrderFulfilled, "account_id"); err != nil {
		return err
	}

	entries := []entry{{"order.fulfilled", o.ID, map[string]any{"contracts": len(contracts)}}}
	if fresh {
		entries = append(
			[]entry{{"account.created", acc.ID, map[string]any{"order": o.ID}}},
			entries...,
		)
	}

	for _, c := range contracts {
		entries = append(entries, entry{"contract.created", c.ID, c.createdBy(o)})
	}

	if invitation.ID != "" {
		entries = append(entries, entry{"invitation.issued", invitation.ID, map[string]any{
			"kind":       invitation.Kind,
			"role":       invitation.Role,
			"order":      o.ID,
			"supersedes": text(invitation.SupersedesID),
		}})
	}

	return s.appendAudit(tx, scope, acc.ID, &acc.ID, fresh, entries...)
}

// fulfilmentMails are the confirmation to the customer (R96) and its copies to
// reseller and distributor, one per address (R100), and the invitation's mail
// (R45c).
func (s *Store) fulfilmentMails(
	o *Order, acc Account, contracts []ServiceContract, inv Invitation, plan rules.InvitationAction,
) []Notification {
	params := confirmationParams(o, acc, contracts)
	template := "order_confirmation"
	var out []Notification
	seen := map[string]bool{}
	for _, to := range []string{
		o.Payload.EndCustomer.Email,
		o.Payload.Reseller.Email,
		o.Payload.Distributor.Email,
	} {
		to = rules.NormaliseEmail(to)
		if seen[to] {
			continue
		}
		seen[to] = true
		n := s.orderMail(o, template, to, params)
		n.AccountID = &acc.ID
		n.Locale = acc.Locale
		out = append(out, n)
	}

	if inv.ID != "" {
		out = append(out, invitationMail(inv, acc, "invitation", "1"))
	}

	return out
}

func confirmationParams(o *Order, acc Account, contracts []ServiceContract) map[string]any {
	total := int64(0)
	lines := make([]any, len(contracts))
	for i, c := range contracts {
		if c.Type != rules.ServiceJumpStart { // grants no licences (R30a)
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

// createdBy is what the audit notes of a new contract.
func (c ServiceContract) createdBy(o *Order) map[string]any {
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
