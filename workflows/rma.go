package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// RMA is the workflow of one RMA (RULES 2). Every change commits its rows first and
// tells here what follows: until when to wait, whether mails are queued, and whether
// it is over. Only a timer that fires needs a step. A unit that comes back after the
// end, or an appeal, starts it again.
type RMA struct{ Clock clock.Clock }

// RMAInput names the RMA, with its status where that is known.
type RMAInput struct {
	RMAID  string
	Status *activities.RMAStatus `json:",omitempty"`
}

type rma struct {
	*process
	id      string
	changed workflow.ReceiveChannel
	status  activities.RMAStatus

	timer  workflow.Future // nil: none runs
	firing time.Time       // when it fires
	stop   workflow.CancelFunc
}

// Run is the workflow's function.
func (w RMA) Run(ctx workflow.Context, in RMAInput) error {
	r := &rma{process: newProcess(ctx, w.Clock, in.RMAID), id: in.RMAID, changed: workflow.GetSignalChannel(ctx, SignalChanged)}
	if in.Status != nil {
		r.take(ctx, *in.Status)
	} else if r.changed.Len() == 0 {
		if err := r.runTimers(ctx, time.Time{}); err != nil {
			return err
		}
	}
	for {
		r.setTimer(ctx)
		err := workflow.Await(ctx, func() bool { return r.changed.Len() > 0 || r.fired() || (r.status.Closed && r.sending == 0) })
		if err != nil {
			return err
		}
		switch told := r.listen(ctx); {
		case told:
		case r.fired():
			if err := r.runTimers(ctx, r.firing); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// listen takes over every status that was told.
func (r *rma) listen(ctx workflow.Context) (told bool) {
	var st activities.RMAStatus
	for r.changed.ReceiveAsync(&st) {
		r.take(ctx, st)
		told, st = true, activities.RMAStatus{}
	}
	return told
}

// take sends the mails that a change has queued, and goes on by the newer status:
// signals may come twice and late.
func (r *rma) take(ctx workflow.Context, st activities.RMAStatus) {
	if st.Mails {
		r.sendMails(ctx, r.id, "Tell the customer")
	}
	if st.Version > r.status.Version {
		r.status = st
	}
}

func (r *rma) fired() bool { return r.timer != nil && r.timer.IsReady() }

// setTimer has the timer wait for the status's instant; one that waits for it
// already goes on.
func (r *rma) setTimer(ctx workflow.Context) {
	at := r.status.At
	if r.timer != nil && at != nil && r.firing.Equal(*at) {
		return
	}
	if r.timer != nil {
		r.stop()
		r.timer = nil
	}
	if at == nil || r.status.Closed {
		return
	}
	ctx, r.stop = workflow.WithCancel(ctx)
	r.firing = *at
	r.timer = r.process.timer(ctx, *at, r.status.Timer)
}

// runTimers does what is due, and learns what is next.
func (r *rma) runTimers(ctx workflow.Context, at time.Time) error {
	r.timer = nil
	var a *activities.RMAs
	var st activities.RMAStatus
	err := r.step(ctx, "timer", func(ctx workflow.Context) error {
		st = activities.RMAStatus{}
		return workflow.ExecuteActivity(database(ctx, "Do what is due"), a.RunTimers, activities.RMATimer{RMAID: r.id, At: at}).Get(ctx, &st)
	})
	if err == nil {
		r.take(ctx, st)
	}
	return err
}
