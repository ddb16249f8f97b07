-- check: invitation
-- rule: more than one live invitation
SELECT account_id, count(*)::text
FROM invitations
WHERE state IN ('ISSUED', 'SENT')
GROUP BY account_id, email
HAVING count(*) > 1
