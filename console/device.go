package console

import (
	"errors"
	"slices"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

func deviceRoutes() []route {
	const one = Root + "/devices/:id"
	return []route{
		{method: get, path: one, access: may(rules.ViewProcesses), do: showDevice},
		{method: get, path: one + "/do/:action", access: may(rules.ManageRooms), do: askDeviceAct},
		{method: post, path: one + "/do/:action", access: may(rules.ManageRooms), do: doDeviceAct},
	}
}

// deviceOwned is a device with the account that it belongs to.
type deviceOwned struct {
	entitlement.Device
	acc  account.Account
	name string // model and serial
}

func (v *visit) device() (d deviceOwned, err error) {
	if d.Device, err = v.entitlements.GetDevice(v.scope(), v.param("id")); err != nil {
		return d, err
	}
	if d.acc, err = v.accounts.GetAccount(v.scope(), d.AccountID); err != nil {
		return d, err
	}
	d.name = v.modelName(d.ModelCode, v.now)
	if d.Serial != nil {
		d.name += " " + *d.Serial
	}
	return d, err
}

// showDevice is a device with its cover and why, its rooms through time, and its replacements.
func showDevice(v *visit) (answer, error) {
	d, err := v.device()
	if err != nil {
		return answer{}, err
	}
	answers, err := v.entitlements.Coverage(v.scope(),
		[]entitlement.CoverSubject{{Serial: db.Text(d.Serial)}}, v.now, cover.ForHardware)
	if err != nil {
		return answer{}, err
	}
	stays, err := v.entitlements.PlacementsOf(v.scope(), d.ID)
	if err != nil {
		return answer{}, err
	}
	rmas, _, err := v.replacements.ListRMAs(v.scope(), replacement.RMAFilter{
		DeviceID: d.ID,
		Page:     db.Page{Limit: historyMost},
	})
	if err != nil {
		return answer{}, err
	}
	names, err := namesFrom(v, stays, func(p entitlement.DevicePlacement) []string {
		return []string{p.RoomID}
	})
	if err != nil {
		return answer{}, err
	}

	tickets, err := v.ticketsOf(d.acc, ticket.Filter{
		DeviceID: d.ID,
		Page:     db.Page{Limit: historyMost},
	})
	if err != nil {
		return answer{}, err
	}

	slices.Reverse(stays)
	var placed []web.Line
	for _, p := range stays {
		placed = append(placed, v.stayLine(d.acc, p, names[p.RoomID], roomPath(p.RoomID)))
	}
	var asked []web.Line
	for _, r := range rmas {
		asked = append(asked, v.rmaLine(d.acc, r, names[db.Text(r.RoomID)]))
	}
	requested := v.listSection(d.acc, "replacements", rmaColumns, asked, "")
	requested.Title = v.say("console.account.tab.replacements")
	requested.Empty.Icon = "repeat-2"

	r := web.Record{
		Sub:   d.acc.City + ", " + d.acc.Country + " · " + v.clockAt(d.acc.TimeZone),
		Badge: v.deviceState(d.State),
		Up:    web.Fact{Value: d.acc.LegalName, Link: accountTab(d.acc.ID, "devices")},
		Sections: []web.Section{
			v.deviceCover(d, answers[0]),
			v.roomTable("rooms", []string{"what", "from", "to"}, placed),
			tickets,
			requested,
		},
	}
	if v.mayDo(rules.ManageRooms) {
		r.Acts = v.deviceActs(d)
	}
	return answer{page: "record", title: d.name, data: r, live: true, shared: true}, nil
}

// deviceActs are what an operator may do now with the device.
func (v *visit) deviceActs(d deviceOwned) []web.ListAct {
	var names []string
	switch d.State {
	case licensing.DeviceInRoom:
		names = []string{"place", "takeout", "lost", "retire"}
	case licensing.DeviceUnplaced:
		names = []string{"place", "lost", "retire"}
	case licensing.DeviceLost, licensing.DeviceReturned:
		names = []string{"retire"}
	}
	icons := map[string]string{
		"place": "door-open", "takeout": "undo-2", "lost": "package-x", "retire": "archive",
	}
	var acts []web.ListAct
	for _, name := range names {
		acts = append(acts, web.ListAct{
			Link:  devicePath(d.ID) + "/do/" + name,
			Label: v.language.Say("console.device.act." + name),
			Icon:  icons[name],
			Main:  name == "place",
		})
	}
	return acts
}

// deviceCover is whether the device's hardware is covered, until when, and why.
func (v *visit) deviceCover(d deviceOwned, c entitlement.Covered) web.Section {
	s := web.Section{Title: v.say("console.device.noserial")}
	facts := []web.Fact{
		{Term: v.say("console.device.serial"), Value: db.Text(d.Serial), Mono: true},
		{Term: v.say("console.device.purchased"), Value: v.day(d.PurchasedOn).Text},
		{Term: v.say("console.device.proof"), Value: d.PurchaseProof},
	}
	if c.Found && c.DeviceID == d.ID {
		s.Title = v.coverBadge(c.Answer).Text
		s.Says = v.coverReasons(c.Answer)
		facts = append(facts, web.Fact{
			Term:  v.say("console.account.column.until"),
			Value: v.coverUntil(c.Answer, d.acc.TimeZone).Text,
		})
	}
	s.Facts = slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" })
	return s
}

// deviceActNames are what an operator does with a device on behalf of the customer.
var deviceActNames = []string{"place", "takeout", "lost", "retire"}

func askDeviceAct(v *visit) (answer, error) {
	d, err := v.device()
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askAboutDevice(d, nil)
}

func (v *visit) askAboutDevice(d deviceOwned, refused *rules.Error) (answer, error) {
	act := v.param("action")
	if !slices.Contains(deviceActNames, act) {
		return answer{}, errNoPage
	}
	c := confirmation{
		Title: v.language.Say("console.device.act."+act) + " · " + d.name,
		Says: []string{
			v.say("console.device.for", "company", d.acc.LegalName, "device", d.name),
			v.language.Say("console.device.says." + act),
		},
		Hidden: []web.Hidden{{Name: "version", Value: v.formVersion(d.Version)}},
		Action: v.request.URL.Path,
		Submit: v.language.Say("console.device.act." + act),
		Danger: act == "lost" || act == "retire",
		Back:   devicePath(d.ID),
	}
	if act == "place" {
		f, err := v.roomField(roomInUse{Room: entitlement.Room{AccountID: d.AccountID}})
		if err != nil {
			return answer{}, err
		}
		c.Fields = append(c.Fields, f)
	}
	c.Fields = append(c.Fields, v.reasonField())
	return v.askRefused(c, refused)
}

// doDeviceAct does what the confirmation asked about, to the version of the device that it
// showed.
func doDeviceAct(v *visit) (answer, error) {
	d, err := v.device()
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAboutDevice(d, nil)
	}
	if v.form("version") != v.version(d.Version) {
		return answer{}, errChanged
	}

	err = v.actOnDevice(d)
	if err == nil {
		return v.done(devicePath(d.ID), "console.flash.acted"), nil
	}
	var refused *rules.Error
	if !errors.As(err, &refused) || refused.Code == rules.Forbidden ||
		refused.Code == rules.NotFound {
		return answer{}, err
	}
	return v.askAboutDevice(d, refused)
}

func (v *visit) actOnDevice(d deviceOwned) error {
	ctx, reason := v.acting(d.AccountID), v.form("reason")
	end := licensing.DeviceLost
	switch v.param("action") {
	case "place":
		to, err := v.roomNamed(d.AccountID, v.form("to"))
		if err != nil {
			return err
		}
		_, err = v.entitlements.PlaceDevice(ctx, d.ID, to, reason)
		return err
	case "takeout":
		_, err := v.entitlements.PlaceDevice(ctx, d.ID, "", reason)
		return err
	case "lost":
	case "retire":
		end = licensing.DeviceRetired
	default:
		return errNoPage
	}
	_, err := v.entitlements.EndUse(ctx, d.ID, end, d.Version, reason)
	return err
}
