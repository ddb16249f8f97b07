-- check: ticket
-- rule: who works on tickets is not asked once while it waits for us, or is asked in vain
SELECT t.id, t.state || ' ' || t.turn || ': ' || count(k.id) || ' open tasks'
FROM tickets t
LEFT JOIN operator_tasks k ON k.subject_id = t.id AND k.kind = 'TICKET' AND k.state = 'OPEN'
GROUP BY t.id
HAVING count(k.id) <> (t.turn = 'US' AND t.state NOT IN ('RESOLVED', 'CLOSED', 'CANCELLED'))::int
