SELECT c.type, c.time_zone, c.end_at, COUNT(*) AS n,
	SUM(CASE WHEN EXISTS (
		SELECT 1 FROM licences l
		WHERE l.contract_id = c.id AND l.state <> 'REVOKED' AND NOT EXISTS (
			SELECT 1 FROM licences r WHERE r.renews_licence_id = l.id AND r.state <> 'REVOKED')
	) THEN 1 ELSE 0 END) AS due
FROM service_contracts c
WHERE c.state = 'ACTIVE' AND c.end_at < @latest
GROUP BY c.type, c.time_zone, c.end_at

UNION ALL
-- An extended warranty from before has no licences, and nobody renews it.
SELECT 'EXT_WARRANTY', a.time_zone, w.end_at, COUNT(*), 0
FROM earlier_warranties w
JOIN accounts a ON a.id = w.account_id
WHERE w.state = 'LINKED' AND w.end_at > @now AND w.end_at < @latest
GROUP BY a.time_zone, w.end_at
