package cover

import (
	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
)

// TermsAckRequired is the code that refuses an assignment whose terms differ and were
// not acknowledged (R78e).
const TermsAckRequired = "TERMS_ACK_REQUIRED"

// TermsForAssignment returns the terms to store with an assignment of Select made on
// the day in a room of the country (R78c). home is the account's country, whose
// terms the customer bought under; acknowledged is the version of the room's terms
// that the caller has acknowledged, 0 for none. Errors: COUNTRY_NOT_SUPPORTED where
// Select is not available (R78b); TERMS_ACK_REQUIRED where the terms differ from
// those at home, or home has none to compare with, and the version that counts was
// not acknowledged (R78e).
func TermsForAssignment(
	list []catalogue.CountryTerms, home, country string, day civil.Date, acknowledged int,
) (catalogue.CountryTerms, error) {
	terms, ok := catalogue.TermsOn(list, country, day)
	if !ok || !terms.Available {
		return catalogue.CountryTerms{}, rules.Refuse(
			rules.CountryNotSupported,
			ReasonFor(rules.CountryNotSupported).Message,
			RefusalRemedies[rules.CountryNotSupported],
		)
	}

	if NeedsAcknowledgement(list, home, country, day) && acknowledged != terms.Version {
		return catalogue.CountryTerms{}, rules.Refuse(TermsAckRequired,
			"The terms of service in the room's country differ from those at home.",
			"Read the terms of the country and send the version that was acknowledged.")
	}

	return terms, nil
}

// NeedsAcknowledgement reports whether the terms of a room's country differ from
// those of the account's own on the day (R78e).
func NeedsAcknowledgement(
	list []catalogue.CountryTerms, home, country string, day civil.Date,
) bool {
	if home == country {
		return false
	}
	there, _ := catalogue.TermsOn(list, country, day)
	here, ok := catalogue.TermsOn(list, home, day)
	return !ok || catalogue.TermsDiffer(here, there)
}
