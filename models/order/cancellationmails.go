package order

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
)

// mailsOfParts is how many cancellations of a part of one order are told at once on a local
// day. An order of ten thousand licences can be cancelled one by one: further ones wait for
// the order's next mail, which says them in sum (S64).
const mailsOfParts = 3

// largePart is the share, one in so many, of what an order had left that is told at once
// whatever was told before: what nobody was told of counts with it. Each such mail leaves an
// order less by a tenth, so that one of a hundred thousand licences has about a hundred.
const largePart = 10

// tellOfCancellation queues the mails about a cancellation to those who are told of its
// order, with what earlier mails did not say; or it marks the cancellation of a part as held
// for the next mail. That of a whole order is never held.
func tellOfCancellation(
	tx *db.Tx, o Order, c *OrderCancellation, readers []identity.OrderReader,
) error {
	hold, err := toldEnoughOfParts(tx, o, *c)
	if err != nil {
		return err
	}
	if hold {
		c.MailHeld = true
		return nil
	}

	told, err := withoutToldEnough(tx, o, readers)
	if err != nil {
		return err
	}
	held, err := releaseHeld(tx, o.ID)
	if err != nil {
		return err
	}
	if len(told) < len(readers) {
		c.UntoldQuantity = c.Quantity + held
	}

	mails, err := cancellationMails(tx, o, *c, c.Quantity+held, told)
	if err != nil {
		return err
	}
	return notification.Queue(tx, mails...)
}

// toldEnoughOfParts reports whether a cancellation is one of a small part, and the order had
// mails enough about such today.
func toldEnoughOfParts(tx *db.Tx, o Order, c OrderCancellation) (bool, error) {
	if c.Whole {
		return false, nil
	}
	left, err := licencesAfter(tx, c)
	if err != nil {
		return false, err
	}
	return holdsPart(tx, o, c.Quantity, left)
}

// holdsPart reports whether the mail about a part waits, where the order keeps so many licences.
func holdsPart(tx *db.Tx, o Order, quantity, left int64) (bool, error) {
	loc := db.ZoneOf(o.TimeZone)
	today := rules.StartOfDay(rules.DateIn(tx.Now(), loc), loc)
	var told int64
	err := tx.Model(&OrderCancellation{}).
		Where("order_id = ? AND completed_at >= ?", o.ID, today.UTC()).
		Where("NOT whole AND NOT mail_held").
		Count(&told).Error
	if err != nil || told < mailsOfParts {
		return false, err
	}

	held, err := heldQuantity(tx, o.ID)
	if err != nil {
		return false, err
	}
	untold := quantity + held
	return untold*largePart < left+untold, err
}

// heldQuantity returns how many licences the held cancellations of an order took.
func heldQuantity(tx *db.Tx, orderID string) (quantity int64, err error) {
	err = tx.Model(&OrderCancellation{}).
		Select("COALESCE(SUM(quantity), 0)").
		Where("order_id = ? AND mail_held", orderID).
		Scan(&quantity).Error
	return quantity, err
}

// withoutToldEnough counts a mail about a cancelled order for each reader, and returns the
// readers without those whose address had enough of them today and whom nobody vouches for:
// neither a member of the account nor at a mail domain on record of a seller. One such
// address, which the seller typed, keeps no mail from anybody else.
func withoutToldEnough(
	tx *db.Tx, o Order, readers []identity.OrderReader,
) ([]identity.OrderReader, error) {
	addresses := make([]string, len(readers))
	for i, r := range readers {
		addresses[i] = r.Email
	}

	enough, err := identity.HadEnoughCancellations(tx, identity.MailsOfCancellation{
		SenderID:  o.SubmittedBy,
		AccountID: db.Text(o.AccountID),
		Addresses: addresses,
	})
	if err != nil || len(enough) == 0 {
		return readers, err
	}

	var told []identity.OrderReader
	for _, r := range readers {
		if slices.Contains(enough, r.Email) && !r.Administrator {
			known, err := account.IsOnRecord(tx, o.sellerIDs(), r.Email)
			if err != nil {
				return nil, err
			}
			if !known {
				continue
			}
		}
		told = append(told, r)
	}
	return told, nil
}

// releaseHeld returns how many licences the held cancellations of an order took, which
// count as told from now on.
func releaseHeld(tx *db.Tx, orderID string) (quantity int64, err error) {
	quantity, err = heldQuantity(tx, orderID)
	if err != nil || quantity == 0 {
		return quantity, err
	}

	err = tx.Model(&OrderCancellation{}).
		Where("order_id = ? AND mail_held", orderID).
		Update("mail_held", false).Error
	return quantity, err
}

// cancellationMails say that so many licences of an order are cancelled, and how many it has
// left after the cancellation.
func cancellationMails(
	tx *db.Tx, o Order, c OrderCancellation, quantity int64, readers []identity.OrderReader,
) ([]notification.Notification, error) {
	params := map[string]any{
		"vendor_order_no": db.Text(o.VendorOrderNo),
		"po_number":       o.PONumber,
		"company":         o.Payload.EndCustomer.Company,
		"quantity":        quantity,
		"whole":           c.Whole,
	}

	if !c.Whole {
		remaining, err := licencesAfter(tx, c)
		if err != nil {
			return nil, err
		}
		params["remaining"] = remaining
	}

	administers, err := administratorsAmong(tx, o, readers)
	if err != nil {
		return nil, err
	}

	if len(administers) > 0 {
		c.Ended, err = c.Ended.Of(tx, *o.AccountID)
		if err != nil {
			return nil, err
		}
	}

	var mails []notification.Notification
	for _, to := range readers {
		shown := maps.Clone(params)
		shown["seller"] = to.IsSeller()
		if quantity == c.Quantity { // not several in sum
			onRecord, err := o.isSellersAddress(tx, to)
			if err != nil {
				return nil, err
			}
			maps.Copy(shown, c.whyFor(to, onRecord, administers[to.Email]))
		}
		m := orderMail(&o, "order_cancelled", to.Email, shown)
		m.Epoch = c.ID
		mails = append(mails, m)
	}
	return mails, nil
}

// isSellersAddress reports whether a reader is told of the order as its seller, at a mail domain
// on record of one of its sellers: any other address is one that somebody typed.
func (o *Order) isSellersAddress(tx *db.Tx, to identity.OrderReader) (bool, error) {
	if !to.IsSeller() {
		return false, nil
	}
	return account.IsOnRecord(tx, o.sellerIDs(), to.Email)
}

// sellerIDs are the organisations that sell the order.
func (o *Order) sellerIDs() []string {
	return []string{o.SubmittedBy, o.ResellerID, db.Text(o.DistributorID)}
}

// whyFor returns who cancelled, why, and what else ended, as far as the reader is told: sellers
// on record learn why a seller did (S36), administrators why one of them did and what else
// ended. Nobody gets another party's own words (S64), and no stranger anybody's.
func (c OrderCancellation) whyFor(
	to identity.OrderReader, onRecord, administers bool,
) map[string]any {
	by := "CUSTOMER"
	bySeller := c.Role == rules.Reseller || c.Role == rules.Distributor
	switch {
	case bySeller:
		by = string(c.Role)
	case c.Role.IsOperator():
		by = "OPERATOR"
	}

	why := map[string]any{"by": by}
	if bySeller && onRecord || by == "CUSTOMER" && administers {
		why["reason"] = c.Reason
	}
	if administers {
		why["replacements"] = someOf(c.Ended.Replacements)
		why["voided"] = someOf(c.Ended.Voided)
		why["recalled"] = someOf(c.Ended.Recalled)
	}
	return why
}

// administratorsAmong returns which addresses of readers are those of administrators of the
// order's account: the person whom an order names may be a stranger.
func administratorsAmong(
	tx *db.Tx, o Order, readers []identity.OrderReader,
) (map[string]bool, error) {
	administers := map[string]bool{}
	if o.AccountID == nil || len(readers) == 0 {
		return administers, nil
	}

	admins, err := identity.AdminsOfAccount(tx, *o.AccountID)
	for _, a := range admins {
		administers[rules.NormaliseEmail(a.Email)] = true
	}
	return administers, err
}

// someOf writes numbers on one line: the first of them, and how many more there are.
func someOf(numbers []string) string {
	const most = 20
	shown := strings.Join(numbers[:min(len(numbers), most)], ", ")
	if more := len(numbers) - most; more > 0 {
		shown += fmt.Sprintf(" (+%d)", more)
	}
	return shown
}

// licencesAfter returns how many licences in force a cancellation left to its order,
// whatever was cancelled later.
func licencesAfter(tx *db.Tx, c OrderCancellation) (int64, error) {
	left, err := entitlement.CountUnitsInForce(tx, c.OrderID)
	if err != nil {
		return 0, err
	}

	var later int64
	err = tx.Model(&OrderCancellation{}).
		Select("COALESCE(SUM(quantity), 0)").
		Where("order_id = ? AND sequence > ?", c.OrderID, c.Sequence).
		Scan(&later).Error
	return left + later, err
}

// TellOfHeldCancellations queues, for a batch of orders behind the id after, one mail about
// all cancellations of an earlier day that nobody was told of (S64), and those that an address
// did not get because it had enough on that day. It returns how many orders it read, of how
// many it queued mails, and the last id.
func TellOfHeldCancellations(
	tx *db.Tx, after string, limit int,
) (read, told int, last string, err error) {
	var ids []string
	err = tx.Model(&OrderCancellation{}).
		Distinct("order_id").
		Where("(mail_held OR untold_quantity > 0) AND order_id > ?", after).
		Order("order_id").
		Limit(limit).
		Pluck("order_id", &ids).Error
	if err != nil {
		return 0, 0, "", err
	}

	for _, id := range ids {
		last = id
		late, err := tellOfUntold(tx, id)
		if err != nil {
			return 0, 0, "", err
		}
		sent, err := tellOfHeld(tx, id)
		if err != nil {
			return 0, 0, "", err
		}
		if sent || late {
			told++
		}
	}
	return len(ids), told, last, nil
}

// tellOfHeld queues the mail of one order about its held cancellations, unless all of them
// are of today.
func tellOfHeld(tx *db.Tx, orderID string) (bool, error) {
	o, err := lockOrder(tx, orderID)
	if err != nil {
		return false, err
	}

	var held []OrderCancellation
	err = tx.Where("order_id = ? AND mail_held", orderID).Order("sequence").Find(&held).Error
	if err != nil || len(held) == 0 {
		return false, err
	}

	loc := db.ZoneOf(o.TimeZone)
	today := rules.StartOfDay(rules.DateIn(tx.Now(), loc), loc)
	earlier := slices.ContainsFunc(held, func(c OrderCancellation) bool {
		return c.CompletedAt != nil && c.CompletedAt.Before(today)
	})
	if !earlier {
		return false, nil
	}

	readers, err := o.audience(tx, db.Text(o.AccountID))
	if err != nil {
		return false, err
	}
	last := held[len(held)-1]
	readers = slices.DeleteFunc(readers, func(r identity.OrderReader) bool {
		return last.CompletedAt != nil && !r.WasThere(*last.CompletedAt)
	})
	told, err := withoutToldEnough(tx, o, readers)
	if err != nil {
		return false, err
	}

	quantity, err := releaseHeld(tx, orderID)
	if err != nil {
		return false, err
	}

	if len(told) < len(readers) {
		if err := last.setUntold(tx, quantity); err != nil {
			return false, err
		}
	}
	return true, queueEach(tx, o, last, quantity, told)
}

// queueEach queues the mails about a cancellation whose order's workflow may be over: each goes
// by itself.
func queueEach(
	tx *db.Tx, o Order, c OrderCancellation, quantity int64, readers []identity.OrderReader,
) error {
	mails, err := cancellationMails(tx, o, c, quantity, readers)
	if err != nil {
		return err
	}

	for _, m := range mails {
		m.SubjectID = c.ID
		m.Epoch = "1"
		if err := notification.QueueSingle(tx, m); err != nil {
			return err
		}
	}
	return nil
}

// setUntold stores of how many licences somebody is still to be told; 0 for none.
func (c OrderCancellation) setUntold(tx *db.Tx, quantity int64) error {
	return tx.Model(&OrderCancellation{}).
		Where("id = ?", c.ID).
		Update("untold_quantity", quantity).Error
}

// tellOfUntold queues the mails of an order about cancellations of an earlier day that an
// address did not get then. An address that has enough today as well waits on.
func tellOfUntold(tx *db.Tx, orderID string) (bool, error) {
	o, err := lockOrder(tx, orderID)
	if err != nil {
		return false, err
	}

	loc := db.ZoneOf(o.TimeZone)
	today := rules.StartOfDay(rules.DateIn(tx.Now(), loc), loc)
	var untold []OrderCancellation
	err = tx.Where("order_id = ? AND untold_quantity > 0", orderID).
		Where("completed_at < ?", today.UTC()).
		Order("sequence").
		Find(&untold).Error
	if err != nil || len(untold) == 0 {
		return false, err
	}

	readers, err := o.audience(tx, db.Text(o.AccountID))
	if err != nil {
		return false, err
	}

	queued := false
	for _, c := range untold {
		var had []string
		err := tx.Model(&notification.Notification{}).
			Where("template = ?", rules.TemplateOrderCancelled).
			Where("(subject_id = ? AND epoch = ?) OR subject_id = ?", o.ID, c.ID, c.ID).
			Pluck("recipient", &had).Error
		if err != nil {
			return false, err
		}

		waiting := slices.DeleteFunc(slices.Clone(readers), func(r identity.OrderReader) bool {
			return slices.Contains(had, rules.NormaliseEmail(r.Email)) ||
				!r.WasThere(*c.CompletedAt)
		})
		if len(waiting) == 0 { // who missed it is no reader any more
			if err := c.setUntold(tx, 0); err != nil {
				return false, err
			}
			continue
		}

		told, err := withoutToldEnough(tx, o, waiting)
		if err != nil {
			return false, err
		}

		if len(told) == len(waiting) {
			if err := c.setUntold(tx, 0); err != nil {
				return false, err
			}
		}
		if err := queueEach(tx, o, c, c.UntoldQuantity, told); err != nil {
			return false, err
		}
		queued = queued || len(told) > 0
	}
	return queued, nil
}
