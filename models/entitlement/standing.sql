SELECT
	(SELECT count(DISTINCT a.room_id)
		FROM licence_assignments a
		JOIN licences l ON l.id = a.licence_id
		JOIN service_contracts c ON c.id = l.contract_id
		WHERE a.account_id = @account AND a.to_at IS NULL AND a.service_type = @service
			AND c.state = 'ACTIVE' AND c.end_at > @now) AS covered,
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
