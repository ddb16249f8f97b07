SELECT id FROM (
	SELECT id FROM orders WHERE state IN ('RECEIVED','NEEDS_REVIEW','ACCEPTED','PROVISIONING')
	UNION SELECT id FROM orders
		WHERE state IN ('FULFILLED','PARTIALLY_CANCELLED') AND cancellable_until > @now
	UNION SELECT order_id FROM order_cancellations WHERE state = 'REQUESTED'
	UNION SELECT id FROM invitations WHERE state IN ('ISSUED','SENT','BOUNCED')
	UNION SELECT id FROM rmas WHERE closed_at IS NULL
	UNION SELECT id FROM spare_units WHERE closed_at IS NULL
	UNION SELECT id FROM notifications WHERE state = 'QUEUED'
	UNION SELECT id FROM import_jobs WHERE state IN ('QUEUED','CHECKING','STORING')
) p
WHERE id > @after
ORDER BY id
LIMIT @limit
