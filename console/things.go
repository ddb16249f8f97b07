package console

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/web"
)

// screens are the pages of things, by the prefix of their ids. What has no page of its own is
// shown with the account that it belongs to.
var screens = map[string]struct{ path, word, color string }{
	db.PrefixTask:         {queuePath, "task", ""},
	db.PrefixOrder:        {ordersPath, "order", "blue"},
	db.PrefixRMA:          {Root + "/replacements", "replacement", "amber"},
	db.PrefixTicket:       {ticketsPath, "ticket", "blue"},
	db.PrefixSpareUnit:    {Root + "/spares/units", "spare", "green"},
	db.PrefixShipment:     {Root + "/shipments", "shipment", "violet"},
	db.PrefixNotification: {Root + "/mails", "mail", ""},
	db.PrefixAccount:      {Root + "/accounts", "customer", "blue"},
	db.PrefixRoom:         {Root + "/rooms", "room", ""},
	db.PrefixDevice:       {Root + "/devices", "device", ""},
	db.PrefixContract:     {contractsPath, "contract", "blue"},
	db.PrefixRefusal:      {refusalsPath, "refusal", "red"},
	db.PrefixDepot:        {depotsPath, "depot", ""},
	db.PrefixOrg:          {Root + "/settings/resellers", "company", ""},
	db.PrefixInboxItem:    {inboxPath, "inbox", "blue"},
	db.PrefixPrivacy:      {privacyPath, "privacy", ""},
	db.PrefixIncident:     {incidentsPath, "incident", "red"},
	db.PrefixMembership:   {"", "person", ""},
	db.PrefixInvitation:   {"", "invitation", "amber"},
}

// pageOfThing is the page of what an id names, else that of the account that it belongs to;
// empty where neither has one.
func (v *visit) pageOfThing(id, accountID string) string {
	if s := screens[db.KindOf(id)]; s.path != "" {
		if page := s.path + "/" + id; v.isPage(page) {
			return page
		}
	}
	if page := Root + "/accounts/" + accountID; accountID != "" && v.isPage(page) {
		return page
	}
	return ""
}

// thingBadge says what kind of thing an id names.
func (v *visit) thingBadge(id string) web.Badge {
	s := screens[db.KindOf(id)]
	return web.Badge{Text: v.language.Say("console.thing." + s.word), Color: s.color}
}
