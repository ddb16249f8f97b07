-- check: audit
-- rule: a partial cancellation has not its one event
SELECT c.id, count(a.id)::text
FROM order_cancellations c
LEFT JOIN audit_events a ON a.object_id = c.order_id AND a.details->>'cancellation' = c.id
GROUP BY c.id
HAVING count(a.id) <> 1
