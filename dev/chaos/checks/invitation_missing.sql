-- check: invitation
-- rule: an order's customer has no invitation
SELECT o.id, o.state
FROM orders o
WHERE o.state IN ('FULFILLED', 'PARTIALLY_CANCELLED')
    AND NOT EXISTS (
        SELECT 1
        FROM invitations i
        WHERE i.account_id = o.account_id
            AND i.email = o.payload->'end_customer'->>'email'
            AND (
                i.state IN ('ISSUED', 'SENT', 'BOUNCED', 'ACCEPTED')
                OR i.state = 'EXPIRED' AND i.state_since >= i.expires_at
            )
    )
