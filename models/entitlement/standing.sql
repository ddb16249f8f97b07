SELECT licences.*,
	(SELECT count(*) FROM service_contracts c
		WHERE c.account_id = @account AND c.state IN ('PENDING_START','ACTIVE')
			AND (c.end_at IS NULL OR c.end_at > @now)) AS contracts,
	(SELECT count(*) FROM devices d
		WHERE d.account_id = @account AND d.state IN ('UNPLACED','IN_ROOM','SPARE_ON_SITE','IN_RMA')) AS devices
FROM (
	SELECT
		coalesce(sum(CASE WHEN l.state = 'AVAILABLE' AND c.type IN @services THEN 1 ELSE 0 END), 0) AS free,
		coalesce(sum(CASE WHEN c.type <> 'JUMPSTART' THEN 1 ELSE 0 END), 0) AS licences
	FROM licences l
	JOIN service_contracts c ON c.id = l.contract_id
	WHERE l.account_id = @account AND l.state IN ('AVAILABLE','ASSIGNED')
		AND c.state IN ('PENDING_START','ACTIVE')
		AND (c.end_at IS NULL OR c.end_at > @now)) AS licences
