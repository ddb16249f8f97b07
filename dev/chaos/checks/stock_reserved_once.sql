-- check: stock
-- rule: more than one set of units is set apart for one
SELECT e.subject_id, count(*)::text
FROM stock_entries e
WHERE e.kind = 'RESERVATION'
    AND NOT EXISTS (
        SELECT 1
        FROM stock_entries c
        WHERE c.closes_id = e.id
    )
GROUP BY 1
HAVING count(*) > 1
