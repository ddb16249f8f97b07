-- check: clock
-- rule: a warning or a breach is not noted once, for when it was
SELECT c.id, k.kind || ': ' || count(m.clock_id) || ' of ' || (k.at IS NOT NULL)::int
FROM ticket_clocks c
CROSS JOIN LATERAL (VALUES ('WARNING', c.warned_at), ('BREACH', c.breached_at)) k (kind, at)
LEFT JOIN ticket_clock_marks m ON m.clock_id = c.id AND m.kind = k.kind
GROUP BY c.id, k.kind, k.at
HAVING count(m.clock_id) <> (k.at IS NOT NULL)::int OR bool_or(m.at <> k.at)
