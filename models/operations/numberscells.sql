WITH came AS (
{rows}
),
cells AS (
	SELECT figure, week, '' AS part, secs, hit, n FROM came
	UNION ALL
	SELECT figure, -1, '', secs, hit, n FROM came
	UNION ALL
	SELECT figure, -1, part, secs, hit, n FROM came WHERE part <> ''
),
ranked AS (
	SELECT figure, week, part, hit, n,
		CASE WHEN secs < 0 THEN 0 ELSE secs END AS secs,
		ROW_NUMBER() OVER (
			PARTITION BY figure, week, part, CASE WHEN secs IS NULL THEN 1 ELSE 0 END ORDER BY secs
		) AS place,
		COUNT(secs) OVER (PARTITION BY figure, week, part) AS measured
	FROM cells
)
SELECT figure, week, part,
	CAST(SUM(hit) AS bigint) AS hit,
	CAST(SUM(n) AS bigint) AS n,
	MAX(measured) AS measured,
	MIN(CASE WHEN place = (measured * 50 + 99) / 100 THEN secs END) AS p50,
	MIN(CASE WHEN place = (measured * 85 + 99) / 100 THEN secs END) AS p85,
	MIN(CASE WHEN place = (measured * 90 + 99) / 100 THEN secs END) AS p90,
	MIN(CASE WHEN place = (measured * 95 + 99) / 100 THEN secs END) AS p95
FROM ranked
GROUP BY figure, week, part
