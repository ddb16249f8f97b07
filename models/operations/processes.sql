-- ORDER
SELECT
	o.id,
	'ORDER' AS kind,
	'order/' || o.id AS workflow_id,
	o.state,
	CASE
		WHEN o.cancelling THEN 'CANCELLATION_STEPS'
		WHEN o.state = 'NEEDS_REVIEW' THEN 'REVIEW_DECISION'
		WHEN o.state IN ('RECEIVED','ACCEPTED','PROVISIONING') THEN 'FULFILMENT'
		ELSE 'CANCELLATION_WINDOW'
	END AS waits_for,
	CASE
		WHEN o.state = 'NEEDS_REVIEW' THEN 'OPERATOR'
		WHEN NOT o.cancelling AND o.state IN ('FULFILLED','PARTIALLY_CANCELLED') THEN 'NOBODY'
		ELSE 'SYSTEM'
	END AS actor,
	o.state_since AS since,
	CASE
		WHEN o.state = 'NEEDS_REVIEW' THEN o.review_until
		WHEN NOT o.cancelling AND o.state IN ('FULFILLED','PARTIALLY_CANCELLED') THEN o.cancellable_until
	END AS until,
	CASE
		WHEN o.state = 'NEEDS_REVIEW' THEN COALESCE(o.next_at, o.review_until)
		WHEN NOT o.cancelling AND o.state IN ('FULFILLED','PARTIALLY_CANCELLED') THEN o.cancellable_until
	END AS timer_at,
	o.account_id,
	o.id AS order_id,
	o.last_error,
	o.time_zone,
	COALESCE(o.vendor_order_no, '') AS number
FROM (
	-- Apart, so that each is found by an index.
	SELECT orders.*, EXISTS (
		SELECT 1 FROM order_cancellations c WHERE c.order_id = orders.id AND c.state = 'REQUESTED'
	) AS cancelling
	FROM orders
	WHERE state IN ('RECEIVED','NEEDS_REVIEW','ACCEPTED','PROVISIONING')

	UNION ALL
	SELECT orders.*, FALSE AS cancelling
	FROM orders
	WHERE state IN ('FULFILLED','PARTIALLY_CANCELLED') AND cancellable_until > @now
		AND NOT EXISTS (
			SELECT 1 FROM order_cancellations c WHERE c.order_id = orders.id AND c.state = 'REQUESTED'
		)

	UNION ALL
	SELECT orders.*, TRUE AS cancelling
	FROM orders
	WHERE id IN (SELECT order_id FROM order_cancellations WHERE state = 'REQUESTED')
		AND state NOT IN ('RECEIVED','NEEDS_REVIEW','ACCEPTED','PROVISIONING')
) o
WHERE 1 = 1

UNION ALL
-- INVITATION
SELECT
	i.id,
	'INVITATION' AS kind,
	'invitation/' || i.id AS workflow_id,
	CASE WHEN i.state = 'ISSUED' AND n.state IN ('SENT','DELIVERED') THEN 'SENT' ELSE i.state END AS state,
	CASE
		WHEN i.state = 'BOUNCED' THEN 'NEW_ADDRESS'
		WHEN n.state = 'UNKNOWN' THEN 'MAIL_CHECK'
		WHEN n.state IN ('SENT','DELIVERED') THEN 'ACCEPTANCE'
		ELSE 'SENDING'
	END AS waits_for,
	CASE
		WHEN i.state = 'BOUNCED' OR n.state = 'UNKNOWN' THEN 'OPERATOR'
		WHEN n.state IN ('SENT','DELIVERED') THEN 'CUSTOMER'
		ELSE 'SYSTEM'
	END AS actor,
	i.state_since AS since,
	i.expires_at AS until,
	-- One whose mailbox does not exist is an operator's; its workflow has nothing to do any more.
	CASE WHEN i.state <> 'BOUNCED' THEN COALESCE(i.next_at, i.expires_at) END AS timer_at,
	i.account_id,
	i.order_id,
	CASE WHEN i.last_error <> '' THEN i.last_error ELSE COALESCE(n.last_error, '') END AS last_error,
	a.time_zone,
	'' AS number
FROM invitations i
JOIN accounts a ON a.id = i.account_id
LEFT JOIN notifications n ON n.subject_id = i.id AND n.template = 'invitation'
WHERE i.state IN ('ISSUED','SENT','BOUNCED')

UNION ALL
-- RMA
SELECT
	r.id,
	'RMA' AS kind,
	'rma/' || r.id AS workflow_id,
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
	END AS waits_for,
	CASE
		WHEN r.state IN ('AWAITING_RETURN','OVERDUE') AND r.fee_asked_at IS NULL THEN 'CUSTOMER'
		WHEN r.state = 'RETURN_IN_TRANSIT' OR (r.state = 'SHIPPED' AND r.silence_asked_at IS NULL) THEN 'CARRIER'
		ELSE 'OPERATOR'
	END AS actor,
	r.state_since AS since,
	CASE
		WHEN r.state IN ('APPROVED','BACKORDERED','ALLOCATED','SHIPPED') THEN r.promised_until
		WHEN r.state IN ('AWAITING_RETURN','OVERDUE') THEN
			CASE WHEN r.overdue_from > r.return_due_at THEN r.overdue_from ELSE r.return_due_at END
	END AS until,
	r.next_at AS timer_at,
	r.account_id,
	NULL AS order_id,
	r.last_error,
	s.time_zone,
	r.number
FROM rmas r
JOIN sites s ON s.id = r.site_id
WHERE r.closed_at IS NULL

UNION ALL
-- SPARE
SELECT
	u.id,
	'SPARE' AS kind,
	'spare/' || u.id AS workflow_id,
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
	END AS waits_for,
	CASE
		WHEN u.state = 'SELECTION_PENDING' AND u.selected_at IS NOT NULL
			OR u.state = 'RECALL_REQUESTED' AND u.fee_asked_at IS NULL AND u.recall_scanned_at IS NULL
			THEN 'CUSTOMER'
		WHEN u.state = 'SHIPPED'
			OR u.state = 'REPLENISHING' AND u.shipped_at IS NOT NULL
			OR u.recall_scanned_at IS NOT NULL
			THEN 'CARRIER'
		ELSE 'OPERATOR'
	END AS actor,
	u.state_since AS since,
	CASE WHEN u.state = 'RECALL_REQUESTED' THEN u.recall_due_at END AS until,
	u.next_at AS timer_at,
	u.account_id,
	NULL AS order_id,
	u.last_error,
	COALESCE(s.time_zone, '') AS time_zone,
	u.number
FROM spare_units u
LEFT JOIN sites s ON s.id = u.site_id
WHERE u.closed_at IS NULL AND u.state <> 'ON_SITE'

UNION ALL
-- TICKET
SELECT
	t.id,
	'TICKET' AS kind,
	'ticket/' || t.id AS workflow_id,
	t.state,
	CASE t.state
		WHEN 'NEW' THEN 'FIRST_ANSWER'
		WHEN 'PENDING_CUSTOMER' THEN 'CUSTOMER'
		WHEN 'PENDING_THIRD_PARTY' THEN 'THIRD_PARTY'
		WHEN 'PENDING_RMA' THEN 'REPLACEMENT'
		WHEN 'RESOLVED' THEN 'REOPENING'
		ELSE 'SUPPORT'
	END AS waits_for,
	CASE t.turn
		WHEN 'US' THEN 'OPERATOR'
		WHEN 'CUSTOMER' THEN 'CUSTOMER'
		WHEN 'CARRIER' THEN 'CARRIER'
		ELSE 'NOBODY'
	END AS actor,
	t.state_since AS since,
	CASE WHEN t.state IN ('PENDING_CUSTOMER','RESOLVED') THEN t.next_at ELSE t.effective_due END AS until,
	CASE
		WHEN t.next_at IS NULL OR t.session_remind_at < t.next_at THEN t.session_remind_at
		ELSE t.next_at
	END AS timer_at,
	t.account_id,
	NULL AS order_id,
	t.last_error,
	t.time_zone,
	t.number
FROM tickets t
WHERE t.closed_at IS NULL

UNION ALL
-- SHIPMENT
SELECT
	sh.id,
	'SHIPMENT' AS kind,
	CASE
		WHEN sh.subject_id LIKE 'rma_%' THEN 'rma/'
		WHEN sh.subject_id LIKE 'spu_%' THEN 'spare/'
		ELSE ''
	END || sh.subject_id AS workflow_id,
	sh.state,
	CASE
		WHEN sh.cancel_asked_at IS NOT NULL AND sh.state IN ('CREATED','LABELLED') THEN 'CALL_OFF'
		WHEN sh.state = 'CREATED' THEN 'BOOKING'
		WHEN sh.state = 'LABELLED' THEN 'PICK_UP'
		ELSE 'DELIVERY'
	END AS waits_for,
	CASE
		WHEN sh.state = 'CREATED' AND sh.service = '' THEN 'OPERATOR'
		WHEN sh.state = 'LABELLED' AND sh.cancel_asked_at IS NULL AND sh.direction IN ('RETURN','RECALL')
			THEN 'CUSTOMER'
		ELSE 'CARRIER'
	END AS actor,
	COALESCE(sh.last_scan_at, sh.created_at) AS since,
	CASE
		WHEN sh.cancel_asked_at IS NOT NULL THEN NULL
		WHEN sh.direction = 'OUT' THEN r.promised_until
		WHEN sh.direction = 'RETURN' AND r.closed_at IS NULL THEN
			CASE WHEN r.overdue_from > r.return_due_at THEN r.overdue_from ELSE r.return_due_at END
	END AS until,
	CAST(NULL AS timestamptz) AS timer_at,
	sh.account_id,
	NULL AS order_id,
	CASE
		WHEN sh.state = 'CREATED' OR sh.cancel_asked_at IS NOT NULL THEN COALESCE(r.last_error, '')
		ELSE ''
	END AS last_error,
	COALESCE(s.time_zone, '') AS time_zone,
	COALESCE(r.number, u.number, '') AS number
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
-- CSM
SELECT
	t.subject_id AS id,
	'CSM' AS kind,
	COALESCE('order/' || (
		SELECT c.order_id FROM service_contracts c
		WHERE c.account_id = t.account_id AND c.type = 'SELECT'
		ORDER BY c.id
		LIMIT 1
	), '') AS workflow_id,
	t.state,
	'CSM_ASSIGNMENT' AS waits_for,
	'OPERATOR' AS actor,
	t.created_at AS since,
	CAST(NULL AS timestamptz) AS until,
	CAST(NULL AS timestamptz) AS timer_at,
	t.account_id,
	(
		SELECT c.order_id FROM service_contracts c
		WHERE c.account_id = t.account_id AND c.type = 'SELECT'
		ORDER BY c.id
		LIMIT 1
	) AS order_id,
	'' AS last_error,
	'' AS time_zone,
	'' AS number
FROM operator_tasks t
WHERE t.kind = 'ASSIGN_CSM' AND t.state = 'OPEN'

UNION ALL
-- CONTACT
SELECT
	q.id,
	'CONTACT' AS kind,
	'' AS workflow_id,
	q.state,
	CASE WHEN q.escalated_at IS NULL THEN 'ANSWER' ELSE 'REVIEW_DECISION' END AS waits_for,
	CASE WHEN q.escalated_at IS NULL THEN 'CUSTOMER' ELSE 'OPERATOR' END AS actor,
	COALESCE(q.escalated_at, q.asked_at) AS since,
	CASE WHEN q.escalated_at IS NULL THEN q.answer_until END AS until,
	CAST(NULL AS timestamptz) AS timer_at,
	q.account_id,
	q.order_id,
	'' AS last_error,
	a.time_zone,
	'' AS number
FROM contact_questions q
JOIN accounts a ON a.id = q.account_id
WHERE q.state = 'OPEN' AND q.withdrawn_at IS NULL
