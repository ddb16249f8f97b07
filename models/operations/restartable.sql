SELECT id FROM (
	SELECT id, state_since AS since FROM orders
		WHERE state IN ('RECEIVED','NEEDS_REVIEW','ACCEPTED','PROVISIONING')
	UNION ALL SELECT id, state_since FROM orders
		WHERE state IN ('FULFILLED','PARTIALLY_CANCELLED') AND cancellable_until > @now
	UNION ALL SELECT order_id, created_at FROM order_cancellations WHERE state = 'REQUESTED'
	UNION ALL SELECT id, state_since FROM invitations WHERE state IN ('ISSUED','SENT','BOUNCED')
	UNION ALL SELECT id, state_since FROM rmas WHERE closed_at IS NULL
	UNION ALL SELECT id, state_since FROM spare_units WHERE closed_at IS NULL
	UNION ALL SELECT id, state_since FROM tickets WHERE closed_at IS NULL
	UNION ALL SELECT id, COALESCE(queued_at, created_at) FROM notifications
		WHERE state IN ('QUEUED','SENDING')
	UNION ALL SELECT id, created_at FROM import_jobs WHERE state IN ('QUEUED','CHECKING','STORING')
) p
WHERE id > @after AND since >= @since AND id LIKE @only ESCAPE '\'
GROUP BY id
ORDER BY id
LIMIT @limit
