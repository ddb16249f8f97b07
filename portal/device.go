package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

// fewRooms is up to how many rooms a form offers by name; of more, the name is typed.
const fewRooms = 200

// roomOf reads a room of the account at hand.
func (v *visit) roomOf(id string) (entitlement.Room, error) {
	return v.entitlements.GetRoom(v.acting(), id)
}

// ownDevice reads a device of the account at hand.
func (v *visit) ownDevice() (entitlement.Device, error) {
	return v.entitlements.GetDevice(v.acting(), v.param("id"))
}

// roomField is the choice of a room of the account, or of none: by its id where there are few,
// else by its name.
func (v *visit) roomField(chosen string) (web.Field, error) {
	f := web.Field{Name: "to", Label: v.say("device.room"), Kind: "choice", Value: chosen}
	rooms, more, err := v.entitlements.ListRooms(v.acting(), entitlement.RoomFilter{
		AccountID: v.who.account().ID,
		State:     licensing.RoomActive,
		Sort:      db.SortName,
		Page:      db.Page{Limit: fewRooms},
	})
	if err != nil {
		return f, err
	}
	if more != "" {
		f.Kind = "text"
		f.Help = v.say("device.room.help")
		if db.KindOf(chosen) == db.PrefixRoom {
			room, err := v.roomOf(chosen)
			f.Value = room.Name
			return f, err
		}
		return f, nil
	}

	f.Choices = []web.Choice{{Value: "", Label: v.say("device.room.none"), Chosen: chosen == ""}}
	for _, r := range rooms {
		f.Choices = append(f.Choices, web.Choice{
			Value:  r.ID,
			Label:  web.Joined(r.Name, r.Site),
			Chosen: r.ID == chosen,
		})
	}
	return f, nil
}

// roomNamed finds the room that a form names by its id or its whole name; none for an empty
// one. problem says why there is not exactly one.
func (v *visit) roomNamed(named string) (id, problem string, err error) {
	named = strings.TrimSpace(named)
	if named == "" || db.KindOf(named) == db.PrefixRoom {
		return named, "", nil
	}
	rooms, err := v.entitlements.RoomsNamed(v.acting(), v.who.account().ID, named)
	if err != nil {
		return "", "", err
	}

	switch len(rooms) {
	case 0:
		return "", v.say("device.room.unknown"), nil
	case 1:
		return rooms[0].ID, "", nil
	}
	return "", v.say("device.room.several"), nil
}

// deviceName is what people call a device: its model and serial.
func (v *visit) deviceName(d entitlement.Device) (string, error) {
	ref, err := v.programs.Reference(v.ctx)
	name := logistics.ModelName(ref, d.ModelCode, db.TodayUTC(v.db.Clock().Now()))
	return strings.TrimSpace(name + " " + db.Text(d.Serial)), err
}

// showDevice is a device with its cover and what limits it, its rooms through time and its
// replacements (S38, R125b).
func showDevice(v *visit) (answer, error) {
	d, err := v.ownDevice()
	if err != nil {
		return answer{}, err
	}
	name, err := v.deviceName(d)
	if err != nil {
		return answer{}, err
	}
	now := v.db.Clock().Now()
	c := entitlement.Covered{}
	if d.Serial != nil {
		answers, err := v.entitlements.Coverage(v.acting(),
			[]entitlement.CoverSubject{{Serial: *d.Serial}}, now, cover.ForHardware)
		if err != nil {
			return answer{}, err
		}
		c = answers[0]
	}
	stays, err := v.entitlements.StaysOf(v.acting(), d.ID)
	if err != nil {
		return answer{}, err
	}
	rmas, _, err := v.replacements.ListRMAs(v.acting(), replacement.RMAFilter{
		DeviceID: d.ID,
		Page:     db.Page{Limit: 50},
	})
	if err != nil {
		return answer{}, err
	}

	r := web.Record{
		Badge: v.deviceState(d.State),
		Up:    web.Fact{Value: v.say("devices.title"), Link: devicesPath},
		Acts:  v.deviceActs(d, rmas),
		Sections: []web.Section{
			v.deviceCover(d, c, now),
			v.deviceRooms(stays),
			v.deviceReplacements(rmas, now),
		},
	}
	if d.State.Gone() {
		r.Acts = nil
	} else if v.isAdmin() {
		r.Sections = append(r.Sections, web.Section{
			Title: v.say("device.gone.title"),
			Says:  []string{v.say("device.gone.text", "mailbox", v.program.Mailbox)},
		})
	}
	return answer{page: "record", label: name, data: r}, nil
}

// deviceActs are what an administrator may do now with the device.
func (v *visit) deviceActs(d entitlement.Device, rmas []replacement.RMA) []web.ListAct {
	acts := v.offeredActs(web.ListAct{
		Link:  web.ListAddress(newTicketPath, "device", d.ID),
		Label: v.say("tickets.new"),
		Icon:  "life-buoy",
	})
	if !v.isAdmin() {
		return acts
	}
	here := devicePath(d.ID)
	open := slices.ContainsFunc(rmas, func(r replacement.RMA) bool { return r.ClosedAt == nil })
	movable := d.State == licensing.DeviceInRoom || d.State == licensing.DeviceUnplaced
	if d.Serial != nil && movable && !open {
		acts = append(acts, web.ListAct{
			Link:  web.ListAddress(requestPath, "q", *d.Serial),
			Label: v.say("request.open"),
			Icon:  "repeat-2",
			Main:  true,
		})
	}
	if movable {
		acts = append(acts, web.ListAct{
			Link:  here + "/place",
			Label: v.say("device.place"),
			Icon:  "door-open",
		})
	}
	if d.State == licensing.DeviceInRoom {
		acts = append(acts, web.ListAct{
			Link:  here + "/take-out",
			Label: v.say("device.takeout"),
			Icon:  "undo-2",
		})
	}
	return append(acts, web.ListAct{
		Link:  here + "/purchase",
		Label: v.say("device.purchase"),
		Icon:  "receipt",
	})
}

var deviceColors = map[licensing.DeviceState]string{
	licensing.DeviceInRoom:      "green",
	licensing.DeviceUnplaced:    "amber",
	licensing.DeviceSpareOnSite: "blue",
	licensing.DeviceInRMA:       "blue",
	licensing.DeviceLost:        "red",
}

func (v *visit) deviceState(s licensing.DeviceState) web.Badge {
	return web.Badge{
		Text:  v.language.Say("console.devicestate." + string(s)),
		Color: deviceColors[s],
	}
}

// deviceCover is whether the hardware is covered, until when, and by what that is decided.
func (v *visit) deviceCover(
	d entitlement.Device, c entitlement.Covered, now time.Time,
) web.Section {
	zone := v.who.account().TimeZone
	last := func(end *time.Time) string {
		if end == nil {
			return ""
		}
		return v.day(rules.LastCoveredDay(*end, location(zone)))
	}

	s := web.Section{Title: v.say("device.noserial")}
	facts := []web.Fact{
		{Term: v.say("device.serial"), Value: db.Text(d.Serial), Mono: true},
		{Term: v.say("device.model"), Value: d.ModelCode, Mono: true},
	}
	if c.Found && c.DeviceID == d.ID {
		s.Title = v.coverBadge(c.Answer).Text
		s.Says = v.coverReasons(c.Answer)
		facts = append(facts,
			web.Fact{Term: v.say("device.until"), Value: last(c.Answer.HardwareUntil)},
			web.Fact{Term: v.say("device.support"), Value: last(c.Answer.SupportUntil)},
		)
	} else if d.Serial != nil {
		s.Title = v.say("device.uncovered")
	}

	facts = append(facts,
		web.Fact{Term: v.say("device.bought"), Value: v.knownDay(d.PurchasedOn)},
		web.Fact{Term: v.say("device.proof"), Value: d.PurchaseProof},
	)
	if on := db.DateOf(d.PurchasedOn); on != nil && d.ReplacesDeviceID == nil {
		years := v.program.WarrantyCapYears
		if years < 1 {
			years = cover.DefaultWarrantyCapYears
		}
		facts = append(facts, web.Fact{
			Term:  v.say("device.cap", "years", years),
			Value: v.day(rules.AddYears(*on, years).AddDays(-1)),
		})
	}
	facts = append(facts,
		web.Fact{Term: v.say("device.standard"), Value: v.dayBefore(d.StdWarrantyEnd)},
		web.Fact{Term: v.say("device.extended"), Value: v.dayBefore(d.ExtWarrantyEnd)},
	)
	s.Facts = slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" })
	return s
}

// knownDay is a day in words, or that nobody knows it.
func (v *visit) knownDay(day string) string {
	if on := db.DateOf(day); on != nil {
		return v.day(*on)
	}
	return v.say("device.bought.unknown")
}

// dayBefore is the last day of what ends with a day (C2); empty for none.
func (v *visit) dayBefore(end string) string {
	if on := db.DateOf(end); on != nil {
		return v.day(on.AddDays(-1))
	}
	return ""
}

func (v *visit) deviceRooms(stays []entitlement.NamedStay) web.Section {
	s := web.Section{
		Title: v.say("device.rooms"),
		Empty: web.EmptyState{
			Icon:  "door-open",
			Title: v.say("device.rooms.none"),
			Text:  v.say("device.rooms.none.text"),
		},
		Nothing: len(stays) == 0,
	}
	var lines []web.Line
	for _, stay := range stays {
		room := web.Cell{Text: stay.RoomName}
		if path := roomPath(stay.RoomID); pagePath(path) {
			room.Link = path
		}
		to := web.Cell{Badge: web.Badge{Text: v.say("device.rooms.now"), Color: "green"}}
		if stay.ToAt != nil {
			to = v.dayCell(*stay.ToAt)
		}
		lines = append(lines, web.Line{Link: room.Link, Cells: map[string]web.Cell{
			"room": room,
			"from": v.dayCell(stay.FromAt),
			"to":   to,
		}})
	}
	if len(lines) > 0 {
		s.Table = deviceTable("room", "from", "to").Table(v, lines)
	}
	return s
}

// deviceTable is a table on the page of a device.
func deviceTable(columns ...string) web.Listing[*visit] {
	l := web.Listing[*visit]{Words: "device"}
	for _, name := range columns {
		l.Columns = append(l.Columns, web.Column{Name: name})
	}
	return l
}

func (v *visit) deviceReplacements(rmas []replacement.RMA, now time.Time) web.Section {
	s := web.Section{Title: v.say("device.replacements")}
	if len(rmas) == 0 {
		s.Says = []string{v.say("device.replacements.none")}
		return s
	}
	var lines []web.Line
	for _, r := range rmas {
		seen := v.replacementView(r, now)
		lines = append(lines, web.Line{
			Link: replacementsPath + "/" + r.ID,
			Cells: map[string]web.Cell{
				"number": {Text: r.Number},
				"state":  {Badge: web.Badge{Text: seen.State, Color: seen.Tone}},
				"asked":  v.dayCell(r.RequestedAt),
			},
		})
	}
	s.Table = deviceTable("number", "state", "asked").Table(v, lines)
	return s
}

// deviceFormPage is a form about one device.
type deviceFormPage struct {
	Action, Back, Submit string
	Says                 []string
	Hidden               []hidden
	Fields               []web.Field
	Problem              string
}

func (v *visit) deviceForm(
	d entitlement.Device, p deviceFormPage, status int,
) (answer, error) {
	name, err := v.deviceName(d)
	p.Back = devicePath(d.ID)
	a := answer{page: "deviceform", label: p.Submit + " · " + name, data: p, here: p.Action}
	a.status = status
	return a, err
}

// askPlace is the form that puts a device into a room.
func askPlace(v *visit) (answer, error) {
	d, err := v.ownDevice()
	if err != nil {
		return answer{}, err
	}
	v.resumes(v.request.URL.Path)
	return v.placeForm(d, "", 0)
}

func (v *visit) placeForm(d entitlement.Device, problem string, status int) (answer, error) {
	f, err := v.roomField(v.form("to"))
	if err != nil {
		return answer{}, err
	}
	if len(f.Choices) > 0 {
		f.Choices[0].Label = v.say("request.choose")
	}
	f.Required = true
	f.Problem = problem
	return v.deviceForm(d, deviceFormPage{
		Action: devicePath(d.ID) + "/place",
		Submit: v.say("device.place"),
		Says:   []string{v.say("device.place.says")},
		Fields: []web.Field{f},
	}, status)
}

// placeDevice puts a device into a room (R27b, R28a). One that is there already stays.
func placeDevice(v *visit) (answer, error) {
	d, err := v.ownDevice()
	if err != nil {
		return answer{}, err
	}
	to, problem, err := v.roomNamed(v.form("to"))
	if err != nil {
		return answer{}, err
	}
	if to == "" && problem == "" {
		problem = v.say("refusal.room")
	}
	if problem != "" {
		return v.placeForm(d, problem, http.StatusUnprocessableEntity)
	}
	if _, err := v.roomOf(to); err != nil {
		return answer{}, err
	}

	_, err = v.entitlements.PlaceDevice(v.acting(), d.ID, to, "")
	switch rules.CodeOf(err) {
	case licensing.RoomIsArchived:
		return v.placeForm(d, v.say("equip.archived"), http.StatusConflict)
	case rules.StateConflict:
		return v.placeForm(d, v.say("device.busy"), http.StatusConflict)
	}
	if err != nil {
		return answer{}, err
	}
	return v.done(devicePath(d.ID), "flash.device.placed"), nil
}

// takeOut takes a device out of its room, after it said what follows.
func takeOut(v *visit) (answer, error) {
	d, err := v.ownDevice()
	if err != nil {
		return answer{}, err
	}
	name, err := v.deviceName(d)
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.ask(confirmation{
			Title:  v.say("device.takeout") + " · " + name,
			Says:   []string{v.say("device.takeout.says")},
			Action: devicePath(d.ID) + "/take-out",
			Submit: v.say("device.takeout"),
			Back:   devicePath(d.ID),
		})
	}
	if _, err := v.entitlements.PlaceDevice(v.acting(), d.ID, "", ""); err != nil {
		return answer{}, err
	}
	return v.done(devicePath(d.ID), "flash.device.takenout"), nil
}

// askPurchase is the form that corrects the day of purchase, with its proof and a reason (S32).
func askPurchase(v *visit) (answer, error) {
	d, err := v.ownDevice()
	if err != nil {
		return answer{}, err
	}
	if v.resumes(v.request.URL.Path) {
		return v.purchaseForm(d, v.form("version"), nil, "", 0)
	}
	v.request.PostForm = map[string][]string{
		"purchased_on":   {d.PurchasedOn},
		"purchase_proof": {d.PurchaseProof},
	}
	return v.purchaseForm(d, strconv.FormatInt(d.Version, 10), nil, "", 0)
}

func (v *visit) purchaseForm(
	d entitlement.Device, version string, problems map[string]string, problem string, status int,
) (answer, error) {
	field := func(name, kind string, required bool) web.Field {
		return web.Field{
			Name:     name,
			Label:    v.language.Say("device." + name),
			Help:     v.language.Say("device." + name + ".help"),
			Kind:     kind,
			Value:    v.form(name),
			Required: required,
			Problem:  v.wrongWords(problems["/"+name]),
		}
	}
	return v.deviceForm(d, deviceFormPage{
		Action:  devicePath(d.ID) + "/purchase",
		Submit:  v.say("device.purchase"),
		Says:    []string{v.say("device.purchase.says")},
		Hidden:  []hidden{{"version", version}},
		Problem: problem,
		Fields: []web.Field{
			field("purchased_on", "date", true),
			field("purchase_proof", "text", true),
			field("reason", "area", d.PurchasedOn != ""),
		},
	}, status)
}

// correctPurchase stores another day of purchase: with where its proof is kept, and with a
// reason where a day was known (S32). What somebody else changed meanwhile is not overwritten.
func correctPurchase(v *visit) (answer, error) {
	d, err := v.ownDevice()
	if err != nil {
		return answer{}, err
	}
	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil || version < 1 {
		version = -1 // that of no device
	}
	day, proof := strings.TrimSpace(v.form("purchased_on")), v.form("purchase_proof")
	problems := map[string]string{}
	if day == "" {
		problems["/purchased_on"] = rules.Required
	}
	if strings.TrimSpace(proof) == "" {
		problems["/purchase_proof"] = rules.Required
	}
	if len(problems) > 0 {
		return v.purchaseForm(d, v.form("version"), problems, "", http.StatusUnprocessableEntity)
	}

	_, err = v.entitlements.ChangeDevice(v.acting(), d.ID, licensing.DeviceForm{
		Serial:         db.Text(d.Serial),
		ModelCode:      d.ModelCode,
		PurchasedOn:    day,
		PurchaseProof:  proof,
		StdWarrantyEnd: d.StdWarrantyEnd,
		ExtWarrantyEnd: d.ExtWarrantyEnd,
	}, version, v.form("reason"))
	if rules.CodeOf(err) == rules.StateConflict {
		now, unread := v.ownDevice()
		if unread != nil {
			return answer{}, unread
		}
		d = now
		if d.PurchasedOn == day && d.PurchaseProof == rules.NormaliseText(proof) {
			err = nil // the button was pressed twice
		}
	}

	var refusal *rules.Error
	switch {
	case err == nil:
		return v.done(devicePath(d.ID), "flash.device.purchase"), nil
	case rules.CodeOf(err) == rules.ReasonRequired:
		return v.purchaseForm(d, v.form("version"),
			map[string]string{"/reason": rules.Required}, "", http.StatusUnprocessableEntity)
	case rules.CodeOf(err) == rules.StateConflict:
		return v.purchaseForm(d, strconv.FormatInt(d.Version, 10), nil,
			v.say("device.changed"), http.StatusConflict)
	case errors.As(err, &refusal) && len(refusal.Fields) > 0:
		return v.purchaseForm(d, v.form("version"), problemsOf(err), "",
			http.StatusUnprocessableEntity)
	}
	return answer{}, err
}
