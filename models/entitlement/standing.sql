WITH assigned AS (
	SELECT a.room_id, MAX(c.end_at) AS until_at,
		MAX(CASE WHEN r.id IS NULL THEN 0 ELSE 1 END) AS renewed
	FROM licence_assignments a
	JOIN licences l ON l.id = a.licence_id
	JOIN service_contracts c ON c.id = l.contract_id
	LEFT JOIN licences r ON r.renews_licence_id = l.id AND r.state <> 'REVOKED'
	WHERE a.account_id = @account AND a.to_at IS NULL AND a.service_type = @cover
		AND c.state = 'ACTIVE' AND c.end_at > @now
	GROUP BY a.room_id)
SELECT
	(SELECT count(*) FROM rooms WHERE account_id = @account AND state = 'ACTIVE') AS rooms,
	(SELECT count(*) FROM assigned) AS covered,
	(SELECT count(*) FROM assigned WHERE until_at < @soon AND renewed = 0) AS ending,
	(SELECT count(*) FROM rooms r
		WHERE r.account_id = @account AND r.state = 'ACTIVE' AND NOT EXISTS (
			SELECT 1 FROM licence_assignments a
			JOIN licences l ON l.id = a.licence_id
			JOIN service_contracts c ON c.id = l.contract_id
			WHERE a.room_id = r.id AND a.to_at IS NULL AND a.service_type = @cover
				AND (c.end_at IS NULL OR c.end_at > @now))) AS bare,
	(SELECT count(*) FROM licences l JOIN service_contracts c ON c.id = l.contract_id
		WHERE l.account_id = @account AND l.state = 'AVAILABLE' AND c.type IN @services
			AND c.state IN ('PENDING_START','ACTIVE')
			AND (c.end_at IS NULL OR c.end_at > @now)) AS free,
	(SELECT count(*) FROM licences l JOIN service_contracts c ON c.id = l.contract_id
		WHERE l.account_id = @account AND l.state IN ('AVAILABLE','ASSIGNED') AND c.type <> 'JUMPSTART'
			AND c.state IN ('PENDING_START','ACTIVE')
			AND (c.end_at IS NULL OR c.end_at > @now)) AS licences,
	(SELECT count(*) FROM service_contracts c
		WHERE c.account_id = @account AND c.state IN ('PENDING_START','ACTIVE')
			AND (c.end_at IS NULL OR c.end_at > @now)) AS contracts,
	(SELECT count(*) FROM devices d
		WHERE d.account_id = @account AND d.state IN ('UNPLACED','IN_ROOM','SPARE_ON_SITE','IN_RMA')) AS devices
