-- check: cancellation
-- rule: the order's state is not that of its cancellations
SELECT o.id, o.state
FROM orders o
LEFT JOIN order_cancellations c ON c.order_id = o.id
GROUP BY o.id
HAVING (count(c.id) > 0) <> (o.state IN ('PARTIALLY_CANCELLED', 'CANCELLED'))
    OR coalesce(bool_or(c.whole), false) <> (o.state = 'CANCELLED')
    OR count(c.id) <> coalesce(max(c.sequence), 0)
