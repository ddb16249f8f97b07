SELECT 'orders.ended' AS figure, state AS part, COUNT(*) AS n
FROM orders
WHERE state IN ('RECEIVED','NEEDS_REVIEW','ACCEPTED','PROVISIONING')
GROUP BY state

UNION ALL
SELECT 'orders.reviewed', 'NEEDS_REVIEW', COUNT(*)
FROM orders
WHERE state = 'NEEDS_REVIEW'

UNION ALL
SELECT 'invitations.claimed', state, COUNT(*)
FROM invitations
WHERE state IN ('ISSUED','SENT','BOUNCED')
GROUP BY state

UNION ALL
SELECT 'replacements.ended', CASE WHEN held THEN 'HELD' ELSE state END, COUNT(*)
FROM rmas
WHERE closed_at IS NULL
GROUP BY 2

UNION ALL
SELECT 'replacements.promise_kept',
	CASE WHEN promise_due_at <= @now THEN 'LATE' ELSE 'IN_TIME' END,
	COUNT(*)
FROM rmas
WHERE closed_at IS NULL
	AND delivered_at IS NULL AND swapped_at IS NULL AND withdrawn_at IS NULL
	AND promise_due_at IS NOT NULL
GROUP BY 2

UNION ALL
SELECT 'replacements.to_return', state, COUNT(*)
FROM rmas
WHERE closed_at IS NULL
	AND (state = 'AWAITING_RETURN' OR state = 'OVERDUE' AND fee_asked_at IS NULL)
GROUP BY state

UNION ALL
SELECT 'spares.earned', state, COUNT(*)
FROM spare_units
WHERE closed_at IS NULL AND state IN ('EARNED','SELECTION_PENDING') AND selected_at IS NULL
GROUP BY state

UNION ALL
SELECT 'spares.placed', state, COUNT(*)
FROM spare_units
WHERE closed_at IS NULL AND state IN ('APPROVED','SHIPPED','REPLENISHING')
GROUP BY state

UNION ALL
SELECT 'spares.ended', state, COUNT(*)
FROM spare_units
WHERE closed_at IS NULL AND state = 'RECALL_REQUESTED'
GROUP BY state

UNION ALL
SELECT 'mails.bounced', state, COUNT(*)
FROM notifications
WHERE state IN ('QUEUED','SENDING','SOFT_FAIL','UNKNOWN')
	-- As the index of mails that are not sent has it.
	AND state NOT IN ('SENT','DELIVERED')
GROUP BY state

UNION ALL
SELECT CASE kind WHEN 'PROCESS_STUCK' THEN 'processes.stuck' ELSE 'replacements.fees' END, state,
	COUNT(*)
FROM operator_tasks
WHERE state = 'OPEN' AND kind IN ('PROCESS_STUCK','RMA_FEE')
GROUP BY 1, 2

UNION ALL
SELECT 'tickets.resolved', turn, COUNT(*)
FROM tickets
WHERE closed_at IS NULL AND state <> 'RESOLVED'
GROUP BY turn

UNION ALL
SELECT 'tickets.answered_' || CAST(c.severity AS text),
	CASE WHEN c.due_at <= @now THEN 'LATE' ELSE 'IN_TIME' END,
	COUNT(*)
FROM tickets t
JOIN ticket_clocks c ON c.ticket_id = t.id AND c.kind = 'FIRST_RESPONSE'
WHERE t.closed_at IS NULL AND t.state = 'NEW' AND c.due_at IS NOT NULL
GROUP BY 1, 2

UNION ALL
SELECT 'tickets.breached', effective_clock, COUNT(*)
FROM tickets
WHERE closed_at IS NULL AND alarm = 'BREACH'
GROUP BY effective_clock

UNION ALL
SELECT 'tickets.backlog_' || LOWER(turn),
	CASE
		WHEN opened_at > @age1 THEN '0'
		WHEN opened_at > @age3 THEN '1'
		WHEN opened_at > @age7 THEN '3'
		WHEN opened_at > @age30 THEN '7'
		ELSE '30'
	END,
	COUNT(*)
FROM tickets
WHERE closed_at IS NULL AND state <> 'RESOLVED'
GROUP BY 1, 2
