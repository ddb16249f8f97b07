-- check: licence
-- rule: a cancelled order has a licence in force
SELECT l.id, o.id
FROM licences l
JOIN service_contracts c ON c.id = l.contract_id
JOIN orders o ON o.id = c.order_id
WHERE o.state = 'CANCELLED' AND l.state IN ('AVAILABLE', 'ASSIGNED')
