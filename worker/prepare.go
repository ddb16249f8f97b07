package worker

import (
	"context"
	"errors"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"roomcover.dev/roomcover/workflows"
)

// SearchAttributes are the custom search attributes that the namespace needs.
func SearchAttributes() map[string]enums.IndexedValueType {
	return map[string]enums.IndexedValueType{
		workflows.AttributeSubject.GetName():  enums.INDEXED_VALUE_TYPE_KEYWORD,
		workflows.AttributeWaitsFor.GetName(): enums.INDEXED_VALUE_TYPE_KEYWORD,
		workflows.AttributeUntil.GetName():    enums.INDEXED_VALUE_TYPE_DATETIME,
	}
}

// prepare registers the search attributes and the sweep's schedule, and tries
// until Temporal answers: a worker that starts first waits.
func prepare(ctx context.Context, o Options) error {
	for {
		err := errors.Join(registerAttributes(ctx, o), createSchedule(ctx, o))
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}

		o.Log.Warn("Temporal is not ready; trying again", "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}

// registerAttributes adds the search attributes that are missing. A service
// that does not let us (Temporal Cloud) has them registered by hand; then a
// missing one shows when the first workflow starts.
func registerAttributes(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	known, err := o.Temporal.OperatorService().ListSearchAttributes(
		ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.Namespace},
	)
	if err != nil {
		return unlessDenied(o, err)
	}

	missing := map[string]enums.IndexedValueType{}
	for name, kind := range SearchAttributes() {
		if _, ok := known.GetCustomAttributes()[name]; !ok {
			missing[name] = kind
		}
	}

	if len(missing) == 0 {
		return nil
	}

	_, err = o.Temporal.OperatorService().
		AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace:        o.Namespace,
			SearchAttributes: missing,
		})
	return unlessDenied(o, err)
}

func unlessDenied(o Options, err error) error {
	var denied *serviceerror.PermissionDenied
	var unimplemented *serviceerror.Unimplemented
	if errors.As(err, &denied) || errors.As(err, &unimplemented) {
		o.Log.Warn("the search attributes must be registered by hand", "error", err)
		return nil
	}
	return err
}

// sweepID is the id of the daily sweep's schedule.
const sweepID = "daily-sweep"

// sweepEvery is how often (calendar) the sweep runs: hourly, so that each zone's
// midnight is followed soon, and at most every two real seconds in dev.
const sweepEvery = time.Hour

// createSchedule creates the daily sweep's schedule, or keeps the one there is
// and sets its interval.
func createSchedule(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{
		{Every: max(o.Domains.DB.Clock().RealDuration(sweepEvery), 2*time.Second)},
	}}

	_, err := o.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:            sweepID,
		Spec:          spec,
		Overlap:       enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: time.Hour,
		Action: &client.ScheduleWorkflowAction{
			ID:            sweepID,
			Workflow:      workflows.SweepName,
			TaskQueue:     workflows.QueueMain,
			StaticSummary: "Daily sweep",
		},
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}

	return o.Temporal.ScheduleClient().
		GetHandle(ctx, sweepID).
		Update(ctx, client.ScheduleUpdateOptions{
			DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
				s := in.Description.Schedule
				s.Spec = &spec
				return &client.ScheduleUpdate{Schedule: &s}, nil
			},
		})
}
