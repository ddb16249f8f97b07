-- check: mail
-- rule: a mail was refused although nothing refuses it
SELECT id, template
FROM notifications
WHERE state = 'HARD_BOUNCED'
