package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
)

type auditCommands struct {
	List   auditListCommand   `cmd:"" help:"List who did what for whom."`
	Verify auditVerifyCommand `cmd:"" help:"Check every link of the audit's chains."`
	Heads  auditHeadsCommand  `cmd:"" help:"Add the signed ends of the audit's chains to a file."`
	Seal   auditSealCommand   `cmd:"" help:"Seal what was made before the present key, once."`
}

// auditVerifyCommand walks the audit.
type auditVerifyCommand struct {
	Against string `placeholder:"FILE" help:"Compare with a file of heads as well."`
	output
}

// Help is shown by --help.
func (auditVerifyCommand) Help() string {
	return `Reads every event of the audit and checks that none was changed, left out, put in
later or made without the service's key. With --against it also checks that all
is still there that a file of heads has noted (ROOMCOVER_AUDIT_HEADS_FILE, or
audit heads): only that shows when the whole database was set back. Exit code 4
when something does not hold.

Examples:
  roomcover audit verify --json
  roomcover audit verify --against /mnt/worm/audit-heads`
}

// Run verifies.
func (c auditVerifyCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		heads, err := c.heads(d.DB)
		if err != nil {
			return err
		}

		report, err := d.DB.InspectAudit(ctx, heads)
		if err != nil {
			return err
		}
		return a.showAudit(c.output, report)
	})
}

// heads reads the file to compare with; nil where none is named.
func (c auditVerifyCommand) heads(d *db.DB) (*db.AuditHeads, error) {
	if c.Against == "" {
		return nil, nil
	}

	heads, err := d.ReadAuditHeads(c.Against)
	if errors.Is(err, db.ErrHeads) {
		return nil, findings{err.Error()}
	}
	if err == nil && heads.Blocks == 0 {
		return nil, findings{"the file of audit heads is empty"}
	}
	return heads, err
}

// auditHeadsCommand writes down how far the audit has come.
type auditHeadsCommand struct {
	File string `arg:"" help:"The file to add to; it is made where there is none."`
	output
}

// Help is shown by --help.
func (auditHeadsCommand) Help() string {
	return `Adds the ends of the chains that have moved on to a file, signed with the service's
key. Keep the file where the database's role cannot write, such as on a disk
that only lets files grow. A worker does the same once a day where
ROOMCOVER_AUDIT_HEADS_FILE names a file. A file that was changed is refused with
exit code 4.

Example:
  roomcover audit heads /mnt/worm/audit-heads`
}

// Run adds a block.
func (c auditHeadsCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		moved, err := d.DB.WriteAuditHeads(ctx, c.File)
		if errors.Is(err, db.ErrHeads) {
			return findings{err.Error()}
		}
		if err != nil {
			return err
		}

		return c.show(a, map[string]any{"chains": moved}, func(w io.Writer) {
			fmt.Fprintf(w, "Written: the ends of %s that moved on.\n", count(moved, "chain"))
		})
	})
}

// auditSealCommand seals what the present key did not make.
type auditSealCommand struct{ output }

// Help is shown by --help.
func (auditSealCommand) Help() string {
	return `Seals the events that were made before the audit had a key, or with a key that was
changed: from then on nothing can be put in among them. Run it once, an hour after
every process runs the release, or has the key, that came last. What does not hold
is shown and not sealed, with exit code 4. Again it changes nothing.

Example:
  roomcover audit seal`
}

// Run seals.
func (c auditSealCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		sealed, report, err := d.DB.SealAudit(ctx)
		if err != nil {
			return err
		}
		if len(report.Faults) > 0 {
			return a.showAudit(c.output, report)
		}

		return c.show(a, map[string]any{"sealed": sealed}, func(w io.Writer) {
			fmt.Fprintf(w, "Sealed: %d events.\n", sealed)
		})
	})
}

// showAudit answers with what an inspection found; a fault is a finding.
func (a *app) showAudit(o output, report db.AuditReport) error {
	if report.Faults == nil {
		report.Faults = []db.AuditFault{}
	}

	err := o.show(a, report, func(w io.Writer) { a.auditReport(w, report) })
	if err == nil && len(report.Faults) > 0 {
		err = findings{"the audit does not hold at " + count(len(report.Faults), "link")}
	}
	return err
}

func (a *app) auditReport(w io.Writer, report db.AuditReport) {
	if len(report.Faults) == 0 {
		fmt.Fprintf(w, "The audit holds: %s.\n", count(int(report.Events), "event"))
		return
	}

	t := a.table(w, "chain", "no.", "event", "fault")
	for _, f := range report.Faults {
		t.AppendRow([]any{f.ChainID, f.Seq, f.EventID, f.Fault})
	}

	t.Render()
}
