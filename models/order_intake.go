package models

import (
	"context"
	"errors"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// Intake is an order at the door: who sends it and what it says.
type Intake struct {
	Sender Org // the reseller or distributor of the token
	Form   rules.OrderForm
	Reason string // why an operator sends it for the Sender (RULES 4); empty otherwise
	// JobID and RowNo name the row of an import that the order comes from; they
	// are empty otherwise. That the row is stored is committed with the order, so
	// that its report is right whenever the import is killed.
	JobID string
	RowNo int
}

// Accepted is the answer to an Intake.
type Accepted struct {
	Order    Order
	Created  bool // false: the same order was here already (S14)
	Warnings []rules.FieldError
	intake   Intake
}

// AcceptOrder checks an order, decides whether it needs review and stores it
// with its lines, audit and outbox in one transaction. The same order again
// gives the stored one; another body under the same PO gives
// PO_NUMBER_CONFLICT with the differing fields (S14). A form that does not
// hold gives VALIDATION_FAILED with every error; record it by RefuseOrder.
func (s *Store) AcceptOrder(ctx context.Context, in Intake) (Accepted, error) {
	ref, err := s.Reference(ctx)
	if err != nil {
		return Accepted{}, err
	}

	form := in.Form.Normalised()
	if err := in.Form.Validate(ref.Catalogue, civil.DateOf(s.clock.Now())); err != nil {
		return s.sameOrder(ctx, in.Sender, form, err)
	}

	out := Accepted{intake: in}
	err = s.txAcross(ctx, func(tx *gorm.DB, scope Scope) error {
		o, err := s.newOrder(tx, ref, in.Sender, form, s.clock.Now())
		if err != nil {
			return err
		}
		out.Order = o
		out.Created = true
		return s.insertOrder(tx, scope, ref, &out)
	})
	if rules.CodeOf(err) == rules.ValidationFailed { // nothing is left to renew: the very same order may have done it
		return s.sameOrder(ctx, in.Sender, form, err)
	}

	out.Warnings = out.Order.Warnings()
	return out, err
}

// newOrder works out everything that the form, the sender and the calendar
// decide about an order (S6, R45a, R107, R115b). An amended order was received
// before now.
func (s *Store) newOrder(
	tx *gorm.DB, ref Reference, sender Org, form rules.OrderForm, received time.Time,
) (Order, error) {
	now := s.clock.Now()
	zone := rules.TimeZoneFor(form.EndCustomer.Address.Country, form.EndCustomer.Address.Region)
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return Order{}, err
	}

	po, err := civil.ParseDate(form.PurchasedOn)
	if err != nil {
		return Order{}, err
	}

	purchased, future := rules.PurchaseDate(po, received, ref.Program.POMaxAgeDays, loc)
	if future && !po.After(rules.DateIn(now, loc)) {
		purchased = po
		future = false // it was in the future when the order came, and is no more
	}

	o := Order{
		ID:               NewID(prefixOrder),
		SubmittedBy:      sender.ID,
		PONumber:         form.PONumber,
		Payload:          form,
		PayloadHash:      form.Hash(),
		State:            rules.OrderAccepted,
		StateSince:       now,
		PurchasedOn:      purchased.String(),
		TimeZone:         zone,
		CreatedAt:        now,
		Version:          1,
		CancellableUntil: rules.CancellationClosesAt(purchased, ref.Program.CancelDays, loc),
		ReviewReasons:    []string{},
	}
	reseller, err := s.sellers(tx, &o, sender, form)
	if err != nil {
		return o, err
	}

	accounts, err := s.matchedAccounts(tx, form.EndCustomer.Company, form.EndCustomer.Address)
	if err != nil {
		return o, err
	}
	if len(accounts) == 1 {
		o.AccountID = &accounts[0]
	}

	s.review(&o, ref, rules.ReviewFacts{
		ResellerAuthorised: reseller.Authorised(now) && sender.Authorised(now),
		PurchaseInFuture:   future,
		AccountCandidates:  len(accounts),
		EndCustomerDomain:  rules.EmailDomain(form.EndCustomer.Email),
		ResellerDomain:     rules.EmailDomain(form.Reseller.Email),
		DistributorDomain:  rules.EmailDomain(form.Distributor.Email),
	})
	o.Lines = orderLines(&o, ref.Catalogue, form)
	return o, s.checkRenewals(tx, purchaseLines(o.Lines), accounts)
}

// sellers notes who sells the order and returns the reseller.
func (s *Store) sellers(tx *gorm.DB, o *Order, sender Org, form rules.OrderForm) (Org, error) {
	if sender.Kind != OrgDistributor {
		o.ResellerID = sender.ID
		return sender, nil
	}
	o.DistributorID = &sender.ID
	reseller, err := s.ensureOrg(tx, OrgReseller, form.Reseller.Company)
	o.ResellerID = reseller.ID
	return reseller, err
}

// review sends the order to an operator when there is a reason, and accepts it
// otherwise.
func (s *Store) review(o *Order, ref Reference, facts rules.ReviewFacts) {
	o.ReviewReasons = append([]string{}, rules.ReviewReasons(facts)...)
	if len(o.ReviewReasons) == 0 {
		number := newVendorOrderNo()
		o.VendorOrderNo = &number
		return
	}
	until := s.reviewUntil(ref, o.TimeZone)
	o.State = rules.OrderNeedsReview
	o.ReviewUntil = &until
}

// reviewUntil is the end of the last local day on which an operator may still
// decide; then the order is rejected.
func (s *Store) reviewUntil(ref Reference, zone string) time.Time {
	loc, _ := time.LoadLocation(zone)
	return rules.AllowedUntil(rules.DateIn(s.clock.Now(), loc), ref.Program.ReviewRejectDays, loc)
}

func orderLines(o *Order, catalogue rules.Catalogue, form rules.OrderForm) []OrderLine {
	lines := make([]OrderLine, len(form.Lines))
	for i, l := range form.Lines {
		sku := catalogue[l.SKU]
		lines[i] = OrderLine{
			ID:          NewID(prefixLine),
			OrderID:     o.ID,
			Position:    i + 1,
			SKU:         sku.Code,
			ServiceType: sku.ServiceType,
			TermYears:   sku.TermYears,
			Quantity:    l.Quantity,
		}
		if l.Renews != "" {
			lines[i].RenewsContractID = &form.Lines[i].Renews
		}
		o.ServiceType = sku.ServiceType
	}
	return lines
}

// insertOrder stores the order, or finds the one that holds its PO.
func (s *Store) insertOrder(tx *gorm.DB, scope Scope, ref Reference, out *Accepted) error {
	o := &out.Order
	res := tx.Omit("Lines").Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "reseller_id"}, {Name: "po_number"}},
		DoNothing: true,
	}).Create(o)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		return s.repeatedOrder(tx, out)
	}
	if err := tx.Create(&o.Lines).Error; err != nil {
		return err
	}

	received := map[string]any{"service_type": o.ServiceType, "lines": len(o.Lines)}
	if out.intake.Reason != "" {
		received["reason"] = out.intake.Reason
	}

	entries := []entry{{"order.received", o.ID, received}}
	if o.State == rules.OrderNeedsReview {
		entries = append(
			entries,
			entry{"order.needs_review", o.ID, map[string]any{"reasons": o.ReviewReasons}},
		)
		if err := s.raise(tx, reviewTask(o)); err != nil {
			return err
		}
	} else {
		entries = append(
			entries,
			entry{"order.accepted", o.ID, map[string]any{"vendor_order_no": *o.VendorOrderNo}},
		)
	}

	if err := s.appendAudit(tx, scope, o.ID, o.AccountID, true, entries...); err != nil {
		return err
	}
	if err := reportStored(tx, out.intake, o.ID); err != nil {
		return err
	}

	return s.enqueue(tx, outboxEvent(OutboxOrderAccepted, o.ID, "1", o.waits()))
}

// waits tells the relay what people see of the order's workflow in Temporal.
func (o *Order) waits() map[string]string {
	w := processes.WaitsForWindow
	until := o.CancellableUntil
	if o.ReviewUntil != nil {
		w, until = processes.WaitsForDecision, *o.ReviewUntil
	}
	return map[string]string{PayloadWaitsFor: w, PayloadUntil: until.Format(time.RFC3339Nano)}
}

func reviewTask(o *Order) OperatorTask {
	return OperatorTask{
		Kind:      TaskReviewOrder,
		SubjectID: o.ID,
		AccountID: o.AccountID,
		What:      "Decide on the order: accept or reject it, with a reason.",
		Why:       joinCodes(o.ReviewReasons),
	}
}

// repeatedOrder answers a PO that is here already.
func (s *Store) repeatedOrder(tx *gorm.DB, out *Accepted) error {
	sent := out.Order
	var stored Order
	err := tx.Preload("Lines", byPosition).
		First(&stored, "reseller_id = ? AND po_number = ?", sent.ResellerID, sent.PONumber).Error
	if err != nil {
		return found(err)
	}
	if stored.PayloadHash != sent.PayloadHash {
		return otherOrder(stored, sent.SubmittedBy, sent.Payload)
	}

	out.Order = stored
	out.Created = false
	return nil
}

// otherOrder refuses another order under a number that is taken, with the
// fields that differ (S14). Reseller and distributor may both send orders of
// one reseller: to who did not send the stored one a difference would tell
// what it says (R94), so that only the number is named.
func otherOrder(stored Order, senderID string, sent rules.OrderForm) error {
	if stored.SubmittedBy == senderID {
		return poConflict(stored.Payload.Differences(sent))
	}

	e := rules.Refuse(
		rules.PONumberConflict,
		"Another order of this reseller stands under this purchase order number; somebody else sent it.",
		"Use a new number, or ask the reseller or distributor who sent the order.",
	)
	e.Fields = []rules.FieldError{{
		Pointer: "/po_number",
		Code:    rules.Duplicate,
		Message: e.Message,
		Remedy:  e.Remedy,
	}}
	return e
}

func poConflict(pointers []string) error {
	e := rules.Refuse(
		rules.PONumberConflict,
		"Another order stands under this purchase order number.",
		"Use a new number for a new order; to change an order that is in review, amend it.",
	)
	for _, p := range pointers {
		e.Fields = append(e.Fields, rules.FieldError{
			Pointer: p,
			Code:    "DIFFERS",
			Message: "This field differs from the stored order.",
			Remedy:  "Send the same value, or use a new purchase order number.",
		})
	}
	return e
}

// sameOrder answers an order that does not hold any more, since its SKU left
// the catalogue: when the very same one is here already, it is that one (S14).
// A number that no order can have is not looked for: PostgreSQL refuses to
// compare damaged text.
func (s *Store) sameOrder(
	ctx context.Context, sender Org, form rules.OrderForm, refusal error,
) (Accepted, error) {
	if !rules.Storable(form.PONumber) {
		return Accepted{}, refusal
	}

	var out Accepted
	err := s.txAcross(ctx, func(tx *gorm.DB, _ Scope) error {
		return tx.Preload("Lines", byPosition).
			First(&out.Order, "submitted_by = ? AND po_number = ? AND payload_hash = ?", sender.ID, form.PONumber, form.Hash()).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = refusal
	}

	out.Warnings = out.Order.Warnings()
	return out, err
}
