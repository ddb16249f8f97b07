package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
)

// retries are the pauses between the attempts at a step. A refusal or a panic
// is not tried again: it would fail the same way for ever.
func retries(first, most time.Duration) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval:        first,
		BackoffCoefficient:     2,
		MaximumInterval:        most,
		NonRetryableErrorTypes: []string{activities.ErrorRefused, activities.ErrorPanic},
	}
}

// database are the options of a step that only needs the database: it is tried
// for as long as it takes, and an operator is told when it takes long (by the
// worker's interceptor). The pauses stay short: an outage that is over should
// cost no more than half a minute.
func database(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 30 * time.Second,
		Summary:             summary,
		RetryPolicy:         retries(time.Second, 30*time.Second),
	})
}

// large are the options of a step that only needs the database and may write many
// thousands of rows in one transaction: it says by heartbeats that it still lives, so
// that one whose worker died is tried again as soon as any other.
func large(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Minute,
		HeartbeatTimeout:    30 * time.Second,
		Summary:             summary,
		RetryPolicy:         retries(time.Second, 30*time.Second),
	})
}

// mailing are the options of sending mails: three days of attempts with
// growing pauses (RULES 3), which the activity itself asks for.
func mailing(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueMail,
		StartToCloseTimeout:    activities.MailLease,
		ScheduleToCloseTimeout: 72 * time.Hour,
		Summary:                summary,
		RetryPolicy:            retries(5*time.Second, time.Hour),
	})
}

// carrying are the options of asking the carrier: it is tried for as long as it
// takes, with pauses that the activity itself asks for.
func carrying(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueCarrier,
		StartToCloseTimeout: activities.CarrierLease,
		Summary:             summary,
		RetryPolicy:         retries(5*time.Second, 5*time.Minute),
	})
}

// lengthy are the options of a step that works through many rows and says by
// heartbeats that it still lives.
func lengthy(ctx workflow.Context, queue, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           queue,
		StartToCloseTimeout: 12 * time.Hour, // a file takes turns with others'
		HeartbeatTimeout:    time.Minute,
		Summary:             summary,
		RetryPolicy:         retries(time.Second, 5*time.Minute),
	})
}
