package portal

import (
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/order"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/web"
)

// unitsAPage is how many licences a page of a contract shows.
const unitsAPage = 50

// contractRecord is a contract while its page is put together.
type contractRecord struct {
	entitlement.ContractEntry
	order *order.Order // that bought it; nil: a warranty from before
	links []entitlement.ContractLink
	now   time.Time
}

// showContract is one line of the register: what was bought and what it gives, when it starts
// and ends, what cancels it until when, what renews it, and where each license is.
func showContract(v *visit) (answer, error) {
	c := contractRecord{now: v.db.Clock().Now()}
	var err error
	if c.ContractEntry, err = v.entitlements.Contract(v.acting(), v.param("id")); err != nil {
		return answer{}, err
	}
	if c.OrderID != "" {
		o, err := v.orders.GetOrder(v.acting(), c.OrderID)
		if err != nil {
			return answer{}, err
		}
		c.order = &o
	}

	r := web.Record{
		Badge: v.contractState(c.State),
		Up:    web.Fact{Value: v.language.Say("contracts.title"), Link: contractsPath},
		Sections: []web.Section{{
			Title: v.language.Say("contract.what"),
			Says:  v.contractSays(c),
			Facts: v.contractFacts(c),
		}},
	}
	if c.order != nil {
		r.Sub = db.Text(c.order.VendorOrderNo)
	}
	if v.isAdmin() && v.base == "" && c.cancellable() { // a partner ends none
		r.Acts = []web.ListAct{{
			Link:  cancellationPath(c.OrderID),
			Label: v.language.Say("cancellation.title"),
			Icon:  "circle-x",
		}}
	}

	if c.Type == catalogue.ServiceJumpStart && c.State == rules.ContractActive &&
		(c.EndAt == nil || c.now.Before(*c.EndAt)) && v.offers(newTicketPath) {
		r.Acts = append(r.Acts, web.ListAct{
			Link:  web.ListAddress(newTicketPath, "contract", c.ID),
			Label: v.language.Say("contract.jumpstart.help"),
			Icon:  "life-buoy",
		})
	}

	if c.Source == entitlement.EntryContract {
		if c.links, err = v.entitlements.RenewalsOf(v.acting(), c.ID); err != nil {
			return answer{}, err
		}
		r.Sections = append(r.Sections, v.renewalSection(c))
		units, err := v.unitSection(c)
		if err != nil {
			return answer{}, err
		}
		r.Sections = append(r.Sections, units)
	}
	return answer{
		page:  "record",
		label: v.serviceName(c.Type),
		data:  r,
		here:  contractPath(c.ID),
	}, nil
}

// cancellable reports whether the order of the contract can still be canceled (R90).
func (c contractRecord) cancellable() bool {
	return c.order != nil && c.State != rules.ContractCancelled &&
		c.State != rules.ContractProcessing && c.order.State.Cancellable() &&
		rules.CancellationOpen(c.order.CancellableUntil, c.now)
}

// contractSays are what the contract gives, and why it stands as it does.
func (v *visit) contractSays(c contractRecord) []string {
	says := []string{v.say("contract.gives."+string(c.Type), "program", v.program.Name)}
	switch {
	case c.Source == entitlement.EntryEarlier:
		says[0] = v.language.Say("contract.earlier")
	case c.State == rules.ContractProcessing:
		says = append(says, v.language.Say("contract.processing"))
	case c.State == rules.ContractSuspended:
		says = append(says, v.say("contract.suspended", "mailbox", v.program.Mailbox))
	}

	// R29: support with setup lasts until the end of the last day, and is used or lost by then.
	if c.Type == catalogue.ServiceJumpStart && c.EndAt != nil {
		key := "contract.jumpstart.until"
		if !c.now.Before(*c.EndAt) {
			key = "contract.jumpstart.over"
		}
		says = append(says, v.say(key, "day", v.lastCovered(*c.EndAt, c.TimeZone),
			"days", rules.JumpStartDays))
	}
	return says
}

func (v *visit) contractFacts(c contractRecord) []web.Fact {
	o := v.orderView(c.ContractEntry)
	facts := factList{}
	facts.add(v.language.Say("contract.term"), o.Term)
	facts.add(v.language.Say("orders.count"), v.unitsCell(c.ContractEntry).Text)
	if c.InForce > 0 && c.InForce < c.Quantity {
		facts.add(v.language.Say("contract.bought"), v.language.Number(c.Quantity))
	}
	if c.MaxRooms != nil {
		facts.add(v.language.Say("contract.maxrooms"), v.language.Number(*c.MaxRooms))
	}
	facts.add(v.language.Say("orders.serial"), c.Serial)

	start := web.Joined(o.StartNote, o.Start)
	if c.StartReason != entitlement.StartNone && c.StartAt != nil {
		start += ": " + v.startReason(c)
	}
	facts.add(v.language.Say("orders.start"), start)
	facts.add(v.language.Say(endWord(c.State)), o.End)

	if c.order == nil {
		return facts
	}
	zone := c.TimeZone
	facts.add(v.language.Say("orders.order"), db.Text(c.order.VendorOrderNo))
	facts.add(v.language.Say("contract.po"), c.order.PONumber)
	facts.add(v.language.Say("contract.seller"), c.order.Payload.Reseller.Company)
	if c.State != rules.ContractCancelled && c.State != rules.ContractProcessing {
		key := "contract.cancel.until"
		if !rules.CancellationOpen(c.order.CancellableUntil, c.now) {
			key = "contract.cancel.over"
		}
		facts.add(v.language.Say("contract.cancel"),
			v.say(key, "day", v.lastCovered(c.order.CancellableUntil, zone)))
	}
	return facts
}

// factList leaves out what is not known.
type factList []web.Fact

func (f *factList) add(term, value string) {
	if value != "" {
		*f = append(*f, web.Fact{Term: term, Value: value})
	}
}

func endWord(s rules.ContractState) string {
	if s == rules.ContractCancelled {
		return "contract.cancelledon"
	}
	return "contract.last"
}

// startReason says why the contract started when it did (S1, S4).
func (v *visit) startReason(c contractRecord) string {
	return v.language.Say("contract.start."+string(c.StartReason), messages.Args{
		"days": v.program.StartFallbackDays,
	})
}

// lastCovered is the last day before an exclusive end (C2).
func (v *visit) lastCovered(end time.Time, zone string) string {
	return v.day(rules.LastCoveredDay(end, location(zone)))
}

// renewalSection says what the contract renews, what renews it, what is left to renew, and when
// administrators are reminded (S4, S5).
func (v *visit) renewalSection(c contractRecord) web.Section {
	s := web.Section{Title: v.language.Say("contract.renewal")}
	var renewed int64
	for _, l := range c.links {
		key := "contract.renewedby"
		if l.Renews {
			key = "contract.renews"
		} else {
			renewed += l.Licences
		}
		s.Facts = append(s.Facts, web.Fact{
			Term:  v.language.Say(key),
			Value: v.linkText(l),
			Link:  contractPath(l.ContractID),
		})
	}

	left := c.InForce - renewed
	switch {
	case c.Type == catalogue.ServiceJumpStart:
		s.Says = []string{v.language.Say("contract.renewal.jumpstart")}
	case c.State == rules.ContractCancelled:
		s.Says = []string{v.language.Say("contract.renewal.cancelled")}
	case renewed > 0 && left <= 0:
		s.Says = []string{v.language.Say("contract.renewal.done")}
	case c.EndAt == nil || c.order == nil:
		s.Says = []string{v.language.Say("contract.renewal.later")}
	case !c.now.Before(*c.EndAt):
		s.Says = []string{v.language.Say("contract.renewal.over")}
	default:
		how := "contract.renewal.how"
		if c.Type == catalogue.ServiceExtWarranty {
			how = "contract.renewal.warranty" // it covers devices, which keep no license
		}
		s.Says = []string{v.say(how,
			"seller", c.order.Payload.Reseller.Company,
			"order", db.Text(c.order.VendorOrderNo),
			"day", v.lastCovered(*c.EndAt, c.TimeZone))}
		if renewed > 0 {
			s.Says = append(s.Says, v.language.Count("contract.renewal.left", left))
		}
		s.Facts = append(s.Facts, v.reminders(c)...)
	}
	return s
}

func (v *visit) linkText(l entitlement.ContractLink) string {
	text := v.language.Count("contract.link", l.Licences, messages.Args{
		"order": db.Text(l.VendorOrderNo),
	})
	if l.Renews && l.EndAt != nil {
		return text + ", " + v.say("contract.link.ends", "day", v.lastCovered(*l.EndAt, l.TimeZone))
	}
	if !l.Renews && l.StartAt != nil {
		return text + ", " + v.say("contract.link.starts", "day", v.dayIn(*l.StartAt, l.TimeZone))
	}
	return text
}

// reminders are the days on which the account's administrators are told that the contract ends,
// and which of them was the last that was sent (S5).
func (v *visit) reminders(c contractRecord) (facts []web.Fact) {
	if c.State != rules.ContractActive && c.State != rules.ContractExpired {
		return nil
	}
	end := rules.DateIn(*c.EndAt, location(c.TimeZone))
	for _, days := range v.program.RenewalDays {
		value := v.day(end.AddDays(-days))
		if days == c.RemindedDays {
			value += " · " + v.language.Say("contract.reminder.sent")
		}
		term := v.language.Count("contract.reminder", int64(days))
		if days == 0 {
			term = v.language.Say("contract.reminder.end")
		}
		facts = append(facts, web.Fact{Term: term, Value: value})
	}
	return facts
}

// unitColors are the states of licences by what they mean; the others are neutral.
var unitColors = map[rules.LicenceState]string{
	rules.LicenceAvailable: "green",
	rules.LicenceAssigned:  "blue",
}

// unitStates are what the licences of a contract can be narrowed to.
var unitStates = []rules.LicenceState{rules.LicenceAvailable, rules.LicenceAssigned}

// unitTable has a line for each licence.
var unitTable = web.Listing[*visit]{
	Words: "contract.units",
	Columns: []web.Column{
		{Name: "number"}, {Name: "state"}, {Name: "where"}, {Name: "since"},
	},
}

// unitSection is a page of the contract's licences with where each is assigned.
func (v *visit) unitSection(c contractRecord) (web.Section, error) {
	path := contractPath(c.ID)
	s := web.Section{
		Title: v.language.Say("contract.units.title"),
		Count: v.unitsCell(c.ContractEntry).Text,
	}
	if c.Type == catalogue.ServiceJumpStart || c.MaxRooms != nil {
		s.Count = ""
		s.Says = []string{v.language.Say("contract.units.none")}
		return s, nil
	}

	after, err := v.openCursor(path)
	if err != nil {
		return s, err
	}
	f := entitlement.UnitFilter{
		ContractID: c.ID,
		Page:       db.Page{After: after, Limit: unitsAPage},
	}
	for _, state := range unitStates {
		chosen := v.query("units") == string(state)
		if chosen {
			f.State = state
		}
		if !chosen && c.InForce > 0 {
			s.Acts = append(s.Acts, web.ListAct{
				Link:  path + "?units=" + string(state),
				Label: v.language.Say("contract.units.only." + string(state)),
				Icon:  "filter",
			})
		}
	}
	if f.State != "" {
		s.Acts = append(s.Acts, web.ListAct{
			Link:  path,
			Label: v.language.Say("contract.units.all"),
			Icon:  "list",
		})
	}

	units, next, err := v.entitlements.UnitsOf(v.acting(), f)
	if err != nil {
		return s, err
	}
	s.Further = web.Further(v, path, next)
	var lines []web.Line
	for _, u := range units {
		lines = append(lines, v.unitLine(u, c.TimeZone))
	}
	if len(lines) == 0 {
		s.Nothing = true
		s.Empty = web.EmptyState{
			Icon:  "layers",
			Title: v.language.Say("contract.units.empty"),
			Text:  v.language.Say("contract.units.empty.text"),
		}
		return s, nil
	}
	s.Table = unitTable.Table(v, lines)
	return s, nil
}

func (v *visit) unitLine(u entitlement.ContractUnit, zone string) web.Line {
	where := web.Cell{Text: u.RoomName}
	if u.RoomID != "" && pagePath("/rooms/"+u.RoomID) {
		where.Link = "/rooms/" + u.RoomID
	}
	if u.Serial != "" {
		where = web.Cell{Text: u.Serial, Mono: true}
	}
	l := web.Line{ID: u.ID, Cells: map[string]web.Cell{
		"number": {Text: v.say("contract.unit", "n", v.language.Number(u.Seq))},
		"state": {Badge: web.Badge{
			Text:  v.language.Say("contract.unit." + string(u.State)),
			Color: unitColors[u.State],
		}},
		"where": where,
	}}
	if u.Since != nil {
		l.Cells["since"] = web.Cell{Text: v.dayIn(*u.Since, zone)}
	}
	return l
}
