package console

import (
	"net/http"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/web"
)

const newTicketPath = ticketsPath + "/new"

// newTicketPage leads a member who calls to a ticket: first the room, then what is wrong there,
// and, before anything is saved, what covers it and when the first answer is due.
type newTicketPage struct {
	Find    string
	Account string // its name, where the search is narrowed to one
	Kept    []web.Hidden
	Rows    []web.Row
	Empty   *web.EmptyState

	Form    []web.Field // none: no room is chosen yet
	Files   web.FileField
	Hidden  []web.Hidden
	Problem string
	Preview *ticketPreview // nil: it was not looked at yet
	Facts   []web.Fact
	Others  []web.Row // the open tickets of the room
}

// ticketPreview is what the ticket would be, were it opened now (S32).
type ticketPreview struct {
	Cover    web.Badge
	Reasons  []string
	Severity web.Badge
	Due      string
	Hardware string // whether the device would be replaced; empty: not asked
	May      bool   // it can be opened
}

func askTicket(v *visit) (answer, error) {
	v.resume(newTicketPath)
	return v.newTicket(nil)
}

func (v *visit) newTicket(refused *commandRefused) (answer, error) {
	p := newTicketPage{Find: web.Shortened(v.query("find"), web.LongestSearch)}
	var err error
	switch room, account := v.given("room"), v.given("account"); {
	case room != "":
		err = v.askAboutCall(&p, room, refused)
	case p.Find != "" || account != "":
		err = v.findRooms(&p, account)
	}
	a := answer{page: "newticket", title: v.say("console.newticket.title"), data: p}
	if refused != nil || web.WrongFiles(v.files) {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// findRooms offers rooms by a part of their name, their site or a serial number.
func (v *visit) findRooms(p *newTicketPage, accountID string) error {
	if accountID != "" {
		acc, err := v.accounts.GetAccount(v.scope(), accountID)
		if err != nil {
			return err
		}
		p.Account = acc.LegalName
		p.Kept = append(p.Kept, web.Hidden{Name: "account", Value: accountID})
	}

	var err error
	p.Rows, p.Empty, err = v.offerRooms(newTicketPath, p.Find, accountID)
	return err
}

// askAboutCall asks what is wrong in a room, and says what a ticket about it would be.
func (v *visit) askAboutCall(p *newTicketPage, roomID string, refused *commandRefused) error {
	room, err := v.entitlements.GetRoom(v.scope(), roomID)
	if err != nil {
		return err
	}
	acc, err := v.accounts.GetAccount(v.scope(), room.AccountID)
	if err != nil {
		return err
	}
	p.Find = room.Name
	p.Facts = []web.Fact{
		{Term: v.say("console.ticket.fact.customer"), Value: acc.LegalName,
			Link: accountPath(acc.ID)},
		{Term: v.say("console.ticket.fact.room"), Value: web.Joined(room.Name, room.Site),
			Link: roomPath(room.ID)},
		{Term: v.say("console.ticket.fact.clock"), Value: v.clockAt(room.TimeZone)},
	}
	if err := v.newTicketForm(p, room); err != nil {
		return err
	}
	p.Files = web.FileFieldOf(v.language, "files", v.files)

	n := v.typedTicket()
	preview, err := v.tickets.Preview(v.scope(), n)
	if err != nil {
		return err
	}
	p.Preview = v.previewOf(preview)
	open, _, err := v.tickets.List(v.scope(), ticket.Filter{
		RoomID: room.ID,
		Open:   true,
		Page:   db.Page{Limit: attentionMost},
	})
	if err != nil {
		return err
	}
	for _, t := range open {
		p.Others = append(p.Others, web.Row{
			Link:  ticketPath(t.Number),
			Title: t.Summary,
			Sub:   t.Number,
			Badge: v.ticketState(t.Ticket),
		})
	}

	once := v.form("once")
	if once == "" {
		once = db.NewID("once")
	}
	p.Hidden = []web.Hidden{
		{Name: "once", Value: once},
		{Name: "room", Value: room.ID},
		{Name: "looked", Value: v.lookedAtPreview()},
	}
	if refused != nil {
		p.Problem = refused.message
		for i, f := range p.Form {
			p.Form[i].Problem = refused.fields[f.Name]
		}
	}
	return nil
}

// typedTicket is the ticket that the form asks for. Until something is chosen, that of a device
// that works in part: what is asked about most.
func (v *visit) typedTicket() ticket.NewTicket {
	n := ticket.NewTicket{
		RoomID:   v.given("room"),
		DeviceID: v.given("device"),
		Category: rule.Category(v.given("category")),
		Usable:   rule.Usable(v.given("usable")),
		Summary:  v.form("summary"),
		Text:     v.typedText("text"),
		Channel:  rule.ByPhone,
		For:      v.form("for"),
		Once:     v.form("once"),
	}
	if !n.Category.Valid() {
		n.Category = rule.Hardware
	}
	if !n.Usable.Valid() {
		n.Usable = rule.UsablePartly
	}
	return n
}

// lookedAtPreview names the choices whose preview this answer shows.
func (v *visit) lookedAtPreview() string {
	n := v.typedTicket()
	return n.DeviceID + "/" + string(n.Category) + "/" + string(n.Usable)
}

func (v *visit) newTicketForm(p *newTicketPage, room entitlement.Room) error {
	n := v.typedTicket()
	devices, _, err := v.entitlements.ListDevices(v.scope(), entitlement.DeviceFilter{
		RoomID: room.ID,
		Page:   db.Page{Limit: mostFound},
	})
	if err != nil {
		return err
	}
	members, err := v.people.MembersOf(v.scope(), room.AccountID)
	if err != nil {
		return err
	}

	who := web.Field{
		Name:  "for",
		Label: v.say("console.newticket.for"),
		Help:  v.say("console.newticket.for.help"),
		Kind:  "choice",
	}
	who.Offer("", v.say("console.newticket.for.nobody"), n.For == "")
	for _, m := range members {
		if m.State == rules.MembershipActive {
			who.Offer(m.UserID, web.Joined(m.Name, m.Email), m.UserID == n.For)
		}
	}
	device := web.Field{
		Name:  "device",
		Label: v.say("console.newticket.device"),
		Kind:  "choice",
	}
	device.Offer("", v.say("console.newticket.device.room"), n.DeviceID == "")
	for _, d := range devices {
		device.Offer(d.ID, web.Joined(v.modelName(d.ModelCode, v.now), db.Text(d.Serial)),
			d.ID == n.DeviceID)
	}
	category := web.Field{
		Name:  "category",
		Label: v.say("console.newticket.category"),
		Kind:  "choice",
	}
	for _, c := range rule.Categories() {
		category.Offer(string(c), v.categoryName(c), c == n.Category)
	}
	usable := web.Field{
		Name:  "usable",
		Label: v.say("console.newticket.usable"),
		Help:  v.say("console.newticket.usable.help"),
		Kind:  "choice",
	}
	for _, u := range rule.Usables() {
		usable.Offer(string(u), v.language.Say("console.usable."+string(u)), u == n.Usable)
	}
	p.Form = []web.Field{
		who, device, category, usable,
		{
			Name:     "summary",
			Label:    v.say("console.newticket.summary"),
			Kind:     "text",
			Value:    n.Summary,
			Required: true,
		},
		{
			Name:     "text",
			Label:    v.say("console.newticket.text"),
			Help:     v.say("console.newticket.text.help"),
			Kind:     "area",
			Value:    n.Text,
			Required: true,
		},
	}
	return nil
}

// previewOf says what a ticket would be: what covers it, how severe it is, and when the first
// answer would be due by the clock there and the desk's.
func (v *visit) previewOf(p ticket.Preview) *ticketPreview {
	out := &ticketPreview{
		Cover:    v.coverBadge(p.Answer),
		Reasons:  v.coverReasons(p.Answer),
		Severity: v.severityBadge(p.Severity),
		May:      p.Covered,
	}
	if p.Hardware != nil {
		out.Hardware = v.coverBadge(*p.Hardware).Text + ": " + v.coverReason(*p.Hardware)
	}
	switch {
	case !p.Covered:
		out.Due = v.say("console.newticket.refused")
	case p.FirstDue == nil:
		out.Due = v.say("console.newticket.due.none")
	default:
		out.Due = v.say("console.newticket.due",
			"there", v.moment(*p.FirstDue, p.TimeZone),
			"here", v.moment(*p.FirstDue, ""))
	}
	return out
}

// openTicket opens the ticket once its preview was looked at; the same form sent again leads to
// the same one.
func openTicket(v *visit) (answer, error) {
	if v.form("step") != "open" || v.form("looked") != v.lookedAtPreview() ||
		web.WrongFiles(v.files) {
		return v.newTicket(nil)
	}
	n := v.typedTicket()
	n.Files = v.attached()
	room, err := v.entitlements.GetRoom(v.scope(), n.RoomID)
	if err != nil {
		return answer{}, err
	}
	t, err := v.tickets.Open(v.acting(room.AccountID), n)
	if err == nil {
		return v.done(ticketPath(t.Number), "console.flash.acted"), nil
	}
	if v.blameFiles(err) {
		return v.newTicket(nil)
	}
	if refused := v.commandRefusal(err); refused != nil {
		return v.newTicket(refused)
	}
	return answer{}, err
}
