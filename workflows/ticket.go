package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
)

// Ticket is the workflow of one support ticket (RULES 2): it waits for the earliest of a
// clock's warning and breach, a reminder and the ends that come by themselves.
type Ticket struct {
	Clock clock.Clock
	Words Words
	Gate  Gate
}

// TicketInput names the ticket, with its status where that is known.
type TicketInput struct {
	TicketID string
	Status   *activities.Status `json:",omitempty"`
}

// Run is the workflow's function.
func (w Ticket) Run(ctx workflow.Context, in TicketInput) error {
	return newFollower(ctx, w.Clock, w.Words, w.Gate, standingTicket, in.TicketID, func(
		ctx workflow.Context, at time.Time,
	) workflow.Future {
		return workflow.ExecuteActivity(ctx, activities.NameRunTicketTimers, activities.TicketTimer{
			TicketID: in.TicketID,
			At:       at,
		})
	}).follow(ctx, in.Status)
}
