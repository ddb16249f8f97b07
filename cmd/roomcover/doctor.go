package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"roomcover.dev/roomcover/doctor"
	"roomcover.dev/roomcover/models/db"
)

// doctorCommand looks at all that the service stands on.
type doctorCommand struct {
	output
	Selectors []string `name:"dkim-selector" placeholder:"NAME" help:"A key by which the mail server signs; may be given more than once. Without one the usual names are tried."`
}

// Help is shown by --help.
func (doctorCommand) Help() string {
	return `Looks at what would hurt tonight, and says of each what to do about it: the settings,
the database with its roles, bounds and connections, the schema, Temporal, the mail
server, what is published for mails of ours (SPF, DKIM, DMARC), certificates that end
soon, holidays that end, and the disks. It reads and connects as serve and worker do,
sends no mail, and changes nothing; what it says holds no secrets and nobody's name.
Exit code 4 where something fails; with warnings alone it is 0.

Examples:
  roomcover doctor
  roomcover doctor --dkim-selector s2026 --json`
}

// Run looks.
func (c doctorCommand) Run(ctx context.Context, a *app) error {
	cfg, err := settings()
	if err != nil {
		return settingsError{fmt.Errorf("%w\nIt is a deployment that is looked at: "+
			"a process of make dev needs no doctor", err)}
	}
	if err := checkLater(cfg); err != nil {
		return settingsError{err}
	}

	o := doctor.Options{
		Config:    cfg,
		Records:   a.records,
		Selectors: c.Selectors,
		Now:       db.RealNow(),
	}
	if o.Sender, err = newSender(cfg); err != nil {
		return err
	}
	defer o.Sender.Close()

	o.Temporal, err = newTemporal(cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return err
	}
	defer o.Temporal.Close()
	if o.TemporalTLS, err = temporalTLS(cfg.Temporal); err != nil {
		return settingsError{err}
	}

	d, err := a.open(cfg, db.Session{
		Statement: cfg.Timeouts.ServeStatement,
		Lock:      cfg.Timeouts.Lock,
		Idle:      cfg.Timeouts.Idle,
	})
	if err != nil {
		o.Unopened = err
	} else {
		defer a.close(d)
		o.DB, o.Programs, o.SSO, o.Sync = d.DB, d.Programs, d.SSO, d.Sync
	}

	return c.tell(a, doctor.Examine(db.WithScope(ctx, operatorScope), o))
}

// tell writes a line for each finding.
func (c doctorCommand) tell(a *app, found []doctor.Finding) error {
	failures := 0
	for _, f := range found {
		if f.Fails {
			failures++
		}
	}
	if found == nil {
		found = []doctor.Finding{}
	}

	err := c.show(a, found, func(w io.Writer) {
		for _, f := range found {
			mark := "WARNING"
			if f.Fails {
				mark = a.late("FAILS")
			}
			fmt.Fprintf(w, "%s %s: %s %s\n", mark, f.About, f.What, f.Remedy)
		}
		switch {
		case len(found) == 0:
			fmt.Fprintf(w, "All well: %s.\n", doctor.Subjects)
		case failures == 0:
			fmt.Fprintln(w, "Nothing fails.")
		}
	})
	if err != nil {
		return err
	}

	if failures > 0 {
		return findings{count(failures, "thing") + " would hurt tonight"}
	}
	return nil
}
