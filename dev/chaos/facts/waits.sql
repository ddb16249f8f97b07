-- What has a workflow: whether it has something to wait for, and whether the wait ends
-- between $2 and $1, so that both answers are right.
SELECT
    id,
    state = 'NEEDS_REVIEW'
        OR state IN ('FULFILLED', 'PARTIALLY_CANCELLED') AND cancellable_until > $1,
    state IN ('FULFILLED', 'PARTIALLY_CANCELLED') AND cancellable_until BETWEEN $2 AND $1
FROM orders
UNION ALL
SELECT
    id,
    state IN ('ISSUED', 'SENT'),
    state IN ('ISSUED', 'SENT') AND expires_at BETWEEN $2 AND $1
FROM invitations
WHERE state <> 'BOUNCED'
UNION ALL
SELECT id, closed_at IS NULL, false
FROM rmas
UNION ALL
SELECT id, closed_at IS NULL AND state <> 'ON_SITE', false
FROM spare_units
UNION ALL
SELECT
    id,
    closed_at IS NULL,
    closed_at IS NULL AND next_timer = 'CLOSE' AND next_at BETWEEN $2 AND $1
FROM tickets
