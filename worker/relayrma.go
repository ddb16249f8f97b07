package worker

import (
	"context"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/workflows"
)

// tellRMA starts the workflow of an RMA, or tells it what a change means to it. One
// that has ended, or that Temporal does not know any more, is started again.
func (r *relay) tellRMA(ctx context.Context, id string, e models.OutboxEvent) error {
	o, in := r.options(id, "RMA "+e.SubjectID, e), workflows.RMAInput{RMAID: e.SubjectID}
	if e.Kind == models.OutboxRMARetried {
		return r.signalOrStart(ctx, o, workflows.SignalRetry, nil, workflows.RMAName, in)
	}
	status, err := models.ProcessStatusOf(e)
	if err != nil {
		return err
	}
	told := activities.StatusOf(status)
	if e.Kind == models.OutboxRMARequested {
		in.Status = &told
		return r.start(ctx, o, workflows.RMAName, in)
	}
	return r.signalOrStart(ctx, o, workflows.SignalChanged, told, workflows.RMAName, in)
}
