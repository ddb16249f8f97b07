package worker

import (
	"context"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/workflows"
)

// followed is a kind of workflow whose rows decide: it is told a status.
type followed struct {
	title       string
	name        string
	begun, told db.OutboxKind
	input       func(id string, st *activities.Status) any
}

var (
	followedRMA = followed{"RMA ", workflows.RMAName, db.OutboxRMARequested, db.OutboxRMAChanged,
		func(id string, st *activities.Status) any {
			return workflows.RMAInput{RMAID: id, Status: st}
		}}
	followedSpare = followed{
		"Spare ", workflows.SpareName, db.OutboxSpareEarned, db.OutboxSpareChanged,
		func(id string, st *activities.Status) any {
			return workflows.SpareInput{SpareUnitID: id, Status: st}
		},
	}
)

// follow starts the workflow of an RMA or a spare unit, or tells it what a change
// means to it, or, for any other event, to try again. One that has ended, or that
// Temporal does not know any more, is started again.
func (r *relay) follow(ctx context.Context, f followed, id string, e db.OutboxEvent) error {
	o := r.options(id, f.title+e.SubjectID, e)
	if e.Kind != f.begun && e.Kind != f.told {
		return r.signalOrStart(ctx, o, workflows.SignalRetry, nil, f.name,
			f.input(e.SubjectID, nil))
	}

	status, err := db.ProcessStatusOf(e)
	if err != nil {
		return err
	}

	told := activities.StatusOf(status)
	if e.Kind == f.begun {
		return r.start(ctx, o, f.name, f.input(e.SubjectID, &told))
	}

	return r.signalOrStart(ctx, o, workflows.SignalChanged, told, f.name, f.input(e.SubjectID, nil))
}
