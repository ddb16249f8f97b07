-- check: cancellation
-- rule: the cancellation has not ended
SELECT id, order_id
FROM order_cancellations
WHERE state <> 'COMPLETED'
