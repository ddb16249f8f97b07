package workflows

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
)

// Standing is where a process stands, for people who look at its workflow in Temporal. The
// workflow does nothing by it. It stands in no history and costs nothing: who looks, asks a
// worker.
type Standing struct {
	Process  string // the name of its chart, such as order
	State    string // empty: a history from before does not say it
	WaitsFor string
	Until    time.Time // zero: the chart's sentence gives the rule
	Version  int64     // of the row that said so; 0: the workflow knows by itself
	Coming   []activities.Coming
	Stuck    []string // steps that failed for good and wait for an operator
}

// Words say in a few sentences where a process stands. They are not the workflow's own
// affair: whatever they say, it goes on the same way.
type Words func(Standing) string

// What a Standing is of.
const (
	standingOrder      = "order"
	standingInvitation = "invitation"
	standingRMA        = "rma"
	standingTicket     = "ticket"
	standingSpare      = "spare"
	standingMail       = "mail"
	standingImport     = "import" // has no chart
)

// The names of what comes of an order and an invitation; those of the others are their
// timers'.
const (
	comingReviewReminder = "REVIEW_REMINDER"
	comingReviewEnd      = "REVIEW_END"
	comingWindowEnd      = "CANCELLATION_WINDOW_END"
	comingReminder       = "REMINDER_DAY_" // followed by the day
	comingExpiry         = "EXPIRY"
)

// show has people told where the process stands, from now on.
func (p *process) show(ctx workflow.Context, s Standing) {
	p.standing = s
	p.showAgain(ctx)
}

// showAgain is for what changes beside where the process stands: a step that is stuck.
func (p *process) showAgain(ctx workflow.Context) {
	if p.words == nil {
		return
	}
	p.standing.Stuck = p.stuckSteps
	workflow.SetCurrentDetails(ctx, p.words(p.standing))
}

// orderFulfilling is an order before its fulfilment says what is next.
var orderFulfilling = Standing{
	Process:  standingOrder,
	State:    "RECEIVED",
	WaitsFor: "FULFILMENT",
}

// inReview is an order that waits for a decision; the first done reminders were sent.
func inReview(plan activities.ReviewPlan, done int) Standing {
	var coming []activities.Coming
	for _, at := range plan.Reminders[done:] {
		coming = append(coming, activities.Coming{Name: comingReviewReminder, At: at})
	}

	return Standing{
		Process:  standingOrder,
		State:    "NEEDS_REVIEW",
		WaitsFor: "REVIEW_DECISION",
		Until:    plan.Until,
		Coming:   append(coming, activities.Coming{Name: comingReviewEnd, At: plan.Until}),
	}
}

// inWindow is an order that was decided: it can be cancelled, or is at its end. A workflow
// that was started again does not know which end.
func (o *order) inWindow() Standing {
	cancelled := len(o.compensated) > 0
	switch {
	case o.status.Closed && cancelled:
		return Standing{Process: standingOrder, State: "CANCELLED"}
	case o.status.Closed && o.reviewed:
		return Standing{Process: standingOrder, State: "REJECTED"}
	case o.status.Closed:
		return Standing{}
	}

	s := Standing{
		Process:  standingOrder,
		State:    "FULFILLED",
		WaitsFor: "CANCELLATION_WINDOW",
		Until:    o.status.CancellableUntil,
		Coming:   []activities.Coming{{Name: comingWindowEnd, At: o.status.CancellableUntil}},
	}
	if cancelled {
		s.State = "PARTIALLY_CANCELLED"
	}

	return s
}

// invited is an invitation that was not accepted yet; the first done reminders were sent.
func (i *invitation) invited(done int) Standing {
	var coming []activities.Coming
	for _, r := range i.in.Reminders[done:] {
		name := comingReminder + strconv.Itoa(r.Day)
		coming = append(coming, activities.Coming{Name: name, At: r.At})
	}

	s := Standing{
		Process:  standingInvitation,
		State:    "SENT",
		WaitsFor: "ACCEPTANCE",
		Until:    i.in.ExpiresAt,
		Coming:   append(coming, activities.Coming{Name: comingExpiry, At: i.in.ExpiresAt}),
	}

	switch {
	case i.bounced:
		s.State, s.WaitsFor = "BOUNCED", "NEW_ADDRESS"
	case i.sending:
		s.State, s.WaitsFor = "ISSUED", "SENDING"
	}

	return s
}

// asTold is what the row of an RMA or a spare unit said with its newest status.
func asTold(process string, st activities.Status) Standing {
	return Standing{
		Process:  process,
		State:    st.State,
		WaitsFor: st.WaitsFor,
		Version:  st.Version,
		Coming:   st.Coming,
	}
}
