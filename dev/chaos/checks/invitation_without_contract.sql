-- check: invitation
-- rule: an account without a contract has a live invitation (S11)
SELECT i.id, i.account_id
FROM invitations i
WHERE i.state IN ('ISSUED', 'SENT')
    AND NOT EXISTS (
        SELECT 1
        FROM service_contracts c
        WHERE c.account_id = i.account_id AND c.state <> 'CANCELLED'
    )
    AND NOT EXISTS (
        SELECT 1
        FROM invitations p
        WHERE p.id = i.supersedes_id AND p.state = 'REVOKED'
    )
