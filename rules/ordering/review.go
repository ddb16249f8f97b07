package ordering

import (
	"slices"
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
	// S59: the name only resembles one that is on record
	ReasonResellerUnclear    = "RESELLER_NAME_UNCLEAR"
	ReasonDistributorUnclear = "DISTRIBUTOR_NAME_UNCLEAR"
	// S65: a distributor orders in the name of a reseller
	ReasonWithoutRelation = "DISTRIBUTOR_WITHOUT_RELATION"
	ReasonResellerNotTold = "RESELLER_NOT_TOLD"
	ReasonPossibleDouble  = "POSSIBLE_DOUBLE"
	// S61: an account of the company is at an address that is nearly this one
	ReasonAddressNearlyKnown = "ADDRESS_NEARLY_KNOWN"
	ReasonContactUnknown     = "CONTACT_UNKNOWN_TO_ACCOUNT" // S15
)

// ReasonOperatorChecks is what sellers are told instead of reasons that say what is known of
// others: see PublicReasons.
const ReasonOperatorChecks = "OPERATOR_CHECKS_CUSTOMER"

// hiddenReasons are those from which a seller would learn that a company, an address or a
// person is known, which name another organisation has, or that another seller sold the same.
var hiddenReasons = []string{
	ReasonAmbiguousAccount,
	ReasonResellerUnclear,
	ReasonDistributorUnclear,
	ReasonPossibleDouble,
	ReasonAddressNearlyKnown,
	ReasonContactUnknown,
}

// PublicReasons returns the reasons of a review as its sellers may read them: those about
// what they sent as they are, and ReasonOperatorChecks once for all that tell of others.
// Which of them applied, or how many, is not to be seen.
func PublicReasons(reasons []string) []string {
	out := []string{}
	hidden := false
	for _, r := range reasons {
		if slices.Contains(hiddenReasons, r) {
			hidden = true
			continue
		}
		out = append(out, r)
	}

	if hidden {
		out = append(out, ReasonOperatorChecks)
	}
	return out
}

// ReviewFacts is what the decision about a review needs to know. The domains are
// those of EmailDomain.
type ReviewFacts struct {
	ResellerAuthorised bool
	PurchaseInFuture   bool
	AccountCandidates  int // accounts that match company and address
	EndCustomerDomain  string
	// The domains on record, and that of the address that the sender typed (R115b).
	ResellerDomains    []string
	DistributorDomains []string
	// The name is not on record, but one that it resembles is (S59).
	ResellerUnclear    bool
	DistributorUnclear bool
	// A distributor ordered in the name of a reseller (S65): no relation of the two is on
	// record, and nothing but an address of its own to tell the reseller at.
	WithoutRelation bool
	ResellerNotTold bool
	PossibleDouble  bool // S65
	NearAccounts    int  // accounts whose address is nearly the order's (S61)
	// in the one account that matches (S15); empty otherwise
	ContactStanding rules.ContactStanding
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
	add(rules.AtOneOf(f.EndCustomerDomain, f.ResellerDomains), ReasonContactAtReseller)
	add(rules.AtOneOf(f.EndCustomerDomain, f.DistributorDomains), ReasonContactAtDistributor)
	add(rules.IsFreeMail(f.EndCustomerDomain), ReasonContactAtFreeMail)
	add(f.ResellerUnclear, ReasonResellerUnclear)
	add(f.DistributorUnclear, ReasonDistributorUnclear)
	add(f.WithoutRelation, ReasonWithoutRelation)
	add(f.ResellerNotTold, ReasonResellerNotTold)
	add(f.PossibleDouble, ReasonPossibleDouble)
	add(f.AccountCandidates == 0 && f.NearAccounts > 0, ReasonAddressNearlyKnown)
	add(f.ContactStanding == rules.ContactIsUnknown, ReasonContactUnknown)
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
