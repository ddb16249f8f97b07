package portal

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

// The greatest lengths of what is typed, in characters, as the store holds them.
const (
	mostSummary = 120
	mostSaid    = 20_000
)

// mostOthers bounds how many open tickets of the same room are named.
const mostOthers = 5

// newTicketPage is the form of a ticket with what was typed, what is wrong with it, and, once
// it was asked for, what the ticket is promised.
type newTicketPage struct {
	Room, Device, Contract string // what it is about; the last two are chosen elsewhere
	About                  string // the name of the device or contract
	Usable, Category       string
	Summary, Text, Once    string
	Rooms                  []choice // few enough to choose from; else the room is typed
	Usables, Categories    []choice
	Others                 []web.Fact        // open tickets of the same room
	OthersTitle            string            // how many they are
	Problems               map[string]string // message keys, by field
	First                  string            // the first field that is wrong
	Promise                *promiseView
	Shown                  string // what the promise that is shown was made for
	Changed                bool   // what it is about changed since a promise was shown
	SummaryMost, SaidMost  int
	Files                  *web.FileField // nil: it is not known yet whether anything is promised
}

// promiseView says before a ticket is sent what covers it and what is promised (S32).
type promiseView struct {
	Covered  bool
	Rerouted string // see ticketPage
	Title    string
	Says     []string
	Facts    []fact
	Not      []string // what is not covered
	Ways     []web.Fact
}

// usables are the answers to the question whether the room can be used, the worst first.
var usables = []rule.Usable{rule.UsableNo, rule.UsablePartly, rule.UsableYes}

// categories are what a ticket can be about, as a form offers it.
var categories = []rule.Category{rule.Hardware, rule.Software, rule.Setup, rule.Question}

// opensTickets reports whether the person asks for support in the account: everybody of its own
// does, and of a partner who may change things.
func (v *visit) opensTickets() bool {
	return v.who.delegated == nil || v.isAdmin()
}

// asksForSupport reports whether a route opens a ticket. Who opens none is refused before they
// have typed anything.
func (r route) asksForSupport() bool {
	return r.path == newTicketPath || r.path == "/rooms/:id/help"
}

func showNewTicket(v *visit) (answer, error) {
	if v.resumes(newTicketPath) {
		return v.newTicket(v.typedTicket(), nil, 0)
	}
	return v.newTicket(newTicketPage{
		Room:     v.query("room"),
		Device:   v.query("device"),
		Contract: v.query("contract"),
		Once:     db.NewID("once"),
	}, nil, 0)
}

// typedTicket is what was typed into the form.
func (v *visit) typedTicket() newTicketPage {
	return newTicketPage{
		Room:     strings.TrimSpace(v.form("room")),
		Device:   v.form("device"),
		Contract: v.form("contract"),
		Usable:   v.form("usable"),
		Category: v.form("category"),
		Summary:  v.form("summary"),
		Text:     v.form("text"),
		Once:     v.form("once"),
		Shown:    v.form("shown"),
	}
}

// asked is the ticket that the form asks for.
func (p newTicketPage) asked(accountID, roomID string) ticket.NewTicket {
	return ticket.NewTicket{
		AccountID:  accountID,
		RoomID:     roomID,
		DeviceID:   p.Device,
		ContractID: p.Contract,
		Category:   rule.Category(p.Category),
		Usable:     rule.Usable(p.Usable),
		Summary:    strings.Join(strings.Fields(p.Summary), " "),
		Text:       p.Text,
		Channel:    rule.ByPortal,
		Once:       p.Once,
	}
}

// promisedFor is what a promise depends on: with anything else it is another one.
func (p newTicketPage) promisedFor(roomID string) string {
	return strings.Join([]string{roomID, p.Device, p.Contract, p.Category, p.Usable}, "/")
}

// openTicket opens a ticket, once it was shown what the ticket is promised. The form's own name
// makes a second press of the button the same ticket.
func openTicket(v *visit) (answer, error) {
	p := v.typedTicket()
	roomID := ""
	if p.Device == "" && p.Contract == "" {
		var problem string
		var err error
		roomID, problem, err = v.roomNamed(p.Room)
		if err != nil {
			return answer{}, err
		}
		if problem != "" {
			p.blame("room", "ticket.wrong.roomname")
		} else if roomID == "" {
			p.blame("room", "ticket.wrong.room")
		}
	}
	n := p.asked(v.who.account().ID, roomID)
	sends := v.form("act") == "send" && p.Shown == p.promisedFor(roomID)
	if p.blameTyped(n); p.First != "" {
		return v.newTicket(p, nil, http.StatusUnprocessableEntity)
	}

	if sends && !web.WrongFiles(v.files) {
		n.Files = v.attached()
		t, err := v.tickets.Open(v.acting(), n)
		if err == nil {
			return v.done(ticketPath(t.Number), "flash.ticket.opened"), nil
		}
		code := rules.CodeOf(err)
		if code == rules.ValidationFailed {
			p.blame("text", "ticket.wrong.unusable")
			return v.newTicket(p, nil, http.StatusUnprocessableEntity)
		}
		if !v.blameFiles(err) && !slices.Contains(uncoveredCodes, code) {
			return answer{}, err
		}
	}

	preview, err := v.tickets.Preview(v.acting(), n)
	if err != nil {
		return answer{}, err
	}
	p.Changed = v.form("act") == "send" && !sends
	p.Shown = p.promisedFor(roomID)
	status := 0
	switch {
	case web.WrongFiles(v.files):
		status = http.StatusUnprocessableEntity
	case sends: // it was refused: nothing covers it any more
		status = http.StatusForbidden
	}
	return v.newTicket(p, &preview, status)
}

// uncoveredCodes are the refusals of a ticket that nothing covers; the page says what to do.
var uncoveredCodes = []string{
	rules.NotCovered, rules.WarrantyCap, rules.ModelNotSupported, rules.NotHardware,
	rules.CountryNotSupported, rules.ProofRequired, rules.Unplaced,
}

// ticketFields are the fields of the form in their order.
var ticketFields = []string{"usable", "room", "category", "summary", "text"}

// blame says beside a field what is wrong with it.
func (p *newTicketPage) blame(field, key string) {
	if p.Problems == nil {
		p.Problems = map[string]string{}
	}
	p.Problems[field] = key
	p.First = ""
	for _, f := range ticketFields {
		if p.First == "" && p.Problems[f] != "" {
			p.First = f
		}
	}
}

// blameTyped says what is wrong with the form, each thing beside its field.
func (p *newTicketPage) blameTyped(n ticket.NewTicket) {
	if !n.Usable.Valid() {
		p.blame("usable", "ticket.wrong.usable")
	}
	if !n.Category.Valid() {
		p.blame("category", "ticket.wrong.category")
	}
	switch length := utf8.RuneCountInString(n.Summary); {
	case length == 0:
		p.blame("summary", "ticket.wrong.summary")
	case length > mostSummary:
		p.blame("summary", "ticket.wrong.toolong")
	}
	if problem := textProblem(n.Text); problem != "" {
		p.blame("text", problem)
	}
}

// textProblem is the key of what is wrong with a text of several lines; empty: nothing.
func textProblem(text string) string {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "ticket.wrong.text"
	case utf8.RuneCountInString(text) > mostSaid:
		return "ticket.wrong.toolong"
	case ticket.CheckText(text) != nil:
		return "ticket.wrong.unusable"
	}
	return ""
}

// newTicket shows the form, with the promise where it was asked for.
func (v *visit) newTicket(
	p newTicketPage, preview *ticket.Preview, status int,
) (answer, error) {
	p.SummaryMost, p.SaidMost = mostSummary, mostSaid
	for _, u := range usables {
		p.Usables = append(p.Usables, choice{
			string(u), v.language.Say("ticket.usable." + string(u)), string(u) == p.Usable,
		})
	}
	for _, c := range categories {
		p.Categories = append(p.Categories, choice{
			string(c), v.categoryName(c), string(c) == p.Category,
		})
	}

	if err := v.othersOpen(&p); err != nil {
		return answer{}, err
	}
	if err := v.nameSubject(&p); err != nil {
		return answer{}, err
	}
	if preview != nil {
		promise := v.promiseOf(*preview)
		p.Promise = &promise
	}
	if preview != nil && preview.Covered || len(v.files) > 0 {
		p.Files = v.fileField()
	}
	return answer{
		status: status,
		page:   "ticketnew",
		title:  "ticket.new.title",
		data:   p,
		here:   newTicketPath,
	}, nil
}

// nameSubject names the device or contract that the ticket is about, or offers the rooms.
func (v *visit) nameSubject(p *newTicketPage) error {
	switch {
	case p.Device != "":
		d, err := v.entitlements.GetDevice(v.acting(), p.Device)
		if err != nil {
			return err
		}
		p.About, err = v.deviceName(d)
		return err
	case p.Contract != "":
		c, err := v.entitlements.Contract(v.acting(), p.Contract)
		if err != nil {
			return err
		}
		p.About = v.serviceName(c.Type)
		return nil
	}

	rooms, more, err := v.entitlements.ListRooms(v.acting(), entitlement.RoomFilter{
		AccountID: v.who.account().ID,
		State:     licensing.RoomActive,
		Sort:      db.SortName,
		Page:      db.Page{Limit: fewRooms},
	})
	if err != nil {
		return err
	}
	if more == "" {
		for _, r := range rooms {
			p.Rooms = append(p.Rooms, choice{r.ID, web.Joined(r.Name, r.Site), r.ID == p.Room})
		}
		return nil
	}
	if db.KindOf(p.Room) == db.PrefixRoom { // it is typed: by its name
		room, err := v.roomOf(p.Room)
		if err != nil {
			return err
		}
		p.Room = room.Name
	}
	return nil
}

// othersOpen names the open tickets of the same room: nobody needs to say a thing twice.
func (v *visit) othersOpen(p *newTicketPage) error {
	f := ticket.Find{
		Filter: ticket.Filter{
			AccountID: v.who.account().ID,
			RoomID:    p.Room,
			DeviceID:  p.Device,
			Page:      db.Page{Limit: mostOthers},
		},
		Standing: ticket.StandingOpen,
	}
	if p.Device == "" && db.KindOf(p.Room) != db.PrefixRoom {
		return nil
	}
	open, _, err := v.tickets.Find(v.acting(), f)
	for _, t := range open {
		p.Others = append(p.Others, web.Fact{
			Term:  t.Number,
			Value: web.Joined(t.Number, t.Summary, v.turnBadge(t.Ticket).Text),
			Link:  ticketPath(t.Number),
		})
	}
	p.OthersTitle = v.language.Count("ticket.new.others", int64(len(open)))
	return err
}

// promiseOf says what a ticket would be promised, or why nothing is, and what to do then (R39c).
func (v *visit) promiseOf(p ticket.Preview) promiseView {
	if !p.Covered {
		return v.uncovered(p)
	}

	out := promiseView{
		Covered:  true,
		Rerouted: v.rerouted(p.Rerouted),
		Title:    v.say("ticket.promise.covered"),
		Says:     v.coverReasons(p.Answer),
	}
	if p.FirstDue != nil {
		out.Title = v.say("ticket.promise.first",
			"when", v.momentHereAndThere(*p.FirstDue, p.TimeZone))
	}
	add := func(name, value string) {
		if value != "" {
			out.Facts = append(out.Facts, fact{v.language.Say("ticket.promise." + name), value})
		}
	}
	add("room", p.Room.Name)
	add("severity", v.severityName(p.Severity))
	if p.Terms != nil {
		add("policy", v.policyName(p.Terms.Policy))
	}
	add("until", v.coverUntil(p.Answer).Text)
	add("languages", v.spokenLanguages(p.Answer.Languages))
	out.Not = v.notPromised(p)
	return out
}

// policyName is a policy in words: whose it is, and when its time counts.
func (v *visit) policyName(p cover.SLAPolicy) string {
	kind := "business"
	if p.AlwaysOn {
		kind = "always"
	}
	return v.language.Say("ticket.policy."+kind) + " · " + v.serviceName(p.Service)
}

// notPromised is what the cover of a ticket does not hold.
func (v *visit) notPromised(p ticket.Preview) []string {
	var out []string
	if e := p.Answer.Entitlement; e != nil && e.Kind == cover.ByJumpStart {
		out = append(out, v.say("ticket.not.jumpstart"))
	}
	if p.Hardware != nil && !p.Hardware.Covered && !p.Hardware.Held {
		out = append(out, v.say("ticket.not.hardware", "why", v.coverReason(*p.Hardware)))
	}
	return append(out, v.say("ticket.not.always"))
}

// uncovered says why nothing covers a ticket, and what to do about it.
func (v *visit) uncovered(p ticket.Preview) promiseView {
	return promiseView{
		Title: v.say("ticket.uncovered"),
		Says:  v.coverReasons(p.Answer),
		Ways:  v.waysOut(p),
	}
}

// waysOut is what somebody can do about a room or device that nothing covers, the nearest first.
func (v *visit) waysOut(p ticket.Preview) []web.Fact {
	var out []web.Fact
	way := func(key, link string) {
		if link != "" && !v.offers(strings.Split(link, "?")[0]) {
			link = ""
		}
		out = append(out, web.Fact{
			Term:  v.language.Say("ticket.way." + key),
			Value: v.language.Say("ticket.way.open." + key),
			Link:  link,
		})
	}

	a := p.Answer
	switch {
	case a.Has(cover.ReasonRoomArchived):
		way("archived", "")
	case a.Has(cover.ReasonSuspended):
		way("suspended", "/contracts")
	case a.Has(cover.ReasonNotStarted):
		way("notstarted", "/contracts")
	case a.Code == rules.Unplaced && p.Device.ID != "":
		way("unplaced", devicePath(p.Device.ID)+"/place")
	case a.Code == rules.ModelNotSupported:
		way("model", "")
	case a.Code == rules.CountryNotSupported:
		way("country", "")
	case p.Room.ID != "" && v.isAdmin():
		way("assign", web.ListAddress(assignPath, fieldRoom, p.Room.ID))
	case p.Room.ID != "":
		way("askadmin", "")
	}
	if a.Has(cover.ReasonJumpStartEnded) || a.Has(cover.ReasonJumpStart) {
		way("jumpstart", "")
	}
	if a.Has(cover.ReasonContractEnded) || a.Has(cover.ReasonCancelled) {
		way("ended", "/contracts")
	}
	return out
}
