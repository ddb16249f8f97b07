package portal

import (
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

// endingSoon is within how many days cover that ends is worth a look.
const endingSoon = 90

// devicesList is the list of an account's devices, the newest first.
func devicesList() web.Listing[*visit] {
	return web.Listing[*visit]{
		Path:  devicesPath,
		Words: "devices",
		Columns: []web.Column{
			{Name: "serial"},
			{Name: "model"},
			{Name: "room"},
			{Name: "cover"},
			{Name: "until"},
			{Name: "state"},
			{Name: "bought", Hidden: true},
			{Name: "replacement"},
		},
		Search: true,
		Read:   readDevices,
	}
}

func showDevices(v *visit) (answer, error) {
	return showList(v, devicesList(), nil)
}

// deviceFilter is what the address asks of the list.
func (v *visit) deviceFilter(q web.ListQuery) entitlement.RegisterFilter {
	address := v.request.URL.Query()
	f := entitlement.RegisterFilter{
		AccountID: v.who.account().ID,
		State:     licensing.DeviceState(address.Get("state")),
		Search:    q.Text,
		Page:      db.Page{After: q.After, Limit: q.Limit},
	}
	switch address.Get("cover") {
	case "ending":
		f.EndingWithin = endingSoon
	case "overcap":
		f.OverCap = true
	case "undated":
		f.PurchaseUnknown = true
	}
	return f
}

// deviceStates are the states of devices, in the order to show.
var deviceStates = []licensing.DeviceState{
	licensing.DeviceInRoom,
	licensing.DeviceUnplaced,
	licensing.DeviceSpareOnSite,
	licensing.DeviceInRMA,
	licensing.DeviceReturned,
	licensing.DeviceRetired,
	licensing.DeviceLost,
}

func readDevices(v *visit, q web.ListQuery) (web.ListResult, error) {
	now := v.db.Clock().Now()
	f := v.deviceFilter(q)
	found, next, err := v.entitlements.DeviceRegister(v.acting(), f, now)
	if err != nil {
		return web.ListResult{}, err
	}
	n, err := v.entitlements.CountDevices(v.acting(), f.AccountID)
	if err != nil {
		return web.ListResult{}, err
	}

	r := web.ListResult{
		Next:    next,
		Summary: v.language.Count("devices.summary", n.Live),
		Facets:  v.deviceFacets(n),
		Empty: web.EmptyState{
			Icon:  "monitor",
			Title: v.say("devices.empty.title"),
			Text:  v.say("devices.empty.text"),
		},
	}
	if v.request.URL.RawQuery != "" && n.Live > 0 {
		r.Empty = web.EmptyState{
			Icon:     "search",
			Title:    v.say("devices.nothing.title"),
			Text:     v.say("devices.nothing.text"),
			Link:     devicesPath,
			LinkText: v.say("devices.nothing.all"),
		}
	}
	if v.isAdmin() {
		r.Acts = []web.ListAct{
			{Link: importPath, Label: v.say("import.open"), Icon: "upload"},
			{Link: newRoomPath, Label: v.say("equip.room.title"), Icon: "door-open"},
			{Link: newDevicePath, Label: v.say("equip.devices.title"), Icon: "plus", Main: true},
		}
	}
	for _, d := range found {
		line, err := v.deviceLine(d, now)
		if err != nil {
			return r, err
		}
		r.Lines = append(r.Lines, line)
	}
	return r, nil
}

func (v *visit) deviceFacets(n entitlement.DeviceCounts) []web.Facet {
	var states []web.FacetOption
	var values []string
	for _, s := range deviceStates {
		o := web.FacetOption{Label: v.deviceState(s).Text}
		if s == licensing.DeviceUnplaced {
			o.Count = v.language.Number(n.Unplaced)
		}
		states = append(states, o)
		values = append(values, string(s))
	}
	covers := []string{"ending", "overcap", "undated"}
	var options []web.FacetOption
	for _, c := range covers {
		options = append(options, web.FacetOption{Label: v.language.Say("devices.cover." + c)})
	}
	return []web.Facet{
		web.ChoiceFacet(v, devicesPath, "state", v.say("devices.column.state"), states, values),
		web.ChoiceFacet(v, devicesPath, "cover", v.say("devices.column.cover"), options, covers),
	}
}

func (v *visit) deviceLine(d entitlement.RegisteredDevice, now time.Time) (web.Line, error) {
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return web.Line{}, err
	}
	serial := db.Text(d.Serial)
	shown := serial
	if shown == "" {
		shown = v.say("device.noserial")
	}
	room := web.Cell{Text: db.Text(d.RoomName)}
	if d.RoomID != nil {
		if path := roomPath(*d.RoomID); pagePath(path) {
			room.Link = path
		}
	}
	reader := v.reader()
	bought := reader.Day(d.PurchasedOn)
	if d.PurchasedOn == "" {
		bought = web.Cell{Text: v.say("device.bought.unknown")}
	}

	line := web.Line{
		ID:   d.ID,
		Link: devicePath(d.ID),
		Cells: map[string]web.Cell{
			"serial": {Text: shown, Mono: serial != ""},
			"model": {
				Text:  logistics.ModelName(ref, d.ModelCode, db.TodayUTC(now)),
				Whole: true,
			},
			"room":   room,
			"state":  {Badge: v.deviceState(d.State)},
			"bought": bought,
		},
	}
	if d.Serial != nil && !d.State.Gone() {
		line.Cells["cover"] = web.Cell{Badge: v.coverBadge(d.Cover)}
		line.Cells["until"] = v.coverUntil(d.Cover)
		if !d.Cover.Covered {
			line.Cells["until"] = web.Cell{
				Small: v.coverReason(d.Cover),
				Plain: v.coverReason(d.Cover),
			}
		}
	}
	if d.RMAID != nil {
		line.Cells["replacement"] = web.Cell{
			Text: db.Text(d.RMANumber),
			Link: replacementsPath + "/" + *d.RMAID,
		}
	}
	return line, nil
}
