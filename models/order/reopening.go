package order

import (
	"context"
	"strconv"

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
// lasts, whose mail about the rejection is still on its way, or that its sender has sent anew
// since under another number.
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

	// The workflow of the review that ended sends that mail as its last step. Once it has, the
	// order's next one can begin.
	var underWay int64
	err := tx.Model(&notification.Notification{}).
		Where("order_id = ? AND template = ?", o.ID, rules.TemplateOrderRejected).
		Where("state IN ?", []rules.NotificationState{
			rules.NotificationQueued, rules.NotificationSending, rules.NotificationSoftFail,
		}).
		Count(&underWay).Error
	if err != nil {
		return err
	}
	if underWay > 0 {
		return rules.Refuse(rules.StateConflict,
			"The mail about the rejection is still on its way.",
			"Try again once it was sent; the order's page shows it.")
	}
	return notSentAnew(tx, o)
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
