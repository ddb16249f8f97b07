package api

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// A token of a service partner acts for one customer by a delegation (R41). What it reaches is
// listed here by the operations' names: people, keys, personal data, orders and files of rooms
// stay with the customer, whatever the delegation says.

// delegationReach says which delegations reach an operation.
type delegationReach int

const (
	// ofAllSites: what is the account's as a whole is for no delegation for some sites.
	ofAllSites delegationReach = iota + 1
	ofSomeSites
)

var partnersReach = map[string]delegationReach{
	"list-catalogue": ofSomeSites,
	"list-models":    ofSomeSites,

	"list-contracts":   ofAllSites,
	"export-contracts": ofAllSites,
	"get-contract":     ofAllSites,
	"list-licences":    ofAllSites,
	"assign-many":      ofAllSites,
	"list-warranties":  ofAllSites,
	"list-attachments": ofAllSites,
	"attach-warranty":  ofAllSites,
	"detach-warranty":  ofAllSites,
	"claim-warranty":   ofAllSites,
	"list-spares":      ofAllSites,
	"get-spares":       ofAllSites,
	"create-site":      ofAllSites,

	"list-assignments": ofSomeSites,
	"assign":           ofSomeSites,
	"release":          ofSomeSites,
	"get-coverage":     ofSomeSites,
	"list-coverage":    ofSomeSites,

	"list-devices":    ofSomeSites,
	"register-device": ofSomeSites,
	"get-device":      ofSomeSites,
	"put-device":      ofSomeSites,
	"place-device":    ofSomeSites,
	"list-rooms":      ofSomeSites,
	"create-room":     ofSomeSites,
	"get-room":        ofSomeSites,
	"put-room":        ofSomeSites,
	"archive-room":    ofSomeSites,
	"add-bundle":      ofAllSites,
	"move":            ofSomeSites,
	"list-sites":      ofSomeSites,
	"get-site":        ofSomeSites,
	"put-site":        ofSomeSites,

	"list-rmas":          ofSomeSites,
	"request-rma":        ofSomeSites,
	"get-rma":            ofSomeSites,
	"act-on-rma":         ofSomeSites,
	"list-shipments":     ofSomeSites,
	"get-shipment":       ofSomeSites,
	"get-shipment-label": ofSomeSites,
	"list-spare-units":   ofSomeSites,
	"get-spare-unit":     ofSomeSites,
	"act-on-spare-unit":  ofSomeSites,

	"list-tickets": ofSomeSites,
	"open-ticket":  ofSomeSites,

	"ask-for-sync-help": ofSomeSites,

	"preview-ticket":   ofSomeSites,
	"get-ticket":       ofSomeSites,
	"act-on-ticket":    ofSomeSites,
	"write-to-ticket":  ofSomeSites,
	"attach-to-ticket": ofSomeSites,
	"get-ticket-file":  ofSomeSites,
	"list-sessions":    ofSomeSites,
	"act-on-session":   ofSomeSites,
}

// partners reports whether a token of the role acts by a delegation.
func partners(role rules.Role) bool {
	return role == rules.PartnerAdmin || role == rules.PartnerReadOnly
}

// withinReach refuses, as what does not exist, an operation that is about more of the account
// than the sites for which a partner's token acts.
func (r route) withinReach(d *db.Delegated) error {
	if d.Limited() && partnersReach[r.ID] != ofSomeSites {
		return db.NotFound()
	}
	return nil
}
