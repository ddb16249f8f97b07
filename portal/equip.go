package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

const (
	newRoomPath   = roomsPath + "/new"
	devicesPath   = "/devices"
	newDevicePath = devicesPath + "/new"

	emptyLines    = 3   // that a form offers beside what was typed
	mostSiteNames = 300 // that a form proposes
)

// serialLine is a line of a form: one device, with what is wrong with it.
type serialLine struct {
	Serial, Model, Bought                      string
	SerialProblem, ModelProblem, BoughtProblem string
	There                                      web.Fact // what has the serial already
	Focus                                      bool
}

// equipPage is the form of a room with its devices, or of devices alone.
type equipPage struct {
	Action, Once, Back, Submit string
	Lead                       string
	Fields                     []web.Field // of the room, or where the devices are
	Address                    []web.Field // of the room's site
	AddressOpen                bool
	Sites, Models              []string
	Lines                      []serialLine
	Paste                      []web.Field
	Problems                   []string // of the form as a whole
	There                      web.Fact // the room that has the name already
}

// typedLines are the lines of devices that were typed, without the empty ones; behind them what
// was pasted, one device a line.
func (v *visit) typedLines() []licensing.DeviceForm {
	form := v.request.PostForm
	at := func(name string, i int) string {
		if i < len(form[name]) {
			return strings.TrimSpace(form[name][i])
		}
		return ""
	}

	var lines []licensing.DeviceForm
	for i := range form["serial"] {
		line := licensing.DeviceForm{
			Serial:      at("serial", i),
			ModelCode:   at("model", i),
			PurchasedOn: at("purchased_on", i),
		}
		if line != (licensing.DeviceForm{}) {
			lines = append(lines, line)
		}
	}
	return append(lines, pastedLines(v.form("paste"), v.form("paste_model"),
		v.form("paste_purchased_on"))...)
}

// pastedLines reads devices that were pasted: a serial on each line, and behind a tab or a
// semicolon, as a spreadsheet puts them, the model and the day of purchase. A line without them
// has those that are given for all.
func pastedLines(text, model, bought string) []licensing.DeviceForm {
	var lines []licensing.DeviceForm
	for row := range strings.Lines(text) {
		cells := strings.Split(strings.ReplaceAll(strings.TrimSpace(row), ";", "\t"), "\t")
		line := licensing.DeviceForm{
			Serial:      strings.TrimSpace(cells[0]),
			ModelCode:   strings.TrimSpace(model),
			PurchasedOn: strings.TrimSpace(bought),
		}
		if len(cells) > 1 && strings.TrimSpace(cells[1]) != "" {
			line.ModelCode = strings.TrimSpace(cells[1])
		}
		if len(cells) > 2 && strings.TrimSpace(cells[2]) != "" {
			line.PurchasedOn = strings.TrimSpace(cells[2])
		}
		if line.Serial != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// models are the models that are supported now, by rules.SearchKey of their names.
func (v *visit) models() (map[string]catalogue.ProductModel, error) {
	ref, err := v.programs.Reference(v.ctx)
	named := map[string]catalogue.ProductModel{}
	today := db.TodayUTC(v.db.Clock().Now())
	for code := range ref.Models {
		m, ok := catalogue.ModelOn(ref.Model(code), code, today)
		if ok && m.Kind != catalogue.KindBundle && m.Kind != catalogue.KindSoftware {
			named[rules.SearchKey(m.Name)] = m
		}
	}
	return named, err
}

// coded replaces the names of models by their codes: people type what stands on the box.
func coded(
	lines []licensing.DeviceForm, named map[string]catalogue.ProductModel,
) []licensing.DeviceForm {
	out := slices.Clone(lines)
	for i, l := range out {
		if m, ok := named[rules.SearchKey(l.ModelCode)]; ok {
			out[i].ModelCode = m.Code
		}
	}
	return out
}

// equipForm shows a form with its lines of devices, what was typed and what is wrong.
func (v *visit) equipForm(
	p equipPage, lines []licensing.DeviceForm, wrong *entitlement.NotAdded,
) (answer, error) {
	named, err := v.models()
	if err != nil {
		return answer{}, err
	}
	for _, m := range named {
		p.Models = append(p.Models, m.Name)
	}
	order := collate.New(language.Make(v.language.Locale()))
	slices.SortFunc(p.Models, order.CompareString)

	problems := problemsOf(wrong)
	for i, l := range lines {
		at := "/devices/" + strconv.Itoa(i)
		line := serialLine{
			Serial:        l.Serial,
			Model:         l.ModelCode,
			Bought:        l.PurchasedOn,
			SerialProblem: v.wrongWords(problems[at+"/serial"]),
			ModelProblem:  v.wrongWords(problems[at+"/model"]),
			BoughtProblem: v.wrongWords(problems[at+"/purchased_on"]),
		}
		if wrong != nil {
			if there, ok := wrong.Taken[i]; ok {
				line.There = v.there(there)
			}
		}
		p.Lines = append(p.Lines, line)
	}
	p.Lines = append(p.Lines, make([]serialLine, emptyLines)...)
	p.Lines[len(lines)].Focus = v.form("do") == "lines"

	p.Paste = []web.Field{
		{
			Name:  "paste",
			Label: v.say("equip.paste"),
			Help:  v.say("equip.paste.help"),
			Kind:  "area",
		},
		{Name: "paste_model", Label: v.say("equip.paste.model"), Kind: "text"},
		{Name: "paste_purchased_on", Label: v.say("equip.paste.bought"), Kind: "date"},
	}

	a := answer{page: "equip", title: p.Submit, data: p, here: p.Action, camera: true}
	if wrong != nil {
		a.status = http.StatusUnprocessableEntity
		if problems["/devices"] != "" {
			p.Problems = append(p.Problems, v.wrongWords(problems["/devices"]))
		}
		p.Problems = append(p.Problems, v.say("equip.nothing"))
		if wrong.RoomID != "" {
			p.There = web.Fact{Value: v.say("equip.there.room"), Link: roomPath(wrong.RoomID)}
		}
	}
	a.data = p
	return a, nil
}

// there leads to the room of the device that has a serial already, or to the device (R27c).
func (v *visit) there(taken entitlement.SerialTaken) web.Fact {
	if taken.RoomID != "" {
		return web.Fact{Value: v.say("equip.there.room"), Link: roomPath(taken.RoomID)}
	}
	return web.Fact{Value: v.say("equip.there.device"), Link: devicePath(taken.DeviceID)}
}

func devicePath(id string) string { return devicesPath + "/" + id }

// problemsOf are the codes of what is wrong, by their pointers.
func problemsOf(wrong error) map[string]string {
	codes := map[string]string{}
	var refusal *rules.Error
	if wrong == (*entitlement.NotAdded)(nil) || !errors.As(wrong, &refusal) {
		return codes
	}
	for _, f := range refusal.Fields {
		codes[f.Pointer] = f.Code
	}
	return codes
}

// wrongCodes are the codes of wrong fields of rooms and devices that have words of their own.
var wrongCodes = []string{
	rules.Required,
	rules.TooLong,
	rules.Duplicate,
	rules.InvalidDate,
	rules.InTheFuture,
	rules.InvalidCountry,
	rules.InvalidRegion,
	rules.InvalidTimeZone,
	rules.ControlCharacters,
	rules.InvalidUTF8,
	rules.TooManyNamed,
	rules.SerialTooShort,
	rules.SerialInvalidCharacters,
	rules.SerialConfusable,
	rules.SerialPlaceholder,
	licensing.SerialRegistered,
	licensing.SerialClaimed,
	licensing.InvalidPlatform,
	licensing.InvalidCriticality,
	licensing.RoomDiffers,
	licensing.RoomAmbiguous,
	licensing.SiteDiffers,
	licensing.DeviceDiffers,
	rowsDiffer,
	wrongColumns,
	catalogue.UnknownModel,
}

// wrongWords says what is wrong with a field, by the rules' code; empty for none.
func (v *visit) wrongWords(code string) string {
	switch {
	case code == "":
		return ""
	case slices.Contains(wrongCodes, code):
		return v.language.Say("wrong." + code)
	}
	return v.say("wrong.other")
}

// chosenField is a field of a form with one of some values.
func (v *visit) chosenField(name, label, chosen string, values, labels []string) web.Field {
	f := web.Field{Name: name, Label: label, Kind: "choice", Value: chosen}
	for i, value := range values {
		f.Choices = append(f.Choices, web.Choice{
			Value:  value,
			Label:  labels[i],
			Chosen: value == chosen,
		})
	}
	return f
}

// typedNewRoom is the room that was typed, with the address of its site.
func (v *visit) typedNewRoom() licensing.RoomRow {
	return licensing.RoomRow{
		Room: licensing.RoomForm{
			Name:        v.form("room"),
			Site:        v.form("site"),
			Country:     v.form("country"),
			Region:      v.form("region"),
			Platform:    rules.Platform(v.form("platform")),
			Criticality: rules.Criticality(v.form("criticality")),
		},
		Address: licensing.SiteAddress{
			Street:     v.form("street"),
			City:       v.form("city"),
			PostalCode: v.form("postal_code"),
		},
	}
}

func showNewRoom(v *visit) (answer, error) {
	if v.resumes(newRoomPath) {
		return v.newRoomForm(v.typedNewRoom(), v.typedLines(), nil)
	}
	row := licensing.RoomRow{Room: licensing.RoomForm{
		Country:     v.who.account().Country,
		Platform:    rules.PlatformTeamsWindows,
		Criticality: rules.CriticalityNormal,
	}}
	return v.newRoomForm(row, nil, nil)
}

// addRoom adds a room with its devices, all or nothing (R27a). The other buttons of the form
// only show it again, with more lines.
func addRoom(v *visit) (answer, error) {
	row, lines := v.typedNewRoom(), v.typedLines()
	if v.form("do") == "lines" {
		return v.newRoomForm(row, lines, nil)
	}
	named, err := v.models()
	if err != nil {
		return answer{}, err
	}

	full := row
	full.Devices = coded(lines, named)
	room, err := v.entitlements.AddEquippedRoom(v.acting(), entitlement.EquippedRoom{
		AccountID: v.who.account().ID,
		Row:       full,
		Once:      v.form("once"),
	})
	var wrong *entitlement.NotAdded
	switch {
	case err == nil:
		return v.done(pageOr(roomPath(room.ID), devicesPath), "flash.room.added"), nil
	case errors.As(err, &wrong):
		return v.newRoomForm(row, lines, wrong)
	}
	return answer{}, err
}

// pageOr is the address of a page, or of another one where there is none.
func pageOr(path, other string) string {
	if pagePath(path) {
		return path
	}
	return other
}

func (v *visit) newRoomForm(
	row licensing.RoomRow, lines []licensing.DeviceForm, wrong *entitlement.NotAdded,
) (answer, error) {
	sites, err := v.sitesOffered()
	if err != nil {
		return answer{}, err
	}

	problems := problemsOf(wrong)
	text := func(name, value, pointer string, required bool) web.Field {
		return web.Field{
			Name:     name,
			Label:    v.language.Say("equip." + name),
			Kind:     "text",
			Value:    value,
			Required: required,
			Problem:  v.wrongWords(problems[pointer]),
		}
	}

	r := row.Room
	name := text("room", r.Name, "/name", true)
	if problems["/name"] == rules.Duplicate {
		name.Problem = v.say("equip.room.there")
	}
	site := text("site", r.Site, "/site", false)
	site.Kind = "sites"
	site.Help = v.say("equip.site.help")
	region := text("region", r.Region, "/region", false)
	region.Help = v.say("equip.region.help")

	country := web.Field{Name: "country", Label: v.say("equip.country"), Kind: "choice"}
	country.Problem = v.wrongWords(problems["/country"])
	for _, c := range v.countryChoices(strings.ToUpper(r.Country)) {
		country.Choices = append(country.Choices, web.Choice{
			Value:  c.Value,
			Label:  c.Label,
			Chosen: c.Selected,
		})
	}

	var platforms, platformNames, weights, weightNames []string
	for _, p := range rules.Platforms() {
		platforms = append(platforms, string(p))
		platformNames = append(platformNames, v.language.Say("console.platform."+string(p)))
	}
	for _, c := range rules.Criticalities() {
		weights = append(weights, string(c))
		weightNames = append(weightNames, v.language.Say("equip.criticality."+string(c)))
	}
	platform := v.chosenField("platform", v.say("equip.platform"), string(r.Platform),
		platforms, platformNames)
	platform.Problem = v.wrongWords(problems["/platform"])
	criticality := v.chosenField("criticality", v.say("equip.criticality"),
		string(r.Criticality), weights, weightNames)
	criticality.Help = v.say("equip.criticality.help")

	p := equipPage{
		Action: newRoomPath,
		Once:   v.onceName(),
		Back:   pageOr(roomsPath, devicesPath),
		Submit: "equip.room.title",
		Lead:   v.say("equip.room.lead"),
		Fields: []web.Field{name, site, country, region, platform, criticality},
		Address: []web.Field{
			text("street", row.Address.Street, "/address/street", false),
			text("postal_code", row.Address.PostalCode, "/address/postal_code", false),
			text("city", row.Address.City, "/address/city", false),
		},
		AddressOpen: row.Address != licensing.SiteAddress{},
		Sites:       sites,
	}
	if problems["/address"] != "" {
		p.Address[0].Problem = v.wrongWords(problems["/address"])
	}
	return v.equipForm(p, lines, wrong)
}

// onceName names the form that is shown: its button pressed twice does once.
func (v *visit) onceName() string {
	if once := v.form("once"); once != "" {
		return once
	}
	return db.NewID("once")
}

// sitesOffered are the sites that the account has or that its rooms name.
func (v *visit) sitesOffered() ([]string, error) {
	account := v.who.account()
	sites, err := v.accounts.EverySite(v.acting(), account.ID)
	if err != nil {
		return nil, err
	}
	rooms, err := v.entitlements.SitesOfRooms(v.acting(), account.ID)
	if err != nil {
		return nil, err
	}

	var names []string
	known := map[string]bool{}
	add := func(name string) {
		if key := rules.SiteKey(name); !known[key] && len(names) < mostSiteNames {
			known[key] = true
			names = append(names, name)
		}
	}
	for _, s := range sites {
		add(s.Name)
	}
	for _, r := range rooms {
		add(r.Name)
	}
	order := collate.New(language.Make(v.language.Locale()))
	slices.SortFunc(names, order.CompareString)
	return names, nil
}

func showNewDevices(v *visit) (answer, error) {
	if v.resumes(newDevicePath) {
		return v.devicesForm(v.form("to"), v.typedLines(), nil, "")
	}
	to := ""
	if id := v.request.URL.Query().Get("room"); ourID.MatchString(id) {
		room, err := v.roomOf(id)
		if err != nil {
			return answer{}, err
		}
		to = room.ID
	}
	return v.devicesForm(to, nil, nil, "")
}

// registerDevices registers devices in a room or in none, all of them or none (R27a).
func registerDevices(v *visit) (answer, error) {
	to, lines := v.form("to"), v.typedLines()
	if v.form("do") == "lines" {
		return v.devicesForm(to, lines, nil, "")
	}
	if len(lines) == 0 {
		return v.devicesForm(to, lines, nil, v.say("equip.none"))
	}
	room, problem, err := v.roomNamed(to)
	if err != nil || problem != "" {
		if err != nil {
			return answer{}, err
		}
		return v.devicesForm(to, lines, nil, problem)
	}
	named, err := v.models()
	if err != nil {
		return answer{}, err
	}

	_, err = v.entitlements.RegisterDevices(v.acting(), entitlement.NewDevices{
		AccountID: v.who.account().ID,
		RoomID:    room,
		Forms:     coded(lines, named),
		Once:      v.form("once"),
	})
	var wrong *entitlement.NotAdded
	switch {
	case err == nil && room != "":
		return v.done(pageOr(roomPath(room), devicesPath), "flash.devices.added"), nil
	case err == nil:
		return v.done(devicesPath, "flash.devices.added"), nil
	case errors.As(err, &wrong):
		return v.devicesForm(to, lines, wrong, "")
	case rules.CodeOf(err) == licensing.RoomIsArchived:
		return v.devicesForm(to, lines, nil, v.say("equip.archived"))
	}
	return answer{}, err
}

// devicesForm is the form of devices alone; problem is what is wrong with their room, or with
// all of it.
func (v *visit) devicesForm(
	to string, lines []licensing.DeviceForm, wrong *entitlement.NotAdded, problem string,
) (answer, error) {
	where, err := v.roomField(to)
	if err != nil {
		return answer{}, err
	}
	where.Problem = problem

	p := equipPage{
		Action: newDevicePath,
		Once:   v.onceName(),
		Back:   devicesPath,
		Submit: "equip.devices.title",
		Lead:   v.say("equip.devices.lead"),
		Fields: []web.Field{where},
	}
	a, err := v.equipForm(p, lines, wrong)
	if problem != "" {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}
