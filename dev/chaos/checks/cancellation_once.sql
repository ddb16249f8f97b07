-- check: cancellation
-- rule: one wish was carried out twice
SELECT max(order_id), reason
FROM order_cancellations
GROUP BY reason
HAVING count(*) > 1
