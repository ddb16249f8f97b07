package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// follower is a workflow whose rows decide: every change commits its rows first and
// tells here what follows, until when to wait, whether mails are queued, and
// whether it is over. Only a timer that fires needs a step.
type follower struct {
	*process
	id        string
	changed   workflow.ReceiveChannel
	status    activities.Status
	runTimers timersStep
	asked     int64 // version of the newest status for which the carrier was asked

	timer  workflow.Future // nil: none runs
	firing time.Time       // when it fires
	stop   workflow.CancelFunc
}

// timersStep does what is due at an instant, or looks what there is to do where
// that is zero; it gives the status that follows.
type timersStep func(ctx workflow.Context, at time.Time) workflow.Future

func newFollower(ctx workflow.Context, c clock.Clock, id string, runTimers timersStep) *follower {
	return &follower{
		process:   newProcess(ctx, c, id),
		id:        id,
		changed:   workflow.GetSignalChannel(ctx, SignalChanged),
		runTimers: runTimers,
	}
}

// run follows the rows until they are at their end; first is nil where nobody told
// how they stand.
func (f *follower) run(ctx workflow.Context, first *activities.Status) error {
	if first != nil {
		f.take(ctx, *first)
	} else if f.changed.Len() == 0 {
		if err := f.fire(ctx, time.Time{}); err != nil {
			return err
		}
	}

	for {
		f.setTimer(ctx)
		err := workflow.Await(ctx, func() bool {
			return f.changed.Len() > 0 || f.fired() || (f.status.Closed && f.sending == 0)
		})
		if err != nil {
			return err
		}

		switch told := f.listen(ctx); {
		case told:
		case f.fired():
			if err := f.fire(ctx, f.firing); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// listen takes over every status that was told.
func (f *follower) listen(ctx workflow.Context) (told bool) {
	var st activities.Status
	for f.changed.ReceiveAsync(&st) {
		f.take(ctx, st)
		told, st = true, activities.Status{}
	}
	return told
}

// take sends the mails that a change has queued, asks the carrier about parcels, and goes on by
// the newer status: signals may come twice and late.
func (f *follower) take(ctx workflow.Context, st activities.Status) {
	if st.Mails {
		f.sendMails(ctx, f.id, "Tell the customer")
	}
	if st.Parcels && st.Version > f.asked {
		f.asked = st.Version // whoever asks finds what was committed before, too
		f.askCarrier(ctx)
	}
	if st.Version > f.status.Version {
		f.status = st
	}
}

func (f *follower) fired() bool { return f.timer != nil && f.timer.IsReady() }

// setTimer has the timer wait for the status's instant; one that waits for it
// already goes on.
func (f *follower) setTimer(ctx workflow.Context) {
	at := f.status.At
	if f.timer != nil && (f.status.Leave || at != nil && f.firing.Equal(*at)) {
		return
	}

	if f.timer != nil {
		f.stop()
		f.timer = nil
	}
	if at == nil || f.status.Closed {
		return
	}

	ctx, f.stop = workflow.WithCancel(ctx)
	f.firing = *at
	f.timer = f.process.timer(ctx, *at, f.status.Timer)
}

// fire does what is due, and learns what is next.
func (f *follower) fire(ctx workflow.Context, at time.Time) error {
	f.timer = nil
	var st activities.Status
	err := f.step(ctx, "timer", func(ctx workflow.Context) error {
		st = activities.Status{}
		return f.runTimers(database(ctx, "Do what is due"), at).Get(ctx, &st)
	})
	if err == nil {
		f.take(ctx, st)
	}

	return err
}
