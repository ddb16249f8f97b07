package chaos

import (
	"context"
	"database/sql"
	"errors"

	"roomcover.dev/roomcover/rules"
)

// over are the states in which nothing is left to do with a replacement.
const over = `('REJECTED','WITHDRAWN','NON_RETURN_BILLED','NO_RETURN_REQUIRED','CLOSED')`

// underWay are the states of a parcel that may still arrive as planned.
const underWay = `('CREATED','LABELLED','PICKED_UP','IN_TRANSIT','EXCEPTION')`

// replacementQueries are the checks of replacements against what belongs to them.
func replacementQueries() []query {
	return []query{
		{"replacement", "a device has more than one open RMA", `SELECT device_id, count(*)::text FROM rmas WHERE closed_at IS NULL AND device_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1`},
		{"replacement", "more than one live outbound shipment", `SELECT subject_id, count(*)::text FROM shipments WHERE direction = 'OUT' AND state IN ` + underWay + ` GROUP BY 1 HAVING count(*) > 1`},
		{"replacement", "it is closed and goes on, or the other way round", `SELECT id, state FROM rmas WHERE (closed_at IS NOT NULL) <> (state IN ` + over + `)`},
		{"replacement", "it goes on under a licence that was revoked before anything was shipped (S10)", `SELECT r.id, r.state FROM rmas r JOIN licences l ON l.id = r.cover_licence_id
			WHERE l.state = 'REVOKED' AND r.state IN ('REQUESTED','APPROVED','BACKORDERED','ALLOCATED')`},
		{"replacement", "the faulty unit is still in a room (S24)", `SELECT r.id, p.room_id FROM rmas r JOIN device_placements p ON p.device_id = r.device_id AND p.to_at IS NULL WHERE r.outbound IN ('DELIVERED','SWAPPED')`},
		{"replacement", "a unit that was delivered is nowhere (S24)", `SELECT r.id, d.state FROM rmas r JOIN devices d ON d.id = r.replacement_device_id WHERE r.outbound = 'DELIVERED' AND r.room_id IS NOT NULL AND d.state = 'UNPLACED'
			AND NOT EXISTS (SELECT 1 FROM device_placements p WHERE p.device_id = d.id)`},
		{"replacement", "two devices in use have one serial number", `SELECT serial, count(*)::text FROM devices WHERE state <> 'RETIRED' AND serial IS NOT NULL GROUP BY 1 HAVING count(*) > 1`},
		{"replacement", "a person is asked about one that is over", `SELECT r.id, t.kind FROM rmas r JOIN operator_tasks t ON t.subject_id = r.id AND t.state = 'OPEN' WHERE r.closed_at IS NOT NULL`},
		{"replacement", "nobody is asked to decide", `SELECT r.id, r.state FROM rmas r WHERE r.state = 'REQUESTED' AND NOT EXISTS (SELECT 1 FROM operator_tasks t WHERE t.subject_id = r.id AND t.kind = 'DECIDE_RMA' AND t.state = 'OPEN')`},
		{"replacement", "finance was not told of each fee once", `SELECT r.id, count(e.id)::text FROM rmas r LEFT JOIN outbox_events e ON e.subject_id = r.id AND e.kind = 'event.fee_billed'
			GROUP BY r.id HAVING count(e.id) <> (r.billed_at IS NOT NULL)::int + (r.damage_billed_at IS NOT NULL)::int`},
		{"audit", "a state has not its one event", auditOf("rmas", "rma.requested", "true")},
		{"audit", "a state has not its one event", auditOf("rmas", "rma.approved", "s.approved_at IS NOT NULL")},
		{"audit", "a state has not its one event", auditOf("rmas", "rma.withdrawn", "s.withdrawn_at IS NOT NULL")},
		{"audit", "a state has not its one event", auditOf("rmas", "rma.appealed", "s.appealed_at IS NOT NULL")},
		{"audit", "a state has not its one event", auditOf("rmas", "rma.breached", "s.breached_at IS NOT NULL")},
		{"audit", "a state has not its one event", auditOf("rmas", "rma.no_return_required", "s.no_return_at IS NOT NULL")},
		{"audit", "a state has not its one event", auditOf("rmas", "rma.fee_waived", "s.waived_at IS NOT NULL")},
		{"audit", "a replacement was shipped more often than once for each parcel", `SELECT r.id, count(a.id)::text FROM rmas r JOIN audit_events a ON a.object_id = r.id AND a.verb = 'rma.shipped'
			GROUP BY r.id HAVING count(a.id) NOT BETWEEN (r.shipped_at IS NOT NULL)::int AND r.reships + 1`},
		{"audit", "not one event for each parcel declared lost", verbTimes("rma.parcel_lost", "r.reships")},
		{"audit", "not one event for each fee", verbTimes("rma.fee_billed", "(r.billed_at IS NOT NULL)::int + (r.damage_billed_at IS NOT NULL)::int")},
		{"mail", "a step of a replacement has not its one mail for each person", stepsWithoutMails},
		{"mail", "a mail tells of a step that was not taken", mailsWithoutSteps},
		{"mail", "more than one mail tells a person that a parcel has left", `SELECT n.subject_id, count(*)::text FROM notifications n JOIN rmas r ON r.id = n.subject_id WHERE n.params->>'step' = 'SHIPPED'
			GROUP BY n.subject_id, n.recipient, r.reships HAVING count(*) > r.reships + 1`},
	}
}

// verbTimes finds RMAs for which the verb does not stand as many times as it should.
func verbTimes(verb, times string) string {
	return `SELECT r.id, '` + verb + ` ' || count(a.id) FROM rmas r LEFT JOIN audit_events a ON a.object_id = r.id AND a.verb = '` + verb + `' GROUP BY r.id HAVING count(a.id) <> ` + times
}

// stepVerbs says by which verb of the audit a step of the mails is known. The
// request has a mail of its own unless it was approved at once; of a delivery that
// is told twice only the first has one.
const stepVerbs = `(SELECT a.object_id AS rma, CASE
	WHEN a.verb = 'rma.inspected' AND a.details->>'outcome' = 'WRONG_UNIT' THEN 'WRONG_UNIT'
	ELSE v.step END AS step, count(*) AS times
	FROM audit_events a JOIN (VALUES ('rma.approved','APPROVED'),('rma.rejected','REJECTED'),('rma.appealed','APPEALED'),('rma.withdrawn','WITHDRAWN'),('rma.backordered','BACKORDERED'),
		('rma.parcel_lost','RESHIPPED'),('rma.inspected','INSPECTED'),('rma.no_return_required','NO_RETURN'),('rma.fee_billed','BILLED'),('rma.fee_waived','WAIVED'),
		('rma.return_overdue','OVERDUE'),('rma.spare_used','SWAPPED'),('rma.reminded','REMINDER')) v (verb, step) ON v.verb = a.verb GROUP BY 1, 2
	UNION ALL SELECT id, 'REQUESTED', 1 FROM rmas r WHERE NOT EXISTS (SELECT 1 FROM notifications n WHERE n.subject_id = r.id AND n.epoch = 'APPROVED/1')
	UNION ALL SELECT id, 'DELIVERED', 1 FROM rmas WHERE delivered_at IS NOT NULL AND swapped_at IS NULL)`

// peopleOf are those who are told of a replacement: the administrators of the account,
// and who takes parcels at the site.
const peopleOf = `(SELECT r.id AS rma, p.email FROM rmas r, LATERAL (SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.account_id = r.account_id AND m.role = 'ADMIN' AND m.state = 'ACTIVE'
	UNION SELECT s.contact_email FROM sites s WHERE s.id = r.site_id AND s.contact_email <> '') p)`

const stepsWithoutMails = `SELECT s.rma, s.step || ': ' || count(n.id) || ' of ' || s.times FROM ` + stepVerbs + ` s JOIN ` + peopleOf + ` p ON p.rma = s.rma
	LEFT JOIN notifications n ON n.subject_id = s.rma AND n.template = 'rma_update' AND n.recipient = p.email AND n.params->>'step' = s.step
	GROUP BY s.rma, s.step, s.times, p.email HAVING count(n.id) <> s.times`

const mailsWithoutSteps = `SELECT n.id, n.params->>'step' FROM notifications n JOIN rmas r ON r.id = n.subject_id LEFT JOIN ` + stepVerbs + ` s ON s.rma = n.subject_id AND s.step = n.params->>'step'
	LEFT JOIN ` + peopleOf + ` p ON p.rma = n.subject_id AND p.email = n.recipient WHERE s.rma IS NULL AND (n.params->>'step' <> 'SHIPPED' OR r.shipped_at IS NULL AND r.picked_up_at IS NULL AND r.reships = 0) OR p.email IS NULL`

// verbOf is how the audit names a command that was carried out.
var verbOf = map[rules.RMACommand]string{rules.RMAApprove: "rma.approved", rules.RMAReject: "rma.rejected", rules.RMAAppeal: "rma.appealed", rules.RMAWithdraw: "rma.withdrawn",
	rules.RMAAllocate: "rma.allocated", rules.RMABackorder: "rma.backordered", rules.RMAShip: "rma.shipped", rules.RMAReship: "rma.parcel_lost", rules.RMAWait: "rma.parcel_awaited",
	rules.RMAInspect: "rma.inspected", rules.RMAKeepUnit: "rma.no_return_required", rules.RMABill: "rma.fee_billed", rules.RMAWaive: "rma.fee_waived"}

// replacements holds every acknowledged request and command against the database.
func replacements(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	for id, r := range e.Ledger.rmas {
		var serial string
		err := e.DB.QueryRowContext(ctx, `SELECT faulty_serial FROM rmas WHERE id = $1`, id).Scan(&serial)
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

func commandsOf(ctx context.Context, e Evidence, r *Replacement, report func(string, string, ...any)) error {
	verbs, err := column(ctx, e.DB, `SELECT DISTINCT verb FROM audit_events WHERE object_id = $1`, r.ID)
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

// timers finds replacements and spares whose workflow has not done what is due.
func timers(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	late, err := column(ctx, e.DB, `SELECT id || ' ' || next_timer FROM rmas WHERE closed_at IS NULL AND next_at < $1
		UNION ALL SELECT id || ' ' || next_timer FROM spare_units WHERE closed_at IS NULL AND next_at < $1`, e.today().Add(-calendarSlack(e.Store.Clock())))
	for _, id := range late {
		report(id, "what was due was not done")
	}
	return err
}
