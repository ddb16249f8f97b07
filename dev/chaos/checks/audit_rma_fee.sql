-- check: audit
-- rule: not one event for each fee
SELECT r.id, 'rma.fee_billed ' || count(a.id)
FROM rmas r
LEFT JOIN audit_events a ON a.object_id = r.id AND a.verb = 'rma.fee_billed'
GROUP BY r.id
HAVING count(a.id) <> (r.billed_at IS NOT NULL)::int + (r.damage_billed_at IS NOT NULL)::int
