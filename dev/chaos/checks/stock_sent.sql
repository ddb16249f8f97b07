-- check: stock
-- rule: more units were sent for one than parcels
SELECT r.id, count(e.id)::text
FROM rmas r
JOIN stock_entries e ON e.subject_id = r.id AND e.kind = 'SHIPMENT'
GROUP BY r.id, r.reships, r.shipped_at, r.withdrawn_at
HAVING count(e.id) > r.reships + 1
