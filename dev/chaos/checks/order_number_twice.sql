-- check: order
-- rule: one vendor's number names several orders
SELECT vendor_order_no, count(*)::text
FROM orders
WHERE vendor_order_no IS NOT NULL
GROUP BY 1
HAVING count(*) > 1
