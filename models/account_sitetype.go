package models

import "time"

// AccountSite is where an account's parcels go to: one of its known ship-to addresses
// (S25). A room is at the site whose name it gives; see rules.SiteKey. The contact
// is a person: name and address leave the database in labels and mails only.
type AccountSite struct {
	ID                string
	AccountID         string
	Name              string
	NameKey           string // rules.SiteKey of Name; unique in the account
	Street            string
	City              string
	Region            string // ISO 3166-2 without the country; empty: unknown
	PostalCode        string
	Country           string // ISO 3166
	TimeZone          string // IANA name
	ContactName       string
	ContactEmail      string
	CourierUnreliable bool // R84
	CreatedAt         time.Time
	Version           int64
}

const prefixSite = "sit"

// TableName is the table of sites.
func (AccountSite) TableName() string { return "sites" }

func (s AccountSite) facts() map[string]any {
	return map[string]any{
		"name":               s.Name,
		"country":            s.Country,
		"region":             s.Region,
		"time_zone":          s.TimeZone,
		"courier_unreliable": s.CourierUnreliable,
	}
}
