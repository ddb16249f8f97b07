package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// Invitation is the workflow of one invitation (RULES 2): it sends the mail,
// reminds on d+7, d+21 and d+28, and ends at the end of local day d+30 (R121)
// or when the invitation is accepted, superseded or revoked.
type Invitation struct {
	Clock clock.Clock
	Words Words
	Gate  Gate
}

type invitation struct {
	*process
	in     InvitationInput
	closed workflow.ReceiveChannel

	// For people who look at the workflow.
	reminded int // reminders that came
	sending  bool
	bounced  bool
}

// Run is the workflow's function.
func (w Invitation) Run(ctx workflow.Context, in InvitationInput) error {
	i := &invitation{
		process: newProcess(ctx, w.Clock, w.Words, w.Gate, in.InvitationID),
		in:      in,
		closed:  workflow.GetSignalChannel(ctx, SignalClosed),
	}

	i.sending = true
	i.mailsDone = func(ctx workflow.Context, failed bool) {
		i.sending, i.bounced = false, failed
		i.show(ctx, i.invited(i.reminded))
	}
	i.show(ctx, i.invited(0))
	i.sendMails(ctx, in.InvitationID, "Send the invitation")
	if err := i.wait(ctx); err != nil {
		return err
	}
	for i.closed.ReceiveAsync(nil) { // it was heeded; a signal left behind is a warning in the log
	}
	return i.awaitBackground(ctx)
}

// wait goes through the reminders to the expiry; each may find the invitation
// closed.
func (i *invitation) wait(ctx workflow.Context) error {
	for n, r := range i.in.Reminders {
		if closed, err := i.awaitUntil(ctx, r.At, i.closed, "Reminder"); closed || err != nil {
			return err
		}
		if live, err := i.remind(ctx, r.Day, i.wakesAfter(n)); !live || err != nil {
			return err
		}
		i.reminded++
		i.show(ctx, i.invited(i.reminded))
	}

	if closed, err := i.awaitUntil(ctx, i.in.ExpiresAt, i.closed, "Invitation validity"); closed ||
		err != nil {
		return err
	}

	return i.runUntilClosed(ctx, "expire", func(ctx workflow.Context) error {
		return workflow.ExecuteActivity(database(ctx, "Expire the invitation"),
			activities.NameExpireInvitation, i.in.InvitationID).Get(ctx, nil)
	})
}

// wakesAfter is when the workflow has to do something after its n-th reminder, from 0.
func (i *invitation) wakesAfter(n int) time.Time {
	if n+1 < len(i.in.Reminders) {
		return i.in.Reminders[n+1].At
	}
	return i.in.ExpiresAt
}

// remind reminds, and reports whether anybody can still accept.
func (i *invitation) remind(
	ctx workflow.Context, day int, next time.Time,
) (live bool, err error) {
	var status activities.InvitationStatus
	err = i.runUntilClosed(ctx, "remind", func(ctx workflow.Context) error {
		in := activities.InvitationReminder{InvitationID: i.in.InvitationID, Day: day, Next: next}
		return workflow.ExecuteActivity(database(ctx, "Queue the reminder"),
			activities.NameRemindInvitation, in).Get(ctx, &status)
	})
	if err != nil || !status.Live {
		return false, err
	}

	i.sendMails(ctx, i.in.InvitationID, "Send the reminder")
	return true, nil
}

// runUntilClosed is runStep for a step that nobody needs any more once the invitation is
// closed, also while it waits for an operator.
func (i *invitation) runUntilClosed(
	ctx workflow.Context, name string, run func(workflow.Context) error,
) error {
	listens := false
	closed := func() bool { return listens && i.closed.Len() > 0 }
	return i.runStepOr(ctx, name, func(ctx workflow.Context) error {
		if closed() {
			return nil
		}

		err := run(ctx)
		listens = listens || err != nil && i.listensWhenStuck(ctx)
		return err
	}, closed)
}
