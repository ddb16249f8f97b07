package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/web"
)

// localMoment is the form of a browser's field for a day and a time.
const localMoment = "2006-01-02T15:04"

// commandFields are what each command of a replacement asks for, by the names of the form.
var commandFields = map[rma.RMACommand][]string{
	rma.RMAApprove:   {"defect", "reason"},
	rma.RMAReject:    {"code", "reason"},
	rma.RMAAppeal:    {"reason"},
	rma.RMAWithdraw:  {"reason"},
	rma.RMAUseSpare:  {"spare_unit_id"},
	rma.RMAAllocate:  {"model"},
	rma.RMABackorder: {"expected_on", "model"},
	rma.RMAReaddress: {"reason"},
	rma.RMAShip:      {"serial", "carrier", "tracking"},
	rma.RMAReship:    {"reason"},
	rma.RMAWait:      {"reason"},
	rma.RMAReceive:   {},
	rma.RMAInspect:   {"serial", "outcome", "reason"},
	rma.RMAKeepUnit:  {"photo", "reason"},
	rma.RMABill:      {"reason"},
	rma.RMAWaive:     {"reason"},
	rma.RMATell:      {"fact", "at"},
	rma.RMATakeBack:  {"fact", "reason"},
}

// reasonNeeded are the commands that have to be explained.
var reasonNeeded = []rma.RMACommand{
	rma.RMAReject, rma.RMAAppeal, rma.RMAReaddress, rma.RMAReship, rma.RMAWait, rma.RMAWaive,
	rma.RMATakeBack,
}

// toldByMail are the commands that whoever follows the replacement is told of.
var toldByMail = []rma.RMACommand{
	rma.RMAApprove, rma.RMAReject, rma.RMAAppeal, rma.RMAWithdraw, rma.RMAUseSpare,
	rma.RMABackorder, rma.RMAShip, rma.RMAReship, rma.RMAInspect, rma.RMAKeepUnit, rma.RMABill,
	rma.RMAWaive, rma.RMATakeBack,
}

// notUndone are the commands that nobody can take back.
var notUndone = []rma.RMACommand{
	rma.RMAReject, rma.RMAWithdraw, rma.RMAReship, rma.RMAKeepUnit, rma.RMABill, rma.RMAWaive,
}

// commandRefused is why a command was not done, with what is wrong with its fields.
type commandRefused struct {
	message string
	fields  map[string]string // by their names: what is wrong
}

func askOfRMA(v *visit) (answer, error) {
	l, err := v.replacements.DeskLine(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	return v.askAboutRMA(l, nil)
}

// askAboutRMA shows what a command will do, with the fields that it needs, before it is done.
func (v *visit) askAboutRMA(
	l replacement.DeskLine, refused *commandRefused,
) (answer, error) {
	c := rma.RMACommand(v.param("action"))
	names, known := commandFields[c]
	if !known {
		return answer{}, errNoPage
	}
	if rma.MayGiveRMA(c, v.who.Role) != nil {
		return answer{}, errForbidden
	}
	if refused == nil {
		if err := rma.MayRMA(c, v.who.Role, l.RMAFacts, v.now); err != nil {
			refused = v.commandRefusal(err)
		}
	}

	version := v.formVersion(l.Version)
	says, err := v.consequences(c, l)
	if err != nil {
		return answer{}, err
	}
	about := web.Joined(v.pieces(l.RMA), l.FaultySerial, l.RoomName, l.AccountName)
	ask := confirmation{
		Title:  v.language.Say("console.rma."+string(c)) + " · " + l.Name(),
		Says:   append([]string{about}, says...),
		Hidden: []web.Hidden{{Name: "version", Value: version}},
		Action: v.request.URL.Path,
		Submit: v.language.Say("console.rma." + string(c)),
		Danger: slices.Contains(notUndone, c),
		Back:   replacementPath(l.Name()),
	}
	for _, name := range names {
		f, shown, err := v.commandField(c, l, name)
		if err != nil {
			return answer{}, err
		}
		if refused != nil {
			f.Problem = refused.fields[name]
		}
		if shown {
			ask.Fields = append(ask.Fields, f)
		}
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

// consequences say what a command will do, in sentences.
func (v *visit) consequences(c rma.RMACommand, l replacement.DeskLine) ([]string, error) {
	says := []string{v.language.Say("console.rma." + string(c) + ".says")}
	switch c {
	case rma.RMAApprove:
		more, err := v.approvalSays(l)
		if err != nil {
			return nil, err
		}
		says = more
	case rma.RMAAllocate, rma.RMABackorder:
		stock, err := v.stockSays(l.ModelCode)
		if err != nil {
			return nil, err
		}
		says = append(says, stock)
	case rma.RMABill, rma.RMAWaive:
		if fee := v.feeName(l.RMA); fee != "" {
			says = append(says, v.say("console.rma.feenow", "state", fee))
		}
	}
	if !slices.Contains(toldByMail, c) {
		return says, nil
	}
	told, err := v.toldSays(l.AccountID, l.SiteID)
	return append(says, told), err
}

// approvalSays say what an approval promises, where the unit comes from, and that parcels are
// booked.
func (v *visit) approvalSays(l replacement.DeskLine) ([]string, error) {
	switch {
	case l.SwappedAt != nil:
		return []string{v.say("console.rma.next.swapped")}, nil
	case l.Held:
		return []string{v.say("console.rma.approve.held")}, nil
	}

	to, _, err := v.replacements.GoesTo(v.scope(), l.RMA)
	if err != nil {
		return nil, err
	}
	ahead, err := v.aheadFor(l.RMA, to)
	if err != nil {
		return nil, err
	}
	title, text := v.aheadTexts(ahead, to.TimeZone, "", "")
	stock, err := v.stockSays(l.ModelCode)
	says := slices.DeleteFunc([]string{title, text, stock, v.say("console.rma.goesto",
		"place", shipToText(to))}, func(s string) bool { return s == "" })
	if v.logistics.Carrier != "" {
		says = append(says, v.say("console.rma.approve.parcels"))
	}
	return says, err
}

// stockSays say where units of a model are free.
func (v *visit) stockSays(model string) (string, error) {
	free, err := v.freeUnits(model)
	if err != nil {
		return "", err
	}
	name := v.modelName(model, v.now)
	if len(free) == 0 {
		return v.say("console.rma.stock.none", "model", name), nil
	}
	var parts []string
	for _, d := range free {
		parts = append(parts, v.say("console.rma.stock.at",
			"n", v.language.Number(int64(d.Free)), "depot", d.Name))
	}
	return v.say("console.rma.stock", "model", name, "depots", v.language.List(parts)), nil
}

// depotStock is how many units of a model are free in a depot.
type depotStock struct {
	Name, Country string
	Free          int
}

// freeUnits are the depots that have a model free, by their codes.
func (v *visit) freeUnits(model string) ([]depotStock, error) {
	levels, err := v.logistics.StockLevels(v.scope(), logistics.StockFilter{ModelCode: model})
	if err != nil || len(levels) == 0 {
		return nil, err
	}
	depots, err := v.logistics.ListDepots(v.scope())
	var out []depotStock
	for _, d := range depots {
		for _, level := range levels {
			if free := level.OnHand - level.Reserved; level.DepotID == d.ID && free > 0 {
				out = append(out, depotStock{d.Name, d.Country, free})
			}
		}
	}
	return out, err
}

// toldSays say who gets an e-mail.
func (v *visit) toldSays(accountID, siteID string) (string, error) {
	people, err := v.replacements.PeopleTold(v.scope(), accountID, siteID)
	if err != nil || len(people) == 0 {
		return v.say("console.rma.told.nobody"), err
	}
	var mails []string
	for _, p := range people {
		mails = append(mails, p.Email)
	}
	return v.say("console.rma.told", "people", v.language.List(mails)), nil
}

// commandField is a field that a command asks for, with what was typed into it. It is not shown
// where there is nothing to choose.
func (v *visit) commandField(
	c rma.RMACommand, l replacement.DeskLine, name string,
) (f web.Field, shown bool, err error) {
	f = web.Field{
		Name:     name,
		Label:    v.language.Say("console.rmafield." + name),
		Kind:     "text",
		Value:    v.form(name),
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
		f.Required = slices.Contains(reasonNeeded, c)
	case "defect":
		choose("", v.say("console.rmafield.defect.open"))
		choose("yes", v.say("console.rmafield.defect.confirmed"))
	case "code":
		for _, code := range rma.RejectCodes() {
			choose(code, v.language.Say("reject."+code))
		}
	case "model":
		choose("", v.say("console.rmafield.model.same", "model", v.modelName(l.ModelCode, v.now)))
		for _, better := range rma.BetterModels(l.ModelCode) {
			choose(better, v.modelName(better, v.now))
		}
		return f, len(f.Choices) > 1, nil
	case "expected_on":
		f.Kind = "date"
		f.Help = v.say("console.rmafield.expected_on.help")
	case "serial":
		f.Help = v.language.Say("console.rmafield.serial.help." + string(c))
		return f, l.DeviceID != nil, nil
	case "carrier":
		f.Help = v.say("console.rmafield.carrier.help")
		f.Required = false
		return f, l.Parcel == nil, nil
	case "tracking":
		f.Required = false
		return f, l.Parcel == nil, nil
	case "outcome":
		for _, o := range []rma.RMAOutcome{
			rma.OutcomeDefect, rma.OutcomeNoFault, rma.OutcomeDamage, rma.OutcomeWrongUnit,
		} {
			choose(string(o), v.language.Say("console.outcome."+string(o)))
		}
	case "photo":
		f.Help = v.say("console.rmafield.photo.help")
		f.Required = l.DeviceID != nil
	case "fact":
		facts := l.FactsToTell()
		if c == rma.RMATakeBack {
			facts = l.FactsToTakeBack()
		}
		for _, fact := range facts {
			choose(string(fact), v.language.Say("console.told."+string(fact)))
		}
	case "at":
		f.Kind = "datetime-local"
		f.Help = v.say("console.rmafield.at.help", "place", v.language.Place(l.SiteZone))
		f.Required = false
	case "spare_unit_id":
		units, err := v.sparesAt(l.AccountID, l.ModelCode, nil)
		if err != nil {
			return f, false, err
		}
		f.Kind = "choice"
		for _, u := range units {
			choose(u.ID, u.label)
		}
		if len(units) == 0 {
			f.Problem = v.say("console.rmafield.spare_unit_id.none")
		}
	}
	return f, true, nil
}

// spareAt is a spare on site that can take the place of a device.
type spareAt struct {
	replacement.SpareUnit
	label string
}

// mostSpares bounds the spares of one model that a page offers.
const mostSpares = 100

// sparesAt are the spares on site in an account, of a model. sites are the names of the
// account's sites, by their ids; nil: they are read.
func (v *visit) sparesAt(
	accountID, model string, sites map[string]string,
) ([]spareAt, error) {
	units, _, err := v.replacements.ListSpareUnits(v.scope(), replacement.SpareFilter{
		AccountID: accountID,
		ModelCode: model,
		State:     spare.SpareOnSite,
		Page:      db.Page{Limit: mostSpares},
	})
	if err != nil || len(units) == 0 {
		return nil, err
	}
	if sites == nil {
		sites, err = v.namesBy(db.IdsOf(units, func(u replacement.SpareUnit) string {
			return db.Text(u.SiteID)
		}))
	}
	var out []spareAt
	for _, u := range units {
		out = append(out, spareAt{u, web.Joined(u.Serial, sites[db.Text(u.SiteID)], u.Name())})
	}
	return out, err
}

// namesBy are what people call the things that ids name, by the id.
func (v *visit) namesBy(ids []string) (map[string]string, error) {
	names := map[string]string{}
	found, err := v.operations.NamesOf(v.scope(), ids)
	for _, n := range found {
		names[n.ID] = n.Name
	}
	return names, err
}

// doToRMA does what the confirmation asked about, for the version that it showed.
func doToRMA(v *visit) (answer, error) {
	l, err := v.replacements.DeskLine(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askAboutRMA(l, nil)
	}
	c := rma.RMACommand(v.param("action"))
	if rma.MayGiveRMA(c, v.who.Role) == nil && (c == rma.RMABill || c == rma.RMAWaive) {
		if err := v.needFresh(); err != nil { // S52
			return answer{}, err
		}
	}

	version, err := strconv.ParseInt(v.form("version"), 10, 64)
	if err != nil {
		return answer{}, errBadForm
	}
	at, err := v.momentIn("at", l.SiteZone)
	if err != nil {
		return v.askAboutRMA(l, v.commandRefusal(err))
	}
	command := replacement.ReplacementCommand{
		Name:            c,
		Version:         version,
		Reason:          v.typedText("reason"),
		DefectConfirmed: v.form("defect") == "yes",
		Code:            v.form("code"),
		Model:           v.form("model"),
		ExpectedOn:      v.form("expected_on"),
		Serial:          v.form("serial"),
		Carrier:         v.form("carrier"),
		Tracking:        v.form("tracking"),
		Outcome:         rma.RMAOutcome(v.form("outcome")),
		Photo:           v.form("photo"),
		SpareUnitID:     v.form("spare_unit_id"),
		Fact:            rma.RMAFact(v.form("fact")),
		At:              at,
	}
	err = v.giveAct(l.AccountID, operations.Act{SubjectID: l.ID, RMA: &command})
	if err == nil {
		return v.doneAct(replacementPath(l.Name()), "console.flash.acted"), nil
	}
	if refused := v.commandRefusal(err); refused != nil {
		return v.askAboutRMA(l, refused)
	}
	return answer{}, err
}

// typedText is a text of several lines as a person typed it.
func (v *visit) typedText(name string) string {
	return strings.ReplaceAll(v.form(name), "\r\n", "\n")
}

// momentIn reads a field with a day and a time by the clock of a zone; empty: the zero time.
func (v *visit) momentIn(name, zone string) (time.Time, error) {
	text := strings.TrimSpace(v.form(name))
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(localMoment, text, db.ZoneOf(zone))
	if err != nil {
		return at, rules.Invalid([]rules.FieldError{{
			Pointer: "/" + name,
			Code:    rules.InvalidDate,
			Message: "This is no day and time.",
			Remedy:  "Choose a day and a time.",
		}})
	}
	return at.UTC(), nil
}

// commandRefusal turns a refusal into words beside the fields; nil for what is answered by a page
// of its own: a change of somebody else, a role, something that is gone, a fault.
func (v *visit) commandRefusal(err error) *commandRefused {
	var refused *rules.Error
	code := rules.CodeOf(err)
	if !errors.As(err, &refused) || code == rules.VersionMismatch || code == rules.Forbidden ||
		code == rules.NotFound || code == StepUpRequired {
		return nil
	}

	out := &commandRefused{fields: map[string]string{}}
	for _, f := range refused.Fields {
		name := strings.TrimPrefix(f.Pointer, "/")
		out.fields[name] = v.commandText(f.Code, f.Message, f.Remedy)
	}
	out.message = v.commandText(refused.Code, refused.Message, refused.Remedy)
	if code == rules.ReasonRequired {
		out.fields["reason"] = out.message
	}
	return out
}
