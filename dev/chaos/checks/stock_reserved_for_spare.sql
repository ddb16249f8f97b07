-- check: stock
-- rule: a unit is set apart for a spare that does not wait for it
SELECT e.id, e.subject_id
FROM stock_entries e
LEFT JOIN spare_units u
    ON u.id = e.subject_id
        AND u.state IN ('APPROVED', 'REPLENISHING')
        AND u.shipped_at IS NULL
WHERE e.kind = 'RESERVATION'
    AND e.subject_id LIKE 'spu_%'
    AND u.id IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM stock_entries c
        WHERE c.closes_id = e.id
    )
