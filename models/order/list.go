package order

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// OrderFilter narrows a list of orders; empty fields do not narrow.
type OrderFilter struct {
	IDs []string // nil: any

	State     rules.OrderState
	PONumber  string // the sender's number
	Number    string // the sender's number, or the vendor's
	AccountID string
	SellerID  string // who sent it, sells it, or sells to who sells it
	Service   catalogue.ServiceType
	// Text finds orders by the sender's or the vendor's number, or a part of number or company.
	Text string
	// ReviewedSince leaves only what has been in review since before this instant, and
	// ReviewEndsBy what nobody may decide any more from this instant on.
	ReviewedSince, ReviewEndsBy time.Time
	Sort                        OrderSort
	Page                        db.Page
}

// OrderSort is the order of a list of orders.
type OrderSort string

// The orders of a list. SortByReview lists those in review alone, the nearest end first.
const (
	SortNewest   OrderSort = ""
	SortOldest   OrderSort = "oldest"
	SortByReview OrderSort = "review"
)

// searchKey is what an order is searched by: its number and its company, without case and
// accents.
func searchKey(f ordering.OrderForm) string {
	return rules.SearchKey(f.PONumber, f.EndCustomer.Company)
}

// ListOrders lists the orders in scope with their lines, and returns the cursor of the next
// page; it is empty on the last one.
func (s *Orders) ListOrders(ctx context.Context, f OrderFilter) ([]Order, string, error) {
	var out []Order
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		q := tx.Scope.Orders(tx.Preload("Lines", byPosition))
		return f.page(f.narrow(q)).Find(&out).Error
	})

	out, next := db.Cut(f.Page, out, f.cursor)
	return out, next, err
}

// narrow leaves the orders that the filter asks for.
func (f OrderFilter) narrow(q *gorm.DB) *gorm.DB {
	for column, value := range map[string]string{
		"state":        string(f.State),
		"po_key":       ordering.PONumberKey(f.PONumber),
		"account_id":   f.AccountID,
		"service_type": string(f.Service),
	} {
		if value != "" {
			q = q.Where(clause.Eq{Column: column, Value: value})
		}
	}

	if f.IDs != nil {
		q = q.Where("id IN ?", f.IDs)
	}
	if f.Number != "" {
		q = q.Where("(po_key = ? OR vendor_order_no = ?)",
			ordering.PONumberKey(f.Number), vendorNumber(f.Number))
	}
	if f.SellerID != "" {
		q = q.Where("(submitted_by = @seller OR reseller_id = @seller OR distributor_id = @seller)",
			map[string]any{"seller": f.SellerID})
	}
	if key := rules.SearchKey(f.Text); key != "" {
		q = q.Where("(search_key LIKE ? ESCAPE '!' OR po_key = ? OR vendor_order_no = ?)",
			db.Part(key), ordering.PONumberKey(f.Text), vendorNumber(f.Text))
	}
	if !f.ReviewedSince.IsZero() {
		q = q.Where("state = ? AND state_since < ?", rules.OrderNeedsReview, f.ReviewedSince.UTC())
	}
	if !f.ReviewEndsBy.IsZero() {
		q = q.Where("state = ? AND review_until <= ?", rules.OrderNeedsReview, f.ReviewEndsBy.UTC())
	}
	return q
}

// vendorNumber is our number of an order as somebody typed it.
func vendorNumber(typed string) string { return strings.ToUpper(strings.TrimSpace(typed)) }

// page puts the order of the list and its page on a query. A cursor of another order begins
// the list anew.
func (f OrderFilter) page(q *gorm.DB) *gorm.DB {
	switch f.Sort {
	case SortOldest:
		if f.Page.After != "" {
			q = q.Where("id > ?", f.Page.After)
		}
		return q.Order("id").Limit(f.Page.Size() + 1)
	case SortByReview:
		q = q.Where("state = ?", rules.OrderNeedsReview)
		at, id, _ := strings.Cut(f.Page.After, "/")
		if until, err := time.Parse(time.RFC3339Nano, at); err == nil {
			q = q.Where("(review_until, id) > (?, ?)", until.UTC(), id)
		}
		return q.Order("review_until, id").Limit(f.Page.Size() + 1)
	}
	return f.Page.Apply(q)
}

// cursor is where the list goes on behind an order.
func (f OrderFilter) cursor(o Order) string {
	if f.Sort == SortByReview && o.ReviewUntil != nil {
		return o.ReviewUntil.UTC().Format(time.RFC3339Nano) + "/" + o.ID
	}
	return o.ID
}

// OrderCounts counts a list of orders, each number up to a bound.
type OrderCounts struct {
	Total, InReview int64
	Late            int64 // in review since before the instant that was asked about
}

// ordersCounted bounds what is counted: a list says "1,000+" from there on.
const ordersCounted = 1001

// CountOrders counts the orders that a filter leaves, whatever its page; late are those in
// review since before the instant.
func (s *Orders) CountOrders(
	ctx context.Context, f OrderFilter, late time.Time,
) (c OrderCounts, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		ids := func() *gorm.DB { return f.narrow(tx.Scope.Orders(tx.Table("orders")).Select("id")) }
		reviewed := ids().Where("state = ?", rules.OrderNeedsReview)
		return tx.Raw(`SELECT
				(SELECT count(*) FROM (?) a) AS total,
				(SELECT count(*) FROM (?) b) AS in_review,
				(SELECT count(*) FROM (?) c) AS late`,
			ids().Limit(ordersCounted),
			reviewed.Limit(ordersCounted),
			ids().Where("state = ? AND state_since < ?", rules.OrderNeedsReview, late.UTC()).
				Limit(ordersCounted)).
			Scan(&c).Error
	})
	return c, err
}
