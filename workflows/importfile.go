package workflows

import (
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// Import is the workflow of one file, of orders or of rooms (S35). Its activity goes on
// where a kill left it.
type Import struct {
	Clock clock.Clock
	Words Words
	Gate  Gate
}

// Run is the workflow's function.
func (w Import) Run(ctx workflow.Context, in ImportInput) error {
	p := newProcess(ctx, w.Clock, w.Words, w.Gate, in.JobID)
	p.show(ctx, Standing{Process: standingImport})
	err := p.runStep(ctx, "import", func(ctx workflow.Context) error {
		return workflow.ExecuteActivity(
			lengthy(ctx, QueueImport, "Check and store the file's rows"),
			activities.NameRunImport, in.JobID,
		).Get(ctx, nil)
	})

	p.forgetRetries() // one started it; a signal left behind is a warning in the log
	return err
}
