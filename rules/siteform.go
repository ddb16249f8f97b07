package rules

import "time"

// SiteForm is what people tell of a site: where parcels go to, and who takes them.
type SiteForm struct {
	Name         string
	Address      Address
	TimeZone     string // IANA name
	ContactName  string // may be empty, together with the address
	ContactEmail string
}

// SiteKey is the form of a site's name in which it is compared: an account has one
// site of a name, and a room is at the site that it names, whatever the case,
// accents and blanks.
func SiteKey(name string) string { return SearchKey(name) }

// Validate names every wrong field.
func (f SiteForm) Validate() error {
	var k checker
	if k.text("/name", f.Name, 100) && SiteKey(f.Name) == "" {
		k.fail("/name", Required, "This field is missing or empty.", "Fill it in.")
	}
	k.text("/address/street", f.Address.Street, 200)
	k.text("/address/city", f.Address.City, 100)
	k.region("/address/region", f.Address.Region)
	k.optional("/address/postal_code", f.Address.PostalCode, 20)
	k.country("/address/country", f.Address.Country)
	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "" || f.TimeZone == "Local" {
		k.fail("/time_zone", InvalidTimeZone, "This is not a time zone.", "Send an IANA name such as America/Sao_Paulo.")
	}
	k.optional("/contact_name", f.ContactName, MaxContactName)
	if f.ContactEmail != "" {
		k.email("/contact_email", f.ContactEmail)
	}
	return Invalid(k.fields)
}
