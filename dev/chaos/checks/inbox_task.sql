-- check: mail in
-- rule: an item has not its one task, or is asked about although it is decided
SELECT i.id, i.state || ': ' || count(k.id) || ' open tasks'
FROM inbox_items i
LEFT JOIN operator_tasks k
    ON k.subject_id = i.id AND k.kind = 'MAILBOX_REQUEST' AND k.state = 'OPEN'
GROUP BY i.id, i.state
HAVING count(k.id) <> (i.state = 'OPEN')::int
