package ordering

import (
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
)

// Reasons why a person must look at an order before it goes on.
const (
	ReasonResellerNotAuthorised = "RESELLER_NOT_AUTHORISED"       // R45a
	ReasonPurchaseInFuture      = "PURCHASE_DATE_IN_FUTURE"       // S6
	ReasonAmbiguousAccount      = "AMBIGUOUS_ACCOUNT"             // R107a
	ReasonContactAtReseller     = "CONTACT_AT_RESELLER_DOMAIN"    // R115b
	ReasonContactAtDistributor  = "CONTACT_AT_DISTRIBUTOR_DOMAIN" // R115b
	ReasonContactAtFreeMail     = "CONTACT_AT_FREE_MAIL"          // R115b
)

// ReviewFacts is what the decision about a review needs to know. The domains are
// those of EmailDomain.
type ReviewFacts struct {
	ResellerAuthorised bool
	PurchaseInFuture   bool
	AccountCandidates  int // accounts that match company and address
	EndCustomerDomain  string
	ResellerDomain     string
	DistributorDomain  string
}

// ReviewReasons returns every reason to review the order, in a fixed order, and
// none when it may go on by itself. A subdomain counts as its organisation.
func ReviewReasons(f ReviewFacts) []string {
	var reasons []string
	add := func(applies bool, reason string) {
		if applies {
			reasons = append(reasons, reason)
		}
	}

	add(!f.ResellerAuthorised, ReasonResellerNotAuthorised)
	add(f.PurchaseInFuture, ReasonPurchaseInFuture)
	add(f.AccountCandidates > 1, ReasonAmbiguousAccount)
	add(rules.SameOrganisation(f.EndCustomerDomain, f.ResellerDomain), ReasonContactAtReseller)

	add(
		rules.SameOrganisation(f.EndCustomerDomain, f.DistributorDomain),
		ReasonContactAtDistributor,
	)

	add(rules.IsFreeMail(f.EndCustomerDomain), ReasonContactAtFreeMail)
	return reasons
}

// Authorised reports whether a reseller was authorised on the day (R45a): on the
// days [from, to), unless suspended. No from means never authorised; no to means
// without end.
func Authorised(from, to *civil.Date, suspended bool, on civil.Date) bool {
	if suspended || from == nil || on.Before(*from) {
		return false
	}
	return to == nil || on.Before(*to)
}

// PurchaseDate decides the day of purchase, from which the cancellation window and
// JumpStart run (S6): the date on the purchase order if it is not in the future and at
// most maxAgeDays before the local day of receipt; otherwise the day of receipt. It is in
// the future only where it is so for the sellers too, who wrote it by their own calendar.
// future reports that the order must be reviewed by a person.
func PurchaseDate(
	po civil.Date, received time.Time, maxAgeDays int, loc *time.Location,
	sellers ...*time.Location,
) (d civil.Date, future bool) {
	receipt := rules.DateIn(received, loc)
	latest := receipt
	for _, seller := range sellers {
		if day := rules.DateIn(received, seller); day.After(latest) {
			latest = day
		}
	}

	switch {
	case !po.IsValid():
		return receipt, false
	case po.After(latest):
		return receipt, true
	case receipt.DaysSince(po) > maxAgeDays:
		return receipt, false
	default:
		return po, false
	}
}
