-- check: stock
-- rule: units are set apart for one that does not wait for them
SELECT e.id, e.subject_id
FROM stock_entries e
LEFT JOIN rmas r ON r.id = e.subject_id AND r.state = 'ALLOCATED'
WHERE e.kind = 'RESERVATION'
    AND e.subject_id LIKE 'rma_%'
    AND r.id IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM stock_entries c
        WHERE c.closes_id = e.id
    )
