SELECT what, count(*) AS n FROM (
	-- A mail whose sender tries it has an attempt in every hour.
	SELECT 'mails' AS what FROM notifications n
	WHERE n.state = 'QUEUED' AND COALESCE(n.queued_at, n.created_at) < @late
		AND NOT EXISTS (SELECT 1 FROM notification_attempts a
			WHERE a.notification_id = n.id AND a.at >= @late)

	UNION ALL
	SELECT 'imports' FROM import_jobs
	WHERE state = 'QUEUED' AND created_at < @late

	UNION ALL
	SELECT 'review reminders' FROM orders o
	WHERE o.state = 'NEEDS_REVIEW' AND o.state_since < @review_late AND o.state_since >= @review_from
		AND NOT EXISTS (SELECT 1 FROM notifications n
			WHERE n.subject_id = o.id AND n.template = 'order_review_reminder'
				AND n.created_at >= o.state_since)
) s
GROUP BY what
