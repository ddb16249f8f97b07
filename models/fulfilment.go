package models

import (
	"context"
	"time"

	"cloud.google.com/go/civil"
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
		f = Fulfilment{CancellableUntil: o.CancellableUntil, Closed: o.State == rules.OrderRejected || o.State == rules.OrderCancelled, InReview: o.State == rules.OrderNeedsReview,
			Cancelled: o.State == rules.OrderCancelled || o.State == rules.OrderPartiallyCancelled}
		if o.AccountID != nil {
			f.AccountID = *o.AccountID
		}
		return nil
	})
	return f, err
}

func (s *Store) fulfil(tx *gorm.DB, scope Scope, ref Reference, o *Order) error {
	opened, err := s.openAccount(tx, o, ref.Program.UserLimit)
	if err != nil {
		return err
	}
	acc, fresh := opened.Account, opened.fresh
	contracts, err := s.createContracts(tx, ref, o, acc)
	if err != nil {
		return err
	}
	if err := s.recountOrder(tx, scope, ref, fulfilledOrder{o.ID, opened.ParentOrgID, opened.newParent}, contracts); err != nil {
		return err
	}
	if err := s.askForFirstCSM(tx, acc, contracts); err != nil {
		return err
	}
	invitation, plan, err := s.inviteForOrder(tx, ref, o, acc, fresh)
	if err != nil {
		return err
	}
	o.AccountID = &acc.ID
	if err := s.queueMail(tx, s.fulfilmentMails(o, acc, contracts, invitation, plan)...); err != nil {
		return err
	}
	o.State = rules.OrderProvisioning
	if err := s.moveOrder(tx, o, rules.OrderFulfilled, "account_id"); err != nil {
		return err
	}
	entries := []entry{{"order.fulfilled", o.ID, map[string]any{"contracts": len(contracts)}}}
	if fresh {
		entries = append([]entry{{"account.created", acc.ID, map[string]any{"order": o.ID}}}, entries...)
	}
	for _, c := range contracts {
		entries = append(entries, entry{"contract.created", c.ID, c.createdBy(o)})
	}
	if invitation.ID != "" {
		entries = append(entries, entry{"invitation.issued", invitation.ID, map[string]any{"kind": invitation.Kind, "role": invitation.Role, "order": o.ID, "supersedes": text(invitation.SupersedesID)}})
	}
	return s.appendAudit(tx, scope, acc.ID, &acc.ID, fresh, entries...)
}

// createContracts writes one contract per line, with one licence per unit for
// what is assigned or registered by unit. A bundle's JumpStart runs from the
// purchase (R29, R30a) and has no licences.
func (s *Store) createContracts(tx *gorm.DB, ref Reference, o *Order, acc Account) ([]ServiceContract, error) {
	loc, err := time.LoadLocation(acc.TimeZone)
	if err != nil {
		return nil, err
	}
	pool, err := s.renewable(tx, o.Lines, acc.ID)
	if err != nil {
		return nil, err
	}
	contracts := make([]ServiceContract, len(o.Lines))
	var licences []Licence
	for i, l := range o.Lines {
		c := ServiceContract{ID: NewID(prefixContract), AccountID: acc.ID, OrderID: o.ID, OrderLineID: l.ID, Type: l.ServiceType,
			State: rules.ContractPendingStart, Quantity: l.Quantity, TermYears: l.TermYears, TimeZone: acc.TimeZone, RemindedDays: -1,
			FallbackStartAt: rules.FallbackStart(o.CreatedAt, ref.Program.StartFallbackDays, loc), CreatedAt: s.clock.Now()}
		if l.ServiceType == rules.ServiceJumpStart {
			startAtPurchase(&c, o.PurchasedOn, loc)
		} else {
			licences = append(licences, pool.renewBy(l, units(c))...)
		}
		contracts[i] = c
	}
	if err := pool.start(ref, o, loc, contracts); err != nil {
		return nil, err
	}
	if err := tx.Create(&contracts).Error; err != nil {
		return nil, err
	}
	if len(licences) == 0 {
		return contracts, nil
	}
	return contracts, tx.CreateInBatches(&licences, 1000).Error
}

func startAtPurchase(c *ServiceContract, purchasedOn string, loc *time.Location) {
	day, err := civil.ParseDate(purchasedOn)
	if err != nil {
		return
	}
	p := rules.JumpStartPeriod(day, loc)
	c.State, c.StartAt, c.EndAt, c.StartReason = rules.ContractActive, &p.Start, &p.End, StartPurchase
}

func units(c ServiceContract) []Licence {
	out := make([]Licence, c.Quantity)
	for i := range out {
		out[i] = Licence{ID: NewID(prefixLicence), AccountID: c.AccountID, ContractID: c.ID, Seq: int64(i + 1), State: rules.LicenceAvailable, StateSince: c.CreatedAt}
	}
	return out
}

// fulfilmentMails are the confirmation to the customer (R96) and its copies to
// reseller and distributor, one per address (R100), and the invitation's mail
// (R45c).
func (s *Store) fulfilmentMails(o *Order, acc Account, contracts []ServiceContract, inv Invitation, plan rules.InvitationAction) []Notification {
	params := confirmationParams(o, acc, contracts)
	template := "order_confirmation"
	var out []Notification
	seen := map[string]bool{}
	for _, to := range []string{o.Payload.EndCustomer.Email, o.Payload.Reseller.Email, o.Payload.Distributor.Email} {
		to = rules.NormaliseEmail(to)
		if seen[to] {
			continue
		}
		seen[to] = true
		n := s.orderMail(o, template, to, params)
		n.AccountID, n.Locale = &acc.ID, acc.Locale
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
		lines[i] = map[string]any{"sku": o.Lines[i].SKU, "service_type": string(c.Type), "quantity": c.Quantity, "term_years": c.TermYears}
	}
	params := map[string]any{"vendor_order_no": *o.VendorOrderNo, "po_number": o.PONumber, "company": acc.LegalName, "lines": lines, "total_licences": total}
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

// ContractsOfOrder lists an order's contracts by line; a seller sees none (S36).
func (s *Store) ContractsOfOrder(ctx context.Context, orderID string) ([]ServiceContract, error) {
	var out []ServiceContract
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		if _, err := s.orderInScope(tx, scope, orderID); err != nil {
			return err
		}
		return scope.accounts(tx, "account_id").Where("order_id = ?", orderID).Order("id").Find(&out).Error
	})
	return out, err
}

func (s *Store) orderInScope(tx *gorm.DB, scope Scope, id string) (Order, error) {
	var o Order
	err := scope.orders(tx).First(&o, "orders.id = ?", id).Error
	return o, found(err)
}

// LicencesOf lists the licences of a contract by number.
func (s *Store) LicencesOf(ctx context.Context, contractID string) ([]Licence, error) {
	var out []Licence
	err := s.tx(ctx, func(tx *gorm.DB, scope Scope) error {
		return scope.accounts(tx, "account_id").Where("contract_id = ?", contractID).Order("seq").Find(&out).Error
	})
	return out, err
}
