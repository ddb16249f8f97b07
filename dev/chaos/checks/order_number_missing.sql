-- check: order
-- rule: an accepted order has no vendor's number
SELECT id, state
FROM orders
WHERE (vendor_order_no IS NULL) = (state NOT IN ('NEEDS_REVIEW', 'REJECTED', 'RECEIVED'))
