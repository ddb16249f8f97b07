package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
)

// review waits for an operator's decision, with reminders, and rejects the
// order when nobody decides in time (RULES 2). Then it reads the order again:
// a decision may have accepted or rejected it.
func (o *order) review(ctx workflow.Context) error {
	decided, err := o.awaitDecision(ctx)
	if err != nil {
		return err
	}

	if !decided {
		if err := o.reject(ctx); err != nil {
			return err
		}
	}

	for o.decided.ReceiveAsync(nil) {
	}
	return o.fulfil(ctx)
}

func (o *order) awaitDecision(ctx workflow.Context) (decided bool, err error) {
	o.reviewed = true
	plan := *o.status.Review
	for n, at := range plan.Reminders {
		o.show(ctx, inReview(plan, n))
		if decided, err := o.awaitUntil(ctx, at, o.decided, "Remind the operators"); decided ||
			err != nil {
			return decided, err
		}
		next := plan.Until
		if n+1 < len(plan.Reminders) {
			next = plan.Reminders[n+1]
		}
		if err := o.remind(ctx, n+1, next); err != nil {
			return false, err
		}
	}

	o.show(ctx, inReview(plan, len(plan.Reminders)))
	return o.awaitUntil(ctx, plan.Until, o.decided, "Reject the order, undecided")
}

func (o *order) remind(ctx workflow.Context, n int, next time.Time) error {
	err := o.runStep(ctx, "remind operators", func(ctx workflow.Context) error {
		in := activities.ReviewReminder{OrderID: o.id, N: n, Next: next}
		return workflow.ExecuteActivity(database(ctx, "Queue the reminder"),
			activities.NameRemindReview, in).Get(ctx, nil)
	})
	if err != nil {
		return err
	}

	o.sendMails(ctx, o.id, "Remind the operators")
	return nil
}

func (o *order) reject(ctx workflow.Context) error {
	return o.runStep(ctx, "reject", func(ctx workflow.Context) error {
		return workflow.ExecuteActivity(database(ctx, "Reject the undecided order"),
			activities.NameRejectOverdue, o.id).Get(ctx, nil)
	})
}
