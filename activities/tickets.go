package activities

import (
	"context"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/ticket"
)

// Tickets are the steps of a ticket.
type Tickets struct {
	DB      *db.DB
	Tickets *ticket.Tickets
}

// TicketTimer names a timer that has fired; a zero At asks what there is to do.
type TicketTimer struct {
	TicketID string
	At       time.Time `json:",omitzero"`
}

// RunTicketTimers does what is due for a ticket, and returns what is next.
func (a *Tickets) RunTicketTimers(ctx context.Context, in TicketTimer) (Status, error) {
	if a.DB.Clock().Now().Before(in.At) {
		return Status{}, errTooEarly
	}
	st, err := a.Tickets.RunTicketTimers(system(ctx), in.TicketID)
	return StatusOf(st), failed(err)
}
