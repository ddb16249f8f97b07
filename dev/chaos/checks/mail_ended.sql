-- check: mail
-- rule: the mail has not ended
SELECT id, state
FROM notifications
WHERE state NOT IN ('SENT', 'DELIVERED', 'HARD_BOUNCED', 'SUPPRESSED', 'UNKNOWN')
