-- check: mail
-- rule: the mail stands twice
SELECT dedupe_key, count(*)::text
FROM notifications
GROUP BY 1
HAVING count(*) > 1
