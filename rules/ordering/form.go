package ordering

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// OrderForm is an order as a reseller or distributor submits it. PurchasedOn is
// a calendar day, YYYY-MM-DD. The end customer's e-mail is the only address that
// an invitation goes to (R92c).
type OrderForm struct {
	PONumber    string         `json:"po_number" doc:"Your purchase order number: 1 to 64 characters, unique among your orders. It is what makes a repeat a repeat"`
	PurchasedOn string         `json:"purchased_on" doc:"Day of the purchase, YYYY-MM-DD by your calendar; not ahead, and not older than the program allows"`
	Lines       []OrderLine    `json:"lines" doc:"What is ordered: 1 to 100 lines, all of one service"`
	EndCustomer rules.Party    `json:"end_customer" doc:"Who uses the service, and the person who is invited to the portal"`
	Reseller    rules.OrgParty `json:"reseller" doc:"Who sells to the customer. Where a reseller's token sends the order, that reseller counts"`
	Distributor rules.OrgParty `json:"distributor" doc:"Who sells to the reseller. Where a distributor's token sends the order, that distributor counts"`
}

// OrderLine asks for Quantity licences of a SKU. Renews is the id of the contract
// of the same customer that they continue, or empty (S4).
type OrderLine struct {
	SKU      string `json:"sku" doc:"Code from the catalog, such as SELECT-3Y; case does not matter"`
	Quantity int64  `json:"quantity" doc:"How many licenses: a whole number from 1"`
	Renews   string `json:"renews,omitempty" doc:"Id of a contract of this customer, of the same service, whose licenses these continue without a gap"`
}

// Normalised returns the form in the one spelling that is stored and compared:
// texts trimmed and in Unicode NFC, addresses of mail by NormaliseEmail, SKU and
// country in upper case. Doing it twice changes nothing.
func (f OrderForm) Normalised() OrderForm {
	f.PONumber = rules.NormaliseText(f.PONumber)
	f.PurchasedOn = rules.NormaliseText(f.PurchasedOn)
	lines := make([]OrderLine, 0, len(f.Lines))
	for _, l := range f.Lines {
		lines = append(lines, OrderLine{
			SKU:      catalogue.NormaliseSKU(rules.NormaliseText(l.SKU)),
			Quantity: l.Quantity,
			Renews:   rules.NormaliseText(l.Renews),
		})
	}

	f.Lines = lines
	f.EndCustomer = rules.Party{
		Company:     rules.NormaliseText(f.EndCustomer.Company),
		ContactName: rules.NormaliseText(f.EndCustomer.ContactName),
		Email:       rules.NormaliseEmail(f.EndCustomer.Email),
		Address:     f.EndCustomer.Address.Normalised(),
	}

	f.Reseller = f.Reseller.Normalised()
	f.Distributor = f.Distributor.Normalised()
	return f
}

// Hash returns the SHA-256, in hexadecimal, of the canonical JSON of the normalised
// form: two submissions with the same hash are the same order (S14).
func (f OrderForm) Hash() string {
	canonical, err := json.Marshal(f.Normalised())
	if err != nil {
		panic("rules: an order form of strings and numbers cannot fail to marshal: " + err.Error())
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// leaf is one value of a form under its JSON pointer.
type leaf struct{ pointer, value string }

func (f OrderForm) leaves() []leaf {
	all := []leaf{{"/po_number", PONumberKey(f.PONumber)}, {"/purchased_on", f.PurchasedOn}}
	for i, l := range f.Lines {
		at := "/lines/" + strconv.Itoa(i)
		all = append(all, leaf{
			at + "/sku", l.SKU,
		}, leaf{at + "/quantity", strconv.FormatInt(l.Quantity, 10)})

		if l.Renews != "" {
			// as in the hash: a line that renews nothing is what it was before lines could
			all = append(all, leaf{at + "/renews", l.Renews})
		}
	}

	c := f.EndCustomer
	all = append(all, leaf{"/end_customer/company", c.Company},
		leaf{"/end_customer/contact_name", c.ContactName}, leaf{"/end_customer/email", c.Email})
	all = append(all, leavesOf(c.Address, "/end_customer/address")...)
	all = append(all, orgLeavesOf(f.Reseller, "/reseller")...)
	return append(all, orgLeavesOf(f.Distributor, "/distributor")...)
}

func orgLeavesOf(p rules.OrgParty, at string) []leaf {
	return append([]leaf{
		{at + "/company", p.Company},
		{at + "/email", p.Email},
	}, leavesOf(p.Address, at+"/address")...)
}

func leavesOf(a rules.Address, at string) []leaf {
	return []leaf{{at + "/street", a.Street}, {at + "/city", a.City}, {at + "/region", a.Region},
		{at + "/postal_code", a.PostalCode}, {at + "/country", a.Country}}
}

// Differences returns the JSON pointers at which the normalised forms differ, in
// the order of the form; a line that only one of them has counts with both its
// fields (S14). It is empty exactly when they are the same order: the hashes are equal, or
// would be if the purchase order's number were spelled alike (S65).
func (f OrderForm) Differences(g OrderForm) []string {
	mine, theirs := f.Normalised().leaves(), g.Normalised().leaves()
	longer, other := mine, theirs
	if len(theirs) > len(mine) {
		longer, other = theirs, mine
	}

	values := make(map[string]string, len(other))
	for _, l := range other {
		values[l.pointer] = l.value
	}

	var pointers []string
	for _, l := range longer {
		if value, ok := values[l.pointer]; !ok || value != l.value {
			pointers = append(pointers, l.pointer)
		}
	}

	return slices.Clip(pointers)
}

// Warnings returns what is doubtful but accepted: a group mailbox as the person to
// invite (R49a), and a region from which the customer's time cannot be told.
// PURCHASE_DATE_REPLACED comes from PurchaseDate, which needs the moment of receipt.
func (f OrderForm) Warnings() []rules.FieldError {
	var out []rules.FieldError
	if rules.IsGroupMailbox(f.EndCustomer.Email) {
		out = append(out, rules.FieldError{
			Pointer: "/end_customer/email",
			Code:    rules.GroupMailboxSuspected,
			Message: "This looks like a mailbox of a group; the invitation is for one person.",
			Remedy: "Use the personal address of an IT administrator of the customer, " +
				"if there is one.",
		})
	}

	if a := f.EndCustomer.Address; rules.RegionUnknown(a.Country, a.Region) {
		out = append(out, rules.FieldError{
			Pointer: "/end_customer/address/region",
			Code:    rules.UnknownRegion,
			Message: "This region of the country is not known, so the customer's dates follow " +
				"the time of " + rules.TimeZoneFor(a.Country, a.Region) + ".",
			Remedy: "Use the region's ISO 3166-2 code, such as BR-AM or AM. An operator can " +
				"change the account's time zone.",
		})
	}

	return out
}

// ConfirmationRecipients returns the addresses that get a purchase confirmation:
// the customer, a copy each to reseller and distributor, and one copy only where
// addresses are equal (R96, R100a). The end customer comes first.
func (f OrderForm) ConfirmationRecipients() []string {
	var recipients []string
	for _, email := range []string{f.EndCustomer.Email, f.Reseller.Email, f.Distributor.Email} {
		if email = rules.NormaliseEmail(email); !slices.Contains(recipients, email) {
			recipients = append(recipients, email)
		}
	}
	return recipients
}
