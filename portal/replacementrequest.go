package portal

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
)

const (
	requestPath   = replacementsPath + "/request"
	accessoryPath = requestPath + "/accessory"
	mostFault     = 1000 // characters
	mostListed    = 100  // devices or rooms to choose from; the search finds the others
)

// choice is one line of a list to choose from.
type choice struct {
	Value, Label string
	Selected     bool
}

// requestPage is the form for a replacement, of a device or of an accessory, with
// what was typed and what is wrong with it.
type requestPage struct {
	Accessory                      bool
	Serial, Other, Proof           string // of a device: chosen, typed, and whose it is
	Room, Model, Quantity          string // of an accessory
	Fault, Site, Once, Search      string
	Ticket                         string // number of the one that waits for it; empty: none
	Devices, Rooms, Models, Sites  []choice
	More                           bool                // not all are listed: there is a search
	ShipTo                         []addressField      // of another address
	Typed                          bool                // and it was chosen
	AddSite                        string              // where the missing address is added
	Problems                       map[string][]string // message keys, by field
	First                          string              // the first field that is wrong
	AskProof                       bool
	OpenPath                       string // of the open replacement that stands in the way
	FaultMost, QuantityMost, Hours int
	Heading, OtherPath, ToOther    string // message keys and an address
}

func showRequest(v *visit) (answer, error) {
	if v.resumes(requestPath) {
		return v.requestPage(v.typedRequest())
	}
	return v.requestPage(v.emptyRequest(false))
}

func showAccessoryRequest(v *visit) (answer, error) {
	if v.resumes(accessoryPath) {
		return v.requestPage(v.typedAccessory())
	}
	return v.requestPage(v.emptyRequest(true))
}

func (v *visit) emptyRequest(accessory bool) requestPage {
	return requestPage{
		Accessory: accessory,
		Quantity:  "1",
		Once:      db.NewID("once"),
		Search:    v.searched(),
		Ticket:    readTicketNumber(v.query("ticket")),
	}
}

// searched is what the list of devices or rooms is searched for: a text that every
// database compares.
func (v *visit) searched() string {
	q := v.request.URL.Query()
	if !storableForm(q) {
		return ""
	}
	text := []rune(strings.TrimSpace(q.Get("q")))
	return string(text[:min(len(text), 100)])
}

// requestPage fills the lists to choose from and shows the form.
func (v *visit) requestPage(p requestPage) (answer, error) {
	p.FaultMost = mostFault
	p.QuantityMost = rma.MaxAccessories
	p.Hours = v.program.Replacement.SerialKnownHours
	p.AskProof = p.Proof != "" || len(p.Problems["proof"]) > 0
	var err error

	if p.Accessory {
		p.Heading = "request.accessory.title"
		p.OtherPath = requestPath
		p.ToOther = "request.todevice"
		err = v.listRooms(&p)
	} else {
		p.Heading = "request.title"
		p.OtherPath = accessoryPath
		p.ToOther = "request.toaccessory"
		err = v.listDevices(&p)
	}
	if err == nil {
		err = v.listSites(&p)
	}
	if p.ShipTo == nil {
		p.ShipTo = v.shipToFields(emptyShipTo(v.who.account()), nil)
	}

	for i := range p.ShipTo {
		p.ShipTo[i].First = p.ShipTo[i].First && p.First == "shipto"
	}

	a := answer{page: "replacementrequest", title: p.Heading, data: p}
	if len(p.Problems) > 0 {
		a.status = http.StatusUnprocessableEntity
	}

	return a, err
}

// typedRequest is what was typed into the form for a device.
func (v *visit) typedRequest() requestPage {
	return v.withTypedShipTo(requestPage{
		Serial: v.form("serial"),
		Other:  v.form("other"),
		Proof:  v.form("proof"),
		Fault:  v.form("fault"),
		Site:   v.form("site"),
		Once:   v.form("once"),
		Search: v.form("q"),
		Ticket: readTicketNumber(v.form("ticket")),
	})
}

// typedAccessory is what was typed into the form for an accessory.
func (v *visit) typedAccessory() requestPage {
	return v.withTypedShipTo(requestPage{
		Accessory: true,
		Room:      v.form("room"),
		Model:     v.form("model"),
		Quantity:  v.form("quantity"),
		Fault:     v.form("fault"),
		Site:      v.form("site"),
		Once:      v.form("once"),
		Search:    v.form("q"),
	})
}

// withTypedShipTo keeps what was typed of another address, chosen or not.
func (v *visit) withTypedShipTo(p requestPage) requestPage {
	typed := v.typedSite()
	if typed.Address.Country == "" {
		typed.Address.Country = v.who.account().Country
	}

	p.ShipTo = v.shipToFields(typed, nil)
	p.Typed = p.Site == toOther
	return p
}

// requestDevice asks for the replacement of a device by its serial. The form's own
// name makes a second press of the button the same request.
func requestDevice(v *visit) (answer, error) {
	p := v.typedRequest()
	n := replacement.NewRMA{Serial: p.Serial, SerialProof: p.Proof}
	if other := strings.TrimSpace(p.Other); other != "" {
		if p.Serial != "" && rules.NormaliseSerial(p.Serial) != rules.NormaliseSerial(other) {
			p.blame("device", "refusal.two")
			return v.requestPage(p)
		}
		n.Serial = other
	}

	return v.sendRequest(p, n)
}

// requestAccessory asks for pieces of an accessory, which are covered through their
// room (R74).
func requestAccessory(v *visit) (answer, error) {
	p := v.typedAccessory()
	n := replacement.NewRMA{RoomID: p.Room, ModelCode: p.Model}
	quantity, err := strconv.Atoi(strings.TrimSpace(p.Quantity))
	if err != nil {
		quantity = 0
	}

	n.Quantity = quantity
	if p.Room == "" {
		p.blame("room", "refusal.room")
	}
	if quantity < 1 || quantity > rma.MaxAccessories {
		p.blame("quantity", "refusal.quantity")
	}

	return v.sendRequest(p, n)
}

// sendRequest asks for the replacement; what is refused comes back beside its field,
// with everything that was typed. The description is one line to us: line breaks
// become blanks.
func (v *visit) sendRequest(p requestPage, n replacement.NewRMA) (answer, error) {
	n.AccountID = v.who.account().ID
	typed := v.typedSite()
	switch p.Site {
	case toAccount:
		n.ShipToAccount = true
	case toOther:
		n.ShipTo = &typed
	default:
		n.SiteID = p.Site
	}
	n.Once = p.Once
	n.Fault = strings.Join(strings.Fields(p.Fault), " ")
	if p.Ticket != "" {
		t, err := v.tickets.Get(v.acting(), p.Ticket)
		if err != nil {
			return answer{}, err
		}
		n.TicketID = t.ID
	}

	r, err := v.replacements.RequestRMA(v.acting(), n)
	if err == nil {
		return v.done(replacementsPath+"/"+r.Name(), "flash.replacement.requested"), nil
	}

	problems, _ := siteProblems(err, "/ship_to")
	p.ShipTo = v.shipToFields(typed, problems)
	if !p.refused(err) {
		return answer{}, err
	}
	if err := v.findOpen(&p, n.Serial); err != nil {
		return answer{}, err
	}

	return v.requestPage(p)
}

// What stands in the list of sites besides them: the account's own address, and one that is
// typed.
const (
	toAccount = "account"
	toOther   = "other"
)

func emptyShipTo(acc account.Account) rules.SiteForm {
	return rules.SiteForm{Address: rules.Address{Country: acc.Country}}
}

// shipToFields are the fields of another address. Nothing of them is required by the page:
// they count only where the address is chosen.
func (v *visit) shipToFields(f rules.SiteForm, problems map[string]string) []addressField {
	fields := v.addressFields(f, problems)
	for i := range fields {
		fields[i].Required = false
	}
	fields[0].Label = "sites.name.optional"
	return fields
}

// findOpen links the replacement that is under way for the device.
func (v *visit) findOpen(p *requestPage, serial string) error {
	if !p.has("device", "refusal."+rma.RMAOpen) {
		return nil
	}

	rmas, _, err := v.replacements.ListRMAs(v.acting(), replacement.RMAFilter{
		AccountID: v.who.account().ID,
		Serial:    serial,
		Open:      true,
		Page:      db.Page{Limit: 1},
	})
	if len(rmas) > 0 {
		p.OpenPath = replacementsPath + "/" + rmas[0].Name()
	}

	return err
}

// listDevices offers the devices that are covered now and have no replacement under
// way, by room. Another one can be typed: the refusal says why it is not listed.
func (v *visit) listDevices(p *requestPage) error {
	devices, more, err := v.devicesFor(p.Search)
	if err != nil {
		return err
	}

	p.More = more || p.Search != ""
	subjects := make([]entitlement.CoverSubject, len(devices))
	deviceIDs := make([]string, len(devices))
	for i, d := range devices {
		subjects[i].Serial = *d.Serial
		deviceIDs[i] = d.ID
	}

	covered, err := v.entitlements.Coverage(v.acting(), subjects, v.db.Clock().Now(),
		cover.ForHardware)
	if err != nil {
		return err
	}

	busy, err := v.replacements.OpenFor(v.acting(), deviceIDs...)
	if err != nil {
		return err
	}

	ids := make([]string, len(covered))
	for i, c := range covered {
		ids[i] = c.Answer.RoomID
	}

	rooms, err := v.entitlements.RoomNames(v.acting(), ids)
	if err != nil {
		return err
	}

	ref, err := v.programs.Reference(v.ctx)
	for i, c := range covered {
		if d := devices[i]; (c.Answer.Covered || c.Answer.Held) && !busy[d.ID] {
			label := nameOn(ref, d.ModelCode, v.db.Clock().Now()) + " · " + *d.Serial
			if room := rooms[c.Answer.RoomID]; room != "" {
				label = room + " · " + label
			}
			p.Devices = append(p.Devices, choice{*d.Serial, label, *d.Serial == p.Serial})
		}
	}

	sortChoices(p.Devices)
	if found := p.Search != "" && p.Serial == "" && p.Other == ""; found && len(p.Devices) == 1 {
		p.Devices[0].Selected = true // it was looked for, or is the one of a room's page
	}
	p.Devices = keepChoice(p.Devices, p.Serial, p.Serial)
	return err
}

// keepChoice keeps what was chosen although it is not, or no longer, offered: the
// refusal beside it says why.
func keepChoice(list []choice, value, label string) []choice {
	if value == "" || slices.ContainsFunc(list, func(c choice) bool { return c.Selected }) {
		return list
	}
	return append(list, choice{value, label, true})
}

// devicesFor gives the account's devices with a serial: all, or those whose serial,
// model or room fits what is searched for. more says that there are others.
func (v *visit) devicesFor(search string) (out []entitlement.Device, more bool, err error) {
	f := entitlement.DeviceFilter{
		AccountID: v.who.account().ID,
		Search:    search,
		Sort:      db.SortName,
		Page:      db.Page{Limit: mostListed},
	}

	found, next, err := v.entitlements.ListDevices(v.acting(), f)
	if err != nil {
		return nil, false, err
	}

	if search != "" {
		inRooms, err := v.devicesInRooms(search)
		if err != nil {
			return nil, false, err
		}
		found = append(found, inRooms...)
	}

	seen := map[string]bool{}
	for _, d := range found {
		if d.Serial != nil &&
			(d.State == licensing.DeviceInRoom || d.State == licensing.DeviceUnplaced) &&
			!seen[d.ID] {
			seen[d.ID], out = true, append(out, d)
		}
	}

	return out, next != "", nil
}

// mostSearchedRooms bounds whose devices a search for a room brings.
const mostSearchedRooms = 10

func (v *visit) devicesInRooms(search string) (out []entitlement.Device, err error) {
	account := v.who.account().ID
	rooms, _, err := v.entitlements.ListRooms(v.acting(), entitlement.RoomFilter{
		AccountID: account,
		State:     licensing.RoomActive,
		Search:    search,
		Sort:      db.SortName,
		Page:      db.Page{Limit: mostSearchedRooms},
	})

	for _, r := range rooms {
		devices, _, err := v.entitlements.ListDevices(v.acting(), entitlement.DeviceFilter{
			AccountID: account,
			RoomID:    r.ID,
			Page:      db.Page{Limit: mostListed},
		})
		if err != nil {
			return nil, err
		}

		out = append(out, devices...)
	}

	return out, err
}

// listRooms offers the rooms under a licence, and the accessories of the list of
// products.
func (v *visit) listRooms(p *requestPage) error {
	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return err
	}

	today := rules.DateIn(v.db.Clock().Now(), location(v.who.account().TimeZone))
	for code, versions := range ref.Models {
		if m, ok := catalogue.ModelOn(versions, code, today); ok && m.FollowsRoom() {
			p.Models = append(p.Models, choice{
				code, m.Name, code == catalogue.NormaliseModelCode(p.Model),
			})
		}
	}

	sortChoices(p.Models)
	if len(p.Models) == 0 {
		return nil
	}

	rooms, next, err := v.entitlements.ListRooms(v.acting(), entitlement.RoomFilter{
		AccountID: v.who.account().ID,
		State:     licensing.RoomActive,
		Search:    p.Search,
		Sort:      db.SortName,
		Page:      db.Page{Limit: mostListed},
	})
	if err != nil {
		return err
	}

	p.More = next != "" || p.Search != ""
	subjects := make([]entitlement.CoverSubject, len(rooms))
	for i, r := range rooms {
		subjects[i] = entitlement.CoverSubject{RoomID: r.ID, ModelCode: p.Models[0].Value}
	}

	covered, err := v.entitlements.Coverage(v.acting(), subjects, v.db.Clock().Now(),
		cover.ForHardware)
	for i, c := range covered {
		if r := rooms[i]; c.Answer.Covered {
			p.Rooms = append(p.Rooms, choice{r.ID, r.Name + " · " + r.Site, r.ID == p.Room})
		}
	}

	if err != nil || p.Room == "" {
		return err
	}

	names, err := v.entitlements.RoomNames(v.acting(), []string{p.Room})
	if name := names[p.Room]; name != "" {
		p.Rooms = keepChoice(p.Rooms, p.Room, name)
	}

	return err
}

// listSites offers the known ship-to addresses (S25).
func (v *visit) listSites(p *requestPage) error {
	sites, err := v.accounts.EverySite(v.acting(), v.who.account().ID)
	own := v.who.account()
	ownIsSite := false
	for _, s := range sites {
		p.Sites = append(p.Sites, choice{s.ID, siteLine(s), s.ID == p.Site})
		ownIsSite = ownIsSite || rules.SameSiteAddress(s.Address(), own.Address())
	}
	sortChoices(p.Sites)

	if !ownIsSite {
		label := v.language.Say("request.site.account", messages.Args{
			"address": strings.Join(filled(own.Street, own.City), ", "),
		})
		p.Sites = append(p.Sites, choice{toAccount, label, p.Site == toAccount})
	}
	p.Sites = append(p.Sites, choice{
		toOther, v.language.Say("request.site.other"), p.Site == toOther,
	})

	if p.has("site", "refusal."+rma.SiteUnknown) {
		p.AddSite = sitesPath
	}
	return err
}

func sortChoices(list []choice) {
	slices.SortFunc(list, func(a, b choice) int {
		return cmp.Or(
			cmp.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)),
			cmp.Compare(a.Value, b.Value),
		)
	})
}

// requestFields are the fields of the form in their order, by where the rules say
// that something is wrong.
var requestFields = []struct{ field, pointer string }{
	{"device", "/serial"},
	{"room", "/room_id"},
	{"model", "/model"},
	{"quantity", "/quantity"},
	{"proof", "/serial_proof"},
	{"fault", "/fault"},
	{"site", "/site_id"},
	{"shipto", "/ship_to"},
}

// refused puts every refusal beside its field, and reports whether all of them have
// words; other errors are not the visitor's.
func (p *requestPage) refused(err error) bool {
	var refusal *rules.Error
	if !errors.As(err, &refusal) || len(refusal.Fields) == 0 {
		return false
	}

	for _, f := range refusal.Fields {
		if strings.HasPrefix(f.Pointer, "/ship_to/") {
			p.blame("shipto", siteProblem(f)) // said beside its field
			continue
		}
		field, key := p.problemOf(f)
		if key == "" {
			return false
		}
		p.blame(field, key)
	}

	// Of a device or room that we do not know we know no site either; that is not
	// worth a second complaint.
	if p.Site == "" &&
		(p.has("device", "refusal."+rma.SerialNotRegistered) || p.has("room", "refusal.room")) {
		delete(p.Problems, "site")
	}

	return true
}

func (p *requestPage) blame(field, key string) {
	if p.Problems == nil {
		p.Problems = map[string][]string{}
	}
	if !p.has(field, key) {
		p.Problems[field] = append(p.Problems[field], key)
	}

	p.First = ""
	for _, f := range requestFields {
		if p.First == "" && len(p.Problems[f.field]) > 0 {
			p.First = f.field
		}
	}
}

func (p *requestPage) has(field, key string) bool {
	return slices.Contains(p.Problems[field], key)
}

// problemOf gives the field and the words of a refusal. What covers an accessory is
// its room, so a refusal of cover stands there; a serial that is too new needs its
// proof.
func (p *requestPage) problemOf(f rules.FieldError) (field, key string) {
	for _, known := range requestFields {
		if known.pointer == f.Pointer {
			field = known.field
		}
	}

	switch {
	case f.Code == rma.SerialMissing && p.Accessory:
		return "model", "refusal." + f.Code
	case field == "device" && p.Accessory:
		return "model", "refusal.model"
	case f.Code == rma.SerialTooNew:
		return "proof", "refusal." + f.Code
	case field == "model" && f.Code == rules.NotCovered:
		return "room", "refusal.room.uncovered"
	case field == "model" && f.Code == rules.CountryNotSupported:
		return "room", "refusal." + f.Code
	case field == "device" && slices.Contains(serialCodes, f.Code):
		return field, "refusal.serial"
	case slices.Contains(refusalCodes, f.Code):
		return field, "refusal." + f.Code
	case field != "" && (f.Code == rules.Required || f.Code == rules.OutOfRange):
		return field, "refusal." + field
	case field == "fault" || field == "proof":
		return field, "refusal.text"
	}

	return "", ""
}

var (
	serialCodes = []string{
		rules.SerialTooShort, rules.SerialInvalidCharacters, rules.SerialConfusable, rules.TooLong,
	}
	refusalCodes = []string{
		rma.SerialNotRegistered, rma.RMAOpen, rma.SiteUnknown, rules.NotCovered, rules.WarrantyCap,
		rules.ModelNotSupported, rules.NotHardware,
		rules.CountryNotSupported, rules.Unplaced, rules.StateConflict,
	}
)
