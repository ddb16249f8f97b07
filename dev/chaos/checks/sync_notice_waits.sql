-- check: sync
-- rule: nobody has decided whom to tell that a room is down, or well again
SELECT id, what || ' of ' || connection_id
FROM sync_changes
WHERE what IN ('DOWN', 'WELL') AND told_in IS NULL
