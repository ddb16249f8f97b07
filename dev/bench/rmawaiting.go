package bench

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// deliverAll takes as many RMAs as are to wait as far as the delivery, through the
// domains while no worker runs.
func (r *rmas) deliverAll(ctx context.Context) error {
	began := time.Now()
	agent := db.WithScope(ctx, db.Scope{
		System: true,
		Actor:  db.Actor{ID: "bench", Role: rules.OperatorAgent, OrgID: account.OperatorOrgID},
	})

	group, agent := errgroup.WithContext(agent)
	group.SetLimit(8)
	for range r.Waiting {
		d, err := r.take()
		if err != nil {
			return err
		}
		group.Go(func() error { return r.deliver(agent, d) })
	}

	if err := group.Wait(); err != nil {
		return err
	}

	r.say("%d RMAs are delivered, after %.0f s", r.Waiting, time.Since(began).Seconds())
	return nil
}

func (r *rmas) deliver(ctx context.Context, d *faulty) error {
	store := r.parts.stack.Domains
	made, err := store.Replacements.RequestRMA(ctx, replacement.NewRMA{
		Serial: d.serial,
		SiteID: d.site,
		Fault:  "waits",
	})
	if err != nil {
		return err
	}
	if _, err := store.Replacements.ApproveRMA(ctx, made.ID,
		replacement.RMAApproval{DefectConfirmed: true}); err != nil {
		return err
	}
	if _, err := store.Replacements.ShipRMA(ctx, made.ID, replacement.RMAShipment{
		Serial:   "NEW" + d.serial,
		Carrier:  carrierName,
		Tracking: "T" + d.serial,
	}); err != nil {
		return err
	}

	_, err = store.Replacements.RecordRMAFact(ctx, made.ID, rma.FactDelivered, time.Time{})
	return err
}

// hold keeps the last that the workflow of each is told for later, and marks all
// before it as told and the mails as sent.
func (r *rmas) hold(ctx context.Context) error {
	return r.exec(
		ctx,
		`UPDATE outbox_events
		SET delivered_at = created_at
		WHERE delivered_at IS NULL AND id NOT IN (
			SELECT max(id) FROM outbox_events WHERE delivered_at IS NULL GROUP BY subject_id
		)`,
		"UPDATE outbox_events SET due_at = '2100-01-01 00:00:00+00:00' WHERE delivered_at IS NULL",
		"UPDATE notifications SET state = 'SENT' WHERE state <> 'SENT'",
	)
}

// release has the relay start and tell the workflows, and waits until it has.
func (b *bench) release(ctx context.Context) error {
	if err := b.exec(
		ctx, "UPDATE outbox_events SET due_at = created_at WHERE delivered_at IS NULL",
	); err != nil {
		return err
	}

	pool, err := b.parts.stack.Domains.DB.Pool()
	if err != nil {
		return err
	}

	for told := time.Now(); ; sleep(ctx, 100*time.Millisecond) {
		var open int
		if err := pool.QueryRowContext(
			ctx, "SELECT count(*) FROM outbox_events WHERE delivered_at IS NULL",
		).Scan(&open); err != nil || open == 0 {
			return err
		}

		if time.Since(told) > 10*time.Second {
			told = time.Now()
			b.say("%d workflows are still to be told", open)
		}
	}
}

func (b *bench) exec(ctx context.Context, queries ...string) error {
	pool, err := b.parts.stack.Domains.DB.Pool()
	if err != nil {
		return err
	}

	for _, query := range queries {
		if _, err := pool.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}

	return nil
}
