-- check: replacement
-- rule: finance was not told of each fee once
SELECT r.id, count(e.id)::text
FROM rmas r
LEFT JOIN outbox_events e ON e.subject_id = r.id AND e.kind = 'event.fee_billed'
GROUP BY r.id
HAVING count(e.id) <> (r.billed_at IS NOT NULL)::int + (r.damage_billed_at IS NOT NULL)::int
