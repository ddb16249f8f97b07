package worker

import (
	"context"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/workflows"
)

// followed is a kind of workflow whose rows decide: each change signals it a status.
type followed struct {
	title   string
	name    string
	begun   db.OutboxKind
	changed db.OutboxKind
	input   func(id string, st *activities.Status) any
}

var (
	followedRMA = followed{
		title:   "RMA",
		name:    workflows.RMAName,
		begun:   db.OutboxRMARequested,
		changed: db.OutboxRMAChanged,
		input: func(id string, st *activities.Status) any {
			return workflows.RMAInput{RMAID: id, Status: st}
		},
	}
	followedSpare = followed{
		title:   "Spare",
		name:    workflows.SpareName,
		begun:   db.OutboxSpareEarned,
		changed: db.OutboxSpareChanged,
		input: func(id string, st *activities.Status) any {
			return workflows.SpareInput{SpareUnitID: id, Status: st}
		},
	}
	followedTicket = followed{
		title:   "Ticket",
		name:    workflows.TicketName,
		begun:   db.OutboxTicketOpened,
		changed: db.OutboxTicketChanged,
		input: func(id string, st *activities.Status) any {
			return workflows.TicketInput{TicketID: id, Status: st}
		},
	}
)

// sendHeldMails has the workflow of a ticket send the mails that were held for what else
// happened. Their event is a subject of its own, so that nothing else waits for it.
func (r *relay) sendHeldMails(ctx context.Context, e db.OutboxEvent) error {
	id := e.Payload[db.PayloadTicket]
	o := r.options(workflowID(e.Kind, id), followedTicket.title, e)
	return r.signalOrStart(ctx, o, workflows.SignalChanged, activities.Status{Mails: true},
		followedTicket.name, followedTicket.input(id, nil))
}

// informFollower starts the workflow of an RMA, a spare unit or a ticket, or signals what a change
// means to it, or, for any other event, has it try again. It starts one again that has
// ended or that Temporal does not know any more.
func (r *relay) informFollower(ctx context.Context, f followed, id string, e db.OutboxEvent) error {
	o := r.options(id, f.title, e)
	if e.Kind != f.begun && e.Kind != f.changed {
		return r.signalOrStart(ctx, o, workflows.SignalRetry, nil, f.name,
			f.input(e.SubjectID, nil))
	}

	status, err := db.ProcessStatusOf(e)
	if err != nil {
		return err
	}

	changed := activities.StatusOf(status)
	if e.Kind == f.begun {
		return r.startWorkflow(ctx, o, f.name, f.input(e.SubjectID, &changed))
	}

	return r.signalOrStart(ctx, o, workflows.SignalChanged, changed, f.name,
		f.input(e.SubjectID, nil))
}
