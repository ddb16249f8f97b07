package rules

import "time"

// SiteForm is a person's input about a site: where parcels go to, and who receives
// them.
type SiteForm struct {
	Name         string
	Address      Address
	TimeZone     string // IANA name
	ContactName  string // may be empty, together with the address
	ContactEmail string
}

// SiteKey returns the form of a site's name in which names are compared: an account has
// one site of a name, and a room is at the site that it names, whatever the case,
// accents and blanks.
func SiteKey(name string) string { return SearchKey(name) }

// Validate refuses the form with VALIDATION_FAILED, naming every wrong field.
func (f SiteForm) Validate() error {
	var k Checker
	if k.Text("/name", f.Name, 100) && SiteKey(f.Name) == "" {
		k.Fail("/name", Required, "This field is missing or empty.", "Fill it in.")
	}

	k.Text("/address/street", f.Address.Street, 200)
	k.Text("/address/city", f.Address.City, 100)
	k.Region("/address/region", f.Address.Region)
	k.Optional("/address/postal_code", f.Address.PostalCode, 20)
	k.Country("/address/country", f.Address.Country)

	if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "" ||
		f.TimeZone == "Local" {
		k.Fail("/time_zone", InvalidTimeZone, "This is not a time zone.",
			"Send an IANA name such as America/Sao_Paulo.")
	}

	k.OptionalPersonName("/contact_name", f.ContactName, MaxContactName)
	if f.ContactEmail != "" {
		k.Email("/contact_email", f.ContactEmail)
	}

	return Invalid(k.Fields)
}
