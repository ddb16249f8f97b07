SELECT
	COALESCE(c.code, p.country) AS code,
	count(DISTINCT p.account_id) AS accounts,
	sum(p.rooms) AS rooms,
	sum(p.sites) AS sites
FROM (
	SELECT country, region, id AS account_id, 0 AS rooms, 0 AS sites FROM accounts
	UNION ALL
	SELECT country, region, account_id, count(*), 0 FROM rooms
		WHERE state = 'ACTIVE' GROUP BY country, region, account_id
	UNION ALL
	SELECT country, region, account_id, 0, count(*) FROM sites
		GROUP BY country, region, account_id
) p
LEFT JOIN calendars c ON c.code = p.country || '-' || p.region
GROUP BY COALESCE(c.code, p.country)
ORDER BY code
