package console

import (
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/web"
)

func replacementRoutes() []route {
	const one = replacementsPath + "/:id"
	return slices.Concat(replacementsList.routes(), []route{
		{method: get, path: boardPath, access: may(rules.ViewAccount), do: showBoard},
		{method: get, path: labelsPath, access: may(rules.ViewAccount), do: showLabels},
		{method: get, path: newReplacementPath, access: may(rules.RequestRMA), do: askReplacement},
		{
			method: post, path: newReplacementPath,
			access: may(rules.RequestRMA), do: makeReplacement,
		},
		{method: get, path: one, access: may(rules.ViewAccount), do: showReplacement},
		{method: get, path: one + "/do/:action", access: may(rules.RequestRMA), do: askOfRMA},
		{method: post, path: one + "/do/:action", access: may(rules.RequestRMA), do: doToRMA},
	})
}

// replacementPage is a replacement with what comes next, and all that is known of it.
type replacementPage struct {
	Number, About string
	State         web.Badge
	Next          nextStep
	Main          *web.ListAct
	Acts          []web.ListAct // beside it
	More          []web.ListAct // in the menu
	Promise       promiseCard
	Out, Back     []web.Step
	Facts         []web.Fact
	Parcels       []parcelRow
	Timeline      []web.Moment
}

// nextStep is what comes next, in a sentence, with what follows from it.
type nextStep struct {
	Title, Text string
	Class       string // "late" where it is
}

// promiseCard is the day that is promised, and how it came about. Without a day it is not shown.
type promiseCard struct{ Day, Why, Late, First string }

// parcelRow is a parcel of a replacement or a spare unit, with its papers.
type parcelRow struct {
	What, Number, Link string
	State              web.Badge
	Moved              web.Due
	Label, Slip        string // addresses; empty: there is none
}

func showReplacement(v *visit) (answer, error) {
	l, err := v.replacements.DeskLine(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	given, err := v.replacements.CommandsFor(v.scope(), l.RMA)
	if err != nil {
		return answer{}, err
	}
	events, err := v.db.Timeline(v.scope(), l.ID)
	if err != nil {
		return answer{}, err
	}
	parcels, _, err := v.logistics.ListShipments(v.scope(), logistics.ShipmentFilter{
		SubjectID: l.ID,
		Page:      db.Page{Limit: 20},
	})
	if err != nil {
		return answer{}, err
	}

	p := replacementPage{
		Number:  l.Name(),
		About:   web.Joined(v.pieces(l.RMA), l.RoomName, l.AccountName),
		State:   v.rmaState(l.RMA),
		Promise: v.promiseOf(l.RMA),
		Out:     v.outboundSteps(l.RMA),
		Back:    v.returnSteps(l.RMA),
	}
	to, fixed, err := v.replacements.GoesTo(v.scope(), l.RMA)
	if err != nil {
		return answer{}, err
	}
	if p.Next, err = v.nextOf(l, to); err != nil {
		return answer{}, err
	}
	if p.Facts, err = v.replacementFacts(l, to, fixed); err != nil {
		return answer{}, err
	}
	for _, sh := range parcels {
		p.Parcels = append(p.Parcels, v.parcelRow(sh, l.SiteZone))
	}
	if p.Timeline, err = v.replacementTimeline(events, l.SiteZone); err != nil {
		return answer{}, err
	}
	v.offerCommands(&p, l, given[l.ID])
	return answer{
		page:   "replacement",
		title:  p.Number,
		data:   p,
		live:   true,
		shared: true,
		about:  l.ID,
	}, nil
}

// mainCommands are what is to be done at each step; the other commands stand beside it.
var mainCommands = map[replacement.DeskStep]rma.RMACommand{
	replacement.DeskDecide:   rma.RMAApprove,
	replacement.DeskAllocate: rma.RMAAllocate,
	replacement.DeskShip:     rma.RMAShip,
	replacement.DeskTransit:  rma.RMATell,
	replacement.DeskReturn:   rma.RMATell,
	replacement.DeskInspect:  rma.RMAInspect,
	replacement.DeskFee:      rma.RMABill,
}

// besideCommands are shown without opening the menu, at the steps where they are likely.
var besideCommands = map[replacement.DeskStep][]rma.RMACommand{
	replacement.DeskDecide:   {rma.RMAReject, rma.RMAUseSpare},
	replacement.DeskAllocate: {rma.RMABackorder, rma.RMAUseSpare},
	replacement.DeskShip:     {rma.RMAReaddress},
	replacement.DeskTransit:  {rma.RMAReship, rma.RMAWait},
	replacement.DeskReturn:   {rma.RMAReceive, rma.RMAKeepUnit},
	replacement.DeskInspect:  {rma.RMATell},
	replacement.DeskFee:      {rma.RMAWaive},
	replacement.DeskOver:     {rma.RMAAppeal},
}

// offerCommands shows what the operator may do: what the step asks for first.
func (v *visit) offerCommands(p *replacementPage, l replacement.DeskLine, may []rma.RMACommand) {
	step := l.DeskStep()
	for _, c := range may {
		act := web.ListAct{
			Link:  replacementPath(l.Name()) + "/do/" + string(c),
			Label: v.language.Say("console.rma." + string(c)),
			Icon:  commandIcons[c],
		}
		switch {
		case c == mainCommands[step]:
			act.Main = true
			p.Main = &act
		case slices.Contains(besideCommands[step], c):
			p.Acts = append(p.Acts, act)
		default:
			p.More = append(p.More, act)
		}
	}
}

var commandIcons = map[rma.RMACommand]string{
	rma.RMAApprove:   "check",
	rma.RMAReject:    "x",
	rma.RMAAppeal:    "rotate-ccw",
	rma.RMAWithdraw:  "ban",
	rma.RMAUseSpare:  "repeat-2",
	rma.RMAAllocate:  "box",
	rma.RMABackorder: "calendar-clock",
	rma.RMAReaddress: "map-pin",
	rma.RMAShip:      "truck",
	rma.RMAReship:    "package-x",
	rma.RMAWait:      "clock",
	rma.RMAReceive:   "warehouse",
	rma.RMAInspect:   "package-search",
	rma.RMAKeepUnit:  "circle-check",
	rma.RMABill:      "coins",
	rma.RMAWaive:     "circle-x",
	rma.RMATell:      "message-square",
	rma.RMATakeBack:  "undo-2",
}

// nextOf says what comes next. Of what is to be decided it says until when, and what an approval
// promises then and after.
func (v *visit) nextOf(l replacement.DeskLine, to logistics.ShipTo) (nextStep, error) {
	step := l.DeskStep()
	n := nextStep{
		Title: v.language.Say("console.step." + string(step) + ".title"),
		Text: v.sentence(process.Standing{
			Kind:     processes.RMA,
			State:    string(l.RMAFacts.State(v.now)),
			WaitsFor: l.WaitsFor(),
			Until:    l.WaitsUntil(),
			Zone:     l.SiteZone,
		}),
	}
	if l.DaysLate(v.now) > 0 && !l.RMAFacts.Outbound().Done() {
		n.Class = "late"
	}
	if step != replacement.DeskDecide {
		return n, nil
	}

	switch {
	case l.SwappedAt != nil:
		n.Text = v.say("console.rma.next.swapped")
	case l.Held:
		n.Title = v.say("console.rma.next.held")
		n.Text = v.say("console.rma.next.held.text")
	default:
		ahead, err := v.aheadFor(l.RMA, to)
		if err != nil {
			return n, err
		}
		n.Title, n.Text = v.aheadTexts(ahead, l.SiteZone, n.Title, n.Text)
	}
	return n, nil
}

// aheadFor is what an approval of the replacement promises now and later.
func (v *visit) aheadFor(
	r replacement.RMA, to logistics.ShipTo,
) (program.PromiseAhead, error) {
	site := program.Site{Country: to.Country, Region: to.Region, TimeZone: to.TimeZone}
	return v.replacements.ApprovalAhead(v.scope(), site, r.Speed)
}

// aheadTexts say until when to decide, for which day, and what later decisions promise.
func (v *visit) aheadTexts(
	a program.PromiseAhead, zone, title, text string,
) (sooner, later string) {
	switch {
	case a.Now.On.IsZero():
		return title, v.say("console.rma.ahead.undated")
	case a.Until.IsZero():
		return v.say("console.rma.ahead.day", "day", v.dayOf(a.Now.On)), text
	}
	until := process.Deadline(a.Until, zone, v.now, v.language.Locale())
	return v.say("console.rma.ahead.until",
			"until", v.passing(until, a.Until.UTC().Format(time.RFC3339)),
			"day", v.dayOf(a.Now.On)),
		v.say("console.rma.ahead.after", "day", v.dayOf(a.After.On))
}

func (v *visit) promiseOf(r replacement.RMA) promiseCard {
	if r.Promise == nil {
		return promiseCard{}
	}
	c := promiseCard{
		Why:  promise.Text(*r.Promise, v.language.Locale()),
		Late: v.daysLate(r),
	}
	if !r.Promise.On.IsZero() {
		c.Day = v.dayOf(r.Promise.On)
	}
	if first := r.FirstPromise; first != nil && first.On != r.Promise.On && !first.On.IsZero() {
		c.First = v.say("console.rma.promise.first", "day", v.dayOf(first.On))
	}
	return c
}

// outboundSteps draw the way of the replacement to the customer.
func (v *visit) outboundSteps(r replacement.RMA) []web.Step {
	out := r.RMAFacts.Outbound()
	course := []rma.OutboundState{
		rma.OutboundRequested, rma.OutboundApproved, rma.OutboundAllocated, rma.OutboundShipped,
		rma.OutboundDelivered,
	}
	switch out {
	case rma.OutboundBackordered:
		course[1] = out
	case rma.OutboundRejected, rma.OutboundWithdrawn, rma.OutboundSwapped:
		course = []rma.OutboundState{rma.OutboundRequested, out}
		if r.ApprovedAt != nil {
			course = []rma.OutboundState{rma.OutboundRequested, rma.OutboundApproved, out}
		}
	}
	return stepsTo(course, out, out.Done(), func(s rma.OutboundState) string {
		return v.stateName(processes.RMA, string(s))
	})
}

// returnSteps draw the way of the faulty unit back.
func (v *visit) returnSteps(r replacement.RMA) []web.Step {
	back := r.RMAFacts.Return(v.now)
	course := []rma.ReturnState{
		rma.ReturnAwaited, rma.ReturnInTransit, rma.ReturnReceived, rma.ReturnInspected,
	}
	switch back {
	case rma.ReturnOverdue:
		course[0] = back
	case rma.ReturnNotRequired, rma.ReturnBilled:
		course = []rma.ReturnState{rma.ReturnAwaited, back}
	}
	done := back == rma.ReturnInspected || back == rma.ReturnNotRequired
	return stepsTo(course, back, done, func(s rma.ReturnState) string {
		return v.stateName(processes.RMA, string(s))
	})
}

// stepsTo are the steps of a course up to where it stands: done before it, and with it where it
// is the end.
func stepsTo[S comparable](course []S, now S, done bool, name func(S) string) []web.Step {
	at := slices.Index(course, now)
	var steps []web.Step
	for i, s := range course {
		one := web.Step{Label: name(s)}
		switch {
		case i < at, i == at && done:
			one.State = "done"
		case i == at:
			one.State = "now"
		}
		steps = append(steps, one)
	}
	return steps
}

// reasonsOfKinds are the reasons that name what covers, by its kind.
var reasonsOfKinds = map[cover.EntitlementKind]string{
	cover.BySelect:              cover.ReasonSelect,
	cover.ByExtendedWarranty:    cover.ReasonExtended,
	cover.ByStandardWarranty:    cover.ReasonStandard,
	cover.ByReplacementWarranty: cover.ReasonReplacement,
	cover.ByJumpStart:           cover.ReasonJumpStart,
}

// speedName says how soon a replacement is promised, with its rule.
func (v *visit) speedName(r replacement.RMA) string {
	days, promised := r.Speed.BusinessDays()
	switch {
	case r.Speed == "":
		return ""
	case !promised:
		return v.say("console.rma.speed.none")
	}
	return v.language.Count("console.rma.speed", int64(days))
}

// replacementFacts is what is known of a replacement; what is not known is left out.
func (v *visit) replacementFacts(
	l replacement.DeskLine, to logistics.ShipTo, fixed bool,
) ([]web.Fact, error) {
	people, err := v.replacements.PeopleTold(v.scope(), l.AccountID, l.SiteID)
	if err != nil {
		return nil, err
	}
	var told []string
	for _, p := range people {
		told = append(told, p.Email)
	}

	covered := v.reasonText(cover.ReasonFor(rules.ProofRequired))
	if !l.Held {
		by := cover.ReasonFor(reasonsOfKinds[l.CoverKind])
		covered = web.Joined(v.reasonText(by), v.speedName(l.RMA))
	}
	address := shipToText(to)
	if fixed {
		address += " (" + v.say("console.rma.fact.fixed") + ")"
	}
	reviews := []string{}
	for _, code := range l.ReviewReasons {
		reviews = append(reviews, v.language.Say("console.review."+code))
	}

	facts := []web.Fact{
		{Term: v.say("console.rma.fact.fault"), Value: l.Fault},
		{Term: v.say("console.rma.fact.review"), Value: strings.Join(reviews, ", ")},
		{Term: v.say("console.rma.fact.device"), Value: v.pieces(l.RMA)},
		{Term: v.say("console.rma.fact.serial"), Value: l.FaultySerial, Mono: true},
		{Term: v.say("console.rma.fact.cover"), Value: covered},
		{Term: v.say("console.rma.fact.proof"), Value: l.SerialProof},
		{Term: v.say("console.rma.fact.customer"), Value: l.AccountName,
			Link: v.pageOfThing("", l.AccountID)},
		{Term: v.say("console.rma.fact.clock"), Value: v.clockAt(l.SiteZone)},
		{Term: v.say("console.rma.fact.room"), Value: l.RoomName},
		{Term: v.say("console.rma.fact.site"), Value: address},
		{Term: v.say("console.rma.fact.contact"), Value: to.Contact},
		{Term: v.say("console.rma.fact.told"), Value: strings.Join(told, ", ")},
		{Term: v.say("console.rma.fact.unprintable"), Value: l.Unprintable},
		{Term: v.say("console.rma.fact.newserial"), Value: l.ReplacementSerial, Mono: true},
		{Term: v.say("console.rma.fact.newmodel"), Value: v.otherModel(l.RMA)},
		{Term: v.say("console.rma.fact.returndue"), Value: v.returnDay(l.RMA)},
		{Term: v.say("console.rma.fact.photo"), Value: l.NoReturnProof},
		{Term: v.say("console.rma.fact.rejected"), Value: v.rejectName(l.RMA)},
		{Term: v.say("console.rma.fact.outcome"), Value: v.outcomeName(l.RMA)},
		{Term: v.say("console.rma.fact.fee"), Value: v.feeName(l.RMA)},
	}
	if l.SpareUnitID != nil {
		facts = append(facts, web.Fact{
			Term:  v.say("console.rma.fact.spare"),
			Value: l.ReplacementSerial,
			Link:  spareUnitPath(*l.SpareUnitID),
			Mono:  true,
		})
	}
	return slices.DeleteFunc(facts, func(f web.Fact) bool { return f.Value == "" }), nil
}

func (v *visit) rejectName(r replacement.RMA) string {
	if r.RejectCode == "" {
		return ""
	}
	return v.language.Say("reject." + r.RejectCode)
}

func (v *visit) outcomeName(r replacement.RMA) string {
	if r.Outcome == "" {
		return ""
	}
	return v.language.Say("outcome." + string(r.Outcome))
}

func (v *visit) feeName(r replacement.RMA) string {
	if r.Fee() == rma.FeeNone {
		return ""
	}
	return v.language.Say("fee." + string(r.Fee()))
}

func (v *visit) otherModel(r replacement.RMA) string {
	if r.ReplacementModel == "" || r.ReplacementModel == r.ModelCode {
		return ""
	}
	return v.modelName(r.ReplacementModel, r.RequestedAt)
}

func (v *visit) returnDay(r replacement.RMA) string {
	if r.ReturnPlan == nil {
		return ""
	}
	return v.dayOf(r.ReturnOn())
}

// shipToText says where a replacement goes.
func shipToText(to logistics.ShipTo) string {
	place := strings.TrimSpace(to.PostalCode + " " + to.City)
	parts := []string{to.Street, place, to.Region, to.Country}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return to.Site + " – " + strings.Join(parts, ", ")
}

// parcelRow shows a parcel, with its papers.
func (v *visit) parcelRow(sh logistics.Shipment, zone string) parcelRow {
	row := parcelRow{
		What:   v.language.Say("console.shipments.direction." + string(sh.Direction)),
		Number: strings.TrimSpace(sh.Carrier + " " + db.Text(sh.Tracking)),
		Link:   shipmentsPath + "/" + sh.ID,
		State:  v.shipmentState(sh),
	}
	if sh.LastScanAt != nil {
		row.Moved = v.pastAt(*sh.LastScanAt, zone)
	}
	if sh.Tracking != nil && sh.State.Live() {
		row.Label = row.Link + "/paper/label"
		if sh.Direction.Outward() {
			row.Slip = row.Link + "/paper/packing-slip"
		}
	}
	return row
}

// deskVerbs are what only the operator's people read of, or in other words than the customer.
var deskVerbs = []string{
	"allocated", "reminded", "fee_asked", "parcel_awaited", "parcel_silent", "parcel_told_lost",
	"shipment_forgotten",
}

// byCarrier are what a carrier says, by the verbs of the audit.
var byCarrier = []string{
	"picked_up", "delivered", "return_scanned", "on_site", "recall_scanned",
}

// replacementTimeline tells what happened, the newest first, by when it happened; who did it, and
// why. What the service and its people did is ours.
func (v *visit) replacementTimeline(events []db.AuditEvent, zone string) ([]web.Moment, error) {
	return v.timelineOf(events, zone, v.eventText)
}

// timelineOf tells what happened, the newest first; text says what a verb of the audit means,
// and nothing where people do not tell it.
func (v *visit) timelineOf(
	events []db.AuditEvent, zone string, text func(verb string) string,
) ([]web.Moment, error) {
	names, err := v.actorsOf(events)
	if err != nil {
		return nil, err
	}

	var out []web.Moment
	for _, e := range replacement.InOrder(events) {
		_, verb, _ := strings.Cut(e.Verb, ".")
		what := text(verb)
		if what == "" {
			continue
		}
		m := web.Moment{
			Who:  names[e.ActorID],
			What: what,
			When: v.moment(e.At, zone),
			Ours: e.ActorRole.IsOperator() || e.ActorRole == "SYSTEM",
		}
		if e.ActorRole == "SYSTEM" {
			m.Who = v.program.Name
			if slices.Contains(byCarrier, verb) {
				m.Who = v.say("console.rma.carrier")
				m.Ours = false
			}
		}
		switch {
		case m.Who != "":
		case m.Ours:
			m.Who = v.say("console.rma.somebody")
		default:
			m.Who = v.say("console.rma.fact.customer")
		}
		if reason, _ := e.Details["reason"].(string); reason != "" {
			m.What += " “" + reason + "”"
		}
		out = append(out, m)
	}
	slices.Reverse(out)
	return out, nil
}

// eventText says what happened, by the verb of the audit; empty: nothing that people tell.
func (v *visit) eventText(verb string) string {
	switch {
	case slices.Contains(deskVerbs, verb):
		return v.language.Say("console.rma.event." + verb)
	case v.language.Has("event." + verb):
		return v.language.Say("event." + verb)
	}
	return ""
}

// actorsOf names who did what events tell.
func (v *visit) actorsOf(events []db.AuditEvent) (map[string]string, error) {
	var ids []string
	for _, e := range events {
		if e.ActorRole != "SYSTEM" && !slices.Contains(ids, e.ActorID) {
			ids = append(ids, e.ActorID)
		}
	}
	names := map[string]string{}
	found, err := v.operations.NamesOf(v.scope(), ids)
	for _, n := range found {
		names[n.ID] = n.Name
	}
	return names, err
}
