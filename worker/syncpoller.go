package worker

import (
	"context"
	"log/slog"
	"time"

	"roomcover.dev/roomcover/models/db"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/models/ticket"
)

// poller asks customers' Sync how their rooms are (S29). Rows say who is due when, so that several
// workers ask once, and one that is killed leaves what it had begun to the next.
type poller struct {
	sync    *rooms.Sync
	tickets *ticket.Tickets
	vendor  rooms.Vendor
	log     *slog.Logger
}

// roomsPause is how long a connection that is due waits for a worker to look.
const roomsPause = 5 * time.Second

func newPoller(o Options) *poller {
	return &poller{
		sync:    o.Domains.Sync,
		tickets: o.Domains.Tickets,
		vendor:  o.Sync,
		log:     o.Log,
	}
}

// pollRooms asks for what is due until the context ends.
func (p *poller) pollRooms(ctx context.Context) error {
	for {
		_, err := p.sync.PollDue(db.WithSystem(ctx), p.vendor)
		if err != nil && ctx.Err() == nil {
			p.log.Error("customers' Sync cannot be asked how their rooms are", "error", err)
		}
		_, err = p.sync.TellPeople(db.WithSystem(ctx))
		if err != nil && ctx.Err() == nil {
			p.log.Error("people cannot be told of their rooms", "error", err)
		}
		_, err = p.tickets.NoteRecoveries(db.WithSystem(ctx))
		if err != nil && ctx.Err() == nil {
			p.log.Error("tickets cannot be told that their rooms are well again", "error", err)
		}
		if err := pause(ctx, roomsPause); err != nil {
			return err
		}
	}
}
