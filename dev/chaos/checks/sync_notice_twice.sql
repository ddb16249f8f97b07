-- check: sync
-- rule: people are to be told twice in a row that a room is as it is
SELECT id, what || ' ' || after
FROM (
    SELECT id, what, after,
        lag(after) OVER (PARTITION BY place_id ORDER BY at, id) AS told
    FROM sync_changes
    WHERE what IN ('DOWN', 'WELL')
) c
WHERE after = told
