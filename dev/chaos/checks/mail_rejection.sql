-- check: mail
-- rule: a rejection is not told once
SELECT o.id, count(n.id)::text
FROM orders o
LEFT JOIN notifications n ON n.order_id = o.id AND n.template = 'order_rejected'
GROUP BY o.id
HAVING count(n.id) <> (CASE o.state WHEN 'REJECTED' THEN 1 ELSE 0 END)
