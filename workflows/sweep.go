package workflows

import (
	"errors"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
)

// DailySweep starts, expires and reminds contracts (S1, S3, S5), and then looks after the
// calendars (C3). A Temporal Schedule runs it; contract terms of years are not held open as
// workflows.
func DailySweep(ctx workflow.Context) (activities.Sweep, error) {
	var out activities.Sweep
	err := workflow.ExecuteActivity(
		lengthy(ctx, QueueMain, "Start, expire and remind contracts"),
		activities.NameSweepContracts,
	).Get(ctx, &out)
	if err != nil && workflow.GetVersion(ctx, "calendars-all-the-same",
		workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return out, err
	}
	if workflow.GetVersion(ctx, "calendars",
		workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return out, err
	}

	return out, errors.Join(err, workflow.ExecuteActivity(
		database(ctx, "Load holidays, and look for calendars that lack something"),
		activities.NameSweepCalendars,
	).Get(ctx, nil))
}
