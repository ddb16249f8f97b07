-- check: audit
-- rule: a replacement was shipped more often than once for each parcel
SELECT r.id, count(a.id)::text
FROM rmas r
JOIN audit_events a ON a.object_id = r.id AND a.verb = 'rma.shipped'
GROUP BY r.id
HAVING count(a.id) NOT BETWEEN (r.shipped_at IS NOT NULL)::int AND r.reships + 1
