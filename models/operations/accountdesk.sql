SELECT a.id AS account_id, m.name AS csm, p.name AS parent, ending.end_at AS ends_next,
	(SELECT COUNT(*) FROM rooms r WHERE r.account_id = a.id)
		- (SELECT COUNT(*) FROM rooms r WHERE r.account_id = a.id AND r.state = 'ARCHIVED') AS rooms,
	(SELECT COUNT(*) FROM licences l WHERE l.account_id = a.id AND l.state = 'ASSIGNED') AS assigned,
	(SELECT COUNT(*) FROM licences l WHERE l.account_id = a.id AND l.state = 'AVAILABLE') AS available,
	(SELECT COUNT(*) FROM rmas r WHERE r.account_id = a.id AND r.closed_at IS NULL) AS open_rmas,
	(
		SELECT COUNT(*) FROM rmas r
		WHERE r.account_id = a.id AND r.closed_at IS NULL
			AND r.withdrawn_at IS NULL
			AND r.promise_due_at <= COALESCE(r.delivered_at, r.swapped_at, @now)
	) AS late_rmas,
	(SELECT COUNT(*) FROM operator_tasks t WHERE t.account_id = a.id AND t.state = 'OPEN') AS open_tasks
FROM accounts a
JOIN orgs p ON p.id = a.parent_org_id
LEFT JOIN csms m ON m.id = a.csm_id AND m.active
LEFT JOIN service_contracts ending ON ending.id = (
	SELECT c.id FROM service_contracts c
	WHERE c.account_id = a.id AND c.state IN ('ACTIVE','SUSPENDED') AND c.end_at > @now
	ORDER BY c.end_at, c.id
	LIMIT 1
)
WHERE a.id IN @accounts
