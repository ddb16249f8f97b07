-- check: sync
-- rule: a mail about rooms tells of nothing that changed
SELECT n.id, n.epoch
FROM notifications n
WHERE n.template = 'room_health'
    AND NOT EXISTS (
        SELECT 1
        FROM sync_changes c
        WHERE c.connection_id = n.subject_id AND c.told_in = n.epoch
    )
