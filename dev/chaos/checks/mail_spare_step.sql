-- check: mail
-- rule: a step of a spare has not its one mail for each person
SELECT s.unit, s.step || ': ' || count(n.id) || ' of ' || s.times
FROM (
    SELECT a.object_id AS unit, v.step, count(*) AS times
    FROM audit_events a
    JOIN (
        VALUES
            ('spare.selected', 'SELECTED'),
            ('spare.shipped', 'SHIPPED'),
            ('spare.recall_requested', 'RECALL_REQUESTED'),
            ('spare.returned', 'RETURNED'),
            ('spare.billed', 'BILLED'),
            ('spare.waived', 'WAIVED')
    ) v (verb, step) ON v.verb = a.verb
    GROUP BY 1, 2
) s
JOIN spare_units u ON u.id = s.unit
CROSS JOIN LATERAL (
    SELECT u2.email
    FROM memberships m
    JOIN users u2 ON u2.id = m.user_id
    WHERE m.account_id = u.account_id AND m.role = 'ADMIN' AND m.state = 'ACTIVE'
        AND m.blocked_at IS NULL
    UNION
    SELECT s2.contact_email
    FROM sites s2
    WHERE s2.id = u.site_id AND s2.contact_email <> ''
) p
LEFT JOIN notifications n
    ON n.subject_id = s.unit
        AND n.template = 'spare_update'
        AND n.recipient = p.email
        AND n.params->>'step' = s.step
GROUP BY s.unit, s.step, s.times, p.email
HAVING count(n.id) <> s.times
