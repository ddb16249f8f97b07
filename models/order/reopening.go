package order

import (
	"context"
	"strconv"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
)

// ReopenOrder takes an order that was rejected by mistake back into review, with a reason: the
// review begins anew, with its own reminders and end, and the seller is told. Nothing of the
// order itself changes, and its acceptance checks everything again.
//
// Refusals: REASON_REQUIRED; VERSION_MISMATCH for another version than the stored one;
// STATE_CONFLICT for an order that is not rejected, was rejected longer ago than a review
// lasts, has a mail that is still on its way, was rejected or told of so shortly ago that its
// review may still be ending, or that its sender has sent anew since under another number.
func (s *Orders) ReopenOrder(
	ctx context.Context, id string, version int64, reason string,
) (Order, error) {
	if err := rules.CheckReason(reason); err != nil {
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
		if err := reopenable(tx, ref, o); err != nil {
			return err
		}
		if err := lookedAt(tx, o, version); err != nil {
			return err
		}
		return reopen(tx, ref, &o, reason)
	})
	return o, err
}

// CheckReopening refuses what ReopenOrder would refuse of the order now, whatever the reason.
func (s *Orders) CheckReopening(ctx context.Context, id string) error {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return err
	}
	return s.db.Read(ctx, func(tx *db.Tx) error {
		o, err := Read(tx, id)
		if err != nil {
			return err
		}
		return reopenable(tx, ref, o)
	})
}

func reopenable(tx *db.Tx, ref program.Reference, o Order) error {
	if o.State != rules.OrderRejected {
		return rules.Refuse(rules.StateConflict, "Only a rejected order can be reopened.",
			"Read the order again to see its state.")
	}
	loc := db.ZoneOf(o.TimeZone)
	until := rules.AllowedUntil(rules.DateIn(o.StateSince, loc), ref.Program.ReviewRejectDays, loc)
	if !tx.Now().Before(until) {
		return rules.Refuse(rules.StateConflict, "The order was rejected too long ago.",
			"Have its seller send a new order.")
	}

	if err := reviewAtRest(tx, o); err != nil {
		return err
	}
	return notSentAnew(tx, o)
}

// restAfter is how long after the last thing that the workflow of a review did its end is
// certain. What is told to a workflow that is about to end is lost.
const restAfter = 10 * time.Minute

// reviewAtRest refuses an order whose review's workflow may not have ended: it sends the order's
// mails as its last step, and waits for each of them. A mail of which nobody knows whether it
// arrived, or that was refused, is not waited for.
func reviewAtRest(tx *db.Tx, o Order) error {
	var mails []notification.Notification
	err := tx.Select("id", "state", "sent_at").
		Where("order_id = ? OR subject_id = ?", o.ID, o.ID).
		Find(&mails).Error
	if err != nil {
		return err
	}

	last := o.StateSince
	for _, m := range mails {
		switch m.State {
		case rules.NotificationQueued, rules.NotificationSending, rules.NotificationSoftFail:
			return rules.Refuse(rules.StateConflict,
				"A mail about the order is still on its way.",
				"Try again once it was sent; the order's page shows it.")
		}
		if m.SentAt != nil && m.SentAt.After(last) {
			last = *m.SentAt
		}
	}

	var failed []notification.NotificationAttempt
	ids := db.IdsOf(mails, func(m notification.Notification) string { return m.ID })
	err = tx.Where("notification_id IN ?", append(ids, "")).
		Order("at DESC, id DESC").
		Limit(1).
		Find(&failed).Error
	if err != nil {
		return err
	}
	if len(failed) > 0 && failed[0].At.After(last) {
		last = failed[0].At
	}

	wait := last.Add(restAfter).Sub(tx.Now())
	if wait <= 0 {
		return nil
	}
	return rules.Refuse(rules.StateConflict, "The order's last review is only just ending.",
		"Try again in "+minutes(wait)+".")
}

// minutes are those that a time takes, begun ones as well.
func minutes(d time.Duration) string {
	n := int64((d + time.Minute - 1) / time.Minute)
	if n == 1 {
		return "1 minute"
	}
	return strconv.FormatInt(n, 10) + " minutes"
}

// notSentAnew refuses an order that its sender has sent again since the rejection: both would
// be accepted. Its own number cannot stand for another order.
func notSentAnew(tx *db.Tx, o Order) error {
	var since []Order
	err := tx.Select("id", "po_number").
		Where("customer_hash = ? AND created_at > ?", o.CustomerHash, o.StateSince).
		Where("submitted_by = ? AND id <> ? AND state <> ?", o.SubmittedBy, o.ID,
			rules.OrderRejected).
		Order("id").
		Find(&since).Error
	if err != nil {
		return err
	}
	same, err := withLinesOf(tx, db.IdsOf(since, func(o Order) string { return o.ID }),
		o.Payload.Lines)
	if err != nil || len(same) == 0 {
		return err
	}
	for _, other := range since {
		if other.ID == same[0] {
			return rules.Refuse(rules.StateConflict,
				"Its seller has sent the same order again since, as "+other.PONumber+".",
				"Decide about that order instead.")
		}
	}
	return nil
}

// reopen begins the review of a rejected order anew. Its workflow has ended: the event starts
// another one, which learns from the row that the order is in review.
func reopen(tx *db.Tx, ref program.Reference, o *Order, reason string) error {
	beginReview(tx, ref, o)
	err := moveOrder(tx, o, rules.OrderNeedsReview, "review_until", "next_at")
	if err != nil {
		return err
	}
	if err := tx.Raise(reviewTask(o)); err != nil {
		return err
	}

	version := strconv.FormatInt(o.Version, 10)
	err = notification.QueueSingle(tx, notification.Notification{
		Template:  rules.TemplateOrderReopened,
		SubjectID: o.ResellerID,
		Recipient: rules.NormaliseEmail(o.Payload.Reseller.Email),
		Epoch:     o.ID + "/" + version,
		AccountID: o.AccountID,
		OrderID:   &o.ID,
		Locale:    rules.LocaleFor(o.Payload.EndCustomer.Address.Country),
		Params:    map[string]any{"po_number": o.PONumber},
	})
	if err != nil {
		return err
	}

	err = tx.Audit(o.ID, o.AccountID, false, db.Entry{
		Verb:     "order.reopened",
		ObjectID: o.ID,
		Details: map[string]any{
			"reason":  reason,
			"reasons": o.ReviewReasons,
		},
	})
	if err != nil {
		return err
	}
	return tx.Enqueue(db.NewOutboxEvent(db.OutboxOrderRetried, o.ID, "reopened/"+version, nil))
}
