package portal

import (
	"slices"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/web"
)

// homePage is what waits for the reader, and below it how the account stands.
type homePage struct {
	ToDos []toDoView
	Steps onboarding
	Tiles []web.Tile
	Opens bool // the reader opens tickets
}

// homeFacts are what the start page reads of the account, each thing once.
type homeFacts struct {
	standing    entitlement.Standing
	invitations []identity.Invitation
	waiting     []replacement.RMA // those that wait for the customer
	underWay    int64             // replacements that have not come to their end
	tickets     ticket.Counts
}

func showHome(v *visit) (answer, error) {
	if v.base != "" {
		return v.delegatedHome()
	}
	at, err := v.homeFacts()
	if err != nil {
		return answer{}, err
	}

	steps, err := v.stepsFrom(at.standing, at.invitations)
	if err != nil {
		return answer{}, err
	}

	todos, err := v.toDos(at)
	return answer{page: "home", title: "home.title", data: homePage{
		ToDos: todos,
		Steps: steps,
		Tiles: v.tiles(at),
		Opens: true,
	}}, err
}

func (v *visit) homeFacts() (at homeFacts, err error) {
	account := v.who.account()
	at.standing, err = v.entitlements.Standing(v.acting(), account.ID, location(account.TimeZone))
	if err != nil {
		return at, err
	}

	if at.invitations, err = v.allInvitations(); err != nil {
		return at, err
	}

	at.waiting, at.underWay, err = v.replacements.WaitingForCustomer(v.acting(), account.ID)
	if err != nil {
		return at, err
	}
	at.tickets, err = v.ticketCounts()
	return at, err
}

// delegatedHome is the start page of somebody of a partner at a customer: how what is delegated
// stands, in numbers, each leading to its list. What the account's own people have to do stays
// with them.
func (v *visit) delegatedHome() (answer, error) {
	acc := v.who.account()
	rooms, err := v.entitlements.CountRooms(v.acting(), acc.ID, location(acc.TimeZone))
	if err != nil {
		return answer{}, err
	}
	_, underWay, err := v.replacements.WaitingForCustomer(v.acting(), acc.ID)
	if err != nil {
		return answer{}, err
	}
	tickets, err := v.ticketCounts()
	if err != nil {
		return answer{}, err
	}

	number := v.language.Number
	tiles := []web.Tile{
		{
			Label:  v.say("menu.rooms"),
			Number: number(rooms.Active),
			Small:  v.countBare("home.tile.bare", rooms.Bare),
			Link:   roomsPath,
		}, {
			Label:  v.say("home.tile.due"),
			Number: number(rooms.Ending),
			Small:  v.language.Count("home.tile.ending", rooms.Ending),
			Link:   roomsPath + "?" + roomFacet + "=" + showEnding,
		},
		v.ticketTile(tickets),
		{
			Label:  v.say("menu.replacements"),
			Number: number(underWay),
			Small:  v.say("home.tile.underway"),
			Link:   replacementsPath,
		},
	}
	data := homePage{Tiles: tiles, Opens: v.opensTickets()}
	if tickets.Waits > 0 {
		data.ToDos = append(data.ToDos, toDoView{
			Icon: "life-buoy",
			What: v.language.Count("customers.waiting", tickets.Waits),
			Path: ticketsPath,
			Go:   v.say("customers.open"),
		})
	}
	return answer{page: "home", title: "home.title", data: data}, nil
}

// tiles are the account in numbers, each leading to its list.
func (v *visit) tiles(at homeFacts) []web.Tile {
	s := at.standing
	number := v.language.Number

	covered := roomsPath
	if s.Ending > 0 {
		covered = roomsPath + "?" + roomFacet + "=" + showEnding
	}
	contracts := "/service-orders"
	if pagePath("/contracts") {
		contracts = "/contracts"
	}
	all := []web.Tile{
		{
			Label:  v.say("menu.rooms"),
			Number: number(s.Rooms),
			Small:  v.countBare("home.tile.bare", s.Bare),
			Link:   "/rooms",
		}, {
			Label:  v.say("home.tile.covered"),
			Number: number(s.Covered),
			Small:  v.language.Count("home.tile.ending", s.Ending),
			Link:   covered,
		}, {
			Label:  v.say("home.tile.free"),
			Number: number(s.Free),
			Small:  v.language.Count("home.tile.licences", s.Licences),
			Link:   contracts,
		}, {
			Label:  v.say("menu.devices"),
			Number: number(s.Devices),
			Small:  v.say("home.tile.devices"),
			Link:   "/devices",
		},
		v.ticketTile(at.tickets),
		{
			Label:  v.say("menu.replacements"),
			Number: number(at.underWay),
			Small:  v.say("home.tile.underway"),
			Link:   replacementsPath,
		}, {
			Label:  v.program.ServiceOrdersLabel(v.language.Locale()),
			Number: number(s.Contracts),
			Small:  v.language.Count("home.live", s.Contracts),
			Link:   "/service-orders",
		},
	}

	return slices.DeleteFunc(all, func(t web.Tile) bool { return !pagePath(t.Link) })
}

// switchAccount goes to another account of the same person; a foreign one does
// not exist (C5).
func switchAccount(v *visit) (answer, error) {
	acc, err := v.accounts.GetAccount(v.scoped(), v.form("account"))
	if err != nil {
		return answer{}, err
	}
	v.setValue(keyAccount, acc.ID)
	return redirect("/"), nil
}

// contracts reads the whole register of the account at hand (R38), with orders in
// progress (R111c) and warranties from before (R111a).
func (v *visit) contracts() ([]entitlement.ContractEntry, error) {
	var all []entitlement.ContractEntry
	f := entitlement.ContractFilter{AccountID: v.who.account().ID, Page: db.Page{Limit: 200}}
	for {
		rows, next, err := v.entitlements.Contracts(v.scoped(), f)
		if err != nil {
			return nil, err
		}

		all = append(all, rows...)
		if next == "" {
			return all, nil
		}

		f.Page.After = next
	}
}
