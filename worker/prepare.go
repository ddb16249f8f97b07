package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/durationpb"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/workflows"
)

// caretaker looks after what the workers need in Temporal: the namespace and the
// sweep's schedule. Both go with Temporal's data, and neither comes back by itself.
type caretaker struct {
	options Options
	pause   time.Duration // between two looks

	mu   sync.Mutex // one look at a time
	lost bool       // something was made anew: the workflows may be gone with what was there
	made bool       // something ever was
}

// The workers look after Temporal once a minute, and sooner again where a look failed: a
// namespace that was just made is not known everywhere at once.
const (
	keepPause  = time.Minute
	retryPause = 5 * time.Second
)

func newCaretaker(o Options) *caretaker { return &caretaker{options: o, pause: keepPause} }

// Setup puts the namespace with its retention and the sweep's schedule in place, once, and
// reports whether anything was missing: then everything under way is told to go on. A
// namespace that is there gets the retention where its own is shorter. It changes nothing
// the second time.
func Setup(ctx context.Context, o Options) (made bool, err error) {
	c := newCaretaker(o)
	if err := c.lookAfter(ctx, putSchedule); err != nil {
		return c.made, err
	}
	return c.made, extendRetention(ctx, o)
}

// extendRetention raises the retention of the namespace to the one that was asked for.
func extendRetention(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()

	want := cmp.Or(o.Retention, defaultRetention)
	told, err := o.Temporal.WorkflowService().DescribeNamespace(ctx,
		&workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	if err != nil {
		return err
	}
	if told.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration() >= want {
		return nil
	}

	_, err = o.Temporal.WorkflowService().UpdateNamespace(ctx,
		&workflowservice.UpdateNamespaceRequest{
			Namespace: o.Namespace,
			Config: &namespace.NamespaceConfig{
				WorkflowExecutionRetentionTtl: durationpb.New(want),
			},
		})
	if err != nil {
		return fmt.Errorf("the retention of %s cannot be set: %w", o.Namespace, err)
	}
	return nil
}

// prepare puts everything in place, and tries until Temporal answers: a worker that starts
// first waits.
func (c *caretaker) prepare(ctx context.Context) error {
	for {
		err := c.lookAfter(ctx, putSchedule)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}

		c.options.Log.Warn("Temporal is not ready; trying again", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}

// keep puts back what is gone, once a minute until the context ends.
func (c *caretaker) keep(ctx context.Context) error {
	pause := c.pause
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}

		pause = c.pause
		if err := c.lookAfter(ctx, keepSchedule); err != nil && ctx.Err() == nil {
			c.options.Log.Warn("Temporal cannot be looked after", "error", err)
			pause = min(pause, retryPause)
		}
	}
}

// lookAfter makes what is missing. Where the namespace or the schedule had to be made,
// Temporal is new or has lost its data: then everything under way is told to go on, which
// starts the workflows that are gone.
func (c *caretaker) lookAfter(
	ctx context.Context, schedule func(context.Context, Options) (made bool, err error),
) error {
	c.mu.Lock()
	defer c.mu.Unlock()

	made, err := registerNamespace(ctx, c.options)
	c.lost = c.lost || made
	if err != nil {
		return err
	}

	made, err = schedule(ctx, c.options)
	c.lost = c.lost || made
	c.made = c.made || c.lost
	if err != nil || !c.lost {
		return err
	}

	told, err := c.options.Domains.Operations.RestartProcesses(db.WithSystem(ctx))
	if err != nil {
		return err
	}

	c.lost = false
	c.options.Log.Warn("Temporal was new or had lost its data; everything was told to go on",
		"namespace", c.options.Namespace, "processes", told)
	return nil
}

// registerNamespace makes the namespace where there is none. A service that does not let
// us (Temporal Cloud) has it made by hand.
func registerNamespace(ctx context.Context, o Options) (made bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()

	service := o.Temporal.WorkflowService()
	_, err = service.DescribeNamespace(ctx,
		&workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	var missing *serviceerror.NamespaceNotFound
	if !errors.As(err, &missing) {
		return false, err
	}

	_, err = service.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        o.Namespace,
		Description:                      "Roomcover",
		WorkflowExecutionRetentionPeriod: durationpb.New(cmp.Or(o.Retention, defaultRetention)),
	})
	var there *serviceerror.NamespaceAlreadyExists
	if errors.As(err, &there) {
		return false, nil // another worker was first
	}
	if err != nil {
		return false, fmt.Errorf("the namespace %s is not there and cannot be made: %w",
			o.Namespace, err)
	}

	return true, nil
}

// defaultRetention is long enough to look at what has ended; the rows keep the rest.
const defaultRetention = 30 * 24 * time.Hour

// sweepID is the id of the daily sweep's schedule.
const sweepID = "daily-sweep"

// sweepEvery is how often (calendar) the sweep runs: hourly, so that each zone's
// midnight is followed soon, and at most every two real seconds in dev.
const sweepEvery = time.Hour

// keepSchedule creates the daily sweep's schedule where it is missing, and lets the one
// there is stand.
func keepSchedule(ctx context.Context, o Options) (made bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()

	_, err = o.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:            sweepID,
		Spec:          *sweepSpec(o),
		Overlap:       enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: time.Hour,
		Action: &client.ScheduleWorkflowAction{
			ID:            sweepID,
			Workflow:      workflows.SweepName,
			TaskQueue:     workflows.QueueMain,
			StaticSummary: "Daily sweep",
		},
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return false, nil
	}

	return err == nil, err
}

// putSchedule is keepSchedule that also sets the interval of a schedule that is there.
func putSchedule(ctx context.Context, o Options) (made bool, err error) {
	made, err = keepSchedule(ctx, o)
	if err != nil || made {
		return made, err
	}

	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return false, o.Temporal.ScheduleClient().
		GetHandle(ctx, sweepID).
		Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				s := in.Description.Schedule
				s.Spec = sweepSpec(o)
				return &client.ScheduleUpdate{Schedule: &s}, nil
			},
		})
}

func sweepSpec(o Options) *client.ScheduleSpec {
	every := max(o.Domains.DB.Clock().RealDuration(sweepEvery), 2*time.Second)
	return &client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}}
}
