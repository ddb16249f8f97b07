-- check: ticket
-- rule: that it is worse is asked although it is decided, or not asked
SELECT t.id, t.state || ': ' || count(k.id) || ' open tasks'
FROM tickets t
LEFT JOIN operator_tasks k ON k.subject_id = t.id AND k.kind = 'TICKET_WORSE' AND k.state = 'OPEN'
GROUP BY t.id
HAVING count(k.id) <> (t.worse_asked_at IS NOT NULL)::int
