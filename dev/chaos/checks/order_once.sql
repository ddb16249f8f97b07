-- check: order
-- rule: the order exists more than once
SELECT min(po_number), count(*)::text
FROM orders
GROUP BY submitted_by, po_key
HAVING count(*) > 1
