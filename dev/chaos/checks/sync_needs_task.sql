-- check: sync
-- rule: a connection that Sync refuses asks nobody, or one that it lets in still asks
SELECT c.id, c.state || ', ' || count(t.id) || ' open tasks'
FROM sync_connections c
LEFT JOIN operator_tasks t ON t.kind = 'SYNC_CONNECTION' AND t.subject_id = c.id
    AND t.state = 'OPEN'
WHERE c.state <> 'OFF'
GROUP BY c.id, c.state
HAVING count(t.id) <> (c.state = 'NEEDS_CERTIFICATE')::int
