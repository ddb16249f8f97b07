package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/worker"
)

type temporalCommands struct {
	Setup     temporalSetupCommand     `cmd:"" help:"Make the namespace, its retention and the schedule."`
	Reconcile temporalReconcileCommand `cmd:"" help:"Start the workflows that are missing."`
}

// temporalSetupCommand puts in place what Roomcover needs in Temporal.
type temporalSetupCommand struct{ output }

// Help is shown by --help.
func (temporalSetupCommand) Help() string {
	return `Makes the namespace with its retention and the schedule of the sweep where they are
missing, and raises a retention that is shorter than ROOMCOVER_TEMPORAL_RETENTION.
Where anything was missing, everything under way is told to go on. Running it again
changes nothing. The workers do the same by themselves, where Temporal lets them:
run this with a key that may, where theirs may not.

Example:
  roomcover temporal setup`
}

// Run sets up.
func (c temporalSetupCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		cfg, err := settings()
		if err != nil {
			return err
		}

		log := slog.New(slog.DiscardHandler)
		temporal, err := newTemporal(cfg, log, nil)
		if err != nil {
			return err
		}
		defer temporal.Close()

		made, err := worker.Setup(ctx, worker.Options{
			Domains:   d,
			Temporal:  temporal,
			Namespace: cfg.Temporal.Namespace,
			Retention: cfg.Temporal.Retention,
			Log:       log,
		})
		if err != nil {
			return err
		}

		return c.show(a, map[string]bool{"made": made}, func(w io.Writer) {
			if !made {
				fmt.Fprintln(w, "Everything was in place.")
				return
			}
			fmt.Fprintln(w, "What was missing was made; everything under way is told to go on.")
		})
	})
}

// temporalReconcileCommand has Temporal have a workflow for all that is under way.
type temporalReconcileCommand struct {
	output
	Since  string `placeholder:"WHEN" help:"Only what began, or came into its state, from then on: an instant (2026-11-29T20:00:00Z), a day (2026-11-29, UTC) or so long ago (36h)."`
	DryRun bool   `help:"Count, and tell nobody."`
}

// Help is shown by --help.
func (temporalReconcileCommand) Help() string {
	return `Tells the workflow of everything under way to go on: orders in review, in their
window or with a cancellation to be done, invitations, replacements and spare units
with their parcels, queued mails and imports. The workers start the workflows that
Temporal does not have, from the rows; to the others it changes nothing, so running
it again is safe. Run it after a loss or a restore of Temporal's data, after moving
to another cluster, and where a task asks for it.

Examples:
  roomcover temporal reconcile --dry-run
  roomcover temporal reconcile
  roomcover temporal reconcile --since 2026-11-29T20:00:00Z
  roomcover temporal reconcile --since 36h`
}

// Validate is called by kong.
func (c temporalReconcileCommand) Validate() error {
	if _, known := momentOf(c.Since, time.Time{}); c.Since != "" && !known {
		return errors.New("--since: give an instant such as 2026-11-29T20:00:00Z, a day such as " +
			"2026-11-29 (UTC), or how long ago, such as 36h")
	}
	return nil
}

// Run tells them.
func (c temporalReconcileCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		since, _ := momentOf(c.Since, d.DB.Clock().Now())
		told, err := d.Operations.Reconcile(ctx, operations.Reconciliation{
			Since:  since,
			DryRun: c.DryRun,
		})
		if err != nil {
			return err
		}

		return c.show(a, told, func(w io.Writer) {
			t := a.table(w, "kind", "under way")
			for _, kind := range slices.Sorted(maps.Keys(told)) {
				t.AppendRow([]any{kind, told[kind]})
			}
			t.Render()
			if !c.DryRun {
				fmt.Fprintln(w, "They are told to go on; a worker delivers it.")
			}
		})
	})
}
