package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/worker"
	"roomcover.dev/roomcover/workflows"
)

// The floor's task queues, of the same number and settings as the stack's.
const (
	floorMain = "floor"
	floorMail = "floor-mail"
)

// floorSteps: the last activity of each of the two workflows.
const floorSteps = 2

// floor is the two workflows of a normal order with all work left out: the
// same events, payloads and summaries, no database, HTTP or SMTP.
type floor struct {
	client  client.Client
	tracker *tracker
}

// Order has the shape of the order's workflow.
func (f *floor) Order(ctx workflow.Context, in workflows.OrderInput) error {
	var status activities.OrderStatus
	if err := workflow.ExecuteActivity(
		step(ctx, floorMain, "Create account, contracts and licenses"), f.Fulfil, in.OrderID,
	).Get(ctx, &status); err != nil {
		return err
	}

	mails := workflow.ExecuteActivity(step(ctx, floorMail, "Send the order's mails"), f.SendMails,
		activities.SendMails{Key: in.OrderID})
	return errors.Join(
		wait(ctx, status.CancellableUntil, "Cancellation window"), mails.Get(ctx, nil),
	)
}

// Invitation has the shape of the invitation's workflow.
func (f *floor) Invitation(ctx workflow.Context, in workflows.InvitationInput) error {
	mails := workflow.ExecuteActivity(step(ctx, floorMail, "Send the invitation"), f.SendMails,
		activities.SendMails{Key: in.InvitationID})
	return errors.Join(wait(ctx, in.ExpiresAt, "Reminder"), mails.Get(ctx, nil))
}

func step(ctx workflow.Context, queue, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           queue,
		StartToCloseTimeout: time.Minute,
		Summary:             summary,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        time.Second,
			BackoffCoefficient:     2,
			MaximumInterval:        time.Hour,
			NonRetryableErrorTypes: []string{activities.ErrorRefused, "PanicError"},
		},
	})
}

func wait(ctx workflow.Context, until time.Time, summary string) error {
	return workflow.NewTimerWithOptions(ctx, until.Sub(workflow.Now(ctx)),
		workflow.TimerOptions{Summary: summary}).Get(ctx, nil)
}

// Fulfil does nothing and answers what the real one does.
func (f *floor) Fulfil(context.Context, string) (activities.OrderStatus, error) {
	return activities.OrderStatus{CancellableUntil: time.Now().UTC().AddDate(0, 0, 7)}, nil
}

// SendMails sends nothing and tells the tracker that a workflow has done its
// last activity.
func (f *floor) SendMails(
	_ context.Context, in activities.SendMails,
) (activities.MailsSent, error) {
	f.tracker.step(in.Key[len(floorPrefix):])
	return activities.MailsSent{Sent: 3}, nil
}

// floorPrefix makes the ids as long as the real ones.
const floorPrefix = "ord_01jdfloorfloorfloor"

// start starts both workflows of an order.
func (f *floor) start(ctx context.Context, key string) error {
	id, now := floorPrefix+key, time.Now().UTC()
	in := workflows.InvitationInput{InvitationID: id, ExpiresAt: now.AddDate(0, 0, 30)}
	for _, day := range []int{7, 21, 28} {
		in.Reminders = append(in.Reminders, workflows.InvitationReminder{
			Day: day,
			At:  now.AddDate(0, 0, day),
		})
	}

	if err := f.execute(ctx, "floor-order/"+id, "Order "+id, f.Order,
		workflows.OrderInput{OrderID: id}); err != nil {
		return err
	}

	return f.execute(ctx, "floor-invitation/"+id, "Invitation "+id, f.Invitation, in)
}

func (f *floor) execute(ctx context.Context, id, summary string, run, in any) error {
	_, err := f.client.ExecuteWorkflow(ctx, startOptions(floorMain, id, summary), run, in)
	return err
}

// startOptions are those with which the relay starts a workflow.
func startOptions(queue, id, summary string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:               id,
		TaskQueue:        queue,
		StaticSummary:    summary,
		EnableEagerStart: true,
	}
}

// runFloor has the floor's workers running while run is called.
func (p *parts) runFloor(_ context.Context, run func(load) error) error {
	f := &floor{client: p.client, tracker: p.tracker}
	tuning := worker.DefaultTuning()
	main := sdkworker.New(p.client, floorMain, tuning.Options(tuning.MainSlots, false))
	mails := sdkworker.New(p.client, floorMail, tuning.Options(tuning.MailSlots, true))
	main.RegisterWorkflowWithOptions(f.Order, workflow.RegisterOptions{Name: "FloorOrder"})
	main.RegisterWorkflowWithOptions(
		f.Invitation, workflow.RegisterOptions{Name: "FloorInvitation"},
	)
	main.RegisterActivityWithOptions(f.Fulfil, activity.RegisterOptions{Name: "Fulfil"})
	mails.RegisterActivityWithOptions(f.SendMails, activity.RegisterOptions{Name: "SendMails"})

	for _, w := range []sdkworker.Worker{main, mails} {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start the floor's workers: %w", err)
		}
		defer w.Stop()
	}

	return run(func(
		ctx context.Context, name string, n, concurrency int, begun func(),
	) (time.Duration, error) {
		return p.tracker.run(ctx, name, n, concurrency, floorSteps, begun, f.start)
	})
}
