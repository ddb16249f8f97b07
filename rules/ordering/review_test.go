package ordering

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/testday"
)

func cleanFacts() ReviewFacts {
	return ReviewFacts{ResellerAuthorised: true, AccountCandidates: 1,
		EndCustomerDomain:  "acme.example",
		ResellerDomains:    []string{"revenda.example", "revenda-matriz.example"},
		DistributorDomains: []string{"distri.example"}}
}

func TestReviewReasons(t *testing.T) {
	for _, c := range []struct {
		name   string
		want   []string
		change func(*ReviewFacts)
	}{
		{"clean", nil, func(*ReviewFacts) {}},
		{"new account", nil, func(f *ReviewFacts) { f.AccountCandidates = 0 }},
		{"R45a", []string{"RESELLER_NOT_AUTHORISED"}, func(f *ReviewFacts) { f.ResellerAuthorised = false }},
		{"S6", []string{"PURCHASE_DATE_IN_FUTURE"}, func(f *ReviewFacts) { f.PurchaseInFuture = true }},
		{"R107", []string{"AMBIGUOUS_ACCOUNT"}, func(f *ReviewFacts) { f.AccountCandidates = 2 }},
		{"R115b reseller", []string{"CONTACT_AT_RESELLER_DOMAIN"}, func(f *ReviewFacts) {
			f.EndCustomerDomain = "revenda.example"
		}},
		{"R115b distributor", []string{"CONTACT_AT_DISTRIBUTOR_DOMAIN"}, func(f *ReviewFacts) {
			f.EndCustomerDomain = "distri.example"
		}},
		{"R115b subdomain", []string{"CONTACT_AT_RESELLER_DOMAIN"}, func(f *ReviewFacts) {
			f.EndCustomerDomain = "mail.revenda.example"
		}},
		{"R115b free mail", []string{"CONTACT_AT_FREE_MAIL"}, func(f *ReviewFacts) {
			f.EndCustomerDomain = "gmail.com"
		}},
		{"R115b a domain on record", []string{"CONTACT_AT_RESELLER_DOMAIN"}, func(f *ReviewFacts) {
			f.EndCustomerDomain = "ti.revenda-matriz.example"
		}},
		{"S59 reseller", []string{"RESELLER_NAME_UNCLEAR"}, func(f *ReviewFacts) { f.ResellerUnclear = true }},
		{"S59 distributor", []string{"DISTRIBUTOR_NAME_UNCLEAR"}, func(f *ReviewFacts) { f.DistributorUnclear = true }},
		{"S65 relation", []string{"DISTRIBUTOR_WITHOUT_RELATION"}, func(f *ReviewFacts) { f.WithoutRelation = true }},
		{"S65 told", []string{"RESELLER_NOT_TOLD"}, func(f *ReviewFacts) { f.ResellerNotTold = true }},
		{"S61 near", []string{"ADDRESS_NEARLY_KNOWN"}, func(f *ReviewFacts) { f.AccountCandidates, f.NearAccounts = 0, 1 }},
		{"S61 near, and the very one", nil, func(f *ReviewFacts) { f.NearAccounts = 1 }},
		{"S65 double", []string{"POSSIBLE_DOUBLE"}, func(f *ReviewFacts) { f.PossibleDouble = true }},
		{"both at free mail", []string{"CONTACT_AT_RESELLER_DOMAIN", "CONTACT_AT_FREE_MAIL"},
			func(f *ReviewFacts) {
				f.EndCustomerDomain = "gmail.com"
				f.ResellerDomains = []string{"gmail.com"}
			}},
		{"public suffix in common", nil, func(f *ReviewFacts) {
			f.EndCustomerDomain = "acme.com.br"
			f.ResellerDomains = []string{"revenda.com.br"}
		}},
		{"S15 stranger", []string{"CONTACT_UNKNOWN_TO_ACCOUNT"}, func(f *ReviewFacts) {
			f.ContactStanding = rules.ContactIsUnknown
		}},
		{"S15 colleague", nil, func(f *ReviewFacts) { f.ContactStanding = rules.ContactIsColleague }},
		{"S15 member", nil, func(f *ReviewFacts) { f.ContactStanding = rules.ContactIsMember }},
		{"no domains", nil, func(f *ReviewFacts) {
			f.EndCustomerDomain = ""
			f.ResellerDomains = []string{""}
			f.DistributorDomains = nil
		}},
		{"a bare suffix", []string{"CONTACT_AT_RESELLER_DOMAIN"}, func(f *ReviewFacts) {
			f.EndCustomerDomain = "com.br"
			f.ResellerDomains = []string{"com.br"}
		}},
		{"everything", []string{"RESELLER_NOT_AUTHORISED", "PURCHASE_DATE_IN_FUTURE", "AMBIGUOUS_ACCOUNT",
			"CONTACT_AT_RESELLER_DOMAIN", "CONTACT_AT_DISTRIBUTOR_DOMAIN", "CONTACT_AT_FREE_MAIL",
			"RESELLER_NAME_UNCLEAR", "DISTRIBUTOR_NAME_UNCLEAR", "DISTRIBUTOR_WITHOUT_RELATION", "RESELLER_NOT_TOLD",
			"POSSIBLE_DOUBLE", "CONTACT_UNKNOWN_TO_ACCOUNT"},
			func(f *ReviewFacts) {
				*f = ReviewFacts{
					PurchaseInFuture: true, AccountCandidates: 5, EndCustomerDomain: "gmail.com",
					ResellerDomains: []string{"gmail.com"}, DistributorDomains: []string{"gmail.com"},
					ResellerUnclear: true, DistributorUnclear: true, WithoutRelation: true, ResellerNotTold: true,
					PossibleDouble: true, ContactStanding: rules.ContactIsUnknown,
				}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := cleanFacts()
			c.change(&f)
			require.Equal(t, c.want, ReviewReasons(f))
		})
	}
}

func TestR45a_Authorised(t *testing.T) {
	from, to := testday.Day(t, "2026-01-01"), testday.Day(t, "2027-01-01")
	for _, c := range []struct {
		name      string
		from, to  *civil.Date
		suspended bool
		on        string
		want      bool
	}{
		{"inside", &from, &to, false, "2026-06-01", true},
		{"first day", &from, &to, false, "2026-01-01", true},
		{"day before", &from, &to, false, "2025-12-31", false},
		{"last day", &from, &to, false, "2026-12-31", true},
		{"end", &from, &to, false, "2027-01-01", false},
		{"no end", &from, nil, false, "2099-01-01", true},
		{"never", nil, nil, false, "2026-06-01", false},
		{"suspended", &from, nil, true, "2026-06-01", false},
	} {
		require.Equal(t, c.want, Authorised(c.from, c.to, c.suspended, testday.Day(t, c.on)), c.name)
	}
}
