package ordering

import (
	"strconv"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

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

// MayBeRenewedBy tells whether licences of the service may renew the contract's: of
// the same service, started, not cancelled, and not all renewed already. One that
// has ended may be named too: its renewal then starts like any other order (S1).
func (c RenewableContract) MayBeRenewedBy(service catalogue.ServiceType) bool {
	return c.Type == service && c.Free > 0 &&
		(c.State == rules.ContractActive || c.State == rules.ContractSuspended ||
			c.State == rules.ContractExpired)
}

// CheckRenewals names every line that renews what it cannot. services are those of
// the lines' SKUs; contracts are those found in the customer's accounts, by id.
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
				Remedy:  "Check the contract's id, and that company and address are those of its account; or leave it out.",
			})
		}
	}

	return rules.Invalid(fields)
}
