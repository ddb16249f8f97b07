-- check: mail
-- rule: more than one mail tells a person that a parcel has left
SELECT n.subject_id, count(*)::text
FROM notifications n
JOIN rmas r ON r.id = n.subject_id
WHERE n.params->>'step' = 'SHIPPED'
GROUP BY n.subject_id, n.recipient, r.reships
HAVING count(*) > r.reships + 1
