package workflows

import (
	"hash/fnv"
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// Order is the workflow of one order (RULES 2): review, fulfilment, mails, and
// the cancellation window to the end of its last local day. It can be started
// again at any time: the order's row says where it stands.
type Order struct {
	Clock clock.Clock
	Words Words
	Gate  Gate
}

type order struct {
	*process
	id          string
	decided     workflow.ReceiveChannel
	cancelled   workflow.ReceiveChannel
	status      activities.OrderStatus
	compensated map[string]bool
	reviewed    bool
}

// Run is the workflow's function.
func (w Order) Run(ctx workflow.Context, in OrderInput) error {
	o := &order{
		process:     newProcess(ctx, w.Clock, w.Words, w.Gate, in.OrderID),
		id:          in.OrderID,
		compensated: map[string]bool{},
		decided:     workflow.GetSignalChannel(ctx, SignalDecided),
		cancelled:   workflow.GetSignalChannel(ctx, SignalCancelled),
	}

	o.show(ctx, orderFulfilling)
	if err := o.fulfil(ctx); err != nil {
		return err
	}

	for o.status.Review != nil {
		if err := o.review(ctx); err != nil {
			return err
		}
	}

	o.sendMails(ctx, o.id, "Send the order's mails")
	return o.window(ctx)
}

// fulfil turns the accepted order into contracts, and learns what is next.
func (o *order) fulfil(ctx workflow.Context) error {
	return o.runStep(ctx, "fulfil", func(ctx workflow.Context) error {
		o.status = activities.OrderStatus{}
		return workflow.ExecuteActivity(large(ctx, "Create account, contracts and licenses"),
			activities.NameFulfil, o.id).Get(ctx, &o.status)
	})
}

// windowsEndWithin is how long after its window an order's workflow may end. A day's orders of a
// country have one midnight, of which Temporal would have to tell tens of thousands of workflows
// in one second; the orders' rows refuse a cancellation from then on, and nothing else waits.
const windowsEndWithin = 30 * time.Minute

// pastWindow is how long after its window the workflow of an order ends: by its id, the same
// each time.
func pastWindow(orderID string) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(orderID))
	return time.Duration(h.Sum32()) % (windowsEndWithin / time.Second) * time.Second
}

// window waits out the cancellation window and runs the cancellations that
// were committed in it, however late they are told: the API accepted them in
// time. The workflow ends when the window is over, or the whole order is
// cancelled, and no mail is under way any more.
func (o *order) window(ctx workflow.Context) error {
	o.show(ctx, o.inWindow())
	for _, id := range o.status.Cancellations {
		if err := o.compensate(ctx, id); err != nil {
			return err
		}
	}

	timerCtx, cancelTimer := workflow.WithCancel(ctx)
	defer cancelTimer()
	over := func() bool { return true }

	if !o.status.Closed {
		until := o.status.CancellableUntil.Add(pastWindow(o.id))
		timer := o.timer(timerCtx, until, "Cancellation window")
		over = func() bool { return o.status.Closed || timer.IsReady() }
	}

	for {
		err := workflow.Await(ctx, func() bool {
			return o.cancelled.Len() > 0 || (over() && o.background == 0)
		})
		var signal CancellationSignal
		if err != nil || !o.cancelled.ReceiveAsync(&signal) {
			return err
		}
		if err := o.compensate(ctx, signal.CancellationID); err != nil {
			return err
		}
	}
}
