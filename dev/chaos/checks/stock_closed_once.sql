-- check: stock
-- rule: a reservation was closed more than once
SELECT closes_id, count(*)::text
FROM stock_entries
WHERE closes_id IS NOT NULL
GROUP BY 1
HAVING count(*) > 1
