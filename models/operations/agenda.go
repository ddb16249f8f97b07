package operations

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/civil"

	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// AgendaItem is a line of an agenda: a Process that is late or due, or an operator
// task, which is due when the queue has it due: that of a ticket with its clock, others by
// the end of the desk's day on which they were raised (ours).
type AgendaItem struct {
	Process
	SubjectID string // what a shipment or a task is about; otherwise the id
	TaskKind  db.TaskKind
	Severity  int    // of a ticket's task; 0: none
	What      string // what an operator has to do
	DueText   string // in English, by the days of the place
	Zone      string // IANA name of the zone that the days are counted in
}

// AgendaQuery asks for an agenda.
type AgendaQuery struct {
	On        *civil.Date // in the zone of each line's place; nil: today there
	Zone      string      // IANA name for what has no place, such as tasks; empty: UTC
	AccountID string      // empty: of all accounts
	Limit     int         // of each list; 1 to 200, 0 means 50
	LateAfter AgendaCursor
	DueAfter  AgendaCursor
}

// AgendaList is one list of an agenda, the longest waiting first.
type AgendaList struct {
	Items []AgendaItem
	Total map[processes.Kind]int64 // over all pages
	Next  AgendaCursor
}

// Agenda is what is late, and what is due on the day. On is the day that was asked
// for, or today in the zone of the question.
type Agenda struct {
	On        civil.Date
	Late, Due AgendaList
}

// Agenda lists what is late and what is due, of all that is under way: orders in
// review, invitations, RMAs, spares, shipments, and open operator tasks. It
// reads the same source as ListProcesses, and answers in three statements however
// much is under way. A cancellation window that runs out asks nobody to act and is
// left out. For the service and its operators; days that are over answer
// VALIDATION_FAILED, since what was done then is no longer listed.
func (s *Operations) Agenda(ctx context.Context, q AgendaQuery) (Agenda, error) {
	now := s.db.Now()
	v, err := newAgendaView(q, now, now.Add(-s.db.Patience()))
	if err != nil {
		return Agenda{}, err
	}

	var out Agenda
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = Agenda{On: v.day()}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		v.boundLatest()
		zones, err := s.zones.get(ctx, v.question(), func() ([]string, error) {
			return v.readZones(tx)
		})
		if err != nil {
			return err
		}
		v.bound(zones)
		listed := false
		totals, err := s.totals.get(ctx, v.question(), func() (agendaTotals, error) {
			listed = true
			return v.read(tx, &out, true)
		})
		if err == nil && !listed {
			_, err = v.read(tx, &out, false)
		}
		out.Late.Total, out.Due.Total = totals.late, totals.due
		return err
	})

	return out, err
}

// agendaView is a query with its bounds by zone.
type agendaView struct {
	q         AgendaQuery
	now       time.Time
	zone      *time.Location // of what has no place
	late, due string         // conditions
	args      map[string]any
}

// newAgendaView refuses a zone that is none and a day that is over everywhere.
func newAgendaView(q AgendaQuery, now, stuck time.Time) (*agendaView, error) {
	zone, err := clock.Zone(q.Zone)
	if err != nil || q.Zone == "Local" {
		return nil, rules.Invalid([]rules.FieldError{{
			Pointer: "/query/time_zone",
			Code:    rules.InvalidTimeZone,
			Message: "This is not a time zone.",
			Remedy:  "Send an IANA name such as America/Sao_Paulo.",
		}})
	}

	if q.On != nil && !rules.StartOfDay(q.On.AddDays(1), westernmost).After(now) {
		return nil, rules.Invalid([]rules.FieldError{{
			Pointer: "/query/on",
			Code:    rules.OutOfRange,
			Message: "This day is over in every time zone.",
			Remedy:  "Send today or a day to come.",
		}})
	}

	return &agendaView{
		q:    q,
		now:  now,
		zone: zone,
		args: map[string]any{"now": now, "stuck": stuck.UTC()},
	}, nil
}

// day is the one that is asked about, in the zone of the question.
func (v *agendaView) day() civil.Date {
	if v.q.On != nil {
		return *v.q.On
	}
	return rules.DateIn(v.now, v.zone)
}

// westernmost is where a day ends last.
var westernmost = time.FixedZone("UTC-12", -12*3600)

// AgendaCursor is where a page of an agenda's list ends.
type AgendaCursor struct {
	At time.Time
	ID string
}

// String is the cursor as callers see it; empty for none.
func (c AgendaCursor) String() string {
	if c == (AgendaCursor{}) {
		return ""
	}
	return c.At.UTC().Format(agendaCursorAt) + "-" + c.ID
}

const agendaCursorAt = "20060102T150405.000000000Z"

// ParseAgendaCursor reads what String wrote; anything else answers
// VALIDATION_FAILED.
func ParseAgendaCursor(pointer, text string) (AgendaCursor, error) {
	if text == "" {
		return AgendaCursor{}, nil
	}
	at, id, found := strings.Cut(text, "-")

	t, err := time.Parse(agendaCursorAt, at)
	if err != nil || !found || id == "" {
		return AgendaCursor{}, invalidCursor(pointer)
	}

	return AgendaCursor{t, id}, nil
}

func invalidCursor(pointer string) error {
	return rules.Invalid([]rules.FieldError{{
		Pointer: pointer,
		Code:    rules.OutOfRange,
		Message: "This is not a valid cursor.",
		Remedy:  "Send next_cursor of the list's page before.",
	}})
}

// sortedBy is the instant that an agenda sorts the line by.
func (a AgendaItem) sortedBy() time.Time {
	if a.Until == nil {
		return a.Since
	}
	return *a.Until
}

// agendaOnes are, by kind, what can be late or due by the instant @latest; nothing else is
// read. A window that runs out asks nobody to act. An account's manager is named by a task.
var agendaOnes = map[processes.Kind]string{
	processes.Order: `o.state = 'NEEDS_REVIEW' AND o.review_until <= @latest
		OR (o.state IN ('RECEIVED','ACCEPTED','PROVISIONING') OR o.cancelling)
			AND o.state_since <= @stuck`,
	processes.Invitation: "i.expires_at <= @latest",
	processes.RMA:        "1 = 1",
	processes.Spare:      "1 = 1",
	processes.Shipment:   "1 = 1",
	processes.Contact:    "q.answer_until <= @latest",
}

// accountColumns are the columns by which the kinds of a line are narrowed to one account.
var accountColumns = map[processes.Kind]string{
	processes.Order:      "o.account_id",
	processes.Invitation: "i.account_id",
	processes.RMA:        "r.account_id",
	processes.Spare:      "u.account_id",
	processes.Shipment:   "sh.account_id",
	processes.Contact:    "q.account_id",
}

// agendaSQL reads the lines of an agenda, of all accounts or of one: processes that end by
// @latest, or that the system should have moved on by itself; promised shipments; open
// tasks that are due by then. The lines are sorted by the column at.
func agendaSQL(ofAccount bool) string {
	conditions, tasks := maps.Clone(agendaOnes), "t.state = 'OPEN' AND t.due_at <= @latest"
	if ofAccount {
		tasks += " AND t.account_id = @account"
		for kind, column := range accountColumns {
			conditions[kind] = column + " = @account AND (" + conditions[kind] + ")"
		}
	}

	return `SELECT * FROM (
	SELECT p.kind, p.id, p.id AS subject_id, p.workflow_id, p.state, p.waits_for, p.actor,
		p.since, p.until, COALESCE(p.until, p.since) AS at,
		p.account_id, p.order_id, p.last_error, p.time_zone, p.number,
		'' AS task_kind, 0 AS severity, '' AS what
	FROM (` + processesWhere(conditions) + `) p
	WHERE p.waits_for <> 'CANCELLATION_WINDOW'
		AND (p.until <= @latest OR p.until IS NULL AND p.actor = 'SYSTEM')
	UNION ALL
	SELECT 'TASK', t.id, t.subject_id, '', t.state, 'OPERATOR_ACTION', 'OPERATOR',
		t.created_at, t.due_at, t.due_at,
		t.account_id, NULL, '', '', '', t.kind, t.severity, t.what
	FROM operator_tasks t
	WHERE ` + tasks + `
) a WHERE 1 = 1`
}

// The two agendas.
var (
	agendaOfAll     = agendaSQL(false)
	agendaOfAccount = agendaSQL(true)
)

// source returns the lines of the agenda that was asked for.
func (v *agendaView) source() string {
	if v.q.AccountID == "" {
		return agendaOfAll
	}
	v.args["account"] = v.q.AccountID
	return agendaOfAccount
}

// question tells one agenda over all accounts from another; empty: it is of one account, and its
// counts are not kept.
func (v *agendaView) question() string {
	if v.q.AccountID != "" {
		return ""
	}
	on := "today"
	if v.q.On != nil {
		on = v.q.On.String()
	}
	return on + " in " + v.zone.String()
}

// The zones of what an agenda reads: an invitation is in its account's zone, a parcel where it goes
// to, an order where its customer was. To gather the lines for it would take as long as they do.
const (
	agendaZones = `SELECT time_zone FROM accounts
		UNION SELECT time_zone FROM sites
		UNION SELECT time_zone FROM orders WHERE state = 'NEEDS_REVIEW'
		ORDER BY time_zone`
	agendaZonesOfAccount = `SELECT time_zone FROM accounts WHERE id = @account
		UNION SELECT time_zone FROM sites WHERE account_id = @account
		UNION SELECT time_zone FROM orders WHERE account_id = @account AND state = 'NEEDS_REVIEW'
		ORDER BY time_zone`
)

// readZones reads in which zones something may be late or due.
func (v *agendaView) readZones(tx *db.Tx) (zones []string, err error) {
	q := tx.Raw(agendaZones)
	if v.q.AccountID != "" {
		q = tx.Raw(agendaZonesOfAccount, map[string]any{"account": v.q.AccountID})
	}
	err = q.Scan(&zones).Error
	return zones, err
}

// boundLatest sets where the last of the days ends.
func (v *agendaView) boundLatest() {
	on := rules.DateIn(v.now, v.zone).AddDays(1)
	if v.q.On != nil {
		on = *v.q.On
	}

	v.args["latest"] = rules.StartOfDay(on.AddDays(1), westernmost).UTC()
}

// bound builds the conditions of both lists by zone: a day ends where the parcel goes to. Zones
// whose day begins and ends at the same instants share a condition.
func (v *agendaView) bound(zones []string) {
	type bounds struct{ late, due time.Time }
	same := map[bounds][]string{}
	for _, name := range append(slices.Clip(zones), "") {
		late, due := rules.AgendaDay(v.q.On, v.now, v.location(name))
		same[bounds{late, due}] = append(same[bounds{late, due}], name)
	}

	// In one order, so that PostgreSQL knows the statement the next time.
	inOrder := slices.SortedFunc(maps.Keys(same), func(a, b bounds) int {
		return cmp.Or(a.late.Compare(b.late), a.due.Compare(b.due))
	})
	var late, due []string
	for n, b := range inOrder {
		names := same[b]
		late = append(late, fmt.Sprintf("(time_zone IN @zones%d AND until <= @late%d)", n, n))
		due = append(due, fmt.Sprintf(
			"(time_zone IN @zones%d AND until > @late%d AND until <= @due%d)", n, n, n,
		))
		v.args[fmt.Sprint("zones", n)] = names
		v.args[fmt.Sprint("late", n)] = b.late
		v.args[fmt.Sprint("due", n)] = b.due
	}

	v.late = "(until IS NULL AND since <= @stuck OR " + strings.Join(late, " OR ") + ")"
	v.due = "(" + strings.Join(due, " OR ") + ")"
}

// location is the zone of a line; a line without a place is in the asker's zone.
func (v *agendaView) location(name string) *time.Location {
	zone, err := clock.Zone(name)
	if name == "" || err != nil {
		return v.zone
	}
	return zone
}

// agendaTotals count the lines of both lists by kind.
type agendaTotals struct{ late, due map[processes.Kind]int64 }

// agendaCounts counts the lines of both lists by kind, over all pages, each in a row like a line's.
const agendaCounts = `
		UNION ALL
		SELECT late, kind, '', '', '', '', '', '',
			NULL, NULL, NULL, NULL, NULL,
			'', '', '', '', 0, '', count(*)
		FROM (SELECT kind, %[1]s AS late FROM b WHERE %[1]s OR %[2]s) c
		GROUP BY late, kind`

// read reads one page of each list, behind its cursor, and counts all lines where that is wanted.
// It is one statement: what is under way is gathered from many tables, and planning that takes
// longer than reading it.
func (v *agendaView) read(tx *db.Tx, out *Agenda, counted bool) (agendaTotals, error) {
	size := db.Page{Limit: v.q.Limit}.Size()
	v.args["limit"] = size + 1

	counts := ""
	if counted {
		counts = fmt.Sprintf(agendaCounts, v.late, v.due)
	}
	var rows []struct {
		AgendaItem
		Late bool
		N    int64 // of the lines of the kind; zero: it is a line itself
	}
	err := tx.Raw("WITH b AS MATERIALIZED ("+v.source()+`)
		SELECT * FROM (
			SELECT true AS late, b.*, 0 AS n FROM b
			WHERE `+v.late+v.behind("late", v.q.LateAfter)+` ORDER BY at, id LIMIT @limit
		) l
		UNION ALL
		SELECT * FROM (
			SELECT false AS late, b.*, 0 AS n FROM b
			WHERE `+v.due+v.behind("due", v.q.DueAfter)+` ORDER BY at, id LIMIT @limit
		) d`+counts+`
		ORDER BY at, id`, v.args).Scan(&rows).Error
	if err != nil {
		return agendaTotals{}, err
	}

	totals := agendaTotals{late: map[processes.Kind]int64{}, due: map[processes.Kind]int64{}}
	for _, r := range rows {
		switch {
		case r.N > 0 && r.Late:
			totals.late[r.Kind] = r.N
			continue
		case r.N > 0:
			totals.due[r.Kind] = r.N
			continue
		}
		list := &out.Due
		if r.Late {
			list = &out.Late
		}
		v.explain(&r.AgendaItem)
		list.Items = append(list.Items, r.AgendaItem)
	}

	for _, list := range []*AgendaList{&out.Late, &out.Due} {
		if len(list.Items) > size {
			list.Items = list.Items[:size]
			last := list.Items[size-1]
			list.Next = AgendaCursor{last.sortedBy(), last.ID}
		}
	}

	return totals, nil
}

// behind is the condition of the lines behind a list's cursor.
func (v *agendaView) behind(list string, after AgendaCursor) string {
	if after == (AgendaCursor{}) {
		return ""
	}
	v.args[list+"_at"], v.args[list+"_id"] = after.At.UTC(), after.ID
	return fmt.Sprintf(" AND (at > @%[1]s_at OR at = @%[1]s_at AND id > @%[1]s_id)", list)
}

// explain says until when the line waits, and how late it is.
func (v *agendaView) explain(a *AgendaItem) {
	zone := v.location(a.TimeZone)
	if _, subject, ok := strings.Cut(a.WorkflowID, "/"); ok && a.Kind == processes.Shipment {
		a.SubjectID = subject
	}

	a.Zone = zone.String()

	if a.Until == nil {
		a.Overdue = true
		a.DueText = "stands still since " + a.Since.In(zone).Format("2006-01-02 15:04")
		return
	}

	a.Overdue = !v.now.Before(*a.Until)
	a.DueText = rules.DueText(*a.Until, v.now, zone)
}
