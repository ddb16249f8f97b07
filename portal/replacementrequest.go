package portal

import (
	"net/http"
	"strconv"
	"strings"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

const (
	requestPath   = replacementsPath + "/request"
	accessoryPath = requestPath + "/accessory"
	mostFault     = 1000 // characters
	mostListed    = 200  // devices or rooms to choose from
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
	Devices, Rooms, Models, Sites  []choice
	More                           bool                // not all are listed: there is a search
	Problems                       map[string][]string // message keys, by field
	First                          string              // the first field that is wrong
	AskProof                       bool
	OpenPath                       string // of the open replacement that stands in the way
	FaultMost, QuantityMost, Hours int
	Heading, OtherPath, ToOther    string // message keys and an address
}

func showRequest(v *visit) (answer, error)          { return v.requestPage(v.emptyRequest(false)) }
func showAccessoryRequest(v *visit) (answer, error) { return v.requestPage(v.emptyRequest(true)) }

func (v *visit) emptyRequest(accessory bool) requestPage {
	return requestPage{
		Accessory: accessory,
		Quantity:  "1",
		Once:      db.NewID("once"),
		Search:    v.searched(),
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

	a := answer{page: "replacementrequest", title: p.Heading, data: p}
	if len(p.Problems) > 0 {
		a.status = http.StatusUnprocessableEntity
	}

	return a, err
}

// requestDevice asks for the replacement of a device by its serial. The form's own
// name makes a second press of the button the same request.
func requestDevice(v *visit) (answer, error) {
	p := requestPage{
		Serial: v.form("serial"),
		Other:  v.form("other"),
		Proof:  v.form("proof"),
		Fault:  v.form("fault"),
		Site:   v.form("site"),
		Once:   v.form("once"),
		Search: v.form("q"),
	}

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
	p := requestPage{
		Accessory: true,
		Room:      v.form("room"),
		Model:     v.form("model"),
		Quantity:  v.form("quantity"),
		Fault:     v.form("fault"),
		Site:      v.form("site"),
		Once:      v.form("once"),
		Search:    v.form("q"),
	}

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
	n.SiteID = p.Site
	n.Once = p.Once
	n.Fault = strings.Join(strings.Fields(p.Fault), " ")

	r, err := v.replacements.RequestRMA(v.acting(), n)
	if err == nil {
		return v.done(replacementsPath+"/"+r.ID, "flash.replacement.requested"), nil
	}
	if !p.refused(err) {
		return answer{}, err
	}
	if err := v.findOpen(&p, n.Serial); err != nil {
		return answer{}, err
	}

	return v.requestPage(p)
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
		p.OpenPath = replacementsPath + "/" + rmas[0].ID
	}

	return err
}
