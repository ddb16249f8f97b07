-- check: sync
-- rule: a room has more than one open ticket from Sync
SELECT room_id, count(*)::text
FROM tickets
WHERE channel = 'SYNC' AND closed_at IS NULL
GROUP BY 1
HAVING count(*) > 1
