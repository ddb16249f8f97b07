-- check: contract
-- rule: not one contract for each line
SELECT l.id, count(c.id)::text
FROM order_lines l
JOIN orders o ON o.id = l.order_id
LEFT JOIN service_contracts c ON c.order_line_id = l.id
GROUP BY l.id, o.state
HAVING count(c.id) <> CASE WHEN o.state IN (
    'FULFILLED',
    'PARTIALLY_CANCELLED',
    'CANCELLED'
) THEN 1 ELSE 0 END
