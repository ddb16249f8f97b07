package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// follower is a workflow whose rows decide: every change commits its rows first and
// signals here what follows, until when to wait, whether mails are queued, and
// whether it is over. Only a timer that fires needs a step.
type follower struct {
	*process
	id        string
	name      string // of its chart
	changed   workflow.ReceiveChannel
	status    activities.Status
	runTimers timersStep

	carrierVersion int64 // of the newest status for which the carrier was asked
	toldMails      bool  // a status told that there are mails

	timer  workflow.Future // nil: none runs
	firing time.Time       // when it fires
	stop   workflow.CancelFunc
}

// timersStep does what is due at an instant, or looks for what there is to do where
// that is zero; it returns the status that follows.
type timersStep func(ctx workflow.Context, at time.Time) workflow.Future

func newFollower(
	ctx workflow.Context, c clock.Clock, words Words, gate Gate, name, id string,
	runTimers timersStep,
) *follower {
	return &follower{
		name:      name,
		process:   newProcess(ctx, c, words, gate, id),
		id:        id,
		changed:   workflow.GetSignalChannel(ctx, SignalChanged),
		runTimers: runTimers,
	}
}

// follow follows the rows until they are at their end; first is nil where their status
// is not known.
func (f *follower) follow(ctx workflow.Context, first *activities.Status) error {
	if first != nil {
		f.adoptStatus(ctx, *first)
	} else {
		f.receiveStatuses(ctx)
		if f.status.Version == 0 && f.asksAtFirst(ctx) {
			if err := f.fireTimer(ctx, time.Time{}); err != nil {
				return err
			}
		}
	}

	for {
		f.setTimer(ctx)
		err := workflow.Await(ctx, func() bool {
			return f.changed.Len() > 0 || f.fired() || (f.status.Closed && f.background == 0)
		})
		if err != nil {
			return err
		}

		switch received := f.receiveStatuses(ctx); {
		case received:
		case f.fired():
			if err := f.fireTimer(ctx, f.firing); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// asksAtFirst reports whether a workflow asks the rows that was begun without a status. Who began
// it may have told that there are mails, and came before who tells what to wait for: that one
// finds a workflow that runs, and is not heard. Under an earlier release it was not asked then.
func (f *follower) asksAtFirst(ctx workflow.Context) bool {
	return !f.toldMails || f.takesStep(ctx, "asks the rows behind mails")
}

// receiveStatuses adopts every status that was signalled, and reports whether there
// was one.
func (f *follower) receiveStatuses(ctx workflow.Context) (received bool) {
	var st activities.Status
	for f.changed.ReceiveAsync(&st) {
		f.adoptStatus(ctx, st)
		received = true
		st = activities.Status{}
	}
	return received
}

// adoptStatus sends the mails that a change has queued, asks the carrier about parcels,
// and goes on by the newer status: signals may come twice and late.
func (f *follower) adoptStatus(ctx workflow.Context, st activities.Status) {
	if st.Mails {
		f.toldMails = true
		f.sendMails(ctx, f.id, "Tell the customer")
	}
	if st.Parcels && st.Version > f.carrierVersion {
		f.carrierVersion = st.Version // one request covers what was committed before, too
		f.askCarrier(ctx)
	}
	if st.Version > f.status.Version {
		f.status = st
		f.show(ctx, asTold(f.name, st))
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

// fireTimer does what is due, and learns what is next. While that fails for good, changes
// are heard: their mails are sent and the carrier is asked, and each may have mended what
// failed, so it is tried again.
func (f *follower) fireTimer(ctx workflow.Context, at time.Time) error {
	f.timer = nil
	var st activities.Status
	listens := false
	err := f.runStepOr(ctx, "timer", func(ctx workflow.Context) error {
		if listens {
			f.receiveStatuses(ctx)
		}

		st = activities.Status{}
		err := f.runTimers(database(ctx, "Do what is due"), at).Get(ctx, &st)
		listens = listens || err != nil && f.listensWhenStuck(ctx)
		return err
	}, func() bool { return listens && f.changed.Len() > 0 })
	if err != nil {
		return err
	}

	f.adoptStatus(ctx, st)
	return nil
}
