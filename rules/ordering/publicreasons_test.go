package ordering

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Every reason by who reads it: operators read the reason itself, sellers what they can
// mend, and one word for all that tells of others.
func TestS15_S59_S61_S65_SellersReadNothingOfOthersInTheReasons(t *testing.T) {
	hidden := []string{ReasonOperatorChecks}
	seen := map[string]bool{}
	for reason, want := range map[string][]string{
		ReasonResellerNotAuthorised: {ReasonResellerNotAuthorised},
		ReasonPurchaseInFuture:      {ReasonPurchaseInFuture},
		ReasonContactAtReseller:     {ReasonContactAtReseller},
		ReasonContactAtDistributor:  {ReasonContactAtDistributor},
		ReasonContactAtFreeMail:     {ReasonContactAtFreeMail},
		ReasonWithoutRelation:       {ReasonWithoutRelation},
		ReasonResellerNotTold:       {ReasonResellerNotTold},
		ReasonAmbiguousAccount:      hidden,
		ReasonResellerUnclear:       hidden,
		ReasonDistributorUnclear:    hidden,
		ReasonPossibleDouble:        hidden,
		ReasonAddressNearlyKnown:    hidden,
		ReasonContactUnknown:        hidden,
	} {
		require.Equal(t, want, PublicReasons([]string{reason}), reason)
		seen[reason] = true
	}

	all := everyReason()
	for _, reason := range all {
		require.True(t, seen[reason], "%s: say who may read it", reason)
	}
	require.Equal(t, []string{
		ReasonResellerNotAuthorised,
		ReasonPurchaseInFuture,
		ReasonContactAtReseller,
		ReasonContactAtDistributor,
		ReasonContactAtFreeMail,
		ReasonWithoutRelation,
		ReasonResellerNotTold,
		ReasonOperatorChecks,
	}, PublicReasons(all), "once, and last, however many apply")
	require.Len(t, all, 13)
	require.Empty(t, PublicReasons(nil))
}

// everyReason is what ReviewReasons can answer: orders for which each applies.
func everyReason() []string {
	f := ReviewFacts{
		PurchaseInFuture:   true,
		AccountCandidates:  2,
		EndCustomerDomain:  "gmail.com",
		ResellerDomains:    []string{"gmail.com"},
		DistributorDomains: []string{"gmail.com"},
		ResellerUnclear:    true,
		DistributorUnclear: true,
		WithoutRelation:    true,
		ResellerNotTold:    true,
		PossibleDouble:     true,
		ContactStanding:    "UNKNOWN",
	}
	all := ReviewReasons(f)
	f.AccountCandidates = 0
	f.NearAccounts = 1
	for _, r := range ReviewReasons(f) {
		if r == ReasonAddressNearlyKnown {
			all = append(all, r)
		}
	}
	return all
}
