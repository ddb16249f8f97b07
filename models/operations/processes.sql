SELECT * FROM (
	SELECT
		o.id,
		'ORDER' AS kind,
		'order/' || o.id AS workflow_id,
		o.state,
		CASE
			WHEN c.id IS NOT NULL THEN 'CANCELLATION_STEPS'
			WHEN o.state = 'NEEDS_REVIEW' THEN 'REVIEW_DECISION'
			WHEN o.state IN ('RECEIVED','ACCEPTED','PROVISIONING') THEN 'FULFILMENT'
			ELSE 'CANCELLATION_WINDOW'
		END AS waits_for,
		CASE
			WHEN o.state = 'NEEDS_REVIEW' THEN 'OPERATOR'
			WHEN c.id IS NULL AND o.state IN ('FULFILLED','PARTIALLY_CANCELLED') THEN 'NOBODY'
			ELSE 'SYSTEM'
		END AS actor,
		o.state_since AS since,
		CASE
			WHEN o.state = 'NEEDS_REVIEW' THEN o.review_until
			WHEN c.id IS NULL AND o.state IN ('FULFILLED','PARTIALLY_CANCELLED') THEN o.cancellable_until
		END AS until,
		CASE
			WHEN o.state = 'NEEDS_REVIEW' THEN o.review_until
			WHEN c.id IS NULL AND o.state IN ('FULFILLED','PARTIALLY_CANCELLED') THEN o.cancellable_until
		END AS timer_at,
		o.account_id,
		o.id AS order_id,
		o.last_error,
		o.time_zone,
		COALESCE(o.vendor_order_no, '') AS number
	FROM orders o
	LEFT JOIN (
		SELECT order_id, MIN(id) AS id FROM order_cancellations WHERE state = 'REQUESTED' GROUP BY order_id
	) c ON c.order_id = o.id
	WHERE o.id IN (
		SELECT id FROM orders WHERE state IN ('RECEIVED','NEEDS_REVIEW','ACCEPTED','PROVISIONING')
		UNION SELECT id FROM orders
			WHERE state IN ('FULFILLED','PARTIALLY_CANCELLED') AND cancellable_until > @now
		UNION SELECT order_id FROM order_cancellations WHERE state = 'REQUESTED'
	)

	UNION ALL
	SELECT
		i.id,
		'INVITATION',
		'invitation/' || i.id,
		CASE WHEN i.state = 'ISSUED' AND n.state IN ('SENT','DELIVERED') THEN 'SENT' ELSE i.state END,
		CASE
			WHEN i.state = 'BOUNCED' THEN 'NEW_ADDRESS'
			WHEN n.state = 'UNKNOWN' THEN 'MAIL_CHECK'
			WHEN n.state IN ('SENT','DELIVERED') THEN 'ACCEPTANCE'
			ELSE 'SENDING'
		END,
		CASE
			WHEN i.state = 'BOUNCED' OR n.state = 'UNKNOWN' THEN 'OPERATOR'
			WHEN n.state IN ('SENT','DELIVERED') THEN 'CUSTOMER'
			ELSE 'SYSTEM'
		END,
		i.state_since,
		i.expires_at,
		i.expires_at,
		i.account_id,
		i.order_id,
		CASE WHEN i.last_error <> '' THEN i.last_error ELSE COALESCE(n.last_error, '') END,
		a.time_zone,
		''
	FROM invitations i
	JOIN accounts a ON a.id = i.account_id
	LEFT JOIN notifications n ON n.subject_id = i.id AND n.template = 'invitation'
	WHERE i.state IN ('ISSUED','SENT','BOUNCED')

	UNION ALL
	SELECT
		r.id,
		'RMA',
		'rma/' || r.id,
		r.state,
		CASE
			WHEN r.state = 'REQUESTED' THEN 'REVIEW_DECISION'
			WHEN r.state IN ('APPROVED','BACKORDERED') THEN 'STOCK'
			WHEN r.state = 'ALLOCATED' THEN 'SHIPPING'
			WHEN r.state = 'SHIPPED' AND r.silence_asked_at IS NOT NULL THEN 'LOSS_DECISION'
			WHEN r.state = 'SHIPPED' THEN 'DELIVERY'
			WHEN r.state = 'RETURN_IN_TRANSIT' THEN 'RETURN_PARCEL'
			WHEN r.state = 'RETURN_RECEIVED' THEN 'INSPECTION'
			WHEN r.state = 'INSPECTED' OR (r.state = 'OVERDUE' AND r.fee_asked_at IS NOT NULL) THEN 'FEE_DECISION'
			ELSE 'RETURN'
		END,
		CASE
			WHEN r.state IN ('AWAITING_RETURN','OVERDUE') AND r.fee_asked_at IS NULL THEN 'CUSTOMER'
			WHEN r.state = 'RETURN_IN_TRANSIT' OR (r.state = 'SHIPPED' AND r.silence_asked_at IS NULL) THEN 'NOBODY'
			ELSE 'OPERATOR'
		END,
		r.state_since,
		CASE
			WHEN r.state IN ('APPROVED','BACKORDERED','ALLOCATED','SHIPPED') THEN r.promised_until
			WHEN r.state IN ('AWAITING_RETURN','OVERDUE') THEN r.return_due_at
		END,
		r.next_at,
		r.account_id,
		NULL,
		r.last_error,
		s.time_zone,
		r.number
	FROM rmas r
	JOIN sites s ON s.id = r.site_id
	WHERE r.closed_at IS NULL

	UNION ALL
	SELECT
		u.id,
		'SPARE',
		'spare/' || u.id,
		u.state,
		CASE
			WHEN u.state IN ('EARNED','SELECTION_PENDING') AND u.selected_at IS NULL THEN 'SPARE_CHOICE'
			WHEN u.state IN ('EARNED','SELECTION_PENDING') THEN 'AGREEMENT'
			WHEN u.state IN ('APPROVED','REPLENISHING') AND u.shipped_at IS NULL THEN 'SHIPPING'
			WHEN u.state IN ('SHIPPED','REPLENISHING') THEN 'DELIVERY'
			WHEN u.state = 'CONSUMED' THEN 'REVIEW_DECISION'
			WHEN u.recall_scanned_at IS NOT NULL THEN 'RETURN_PARCEL'
			WHEN u.fee_asked_at IS NOT NULL THEN 'FEE_DECISION'
			ELSE 'RETURN'
		END,
		CASE
			WHEN u.state = 'SELECTION_PENDING' AND u.selected_at IS NOT NULL
				OR u.state = 'RECALL_REQUESTED' AND u.fee_asked_at IS NULL AND u.recall_scanned_at IS NULL
				THEN 'CUSTOMER'
			WHEN u.state = 'SHIPPED'
				OR u.state = 'REPLENISHING' AND u.shipped_at IS NOT NULL
				OR u.recall_scanned_at IS NOT NULL
				THEN 'NOBODY'
			ELSE 'OPERATOR'
		END,
		u.state_since,
		CASE WHEN u.state = 'RECALL_REQUESTED' THEN u.recall_due_at END,
		u.next_at,
		u.account_id,
		NULL,
		u.last_error,
		COALESCE(s.time_zone, ''),
		u.number
	FROM spare_units u
	LEFT JOIN sites s ON s.id = u.site_id
	WHERE u.closed_at IS NULL AND u.state <> 'ON_SITE'

	UNION ALL
	SELECT
		sh.id,
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
			WHEN sh.state = 'LABELLED' AND sh.cancel_asked_at IS NULL AND sh.direction IN ('RETURN','RECALL')
				THEN 'CUSTOMER'
			ELSE 'CARRIER'
		END,
		COALESCE(sh.last_scan_at, sh.created_at),
		CASE
			WHEN sh.cancel_asked_at IS NOT NULL THEN NULL
			WHEN sh.direction = 'OUT' THEN r.promised_until
			WHEN sh.direction = 'RETURN' AND r.closed_at IS NULL THEN r.return_due_at
		END,
		NULL,
		sh.account_id,
		NULL,
		CASE
			WHEN sh.state = 'CREATED' OR sh.cancel_asked_at IS NOT NULL THEN COALESCE(r.last_error, '')
			ELSE ''
		END,
		COALESCE(s.time_zone, ''),
		COALESCE(r.number, u.number, '')
	FROM shipments sh
	LEFT JOIN rmas r ON r.id = sh.subject_id
	LEFT JOIN spare_units u ON u.id = sh.subject_id
	LEFT JOIN sites s ON s.id = COALESCE(r.site_id, sh.site_id)
	WHERE sh.state IN ('CREATED','LABELLED','PICKED_UP','IN_TRANSIT','EXCEPTION')
		AND NOT (sh.direction = 'OUT' AND r.delivered_at IS NOT NULL
			OR sh.direction = 'RETURN' AND r.return_received_at IS NOT NULL
			OR sh.direction = 'SPARE' AND u.on_site_at IS NOT NULL
			OR sh.direction = 'RECALL' AND u.returned_at IS NOT NULL
			-- Nobody waits for a unit that was billed, waived or left: it may still come.
			OR sh.direction IN ('RETURN','RECALL') AND COALESCE(r.closed_at, u.closed_at) IS NOT NULL
				AND sh.cancel_asked_at IS NULL AND sh.state IN ('CREATED','LABELLED'))

	UNION ALL
	SELECT
		t.subject_id,
		'CSM',
		COALESCE('order/' || f.order_id, ''),
		t.state,
		'CSM_ASSIGNMENT',
		'OPERATOR',
		t.created_at,
		NULL,
		NULL,
		t.account_id,
		f.order_id,
		'',
		'',
		''
	FROM operator_tasks t
	LEFT JOIN service_contracts f ON f.id = (
		SELECT min(c.id) FROM service_contracts c WHERE c.account_id = t.account_id AND c.type = 'SELECT'
	)
	WHERE t.kind = 'ASSIGN_CSM' AND t.state = 'OPEN'

	UNION ALL
	SELECT
		q.id,
		'CONTACT',
		'',
		q.state,
		CASE WHEN q.escalated_at IS NULL THEN 'ANSWER' ELSE 'REVIEW_DECISION' END,
		CASE WHEN q.escalated_at IS NULL THEN 'CUSTOMER' ELSE 'OPERATOR' END,
		COALESCE(q.escalated_at, q.asked_at),
		CASE WHEN q.escalated_at IS NULL THEN q.answer_until END,
		NULL,
		q.account_id,
		q.order_id,
		'',
		a.time_zone,
		''
	FROM contact_questions q
	JOIN accounts a ON a.id = q.account_id
	WHERE q.state = 'OPEN' AND q.withdrawn_at IS NULL
) p WHERE 1 = 1
