package main

import (
	"context"
	"fmt"
	"io"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
)

type secretsCommands struct {
	Renew secretsRenewCommand `cmd:"" help:"Encrypt with the present key what an earlier one encrypted."`
}

// secretsRenewCommand encrypts what is stored with the present key.
type secretsRenewCommand struct{ output }

// Help is shown by --help.
func (secretsRenewCommand) Help() string {
	return `Encrypts with ROOMCOVER_KEY what keys of ROOMCOVER_KEYS_BEFORE have encrypted in the
database: keys of apps for codes, secrets of companies' own sign-in, certificates and
secrets of Sync, and whom requests about personal data are about. Run it an hour after
every process has the new key. What no key reads is counted and stays as it is, with
exit code 4. Again it changes nothing.

Example:
  roomcover secrets renew`
}

// Run renews.
func (c secretsRenewCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		columns, err := d.RenewSecrets(ctx)
		if err != nil {
			return err
		}

		var all db.Renewed
		for _, one := range columns {
			all.Read += one.Read
			all.Renewed += one.Renewed
			all.Unreadable += one.Unreadable
		}
		err = c.show(a, columns, func(w io.Writer) {
			fmt.Fprintf(w, "Encrypted with the present key: %d of %d.\n", all.Renewed, all.Read)
			for _, one := range columns {
				if one.Unreadable > 0 {
					fmt.Fprintf(w, "Not readable with any key: %d, %s of %s.\n",
						one.Unreadable, one.Column, one.Table)
				}
			}
		})
		if err == nil && all.Unreadable > 0 {
			err = findings{"no key that is set reads " + count(all.Unreadable, "secret") +
				"; see ROOMCOVER_KEYS_BEFORE"}
		}
		return err
	})
}
