package cataloguetest

import (
	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

// TermsFrom returns a version of a country's terms that holds from a day such as
// "2026-09-04".
func TermsFrom(
	country, from string, version int, available bool, speed calendar.RMASpeed, languages ...string,
) catalogue.CountryTerms {
	d, err := civil.ParseDate(from)
	if err != nil {
		panic(err)
	}

	return catalogue.CountryTerms{
		Country:       country,
		Version:       version,
		EffectiveFrom: d,
		Available:     available,
		RMASpeed:      speed,
		Languages:     languages,
	}
}
