package order

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// Decision is what an operator decides on an order in review.
type Decision struct {
	// Version is that of the order that the operator looked at; required: a seller may
	// amend an order while it is in review, and another version is another order.
	Version int64

	Accept bool
	Reason string
	// AccountID is the account that was chosen among several candidates (R107), or NewAccount
	// where accounts have nearly the order's address (S61); empty otherwise.
	AccountID string

	// InviteAs is what the person whom the order names is invited as, if at all; demanded
	// about somebody whom the account does not know (S15).
	InviteAs rules.InviteAs
	// RecordDomain records the person's mail domain as the account's own (S15).
	RecordDomain bool
	// Email is the address that the operator decided about, demanded with a role and with
	// RecordDomain: who is let in is said by name.
	Email string
}

// NewAccount decides that an order belongs to none of the accounts that have nearly its
// address (S61).
const NewAccount = "NEW"

// DecideOrder accepts or rejects an order in review, with a reason. The same
// decision again changes nothing; another one answers STATE_CONFLICT. A decision about
// another version than the stored one answers VERSION_MISMATCH with what was changed
// meanwhile, one about none PRECONDITION_REQUIRED. An order
// that matches several accounts needs one named, one whose address an account nearly has
// needs that one or NewAccount, and one whose contact the account does not know needs a
// decision about that person, else it answers VALIDATION_FAILED.
func (s *Orders) DecideOrder(ctx context.Context, id string, d Decision) (Order, error) {
	if err := rules.CheckReason(d.Reason); err != nil {
		return Order{}, err
	}

	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Order{}, err
	}

	var o Order
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		o, err = lockOrder(tx, id)
		if err != nil {
			return err
		}
		if done, err := decided(o, d); err != nil || done {
			return err
		}
		if err := lookedAt(tx, o, d.Version); err != nil {
			return err
		}

		if d.Accept {
			return acceptReviewed(tx, ref, &o, d)
		}

		return rejectReviewed(tx, &o, d.Reason)
	})

	return o, err
}

// decided reports whether the order is no longer in review, and refuses a
// decision that differs from the one taken.
func decided(o Order, d Decision) (bool, error) {
	if o.State == rules.OrderNeedsReview {
		return false, nil
	}
	if d.Accept != (o.State == rules.OrderRejected) {
		return true, nil
	}

	return true, rules.Refuse(
		rules.StateConflict,
		"The order was decided otherwise already.",
		"Read the order again to see its state.",
	)
}

// What the audit of an amendment says beside the hashes: the pointers of the fields that
// differ, never their values, and the version that it led to.
const (
	detailChanged = "changed"
	detailVersion = "version"
)

// maxChangesTold bounds the fields that lookedAt names.
const maxChangesTold = 50

// lookedAt refuses a decision about another version of the order than the stored one, and
// names the fields that were amended meanwhile.
func lookedAt(tx *db.Tx, o Order, version int64) error {
	switch version {
	case o.Version:
		return nil
	case 0:
		return rules.Refuse(
			rules.VersionMissing,
			"The decision does not say which version of the order it is about.",
			"Read the order, and send its version along.",
		)
	}

	changed, err := amendedSince(tx, o, version)
	if err != nil {
		return err
	}

	e := rules.Refuse(
		rules.VersionMismatch,
		"The order was changed since you read it.",
		"Read it again, and decide about what it says now.",
	)
	for _, pointer := range changed {
		e.Fields = append(e.Fields, rules.FieldError{
			Pointer: pointer,
			Code:    "CHANGED",
			Message: "This was amended since you read the order.",
			Remedy:  "Look at the new value.",
		})
	}
	return e
}

// amendedSince returns the pointers of the fields that amendments behind a version changed,
// each once.
func amendedSince(tx *db.Tx, o Order, version int64) ([]string, error) {
	var events []db.AuditEvent
	err := tx.Where("chain_id = ? AND object_id = ?", o.ID, o.ID).
		Order("seq").
		Find(&events).Error
	if err != nil {
		return nil, err
	}

	var pointers []string
	for _, e := range events {
		led, _ := e.Details[detailVersion].(float64) // numbers of JSON
		changed, _ := e.Details[detailChanged].([]any)
		if int64(led) <= version {
			continue
		}

		for _, c := range changed {
			pointer, _ := c.(string)
			if !slices.Contains(pointers, pointer) && len(pointers) < maxChangesTold {
				pointers = append(pointers, pointer)
			}
		}
	}

	return pointers, nil
}

// acceptReviewed checks everything that can have changed since the order came
// (RULES 2), and accepts it.
func acceptReviewed(
	tx *db.Tx, ref program.Reference, o *Order, d Decision,
) error {
	customer := o.Payload.EndCustomer
	accounts, err := account.MatchedAccounts(tx, customer.Company, customer.Address)
	if err != nil {
		return err
	}
	near, err := account.NearAccounts(tx, customer.Company, customer.Address)
	if err != nil {
		return err
	}
	if err := chooseAccount(o, accounts, near, d.AccountID); err != nil {
		return err
	}
	if err := nameResellerAgain(tx, o); err != nil {
		return err
	}
	if err := recheckRenewals(tx, o); err != nil {
		return err
	}
	if err := decideContact(tx, o, d); err != nil {
		return err
	}

	for _, l := range o.Lines {
		if _, ok := ref.Catalogue[l.SKU]; !ok {
			return rules.Refuse(
				rules.UnknownSKU,
				"A line's SKU is no longer in the catalog.",
				"Restore the SKU or reject the order.",
			)
		}
	}

	if o.VendorOrderNo == nil { // an order that came back to review keeps its number
		number := newVendorOrderNo()
		o.VendorOrderNo = &number
	}
	o.ReviewUntil = nil
	o.NextAt = nil

	changed := []string{
		"vendor_order_no", "review_until", "next_at", "account_id", "reseller_id", "invite_as",
	}
	if err := moveOrder(tx, o, rules.OrderAccepted, changed...); err != nil {
		return err
	}

	return recordDecision(tx, o, db.Entry{
		Verb:     "order.accepted",
		ObjectID: o.ID,
		Details: map[string]any{
			"vendor_order_no": *o.VendorOrderNo,
			"reason":          d.Reason,
			"invite_as":       d.InviteAs,
			"overridden":      o.ReviewReasons,
		},
	})
}

// recheckRenewals holds an order in review to the account that was chosen for it,
// and to what was renewed or cancelled meanwhile.
func recheckRenewals(tx *db.Tx, o *Order) error {
	var account []string
	if o.AccountID != nil {
		account = append(account, *o.AccountID)
	}

	err := entitlement.CheckRenewals(tx, purchaseLines(o.Lines), account)
	if rules.CodeOf(err) == rules.ValidationFailed {
		return rules.Refuse(
			rules.StateConflict,
			"A line renews what is not a contract of the account, or cannot be renewed any more.",
			"Choose the account of that contract, have the order amended, or reject it.",
		)
	}

	return err
}

// chooseAccount gives the order the account that was chosen among the candidates, or
// the only one; none where there is no candidate. Accounts that have nearly the order's
// address are candidates too: where there are no others, one of them or NewAccount is to be
// chosen (S61).
func chooseAccount(o *Order, candidates, near []string, chosen string) error {
	switch {
	case chosen == "" && len(candidates) > 1:
		return mustName("The order matches several accounts.",
			"Name the account that the order belongs to: "+strings.Join(candidates, ", ")+".")
	case chosen == "" && len(candidates) == 0 && len(near) > 0:
		return mustName("An account of this company has nearly the order's address.",
			"Name it where it is the same, or "+NewAccount+": "+strings.Join(near, ", ")+".")
	case chosen == "" && len(candidates) == 1:
		chosen = candidates[0]
	case chosen == NewAccount && len(candidates) == 0:
		chosen = ""
	}

	if chosen == "" {
		o.AccountID = nil
		return nil
	}

	if !slices.Contains(candidates, chosen) && !slices.Contains(near, chosen) {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/account_id",
			Code:    "NOT_A_CANDIDATE",
			Message: "This account is of another company or address.",
			Remedy:  "Name one of the matching accounts, or none.",
		}})
	}

	o.AccountID = &chosen
	return nil
}

func mustName(message, remedy string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: "/account_id",
		Code:    rules.Required,
		Message: message,
		Remedy:  remedy,
	}})
}

// rejectReviewed rejects an order in review and writes to its reseller.
func rejectReviewed(tx *db.Tx, o *Order, reason string) error {
	epoch := o.reminderEpoch(1) // an order that was reopened may be rejected again
	o.ReviewUntil = nil
	o.NextAt = nil
	if err := moveOrder(tx, o, rules.OrderRejected, "review_until", "next_at"); err != nil {
		return err
	}

	m := RejectionMail(*o, reason)
	m.Epoch = epoch
	if err := notification.Queue(tx, m); err != nil {
		return err
	}
	e := db.Entry{Verb: "order.rejected", ObjectID: o.ID, Details: map[string]any{"reason": reason}}
	return recordDecision(tx, o, e)
}

// RejectionMail is what the reseller of an order gets when it is rejected for the reason.
func RejectionMail(o Order, reason string) notification.Notification {
	return orderMail(&o, rules.TemplateOrderRejected, o.Payload.Reseller.Email, map[string]any{
		"po_number": o.PONumber,
		"reason":    reason,
	})
}

// recordDecision closes the task of the review, audits how it ended, and lets the
// order's workflow go on.
func recordDecision(tx *db.Tx, o *Order, e db.Entry) error {
	if err := tx.Settle(db.TaskReviewOrder, o.ID, e.Verb); err != nil {
		return err
	}
	if err := tx.Audit(o.ID, o.AccountID, false, e); err != nil {
		return err
	}
	// An order may be decided more than once: it can come back to review (S15).
	epoch := e.Verb + "/" + strconv.FormatInt(o.Version, 10)
	return tx.Enqueue(db.NewOutboxEvent(db.OutboxOrderDecided, o.ID, epoch, nil))
}

// AmendOrder replaces an order that is still in review (S14) and checks it like a new
// one; it may leave the review. version is the one that the caller read, 0 for any.
// Refusals: VALIDATION_FAILED for the form, STATE_CONFLICT for an order that is not in
// review, VERSION_MISMATCH for one that was changed since.
func (s *Orders) AmendOrder(
	ctx context.Context, id string, form ordering.OrderForm, version int64,
) (Order, error) {
	return s.AmendOrderFor(ctx, id, form, version, "")
}

// AmendOrderFor is AmendOrder with the reason of an operator, which goes into the audit.
func (s *Orders) AmendOrderFor(
	ctx context.Context, id string, form ordering.OrderForm, version int64, reason string,
) (Order, error) {
	return s.amend(ctx, id, form, version, reason, nil)
}

// PreviewAmendment returns the order as the same form given to AmendOrder would leave it now,
// with what the checks say of it. It refuses what AmendOrder would, and changes nothing.
func (s *Orders) PreviewAmendment(
	ctx context.Context, id string, form ordering.OrderForm, version int64,
) (Order, error) {
	o, err := s.amend(ctx, id, form, version, "", errOnlyLooked)
	if errors.Is(err, errOnlyLooked) {
		err = nil
	}
	return o, err
}

// amend replaces an order in review. An error to end with takes everything back.
func (s *Orders) amend(
	ctx context.Context, id string, form ordering.OrderForm, version int64, reason string,
	endWith error,
) (Order, error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return Order{}, err
	}
	if err := form.Validate(ref.Catalogue, db.TodayUTC(s.db.Now())); err != nil {
		return Order{}, err
	}

	form = form.Normalised()

	var o Order
	err = s.db.WriteAcross(ctx, func(tx *db.Tx) error {
		var err error
		o, err = lockOrder(tx, id)
		if err != nil {
			return err
		}
		if err := amendable(o, form); err != nil {
			return err
		}
		if version != 0 {
			if err := lookedAt(tx, o, version); err != nil {
				return err
			}
		}
		if err := amend(tx, ref, &o, form, reason); err != nil {
			return err
		}
		return endWith
	})

	return o, err
}

func amendable(o Order, form ordering.OrderForm) error {
	switch {
	case o.State != rules.OrderNeedsReview:
		return rules.Refuse(
			rules.StateConflict,
			"Only an order in review can be amended.",
			"Cancel the order within its window and send a new one.",
		)
	case ordering.PONumberKey(form.PONumber) != o.POKey:
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/po_number",
			Code:    "UNCHANGEABLE",
			Message: "The purchase order number names the order and cannot change.",
			Remedy:  "Send the number of the order, or a new order.",
		}})
	}

	return nil
}

// saysTheSame reports whether an order that is read anew says what the stored one says, and
// comes to the same end.
func saysTheSame(stored, fresh Order) bool {
	return reflect.DeepEqual(stored.Payload, fresh.Payload) &&
		stored.PurchasedOn == fresh.PurchasedOn &&
		slices.EqualFunc(stored.Lines, fresh.Lines, OrderLine.buysTheSame) &&
		stored.State == fresh.State &&
		slices.Equal(stored.ReviewReasons, fresh.ReviewReasons) &&
		stored.ResellerID == fresh.ResellerID &&
		db.Text(stored.DistributorID) == db.Text(fresh.DistributorID) &&
		db.Text(stored.AccountID) == db.Text(fresh.AccountID)
}

// buysTheSame reports whether two lines buy the same: the catalogue, which says what is behind
// a SKU, may have been corrected in between.
func (l OrderLine) buysTheSame(other OrderLine) bool {
	return l.SKU == other.SKU &&
		l.ServiceType == other.ServiceType &&
		l.TermYears == other.TermYears &&
		l.Quantity == other.Quantity &&
		db.Text(l.RenewsContractID) == db.Text(other.RenewsContractID)
}

// amend rewrites the order from the form as if it had just come in.
func amend(
	tx *db.Tx, ref program.Reference, o *Order, form ordering.OrderForm, reason string,
) error {
	var sender account.Org
	if err := tx.First(&sender, "id = ?", o.SubmittedBy).Error; err != nil {
		return err
	}

	fresh, err := newOrder(tx, ref, sender, form, o.CreatedAt)
	if err != nil {
		return err
	}

	if saysTheSame(*o, fresh) {
		return nil
	}

	fresh.ID = o.ID
	fresh.CreatedAt = o.CreatedAt
	fresh.Version = o.Version + 1
	if o.VendorOrderNo != nil { // it was accepted before, and its number is known
		fresh.VendorOrderNo = o.VendorOrderNo
	}

	if fresh.State == rules.OrderNeedsReview {
		fresh.StateSince = o.StateSince
		fresh.ReviewUntil = o.ReviewUntil
		fresh.NextAt = o.NextAt
	} else {
		fresh.StateSince = tx.Now()
	}

	for i := range fresh.Lines {
		fresh.Lines[i].OrderID = o.ID
	}

	if err := tx.Where("order_id = ?", o.ID).Delete(&OrderLine{}).Error; err != nil {
		return err
	}
	if err := tx.Create(&fresh.Lines).Error; err != nil {
		return err
	}

	err = tx.Model(&Order{}).
		Where("id = ?", o.ID).
		Select("*").
		Omit("id", "created_at", "Lines").
		Updates(&fresh).Error
	if err != nil {
		return err
	}

	err = identity.MayMailOrder(tx, identity.OrderMails{
		SenderID: o.SubmittedBy,
		Contact:  form.EndCustomer.Email,
		Sellers:  fresh.sellers.addressesToCount(form),
		Most:     identity.OrdersForOne,
	})
	if err != nil {
		return err
	}

	before := o.PayloadHash
	changed := o.Payload.Differences(form)
	*o = fresh
	if err := tellReseller(tx, o); err != nil {
		return err
	}

	e := db.Entry{
		Verb:     "order.amended",
		ObjectID: o.ID,
		Details: db.WithReason(reason, map[string]any{
			"before": before,
			"after":  o.PayloadHash,
			"state":  o.State,

			detailChanged: changed,
			detailVersion: o.Version,
		}),
	}
	maps.Copy(e.Details, o.whyInReview())

	if o.State != rules.OrderNeedsReview {
		e.Verb = "order.accepted"
		return recordDecision(tx, o, e)
	}
	if err := tx.ExplainTask(reviewTask(o)); err != nil {
		return err
	}

	return tx.Audit(o.ID, o.AccountID, false, e)
}

// RejectOverdueOrder rejects an order whose review time is over (RULES 2). An
// order that was decided meanwhile stays as it is, as does one whose time is not over.
func (s *Orders) RejectOverdueOrder(ctx context.Context, id string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		o, err := lockOrder(tx, id)
		if err != nil {
			return err
		}

		if o.State != rules.OrderNeedsReview || tx.Now().Before(*o.ReviewUntil) {
			return nil
		}
		reason := "The order was in review for too long without a decision."
		return rejectReviewed(tx, &o, reason)
	})
}

// ReviewDeadlines returns the calendar instants at which an order's review reminds
// operators and then ends; none for an order that is not in review.
func (s *Orders) ReviewDeadlines(
	ctx context.Context, id string,
) (reminders []time.Time, until time.Time, err error) {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return nil, until, err
	}

	o, err := s.GetOrder(ctx, id)
	if err != nil || o.ReviewUntil == nil {
		return nil, until, err
	}

	reminders, err = reviewReminders(ref, o.StateSince, o.TimeZone)
	return reminders, *o.ReviewUntil, err
}

// reviewReminders are the instants at which a review that began then reminds operators.
func reviewReminders(ref program.Reference, since time.Time, zone string) ([]time.Time, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, err
	}

	var reminders []time.Time
	begin := rules.DateIn(since, loc)
	for _, days := range ref.Program.ReviewReminderDays {
		reminders = append(reminders, rules.StartOfDay(begin.AddDays(days), loc))
	}
	return reminders, nil
}

// nextOfReview is when a review that began then, ends at until and has reminded n times has
// something done next.
func nextOfReview(
	ref program.Reference, since, until time.Time, zone string, n int,
) (time.Time, error) {
	reminders, err := reviewReminders(ref, since, zone)
	if err != nil || n >= len(reminders) || !reminders[n].Before(until) {
		return until, err
	}
	return reminders[n], nil
}

// reminderEpoch names the n-th reminder of the review that the order is in: one that came
// back to review (S15) is reminded of again.
func (o *Order) reminderEpoch(n int) string {
	if o.StateSince.Equal(o.CreatedAt) {
		return strconv.Itoa(n)
	}
	return strconv.Itoa(n) + "/" + strconv.FormatInt(o.StateSince.Unix(), 10)
}

// RemindReview queues the n-th reminder of an order in review to the program's
// mailbox, and keeps in the row when its workflow wakes next, as it says itself: the program's
// days may have changed since it began. Zero: a workflow of an earlier release, which does not
// say it. Again for the same n it changes nothing.
func (s *Orders) RemindReview(ctx context.Context, id string, n int, next time.Time) error {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return err
	}

	return s.db.Write(ctx, func(tx *db.Tx) error {
		o, err := lockOrder(tx, id)
		if err != nil || o.State != rules.OrderNeedsReview {
			return err
		}

		reasons := make([]any, len(o.ReviewReasons))
		for i, r := range o.ReviewReasons {
			reasons[i] = r
		}

		m := orderMail(&o, "order_review_reminder", ref.Program.Mailbox, map[string]any{
			"order_id":  o.ID,
			"po_number": o.PONumber,
			"seller":    o.Payload.Reseller.Company,
			"company":   o.Payload.EndCustomer.Company,
			"reasons":   reasons,
		})

		m.Epoch = o.reminderEpoch(n)
		m.Locale = ref.Program.Locales[0]
		if err := notification.Queue(tx, m); err != nil {
			return err
		}

		next := next // computed anew where the transaction is tried again
		if next.IsZero() {
			next, err = nextOfReview(ref, o.StateSince, *o.ReviewUntil, o.TimeZone, n)
			if err != nil {
				return err
			}
		}
		if o.NextAt != nil && o.NextAt.Equal(next) {
			return nil
		}
		err = tx.Model(&Order{}).Where("id = ?", o.ID).Update("next_at", next.UTC()).Error
		if err != nil {
			return err
		}
		return tx.Settle(db.TaskProcessStuck, o.ID, "it goes on")
	})
}
