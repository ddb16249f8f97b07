package worker

import (
	"cmp"
	"context"
	"errors"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/workflows"
)

// Standing is what Temporal has of what the workers need there; see Setup, which makes it.
type Standing struct {
	Namespace bool
	Retention time.Duration // of the namespace
	// Short: the retention is shorter than the one that was asked for.
	Short    bool
	Schedule bool // of the sweep
	Paused   bool // somebody stopped the schedule
	Polled   bool // a worker has asked for steps of late
}

// lookPatience is how long Temporal may take for each question.
const lookPatience = 10 * time.Second

// Look reads what Temporal has of what the workers need, and changes nothing. An error says
// that Temporal does not answer, or refuses. Without a namespace nothing else is looked at.
func Look(ctx context.Context, o Options) (Standing, error) {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()

	var s Standing
	told, err := o.Temporal.WorkflowService().DescribeNamespace(ctx,
		&workflowservice.DescribeNamespaceRequest{Namespace: o.Namespace})
	var missing *serviceerror.NamespaceNotFound
	if errors.As(err, &missing) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	s.Namespace = true
	s.Retention = told.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	s.Short = s.Retention < cmp.Or(o.Retention, defaultRetention)

	if err := s.lookAtSchedule(ctx, o.Temporal); err != nil {
		return s, err
	}

	pollers, err := o.Temporal.DescribeTaskQueue(ctx, workflows.QueueMain,
		enums.TASK_QUEUE_TYPE_ACTIVITY)
	if err != nil {
		return s, err
	}
	for _, p := range pollers.GetPollers() {
		s.Polled = s.Polled || time.Since(p.GetLastAccessTime().AsTime()) < pollPatience
	}
	return s, nil
}

func (s *Standing) lookAtSchedule(ctx context.Context, temporal client.Client) error {
	schedule, err := temporal.ScheduleClient().GetHandle(ctx, sweepID).Describe(ctx)
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Schedule = true
	s.Paused = schedule.Schedule.State != nil && schedule.Schedule.State.Paused
	return nil
}
