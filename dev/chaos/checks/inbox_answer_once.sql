-- check: mail in
-- rule: the mailbox has answered somebody more than once on a day
SELECT min(n.id), count(*)::text
FROM notifications n
JOIN inbound_mails m ON m.id = n.subject_id
WHERE n.template = 'mailbox_received'
GROUP BY n.recipient, (m.decided_at AT TIME ZONE 'UTC')::date
HAVING count(*) > 1
