package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// process is what the long workflows share: the calendar, mails sent in the
// background, and steps that never fail in silence.
type process struct {
	clock   clock.Clock
	subject string
	retry   workflow.ReceiveChannel

	gate  Gate
	steps map[string]bool // what this run takes of the steps that are new, see takesStep

	retriesTaken    int  // by steps that waited for one
	stuck           int  // steps that wait for an operator
	background      int  // senders and carrier requests under way
	carrierRequests int  // how often the carrier was to be asked
	carrierBusy     bool // it is being asked

	// For people who look at the workflow, see show.
	words      Words // nil: nobody looks
	standing   Standing
	stuckSteps []string
	mailsDone  func(ctx workflow.Context, failed bool) // nil: nobody wants to know
}

func newProcess(
	ctx workflow.Context, c clock.Clock, words Words, gate Gate, subject string,
) *process {
	return &process{
		gate:    gate,
		steps:   map[string]bool{},
		clock:   c,
		words:   words,
		subject: subject,
		retry:   workflow.GetSignalChannel(ctx, SignalRetry),
	}
}

// runStep runs a step until it succeeds. When it fails for good, an operator gets
// a task, and the step waits for the operator's retry. An error means that the
// workflow was cancelled.
func (p *process) runStep(
	ctx workflow.Context, name string, run func(workflow.Context) error,
) error {
	return p.runStepOr(ctx, name, run, func() bool { return false })
}

// runStepOr is runStep for a step that also runs again once again reports true.
func (p *process) runStepOr(
	ctx workflow.Context, name string, run func(workflow.Context) error, again func() bool,
) error {
	byItself := false // an operator was asked, and it ran again without
	for {
		err := run(ctx)
		if err == nil && byItself && p.stuck == 0 && p.listensWhenStuck(ctx) {
			return p.settleTask(ctx)
		}
		if err == nil || temporal.IsCanceledError(err) {
			return err
		}

		p.forgetRetries()
		if err := p.raiseTask(ctx, name, err); err != nil {
			return err
		}

		// A retry is for every step that waits for one.
		p.stuck++
		p.stuckSteps = append(p.stuckSteps, name)
		p.showAgain(ctx)
		seen := p.retriesTaken
		err = workflow.Await(ctx, func() bool {
			return p.retry.Len() > 0 || p.retriesTaken > seen || again()
		})
		p.stuck--
		i := slices.Index(p.stuckSteps, name)
		p.stuckSteps = slices.Delete(p.stuckSteps, i, i+1)
		p.showAgain(ctx)
		if err != nil {
			return err
		}

		byItself = p.retry.Len() == 0 && p.retriesTaken == seen
		if p.retry.Len() > 0 {
			p.retriesTaken++
		}

		p.forgetRetries()
	}
}

// settleTask closes the task for a step that nobody's retry made go on.
func (p *process) settleTask(ctx workflow.Context) error {
	return workflow.ExecuteActivity(database(ctx, "Close the task: it went on by itself"),
		activities.NameSettleStuck, p.subject).Get(ctx, nil)
}

// listensWhenStuck reports whether a process hears, while a step of it waits for an
// operator, of what else happens to its subject. One that got stuck under an earlier release
// does not: its history says so.
func (p *process) listensWhenStuck(ctx workflow.Context) bool {
	return p.takesStep(ctx, "listens when stuck")
}

// forgetRetries drops the retries that came while no step waited for one.
func (p *process) forgetRetries() {
	for p.retry.ReceiveAsync(nil) {
	}
}

// raiseTask gives an operator a task that says what failed.
func (p *process) raiseTask(ctx workflow.Context, step string, cause error) error {
	in := activities.Stuck{SubjectID: p.subject, Step: step, Reason: reasonOf(cause)}
	return workflow.ExecuteActivity(database(ctx, "Ask an operator for help"),
		activities.NameRaiseStuck, in).Get(ctx, nil)
}

// reasonOf is the cause, a rule's code where there is one. What a panic says
// stays in the log: it may hold anything.
func reasonOf(err error) string {
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	var panicked *temporal.PanicError
	switch {
	case errors.As(err, &panicked):
		return "the step panicked; the log has the trace"
	case errors.As(err, &app):
		return app.Message()
	case errors.As(err, &timeout):
		return "no success in the time allowed"
	}

	return err.Error()
}

// clockSkew is how far the database's clock may be ahead of Temporal's: a mail that was
// queued for a sender has been queued before it begins, give or take.
const clockSkew = 10 * time.Minute

// sendMails sends the queued mails of a key in the background; awaitBackground
// waits for all of them. What cannot be sent in three days is given up: an operator gets a
// task for each such mail. What was queued since has a sender of its own.
func (p *process) sendMails(ctx workflow.Context, key, summary string) {
	p.background++
	queuedBefore := p.clock.Calendar(workflow.Now(ctx).Add(clockSkew))
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { p.background-- }()
		var sent activities.MailsSent
		err := workflow.ExecuteActivity(mailing(ctx, summary), activities.NameSendMails,
			activities.SendMails{Key: key}).Get(ctx, &sent)
		if p.mailsDone != nil {
			p.mailsDone(ctx, err != nil || sent.Refused > 0)
		}
		if err == nil || temporal.IsCanceledError(err) {
			return
		}

		give := activities.GiveUpMails{
			Key:          key,
			Reason:       reasonOf(err),
			QueuedBefore: queuedBefore,
		}
		_ = p.runStep(ctx, "give up mails", func(ctx workflow.Context) error {
			return workflow.ExecuteActivity(database(ctx, "Hand the mails to an operator"),
				activities.NameGiveUpMails, give).Get(ctx, nil)
		})
	})
}

// askCarrier has the carrier asked about the subject's parcels in the background, by
// one step at a time: it finds out itself what there is to book, to label or to call
// off. It is tried for as long as it takes; where the carrier refuses for good, an
// operator is asked, and it is tried again after a retry or the next change.
func (p *process) askCarrier(ctx workflow.Context) {
	p.carrierRequests++
	if p.carrierBusy {
		return
	}

	p.carrierBusy = true
	p.background++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() {
			p.background--
			p.carrierBusy = false
		}()
		for served := 0; served < p.carrierRequests; {
			inFlight := 0
			err := p.runStepOr(ctx, "carrier", func(ctx workflow.Context) error {
				inFlight = p.carrierRequests
				in := activities.ParcelsOf{SubjectID: p.subject}
				return workflow.ExecuteActivity(carrying(ctx, "Ask the carrier"),
					activities.NameSettleParcels, in).Get(ctx, nil)
			}, func() bool { return p.carrierRequests > inFlight })
			if err != nil {
				return // the workflow was cancelled
			}

			served = inFlight
		}
	})
}

// awaitBackground waits until no mail and no request to the carrier is under way.
func (p *process) awaitBackground(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return p.background == 0 })
}

// awaitUntil waits until the calendar reaches the instant or the channel has a
// signal, which it leaves there; it reports whether there is one.
func (p *process) awaitUntil(
	ctx workflow.Context, at time.Time, c workflow.ReceiveChannel, summary string,
) (signalled bool, err error) {
	timerCtx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := p.timer(timerCtx, at, summary)
	err = workflow.Await(ctx, func() bool { return c.Len() > 0 || timer.IsReady() })
	return c.Len() > 0, err
}

// timer fires when the calendar reaches the instant.
func (p *process) timer(ctx workflow.Context, until time.Time, summary string) workflow.Future {
	return workflow.NewTimerWithOptions(ctx, p.clock.RealUntil(workflow.Now(ctx), until),
		workflow.TimerOptions{Summary: summary})
}
