package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// The greatest lengths of a company's texts, in code points.
const (
	MaxCompany     = 200
	MaxContactName = 120
	MaxStreet      = 200
	MaxCity        = 100
	MaxRegion      = 100
	MaxPostalCode  = 20
)

// Address is a postal address as submitted. Country is an ISO 3166 code of two
// letters. Region and postal code may be empty, since not every country has them.
type Address struct {
	Street     string `json:"street" doc:"Street and number, such as Av. Paulista 1000"`
	City       string `json:"city" doc:"Name of the city"`
	Region     string `json:"region,omitempty" doc:"Region in ISO 3166-2, with or without the country, such as SP or BR-SP; missing where the country has none"`
	PostalCode string `json:"postal_code,omitempty" doc:"Postal code, as it is written there, such as 01310-100; a leading zero counts"`
	Country    string `json:"country" doc:"ISO 3166-1, two letters, such as BR"`
}

// Line writes the address on one line.
func (a Address) Line() string {
	var parts []string
	for _, part := range []string{
		a.Street, strings.TrimSpace(a.PostalCode + " " + a.City), a.Region, a.Country,
	} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// AddressKey returns the form of an address for matching (R107a): country, postal
// code, city, street words and house numbers, in one spelling. The region counts
// only where there is no postal code, because people write it in many ways.
func AddressKey(a Address) string {
	country := strings.ToUpper(strings.TrimSpace(a.Country))
	postal := postalKey(country, a.PostalCode)
	region := ""
	if postal == "" {
		region = regionKey(country, a.Region)
	}

	city := strings.Join(words(fold(a.City)), " ")
	return strings.Join([]string{country, postal, region, city, streetKey(a.Street)}, "|")
}

// AddressHash returns the SHA-256 of AddressKey in hexadecimal: an index that does
// not hold the address itself.
func AddressHash(a Address) string {
	sum := sha256.Sum256([]byte(AddressKey(a)))
	return hex.EncodeToString(sum[:])
}

var postalPrefix = regexp.MustCompile(`^(?:CEP|ZIP|PLZ|CP|[A-Z]{1,2})[- ]+(\d)`)

// postalKey keeps letters and digits only. A leading country or "CEP" goes, and so
// do the last four digits of a ZIP+4, which change within one building.
func postalKey(country, code string) string {
	code = strings.ToUpper(fold(strings.TrimSpace(code)))
	code = postalPrefix.ReplaceAllString(code, "$1")
	code = strings.Join(words(code), "")
	if country == "US" && len(code) == 9 {
		return code[:5]
	}
	return code
}

var (
	thousands  = regexp.MustCompile(`\b(\d{1,3})\.(\d{3})\b`)
	noNumber   = regexp.MustCompile(`\bs/n\b`)
	numberSign = regexp.MustCompile(`\b(n|no|nr|num)\.?[ºª°]`)
	ordinal    = regexp.MustCompile(`(\d)\.?[ºª°]`)
	pureNumber = regexp.MustCompile(`^\d+[a-z]?$`)
)

// streetKey brings the words of a street into one spelling and puts the house
// numbers last, in their order, because some countries write them first.
func streetKey(street string) string {
	// The sign º must go before folding turns "nº" into "no" and "1º" into "1o".
	s := numberSign.ReplaceAllString(strings.ToLower(street), "$1 ")
	s = ordinal.ReplaceAllString(s, "$1 ")
	s = noNumber.ReplaceAllString(fold(s), "sn")
	tokens := words(thousands.ReplaceAllString(s, "$1$2"))

	var names, numbers []string
	for i, t := range tokens {
		followed := i+1 < len(tokens) && pureNumber.MatchString(tokens[i+1])
		switch {
		case pureNumber.MatchString(t):
			numbers = append(numbers, t)
		case streetParticles[t] || followed && numberMarkers[t]:
		default:
			names = appendStreetWord(names, t)
		}
	}

	return strings.Join(names, " ") + "#" + strings.Join(numbers, " ")
}

// appendStreetWord adds a word in its one spelling. German street words are
// written together or apart, so they join the word before them.
func appendStreetWord(names []string, t string) []string {
	if stem, ok := strings.CutSuffix(t, "strasse"); ok {
		t = stem + "str"
	}
	if t == "str" && len(names) > 0 {
		names[len(names)-1] += t
		return names
	}
	if one, ok := streetWords[t]; ok {
		t = one
	}
	return append(names, t)
}

// Party is the end customer: a company and the named person who administers its
// rooms (R115a).
type Party struct {
	Company     string  `json:"company" doc:"Name of the company, with its legal form, such as Acme Ltda"`
	ContactName string  `json:"contact_name" doc:"Name of the person who is invited to the portal"`
	Email       string  `json:"email" doc:"The person's own address, not a group's; the invitation goes there and nowhere else"`
	Address     Address `json:"address" doc:"Where the company is; with the name it says which customer it is"`
}

// OrgParty is the reseller or the distributor. One organisation may be both (A7).
type OrgParty struct {
	Company string  `json:"company" doc:"Full name, with its legal form, such as Revenda Sul Ltda: with the country it says which organization it is"`
	Email   string  `json:"email" doc:"Address that is told about the order"`
	Address Address `json:"address" doc:"Where the organization is"`
}

// Normalised returns the address as it is stored: texts trimmed and in Unicode NFC, the
// country in upper case.
func (a Address) Normalised() Address {
	return Address{
		Street:     NormaliseText(a.Street),
		City:       NormaliseText(a.City),
		Region:     NormaliseText(a.Region),
		PostalCode: NormaliseText(a.PostalCode),
		Country:    strings.ToUpper(NormaliseText(a.Country)),
	}
}

// Normalised returns the party as it is stored; see Address.Normalised and
// NormaliseEmail.
func (p OrgParty) Normalised() OrgParty {
	return OrgParty{
		Company: NormaliseText(p.Company),
		Email:   NormaliseEmail(p.Email),
		Address: p.Address.Normalised(),
	}
}

// streetParticles say nothing about which street it is.
var streetParticles = set("de da do das dos del")

// numberMarkers stand before a house number and mean only "number".
var numberMarkers = set("n no nr nro num numero number numer nummer hausnummer")

// streetWords maps each way of writing a street word to one of them. A word with
// two meanings ("dr" is drive and doctor, "st" is street and saint) has one
// spelling for both, which does no harm in a comparison.
var streetWords = func() map[string]string {
	classes := `av ave avenue avenida avda avd aven
		r rua
		al alameda alam
		tv trav travessa travesia
		pc pca praca plaza pza plza plz platz pl place
		rod rodovia
		est estr estrada
		lgo largo
		blvd boulevard bulevar bd boul
		st street saint sta santa sto santo san sankt
		rd road
		dr drive doutor doctor doutora dra
		ln lane
		ct court
		sq square
		pkwy parkway
		hwy highway
		calle cl
		cra carrera kr
		ctra carretera
		ps paseo pso
		weg wg
		gasse g
		all allee
		eng engenheiro ingeniero ing
		prof professor profesor professora
		gen general gal
		pres presidente president
		cel coronel col
		ste suite suites
		fl floor andar piso stock
		apt apartment apartamento apto ap
		bldg building edificio ed edif
		cj conj conjunto
		bl bloco bloque block
		sala sl
		n north norte nord
		s south sul sur sud
		e east leste este ost
		w west oeste`

	spelling := map[string]string{}
	for _, class := range strings.Split(classes, "\n") {
		ways := strings.Fields(class)
		for _, way := range ways {
			spelling[way] = ways[0]
		}
	}

	return spelling
}()
