package label

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Party is who sends or gets a parcel. It is personal data: it goes onto the paper
// and nowhere else.
type Party struct {
	Name       string
	Company    string
	Street     string
	City       string
	Region     string
	PostalCode string
	Country    string // ISO 3166
	Phone      string
}

// lines are the address as it is written, the name apart. The country's name is in
// English, which carriers everywhere read.
func (p Party) lines() []string {
	place := strings.TrimSpace(p.PostalCode + " " + p.City)
	if p.Region != "" {
		place += " – " + p.Region
	}

	var out []string
	for _, line := range []string{p.Company, p.Street, place, countryName(p.Country), p.Phone} {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}

	return out
}

// written are the name and the address as they stand on paper.
func (p Party) written() []string {
	return legibleAll(append([]string{p.Name}, p.lines()...)...)
}

func countryName(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	return strings.ToUpper(display.Regions(language.English).Name(region))
}
