SELECT cause, source_id FROM (
	SELECT 'ORDER' AS cause, c.order_id AS source_id, c.created_at AS at
	FROM accounts a
	JOIN service_contracts c ON c.account_id = a.id
	WHERE @grants AND a.parent_org_id = @parent AND c.type = 'SELECT'
		AND c.state NOT IN ('CANCELLED','EXPIRED')

	UNION ALL
	SELECT 'EXPIRY', c.id, c.end_at
	FROM accounts a
	JOIN service_contracts c ON c.account_id = a.id
	WHERE NOT @grants AND a.parent_org_id = @parent AND c.type = 'SELECT'
		AND c.state = 'EXPIRED'

	UNION ALL
	SELECT 'CANCELLATION', k.id, k.created_at
	FROM accounts a
	JOIN orders o ON o.account_id = a.id
	JOIN order_cancellations k ON k.order_id = o.id
	WHERE NOT @grants AND a.parent_org_id = @parent
) m
WHERE NOT EXISTS (
	SELECT 1 FROM spare_ledger s
	WHERE s.parent_org_id = @parent AND s.cause = m.cause AND s.source_id = m.source_id)
ORDER BY at DESC, source_id DESC
LIMIT 1
