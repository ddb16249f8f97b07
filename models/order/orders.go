package order

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// Order is a reseller's purchase order. Payload is the order as submitted; it
// holds personal data and leaves the database only towards those who sent it.
type Order struct {
	ID            string
	SubmittedBy   string // org that posted it
	ResellerID    string
	DistributorID *string
	AccountID     *string
	PONumber      string `gorm:"column:po_number"`
	POKey         string `gorm:"column:po_key"` // ordering.PONumberKey: unique for its sender (S65)
	CustomerHash  string // of the end customer's company and country, see customerHash
	SearchKey     string // of the number and the company, see searchKey
	ServiceType   catalogue.ServiceType
	State         rules.OrderState
	StateSince    time.Time
	VendorOrderNo *string
	// The effective purchase date (S6), YYYY-MM-DD in TimeZone.
	PurchasedOn      string `gorm:"column:purchased_day;serializer:day"`
	TimeZone         string
	Payload          ordering.OrderForm `gorm:"serializer:json"`
	PayloadHash      string
	ReviewReasons    []string `gorm:"serializer:json"`
	ReviewUntil      *time.Time
	NextAt           *time.Time     // when its review reminds or ends; nil: not in review
	CancellableUntil time.Time      // exclusive (R90)
	InvitationFailed bool           // hard bounce (S17)
	InviteAs         rules.InviteAs // decided by an operator about the contact (S15); or empty
	LastError        string
	CreatedAt        time.Time
	Version          int64
	Lines            []OrderLine `gorm:"foreignKey:OrderID"`

	sellers *sellersOfOrder // found out at intake
	known   *knownCustomer  // likewise
}

// Warnings are what is doubtful about an order, but accepted (R49a, S6); of an order at
// intake also where its form names others than the sender (S59).
func (o Order) Warnings() []rules.FieldError {
	out := o.Payload.Warnings()
	if o.PurchasedOn != o.Payload.PurchasedOn {
		out = append(out, purchaseDateReplaced)
	}
	if o.sellers != nil {
		out = append(out, o.sellers.doubts...)
	}
	return out
}

var purchaseDateReplaced = rules.FieldError{
	Pointer: "/purchased_on",
	Code:    rules.PurchaseDateReplaced,
	Message: "The purchase date lies too far back or in the future; " +
		"the day of receipt counts instead.",
	Remedy: "If the purchase was earlier, ask the operator to review the order.",
}

// OrderLine is one SKU and its quantity.
type OrderLine struct {
	ID          string
	OrderID     string
	Position    int
	SKU         string `gorm:"column:sku"`
	ServiceType catalogue.ServiceType
	TermYears   int
	Quantity    int64
	// RenewsContractID is the contract of the same account whose licences these
	// renew (S4); nil for none.
	RenewsContractID *string
}

// purchase is what the order buys.
func (o Order) purchase() entitlement.Purchase {
	return entitlement.Purchase{
		OrderID:     o.ID,
		ReceivedAt:  o.CreatedAt,
		PurchasedOn: o.PurchasedOn,
		Lines:       purchaseLines(o.Lines),
	}
}

func purchaseLines(lines []OrderLine) []entitlement.PurchaseLine {
	out := make([]entitlement.PurchaseLine, len(lines))
	for i, l := range lines {
		out[i] = entitlement.PurchaseLine{
			ID:        l.ID,
			Type:      l.ServiceType,
			TermYears: l.TermYears,
			Quantity:  l.Quantity,
			Renews:    db.Text(l.RenewsContractID),
		}
	}

	return out
}

// lockOrder reads an order in scope with its lines, and keeps others from it until
// the transaction ends.
func lockOrder(tx *db.Tx, id string) (Order, error) {
	var o Order
	err := db.ForUpdate(tx.Scope.Orders(tx.DB)).First(&o, "orders.id = ?", id).Error
	if err != nil {
		return o, db.Found(err)
	}
	err = tx.Where("order_id = ?", id).Order("position").Find(&o.Lines).Error
	return o, err
}

// orderInScope reads an order without its lines; NOT_FOUND where it is not in scope.
func orderInScope(tx *db.Tx, id string) (Order, error) {
	var o Order
	err := tx.Scope.Orders(tx.DB).First(&o, "orders.id = ?", id).Error
	return o, db.Found(err)
}

// moveOrder stores an order's new state; columns names what else changed. A state that
// the order cannot come to answers STATE_CONFLICT.
func moveOrder(tx *db.Tx, o *Order, to rules.OrderState, columns ...string) error {
	if o.State != to && !o.State.CanBecome(to) {
		return rules.Refuse(
			rules.StateConflict,
			"The order's state does not allow this.",
			"Read the order again to see its state.",
		)
	}

	o.State = to
	o.StateSince = tx.Now()
	o.Version++

	res := tx.Model(&Order{}).
		Where("id = ? AND version = ?", o.ID, o.Version-1).
		Select("state", append([]string{"state_since", "version"}, columns...)).
		Updates(o)
	if res.Error != nil {
		return res.Error
	}

	if res.RowsAffected == 0 {
		return errors.New("models: the order changed under a lock")
	}

	return nil
}

// newVendorOrderNo makes the number under which the vendor knows an order
// (R100b): short enough to read out, without letters that look like digits.
// The database's unique key decides; a collision is tried again.
func newVendorOrderNo() string { return db.NewNumber(db.NumberOfOrder, 2) }

func byPosition(q *gorm.DB) *gorm.DB { return q.Order("position") }

// GetOrder reads one order in scope with its lines; NOT_FOUND otherwise.
func (s *Orders) GetOrder(ctx context.Context, id string) (Order, error) {
	var o Order
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		o, err = Read(tx, id)
		return err
	})
	return o, err
}

// Read reads one order in scope with its lines; NOT_FOUND otherwise.
func Read(tx *db.Tx, id string) (Order, error) {
	var o Order
	q := tx.Scope.Orders(tx.Preload("Lines", byPosition))
	return o, db.Found(q.First(&o, "orders.id = ?", id).Error)
}

// Versions returns the versions of the orders in scope, by their ids.
func (s *Orders) Versions(ctx context.Context, ids []string) (map[string]int64, error) {
	var rows []Order
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Orders(tx.DB).
			Select("orders.id", "orders.version").
			Where("orders.id IN ?", ids).
			Find(&rows).Error
	})

	versions := make(map[string]int64, len(rows))
	for _, o := range rows {
		versions[o.ID] = o.Version
	}
	return versions, err
}

// OrderNumbers returns the vendor's number of each of an account's orders, by the
// order's id: the one that the confirmation mail carries (R100b). An order
// without a number is left out.
func (s *Orders) OrderNumbers(ctx context.Context, accountID string) (map[string]string, error) {
	var rows []struct{ ID, VendorOrderNo string }
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Orders(tx.DB).Model(&Order{}).
			Select("id", "vendor_order_no").
			Where("account_id = ? AND vendor_order_no IS NOT NULL", accountID).
			Scan(&rows).Error
	})

	numbers := make(map[string]string, len(rows))
	for _, r := range rows {
		numbers[r.ID] = r.VendorOrderNo
	}

	return numbers, err
}

// ContractsOfOrder lists an order's contracts by line, with how many of their units are in
// force; a seller sees none (S36), and an order that is not in scope is NOT_FOUND.
func (s *Orders) ContractsOfOrder(
	ctx context.Context, orderID string,
) (out []entitlement.ContractEntry, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := orderInScope(tx, orderID); err != nil {
			return err
		}
		out, err = entitlement.ContractsOf(tx, orderID)
		return err
	})
	return out, err
}

// CancellableOrders lists an account's orders whose window is open (R90),
// newest first.
func (s *Orders) CancellableOrders(ctx context.Context, accountID string) ([]Order, error) {
	states := []rules.OrderState{rules.OrderFulfilled, rules.OrderPartiallyCancelled}
	var out []Order
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Scope.Orders(tx.DB).
			Where("account_id = ? AND state IN ?", accountID, states).
			Where("cancellable_until > ?", tx.Now().UTC()).
			Order("id DESC").
			Find(&out).Error
	})
	return out, err
}

// named returns both numbers that people know the order by.
func (o Order) named() string {
	if o.VendorOrderNo == nil {
		return o.PONumber
	}
	return *o.VendorOrderNo + " (" + o.PONumber + ")"
}

// audience returns who is told of an order that is fulfilled, or is just being fulfilled in
// an account that was there before.
func (o *Order) audience(tx *db.Tx, accountID string) ([]identity.OrderReader, error) {
	return identity.AudienceOfOrder(tx, identity.OrderInAccount{
		AccountID: accountID,
		Form:      o.Payload,
		InviteAs:  o.InviteAs,
	})
}

// AudienceOf returns who gets a mail when an order in scope is cancelled now; NOT_FOUND for
// one that is not in scope.
func (s *Orders) AudienceOf(ctx context.Context, id string) ([]identity.OrderReader, error) {
	var out []identity.OrderReader
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		o, err := orderInScope(tx, id)
		if err != nil {
			return err
		}
		out, err = o.audience(tx, db.Text(o.AccountID))
		return err
	})
	return out, err
}

// orderMail describes a mail about an order. The subject id decides who sends it: an
// order's own workflow sends the mails whose subject is the order's id.
func orderMail(
	o *Order, template, recipient string, params map[string]any,
) notification.Notification {
	return notification.Notification{
		Template:  template,
		SubjectID: o.ID,
		Recipient: rules.NormaliseEmail(recipient),
		Epoch:     "1",
		AccountID: o.AccountID,
		OrderID:   &o.ID,
		Locale:    rules.LocaleFor(o.Payload.EndCustomer.Address.Country),
		Params:    params,
	}
}

// RegisterFailures makes orders record that their invitation failed. It is called once,
// when the domains are opened.
func (s *Orders) RegisterFailures() { s.people.OnFailedInvitation(markInvitation) }

// markInvitation records on an order whether the invitation that came with it failed
// (S17).
func markInvitation(tx *db.Tx, orderID string, failed bool) error {
	order := tx.Model(&Order{}).Where("id = ?", orderID)
	if !failed {
		order = order.Where("invitation_failed")
	}
	return order.Update("invitation_failed", failed).Error
}

// KeepFailure keeps the last error of a step of an order, for people to see.
func KeepFailure(tx *db.Tx, id, reason string) error {
	return tx.Model(&Order{}).Where("id = ?", id).Update("last_error", reason).Error
}
