package catalogue

import (
	_ "embed"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
)

//go:embed terms/defaults.csv
var defaultTerms string

// DefaultCountryTerms are the first terms of every country, by country, from
// terms/defaults.csv: whether Select is available and how fast a replacement is, in
// the program's languages (R78).
func DefaultCountryTerms() []CountryTerms {
	rows := map[string]CountryTerms{}
	for _, row := range rules.TableRows(defaultTerms) {
		rows[row[0]] = CountryTerms{
			Version:       1,
			EffectiveFrom: civil.Date{Year: 2000, Month: 1, Day: 1},
			Available:     row[1] == "true",
			RMASpeed:      calendar.RMASpeed(row[2]),
			Languages:     DefaultProgram().Locales,
		}
	}

	var all []CountryTerms
	for _, country := range rules.Countries() {
		t, own := rows[country]
		if !own {
			t = rows["*"]
		}
		t.Country = country
		all = append(all, t)
	}

	return all
}
