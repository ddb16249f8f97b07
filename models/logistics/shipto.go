package logistics

import "roomcover.dev/roomcover/rules"

// ShipTo is where a replacement goes, as it was when it was approved. It is personal data:
// it goes onto labels, to the carrier, and to those who see the replacement.
type ShipTo struct {
	Site       string `json:"site"`    // its name
	Contact    string `json:"contact"` // who takes the parcel; empty: nobody is named
	Street     string `json:"street"`
	City       string `json:"city"`
	Region     string `json:"region"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
	TimeZone   string `json:"time_zone"`
}

// Address is the address alone.
func (s ShipTo) Address() rules.Address {
	return rules.Address{
		Street:     s.Street,
		City:       s.City,
		Region:     s.Region,
		PostalCode: s.PostalCode,
		Country:    s.Country,
	}
}

// approvedFor has the parcel go where its replacement was approved to go, and not where the
// site is by now; nil changes nothing. What comes back starts where the site is now: the
// customer has its hardware there.
func (r *parcelRow) approvedFor(to *ShipTo) {
	if to == nil || !r.Direction.Outward() {
		return
	}

	r.SiteName = to.Site
	r.SiteContact = to.Contact
	r.SiteStreet = to.Street
	r.SiteCity = to.City
	r.SiteRegion = to.Region
	r.SitePost = to.PostalCode
	r.SiteCountry = to.Country
	r.SiteZone = to.TimeZone
}
