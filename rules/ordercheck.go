package rules

import (
	"strconv"

	"cloud.google.com/go/civil"
)

// Limits of an order form. Lengths count Unicode code points after
// normalisation; that of an e-mail address is MaxEmailLength octets.
const (
	MaxLines         = 100
	MaxLineQuantity  = 100_000
	MaxOrderQuantity = 100_000 // one licence row per unit is written in one transaction

	MaxPONumber = 64
	MaxSKU      = 64
	MaxID       = 64 // of ours, such as a contract's
)

// Validate checks the normalised form against the catalogue of the day and
// returns nil or an *Error with every error at once (R92b); none repeats a
// submitted value.
func (f OrderForm) Validate(c Catalogue, today civil.Date) error {
	f = f.Normalised()
	var k checker
	k.text("/po_number", f.PONumber, MaxPONumber)
	k.date("/purchased_on", f.PurchasedOn)
	checkLines(&k, f.Lines, c, today)
	k.text("/end_customer/company", f.EndCustomer.Company, MaxCompany)
	k.text("/end_customer/contact_name", f.EndCustomer.ContactName, MaxContactName)
	k.email("/end_customer/email", f.EndCustomer.Email)
	checkAddress(&k, "/end_customer/address", f.EndCustomer.Address)
	checkOrg(&k, "/reseller", f.Reseller)
	checkOrg(&k, "/distributor", f.Distributor)
	return Invalid(k.fields)
}

// checkOrg checks the reseller or the distributor.
func checkOrg(k *checker, at string, p OrgParty) {
	k.text(at+"/company", p.Company, MaxCompany)
	k.email(at+"/email", p.Email)
	checkAddress(k, at+"/address", p.Address)
}

// checkAddress reports a missing address once, a partial one field by field. Region
// and postal code may be empty.
func checkAddress(k *checker, at string, a Address) {
	if a == (Address{}) {
		k.fail(at, Required, "The address is missing.", "Give street, city and country.")
		return
	}
	k.text(at+"/street", a.Street, MaxStreet)
	k.text(at+"/city", a.City, MaxCity)
	k.optional(at+"/region", a.Region, MaxRegion)
	k.optional(at+"/postal_code", a.PostalCode, MaxPostalCode)
	k.country(at+"/country", a.Country)
}

// checkLines checks the lines one by one, and their sum.
func checkLines(k *checker, lines []OrderLine, c Catalogue, today civil.Date) {
	switch {
	case len(lines) == 0:
		k.fail("/lines", Required, "The order has no line.", "Send at least one line with SKU and quantity.")
		return
	case len(lines) > MaxLines:
		k.fail("/lines", TooManyLines, "The order has more than 100 lines.", "Split the order.")
		lines = lines[:MaxLines] // enough to be told about; the answer stays small
	}
	var first ServiceType
	total := int64(0)
	for i, l := range lines {
		at := "/lines/" + strconv.Itoa(i)
		first = checkSKU(k, at+"/sku", l.SKU, first, c, today)
		total += checkQuantity(k, at+"/quantity", l.Quantity)
		k.optional(at+"/renews", l.Renews, MaxID)
	}
	if total > MaxOrderQuantity {
		k.fail("/lines", QuantityTooLarge, "The lines together ask for more than 100000 licences.", "Split the order.")
	}
}

// checkSKU checks one line's SKU and returns the service type of the order so far: that
// of the first known SKU. Every line of another type is an error (R113).
func checkSKU(k *checker, at, code string, first ServiceType, c Catalogue, today civil.Date) ServiceType {
	if !k.text(at, code, MaxSKU) {
		return first
	}
	found, ok := c.Lookup(code, today)
	switch {
	case !ok:
		k.fail(at, UnknownSKU, "The catalogue has no such SKU today.", "Use a SKU of the current catalogue.")
	case first == "":
		return found.ServiceType
	case found.ServiceType != first:
		k.fail(at, MixedServiceTypes, "This line's service type differs from that of the lines before it.",
			"Order different types of service on separate purchase orders.")
	}
	return first
}

// checkQuantity returns what counts towards the order's total: nothing for a quantity
// that is refused.
func checkQuantity(k *checker, at string, n int64) int64 {
	switch {
	case n < 1:
		k.fail(at, QuantityTooSmall, "The quantity must be at least 1.", "Send a whole number from 1 to 100000.")
	case n > MaxLineQuantity:
		k.fail(at, QuantityTooLarge, "The quantity is over 100000.", "Send a whole number from 1 to 100000.")
	default:
		return n
	}
	return 0
}
