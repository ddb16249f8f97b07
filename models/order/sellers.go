package order

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// sellersOfOrder is what an intake finds out about who sells an order (S59, S65).
type sellersOfOrder struct {
	reseller      account.Org
	distributorID *string
	records       account.Sellers

	doubts          []rules.FieldError // warnings: the form names others than the sender
	alike           []string           // ids of organisations that a name resembles
	unclearReseller bool
	unclearDistri   bool
	inOthersName    bool // a distributor orders in the name of another company
	distributor     string
	tellAt          string
	notTold         bool
}

// sellersOf finds out who sells an order. A distributor's order belongs to the reseller
// that it names, by full name and country, too: one that is not on record is registered
// without authorisation. A reseller's order is also of the distributor that it names where
// that one is on record (RULES 4).
func sellersOf(
	tx *db.Tx, sender account.Org, form ordering.OrderForm, customer string,
) (sellersOfOrder, error) {
	var s sellersOfOrder
	var err error
	s.records, err = account.FindSellers(tx, account.SellerQuery{
		SenderID:    sender.ID,
		Reseller:    form.Reseller.Company,
		Distributor: form.Distributor.Company,
		OneByOne:    numberOf(customer),
	})
	if err != nil {
		return s, err
	}

	if sender.Kind != account.OrgDistributor {
		s.ofReseller(sender, form)
		return s, nil
	}
	return s, s.ofDistributor(tx, sender, form)
}

// ofReseller is sellersOf for an order that a reseller sends.
func (s *sellersOfOrder) ofReseller(sender account.Org, form ordering.OrderForm) {
	s.reseller = sender
	if named, _ := s.records.WhoIs(sender.Kind, form.Reseller); named != sender.ID {
		s.doubts = append(s.doubts, otherThanSender("/reseller/company"))
	}

	id, alike := s.records.WhoIs(account.OrgDistributor, form.Distributor)
	if id != "" {
		s.distributorID = &id
		return
	}
	s.alike = alike
	s.unclearDistri = len(alike) > 0
}

// ofDistributor is sellersOf for an order that a distributor sends.
func (s *sellersOfOrder) ofDistributor(
	tx *db.Tx, sender account.Org, form ordering.OrderForm,
) error {
	s.distributorID = &sender.ID
	s.distributor = sender.Name
	if named, _ := s.records.WhoIs(sender.Kind, form.Distributor); named != sender.ID {
		s.doubts = append(s.doubts, otherThanSender("/distributor/company"))
	}

	id, alike := s.records.WhoIs(account.OrgReseller, form.Reseller)
	s.alike = alike
	s.unclearReseller = len(alike) > 0

	var err error
	if id == "" {
		s.reseller, err = account.EnsureReseller(tx, form.Reseller)
	} else {
		s.reseller, err = account.ReadOrg(tx, id)
	}
	if err != nil {
		return err
	}

	// A7: one company may fill both roles.
	itself, _ := s.records.WhoIs(account.OrgDistributor, form.Reseller)
	if itself == sender.ID {
		return nil
	}

	s.inOthersName = true
	s.chooseAddress(sender, form)
	return nil
}

// chooseAddress decides where the reseller is told of a distributor's order in its name:
// at the address on record, or else at the one that the order gives. One of the
// distributor's own, or of a provider of personal mailboxes, tells nobody for sure.
func (s *sellersOfOrder) chooseAddress(sender account.Org, form ordering.OrderForm) {
	s.tellAt = s.reseller.NoticesTo
	if s.tellAt != "" {
		return
	}

	s.tellAt = form.Reseller.Email
	at := rules.EmailDomain(s.tellAt)
	s.notTold = rules.IsFreeMail(at) ||
		rules.AtOneOf(at, s.records.Domains(sender.ID, form.Distributor.Email))
}

// addressesToCount are the sellers' addresses in an order that nobody but its sender
// vouches for: they are at no mail domain on record of one of its sellers.
func (s *sellersOfOrder) addressesToCount(form ordering.OrderForm) []string {
	var out []string
	for _, email := range []string{form.Reseller.Email, form.Distributor.Email} {
		if !s.records.Has(s.reseller.ID, email) && !s.records.Has(db.Text(s.distributorID), email) {
			out = append(out, email)
		}
	}
	return out
}

// whoSells returns the organisations that sellersOf finds, without registering any; empty
// for one that is not on record.
func whoSells(
	records account.Sellers, sender account.Org, form ordering.OrderForm,
) (resellerID, distributorID string) {
	if sender.Kind == account.OrgDistributor {
		resellerID, _ = records.WhoIs(account.OrgReseller, form.Reseller)
		return resellerID, sender.ID
	}
	distributorID, _ = records.WhoIs(account.OrgDistributor, form.Distributor)
	return sender.ID, distributorID
}

// facts adds what the review has to know of the sellers.
func (s *sellersOfOrder) facts(
	f ordering.ReviewFacts, form ordering.OrderForm,
) ordering.ReviewFacts {
	f.ResellerDomains = s.records.Domains(s.reseller.ID, form.Reseller.Email)
	f.DistributorDomains = s.records.Domains(db.Text(s.distributorID), form.Distributor.Email)
	f.ResellerUnclear = s.unclearReseller
	f.DistributorUnclear = s.unclearDistri
	f.WithoutRelation = s.inOthersName && !s.records.Relates(s.reseller.ID)
	f.ResellerNotTold = s.notTold
	return f
}

func otherThanSender(pointer string) rules.FieldError {
	return rules.FieldError{
		Pointer: pointer,
		Code:    rules.NotTheSender,
		Message: "This is not the name on record of the organization that sends the order, " +
			"to which it belongs.",
		Remedy: "Send the full name, with its legal form, and the country; " +
			"or ask the operator to record this spelling.",
	}
}

// tellReseller writes to the reseller in whose name a distributor ordered (S65), once for
// an order and reseller. The mail says nothing about the end customer (R94).
func tellReseller(tx *db.Tx, o *Order) error {
	s := o.sellers
	if s == nil || !s.inOthersName {
		return nil
	}

	return notification.QueueSingle(tx, notification.Notification{
		Template:  rules.TemplateOrderInYourName,
		SubjectID: s.reseller.ID,
		Recipient: rules.NormaliseEmail(s.tellAt),
		Epoch:     o.ID,
		OrderID:   &o.ID,
		Locale:    rules.LocaleFor(o.Payload.Reseller.Address.Country),
		Params: map[string]any{
			"po_number":   o.PONumber,
			"distributor": s.distributor,
			"reseller":    s.reseller.Name,
		},
	})
}

// nameResellerAgain finds the reseller of a distributor's order in review once more: an
// operator may have recorded meanwhile whose name it is (S59).
func nameResellerAgain(tx *db.Tx, o *Order) error {
	if o.DistributorID == nil || o.SubmittedBy != *o.DistributorID {
		return nil
	}

	found, err := account.FindSellers(tx, account.SellerQuery{
		SenderID: o.SubmittedBy,
		Reseller: o.Payload.Reseller.Company,
		OneByOne: numberOf(o.CustomerHash),
	})
	if err != nil {
		return err
	}

	if id, _ := found.WhoIs(account.OrgReseller, o.Payload.Reseller); id != "" {
		o.ResellerID = id
	}
	return nil
}

// customerHash is what orders for one end customer have in common, whoever sends them: the
// SHA-256 of company and country, in hexadecimal.
func customerHash(p rules.Party) string {
	sum := sha256.Sum256([]byte(rules.CompanyKey(p.Company) + "|" + p.Address.Country))
	return hex.EncodeToString(sum[:])
}

// numberOf is a number for a hash of hexadecimal digits; 0 for what is none.
func numberOf(hash string) int64 {
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) < 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(raw))
}

// knownCustomer is what is known of an order's customer when the order comes in.
type knownCustomer struct {
	accounts []string // of the company at the address (R107a)
	near     []string // of the company at an address nearly the same (S61)
	doubles  []string // orders of other senders that it may repeat (S65)
}

const knownCustomerSQL = `
	SELECT 'ACCOUNT' AS what, id, address_hash, street, city, postal_code
	FROM accounts
	WHERE company_key = @company AND country = @country
	UNION ALL
	SELECT 'ORDER', id, '', '', '', ''
	FROM orders
	WHERE customer_hash = @customer AND submitted_by <> @sender
		AND created_at >= @since AND created_at < @until
		AND state NOT IN ('REJECTED', 'CANCELLED')
	ORDER BY 2`

// customerOf finds the accounts that an order belongs to, or may belong to, and the orders
// of other senders with the same lines within a week of the day on which it was received.
func customerOf(
	tx *db.Tx, o *Order, received time.Time, loc *time.Location,
) (knownCustomer, error) {
	customer := o.Payload.EndCustomer
	day := rules.DateIn(received, loc)

	var rows []struct {
		What       string
		ID         string
		account.At `gorm:"embedded"`
	}

	err := tx.Raw(knownCustomerSQL, map[string]any{
		"company":  rules.CompanyKey(customer.Company),
		"country":  customer.Address.Country,
		"customer": o.CustomerHash,
		"sender":   o.SubmittedBy,
		"since":    rules.StartOfDay(ordering.DoublesSince(day), loc).UTC(),
		"until":    rules.AllowedUntil(day, ordering.DoubleDays, loc).UTC(),
	}).Scan(&rows).Error
	if err != nil {
		return knownCustomer{}, err
	}

	var k knownCustomer
	var others []string
	for _, r := range rows {
		switch {
		case r.What == "ORDER":
			others = append(others, r.ID)
		case r.Is(customer.Address):
			k.accounts = append(k.accounts, r.ID)
		case r.IsNear(customer.Address):
			k.near = append(k.near, r.ID)
		}
	}

	k.doubles, err = withLinesOf(tx, others, o.Payload.Lines)
	return k, err
}

// withLinesOf returns those of the orders that ask for the same as the lines.
func withLinesOf(tx *db.Tx, ids []string, lines []ordering.OrderLine) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}

	var stored []OrderLine
	if err := tx.Where("order_id IN ?", ids).Find(&stored).Error; err != nil {
		return nil, err
	}

	asked := map[string][]ordering.OrderLine{}
	for _, l := range stored {
		asked[l.OrderID] = append(asked[l.OrderID],
			ordering.OrderLine{SKU: l.SKU, Quantity: l.Quantity})
	}

	var same []string
	for _, id := range ids {
		if ordering.SameLines(asked[id], lines) {
			same = append(same, id)
		}
	}
	return same, nil
}

// askOfNearAccounts asks whether the account that an order opened is one with another of its
// company at nearly the same address (S61), unless an operator has said so already.
func askOfNearAccounts(tx *db.Tx, o *Order, opened account.OpenedAccount) error {
	decided := slices.Contains(o.ReviewReasons, ordering.ReasonAddressNearlyKnown)
	if !opened.Fresh || opened.NewParent || decided {
		return nil
	}
	return account.AskOfNearAccounts(tx, opened.Account, o.Payload.EndCustomer)
}
