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

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
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
	// Retention is how long Temporal keeps what has ended, in a namespace that the worker
	// makes; 0 means three days.
	Retention time.Duration
	// AuditHeads is the file that keeps the audit's heads; empty: none.
	AuditHeads string
	// Keep is how long what is over is kept.
	Keep db.Retention
	Log  *slog.Logger
	// StopTimeout is how long running activities may finish; 0 means 25 s.
	StopTimeout time.Duration
}

// The slots of a small machine. The cache keeps few workflows: one that waits
// for days costs a replay when it wakes, not memory until then.
const (
	cachedWorkflows = 200
	workflowSlots   = 20
	MainSlots       = 20 // of the main queue's activities
	MailSlots       = 10
	importSlots     = 100 // files in hand; how many work at once, activities.Imports decides
	carrierSlots    = 4
)

// deadlockTimeout is how long workflow code may run without a rest before the
// SDK calls it a deadlock and logs a panic. Ours never blocks, but a process that
// is paused or starved for a second while it replays looks the same to the SDK's
// default of one second.
const deadlockTimeout = 15 * time.Second

// Run works until the context ends, then lets running activities finish. It
// waits for Temporal where that is not up yet.
func Run(ctx context.Context, o Options) error {
	worker.SetStickyWorkflowCacheSize(cachedWorkflows)
	keeper := newCaretaker(o)
	if err := keeper.prepare(ctx); ctx.Err() != nil {
		return nil // told to stop before Temporal was ready
	} else if err != nil {
		return err
	}

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return o.runWorkers(ctx, keeper) })
	group.Go(func() error { return newRelay(o).relayEvents(ctx) })
	group.Go(func() error { return newWatch(o).watchRows(ctx) })
	group.Go(func() error { return keeper.keep(ctx) })

	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}

	return err
}

// runWorkers runs the workers until the context ends, then lets running activities finish.
// A worker gives up when Temporal tells it for minutes that its namespace is not there;
// then all of them start again, once everything is back.
func (o Options) runWorkers(ctx context.Context, keeper *caretaker) error {
	for {
		gaveUp := make(chan error, 1)
		workers, err := startWorkers(o.workers(func(err error) {
			select {
			case gaveUp <- err:
			default: // one is enough
			}
		}))

		var missing *serviceerror.NamespaceNotFound
		switch {
		case errors.As(err, &missing):
			gaveUp <- err
		case err != nil:
			return err
		}

		select {
		case <-ctx.Done():
			stop(workers)
			return ctx.Err()
		case err := <-gaveUp:
			o.Log.Error("a worker gave up; all start again", "error", err)
			stop(workers)
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
func (o Options) workers(gaveUp func(error)) []worker.Worker {
	main := o.worker(workflows.QueueMain, MainSlots, false, gaveUp)
	Register(main, o)
	mails := o.worker(workflows.QueueMail, MailSlots, true, gaveUp)

	mails.RegisterActivity(&activities.Mail{
		DB:            o.Domains.DB,
		Programs:      o.Domains.Programs,
		Notifications: o.Domains.Notifications,
		People:        o.Domains.People,
		Sender:        o.Sender,
		PortalURL:     o.PortalURL,
		Log:           o.Log,
	})

	imports := o.worker(workflows.QueueImport, importSlots, true, gaveUp)
	imports.RegisterActivity(&activities.Imports{
		DB:           o.Domains.DB,
		Programs:     o.Domains.Programs,
		Jobs:         o.Domains.Jobs,
		Accounts:     o.Domains.Accounts,
		Entitlements: o.Domains.Entitlements,
		Orders:       o.Domains.Orders,
	})

	parcels := o.worker(workflows.QueueCarrier, carrierSlots, true, gaveUp)
	parcels.RegisterActivity(&activities.Parcels{
		Logistics: o.Domains.Logistics,
		Carrier:   o.Carrier,
		Name:      o.CarrierName,
	})

	return []worker.Worker{main, mails, imports, parcels}
}

func (o Options) worker(
	queue string, slots int, activitiesOnly bool, gaveUp func(error),
) worker.Worker {
	tuned := Tuning(slots, activitiesOnly)
	tuned.WorkerStopTimeout = cmp.Or(o.StopTimeout, 25*time.Second)
	tuned.Interceptors = []interceptor.WorkerInterceptor{Interceptor(o)}
	tuned.OnFatalError = gaveUp
	return worker.New(o.Temporal, queue, tuned)
}

// Tuning are the slots and pollers of a queue's worker; the benchmark's floor
// works with the same.
func Tuning(slots int, activitiesOnly bool) worker.Options {
	return worker.Options{
		MaxConcurrentActivityExecutionSize:     slots,
		MaxConcurrentWorkflowTaskExecutionSize: workflowSlots,
		MaxConcurrentActivityTaskPollers:       2,
		MaxConcurrentWorkflowTaskPollers:       2,
		DisableWorkflowWorker:                  activitiesOnly,
		DeadlockDetectionTimeout:               deadlockTimeout,
	}
}

// Interceptor watches over every activity of a worker: panics and failures that
// go on reach an operator.
func Interceptor(o Options) interceptor.WorkerInterceptor {
	return &alert{db: o.Domains.DB, operations: o.Domains.Operations, log: o.Log}
}

// registry is where workflows and activities are registered: a worker, a test
// environment or a replayer.
type registry interface {
	RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions)
}

// RegisterWorkflows registers every workflow under its name.
func RegisterWorkflows(r registry, c clock.Clock) {
	for name, w := range map[string]any{
		workflows.OrderName:      workflows.Order{Clock: c}.Run,
		workflows.InvitationName: workflows.Invitation{Clock: c}.Run,
		workflows.MailName:       workflows.Mail{Clock: c}.Run,
		workflows.ImportName:     workflows.Import{Clock: c}.Run,
		workflows.SweepName:      workflows.DailySweep,
		workflows.RMAName:        workflows.RMA{Clock: c}.Run,
		workflows.SpareName:      workflows.Spare{Clock: c}.Run,
	} {
		r.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: name})
	}
}

// Register registers the workflows and the activities of the main queue.
func Register(w interface {
	registry
	RegisterActivity(a any)
	RegisterActivityWithOptions(a any, o activity.RegisterOptions)
}, o Options) {
	RegisterWorkflows(w, o.Domains.DB.Clock())
	w.RegisterActivity(&activities.Fulfilment{Orders: o.Domains.Orders})
	w.RegisterActivity(&activities.Invitations{People: o.Domains.People})
	w.RegisterActivity(&activities.Tasks{DB: o.Domains.DB, Operations: o.Domains.Operations})

	w.RegisterActivity(&activities.Sweeps{
		Programs:     o.Domains.Programs,
		Replacements: o.Domains.Replacements,
		Operations:   o.Domains.Operations,
	})

	w.RegisterActivity(&activities.RMAs{DB: o.Domains.DB, Replacements: o.Domains.Replacements})
	w.RegisterActivity(&activities.Spares{DB: o.Domains.DB, Replacements: o.Domains.Replacements})

	// An invitation or an order hands its mails over on the main queue too.
	w.RegisterActivityWithOptions(
		(&activities.Mail{Notifications: o.Domains.Notifications}).GiveUp,
		activity.RegisterOptions{Name: "GiveUp"},
	)
}
