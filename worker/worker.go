// Package worker runs the workflows and activities, the relay that tells
// workflows what the database has committed, the schedule of the daily sweep,
// and the watch over what does not move on. Several workers may run at once.
package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/sso"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/workflows"
)

// Options are what a worker works with.
type Options struct {
	Domains   *domains.Domains
	Temporal  client.Client
	Sender    activities.Sender
	Namespace string
	PortalURL string
	// Carrier is where parcels are booked, under the name that its rows have for it;
	// nil: people hand them in.
	Carrier     carrier.Carrier
	CarrierName string
	// Scanner looks for harmful programs in attachments; nil: nothing does. The domains have
	// to know of it, too.
	Scanner attachment.Scanner
	// Sync is what knows the rooms of customers who have connected it; nil: nobody asks it.
	Sync rooms.Vendor
	// Meetings make the links of sessions; none: agents paste them.
	Meetings Meetings
	// Retention is how long Temporal keeps what has ended, in a namespace that the worker
	// makes; 0 means 30 days.
	Retention time.Duration
	// AuditHeads is the file that keeps the audit's heads; empty: none.
	AuditHeads string
	// Keep is how long what is over is kept.
	Keep db.Retention
	Log  *slog.Logger
	// Polling is told when the workers begin and end to poll; nil: nobody asks.
	Polling *Polling
	// Tuning is how much is done at once; what is 0 has its default.
	Tuning Tuning
	// Records looks up what proves companies' mail domains; nil: the machine's name service.
	Records sso.Records
	// LocalProviders lets a company's identity provider be on this machine, without TLS: for
	// development.
	LocalProviders bool
	// StopTimeout is how long running activities may finish; 0 means 25 s.
	StopTimeout time.Duration

	gate workflows.Gate // of steps that are new; nil: open
}

// Run works until the context ends, then lets running activities finish. It
// waits for Temporal where that is not up yet.
func Run(ctx context.Context, o Options) error {
	o.Tuning = o.Tuning.withDefaults()
	worker.SetStickyWorkflowCacheSize(o.Tuning.CachedWorkflows)
	keeper := newCaretaker(o)
	if err := keeper.prepare(ctx); ctx.Err() != nil {
		return nil // told to stop before Temporal was ready
	} else if err != nil {
		return err
	}

	steps := newStepGate(o)
	steps.look(ctx)
	o.gate = steps.open

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return steps.watch(ctx) })
	group.Go(func() error { return o.runWorkers(ctx, keeper, o.workers) })
	group.Go(func() error { return newRelay(o).relayEvents(ctx) })
	group.Go(func() error { return newWatch(o).watchRows(ctx) })
	group.Go(func() error { return newWatch(o).pruneRows(ctx) })
	group.Go(func() error { return newWatch(o).answerPersons(ctx) })
	if o.Sync != nil {
		group.Go(func() error { return newPoller(o).pollRooms(ctx) })
	}
	for range filesAtOnce {
		group.Go(func() error { return newExaminer(o).examineFiles(ctx) })
	}
	group.Go(func() error { return newOrganizer(o).arrangeMeetings(ctx) })
	group.Go(func() error { return keeper.keep(ctx) })

	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}

	return err
}

// runWorkers runs the workers until the context ends, then lets running activities finish.
// A worker gives up when Temporal refuses its polls for minutes. Where the namespace is not
// there, all of them start again, once everything is back; any other reason is an error, so
// that the process ends: one that lives and takes no work would be worse.
func (o Options) runWorkers(
	ctx context.Context, keeper *caretaker,
	build func(identity string, gaveUp func(error)) []worker.Worker,
) error {
	for {
		gaveUp := make(chan error, 1)
		identity := newIdentity()
		workers, err := startWorkers(build(identity, func(err error) {
			select {
			case gaveUp <- err:
			default: // one is enough
			}
		}))

		switch {
		case namespaceMissing(err):
			gaveUp <- err
		case err != nil:
			return err
		default:
			o.Polling.began(o.Temporal, identity)
		}

		select {
		case <-ctx.Done():
			o.Polling.ended()
			stop(workers)
			return ctx.Err()
		case err := <-gaveUp:
			o.Polling.ended()
			stop(workers)
			if !namespaceMissing(err) {
				return fmt.Errorf("a worker gave up: %w", err)
			}
			o.Log.Error("a worker gave up; all start again", "error", err)
		}

		if err := keeper.prepare(ctx); err != nil {
			return err
		}
	}
}

// startWorkers starts all of the workers or none.
func startWorkers(workers []worker.Worker) ([]worker.Worker, error) {
	for i, w := range workers {
		if err := w.Start(); err != nil {
			stop(workers[:i])
			return nil, fmt.Errorf("start a worker: %w", err)
		}
	}
	return workers, nil
}

// stop stops the workers at once: each takes nothing more, and has StopTimeout for what it
// does.
func stop(workers []worker.Worker) {
	var stopping sync.WaitGroup
	for _, w := range workers {
		stopping.Go(w.Stop)
	}
	stopping.Wait()
}

// workers are one per task queue: workflows and database steps, mail, imports, the
// carrier. gaveUp is told when one of them cannot go on.
func (o Options) workers(identity string, gaveUp func(error)) []worker.Worker {
	build := func(queue string, slots int, activitiesOnly bool) worker.Worker {
		tuned := o.Tuning.Options(slots, activitiesOnly)
		tuned.Identity = identity
		tuned.WorkerStopTimeout = cmp.Or(o.StopTimeout, 25*time.Second)
		tuned.Interceptors = []interceptor.WorkerInterceptor{Interceptor(o)}
		tuned.OnFatalError = gaveUp
		return worker.New(o.Temporal, queue, tuned)
	}

	main := build(workflows.QueueMain, o.Tuning.MainSlots, false)
	Register(main, o)

	mails := build(workflows.QueueMail, o.Tuning.MailSlots, true)
	registerActivities(mails, o.mailActivities())
	imports := build(workflows.QueueImport, importSlots, true)
	registerActivities(imports, o.importActivities())
	parcels := build(workflows.QueueCarrier, o.Tuning.CarrierSlots, true)
	registerActivities(parcels, o.carrierActivities())

	return []worker.Worker{main, mails, imports, parcels}
}

// Interceptor watches over every activity of a worker: panics and failures that
// go on reach an operator.
func Interceptor(o Options) interceptor.WorkerInterceptor {
	return &alert{db: o.Domains.DB, operations: o.Domains.Operations, log: o.Log}
}
