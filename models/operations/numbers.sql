-- orders
SELECT 'orders.received' AS figure, {{week "created_at"}} AS week, '' AS part,
	CAST(NULL AS bigint) AS secs, COUNT(*) AS hit, COUNT(*) AS n
FROM orders
WHERE created_at >= @from AND created_at < @to
GROUP BY 2

UNION ALL
SELECT f.figure, e.week,
	CASE
		WHEN f.figure = 'orders.ended' THEN e.outcome
		WHEN e.reasons <> '[]' THEN e.reasons
		ELSE ''
	END AS part,
	CASE WHEN f.figure = 'orders.ended' THEN e.secs END AS secs,
	CASE WHEN f.figure = 'orders.ended' OR e.reasons <> '[]' THEN 1 ELSE 0 END AS hit,
	1 AS n
FROM (
	-- Contracts are made when an order is fulfilled, all of it at once.
	SELECT 'FULFILLED' AS outcome, {{week "c.created_at"}} AS week,
		{{seconds "o.created_at" "c.created_at"}} AS secs,
		CAST(o.review_reasons AS text) AS reasons
	FROM service_contracts c
	JOIN orders o ON o.id = c.order_id
	WHERE c.created_at >= @from AND c.created_at < @to
		AND NOT EXISTS (
			SELECT 1 FROM service_contracts b WHERE b.order_id = c.order_id AND b.id < c.id)

	UNION ALL
	SELECT 'REJECTED', {{week "state_since"}},
		{{seconds "created_at" "state_since"}},
		CAST(review_reasons AS text)
	FROM orders
	WHERE state = 'REJECTED' AND state_since >= @from AND state_since < @to
) e, (SELECT 'orders.ended' AS figure UNION ALL SELECT 'orders.reviewed') f

UNION ALL
SELECT 'orders.refused', week, seller, CAST(NULL AS bigint), SUM(refused), COUNT(*)
FROM (
	SELECT {{week "created_at"}} AS week, org_id AS seller, 1 AS refused
	FROM order_refusals
	WHERE created_at >= @from AND created_at < @to

	UNION ALL
	SELECT {{week "created_at"}}, submitted_by, 0
	FROM orders
	WHERE created_at >= @from AND created_at < @to
) r
GROUP BY week, seller

-- replacements
SELECT 'replacements.requested' AS figure, {{week "created_at"}} AS week, '' AS part,
	CAST(NULL AS bigint) AS secs, COUNT(*) AS hit, COUNT(*) AS n
FROM rmas
WHERE created_at >= @from AND created_at < @to
GROUP BY 2

UNION ALL
SELECT f.figure, a.week, a.country,
	CASE WHEN f.figure = 'replacements.to_deliver' THEN a.secs END,
	CASE WHEN f.figure = 'replacements.to_deliver' THEN 1 ELSE a.kept END,
	1
FROM (
	SELECT {{week "COALESCE(r.delivered_at, r.swapped_at)"}} AS week,
		s.country,
		r.delivered_at IS NOT NULL AND r.approved_at IS NOT NULL AS delivered,
		{{seconds "r.approved_at" "r.delivered_at"}} AS secs,
		r.promise_due_at IS NOT NULL AS promised,
		CASE WHEN COALESCE(r.delivered_at, r.swapped_at) < r.promise_due_at THEN 1 ELSE 0 END AS kept
	FROM rmas r
	JOIN sites s ON s.id = r.site_id
	WHERE COALESCE(r.delivered_at, r.swapped_at) >= @from
		AND COALESCE(r.delivered_at, r.swapped_at) < @to
) a, (SELECT 'replacements.promise_kept' AS figure UNION ALL SELECT 'replacements.to_deliver') f
WHERE CASE WHEN f.figure = 'replacements.to_deliver' THEN a.delivered ELSE a.promised END

UNION ALL
SELECT f.figure, c.week,
	CASE f.figure
		WHEN 'replacements.ended' THEN c.outcome
		WHEN 'replacements.fees' THEN c.fee
		ELSE ''
	END,
	CASE WHEN f.figure = 'replacements.to_return' THEN c.secs END,
	CASE WHEN f.figure = 'replacements.fees' AND c.fee = '' THEN 0 ELSE 1 END,
	1
FROM (
	SELECT {{week "closed_at"}} AS week,
		CASE
			WHEN inspected_at IS NOT NULL THEN outcome
			WHEN no_return_at IS NOT NULL THEN 'NO_RETURN_REQUIRED'
			ELSE state
		END AS outcome,
		CASE
			WHEN damage_billed_at IS NOT NULL THEN 'DAMAGE_BILLED'
			WHEN waived_at IS NOT NULL THEN 'WAIVED'
			WHEN billed_at IS NOT NULL AND inspected_at IS NOT NULL THEN 'CREDITED'
			WHEN billed_at IS NOT NULL THEN 'BILLED'
			ELSE ''
		END AS fee,
		return_received_at IS NOT NULL AND COALESCE(delivered_at, swapped_at) IS NOT NULL AS returned,
		{{seconds "COALESCE(delivered_at, swapped_at)" "return_received_at"}} AS secs
	FROM rmas
	WHERE closed_at >= @from AND closed_at < @to
) c, (
	SELECT 'replacements.ended' AS figure
	UNION ALL SELECT 'replacements.fees'
	UNION ALL SELECT 'replacements.to_return'
) f
WHERE f.figure <> 'replacements.to_return' OR c.returned

-- spares
SELECT 'spares.earned' AS figure, {{week "created_at"}} AS week, '' AS part,
	CAST(NULL AS bigint) AS secs, COUNT(*) AS hit, COUNT(*) AS n
FROM spare_units
WHERE created_at >= @from AND created_at < @to
GROUP BY 2

UNION ALL
-- How long it took is known of the first unit alone: what came later replaced one.
SELECT 'spares.placed', {{week "on_site_at"}}, '',
	CASE WHEN parcels = 0 THEN {{seconds "created_at" "on_site_at"}} END, 1, 1
FROM spare_units
WHERE on_site_at >= @from AND on_site_at < @to

UNION ALL
SELECT 'spares.ended', {{week "closed_at"}}, state, CAST(NULL AS bigint), COUNT(*), COUNT(*)
FROM spare_units
WHERE closed_at >= @from AND closed_at < @to
GROUP BY 2, 3

-- mails
SELECT 'mails.bounced' AS figure, {{week "sent_at"}} AS week, template AS part,
	CAST(NULL AS bigint) AS secs, 0 AS hit, COUNT(*) AS n
FROM notifications
WHERE state IN ('SENT','DELIVERED') AND sent_at >= @from AND sent_at < @to
GROUP BY 2, 3

UNION ALL
-- When it came back is in no row that stays: it counts in the week in which it was queued.
SELECT 'mails.bounced', {{week "COALESCE(queued_at, created_at)"}}, template,
	CAST(NULL AS bigint), COUNT(*), COUNT(*)
FROM notifications
WHERE state = 'HARD_BOUNCED'
	AND COALESCE(queued_at, created_at) >= @from AND COALESCE(queued_at, created_at) < @to
GROUP BY 2, 3

-- processes
SELECT 'processes.stuck' AS figure, {{week "resolved_at"}} AS week, '' AS part,
	{{seconds "created_at" "resolved_at"}} AS secs, 1 AS hit, 1 AS n
FROM operator_tasks
WHERE kind = 'PROCESS_STUCK' AND resolved_at >= @from AND resolved_at < @to

-- tickets
SELECT 'tickets.opened' AS figure, {{week "opened_at"}} AS week, CAST(severity AS text) AS part,
	CAST(NULL AS bigint) AS secs, COUNT(*) AS hit, COUNT(*) AS n
FROM tickets
WHERE opened_at >= @from AND opened_at < @to
GROUP BY 2, 3

UNION ALL
-- What was reopened is open again, and has not ended.
SELECT 'tickets.resolved', {{week "resolved_at"}}, CAST(severity AS text),
	{{seconds "opened_at" "resolved_at"}}, 1, 1
FROM tickets
WHERE state IN ('RESOLVED','CLOSED') AND resolved_at >= @from AND resolved_at < @to

UNION ALL
-- Of what was taken back without an answer only a promise that was broken before counts, and it
-- took no time until an answer.
SELECT 'tickets.answered_' || CAST(c.severity AS text), {{week "c.ended_at"}}, '',
	CASE WHEN t.first_answer_at IS NOT NULL THEN {{seconds "c.started_at" "c.ended_at"}} END,
	CASE WHEN c.state = 'MET' THEN 1 ELSE 0 END, 1
FROM ticket_clocks c
JOIN tickets t ON t.id = c.ticket_id
WHERE c.kind = 'FIRST_RESPONSE' AND c.due_at IS NOT NULL
	AND c.ended_at >= @from AND c.ended_at < @to
	AND c.state IN ('MET','BREACHED')

UNION ALL
SELECT 'tickets.breached', {{week "m.at"}},
	CASE
		WHEN c.breached_at > c.due_at THEN 'SEVERITY_RAISED'
		WHEN c.kind = 'FIRST_RESPONSE' AND NOT EXISTS (
			SELECT 1 FROM ticket_events e
			WHERE e.ticket_id = c.ticket_id AND e.kind = 'ASSIGNED' AND e.at <= m.at
		) THEN 'NOT_TAKEN'
		WHEN c.kind = 'FIRST_RESPONSE' THEN 'NOT_ANSWERED'
		WHEN c.kind = 'UPDATE' THEN 'NO_NEWS'
		WHEN (
			SELECT e.fact FROM ticket_events e
			WHERE e.ticket_id = c.ticket_id AND e.at <= m.at
				AND e.kind IN ('MOVED','REOPENED','REOPENING_UNDONE')
			ORDER BY e.seq DESC LIMIT 1
		) LIKE '%"PENDING_THIRD_PARTY"%' THEN 'WAITED_FOR_OTHERS'
		WHEN EXISTS (
			SELECT 1 FROM ticket_events e
			WHERE e.ticket_id = c.ticket_id AND e.kind = 'REOPENED' AND e.at <= m.at
		) THEN 'CAME_BACK'
		ELSE 'NOT_RESTORED'
	END,
	CAST(NULL AS bigint), 1, 1
FROM ticket_clock_marks m
JOIN ticket_clocks c ON c.id = m.clock_id
WHERE m.kind = 'BREACH' AND m.at >= @from AND m.at < @to
