-- check: audit
-- rule: not one event for each parcel declared lost
SELECT r.id, 'rma.parcel_lost ' || count(a.id)
FROM rmas r
LEFT JOIN audit_events a ON a.object_id = r.id AND a.verb = 'rma.parcel_lost'
GROUP BY r.id
HAVING count(a.id) <> r.reships
