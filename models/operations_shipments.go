package models

// shipmentProcessSQL selects the shipments under way as processes. What the service has
// to ask the carrier waits for the carrier; a parcel that people hand in, for them. Its
// workflow is that of what it is for. What people said has arrived is under way no more,
// though no carrier scanned it.
const shipmentProcessSQL = `
	SELECT sh.id,
		'SHIPMENT',
		CASE
			WHEN sh.subject_id LIKE 'rma_%' THEN 'rma/'
			WHEN sh.subject_id LIKE 'spu_%' THEN 'spare/'
			ELSE ''
		END || sh.subject_id,
		sh.state,
		CASE
			WHEN sh.cancel_asked_at IS NOT NULL AND sh.state IN ('CREATED','LABELLED') THEN 'CALL_OFF'
			WHEN sh.state = 'CREATED' THEN 'BOOKING'
			WHEN sh.state = 'LABELLED' THEN 'PICK_UP'
			ELSE 'DELIVERY'
		END,
		CASE
			WHEN sh.state = 'CREATED' AND sh.service = '' THEN 'OPERATOR'
			WHEN sh.state = 'LABELLED' AND sh.cancel_asked_at IS NULL
				AND sh.direction IN ('RETURN','RECALL') THEN 'CUSTOMER'
			ELSE 'CARRIER'
		END,
		COALESCE(sh.last_scan_at, sh.created_at),
		CASE
			WHEN sh.cancel_asked_at IS NOT NULL THEN NULL
			WHEN sh.direction = 'OUT' THEN r.promised_until
			WHEN sh.direction = 'RETURN' THEN r.return_due_at
		END,
		NULL,
		sh.account_id,
		NULL,
		CASE
			WHEN sh.state = 'CREATED' OR sh.cancel_asked_at IS NOT NULL THEN COALESCE(r.last_error, '')
			ELSE ''
		END,
		COALESCE(s.time_zone, '')
	FROM shipments sh
	LEFT JOIN rmas r ON r.id = sh.subject_id
	LEFT JOIN sites s ON s.id = COALESCE(r.site_id, sh.site_id)
	WHERE sh.state IN ('CREATED','LABELLED','PICKED_UP','IN_TRANSIT','EXCEPTION')
		AND NOT (sh.direction = 'OUT' AND r.delivered_at IS NOT NULL
			OR sh.direction = 'RETURN' AND r.return_received_at IS NOT NULL)`
