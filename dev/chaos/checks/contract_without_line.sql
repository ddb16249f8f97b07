-- check: contract
-- rule: a contract belongs to no line
SELECT c.id, c.order_line_id
FROM service_contracts c
LEFT JOIN order_lines l ON l.id = c.order_line_id
WHERE l.id IS NULL
