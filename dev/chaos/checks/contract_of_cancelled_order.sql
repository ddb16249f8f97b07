-- check: contract
-- rule: a contract of a cancelled order is in force
SELECT c.id, o.id
FROM service_contracts c
JOIN orders o ON o.id = c.order_id
WHERE o.state = 'CANCELLED' AND c.state <> 'CANCELLED'
