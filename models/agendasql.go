package models

import (
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/processes"
)

// agendaSQL reads what can be late: processes with an end, or that the system should
// have moved on by itself; promised shipments; open tasks. Column at is what each is
// sorted by.
var agendaSQL = `SELECT * FROM (
	SELECT p.kind, p.id, p.id AS subject_id, p.workflow_id, p.state, p.waits_for, p.actor, p.since, p.until, COALESCE(p.until, p.since) AS at,
		p.account_id, p.order_id, p.last_error, p.time_zone, '' AS task_kind, '' AS what
	FROM (` + processSQL + `) p WHERE p.waits_for <> 'CANCELLATION_WINDOW' AND (p.until IS NOT NULL OR p.actor = 'SYSTEM')
	UNION ALL
	SELECT 'TASK', t.id, t.subject_id, '', t.state, 'OPERATOR_ACTION', 'OPERATOR', t.created_at, NULL, t.created_at, t.account_id, NULL, '', '', t.kind, t.what
	FROM operator_tasks t WHERE t.state = 'OPEN'
) a WHERE 1 = 1`

func (v *agendaView) source() string {
	if v.q.AccountID == "" {
		return agendaSQL
	}
	v.args["account"] = v.q.AccountID
	return agendaSQL + " AND account_id = @account"
}

// readZones learns in which zones something may be late or due, and makes the
// conditions by them: a day ends where the parcel goes to. Zones whose day begins
// and ends at the same instants share a condition.
func (v *agendaView) readZones(tx *gorm.DB) error {
	on := rules.DateIn(v.now, v.zone).AddDays(1)
	if v.q.On != nil {
		on = *v.q.On
	}
	v.args["latest"] = rules.StartOfDay(on.AddDays(1), westernmost).UTC()
	var zones []string
	err := tx.Raw("SELECT DISTINCT time_zone FROM ("+v.source()+") z WHERE until <= @latest ORDER BY time_zone", v.args).Scan(&zones).Error
	if err != nil {
		return err
	}
	type bounds struct{ late, due time.Time }
	same := map[bounds][]string{}
	for _, name := range append(zones, "") {
		late, due := rules.AgendaDay(v.q.On, v.now, v.location(name))
		same[bounds{late, due}] = append(same[bounds{late, due}], name)
	}
	var late, due []string
	for b, names := range same {
		n := len(late)
		late = append(late, fmt.Sprintf("(time_zone IN @zones%d AND until <= @late%d)", n, n))
		due = append(due, fmt.Sprintf("(time_zone IN @zones%d AND until > @late%d AND until <= @due%d)", n, n, n))
		v.args[fmt.Sprint("zones", n)], v.args[fmt.Sprint("late", n)], v.args[fmt.Sprint("due", n)] = names, b.late, b.due
	}
	_, end := rules.AgendaDay(v.q.On, v.now, v.zone)
	v.args["day"] = rules.StartOfDay(rules.DateIn(end.Add(-time.Nanosecond), v.zone), v.zone).UTC()
	v.late = "(kind = 'TASK' AND since < @day OR kind <> 'TASK' AND (until IS NULL AND since <= @stuck OR " + strings.Join(late, " OR ") + "))"
	v.due = "(kind = 'TASK' AND since >= @day OR " + strings.Join(due, " OR ") + ")"
	return nil
}

// location is the zone of a line; what has no place is in the asker's.
func (v *agendaView) location(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if name == "" || err != nil {
		return v.zone
	}
	return zone
}

func (v *agendaView) count(tx *gorm.DB, out *Agenda) error {
	var rows []struct {
		Late bool
		Kind processes.Kind
		N    int64
	}
	err := tx.Raw("SELECT late, kind, count(*) AS n FROM (SELECT kind, "+v.late+" AS late FROM ("+v.source()+") b WHERE "+v.late+" OR "+v.due+") c GROUP BY late, kind", v.args).Scan(&rows).Error
	out.Late.Total, out.Due.Total = map[processes.Kind]int64{}, map[processes.Kind]int64{}
	for _, r := range rows {
		if r.Late {
			out.Late.Total[r.Kind] = r.N
		} else {
			out.Due.Total[r.Kind] = r.N
		}
	}
	return err
}

func (v *agendaView) list(tx *gorm.DB, where string, after AgendaCursor, out *AgendaList) error {
	query := "SELECT * FROM (" + v.source() + ") b WHERE " + where
	if after != (AgendaCursor{}) {
		query += " AND (at > @after_at OR at = @after_at AND id > @after_id)"
		v.args["after_at"], v.args["after_id"] = after.At.UTC(), after.ID
	}
	size := Page{Limit: v.q.Limit}.size()
	v.args["limit"] = size + 1
	if err := tx.Raw(query+" ORDER BY at, id LIMIT @limit", v.args).Scan(&out.Items).Error; err != nil {
		return err
	}
	for i := range out.Items {
		v.explain(&out.Items[i])
	}
	if len(out.Items) > size {
		out.Items = out.Items[:size]
		last := out.Items[size-1]
		out.Next = AgendaCursor{last.sortedBy(), last.ID}
	}
	return nil
}

// explain says until when the line waits, and how late it is.
func (v *agendaView) explain(a *AgendaItem) {
	zone := v.location(a.TimeZone)
	if _, subject, ok := strings.Cut(a.WorkflowID, "/"); ok && a.Kind == processes.Shipment {
		a.SubjectID = subject
	}
	a.Zone = zone.String()
	switch {
	case a.Kind == processes.Task:
		end := rules.StartOfDay(rules.DateIn(a.Since, zone).AddDays(1), zone).UTC()
		a.Until = &end
	case a.Until == nil:
		a.Overdue, a.DueText = true, "stands still since "+a.Since.In(zone).Format("2006-01-02 15:04")
		return
	}
	a.Overdue, a.DueText = !v.now.Before(*a.Until), rules.DueText(*a.Until, v.now, zone)
}
