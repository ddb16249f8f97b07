package main

import (
	"context"
	"fmt"
	"io"

	"roomcover.dev/roomcover/models/domains"
)

// restartCommand brings back the workflows that Temporal has lost.
type restartCommand struct{ output }

// Help is shown by --help.
func (restartCommand) Help() string {
	return `Tells everything that is under way to go on: orders, invitations, replacements,
spare units, mails and imports. The workers start the workflows that Temporal does
not have any more, from the rows; to the others it changes nothing, so running it
again is safe. It is "temporal reconcile" of everything. The workers do the same by
themselves when they find that Temporal has lost its namespace or its schedule; run
it after a restore of Temporal's data alone, or of the database to another time than
Temporal's.

Example:
  roomcover restart`
}

// Run tells them.
func (c restartCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		told, err := d.Operations.RestartProcesses(ctx)
		if err != nil {
			return err
		}

		return c.show(a, map[string]int{"told": told}, func(w io.Writer) {
			fmt.Fprintf(w, "Told to go on: %d under way; a worker delivers it.\n", told)
		})
	})
}
