-- The calendar of the region $2, or else of its country $1.
SELECT code, weekend::text, hours::text
FROM calendars
WHERE country = $1 AND region IN ('', $2)
ORDER BY region DESC
LIMIT 1
