package portal

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
)

// fact is a line of a page's table of facts.
type fact struct{ Label, Value string }

// replacementPage is one replacement: what happens next, what is known, and what
// this person may do.
type replacementPage struct {
	replacementView
	Next     string // one sentence
	Facts    []fact
	Return   returnView // without a Day nothing is to be sent back
	Timeline []happening
	Actions  replacementActions
}

// returnView is how and until when the faulty unit goes back.
type returnView struct {
	Day, Serial, Label string // Label is the address of the label; empty: there is none
	Overdue            bool
}

func showReplacement(v *visit) (answer, error) {
	return v.replacementPage(replacementActions{})
}

// typedReason is a reason of several lines as a person typed it.
func (v *visit) typedReason() string { return strings.ReplaceAll(v.form("reason"), "\r\n", "\n") }

// replacementPage shows a replacement of the account at hand, with what was typed
// into its forms; a foreign one does not exist (C5).
func (v *visit) replacementPage(typed replacementActions) (answer, error) {
	r, err := v.replacements.GetRMA(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}

	views, err := v.replacementViews([]replacement.RMA{r})
	if err != nil {
		return answer{}, err
	}

	to, _, err := v.replacements.GoesTo(v.acting(), r)
	if err != nil {
		return answer{}, err
	}

	events, err := v.db.Timeline(v.acting(), r.ID)
	if err != nil {
		return answer{}, err
	}

	ref, err := v.programs.Reference(v.ctx)
	now := v.db.Clock().Now()
	p := replacementPage{
		replacementView: views[0],
		Next:            v.nextSentence(r, now),
		Timeline:        v.timeline(events, to.TimeZone),
	}

	p.Facts = v.replacementFacts(r, views[0], to, ref)
	if err == nil {
		p.Return, err = v.returnView(r, now)
	}
	if err == nil {
		p.Actions, err = v.replacementActions(r, typed, now)
	}

	return answer{
		page:  "replacement",
		title: "replacement.title",
		label: v.language.Say("replacement.of", messages.Args{"device": p.Device}),
		data:  p,
		here:  p.Path,
	}, err
}

// replacementFacts lists what is known; a line without a value is left out.
func (v *visit) replacementFacts(
	r replacement.RMA, view replacementView, to logistics.ShipTo, ref program.Reference,
) []fact {
	explanation := ""
	if r.Promise != nil && view.Promise != "" {
		explanation = promise.Text(*r.Promise, v.language.Locale())
	}

	quantity := ""
	if view.Quantity > 1 {
		quantity = v.language.Number(view.Quantity)
	}

	rejected := ""
	fee := ""
	outcome := ""
	if r.RejectCode != "" && r.RMAFacts.Outbound() == rma.OutboundRejected {
		rejected = v.language.Say("reject." + r.RejectCode)
	}
	if f := r.Fee(); f != rma.FeeNone {
		fee = v.language.Say("fee." + string(f))
	}
	if r.Outcome != "" {
		outcome = v.language.Say("outcome." + string(r.Outcome))
	}

	other := ""
	if r.ReplacementModel != "" && r.ReplacementModel != r.ModelCode {
		other = nameOn(ref, r.ReplacementModel, r.RequestedAt)
	}

	all := []fact{
		{"replacement.promise", view.Promise}, {
			"replacement.why", explanation,
		}, {"replacement.late", view.Late}, {"replacement.rejected", rejected},
		{"replacement.carrier", r.Carrier}, {
			"replacement.tracking", r.Tracking,
		}, {"replacement.othermodel", other}, {"replacement.newserial", r.ReplacementSerial},
		{"replacement.outcome", outcome}, {"replacement.fee", fee},
		{"replacement.serial", r.FaultySerial}, {
			"replacement.quantity", quantity,
		}, {"replacement.room", view.Room}, {"replacement.fault", r.Fault},
		{"replacement.site", shipToLine(to)}, {"replacement.number", r.Name()},
	}

	var out []fact
	for _, f := range all {
		if f.Value != "" {
			out = append(out, fact{v.language.Say(f.Label), f.Value})
		}
	}

	return out
}

// shipToLine says where a replacement goes, and to whom.
func shipToLine(to logistics.ShipTo) string {
	line := to.Site + " – " + to.Street + ", " + to.City
	if to.PostalCode != "" {
		line += ", " + to.PostalCode
	}
	if to.Contact != "" {
		line += " – " + to.Contact
	}
	return line
}

// returnView is how the faulty unit goes back, while it is with the customer;
// empty at any other time.
func (v *visit) returnView(r replacement.RMA, now time.Time) (returnView, error) {
	state := r.RMAFacts.State(now)
	if r.ReturnPlan == nil || state != rma.RMAAwaitingReturn && state != rma.RMAOverdue {
		return returnView{}, nil
	}

	labelled, err := v.labelled(shipping.ShipReturn, r.ID)
	out := returnView{
		Day:     v.day(r.ReturnOn()),
		Serial:  r.FaultySerial,
		Overdue: state == rma.RMAOverdue,
	}
	if labelled[r.ID] {
		out.Label = labelPath(replacementsPath + "/" + r.Name())
	}
	return out, err
}

// nextSentence says in one sentence how it goes on.
func (v *visit) nextSentence(r replacement.RMA, now time.Time) string {
	day := ""
	if r.Promise != nil && !r.Promise.On.IsZero() {
		day = v.day(r.Promise.On)
	}
	if r.ReturnPlan != nil && r.RMAFacts.Outbound().Done() {
		day = v.day(r.ReturnOn())
	}

	return v.language.Say("next."+nextKey(r, now, day != ""), messages.Args{
		"day":     day,
		"mailbox": v.program.Mailbox,
	})
}

// nextKey names the sentence of a state; dated says that there is a day to name.
func nextKey(r replacement.RMA, now time.Time, dated bool) string {
	switch state := r.RMAFacts.State(now); {
	case state == rma.RMARequested && r.Held:
		return "REQUESTED.proof"
	case state == rma.RMARequested && r.AppealedAt != nil:
		return "REQUESTED.again"
	case state == rma.RMARejected && r.AppealedAt != nil:
		return "REJECTED.final"
	case state == rma.RMAAwaitingReturn && r.WrongUnitAt != nil:
		return "AWAITING_RETURN.wrong"
	case state == rma.RMAAwaitingReturn && r.SwappedAt != nil && r.DeliveredAt == nil:
		return "AWAITING_RETURN.swapped"
	case state == rma.RMANoReturn && r.WaivedAt != nil:
		return "NO_RETURN_REQUIRED.waived"
	case underWay(state) && r.PromisedUntil != nil && !now.Before(*r.PromisedUntil):
		return "SHIPPED.late" // whatever it waits for: the day that would be named is over
	case underWay(state) && !dated:
		return string(state) + ".undated"
	default:
		return string(state)
	}
}

// underWay reports whether a replacement is still to arrive.
func underWay(state rma.RMAState) bool {
	return state == rma.RMAApproved || state == rma.RMABackordered || state == rma.RMAAllocated ||
		state == rma.RMAShipped
}

// happening is a line of a timeline.
type happening struct{ When, What string }

// shownVerbs are the steps of a replacement that its customer sees, by their verb
// in the audit. What is between the service and its people stays there.
var shownVerbs = []string{
	"requested", "appealed", "rejected", "withdrawn", "approved", "spare_used", "backordered",
	"allocated", "shipped", "picked_up", "delivered", "breached", "parcel_lost", "reminded",
	"return_overdue", "return_scanned", "return_received", "return_booked_anew", "inspected",
	"no_return_required", "fee_billed", "fee_credited", "fee_waived", "fee_withdrawn",
	"taken_back", "readdressed",
}

// timeline lists what happened, oldest first and by the clock of the site. Who did
// it, and why, is not for the page.
func (v *visit) timeline(events []db.AuditEvent, zone string) []happening {
	var out []happening
	for _, e := range replacement.InOrder(events) {
		verb, ours := strings.CutPrefix(e.Verb, "rma.")
		if ours && slices.Contains(shownVerbs, verb) {
			out = append(out, happening{
				When: v.moment(e.At, zone),
				What: v.language.Say("event." + verb),
			})
		}
	}

	return out
}

// replacementActions is what this person may do with a replacement now, with what
// they typed and what is wrong with it.
type replacementActions struct {
	Withdraw, Appeal bool
	Reason           string
	ReasonProblem    string // message key
	MostLength       int
	Spares           []choice // that may take the device's place
	Spare            string
	SpareProblem     string // message key
}

// replacementActions offers what the role may do in this state (RULES 4); who only
// reads is offered nothing.
func (v *visit) replacementActions(
	r replacement.RMA, typed replacementActions, now time.Time,
) (replacementActions, error) {
	offered := rma.RMACommandsFor(v.who.role(), r.RMAFacts, now)
	typed.Withdraw = slices.Contains(offered, rma.RMAWithdraw)
	typed.Appeal = slices.Contains(offered, rma.RMAAppeal)
	typed.MostLength = rules.MaxReason
	if typed.Appeal && v.resumes(v.request.URL.Path+"/appeal") {
		typed.Reason = v.typedReason()
	}
	if !slices.Contains(offered, rma.RMAUseSpare) || r.DeviceID == nil {
		return typed, nil
	}

	var err error
	if typed.Spares, err = v.sparesFor(r, typed.Spare); err != nil || len(typed.Spares) == 0 {
		return typed, err
	}
	if v.resumes(v.request.URL.Path + "/use-spare") {
		typed.Spare = v.form("spare")
		for i, s := range typed.Spares {
			typed.Spares[i].Selected = s.Value == typed.Spare
		}
	}
	return typed, nil
}

// withdrawReplacement takes a request back, after saying what that means.
func withdrawReplacement(v *visit) (answer, error) {
	if !v.confirmed() {
		return v.askWithdrawal()
	}
	r, err := v.replacements.DoRMA(v.acting(), v.param("id"),
		replacement.ReplacementCommand{Name: rma.RMAWithdraw})
	if err != nil {
		return answer{}, err
	}
	return v.done(replacementsPath+"/"+r.Name(), "flash.replacement.withdrawn"), nil
}

func (v *visit) askWithdrawal() (answer, error) {
	r, view, err := v.replacementAtHand()
	if err != nil {
		return answer{}, err
	}
	now := v.db.Clock().Now()
	if err := rma.MayRMA(rma.RMAWithdraw, v.who.role(), r.RMAFacts, now); err != nil {
		return answer{}, err
	}

	return v.ask(confirmation{
		Title: v.say("withdraw.ask"),
		Says: []string{
			v.say("withdraw.says", "device", deviceLine(view)),
			v.say("withdraw.says.after"),
			v.say("withdraw.says.told"),
		},
		Final:  true,
		Action: view.Path + "/withdraw",
		Submit: v.say("withdraw.submit"),
		Keep:   v.say("withdraw.keep"),
		Back:   view.Path,
	})
}

// replacementAtHand reads the replacement of this address, and how people call it.
func (v *visit) replacementAtHand() (replacement.RMA, replacementView, error) {
	r, err := v.replacements.GetRMA(v.acting(), v.param("id"))
	if err != nil {
		return r, replacementView{}, err
	}

	views, err := v.replacementViews([]replacement.RMA{r})
	if err != nil {
		return r, replacementView{}, err
	}
	return r, views[0], nil
}

// deviceLine names a device in a sentence: its model, its serial and its room.
func deviceLine(view replacementView) string {
	return joined(view.Device, view.Serial, view.Room)
}

// joined puts what is known of a thing on one line.
func joined(parts ...string) string { return strings.Join(filled(parts...), " · ") }

// appealReplacement asks for a second decision, once.
func appealReplacement(v *visit) (answer, error) {
	typed := replacementActions{Reason: v.typedReason()}
	r, err := v.replacements.DoRMA(v.acting(), v.param("id"), replacement.ReplacementCommand{
		Name:   rma.RMAAppeal,
		Reason: typed.Reason,
	})
	switch rules.CodeOf(err) {
	case "":
		if err != nil {
			return answer{}, err
		}
		return v.done(replacementsPath+"/"+r.Name(), "flash.replacement.appealed"), nil
	case rules.ReasonRequired:
		typed.ReasonProblem = "appeal.reason.missing"
	case rules.ValidationFailed:
		typed.ReasonProblem = "appeal.reason.long"
	case rma.RMAOpen:
		typed.ReasonProblem = "appeal.open"
	default:
		return answer{}, err
	}

	return v.actionAgain(typed)
}

// sparesFor are the spares on site of the account that can take the place of the
// faulty device: of the same model (R88c).
func (v *visit) sparesFor(r replacement.RMA, chosen string) ([]choice, error) {
	units, _, err := v.replacements.ListSpareUnits(v.acting(), replacement.SpareFilter{
		AccountID: r.AccountID,
		State:     spare.SpareOnSite,
		ModelCode: r.ModelCode,
		Page:      db.Page{Limit: mostSpares},
	})
	if err != nil || len(units) == 0 {
		return nil, err
	}

	sites, err := v.siteNames()
	var out []choice
	for _, u := range units {
		if spare.MayUseSpare(u.SpareFacts, r.ModelCode, u.ModelCode) == nil && u.SiteID != nil {
			out = append(out, choice{u.ID, u.Serial + " · " + sites[*u.SiteID], u.ID == chosen})
		}
	}

	sortChoices(out)
	return out, err
}

// useSpare is "used my spare": the outage ends without waiting for a shipment
// (R35d).
func useSpare(v *visit) (answer, error) {
	typed := replacementActions{Spare: v.form("spare")}
	if typed.Spare == "" {
		typed.SpareProblem = "usespare.choose"
		return v.actionAgain(typed)
	}
	if !v.confirmed() {
		return v.askUseOfSpare(typed)
	}

	r, err := v.replacements.DoRMA(v.acting(), v.param("id"), replacement.ReplacementCommand{
		Name:        rma.RMAUseSpare,
		SpareUnitID: typed.Spare,
	})
	switch rules.CodeOf(err) {
	case rma.NotLikeForLike:
		typed.SpareProblem = "usespare.wrongmodel"
		return v.actionAgain(typed)
	case "":
		if err == nil {
			return v.done(replacementsPath+"/"+r.Name(), "flash.spare.used"), nil
		}
	}

	return answer{}, err
}

// askUseOfSpare says what it means that a spare takes the place of a device.
func (v *visit) askUseOfSpare(typed replacementActions) (answer, error) {
	r, view, err := v.replacementAtHand()
	if err != nil {
		return answer{}, err
	}

	spares, err := v.sparesFor(r, typed.Spare)
	if err != nil {
		return answer{}, err
	}

	at := slices.IndexFunc(spares, func(c choice) bool { return c.Selected })
	if at < 0 {
		typed.SpareProblem = "usespare.wrongmodel"
		return v.actionAgain(typed)
	}

	return v.ask(confirmation{
		Title: v.say("usespare.ask"),
		Says: []string{
			v.say("usespare.says", "spare", spares[at].Label, "device", deviceLine(view)),
			v.say("usespare.says.after"),
		},
		Final:  true,
		Action: view.Path + "/use-spare",
		Fields: []hidden{{"spare", typed.Spare}},
		Submit: v.say("usespare.submit"),
		Keep:   v.say("usespare.keep"),
		Back:   view.Path,
	})
}

// actionAgain shows the replacement with what was typed and what is wrong with it.
func (v *visit) actionAgain(typed replacementActions) (answer, error) {
	a, err := v.replacementPage(typed)
	a.status = http.StatusUnprocessableEntity
	return a, err
}

// labelTypes are the media types in which a label is handed out, with the ending of
// its file. What a carrier sends is never shown as a page of ours.
var labelTypes = map[string]string{"application/pdf": "pdf", "image/png": "png"}

// returnLabel finds the label of the parcel in which a unit comes back: of one that
// nobody has called off and that the carrier does not have yet. NOT_FOUND where
// there is none.
func (v *visit) returnLabel(
	subjectID string, direction shipping.ShipmentDirection,
) (logistics.ShipmentLabel, error) {
	parcels, _, err := v.logistics.ListShipments(v.acting(), logistics.ShipmentFilter{
		AccountID: v.who.account().ID,
		SubjectID: subjectID,
		Direction: direction,
		State:     shipping.ShipmentLabelled,
		Page:      db.Page{Limit: 10},
	})
	if err != nil {
		return logistics.ShipmentLabel{}, err
	}

	for _, sh := range parcels {
		if sh.CancelAskedAt != nil {
			continue
		}

		l, err := v.logistics.ShipmentLabelOf(v.acting(), sh.ID)
		if rules.CodeOf(err) == rules.NotFound {
			continue
		}
		if err != nil {
			return l, err
		}

		if labelTypes[l.MediaType] != "" {
			return l, nil
		}
	}

	return logistics.ShipmentLabel{}, errNoPage
}

// labelPath is where the label of what a page shows is handed out.
func labelPath(page string) string { return page + "/return-label" }

// labelled are those of replacements or spares whose label can be handed out.
func (v *visit) labelled(
	direction shipping.ShipmentDirection, subjectIDs ...string,
) (map[string]bool, error) {
	if len(subjectIDs) == 0 {
		return nil, nil
	}
	known := slices.Sorted(maps.Keys(labelTypes))
	return v.logistics.LabelsWaiting(v.acting(), direction, known, subjectIDs)
}

// downloadReturnLabel hands out the label for the way back of a replacement's faulty
// unit, to every member: the one who packs the parcel may not be an administrator.
func downloadReturnLabel(v *visit) (answer, error) {
	return v.downloadLabel(shipping.ShipReturn)
}

// downloadRecallLabel hands out the label for the way back of a recalled spare.
func downloadRecallLabel(v *visit) (answer, error) {
	return v.downloadLabel(shipping.ShipRecall)
}

func (v *visit) downloadLabel(direction shipping.ShipmentDirection) (answer, error) {
	l, err := v.returnLabel(v.param("id"), direction)
	if err != nil {
		return answer{}, err
	}

	return answer{file: &file{
		mediaType: l.MediaType,
		name: v.language.Say("return.file") + "-" +
			v.param("id") + "." + labelTypes[l.MediaType],
		content: l.Content,
	}}, nil
}
