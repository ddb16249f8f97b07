SELECT u.email
FROM memberships m
JOIN users u ON u.id = m.user_id
WHERE m.account_id = @account AND m.state = @active AND m.blocked_at IS NULL
UNION ALL
SELECT p.email
FROM ticket_participants p
WHERE p.ticket_id = @ticket AND (p.ended_at IS NULL OR @left)
UNION ALL
SELECT o.email
FROM operators o
WHERE o.disabled_at IS NULL AND o.email <> ''
