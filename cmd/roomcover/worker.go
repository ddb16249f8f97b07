package main

import (
	"context"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/server"
	cloud "roomcover.dev/roomcover/sync"
	"roomcover.dev/roomcover/worker"
)

// workerCommand runs the workflows.
type workerCommand struct{}

// Help is shown by --help.
func (workerCommand) Help() string {
	return `Runs the workflows and their steps, the relay that tells workflows what the
database has committed, the daily sweep and the mails. Everything it needs to
know comes from the environment; see docs/operations.md. Several may run at
once. It waits for Temporal where that is not up yet. With
ROOMCOVER_WORKER_METRICS_LISTEN it serves /healthz, /readyz and /metrics. It looks
after its namespace and schedule in Temporal, and puts back what is gone.
It does not start with dangerous settings (roomcover config check names them). On
SIGTERM it takes no new work, finishes the steps under way and exits with 0.

Examples:
  roomcover worker
  ROOMCOVER_WORKER_METRICS_LISTEN=:9090 roomcover worker`
}

// Run works until ctx ends.
func (workerCommand) Run(ctx context.Context, a *app) error {
	c, log, err := safeSettings(a)
	if err != nil {
		return err
	}

	stopTracing, err := startTracing(ctx, "worker", log)
	if err != nil {
		return err
	}
	defer stopTracing()

	statement := c.Timeouts.WorkerStatement
	run := func(_ context.Context, d *domains.Domains) error {
		return work(ctx, c, d, log)
	}
	return a.onTimedDatabase(ctx, c, log, statement, run)
}

func work(ctx context.Context, c config.Config, d *domains.Domains, log *slog.Logger) error {
	registry := server.NewRegistry(d, log)
	temporal, err := newTemporal(c, log, server.TemporalMetrics(registry))
	if err != nil {
		return err
	}
	defer temporal.Close()

	sender, err := newSender(c)
	if err != nil {
		return err
	}
	defer sender.Close()

	parcels, err := newCarrier(c.Carrier)
	if err != nil {
		return err
	}

	scanner, err := newScanner(c)
	if err != nil {
		return settingsError{err}
	}

	vendor, err := newSync(c)
	if err != nil {
		return settingsError{err}
	}

	polling := &worker.Polling{}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		log.Info("working", "version", versionText(), "temporal", c.Temporal.Address, "namespace",
			c.Temporal.Namespace)
		defer log.Info("stopped")

		return stopped(ctx, worker.Run(ctx, worker.Options{
			Domains:     d,
			Temporal:    temporal,
			Sender:      sender,
			Namespace:   c.Temporal.Namespace,
			Retention:   c.Temporal.Retention,
			PortalURL:   c.PublicURL,
			Carrier:     parcels,
			CarrierName: c.Carrier.Name,
			Scanner:     scanner,
			Sync:        vendor,
			Meetings:    newMeetings(c),
			AuditHeads:  c.AuditHeads,
			Keep:        db.Retention(c.Keep),
			Log:         log,
			StopTimeout: c.StopTimeout,
			Polling:     polling,
			Tuning: worker.Tuning{
				WorkflowSlots:   c.Tuning.WorkflowSlots,
				MainSlots:       c.Tuning.DatabaseSlots,
				MailSlots:       c.Tuning.MailSlots,
				CarrierSlots:    c.Tuning.CarrierSlots,
				Pollers:         c.Tuning.Pollers,
				CachedWorkflows: c.Tuning.CachedWorkflows,
			},
		}))
	})

	if c.Metrics.Worker != "" {
		group.Go(func() error {
			measured := server.Metrics(d, registry, log, polling.Ready)
			return listen(ctx, c, c.Metrics.Worker, measured, log)
		})
	}

	return group.Wait()
}

// newCarrier speaks to the carrier that the environment names; nothing does where it
// names none.
func newCarrier(c config.Carrier) (carrier.Carrier, error) {
	if c.URL == "" {
		return noCarrier, nil
	}

	client, err := carrier.NewClient(carrier.Options{URL: c.URL, APIKey: c.APIKey})
	if err != nil {
		return noCarrier, settingsError{err}
	}

	return client, nil
}

// newScanner speaks to the scanner that the environment names; nothing scans where it names
// none.
func newScanner(c config.Config) (attachment.Scanner, error) {
	if c.Clamd == "" {
		return nil, nil
	}
	clamd, err := attachment.NewClamd(c.Clamd, attachment.ScanTimeout)
	if err != nil {
		return nil, fmt.Errorf("ROOMCOVER_CLAMD: %w", err)
	}
	return clamd, nil
}

// newSync asks Sync in the regions that the environment names; nobody is asked where it names none.
func newSync(c config.Config) (rooms.Vendor, error) {
	if len(c.SyncRegions) == 0 {
		return nil, nil
	}
	client, err := cloud.NewClient(cloud.Options{Regions: c.SyncRegions})
	if err != nil {
		return nil, fmt.Errorf("ROOMCOVER_SYNC_REGIONS: %w", err)
	}
	return client, nil
}

// noCarrier says that parcels are handed in by people.
var noCarrier carrier.Carrier

// stopped makes the end that was asked for a success.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && context.Cause(ctx) == context.Canceled && err != nil {
		return nil
	}
	return err
}
