-- check: order
-- rule: the order exists more than once
SELECT po_number, count(*)::text
FROM orders
GROUP BY reseller_id, po_number
HAVING count(*) > 1
