package rules

import (
	"strings"
	"time"
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
	f.Code, f.Country = strings.ToUpper(strings.TrimSpace(f.Code)), strings.ToUpper(strings.TrimSpace(f.Country))
	if f.TimeZone == "" {
		f.TimeZone = TimeZoneFor(f.Country, f.Region)
	}
	return f
}

// Validate names every wrong field of a normalised form.
func (f DepotForm) Validate() error {
	var k checker
	k.text("/code", f.Code, 32)
	k.text("/name", f.Name, 100)
	k.text("/street", f.Street, 200)
	k.text("/city", f.City, 100)
	k.optional("/region", f.Region, 100)
	k.optional("/postal_code", f.PostalCode, 20)
	k.country("/country", f.Country)
	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "" || f.TimeZone == "Local" {
		k.fail("/time_zone", InvalidTimeZone, "This is not a time zone.", "Send an IANA name such as America/Sao_Paulo.")
	}
	return Invalid(k.fields)
}
