package main

import (
	"context"
	"fmt"
	"io"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
)

type auditCommands struct {
	Verify auditVerifyCommand `cmd:"" help:"Check every link of the audit's chains."`
}

// auditVerifyCommand walks the audit.
type auditVerifyCommand struct{ output }

// Help is shown by --help.
func (auditVerifyCommand) Help() string {
	return `Reads every event of the audit and checks that none was changed, left out or
put in later. Exit code 4 when a link does not hold.

Example:
  roomcover audit verify --json`
}

// Run verifies.
func (c auditVerifyCommand) Run(ctx context.Context, a *app) error {
	return a.onReadyDatabase(ctx, func(ctx context.Context, d *domains.Domains) error {
		events, faults, err := d.DB.VerifyAudit(ctx)
		if err != nil {
			return err
		}

		if faults == nil {
			faults = []db.AuditFault{}
		}

		report := map[string]any{"events": events, "faults": faults}
		if err := c.show(a, report,
			func(w io.Writer) { a.auditReport(w, events, faults) }); err != nil {
			return err
		}

		if len(faults) > 0 {
			return findings{fmt.Sprintf("the audit does not hold at %d links", len(faults))}
		}

		return nil
	})
}

func (a *app) auditReport(w io.Writer, events int64, faults []db.AuditFault) {
	if len(faults) == 0 {
		fmt.Fprintf(w, "The audit holds: %d events.\n", events)
		return
	}

	t := a.table(w, "chain", "no.", "event", "fault")
	for _, f := range faults {
		t.AppendRow([]any{f.ChainID, f.Seq, f.EventID, f.Fault})
	}

	t.Render()
}
