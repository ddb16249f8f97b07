package workflows

import (
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
)

// compensate runs what a cancellation still has to do, each step in a
// disconnected context, so that it ends even when the workflow is cancelled.
// The same cancellation again does nothing. Spares (S9) and RMAs (S10) become
// further steps here.
func (o *order) compensate(ctx workflow.Context, cancellationID string) error {
	if o.compensated[cancellationID] {
		return nil
	}

	// never cancelled: its mails go on after this function
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	var result activities.Compensation

	err := o.runStep(ctx, "compensate", func(ctx workflow.Context) error {
		return workflow.ExecuteActivity(large(ctx, "Withdraw what the order gave"),
			activities.NameCompensateCancellation, cancellationID).Get(ctx, &result)
	})
	if err != nil {
		return err
	}

	o.compensated[cancellationID] = true
	o.status.Closed = o.status.Closed || result.Closed
	o.show(ctx, o.inWindow())
	o.sendMails(ctx, o.id, "Tell the parties of the cancellation")
	return nil
}
