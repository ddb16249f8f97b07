package worker

import (
	"context"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models"
	"roomcover.dev/roomcover/workflows"
)

// followed is a kind of workflow whose rows decide: it is told a status.
type followed struct {
	title       string
	name        string
	begun, told models.OutboxKind
	input       func(id string, st *activities.Status) any
}

var (
	followedRMA = followed{"RMA ", workflows.RMAName, models.OutboxRMARequested, models.OutboxRMAChanged,
		func(id string, st *activities.Status) any { return workflows.RMAInput{RMAID: id, Status: st} }}
	followedSpare = followed{"Spare ", workflows.SpareName, models.OutboxSpareEarned, models.OutboxSpareChanged,
		func(id string, st *activities.Status) any { return workflows.SpareInput{SpareUnitID: id, Status: st} }}
)

// follow starts the workflow of an RMA or a spare unit, or tells it what a change
// means to it, or, for any other event, to try again. One that has ended, or that
// Temporal does not know any more, is started again.
func (r *relay) follow(ctx context.Context, f followed, id string, e models.OutboxEvent) error {
	o := r.options(id, f.title+e.SubjectID, e)
	if e.Kind != f.begun && e.Kind != f.told {
		return r.signalOrStart(ctx, o, workflows.SignalRetry, nil, f.name, f.input(e.SubjectID, nil))
	}
	status, err := models.ProcessStatusOf(e)
	if err != nil {
		return err
	}
	told := activities.StatusOf(status)
	if e.Kind == f.begun {
		return r.start(ctx, o, f.name, f.input(e.SubjectID, &told))
	}
	return r.signalOrStart(ctx, o, workflows.SignalChanged, told, f.name, f.input(e.SubjectID, nil))
}
