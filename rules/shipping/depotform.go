package shipping

import (
	"strings"
	"time"

	"roomcover.dev/roomcover/rules"
)

// DepotForm is what operators tell of a depot: its address stands on labels.
type DepotForm struct {
	Code       string // short name, such as BR-1
	Name       string
	Street     string
	City       string
	Region     string
	PostalCode string
	Country    string // ISO 3166
	TimeZone   string // IANA name; empty: that of the country
}

// Normalise puts the code and the country into upper case and fills in the zone.
func (f DepotForm) Normalise() DepotForm {
	f.Code = strings.ToUpper(strings.TrimSpace(f.Code))
	f.Country = strings.ToUpper(strings.TrimSpace(f.Country))
	if f.TimeZone == "" {
		f.TimeZone = rules.TimeZoneFor(f.Country, f.Region)
	}
	return f
}

// Validate names every wrong field of a normalised form.
func (f DepotForm) Validate() error {
	var k rules.Checker
	k.Text("/code", f.Code, 32)
	k.Text("/name", f.Name, 100)
	k.Text("/street", f.Street, 200)
	k.Text("/city", f.City, 100)
	k.Optional("/region", f.Region, 100)
	k.Optional("/postal_code", f.PostalCode, 20)
	k.Country("/country", f.Country)

	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "" ||
		f.TimeZone == "Local" {
		k.Fail("/time_zone", rules.InvalidTimeZone, "This is not a time zone.",
			"Send an IANA name such as America/Sao_Paulo.")
	}

	return rules.Invalid(k.Fields)
}
