package order

import (
	"context"
	"fmt"
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// FileMails counts to which addresses the orders of one file would make the service write,
// while its rows are checked: a file that would be refused from some row on is refused
// before any of it is stored (S35, S64).
type FileMails struct {
	named  map[string]int  // orders of the file so far, by identity.MailboxOf an address
	before map[string]int  // orders of the day before the file, by the same
	known  map[string]bool // whether there is a bound, by organisation and address
}

// NewFileMails counts the orders of one file.
func NewFileMails() *FileMails {
	return &FileMails{
		named:  map[string]int{},
		before: map[string]int{},
		known:  map[string]bool{},
	}
}

// typedAddress is an address in an order, and where it stands.
type typedAddress struct{ pointer, email string }

// typedAddresses are those of an order, each once.
func typedAddresses(form ordering.OrderForm) (out []typedAddress) {
	for _, a := range []typedAddress{
		{"/end_customer/email", form.EndCustomer.Email},
		{"/reseller/email", form.Reseller.Email},
		{"/distributor/email", form.Distributor.Email},
	} {
		a.email = rules.NormaliseEmail(a.email)
		same := func(other typedAddress) bool { return other.email == a.email }
		if a.email != "" && !slices.ContainsFunc(out, same) {
			out = append(out, a)
		}
	}
	return out
}

// checkMails counts the order of a row, and returns which of its addresses has had enough.
func (s *Orders) checkMails(
	ctx context.Context, in Intake, form ordering.OrderForm,
) ([]rules.FieldError, error) {
	if in.File == nil {
		return nil, nil
	}

	typed := typedAddresses(form)
	if err := s.readMailsBefore(ctx, in, typed); err != nil {
		return nil, err
	}

	var counted []string
	var fields []rules.FieldError
	for _, a := range typed {
		mailbox := identity.MailboxOf(a.email)
		if !slices.Contains(counted, mailbox) {
			counted = append(counted, mailbox)
			in.File.named[mailbox]++
		}
		if in.File.before[mailbox]+in.File.named[mailbox] <= identity.OrdersInFilesToOne {
			continue
		}

		known, err := s.knowsAddress(ctx, in, form, a)
		if err != nil {
			return nil, err
		}
		if !known {
			fields = append(fields, tooManyInFile(a.pointer))
		}
	}
	return fields, nil
}

// readMailsBefore reads what the mailboxes of the addresses have got today, of those that are
// new in the file.
func (s *Orders) readMailsBefore(ctx context.Context, in Intake, typed []typedAddress) error {
	var fresh []string
	for _, a := range typed {
		mailbox := identity.MailboxOf(a.email)
		if _, read := in.File.before[mailbox]; !read {
			fresh = append(fresh, mailbox)
		}
	}
	if len(fresh) == 0 {
		return nil
	}

	return s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		counts, err := identity.MailedOrders(tx, in.Sender.ID, fresh)
		for _, mailbox := range fresh {
			in.File.before[mailbox] = counts[mailbox]
		}
		return err
	})
}

// knowsAddress reports whether an address has no bound: it is that of a member of an account
// of which the sender has an order, or a seller's and on record of one of the order's sellers.
func (s *Orders) knowsAddress(
	ctx context.Context, in Intake, form ordering.OrderForm, a typedAddress,
) (known bool, err error) {
	key := a.pointer + "|" + form.Reseller.Company + "|" + form.Distributor.Company + "|" + a.email
	if known, read := in.File.known[key]; read {
		return known, nil
	}

	err = s.db.WriteAcross(db.WithSystem(ctx), func(tx *db.Tx) error {
		known, err = identity.IsMemberAtCustomer(tx, in.Sender.ID, a.email)
		if err != nil || known || a.pointer == "/end_customer/email" {
			return err
		}

		records, err := account.FindSellers(tx, account.SellerQuery{
			SenderID:    in.Sender.ID,
			Reseller:    form.Reseller.Company,
			Distributor: form.Distributor.Company,
			OneByOne:    numberOf(customerHash(form.EndCustomer)),
		})
		if err != nil {
			return err
		}

		reseller, distributor := whoSells(records, in.Sender, form)
		known = records.Has(reseller, a.email) || records.Has(distributor, a.email)
		return nil
	})
	if err == nil {
		in.File.known[key] = known
	}
	return known, err
}

func tooManyInFile(pointer string) rules.FieldError {
	e := rules.FieldError{
		Pointer: pointer,
		Code:    rules.RateLimited,
		Message: fmt.Sprintf("With the rows before this one, more than %d orders of a day name "+
			"this address of a reseller or distributor, and it is not on record as that "+
			"organisation's.", identity.OrdersInFilesToOne),
		Remedy: "Ask the operator to record that organization's mail domain, or send the rest " +
			"in a file of another day.",
	}
	if pointer == "/end_customer/email" {
		e.Message = fmt.Sprintf("With the rows before this one, more than %d orders of a day name "+
			"this end customer's address, and the person has not answered yet.",
			identity.OrdersInFilesToOne)
		e.Remedy = "Wait until the person has accepted the invitation, or send the rest in a " +
			"file of another day."
	}
	return e
}
