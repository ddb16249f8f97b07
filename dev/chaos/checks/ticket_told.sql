-- check: mail
-- rule: a mail about a ticket is for somebody who has no part in it
-- The member whose ticket it is, its watchers, and of a program's the administrators.
SELECT n.id, n.subject_id
FROM notifications n
JOIN tickets t ON t.id = n.subject_id
WHERE n.template = 'ticket'
    AND NOT EXISTS (
        SELECT 1
        FROM memberships m
        JOIN users u ON u.id = m.user_id
        WHERE m.account_id = t.account_id
            AND m.state = 'ACTIVE'
            AND m.blocked_at IS NULL
            AND u.email = n.recipient
            AND (
                u.id = t.opened_for
                OR u.id IN (SELECT user_id FROM ticket_watchers WHERE ticket_id = t.id)
                OR t.opened_for IS NULL AND m.role = 'ADMIN'
            )
    )
