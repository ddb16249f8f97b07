-- check: order
-- rule: the order has not ended
SELECT id, state
FROM orders
WHERE state NOT IN ('NEEDS_REVIEW', 'REJECTED', 'FULFILLED', 'PARTIALLY_CANCELLED', 'CANCELLED')
