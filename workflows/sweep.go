package workflows

import (
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
)

// DailySweep starts, expires and reminds contracts (S1, S3, S5). A Temporal
// Schedule runs it; contract terms of years are not held open as workflows.
func DailySweep(ctx workflow.Context) (activities.Sweep, error) {
	var a *activities.Sweeps
	var out activities.Sweep
	err := workflow.ExecuteActivity(lengthy(ctx, QueueMain, "Start, expire and remind contracts"), a.SweepContracts).Get(ctx, &out)
	return out, err
}
