package chaos

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"

	"roomcover.dev/roomcover/rules/rma"
)

// verbOf is how the audit names a command that was carried out.
var verbOf = map[rma.RMACommand]string{
	rma.RMAApprove:   "rma.approved",
	rma.RMAReject:    "rma.rejected",
	rma.RMAAppeal:    "rma.appealed",
	rma.RMAWithdraw:  "rma.withdrawn",
	rma.RMAAllocate:  "rma.allocated",
	rma.RMABackorder: "rma.backordered",
	rma.RMAReaddress: "rma.readdressed",
	rma.RMAShip:      "rma.shipped",
	rma.RMAReship:    "rma.parcel_lost",
	rma.RMAWait:      "rma.parcel_awaited",
	rma.RMAInspect:   "rma.inspected",
	rma.RMAKeepUnit:  "rma.no_return_required",
	rma.RMABill:      "rma.fee_billed",
	rma.RMAWaive:     "rma.fee_waived",
}

// replacements holds every acknowledged request and command against the database.
func replacements(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for id, r := range e.Ledger.rmas {
		var serial string
		err := e.Rows.QueryRowContext(ctx, `SELECT faulty_serial FROM rmas WHERE id = $1`, id).
			Scan(&serial)
		if errors.Is(err, sql.ErrNoRows) {
			report(id, "the acknowledged replacement does not exist")
			continue
		}
		if err != nil {
			return err
		}

		if r.Serial != "" && serial != r.Serial {
			report(id, "it replaces another device than the one that was acknowledged")
		}
		if err := commandsOf(ctx, e, r, report); err != nil {
			return err
		}
	}

	return nil
}

func commandsOf(
	ctx context.Context, e Evidence, r *Replacement, report func(string, string, ...any),
) error {
	verbs, err := column(ctx, e.Rows, `SELECT DISTINCT verb FROM audit_events WHERE object_id = $1`,
		r.ID)
	if err != nil {
		return err
	}

	done := map[string]bool{}
	for _, v := range verbs {
		done[v] = true
	}

	for command := range r.Commands {
		if verb := verbOf[command]; verb != "" && !done[verb] {
			report(r.ID, "the acknowledged command %s was not carried out", command)
		}
	}

	return nil
}

//go:embed facts/timers.sql
var timersSQL string

// timers finds replacements and spares whose workflow has not done what is due.
func timers(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	due := e.today().Add(-calendarSlack(e.DB.Clock()))
	late, err := column(ctx, e.Rows, timersSQL, due)
	for _, id := range late {
		report(id, "what was due was not done")
	}
	return err
}
