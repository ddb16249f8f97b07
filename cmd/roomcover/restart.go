package main

import (
	"context"
	"fmt"
	"io"

	"roomcover.dev/roomcover/models/domains"
)

// restartCommand brings back the workflows that Temporal has lost.
type restartCommand struct {
	output
	Restored bool `help:"The database was restored to an earlier time: mails that had not left then become unknown, as they may have left since."`
}

// Help is shown by --help.
func (restartCommand) Help() string {
	return `Tells everything that is under way to go on: orders, invitations, replacements,
spare units, mails and imports. The workers start the workflows that Temporal does
not have any more, from the rows; to the others it changes nothing, so running it
again is safe. It is "temporal reconcile" of everything. The workers do the same by
themselves when they find that Temporal has lost its namespace or its schedule; run
it after a restore of Temporal's data alone, or of the database to another time than
Temporal's.

With --restored it first turns every mail that had not left when the backup was made
into one of which nobody knows whether it arrived: nobody gets it twice, and an
operator looks at each (task MAIL_UNKNOWN). Use it after a restore of the database,
before a worker runs: it refuses while one sends a mail.

Examples:
  roomcover restart
  roomcover restart --restored`
}

// Run tells them.
func (c restartCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		result := map[string]int{}
		if c.Restored {
			doubted, err := d.Notifications.DoubtUnsentMails(ctx)
			if err != nil {
				return err
			}
			result["mails_unknown"] = doubted
		}

		told, err := d.Operations.RestartProcesses(ctx)
		if err != nil {
			return err
		}

		result["told"] = told
		return c.show(a, result, func(w io.Writer) {
			if c.Restored {
				fmt.Fprintf(w, "Mails that may have left since the backup: %d; see "+
					"roomcover task list --kind mail_unknown.\n", result["mails_unknown"])
			}
			fmt.Fprintf(w, "Told to go on: %d under way; a worker delivers it.\n", told)
		})
	})
}
