package chaos

// spareQueries are the checks of spares on site: what a parent's licences earn, its
// ledger's balance and its live units are one number; a unit is used once; and what
// is recalled, billed or credited is told.
func spareQueries() []query {
	return []query{
		{"spare", "the live units are not what the licences in force earn", `SELECT o.id, coalesce(u.live, 0) || ' live, ' || coalesce(l.balance, 0) || ' in the ledger, ' || coalesce(s.licences, 0) || ' licences' FROM orgs o
			LEFT JOIN (SELECT parent_org_id, count(*) AS live FROM spare_units WHERE closed_at IS NULL AND state <> 'RECALL_REQUESTED' AND NOT recall_pending GROUP BY 1) u ON u.parent_org_id = o.id
			LEFT JOIN (SELECT parent_org_id, sum(delta) AS balance FROM spare_ledger GROUP BY 1) l ON l.parent_org_id = o.id
			LEFT JOIN (SELECT a.parent_org_id, count(*) AS licences FROM licences l JOIN service_contracts c ON c.id = l.contract_id AND c.type = 'SELECT' JOIN accounts a ON a.id = l.account_id
				WHERE l.state IN ('AVAILABLE','ASSIGNED') GROUP BY 1) s ON s.parent_org_id = o.id
			WHERE coalesce(u.live, 0) <> coalesce(l.balance, 0) OR coalesce(l.balance, 0) <> coalesce(s.licences, 0) / 50`},
		{"spare", "more than one live parcel in one direction", `SELECT subject_id, direction FROM shipments WHERE direction IN ('SPARE','RECALL') AND state IN ` + underWay + ` GROUP BY 1, 2 HAVING count(*) > 1`},
		{"spare", "one unit was used for two replacements", `SELECT replacement_device_id, count(*)::text FROM rmas WHERE replacement_device_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1`},
		{"spare", "a replacement used no unit, or one that knows nothing of it", `SELECT r.id, coalesce(r.spare_unit_id, 'none') FROM rmas r WHERE (r.swapped_at IS NULL) <> (r.spare_unit_id IS NULL)
			OR r.spare_unit_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_events a WHERE a.object_id = r.spare_unit_id AND a.verb = 'spare.consumed' AND a.details->>'rma' = r.id)`},
		{"spare", "its device does not lie on site", `SELECT u.id, coalesce(d.state, 'none') FROM spare_units u LEFT JOIN devices d ON d.id = u.device_id WHERE u.state = 'ON_SITE' AND coalesce(d.state, '') <> 'SPARE_ON_SITE'`},
		{"spare", "it is closed and goes on, or the other way round", `SELECT id, state FROM spare_units WHERE (closed_at IS NOT NULL) <> (state IN ('RETURNED','BILLED','WAIVED','VOIDED'))`},
		{"spare", "not exactly one task asks for model and site", `SELECT u.id, count(t.id)::text FROM spare_units u LEFT JOIN operator_tasks t ON t.subject_id = u.id AND t.kind = 'CHOOSE_SPARE' AND t.state = 'OPEN'
			GROUP BY u.id HAVING count(t.id) <> (u.state = 'SELECTION_PENDING' AND u.selected_at IS NULL)::int`},
		{"spare", "a person is asked about one that is over", `SELECT u.id, t.kind FROM spare_units u JOIN operator_tasks t ON t.subject_id = u.id AND t.state = 'OPEN' WHERE u.closed_at IS NOT NULL`},
		{"spare", "finance was not told of its fee once", `SELECT u.id, count(e.id)::text FROM spare_units u LEFT JOIN outbox_events e ON e.subject_id = u.id AND e.kind = 'event.fee_billed'
			GROUP BY u.id HAVING count(e.id) <> (u.billed_at IS NOT NULL)::int`},
		{"audit", "a state has not its one event", auditOf("spare_units", "spare.earned", "true")},
		{"audit", "a state has not its one event", auditOf("spare_units", "spare.agreed", "s.agreed_at IS NOT NULL")},
		{"audit", "a state has not its one event", auditOf("spare_units", "spare.voided", "s.voided_at IS NOT NULL")},
		{"audit", "a state has not its one event", auditOf("spare_units", "spare.billed", "s.billed_at IS NOT NULL")},
		{"mail", "a step of a spare has not its one mail for each person", `SELECT s.unit, s.step || ': ' || count(n.id) || ' of ' || s.times FROM (SELECT a.object_id AS unit, v.step, count(*) AS times FROM audit_events a
				JOIN (VALUES ('spare.selected','SELECTED'),('spare.shipped','SHIPPED'),('spare.recall_requested','RECALL_REQUESTED'),('spare.returned','RETURNED'),('spare.billed','BILLED'),('spare.waived','WAIVED')) v (verb, step)
				ON v.verb = a.verb GROUP BY 1, 2) s JOIN spare_units u ON u.id = s.unit
			CROSS JOIN LATERAL (SELECT u2.email FROM memberships m JOIN users u2 ON u2.id = m.user_id WHERE m.account_id = u.account_id AND m.role = 'ADMIN' AND m.state = 'ACTIVE'
				UNION SELECT s2.contact_email FROM sites s2 WHERE s2.id = u.site_id AND s2.contact_email <> '') p
			LEFT JOIN notifications n ON n.subject_id = s.unit AND n.template = 'spare_update' AND n.recipient = p.email AND n.params->>'step' = s.step
			GROUP BY s.unit, s.step, s.times, p.email HAVING count(n.id) <> s.times`},
	}
}
