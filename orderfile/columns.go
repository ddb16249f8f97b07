package orderfile

import (
	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
)

// column is one column of a CSV file: where its text goes in a form, and under
// which JSON pointer.
type column struct {
	name    string
	pointer string
	// nil: sku, quantity and renews, which belong to a line
	place    func(*ordering.OrderForm) *string
	optional bool
}

func address(party, pointer string, place func(*ordering.OrderForm) *rules.Address) []column {
	part := func(name string, optional bool, text func(*rules.Address) *string) column {
		return column{party + "_" + name, pointer + "/address/" +
			name, func(f *ordering.OrderForm) *string { return text(place(f)) }, optional}
	}
	return []column{
		part("street", false, func(a *rules.Address) *string { return &a.Street }),
		part("city", false, func(a *rules.Address) *string { return &a.City }),
		part("region", true, func(a *rules.Address) *string { return &a.Region }),
		part("postal_code", true, func(a *rules.Address) *string { return &a.PostalCode }),
		part("country", false, func(a *rules.Address) *string { return &a.Country }),
	}
}

func org(party string, place func(*ordering.OrderForm) *rules.OrgParty) []column {
	return append([]column{
		{party + "_company", "/" + party + "/company", func(f *ordering.OrderForm) *string {
			return &place(f).Company
		}, false},
		{party + "_email", "/" + party + "/email", func(f *ordering.OrderForm) *string {
			return &place(f).Email
		}, false},
	}, address(party, "/"+party, func(f *ordering.OrderForm) *rules.Address {
		return &place(f).Address
	})...)
}

const (
	skuColumn      = "sku"
	quantityColumn = "quantity"
	renewsColumn   = "renews"
)

var columns = func() []column {
	all := []column{
		{"po_number", "/po_number", func(f *ordering.OrderForm) *string {
			return &f.PONumber
		}, false},
		{"purchased_on", "/purchased_on", func(f *ordering.OrderForm) *string {
			return &f.PurchasedOn
		}, false},
		{skuColumn, "", nil, false},
		{quantityColumn, "", nil, false},
		{"end_customer_company", "/end_customer/company", func(f *ordering.OrderForm) *string {
			return &f.EndCustomer.Company
		}, false},
		{
			"end_customer_contact_name",
			"/end_customer/contact_name",
			func(f *ordering.OrderForm) *string { return &f.EndCustomer.ContactName },
			false,
		},
		{"end_customer_email", "/end_customer/email", func(f *ordering.OrderForm) *string {
			return &f.EndCustomer.Email
		}, false},
	}

	all = append(
		all, address("end_customer", "/end_customer", func(f *ordering.OrderForm) *rules.Address {
			return &f.EndCustomer.Address
		})...,
	)

	all = append(
		all, org("reseller", func(f *ordering.OrderForm) *rules.OrgParty { return &f.Reseller })...,
	)

	all = append(all, org("distributor", func(f *ordering.OrderForm) *rules.OrgParty {
		return &f.Distributor
	})...)
	return append(all, column{renewsColumn, "", nil, true})
}()

// Columns names the columns of a CSV file. Only those of region and postal code, and
// what a line renews, may be left out.
func Columns() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// fileColumns are the same for rowfile, place by place.
var fileColumns = func() []rowfile.Column {
	all := make([]rowfile.Column, len(columns))
	for i, c := range columns {
		// A later row of an order fills in its line alone.
		needed := c.name == skuColumn || c.name == quantityColumn
		all[i] = rowfile.Column{Name: c.name, Optional: c.optional, Needed: needed}
	}
	return all
}()
