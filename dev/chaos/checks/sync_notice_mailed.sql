-- check: sync
-- rule: a notice is not one mail for each administrator
SELECT n.told_in, a.email || ': ' || count(m.id)
FROM (
    SELECT DISTINCT told_in, connection_id, account_id
    FROM sync_changes
    WHERE told_in <> ''
) n
JOIN (
    SELECT m.account_id, u.email
    FROM memberships m
    JOIN users u ON u.id = m.user_id
    WHERE m.role = 'ADMIN' AND m.state = 'ACTIVE' AND m.blocked_at IS NULL
) a ON a.account_id = n.account_id
LEFT JOIN notifications m ON m.template = 'room_health' AND m.subject_id = n.connection_id
    AND m.epoch = n.told_in AND lower(m.recipient) = lower(a.email)
GROUP BY n.told_in, a.email
HAVING count(m.id) <> 1
