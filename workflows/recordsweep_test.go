//go:build record

package workflows_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/workflows"
)

// TestRecordFailedSweeps records the daily sweep whose first step fails for good, as it is and as
// it was before it looked after the calendars all the same.
func TestRecordFailedSweeps(t *testing.T) {
	address := os.Getenv(recordAddress)
	require.NotEmpty(t, address, "%s must name a Temporal server", recordAddress)
	t.Run("now", func(t *testing.T) {
		recordFailedSweep(t, address, "sweep_failed", workflows.DailySweep)
	})
	t.Run("before", func(t *testing.T) {
		recordFailedSweep(t, address, "sweep_failed_before", dailySweepBefore)
	})
}

func recordFailedSweep(t *testing.T, address, name string, sweep any) {
	c, err := client.Dial(client.Options{
		HostPort:  address,
		Namespace: "roomcover",
		Logger:    sdklog.NewStructuredLogger(quiet),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)

	w := sdkworker.New(c, workflows.QueueMain, sdkworker.Options{})
	w.RegisterWorkflowWithOptions(sweep, workflow.RegisterOptions{Name: workflows.SweepName})
	w.RegisterActivityWithOptions(func(context.Context) (activities.Sweep, error) {
		return activities.Sweep{}, temporal.NewNonRetryableApplicationError("STATE_CONFLICT",
			activities.ErrorRefused, nil)
	}, activity.RegisterOptions{Name: activities.NameSweepContracts})
	w.RegisterActivityWithOptions(func(context.Context) error { return nil },
		activity.RegisterOptions{Name: activities.NameSweepCalendars})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID:        name,
		TaskQueue: workflows.QueueMain,
	}, workflows.SweepName)
	require.NoError(t, err)
	s := &studio{client: c, bench: &bench{t: t}}
	s.save(name, name, func(events []*historypb.HistoryEvent) bool {
		last := len(events) - 1
		return last >= 0 &&
			events[last].EventType == enums.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
	})
}

// dailySweepBefore is the sweep of the releases in which a first step that failed kept the second
// from running.
func dailySweepBefore(ctx workflow.Context) (activities.Sweep, error) {
	database := func(ctx workflow.Context, summary string) workflow.Context {
		return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue:           workflows.QueueMain,
			StartToCloseTimeout: 12 * time.Hour,
			Summary:             summary,
		})
	}

	var out activities.Sweep
	err := workflow.ExecuteActivity(database(ctx, "Start, expire and remind contracts"),
		activities.NameSweepContracts).Get(ctx, &out)
	if err != nil || workflow.GetVersion(ctx, "calendars",
		workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return out, err
	}
	return out, workflow.ExecuteActivity(
		database(ctx, "Load holidays, and look for calendars that lack something"),
		activities.NameSweepCalendars).Get(ctx, nil)
}
