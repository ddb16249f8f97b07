package ordering

import (
	"strconv"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
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
func (f OrderForm) Validate(c catalogue.Catalogue, today civil.Date) error {
	f = f.Normalised()
	var k rules.Checker
	k.OrderNumber("/po_number", f.PONumber, MaxPONumber)
	k.Date("/purchased_on", f.PurchasedOn)
	checkLines(&k, f.Lines, c, today)
	k.CompanyName("/end_customer/company", f.EndCustomer.Company, rules.MaxCompany)
	k.PersonName("/end_customer/contact_name", f.EndCustomer.ContactName, rules.MaxContactName)
	k.Email("/end_customer/email", f.EndCustomer.Email)
	checkAddress(&k, "/end_customer/address", f.EndCustomer.Address)
	checkOrg(&k, "/reseller", f.Reseller)
	checkOrg(&k, "/distributor", f.Distributor)
	return rules.Invalid(k.Fields)
}

// checkOrg checks the reseller or the distributor.
func checkOrg(k *rules.Checker, at string, p rules.OrgParty) {
	k.CompanyName(at+"/company", p.Company, rules.MaxCompany)
	k.Email(at+"/email", p.Email)
	checkAddress(k, at+"/address", p.Address)
}

// checkAddress reports a missing address once, a partial one field by field. Region
// and postal code may be empty.
func checkAddress(k *rules.Checker, at string, a rules.Address) {
	if a == (rules.Address{}) {
		k.Fail(at, rules.Required, "The address is missing.", "Give street, city and country.")
		return
	}

	k.Text(at+"/street", a.Street, rules.MaxStreet)
	k.Text(at+"/city", a.City, rules.MaxCity)
	k.Optional(at+"/region", a.Region, rules.MaxRegion)
	k.Optional(at+"/postal_code", a.PostalCode, rules.MaxPostalCode)
	k.Country(at+"/country", a.Country)
}

// checkLines checks the lines one by one, and their sum.
func checkLines(k *rules.Checker, lines []OrderLine, c catalogue.Catalogue, today civil.Date) {
	switch {
	case len(lines) == 0:
		k.Fail("/lines", rules.Required, "The order has no line.",
			"Send at least one line with SKU and quantity.")
		return
	case len(lines) > MaxLines:
		k.Fail("/lines",
			rules.TooManyLines, "The order has more than 100 lines.", "Split the order.")
		lines = lines[:MaxLines] // enough to be told about; the answer stays small
	}

	var first catalogue.ServiceType
	total := int64(0)
	for i, l := range lines {
		at := "/lines/" + strconv.Itoa(i)
		first = checkSKU(k, at+"/sku", l.SKU, first, c, today)
		total += checkQuantity(k, at+"/quantity", l.Quantity)
		k.Optional(at+"/renews", l.Renews, MaxID)
	}

	if total > MaxOrderQuantity {
		k.Fail("/lines", rules.QuantityTooLarge,
			"The lines together ask for more than 100000 licenses.", "Split the order.")
	}
}

// checkSKU checks one line's SKU and returns the service type of the order so far: that
// of the first known SKU. Every line of another type is an error (R113).
func checkSKU(
	k *rules.Checker,
	at, code string,
	first catalogue.ServiceType,
	c catalogue.Catalogue,
	today civil.Date,
) catalogue.ServiceType {
	if !k.Text(at, code, MaxSKU) {
		return first
	}

	found, ok := c.Lookup(code, today)
	switch {
	case !ok:
		k.Fail(at, rules.UnknownSKU, "The catalog has no such SKU today.",
			"Use a SKU of the current catalog."+c.Near(code, today))
	case first == "":
		return found.ServiceType
	case found.ServiceType != first:
		k.Fail(at, rules.MixedServiceTypes,
			"This line's service type differs from that of the lines before it.",
			"Order different types of service on separate purchase orders.")
	}

	return first
}

// checkQuantity returns what counts towards the order's total: nothing for a quantity
// that is refused.
func checkQuantity(k *rules.Checker, at string, n int64) int64 {
	switch {
	case n < 1:
		k.Fail(at, rules.QuantityTooSmall, "The quantity must be at least 1.",
			"Send a whole number from 1 to 100000.")
	case n > MaxLineQuantity:
		k.Fail(at, rules.QuantityTooLarge, "The quantity is over 100000.",
			"Send a whole number from 1 to 100000.")
	default:
		return n
	}

	return 0
}

// NotRenewable is the code of an order line that names no contract of the customer
// to renew: a foreign contract answers like one that does not exist (C5).
const NotRenewable = "NOT_RENEWABLE"

// RenewableContract is a contract of the customer that an order line names to renew
// (S4). Free counts its licences that are not revoked and that no other licence
// renews.
type RenewableContract struct {
	Type  catalogue.ServiceType
	State rules.ContractState
	Free  int64
}

// MayBeRenewedBy reports whether licences of the service may renew the contract's: of
// the same service, started, not cancelled, and not all renewed already. One that
// has ended may be named too: its renewal then starts like any other order (S1).
func (c RenewableContract) MayBeRenewedBy(service catalogue.ServiceType) bool {
	return c.Type == service && c.Free > 0 &&
		(c.State == rules.ContractActive || c.State == rules.ContractSuspended ||
			c.State == rules.ContractExpired)
}

// CheckRenewals refuses with VALIDATION_FAILED and names every line that renews what it
// cannot (NOT_RENEWABLE). services are those of the lines' SKUs; contracts are those
// found in the customer's accounts, by id.
func CheckRenewals(
	lines []OrderLine, services []catalogue.ServiceType, contracts map[string]RenewableContract,
) error {
	var fields []rules.FieldError
	for i, l := range lines {
		if l.Renews != "" && !contracts[l.Renews].MayBeRenewedBy(services[i]) {
			fields = append(fields, rules.FieldError{
				Pointer: "/lines/" + strconv.Itoa(i) + "/renews",
				Code:    NotRenewable,
				Message: "This customer has no such contract of this service that can be renewed.",
				Remedy: "Check the contract's id, and that company and address are those of " +
					"its account; or leave it out.",
			})
		}
	}

	return rules.Invalid(fields)
}
