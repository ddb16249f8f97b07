package rules

import (
	"cmp"
	"strings"
	"time"
)

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

// Normalised returns the form as it is stored: texts trimmed and in Unicode NFC, country
// and region as their codes. A missing time zone is that of the region or country.
func (f SiteForm) Normalised() SiteForm {
	f.Name = NormaliseText(f.Name)
	f.ContactName = NormaliseText(f.ContactName)
	f.ContactEmail = NormaliseEmail(f.ContactEmail)
	f.Address = f.Address.Normalised()
	f.Address.Region = NormaliseRegion(f.Address.Country, f.Address.Region)
	if f.TimeZone == "" {
		f.TimeZone = TimeZoneFor(f.Address.Country, f.Address.Region)
	}
	return f
}

// SameSiteAddress reports whether an address that is told of a site is the one that is
// stored. A field that is empty says nothing, and a postal code that a spreadsheet has
// shortened is the same (S61); another street, house or floor is not.
func SameSiteAddress(stored, told Address) bool {
	stored = stored.Normalised()
	told = told.Normalised()
	told.Street = cmp.Or(told.Street, stored.Street)
	told.City = cmp.Or(told.City, stored.City)
	told.PostalCode = cmp.Or(told.PostalCode, stored.PostalCode)
	told.Country = cmp.Or(told.Country, stored.Country)

	region := NormaliseRegion(told.Country, told.Region)
	if region != "" && stored.Region != "" && region != stored.Region {
		return false
	}
	return streetKey(told.Street) == streetKey(stored.Street) && NearAddress(stored, told)
}

// ExactAddress reports whether two addresses are written alike, but for case and spaces. It
// decides where hardware may go, which a likeness cannot: a town with a few words more is
// another place.
func ExactAddress(a, b Address) bool {
	a, b = a.Normalised(), b.Normalised()
	for _, pair := range [][2]string{
		{a.Street, b.Street},
		{a.City, b.City},
		{a.Region, b.Region},
		{a.PostalCode, b.PostalCode},
		{a.Country, b.Country},
	} {
		if !strings.EqualFold(strings.TrimSpace(pair[0]), strings.TrimSpace(pair[1])) {
			return false
		}
	}
	return true
}

// Validate refuses the form with VALIDATION_FAILED, naming every wrong field.
func (f SiteForm) Validate() error {
	var k Checker
	if k.Place("/name", f.Name, 100) && SiteKey(f.Name) == "" {
		k.Fail("/name", Required, "This field is missing or empty.", "Fill it in.")
	}

	k.Place("/address/street", f.Address.Street, MaxStreet)
	k.Place("/address/city", f.Address.City, MaxCity)
	k.Region("/address/region", f.Address.Region)
	k.Optional("/address/postal_code", f.Address.PostalCode, MaxPostalCode)
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
