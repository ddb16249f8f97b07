package operations

import (
	"context"

	_ "embed"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules/processes"
)

// Process is something under way (an order, an invitation, an RMA, a spare unit or a
// shipment) with what it waits for and who must act. It is read from rows alone. A
// spare that lies on site waits for nothing and is no process.
type Process struct {
	ID         string // order, invitation, RMA, spare unit or shipment id
	Number     string // of the order, RMA or spare that it is or is for; empty: it has none
	Kind       processes.Kind
	WorkflowID string
	State      string
	WaitsFor   string
	Actor      string // who must act: OPERATOR, CUSTOMER, CARRIER, SYSTEM or nobody
	Since      time.Time
	Until      *time.Time
	TimerAt    *time.Time // when its workflow itself has to do something
	Overdue    bool
	AccountID  *string
	OrderID    *string
	LastError  string
	TimeZone   string // IANA name, of where it is done; empty: of no place
}

// ProcessFilter narrows a list of processes; empty fields do not narrow.
type ProcessFilter struct {
	ID       string // only this one; of an RMA or a spare unit its number does as well
	Kind     processes.Kind
	WaitsFor string
	Actor    string
	Overdue  bool
	DueBy    time.Time // only what waits until this instant at most; zero does not narrow
	Page     db.Page
}

// processSQL reads all that is under way as one list: orders in review, in fulfilment,
// being cancelled or cancellable; invitations that nobody accepted; RMAs and spares that
// are not closed, a spare at rest aside; shipments that the carrier has not brought; and
// accounts that wait for a customer success manager (R35e), which belong to the workflow
// of the order that was first, since its fulfilment raised the task; and questions about
// persons whom orders name, which a sweep watches and no workflow (S15). @now is calendar
// time. What it says of kind, state, waits_for and actor is one of processes.Situations.
//
// What the service has to ask the carrier waits for the carrier; a parcel that people
// hand in, for them. A parcel that people reported as arrived is no longer under way,
// though no carrier scanned it.
//
//go:embed processes.sql
var processSQL string

// ListProcesses lists what is under way, newest first; it answers with
// Temporal down.
func (s *Operations) ListProcesses(
	ctx context.Context, f ProcessFilter,
) ([]Process, string, error) {
	var out []Process
	now := s.db.Now()
	stuck := now.Add(-s.db.Patience())

	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var err error
		f.ID, err = db.IDNamed(tx, f.ID)
		if err != nil {
			return err
		}

		sql, args := f.query(now, stuck)
		return tx.Raw(sql, args).Scan(&out).Error
	})

	out, next := db.Cut(f.Page, out, func(p Process) string { return p.ID })
	for i := range out {
		out[i].Overdue = out[i].overdue(now, stuck)
	}

	return out, next, err
}

func (f ProcessFilter) query(now, stuck time.Time) (string, map[string]any) {
	sql, args := processSQL, map[string]any{"now": now}
	for column, value := range map[string]string{
		"id":        f.ID,
		"kind":      string(f.Kind),
		"waits_for": f.WaitsFor,
		"actor":     f.Actor,
	} {
		if value != "" {
			sql += " AND " + column + " = @" + column
			args[column] = value
		}
	}

	if f.Overdue {
		sql += " AND (until <= @now OR timer_at <= @now OR (actor = 'SYSTEM' AND since <= @stuck))"
		args["stuck"] = stuck
	}
	if !f.DueBy.IsZero() {
		sql += " AND until <= @due_by"
		args["due_by"] = f.DueBy.UTC()
	}
	if f.Page.After != "" {
		sql += " AND id < @after"
		args["after"] = f.Page.After
	}

	args["limit"] = f.Page.Size() + 1
	return sql + " ORDER BY id DESC LIMIT @limit", args
}

func (p Process) overdue(now, stuck time.Time) bool {
	past := func(at *time.Time) bool { return at != nil && !now.Before(*at) }
	return past(p.Until) || past(p.TimerAt) || p.stuck(stuck)
}

// stuck reports whether the system has been at its own step since before then.
func (p Process) stuck(then time.Time) bool {
	return p.Actor == processes.BySystem && !p.Since.After(then)
}

// ProcessCount counts processes by what they wait for.
type ProcessCount struct {
	Kind     processes.Kind
	WaitsFor string
	Actor    string
	N        int64
}

// CountProcesses counts what is under way.
func (s *Operations) CountProcesses(ctx context.Context) ([]ProcessCount, error) {
	var out []ProcessCount
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Raw("SELECT kind, waits_for, actor, count(*) AS n FROM ("+processSQL+
			") q GROUP BY kind, waits_for, actor ORDER BY kind, waits_for",
			map[string]any{"now": tx.Now()}).Scan(&out).Error
	})
	return out, err
}

// WatchOverdue raises an operator task for every process that should have
// moved on by itself and did not: the watch that sees a blocked workflow, a
// dead worker and a lost timer alike. It returns how many are overdue.
func (s *Operations) WatchOverdue(ctx context.Context) (int, error) {
	late := s.db.Now().Add(-s.db.Patience())
	page, n := db.Page{Limit: 200}, 0
	for {
		overdue, next, err := s.ListProcesses(ctx, ProcessFilter{Overdue: true, Page: page})
		if err != nil {
			return n, err
		}

		for _, p := range overdue {
			if !p.stuck(late) && (p.TimerAt == nil || p.TimerAt.After(late)) {
				continue // its timer is only just due, or somebody else is late
			}

			n++
			err := s.db.RaiseTask(ctx, db.OperatorTask{
				Kind:      db.TaskProcessStuck,
				SubjectID: p.ID,
				AccountID: p.AccountID,
				What: "Find out why this does not move on, then retry; where Temporal " +
					"has lost its workflow, that starts it again.",
				Why: "It has waited longer than it should for " + p.WaitsFor + ".",
			})
			if err != nil {
				return n, err
			}
		}

		if page.After = next; next == "" {
			return n, nil
		}
	}
}
