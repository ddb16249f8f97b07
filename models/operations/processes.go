package operations

import (
	"context"

	_ "embed"
	"fmt"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
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
	State    string
	WaitsFor string
	Actor    string

	AccountID string
	Overdue   bool // its time is over, or it stands still
	Stuck     bool // it stands still: a step that comes by itself has not come

	Customer string    // part of the company's name, or of an order's number
	DueAfter time.Time // only what waits until later than this; zero does not narrow
	DueBy    time.Time // only what waits until this instant at most; zero does not narrow
	Page     db.Page
}

// processFile reads all that is under way, one query for each kind: orders in review, in
// fulfilment, being cancelled or cancellable; invitations that nobody accepted; RMAs and
// spares that are not closed, a spare at rest aside; shipments that the carrier has not
// brought; and accounts that wait for a customer success manager (R35e), which belong to the
// workflow of the order that was first, since its fulfilment raised the task; and questions
// about persons whom orders name, which a sweep watches and no workflow (S15). @now is
// calendar time. What it says of kind, state, waits_for and actor is one of
// processes.Situations.
//
// What the service has to ask the carrier waits for the carrier; a parcel that people
// hand in, for them. A parcel that people reported as arrived is no longer under way,
// though no carrier scanned it.
//
//go:embed processes.sql
var processFile string

// processQuery is the query of one kind. A condition on columns of its tables can be added.
type processQuery struct {
	kind processes.Kind
	sql  string
}

// processQueries are the queries of the file, each behind a comment with its kind.
var processQueries = readProcessQueries(processFile)

func readProcessQueries(file string) (out []processQuery) {
	for _, sql := range strings.Split(file, "\n\nUNION ALL\n-- ") {
		kind, sql, _ := strings.Cut(strings.TrimPrefix(sql, "-- "), "\n")
		out = append(out, processQuery{processes.Kind(kind), sql})
	}
	return out
}

// processSQL is all kinds as one query.
var processSQL = processesWhere(nil)

// processesWhere puts the kinds together, each with the condition that it has in the map on
// columns of its own tables; nil: all kinds without any.
func processesWhere(conditions map[processes.Kind]string) string {
	var parts []string
	for _, q := range processQueries {
		condition, ok := conditions[q.kind]
		switch {
		case conditions == nil:
			parts = append(parts, q.sql)
		case ok:
			parts = append(parts, q.sql+" AND ("+condition+")")
		}
	}
	return "SELECT * FROM (" + strings.Join(parts, "\nUNION ALL\n") + ") p WHERE 1 = 1"
}

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

// query reads one page. Each kind reads its own page, by an index where there is one, and the
// page of all is among them.
func (f ProcessFilter) query(now, stuck time.Time) (string, map[string]any) {
	where, args := f.where(now, stuck)
	if f.Page.After != "" {
		where += " AND id < @after"
		args["after"] = f.Page.After
	}

	const inOrder = " ORDER BY id DESC LIMIT @limit"
	args["limit"] = f.Page.Size() + 1
	narrowed := f.narrowed(now, args)
	var pages []string
	for _, q := range processQueries {
		if f.Kind == "" || f.Kind == q.kind {
			pages = append(pages, "SELECT * FROM (SELECT * FROM ("+
				q.sql+narrowed[q.kind]+") q WHERE "+where+inOrder+") p")
		}
	}
	if len(pages) == 0 { // of a kind that there is not
		return "SELECT * FROM (" + processSQL + ") p WHERE 1 = 0", args
	}

	return "SELECT * FROM (" + strings.Join(pages, "\nUNION ALL\n") + ") p" + inOrder, args
}

// where are the conditions of the filter, with what they name.
func (f ProcessFilter) where(now, stuck time.Time) (where string, args map[string]any) {
	where, args = "1 = 1", map[string]any{"now": now, "stuck": stuck}
	for column, value := range map[string]string{
		"id":         f.ID,
		"state":      f.State,
		"waits_for":  f.WaitsFor,
		"actor":      f.Actor,
		"account_id": f.AccountID,
	} {
		if value != "" {
			where += " AND " + column + " = @" + column
			args[column] = value
		}
	}

	if f.Overdue {
		where += " AND " + overdueNow
	}
	if f.Stuck {
		where += " AND " + stuckNow
	}
	if f.Customer != "" {
		whose := `account_id IN (
			SELECT id FROM accounts WHERE LOWER(legal_name) LIKE @customer ESCAPE '!')`
		args["customer"] = db.Part(strings.ToLower(f.Customer))
		if key := rules.SearchKey(f.Customer); key != "" {
			whose += ` OR kind = 'ORDER' AND id IN (
				SELECT id FROM orders WHERE search_key LIKE @ordered ESCAPE '!')`
			args["ordered"] = db.Part(key)
		}
		where += " AND (" + whose + ")"
	}
	if !f.DueAfter.IsZero() {
		where += " AND until > @due_after"
		args["due_after"] = f.DueAfter.UTC()
	}
	if !f.DueBy.IsZero() {
		where += " AND until <= @due_by"
		args["due_by"] = f.DueBy.UTC()
	}
	return where, args
}

// What is late at @now, and what has stood still since @stuck.
const (
	overdueNow = `(until <= @now OR timer_at <= @now OR (actor = 'SYSTEM' AND since <= @stuck))`
	stuckNow   = `(timer_at <= @stuck OR (actor = 'SYSTEM' AND since <= @stuck))`
)

// newestOnes are the first of a page by the rows of one table alone, of the kinds that are many
// and need others beside them; %s is what else narrows the ids.
var newestOnes = map[processes.Kind]string{
	processes.Order: `o.id IN (
		SELECT id FROM (
			SELECT id FROM orders
				WHERE state IN ('RECEIVED','NEEDS_REVIEW','ACCEPTED','PROVISIONING')
			UNION SELECT id FROM orders
				WHERE state IN ('FULFILLED','PARTIALLY_CANCELLED') AND cancellable_until > @now
			UNION SELECT order_id FROM order_cancellations WHERE state = 'REQUESTED'
		) k
		WHERE %s ORDER BY id DESC LIMIT @limit)`,
	processes.Invitation: `i.id IN (
		SELECT id FROM invitations
		WHERE state IN ('ISSUED','SENT','BOUNCED') AND %s ORDER BY id DESC LIMIT @limit)`,
}

// narrowed are conditions, by kind, that leave out rows of which the filter keeps none, before
// anything is read beside them. They never decide: the filter does.
func (f ProcessFilter) narrowed(now time.Time, args map[string]any) map[processes.Kind]string {
	out := map[processes.Kind]string{}
	switch {
	case f.Overdue || f.Stuck:
		args["late"] = now
		for _, kind := range []processes.Kind{processes.Order, processes.Invitation} {
			out[kind] = " AND (" + overdueOnes[kind] + ")"
		}
	case f.AccountID != "":
		args["account_id"] = f.AccountID
		for kind, column := range accountColumns {
			out[kind] = " AND " + column + " = @account_id"
		}
	case f.ID == "" && f.State == "" && f.WaitsFor == "" && f.Actor == "" && f.Customer == "" &&
		f.DueBy.IsZero() && f.DueAfter.IsZero():
		ids := "1 = 1"
		if f.Page.After != "" {
			ids = "id < @after"
		}
		for kind, newest := range newestOnes {
			out[kind] = " AND " + fmt.Sprintf(newest, ids)
		}
	}

	return out
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

// ProcessSum counts what is under way that is alike.
type ProcessSum struct {
	Kind  processes.Kind
	State string
	Actor string
	N     int64
	Late  int64 // of them, those whose time is over or that stand still
	Stuck int64 // of them, those that stand still
	Due   int64 // of them, those in time that wait until the instant of the question at most
}

// SumProcesses counts what the filter leaves, by kind, state and who can move it, and of it
// what is due by an instant. What is counted over everything may be of a moment ago.
func (s *Operations) SumProcesses(
	ctx context.Context, f ProcessFilter, due time.Time,
) ([]ProcessSum, error) {
	count := func() ([]ProcessSum, error) { return s.countSums(ctx, f, due) }
	if f.everything() {
		return s.sums.get(ctx, due.String(), count)
	}
	return count()
}

// everything reports whether nothing is narrowed but the page.
func (f ProcessFilter) everything() bool {
	f.Page = db.Page{}
	return f == ProcessFilter{}
}

func (s *Operations) countSums(
	ctx context.Context, f ProcessFilter, due time.Time,
) ([]ProcessSum, error) {
	var out []ProcessSum
	now := s.db.Now()
	stuck := now.Add(-s.db.Patience())

	where, args := f.where(now, stuck)
	args["today"] = due.UTC()
	conditions := map[processes.Kind]string{}
	for _, q := range processQueries {
		if f.Kind == "" || f.Kind == q.kind {
			conditions[q.kind] = "1 = 1"
			if column := accountColumns[q.kind]; f.AccountID != "" && column != "" {
				conditions[q.kind] = column + " = @account_id"
			}
		}
	}
	if len(conditions) == 0 { // of a kind that there is not
		return nil, nil
	}

	err := s.db.ReadSingle(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.Raw("SELECT kind, state, actor, COUNT(*) AS n,"+
			" SUM(CASE WHEN "+overdueNow+" THEN 1 ELSE 0 END) AS late,"+
			" SUM(CASE WHEN "+stuckNow+" THEN 1 ELSE 0 END) AS stuck,"+
			" SUM(CASE WHEN until > @now AND until <= @today THEN 1 ELSE 0 END) AS due"+
			" FROM ("+processesWhere(conditions)+") q WHERE "+where+
			" GROUP BY kind, state, actor ORDER BY kind, state, actor", args).Scan(&out).Error
	})
	return out, err
}

// overdueOnes are, by kind, what may have stood still since @late: what the system itself has
// to do, and what has a timer. The other kinds have neither. Each is found by the index of the
// instant, so that what is only under way costs nothing.
var overdueOnes = map[processes.Kind]string{
	processes.Order: `o.state_since <= @late AND (o.state IN ('RECEIVED','ACCEPTED','PROVISIONING')
		OR o.cancelling) OR o.state = 'NEEDS_REVIEW'
		AND (o.next_at <= @late OR o.review_until <= @late)`,
	processes.Invitation: `i.next_at <= @late OR i.expires_at <= @late
		OR i.state_since <= @late AND i.id IN (
		SELECT m.subject_id FROM notifications m
		WHERE m.template = 'invitation' AND m.state NOT IN ('SENT','DELIVERED'))`,
	processes.RMA:    "r.next_at <= @late",
	processes.Spare:  "u.next_at <= @late",
	processes.Ticket: "t.next_at <= @late OR t.session_remind_at <= @late",
}

// overdueSQL reads a page of what stood still since @late, oldest id first.
var overdueSQL = processesWhere(overdueOnes) + `
	AND (timer_at <= @late OR actor = 'SYSTEM' AND since <= @late) AND id > @after
	ORDER BY id LIMIT @limit`

// watchBatch is how many overdue processes get their tasks in one transaction.
const watchBatch = 200

// WatchOverdue raises an operator task for every process that should have
// moved on by itself and did not: the watch that sees a blocked workflow, a
// dead worker and a lost timer alike. What has an open task already costs no
// statement of its own. It returns how many are overdue.
func (s *Operations) WatchOverdue(ctx context.Context) (int, error) {
	after, n := "", 0
	for {
		var overdue []Process
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			overdue = nil
			if err := tx.Scope.Service(); err != nil {
				return err
			}

			now := tx.Now()
			err := tx.Raw(overdueSQL, map[string]any{
				"now":   now,
				"late":  now.Add(-s.db.Patience()),
				"after": after,
				"limit": watchBatch,
			}).Scan(&overdue).Error
			if err != nil || len(overdue) == 0 {
				return err
			}
			return raiseStuck(tx, overdue)
		})
		if err != nil {
			return n, err
		}

		n += len(overdue)
		if len(overdue) < watchBatch {
			return n, nil
		}
		after = overdue[len(overdue)-1].ID
	}
}

// raiseStuck raises the tasks of those overdue processes that have none that is open.
func raiseStuck(tx *db.Tx, overdue []Process) error {
	var open []string
	err := tx.Model(&db.OperatorTask{}).
		Where("subject_id IN ? AND kind = ? AND state = ?",
			db.IdsOf(overdue, func(p Process) string { return p.ID }),
			db.TaskProcessStuck, db.TaskOpen).
		Pluck("subject_id", &open).Error
	if err != nil {
		return err
	}

	known := map[string]bool{}
	for _, id := range open {
		known[id] = true
	}

	for _, p := range overdue {
		if known[p.ID] {
			continue
		}

		err := tx.Raise(db.OperatorTask{
			Kind:      db.TaskProcessStuck,
			SubjectID: p.ID,
			AccountID: p.AccountID,
			What: "Find out why this does not move on, then retry; where Temporal " +
				"has lost its workflow, that starts it again.",
			Why: "It has waited longer than it should for " + p.WaitsFor + ".",
		})
		if err != nil {
			return err
		}
	}

	return nil
}
