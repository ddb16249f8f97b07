-- check: order
-- rule: an accepted order has no vendor's number
-- An order that was accepted once keeps its number, also where it came back to review.
SELECT o.id, o.state
FROM orders o
WHERE (o.vendor_order_no IS NULL) = EXISTS (
    SELECT 1
    FROM audit_events a
    WHERE a.object_id = o.id AND a.verb = 'order.accepted'
)
