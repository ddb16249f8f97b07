-- check: spare
-- rule: finance was not told of its fee once
SELECT u.id, count(e.id)::text
FROM spare_units u
LEFT JOIN outbox_events e ON e.subject_id = u.id AND e.kind = 'event.fee_billed'
GROUP BY u.id
HAVING count(e.id) <> (u.billed_at IS NOT NULL)::int
