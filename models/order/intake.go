package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/importjob"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// Intake is an order at the door: who sends it and what it says.
type Intake struct {
	Sender account.Org // the reseller or distributor of the token
	Form   ordering.OrderForm
	Reason string // why an operator sends it for the Sender (RULES 4); empty otherwise
	// JobID and RowNo name the row of an import that the order comes from; they
	// are empty otherwise. That the row is stored is committed with the order, so
	// that its report is right whenever the import is killed.
	JobID string
	RowNo int
	// File counts the addresses of a file's orders while its rows are checked; nil for an
	// order that comes alone.
	File *FileMails
}

// Accepted is the answer to an Intake.
type Accepted struct {
	Order    Order
	Created  bool // false: the same order was here already (S14)
	Warnings []rules.FieldError
}

// AcceptOrder checks an order, decides whether it needs review and stores it
// with its lines, audit and outbox in one transaction. The same order again
// answers with the stored one; another body under the same PO number answers
// PO_NUMBER_CONFLICT with the fields that differ (S14). A form that does not
// hold answers VALIDATION_FAILED with every error; record it by RefuseOrder.
func (s *Orders) AcceptOrder(ctx context.Context, in Intake) (Accepted, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Accepted{}, err
	}

	form := in.Form.Normalised()
	if err := in.Form.Validate(ref.Catalogue, civil.DateOf(s.db.Now())); err != nil {
		return s.sameOrder(ctx, in.Sender, form, err)
	}

	var out Accepted
	err = s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		o, err := newOrder(tx, ref, in.Sender, form, tx.Now())
		if err != nil {
			return err
		}
		out.Order, out.Created, err = insertOrder(tx, in, o)
		if err != nil || !out.Created {
			return err
		}
		if err := tellReseller(tx, &out.Order); err != nil {
			return err
		}

		most := identity.OrdersForOne
		if in.JobID != "" {
			most = identity.OrdersInFilesToOne
		}
		return identity.MayMailOrder(tx, identity.OrderMails{
			SenderID: in.Sender.ID,
			Contact:  form.EndCustomer.Email,
			Sellers:  out.Order.sellers.addressesToCount(form),
			Most:     most,
		})
	})
	if rules.CodeOf(err) == rules.ValidationFailed {
		// Nothing is left to renew: the very same order may have done it.
		return s.sameOrder(ctx, in.Sender, form, err)
	}
	if err != nil {
		return Accepted{}, err
	}

	out.Warnings = out.Order.Warnings()
	return out, nil
}

// zoneOfSeller returns where a seller's day begins and ends.
func zoneOfSeller(p rules.OrgParty) *time.Location {
	return db.ZoneOf(rules.TimeZoneFor(p.Address.Country, p.Address.Region))
}

// newOrder works out everything that the form, the sender and the calendar
// decide about an order (S6, R45a, R107, R115b). An order that is amended was received
// before now.
func newOrder(
	tx *db.Tx, ref program.Reference, sender account.Org,
	form ordering.OrderForm, received time.Time,
) (Order, error) {
	now := tx.Now()
	customer := form.EndCustomer
	zone := rules.TimeZoneFor(customer.Address.Country, customer.Address.Region)

	loc, err := time.LoadLocation(zone)
	if err != nil {
		return Order{}, err
	}

	on, err := civil.ParseDate(form.PurchasedOn)
	if err != nil {
		return Order{}, err
	}

	purchased, future := ordering.PurchaseDate(on, received, ref.Program.POMaxAgeDays, loc,
		zoneOfSeller(form.Reseller), zoneOfSeller(form.Distributor))
	if future && !on.After(rules.DateIn(now, loc)) {
		// It was in the future when the order came, and is no more.
		purchased = on
		future = false
	}

	o := Order{
		ID:               db.NewID(db.PrefixOrder),
		SubmittedBy:      sender.ID,
		PONumber:         form.PONumber,
		POKey:            ordering.PONumberKey(form.PONumber),
		CustomerHash:     customerHash(customer),
		SearchKey:        searchKey(form),
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

	found, err := sellersOf(tx, sender, form, o.CustomerHash)
	if err != nil {
		return o, err
	}

	o.sellers = &found
	o.ResellerID = found.reseller.ID
	o.DistributorID = found.distributorID

	known, err := customerOf(tx, &o, received, loc)
	if err != nil {
		return o, err
	}

	o.known = &known
	if len(known.accounts) == 1 {
		o.AccountID = &known.accounts[0]
	}

	contact, err := contactStanding(tx, known.accounts, customer)
	if err != nil {
		return o, err
	}

	review(tx, &o, ref, found.facts(ordering.ReviewFacts{
		ResellerAuthorised: found.reseller.Authorised(now) && sender.Authorised(now),
		PurchaseInFuture:   future,
		AccountCandidates:  len(known.accounts),
		EndCustomerDomain:  rules.EmailDomain(customer.Email),
		ContactStanding:    contact,
		PossibleDouble:     len(known.doubles) > 0,
		NearAccounts:       len(known.near),
	}, form))

	o.addLines(ref.Catalogue)
	err = entitlement.CheckRenewals(tx, purchaseLines(o.Lines), known.accounts)
	return o, err
}

// review sends the order to an operator when there is a reason, and accepts it
// otherwise.
func review(tx *db.Tx, o *Order, ref program.Reference, facts ordering.ReviewFacts) {
	o.ReviewReasons = append([]string{}, ordering.ReviewReasons(facts)...)
	if len(o.ReviewReasons) == 0 {
		number := newVendorOrderNo()
		o.VendorOrderNo = &number
		return
	}

	o.State = rules.OrderNeedsReview
	beginReview(tx, ref, o)
}

// beginReview gives an order that comes to review now its instants.
func beginReview(tx *db.Tx, ref program.Reference, o *Order) {
	until := reviewUntil(tx, ref, o.TimeZone)
	next, err := nextOfReview(ref, tx.Now(), until, o.TimeZone, 0)
	if err != nil {
		next = until
	}
	o.ReviewUntil = &until
	o.NextAt = &next
}

// reviewUntil is the end of the last local day on which an operator may still
// decide; then the order is rejected.
func reviewUntil(tx *db.Tx, ref program.Reference, zone string) time.Time {
	loc, _ := time.LoadLocation(zone)
	return rules.AllowedUntil(rules.DateIn(tx.Now(), loc), ref.Program.ReviewRejectDays, loc)
}

// addLines adds the lines of the form, as the catalogue describes them.
func (o *Order) addLines(skus catalogue.Catalogue) {
	o.Lines = make([]OrderLine, len(o.Payload.Lines))
	for i, l := range o.Payload.Lines {
		sku := skus[l.SKU]
		o.ServiceType = sku.ServiceType
		o.Lines[i] = OrderLine{
			ID:          db.NewID(db.PrefixLine),
			OrderID:     o.ID,
			Position:    i + 1,
			SKU:         sku.Code,
			ServiceType: sku.ServiceType,
			TermYears:   sku.TermYears,
			Quantity:    l.Quantity,
		}

		if l.Renews != "" {
			o.Lines[i].RenewsContractID = &l.Renews
		}
	}
}

// insertOrder stores the order, or finds the one under which its sender has the PO number
// already (S65); created reports which.
func insertOrder(
	tx *db.Tx, in Intake, o Order,
) (stored Order, created bool, err error) {
	res := tx.Omit("Lines").Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "submitted_by"}, {Name: "po_key"}},
		TargetWhere: clause.Where{Exprs: []clause.Expression{
			clause.Neq{Column: clause.Column{Name: "po_key"}, Value: clause.Expr{SQL: "''"}},
		}},
		DoNothing: true,
	}).Create(&o)
	if res.Error != nil {
		return o, false, res.Error
	}

	if res.RowsAffected == 0 {
		stored, err = repeatedOrder(tx, o)
		return stored, false, err
	}
	if err := tx.Create(&o.Lines).Error; err != nil {
		return o, false, err
	}

	received := map[string]any{"service_type": o.ServiceType, "lines": len(o.Lines)}
	if in.Reason != "" {
		received["reason"] = in.Reason
	}

	entries := []db.Entry{{Verb: "order.received", ObjectID: o.ID, Details: received}}
	if o.State == rules.OrderNeedsReview {
		entries = append(entries, db.Entry{
			Verb:     "order.needs_review",
			ObjectID: o.ID,
			Details:  o.whyInReview(),
		})

		if err := tx.Raise(reviewTask(&o)); err != nil {
			return o, false, err
		}
	} else {
		entries = append(entries, db.Entry{
			Verb:     "order.accepted",
			ObjectID: o.ID,
			Details: map[string]any{
				"vendor_order_no": *o.VendorOrderNo,
			},
		})
	}

	if err := tx.Audit(o.ID, o.AccountID, true, entries...); err != nil {
		return o, false, err
	}
	if err := reportStored(tx, in, o.ID); err != nil {
		return o, false, err
	}

	err = tx.Enqueue(db.NewOutboxEvent(db.OutboxOrderAccepted, o.ID, "1", o.summary()))
	return o, true, err
}

// whyInReview is what the audit notes of an order in review: the reasons, with the ids of
// what it resembles, for the operator who decides.
func (o *Order) whyInReview() map[string]any {
	details := map[string]any{"reasons": o.ReviewReasons}
	if o.known != nil && len(o.known.doubles) > 0 {
		details["possible_double_of"] = o.known.doubles
	}
	if o.known != nil && len(o.known.near) > 0 {
		details["near_accounts"] = o.known.near
	}
	if o.sellers != nil && len(o.sellers.alike) > 0 {
		details["name_resembles"] = o.sellers.alike
	}
	return details
}

// summary is what people are shown of the order's workflow in Temporal: what was bought, how
// often, and in which country.
func (o *Order) summary() map[string]string {
	quantity := int64(0)
	for _, line := range o.Lines {
		quantity += line.Quantity
	}

	text := fmt.Sprintf("%s × %d, %s", o.ServiceType, quantity,
		o.Payload.EndCustomer.Address.Country)
	return map[string]string{db.PayloadSummary: text}
}

func reviewTask(o *Order) db.OperatorTask {
	return db.OperatorTask{
		Kind:      db.TaskReviewOrder,
		SubjectID: o.ID,
		AccountID: o.AccountID,
		What:      "Decide on the order: accept or reject it, with a reason.",
		Why:       db.JoinCodes(o.ReviewReasons),
	}
}

// repeatedOrder reads the order that its sender has sent under the PO number of the one that
// was sent now, and refuses one that differs, with the fields in which it does (S14).
func repeatedOrder(tx *db.Tx, sent Order) (Order, error) {
	var stored Order
	err := tx.Preload("Lines", byPosition).
		First(&stored, "submitted_by = ? AND po_key = ?", sent.SubmittedBy, sent.POKey).Error
	if err != nil {
		return stored, db.Found(err)
	}

	if differ := stored.Payload.Differences(sent.Payload); len(differ) > 0 {
		return stored, poConflict(differ)
	}

	stored.sellers = sent.sellers
	return stored, nil
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
func (s *Orders) sameOrder(
	ctx context.Context, sender account.Org, form ordering.OrderForm, refusal error,
) (Accepted, error) {
	if !rules.Storable(form.PONumber) {
		return Accepted{}, refusal
	}

	var stored Order
	err := s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		return tx.Preload("Lines", byPosition).
			Where("submitted_by = ?", sender.ID).
			Where("po_key = ?", ordering.PONumberKey(form.PONumber)).
			First(&stored).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Accepted{}, refusal
	}
	if err != nil {
		return Accepted{}, err
	}
	if len(stored.Payload.Differences(form)) > 0 {
		return Accepted{}, refusal
	}

	return Accepted{Order: stored, Warnings: stored.Warnings()}, nil
}

// CheckOrder runs the checks of an intake and stores nothing: it returns what
// AcceptOrder would refuse, of a row of a file also where the rows before it use up what
// one of its addresses may get in a day (S64).
func (s *Orders) CheckOrder(ctx context.Context, in Intake) ([]rules.FieldError, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}

	var refusal *rules.Error
	if err := in.Form.Validate(ref.Catalogue, db.TodayUTC(s.db.Now())); errors.As(err, &refusal) {
		return refusal.Fields, nil
	}

	form := in.Form.Normalised()
	var stored Order
	err = s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		return tx.First(&stored, "submitted_by = ? AND po_key = ?",
			in.Sender.ID, ordering.PONumberKey(form.PONumber)).Error
	})
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return s.checkMails(ctx, in, form)
	}
	if err != nil {
		return nil, err
	}

	differ := stored.Payload.Differences(form)
	if len(differ) == 0 {
		return nil, nil
	}

	errors.As(poConflict(differ), &refusal)
	return refusal.Fields, nil
}

// reportStored notes, in the order's own transaction, that a row of an import
// became the order.
func reportStored(tx *db.Tx, in Intake, orderID string) error {
	if in.JobID == "" {
		return nil
	}

	return importjob.PutRows(tx, []importjob.ImportRow{{
		JobID:   in.JobID,
		RowNo:   in.RowNo,
		Outcome: importjob.RowStored,
		OrderID: &orderID,
	}})
}

// OrderRefusal records an intake that was refused at the door: its errors,
// never its values.
type OrderRefusal struct {
	ID          string
	OrgID       string
	PayloadHash string
	Errors      []rules.FieldError `gorm:"serializer:json"`
	RequestID   string
	CreatedAt   time.Time
}

// RefuseOrder records a refused intake: its errors, as many as StoredFields allows, and none
// of its values. Each call records one more.
func (s *Orders) RefuseOrder(
	ctx context.Context, orgID, payloadHash string, fields []rules.FieldError,
) error {
	fields = append([]rules.FieldError{}, rules.StoredFields(fields)...)

	return s.db.Write(ctx, func(tx *db.Tx) error {
		return tx.Create(&OrderRefusal{
			ID:          db.NewID(db.PrefixRefusal),
			OrgID:       orgID,
			PayloadHash: payloadHash,
			Errors:      fields,
			RequestID:   tx.Scope.Actor.RequestID,
			CreatedAt:   tx.Now(),
		}).Error
	})
}

// ListRefusals lists the refused intakes in scope, newest first, and returns the
// cursor of the next page; orgID narrows to one sender where it is not empty. A
// seller sees its own, a customer none (S36).
func (s *Orders) ListRefusals(
	ctx context.Context, orgID string, page db.Page,
) ([]OrderRefusal, string, error) {
	var out []OrderRefusal
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.DB
		if !tx.Scope.System {
			q = q.Where("org_id = ?", tx.Scope.OrgID)
		}
		if orgID != "" {
			q = q.Where("org_id = ?", orgID)
		}
		return page.Apply(q).Find(&out).Error
	})

	out, next := db.Cut(page, out, func(r OrderRefusal) string { return r.ID })
	return out, next, err
}

// GetRefusal reads a refused intake in scope; NOT_FOUND otherwise.
func (s *Orders) GetRefusal(ctx context.Context, id string) (OrderRefusal, error) {
	var out OrderRefusal
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.DB
		if !tx.Scope.System {
			q = q.Where("org_id = ?", tx.Scope.OrgID)
		}
		return db.Found(q.First(&out, "id = ?", id).Error)
	})
	return out, err
}

// SellerRefusals counts the refused intakes of one sender that are kept.
type SellerRefusals struct {
	OrgID string
	N     int64
}

// RefusalsBySeller counts the refused intakes by who sent them, the most first. It is for the
// service and its operators.
func (s *Orders) RefusalsBySeller(ctx context.Context) ([]SellerRefusals, error) {
	var out []SellerRefusals
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Model(&OrderRefusal{}).
			Select("org_id, count(*) AS n").
			Group("org_id").
			Order("n DESC, org_id").
			Scan(&out).Error
	})
	return out, err
}

// PruneRefusals deletes refusals from before the instant.
func PruneRefusals(tx *db.Tx, before time.Time, limit int) (int64, error) {
	res := tx.Exec(`DELETE FROM order_refusals WHERE id IN (
		SELECT id FROM order_refusals
		WHERE created_at < ?
		ORDER BY created_at
		LIMIT ?)`, before, limit)
	return res.RowsAffected, res.Error
}
