package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	rule "roomcover.dev/roomcover/rules/ticket"
)

// ticketsPerAccount are about the one room of an account, under one licence.
const ticketsPerAccount = 50

// RunTickets measures what a worker costs while Options.Waiting tickets wait for their clocks, and
// nothing else. It leaves nothing behind.
func RunTickets(ctx context.Context, o Options) (Report, error) {
	return measure(ctx, o, "ticket", func(b *bench) []func(context.Context) error {
		b.subject = subject{stack: b.parts.orders} // an order shows that a worker is up
		return []func(context.Context) error{b.openTickets, b.holdTickets, b.waitingTickets}
	})
}

// openTickets opens the tickets through the domains while no worker runs.
func (b *bench) openTickets(ctx context.Context) error {
	if b.Waiting == 0 {
		return errors.New("tickets are measured while they wait: say how many do")
	}
	if err := b.parts.stack.StopWorker(); err != nil {
		return err
	}
	system := db.WithSystem(ctx)
	seller, err := b.parts.seller(system)
	if err != nil {
		return err
	}

	began := time.Now()
	group, inGroup := errgroup.WithContext(system)
	group.SetLimit(8)
	for first := 0; first < b.Waiting; first += ticketsPerAccount {
		group.Go(func() error {
			_, roomID, err := b.openRoom(inGroup, seller, fmt.Sprintf("t%d", first))
			if err != nil {
				return err
			}
			return b.openTicketsAbout(inGroup, roomID, min(ticketsPerAccount, b.Waiting-first))
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	b.say("%d tickets are open, after %.0f s", b.Waiting, time.Since(began).Seconds())
	return nil
}

// openTicketsAbout opens tickets of the least severity, whose clocks run out after the measure.
func (b *bench) openTicketsAbout(ctx context.Context, roomID string, n int) error {
	agent := db.WithScope(ctx, db.Scope{
		System: true,
		Actor:  db.Actor{ID: "bench", Role: rules.OperatorAgent, OrgID: account.OperatorOrgID},
	})
	for i := range n {
		if _, err := b.parts.stack.Domains.Tickets.Open(agent, ticket.NewTicket{
			RoomID:   roomID,
			Category: rule.Question,
			Usable:   rule.UsableYes,
			Summary:  fmt.Sprintf("Question %d", i),
			Text:     "Where is the manual?",
		}); err != nil {
			return err
		}
	}
	return nil
}

// holdTickets keeps what starts the workflow of each for later, and marks all else as told and the
// mails as sent.
func (b *bench) holdTickets(ctx context.Context) error {
	return b.exec(
		ctx,
		`UPDATE outbox_events
		SET delivered_at = created_at
		WHERE delivered_at IS NULL AND kind <> 'ticket.start'`,
		"UPDATE outbox_events SET due_at = '2100-01-01 00:00:00+00:00' WHERE delivered_at IS NULL",
		"UPDATE notifications SET state = 'SENT' WHERE state <> 'SENT'",
	)
}

// waitingTickets has a worker of its own process start the workflows, and looks at it while they
// wait.
func (b *bench) waitingTickets(ctx context.Context) error {
	return b.whileWaiting(ctx, func() error { return b.release(ctx) })
}
