package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/web"
)

const newReplacementPath = replacementsPath + "/new"

// newReplacementPage leads from a serial number or a room to a request: first what is to be
// replaced, then what covers it, what is promised, and the form.
type newReplacementPage struct {
	Find    string
	Account string // its name, where the search is narrowed to one
	Kept    []web.Hidden
	Rows    []web.Row // rooms, or what stands in one
	Empty   *web.EmptyState

	Subject *newSubject
	Problem string
	Form    []web.Field
	Hidden  []web.Hidden
	Submit  string
	Facets  []web.Facet
	Facts   []web.Fact
}

// newSubject is what is to be replaced, with what covers it and what would be promised.
type newSubject struct {
	Name    string
	Cover   web.Badge
	Reasons []string
	Promise nextStep
	Stock   string
	Open    web.Fact // a replacement of it that is under way; without a link there is none
	May     bool     // it can be requested
	Link    string   // of its page, where this is another one
}

// wanted is what the address or the form names to be replaced.
type wanted struct {
	serial, room, model, site, account string
}

// given is a value of the form, or of the address where there is no form.
func (v *visit) given(name string) string {
	if v.request.Method == post || v.request.PostForm.Has(name) {
		return strings.TrimSpace(v.form(name))
	}
	return strings.TrimSpace(v.query(name))
}

func askReplacement(v *visit) (answer, error) {
	v.resume(newReplacementPath)
	return v.newReplacement(nil)
}

func (v *visit) newReplacement(refused *commandRefused) (answer, error) {
	w := wanted{
		serial:  rules.NormaliseSerial(v.given("serial")),
		room:    v.given("room"),
		model:   v.given("model"),
		site:    v.given("site"),
		account: v.given("account"),
	}
	p := newReplacementPage{Find: web.Shortened(v.query("find"), web.LongestSearch)}
	if w.account != "" {
		acc, err := v.accounts.GetAccount(v.scope(), w.account)
		if err != nil {
			return answer{}, err
		}
		p.Account = acc.LegalName
		p.Kept = append(p.Kept, web.Hidden{Name: "account", Value: w.account})
	}

	var err error
	switch {
	case w.serial != "" || w.room != "" && w.model != "":
		err = v.showSubject(&p, w, refused)
	case w.room != "":
		err = v.showRoom(&p, w)
	case p.Find != "" || w.account != "":
		err = v.findSubject(&p, w)
	}
	if err == nil && p.Subject != nil && p.Subject.Link != "" {
		return redirect(p.Subject.Link), nil
	}
	a := answer{page: "newreplacement", title: v.say("console.newrma.title"), data: p}
	if refused != nil {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// mostFound bounds the rooms that are offered.
const mostFound = 50

// findSubject looks for the device with a serial number, else for rooms by a part of their name,
// their site or a serial number.
func (v *visit) findSubject(p *newReplacementPage, w wanted) error {
	if serial := rules.NormaliseSerial(p.Find); serial != "" && w.account == "" {
		covered, err := v.coverOf(entitlement.CoverSubject{Serial: serial})
		if err != nil {
			return err
		}
		if covered.Found {
			p.Subject = &newSubject{Link: web.ListAddress(newReplacementPath, "serial", serial)}
			return nil
		}
	}

	var err error
	p.Rows, p.Empty, err = v.offerRooms(newReplacementPath, p.Find, w.account)
	return err
}

// offerRooms offers rooms, of an account where one is named, by a part of their name, their site
// or a serial number; each leads to the path. Empty says so where none is found.
func (v *visit) offerRooms(
	path, search, accountID string,
) (rows []web.Row, empty *web.EmptyState, err error) {
	rooms, _, err := v.entitlements.ListRooms(v.scope(), entitlement.RoomFilter{
		AccountID: accountID,
		State:     licensing.RoomActive,
		Search:    search,
		Page:      db.Page{Limit: mostFound},
	})
	if err != nil {
		return nil, nil, err
	}
	if len(rooms) == 0 {
		return nil, &web.EmptyState{
			Icon:  "search",
			Title: v.say("console.newrma.none.title", "query", search),
			Text:  v.say("console.newrma.none.text"),
		}, nil
	}

	names, err := v.namesBy(db.IdsOf(rooms, func(r entitlement.Room) string { return r.AccountID }))
	for _, r := range rooms {
		rows = append(rows, web.Row{
			Link:   web.ListAddress(path, "room", r.ID),
			Title:  r.Name,
			Sub:    web.Joined(r.Site, names[r.AccountID]),
			Beside: v.clockAt(r.TimeZone),
		})
	}
	return rows, nil, err
}

// showRoom offers what stands in a room, and the accessories that are covered through it.
func (v *visit) showRoom(p *newReplacementPage, w wanted) error {
	room, err := v.entitlements.GetRoom(v.scope(), w.room)
	if err != nil {
		return err
	}
	devices, _, err := v.entitlements.ListDevices(v.scope(), entitlement.DeviceFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: mostFound},
	})
	if err != nil {
		return err
	}
	p.Find = room.Name
	for _, d := range devices {
		if d.Serial == nil {
			continue
		}
		p.Rows = append(p.Rows, web.Row{
			Link:  web.ListAddress(newReplacementPath, "serial", *d.Serial),
			Title: v.modelName(d.ModelCode, v.now),
			Sub:   *d.Serial,
		})
	}

	ref, err := v.programs.Reference(v.ctx)
	if err != nil {
		return err
	}
	for _, m := range accessories(ref, v.now) {
		p.Rows = append(p.Rows, web.Row{
			Link:  web.ListAddress(newReplacementPath, "room", room.ID, "model", m.Code),
			Title: m.Name,
			Sub:   v.say("console.newrma.accessory"),
		})
	}
	return nil
}

// accessories are the models that are covered through their room, by their names.
func accessories(ref program.Reference, now time.Time) (out []catalogue.ProductModel) {
	for code := range ref.Models {
		m, ok := catalogue.ModelOn(ref.Model(code), code, db.TodayUTC(now))
		if ok && m.FollowsRoom() {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b catalogue.ProductModel) int {
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

func (v *visit) coverOf(s entitlement.CoverSubject) (entitlement.Covered, error) {
	answers, err := v.entitlements.Coverage(
		v.scope(), []entitlement.CoverSubject{s}, v.now, cover.ForHardware)
	if err != nil {
		return entitlement.Covered{}, err
	}
	return answers[0], nil
}

// showSubject says what covers the hardware and what would be promised, and asks for the rest.
func (v *visit) showSubject(p *newReplacementPage, w wanted, refused *commandRefused) error {
	subject := entitlement.CoverSubject{Serial: w.serial}
	if w.serial == "" {
		subject = entitlement.CoverSubject{RoomID: w.room, ModelCode: w.model}
	}
	covered, err := v.coverOf(subject)
	if err != nil {
		return err
	}
	if !covered.Found {
		p.Find = w.serial
		p.Empty = &web.EmptyState{
			Icon:  "search",
			Title: v.say("console.newrma.none.title", "query", w.serial),
			Text:  v.say("console.newrma.none.text"),
		}
		return nil
	}

	a := covered.Answer
	asked, err := v.askedOf(w, covered)
	if err != nil {
		return err
	}
	s := newSubject{May: a.Covered || a.Held, Name: v.modelName(w.model, v.now)}
	if asked.DeviceID != "" {
		w.model = asked.ModelCode
		s.Name = web.Joined(v.modelName(w.model, v.now), w.serial)
	}
	if asked.Open != "" {
		s.Open = web.Fact{Value: asked.Open, Link: replacementPath(asked.Open)}
	}

	s.Cover = v.coverBadge(a)
	for _, reason := range a.Reasons {
		s.Reasons = append(s.Reasons, v.reasonText(reason))
	}

	p.Subject = &s
	p.Facts = slices.DeleteFunc([]web.Fact{
		{Term: v.say("console.rma.fact.customer"), Value: asked.AccountName,
			Link: v.pageOfThing("", asked.AccountID)},
		{Term: v.say("console.rma.fact.room"), Value: web.Joined(asked.RoomName, asked.RoomSite)},
		{Term: v.say("console.rma.fact.clock"), Value: v.clockAt(asked.TimeZone)},
		{Term: v.say("console.newrma.csm"),
			Value: web.Joined(asked.CSMName, asked.CSMEmail, asked.CSMPhone)},
	}, func(f web.Fact) bool { return f.Value == "" })
	if !s.May || s.Open.Link != "" {
		return nil
	}
	return v.addRequest(p, w, asked, a, refused)
}

// askedOf is what is known of the hardware beside its cover: whose it is, where, and who looks
// after the customer (R35e).
func (v *visit) askedOf(w wanted, c entitlement.Covered) (replacement.Asked, error) {
	if c.DeviceID != "" {
		return v.replacements.AskedOfDevice(v.scope(), c.DeviceID, c.Answer.RoomID)
	}
	return v.replacements.AskedOfRoom(v.scope(), w.room)
}

// addRequest adds where it goes, what is promised there, where there are units, and the form.
func (v *visit) addRequest(
	p *newReplacementPage, w wanted, asked replacement.Asked, a cover.Answer,
	refused *commandRefused,
) error {
	sites, err := v.accounts.EverySite(v.scope(), asked.AccountID)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(sites, func(s account.AccountSite) bool {
		if w.site != "" {
			return s.ID == w.site
		}
		return asked.RoomID != "" && s.NameKey == rules.SiteKey(asked.RoomSite)
	})
	p.Facets = v.siteFacet(w, sites, at)
	if at >= 0 {
		if err := v.addPromise(p, sites[at], a); err != nil {
			return err
		}
		w.site = sites[at].ID
	}
	if p.Subject.Stock, err = v.stockSays(w.model); err != nil {
		return err
	}
	return v.addForm(p, w, asked.AccountID, sites, refused)
}

// siteFacet chooses where it goes, with who takes the parcel there.
func (v *visit) siteFacet(w wanted, sites []account.AccountSite, at int) []web.Facet {
	f := web.Facet{Label: v.say("console.newrma.site"), Value: v.say("console.newrma.site.none")}
	for i, s := range sites {
		label := web.Joined(s.Name, s.City, s.ContactName)
		if i == at {
			f.Value = label
			f.On = true
		}
		f.Options = append(f.Options, web.FacetOption{
			Label:   label,
			Link:    v.subjectAddress(w, s.ID),
			Current: i == at,
		})
	}
	return []web.Facet{f}
}

// subjectAddress is the page of what is to be replaced, sent to a site.
func (v *visit) subjectAddress(w wanted, siteID string) string {
	if w.serial != "" {
		return web.ListAddress(newReplacementPath, "serial", w.serial, "site", siteID)
	}
	return web.ListAddress(newReplacementPath, "room", w.room, "model", w.model, "site", siteID)
}

// addPromise says what an approval promises at a site now, and after the cut-off.
func (v *visit) addPromise(p *newReplacementPage, s account.AccountSite, a cover.Answer) error {
	if !a.Covered {
		p.Subject.Promise = nextStep{
			Title: v.say("console.rma.next.held"),
			Text:  v.say("console.newrma.held.text"),
		}
		return nil
	}
	ahead, err := v.replacements.ApprovalAhead(v.scope(), replacement.PlaceOf(s), a.RMASpeed)
	if err != nil {
		return err
	}
	switch {
	case ahead.Now.On.IsZero():
		p.Subject.Promise = nextStep{Title: v.say("console.rma.speed.none"),
			Text: v.say("console.rma.ahead.undated")}
	case ahead.Until.IsZero():
		p.Subject.Promise = nextStep{
			Title: v.say("console.newrma.promise", "day", v.dayOf(ahead.Now.On)),
		}
	default:
		p.Subject.Promise = nextStep{
			Title: v.say("console.newrma.until",
				"until", process.Deadline(ahead.Until, s.TimeZone, v.now, v.language.Locale()),
				"day", v.dayOf(ahead.Now.On)),
			Text: v.say("console.newrma.after", "day", v.dayOf(ahead.After.On)),
		}
	}
	return nil
}

// addForm asks for what is not known yet; a spare on site is offered first (R35d).
func (v *visit) addForm(
	p *newReplacementPage, w wanted, accountID string, sites []account.AccountSite,
	refused *commandRefused,
) error {
	once := v.form("once")
	if once == "" {
		once = db.NewID("once")
	}
	p.Hidden = []web.Hidden{{Name: "once", Value: once}, {Name: "site", Value: w.site}}
	if w.serial != "" {
		p.Hidden = append(p.Hidden, web.Hidden{Name: "serial", Value: w.serial})
	} else {
		p.Hidden = append(p.Hidden, web.Hidden{
			Name:  "room",
			Value: w.room,
		}, web.Hidden{Name: "model", Value: w.model})
	}
	p.Submit = v.say("console.newrma.submit")

	if w.serial != "" {
		names := map[string]string{}
		for _, s := range sites {
			names[s.ID] = s.Name
		}
		spares, err := v.sparesAt(accountID, w.model, names)
		if err != nil {
			return err
		}
		if len(spares) > 0 {
			p.Form = append(p.Form, v.spareField(spares))
		}
	}
	p.Form = append(p.Form, web.Field{
		Name:     "fault",
		Label:    v.say("console.newrma.fault"),
		Help:     v.say("console.newrma.fault.help"),
		Kind:     "area",
		Value:    v.form("fault"),
		Required: true,
	})
	if w.serial == "" {
		quantity := v.form("quantity")
		if quantity == "" {
			quantity = "1"
		}
		p.Form = append(p.Form, web.Field{
			Name:     "quantity",
			Label:    v.say("console.newrma.quantity"),
			Kind:     "number",
			Value:    quantity,
			Required: true,
		})
	}
	defect := web.Field{
		Name:  "defect",
		Label: v.say("console.rmafield.defect"),
		Help:  v.say("console.newrma.defect.help"),
		Kind:  "choice",
		Value: v.form("defect"),
	}
	if v.mayDo(rules.DecideRMA) {
		defect.Choices = []web.Choice{
			{Value: "", Label: v.say("console.rmafield.defect.open"), Chosen: defect.Value == ""},
			{
				Value:  "yes",
				Label:  v.say("console.rmafield.defect.confirmed"),
				Chosen: defect.Value == "yes",
			},
		}
		p.Form = append(p.Form, defect)
	}
	if v.form("serial_proof") != "" || refused != nil && refused.fields["serial_proof"] != "" ||
		refused != nil && refused.fields["serial"] != "" {
		p.Form = append(p.Form, web.Field{
			Name:  "serial_proof",
			Label: v.say("console.newrma.proof"),
			Help:  v.say("console.newrma.proof.help"),
			Kind:  "text",
			Value: v.form("serial_proof"),
		})
	}
	if refused != nil {
		p.Problem = refused.message
		for i, f := range p.Form {
			p.Form[i].Problem = refused.fields[f.Name]
		}
		if problem := refused.fields["site_id"]; problem != "" {
			p.Problem = problem
		}
		if problem := refused.fields["serial"]; problem != "" {
			p.Problem = problem
		}
	}
	return nil
}

// spareField offers the spares on site; the first of them, unless somebody chose otherwise.
func (v *visit) spareField(spares []spareAt) web.Field {
	f := web.Field{
		Name:  "spare_unit_id",
		Label: v.say("console.newrma.spare"),
		Help:  v.say("console.newrma.spare.help"),
		Kind:  "choice",
		Value: v.form("spare_unit_id"),
	}
	chosen := f.Value
	if v.request.Method == get && !v.request.PostForm.Has("fault") {
		chosen = spares[0].ID
	}
	for _, s := range spares {
		f.Offer(s.ID, s.label, s.ID == chosen)
	}
	f.Offer("", v.say("console.newrma.spare.none"), chosen == "")
	return f
}

// makeReplacement requests the replacement; the same form sent again leads to the same one.
func makeReplacement(v *visit) (answer, error) {
	quantity, _ := strconv.Atoi(strings.TrimSpace(v.form("quantity")))
	ask := replacement.NewRMA{
		Serial:          v.form("serial"),
		SiteID:          v.form("site"),
		Fault:           v.typedText("fault"),
		SerialProof:     v.form("serial_proof"),
		SpareUnitID:     v.form("spare_unit_id"),
		DefectConfirmed: v.form("defect") == "yes",
		Once:            v.form("once"),
	}
	if ask.Serial == "" {
		ask.RoomID = v.form("room")
		ask.ModelCode = v.form("model")
		ask.Quantity = quantity
	}
	accountID, err := v.ownerOf(ask)
	if err != nil {
		return answer{}, err
	}
	r, err := v.replacements.RequestRMA(v.acting(accountID), ask)
	if err == nil {
		return v.done(replacementPath(r.Name()), "console.flash.acted"), nil
	}
	if refused := v.commandRefusal(err); refused != nil {
		return v.newReplacement(refused)
	}
	return answer{}, err
}

// ownerOf is the account that a request is on behalf of, for the audit; empty where nothing of
// the kind is known, which the request refuses.
func (v *visit) ownerOf(n replacement.NewRMA) (string, error) {
	subject := entitlement.CoverSubject{Serial: n.Serial, RoomID: n.RoomID, ModelCode: n.ModelCode}
	covered, err := v.coverOf(subject)
	if err != nil || !covered.Found {
		return "", err
	}
	asked, err := v.askedOf(wanted{room: n.RoomID}, covered)
	return asked.AccountID, err
}
