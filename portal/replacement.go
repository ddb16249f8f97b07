package portal

import (
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/messages/promise"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
)

// fact is a line of a page's table of facts.
type fact struct{ Label, Value string }

// replacementPage is one replacement: what happens next, what is known, and what
// this person may do.
type replacementPage struct {
	replacementView
	ID       string
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

	site, err := v.accounts.GetSite(v.acting(), r.SiteID)
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
		ID:              r.ID,
		Next:            v.nextSentence(r, now),
		Timeline:        v.timeline(events, site.TimeZone),
	}

	p.Facts = v.replacementFacts(r, views[0], site, ref)
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
	r replacement.RMA, view replacementView, site account.AccountSite, ref program.Reference,
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
		{"replacement.site", siteLine(site)}, {"replacement.number", r.ID},
	}

	var out []fact
	for _, f := range all {
		if f.Value != "" {
			out = append(out, fact{v.language.Say(f.Label), f.Value})
		}
	}

	return out
}

// returnView is how the faulty unit goes back, while it is with the customer;
// empty at any other time.
func (v *visit) returnView(r replacement.RMA, now time.Time) (returnView, error) {
	state := r.RMAFacts.State(now)
	if r.ReturnPlan == nil || state != rma.RMAAwaitingReturn && state != rma.RMAOverdue {
		return returnView{}, nil
	}

	label, err := v.labelPath(replacementsPath+"/"+r.ID, r.ID, shipping.ShipReturn)
	return returnView{
		Day:     v.day(r.ReturnPlan.On),
		Serial:  r.FaultySerial,
		Label:   label,
		Overdue: state == rma.RMAOverdue,
	}, err
}

// nextSentence says in one sentence how it goes on.
func (v *visit) nextSentence(r replacement.RMA, now time.Time) string {
	day := ""
	if r.Promise != nil && !r.Promise.On.IsZero() {
		day = v.day(r.Promise.On)
	}
	if r.ReturnPlan != nil && r.RMAFacts.Outbound().Done() {
		day = v.day(r.ReturnPlan.On)
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
