-- Who may be told of the tickets of an account: its active members.
SELECT m.account_id, u.email
FROM memberships m
JOIN users u ON u.id = m.user_id
WHERE m.state = 'ACTIVE' AND m.blocked_at IS NULL
