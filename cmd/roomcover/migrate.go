package main

import (
	"context"
	"fmt"
	"io"

	"roomcover.dev/roomcover/models/domains"
)

// migrateCommand brings the schema up to date.
type migrateCommand struct{ output }

// Help is shown by --help.
func (migrateCommand) Help() string {
	return `Applies the migrations that are missing and writes the default program and
catalog where there are none. It corrects holidays that an earlier version had
wrong and nobody edited. It connects with ROOMCOVER_OWNER_DATABASE_URL, as the
role that owns the tables, and grants the roles of serve and worker what they
need. Several at the same time are safe: one goes first. Run
it before the new serve and worker are started; the old ones keep working on the
new schema.

Example:
  roomcover migrate`
}

// Run migrates.
func (c migrateCommand) Run(ctx context.Context, a *app) error {
	return a.asOwner(ctx, func(ctx context.Context, d *domains.Domains) error {
		applied, err := d.DB.Migrate(ctx)
		if err != nil {
			return err
		}

		if applied == nil {
			applied = []int64{}
		}

		return c.show(a, map[string]any{"applied": applied}, func(w io.Writer) {
			if len(applied) == 0 {
				fmt.Fprintln(w, "The schema is up to date.")
			}
			for _, v := range applied {
				fmt.Fprintf(w, "Applied migration %05d.\n", v)
			}
		})
	})
}
