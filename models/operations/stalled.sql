SELECT what, count(*) AS n FROM (
	-- A mail whose sender tries it has an attempt in every hour.
	SELECT 'mails' AS what FROM notifications n
	WHERE n.state = 'QUEUED' AND COALESCE(n.queued_at, n.created_at) < @late
		AND NOT EXISTS (SELECT 1 FROM notification_attempts a
			WHERE a.notification_id = n.id AND a.at >= @late)

	UNION ALL
	SELECT 'imports' FROM import_jobs
	WHERE state = 'QUEUED' AND created_at < @late
) s
GROUP BY what
