-- check: audit
-- rule: an invitation has not its one event
SELECT i.id, count(a.id)::text
FROM invitations i
LEFT JOIN audit_events a
    ON a.object_id = i.id
        AND a.verb IN ('invitation.issued', 'invitation.reissued')
GROUP BY i.id
HAVING count(a.id) <> 1
