package console

import (
	"net/http"
	"slices"
	"strconv"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/web"
)

func spareUnitPath(name string) string { return sparesPath + "/units/" + name }

// spareUnitPage is a spare unit with what comes next, and all that is known of it.
type spareUnitPage struct {
	Number, About string
	State         web.Badge
	Next          nextStep
	Acts          []web.ListAct
	Steps         []web.Step
	Facts         []web.Fact
	Parcels       []parcelRow
	Timeline      []web.Moment
}

// spareUnit reads the unit of the address with its names.
func (v *visit) spareUnit() (replacement.SpareLineAt, error) {
	found, _, err := v.replacements.SpareDesk(v.scope(), "", v.param("id"), db.Page{})
	if err != nil {
		return replacement.SpareLineAt{}, err
	}
	return found[0], nil
}

func showSpareUnit(v *visit) (answer, error) {
	u, err := v.spareUnit()
	if err != nil {
		return answer{}, err
	}
	events, err := v.db.Timeline(v.scope(), u.ID)
	if err != nil {
		return answer{}, err
	}
	parcels, _, err := v.logistics.ListShipments(v.scope(), logistics.ShipmentFilter{
		SubjectID: u.ID,
		Page:      db.Page{Limit: 20},
	})
	if err != nil {
		return answer{}, err
	}

	p := spareUnitPage{
		Number: u.Name(),
		About:  web.Joined(v.modelName(u.ModelCode, v.now), u.SiteName, u.ParentName),
		State:  v.spareState(u.SpareUnit),
		Steps:  v.spareSteps(u.SpareUnit),
		Facts:  v.spareFacts(u),
		Next: nextStep{
			Title: v.language.Say("console.sparenext." + string(u.State)),
			Text: v.sentence(process.Standing{
				Kind:     processes.Spare,
				State:    string(u.State),
				WaitsFor: u.WaitsFor(),
				Until:    u.RecallDueAt,
				Zone:     u.SiteZone,
			}),
		},
	}
	for _, sh := range parcels {
		p.Parcels = append(p.Parcels, v.parcelRow(sh, u.SiteZone))
	}
	if p.Timeline, err = v.spareTimeline(events, u.SiteZone); err != nil {
		return answer{}, err
	}
	for _, c := range spare.SpareCommandsFor(v.who.Role, u.SpareFacts, v.now) {
		if c == spare.SpareAgree { // the customer's
			continue
		}
		p.Acts = append(p.Acts, web.ListAct{
			Link:  spareUnitPath(u.Name()) + "/do/" + string(c),
			Label: v.language.Say("console.spare." + string(c)),
			Icon:  spareIcons[c],
			Main:  len(p.Acts) == 0,
		})
	}
	return answer{
		page:   "spareunit",
		title:  p.Number,
		data:   p,
		live:   true,
		shared: true,
		about:  u.ID,
	}, nil
}

var spareIcons = map[spare.SpareCommand]string{
	spare.SpareSelect:   "check",
	spare.SpareShip:     "truck",
	spare.SpareReceive:  "warehouse",
	spare.SpareBill:     "coins",
	spare.SpareWaive:    "circle-x",
	spare.SpareTell:     "message-square",
	spare.SpareTakeBack: "undo-2",
}

// spareSteps draw the way of a unit: to the site, or back.
func (v *visit) spareSteps(u replacement.SpareUnit) []web.Step {
	course := []spare.SpareState{
		spare.SpareEarned, spare.SpareSelectionPending, spare.SpareApproved, spare.SpareShipped,
		spare.SpareOnSite,
	}
	switch u.State {
	case spare.SpareConsumed, spare.SpareReplenishing:
		course = []spare.SpareState{
			spare.SpareConsumed, spare.SpareReplenishing, spare.SpareOnSite,
		}
	case spare.SpareRecallRequested:
		course = []spare.SpareState{
			spare.SpareOnSite, spare.SpareRecallRequested, spare.SpareReturned,
		}
	case spare.SpareReturned, spare.SpareBilled, spare.SpareWaived:
		course = []spare.SpareState{spare.SpareOnSite, spare.SpareRecallRequested, u.State}
	case spare.SpareVoided:
		course = []spare.SpareState{spare.SpareEarned, spare.SpareVoided}
	}
	done := u.State == spare.SpareOnSite || u.State.Over()
	return stepsTo(course, u.State, done, func(s spare.SpareState) string {
		return v.stateName(processes.Spare, string(s))
	})
}

// spareFacts is what is known of a unit; what is not known is left out.
func (v *visit) spareFacts(u replacement.SpareLineAt) []web.Fact {
	facts := []web.Fact{
		{Term: v.say("console.spareunit.parent"), Value: u.ParentName,
			Link: spareParentPath(u.ParentOrgID)},
		{Term: v.say("console.rma.fact.customer"), Value: u.AccountName,
			Link: v.pageOfThing("", db.Text(u.AccountID))},
		{Term: v.say("console.rma.fact.device"), Value: v.modelName(u.ModelCode, v.now)},
		{Term: v.say("console.rma.fact.serial"), Value: u.Serial, Mono: true},
		{Term: v.say("console.rma.fact.site"),
			Value: web.Joined(u.SiteName, u.SiteCity, u.SiteCountry)},
		{Term: v.say("console.rma.fact.clock"), Value: v.clockAt(u.SiteZone)},
		{Term: v.say("console.rma.fact.unprintable"), Value: u.Unprintable},
		{Term: v.say("console.spareunit.usedby"), Value: u.RMANumber,
			Link: replacementPath(u.RMANumber)},
	}
	for _, known := range []struct {
		term string
		at   web.Cell
	}{
		{v.say("console.spareunit.proposed"), v.when(u.SelectedAt, u.SiteZone)},
		{v.say("console.spareunit.agreed"), v.when(u.AgreedAt, u.SiteZone)},
		{v.say("console.spareunit.onsite"), v.when(u.OnSiteAt, u.SiteZone)},
	} {
		facts = append(facts, web.Fact{Term: known.term, Value: known.at.Due.Exact})
	}
	return slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" })
}

// spareTimeline tells what happened to a unit, like that of a replacement.
func (v *visit) spareTimeline(events []db.AuditEvent, zone string) ([]web.Moment, error) {
	return v.timelineOf(events, zone, func(verb string) string {
		if slices.Contains(spareVerbs, verb) {
			return v.language.Say("console.spareevent." + verb)
		}
		return ""
	})
}

// spareVerbs are what happens to spare units, by the verbs of the audit.
var spareVerbs = []string{
	"earned", "choice_asked", "selected", "agreed", "shipped", "picked_up", "on_site", "consumed",
	"replenishing", "parcel_lost", "shipment_forgotten", "taken_back", "voided", "recall_pending",
	"recall_requested", "recall_reminded", "recall_scanned", "recall_withdrawn",
	"recall_booked_anew", "returned", "fee_asked", "billed", "billed_again", "waived",
	"fee_withdrawn",
}

// spareFields are what each command of a spare unit asks for, by the names of the form.
var spareFields = map[spare.SpareCommand][]string{
	spare.SpareSelect:   {"model", "site_id", "reason"},
	spare.SpareShip:     {"serial", "carrier", "tracking"},
	spare.SpareReceive:  {},
	spare.SpareBill:     {"reason"},
	spare.SpareWaive:    {"reason"},
	spare.SpareTell:     {"fact", "at"},
	spare.SpareTakeBack: {"fact", "reason"},
}

func askOfSpare(v *visit) (answer, error) {
	u, err := v.spareUnit()
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askAboutSpare(u, nil)
}

// askAboutSpare shows what a command will do, with the fields that it needs, before it is done.
func (v *visit) askAboutSpare(
	u replacement.SpareLineAt, refused *commandRefused,
) (answer, error) {
	c := spare.SpareCommand(v.param("action"))
	names, known := spareFields[c]
	if !known {
		return answer{}, errNoPage
	}
	if spare.MayGiveSpare(c, v.who.Role) != nil {
		return answer{}, errForbidden
	}
	if refused == nil {
		if err := spare.MaySpare(c, v.who.Role, u.SpareFacts, v.now); err != nil {
			refused = v.commandRefusal(err)
		}
	}

	version := v.formVersion(u.Version)
	about := web.Joined(v.modelName(u.ModelCode, v.now), u.Serial, u.SiteName, u.ParentName)
	ask := confirmation{
		Title:  v.language.Say("console.spare."+string(c)) + " · " + u.Name(),
		Says:   []string{about, v.language.Say("console.spare." + string(c) + ".says")},
		Hidden: []web.Hidden{{Name: "version", Value: version}},
		Action: v.request.URL.Path,
		Submit: v.language.Say("console.spare." + string(c)),
		Danger: c == spare.SpareBill || c == spare.SpareWaive,
		Back:   spareUnitPath(u.Name()),
	}
	var aid replacement.SpareAid
	if c == spare.SpareSelect {
		var err error
		if aid, err = v.replacements.SelectionAid(v.scope(), u.ParentOrgID); err != nil {
			return answer{}, err
		}
	}
	for _, name := range names {
		f := v.spareCommandField(c, u, aid, name)
		if refused != nil {
			f.Problem = refused.fields[name]
		}
		ask.Fields = append(ask.Fields, f)
	}
	if refused != nil {
		ask.Problem = refused.message
	}
	a, err := v.ask(ask)
	if refused != nil {
		a.status = http.StatusUnprocessableEntity
	}
	return a, err
}

// spareCommandField is a field that a command asks for, with what was typed, or what the address
// suggests.
func (v *visit) spareCommandField(
	c spare.SpareCommand, u replacement.SpareLineAt, aid replacement.SpareAid, name string,
) web.Field {
	f := web.Field{
		Name:     name,
		Label:    v.language.Say("console.rmafield." + name),
		Kind:     "text",
		Value:    v.given(name),
		Required: true,
	}
	choose := func(value, label string) {
		f.Kind = "choice"
		f.Offer(value, label, value == f.Value)
	}
	switch name {
	case "reason":
		f.Kind = "area"
		f.Help = v.say("console.field.reason.help")
		f.Required = c == spare.SpareWaive || c == spare.SpareTakeBack
	case "model":
		for _, m := range aid.Models {
			choose(m.Model, web.Joined(v.modelName(m.Model, v.now),
				v.language.Count("console.aid.COMMONLY_DEPLOYED", int64(m.Units))))
		}
	case "site_id":
		for _, s := range sitesByName(aid) {
			choose(s.ID, web.Joined(s.Name, s.City, s.Country, s.ContactName))
		}
	case "serial":
		f.Help = v.say("console.rmafield.serial.help.ship")
	case "carrier", "tracking":
		f.Required = false
		if name == "carrier" {
			f.Help = v.say("console.rmafield.carrier.help")
		}
	case "fact":
		facts := u.FactsToTell()
		if c == spare.SpareTakeBack {
			facts = u.FactsToTakeBack()
		}
		for _, fact := range facts {
			choose(string(fact), v.language.Say("console.sparetold."+string(fact)))
		}
	case "at":
		f.Kind = "datetime-local"
		f.Help = v.say("console.rmafield.at.help", "place", v.language.Place(u.SiteZone))
		f.Required = false
	}
	return f
}

// sitesByName are the sites of a parent's accounts in the order of their names.
func sitesByName(aid replacement.SpareAid) []account.AccountSite {
	var sites []account.AccountSite
	for _, s := range aid.Sites {
		sites = append(sites, s)
	}
	slices.SortFunc(sites, func(a, b account.AccountSite) int {
		return slices.Compare([]string{a.NameKey, a.ID}, []string{b.NameKey, b.ID})
	})
	return sites
}

// doToSpare does what the confirmation asked about, for the version that it showed.
func doToSpare(v *visit) (answer, error) {
	u, err := v.spareUnit()
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAboutSpare(u, nil)
	}
	c := spare.SpareCommand(v.param("action"))
	if spare.MayGiveSpare(c, v.who.Role) == nil && (c == spare.SpareBill || c == spare.SpareWaive) {
		if err := v.needFresh(); err != nil { // S52
			return answer{}, err
		}
	}

	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return answer{}, errBadForm
	}
	at, err := v.momentIn("at", u.SiteZone)
	if err != nil {
		return v.askAboutSpare(u, v.commandRefusal(err))
	}
	command := replacement.SpareUnitCommand{
		Name:     c,
		Version:  version,
		Model:    v.form("model"),
		SiteID:   v.form("site_id"),
		Serial:   v.form("serial"),
		Carrier:  v.form("carrier"),
		Tracking: v.form("tracking"),
		Fact:     spare.SpareFact(v.form("fact")),
		At:       at,
		Reason:   v.typedText("reason"),
	}
	err = v.giveAct(db.Text(u.AccountID), operations.Act{SubjectID: u.ID, Spare: &command})
	if err == nil {
		return v.doneAct(spareUnitPath(u.Name()), "console.flash.acted"), nil
	}
	if refused := v.commandRefusal(err); refused != nil {
		return v.askAboutSpare(u, refused)
	}
	if rules.CodeOf(err) == rules.NotFound { // the site of another customer, typed by hand
		return v.askAboutSpare(u, v.commandRefusal(rules.Invalid([]rules.FieldError{{
			Pointer: "/site_id",
			Code:    rules.Required,
		}})))
	}
	return answer{}, err
}
