-- check: mail
-- rule: an invitation has not one mail, to its person only (R103)
SELECT i.id, count(n.id)::text
FROM invitations i
LEFT JOIN notifications n ON n.subject_id = i.id AND n.template = 'invitation'
GROUP BY i.id
HAVING count(n.id) <> 1 OR max(n.recipient) <> i.email
